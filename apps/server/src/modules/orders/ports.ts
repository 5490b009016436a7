import type { PlainDate } from '../../kernel/time.ts'
import type { Address } from '../../platform/http/schemas.ts'
import type { Tx } from '../../platform/db.ts'
import type { NewEvent } from '../../platform/events.ts'
import type { CustomerRef } from '../customers/index.ts'
import type { HeldReservation } from '../inventory/index.ts'
import type { DemandedLine } from './demanded-line.ts'
import type { CancelTake } from './order.ts'

/**
 * What orders need from the modules above them. The wiring hands the functions in; they run in the transaction of the
 * order's command.
 */
export type OrderPorts = { sourcing: SourcingPort; fulfillment: FulfillmentPort }

/** Units of one order that need a location. */
export type SourcingDemand = {
  /** Whether locations may have given units of these lines back already. */
  resourcing?: boolean
  order_id: string
  channel_id: string
  /** Its code. */
  channel: string
  group_ids: readonly string[] | null
  delivery: 'ship' | 'pickup'
  pickup_location_id: string | null
  shipping_address: Address | null
  shipping_method: string
  requested_delivery_date: string | null
  /** The last day on which the order may arrive, where one was asked for or promised. */
  deliver_by: PlainDate | null
  custom_fields: Readonly<Record<string, unknown>>
  tags: readonly string[]
  /** By its id or, of an order that is being captured, by what the order says; null where it says nothing. */
  customer: (CustomerRef & { customer_id?: string | null }) | null
  order_value: { amount: bigint; currency: string }
  on_shortage: 'refuse' | 'backorder' | 'hold'
  max_splits: number | null
  /** Units of each SKU that the channel does not sell. */
  stock_buffer: number
  /** Units held for the order, which it takes where they are. */
  reservation?: HeldReservation | undefined
  lines: readonly DemandedLine[]
}

/** From when to when something arrives. */
export type Arrival = { earliest: PlainDate; latest: PlainDate }

export type SourcingAllocation = { line_id: string; variant_id: string; location_id: string; quantity: number }

export type SourcingPlan = {
  order_id: string
  allocations: readonly SourcingAllocation[]
  /** Units without a location, by line. */
  unfilled: readonly { line_id: string; quantity: number }[]
  /** What becomes of them; null where all are placed. A refused order has claimed nothing; queued units wait for people, and the rest goes on. */
  shortage: 'refuse' | 'backorder' | 'hold' | 'queue' | null
  /** When the units with a location arrive; null where nothing is known of that. */
  promise: Arrival | null
  /** Where a day was asked for: the last day on which each location may hand its units over. */
  ship_by: ReadonlyMap<string, PlainDate>
  /** Until when the order waits to be routed together with others; null where it does not. */
  hold_until: Date | null
  decision_id: string
  decision: object
}

export type SourcingTrigger = 'capture' | 'backorder' | 'rejection' | 'manual' | 'reoptimization'

/** Stock found for a batch of orders. */
export type PlannedStock = {
  /** One plan per demand, in order. */
  plans: readonly SourcingPlan[]
  /**
   * Writes claims, movements, ends of reservations and decisions of those plans whose orders are stored by now. Answers
   * undefined where rivals have taken units of unlocked stock since it was looked at: some of it may be written, so the
   * caller goes back to where it stood before and plans on locked stock.
   */
  claim: (plans: readonly { plan: SourcingPlan; at: Date; caller_id: string }[], trigger: SourcingTrigger) => Promise<NewEvent[] | undefined>
}

/**
 * `seen` plans on what can be seen and locks the levels at last, in `claim`: rivals wait for as little as can be.
 * `locked` locks first; what it plans is there.
 */
export type PlanningMode = 'seen' | 'locked'

/** Units of a line whose claim ends. Released ones are named with their location; of the others any claim will do. */
export type UnclaimUnits = { order_id: string; order_line_id: string; quantity: number; location_id: string | null }

export type SourcingPort = {
  /** Decides where the units come from. Nothing is written yet. */
  plan: (tx: Tx, demands: readonly SourcingDemand[], now: Date, mode: PlanningMode) => Promise<PlannedStock>
  /** Ends claims: the units are available again. */
  unclaim: (tx: Tx, units: readonly UnclaimUnits[], by: { at: Date; caller_id: string; reason: string }) => Promise<NewEvent[]>
}

export type FulfillmentPort = {
  /** Takes units out of the work of locations, because they are canceled. Answers where they were and what to tell. */
  withdraw: (tx: Tx, order_id: string, takes: readonly CancelTake[], now: Date) => Promise<{ withdrawn: { order_line_id: string; location_id: string; quantity: number }[]; events: NewEvent[] }>
}
