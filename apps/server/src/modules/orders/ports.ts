import type { Address } from '../../platform/http/schemas.ts'
import type { Tx } from '../../platform/db.ts'
import type { NewEvent } from '../../platform/events.ts'
import type { CancelTake } from './order.ts'

/**
 * What orders need from the modules above them. The wiring hands the functions in; they run in the transaction of the
 * order's command.
 */
export type OrderPorts = { sourcing: SourcingPort; fulfillment: FulfillmentPort }

/** Units of one order that need a location. */
export type SourcingDemand = {
  order_id: string
  channel_id: string
  group_ids: readonly string[] | null
  delivery: 'ship' | 'pickup'
  pickup_location_id: string | null
  shipping_address: Address | null
  order_value: { amount: bigint; currency: string }
  on_shortage: 'refuse' | 'backorder' | 'hold'
  max_splits: number | null
  lines: readonly { line_id: string; variant_id: string; quantity: number; weight_grams: number }[]
}

export type SourcingAllocation = { line_id: string; variant_id: string; location_id: string; quantity: number }

export type SourcingPlan = {
  order_id: string
  allocations: readonly SourcingAllocation[]
  /** Units without a location, by line. */
  unfilled: readonly { line_id: string; quantity: number }[]
  /** What becomes of them; null where all are placed. A refused order has claimed nothing. */
  shortage: 'refuse' | 'backorder' | 'hold' | null
  decision_id: string
  decision: object
}

export type SourcingTrigger = 'capture' | 'backorder' | 'rejection' | 'manual'

export type SourcingPort = {
  /** Decides and claims the units in memory, on stock levels that stay locked until the commit. */
  plan: (tx: Tx, demands: readonly SourcingDemand[], now: Date) => Promise<SourcingPlan[]>
  /** Writes claims, movements and decisions of planned orders whose rows are there by now. */
  claim: (tx: Tx, plans: readonly SourcingPlan[], by: { at: Date; caller_id: string; trigger: SourcingTrigger }[]) => Promise<void>
  /** Gives claims back: the units are available again. */
  unclaim: (tx: Tx, units: readonly { order_id: string; order_line_id: string; quantity: number; released: number }[], by: { at: Date; caller_id: string; reason: string }) => Promise<void>
}

export type FulfillmentPort = {
  /** Takes units out of the work of locations, because they are canceled. Answers the events that tell the locations. */
  withdraw: (tx: Tx, order_id: string, takes: readonly CancelTake[], now: Date) => Promise<NewEvent[]>
}
