import { assert } from '../../kernel/assert.ts'
import { invalid, refuse, Refusal } from '../../kernel/problem.ts'
import { sumByKey } from '../../kernel/quantity.ts'
import { addMs, DAY_MS } from '../../kernel/time.ts'
import type { UnitMove } from '../orders/index.ts'
import { fulfillmentOrderMachine, type FulfillmentOrderAction, type FulfillmentOrderStatus, type RejectionReason } from './fulfillment-order.ts'

export type LineCounters = { picked: number; packed: number; shipped: number; rejected: number; canceled: number }

/** One order line's units at one location. `picked` counts packed ones too, `packed` those that have left. */
export type WorkLine = LineCounters & { order_line_id: string; variant_id: string; sku: string; description: string; weight_grams: number; quantity: number }

/** A fulfillment order as decisions see it. */
export type WorkOrder = {
  id: string
  number: string
  order_id: string
  channel_id: string
  location_id: string
  kind: 'ship' | 'pickup'
  status: FulfillmentOrderStatus
  /** The order is on hold for a reason other than missing stock: nothing may leave. */
  on_hold: boolean
  assigned_to: string | null
  due_at: Date | null
  pickup_code: string | null
  ready_until: Date | null
  created_at: Date
  accepted_at: Date | null
  packed_at: Date | null
  closed_at: Date | null
  version: number
  lines: readonly WorkLine[]
}

export type LineUnits = { order_line_id: string; quantity: number }
export type GivenBack = LineUnits & { reason: RejectionReason; note: string }

/** What an action does to a fulfillment order and to the units of its order. */
export type Change = {
  status: FulfillmentOrderStatus
  /** Added to the counters of lines. */
  lines?: readonly (Partial<LineCounters> & { order_line_id: string })[]
  moves?: readonly Omit<UnitMove, 'order_id'>[]
  stamps?: Partial<Pick<WorkOrder, 'assigned_to' | 'pickup_code' | 'ready_until' | 'accepted_at' | 'packed_at' | 'closed_at'>>
  /** Units whose claim on this location ends because it does not give them. */
  given_back?: readonly GivenBack[]
  /** Units that leave the location. */
  left?: readonly LineUnits[]
}

export const unpickedUnits = (line: WorkLine): number => line.quantity - line.picked - line.rejected - line.canceled
export const remainingUnits = (line: WorkLine): number => line.quantity - line.shipped - line.rejected - line.canceled

/** Why the action is not allowed now; undefined where it is. Screens show exactly this. */
export function whyNot(work: WorkOrder, action: FulfillmentOrderAction): string | undefined {
  if (action === 'ship' && work.kind === 'pickup') return 'The customer picks these goods up; nothing is shipped.'
  if ((action === 'ready' || action === 'hand_over' || action === 'no_show') && work.kind === 'ship') return 'These goods are shipped, not picked up.'
  if (!fulfillmentOrderMachine.can(action, work.status)) return `The fulfillment order is ${work.status.replaceAll('_', ' ')}.`
  if (work.on_hold && HELD_ACTIONS.has(action)) return 'The order is on hold.'
  if (action === 'pick' && work.lines.every((line) => unpickedUnits(line) === 0)) return 'Everything is picked.'
  if (action === 'pack' && work.lines.some((line) => unpickedUnits(line) > 0)) return 'Some units are not picked yet. Pick them or report them short.'
  return undefined
}

const HELD_ACTIONS: ReadonlySet<FulfillmentOrderAction> = new Set(['pick', 'pack', 'ship', 'ready', 'hand_over'])

export function refusalOf(work: WorkOrder, action: FulfillmentOrderAction): Refusal | undefined {
  const reason = whyNot(work, action)
  return reason === undefined ? undefined : refuse('fulfillment_action_not_allowed', reason, { action, status: work.status })
}

/** The fulfillment order after the change. */
export function applyChange(work: WorkOrder, change: Change): WorkOrder {
  const deltas = new Map((change.lines ?? []).map((delta) => [delta.order_line_id, delta]))
  assert(deltas.size === (change.lines ?? []).length, 'a change names each line once')
  const lines = work.lines.map((line) => {
    const delta = deltas.get(line.order_line_id)
    if (delta === undefined) return line
    const after = {
      ...line, picked: line.picked + (delta.picked ?? 0), packed: line.packed + (delta.packed ?? 0), shipped: line.shipped + (delta.shipped ?? 0),
      rejected: line.rejected + (delta.rejected ?? 0), canceled: line.canceled + (delta.canceled ?? 0),
    }
    assert(after.shipped <= after.packed && after.packed <= after.picked && after.picked + after.rejected + after.canceled <= after.quantity, 'units are picked, then packed, then shipped')
    return after
  })
  return { ...work, ...change.stamps, status: change.status, lines }
}

export function decideAccept(work: WorkOrder, at: Date, user_id: string | null): Change | Refusal {
  return refusalOf(work, 'accept') ?? { status: 'accepted', stamps: { accepted_at: at, assigned_to: user_id } }
}

export type PickRequest = { lines?: readonly LineUnits[] | undefined; short?: readonly GivenBack[] | undefined }

/** Picks the units asked for, all by default; short ones are given back and find another location. */
export function decidePick(work: WorkOrder, request: PickRequest, at: Date): Change | Refusal {
  const short = sumByKey(request.short ?? [], ({ order_line_id }) => order_line_id, ({ quantity }) => quantity)
  const picks = request.lines ?? work.lines.map((line) => ({ order_line_id: line.order_line_id, quantity: Math.max(0, unpickedUnits(line) - (short.get(line.order_line_id) ?? 0)) }))
  const refusal = refusalOf(work, 'pick')
    ?? checkUnits(work, request.lines ?? [], '/lines', unpickedUnits) ?? checkUnits(work, request.short ?? [], '/short', unpickedUnits)
    ?? checkUnits(work, [...picks, ...(request.short ?? [])], '', unpickedUnits)
  if (refusal !== undefined) return refusal
  const picked = sumByKey(picks, ({ order_line_id }) => order_line_id, ({ quantity }) => quantity)
  const lines = work.lines.flatMap(({ order_line_id }) => {
    const delta = { order_line_id, picked: picked.get(order_line_id) ?? 0, rejected: short.get(order_line_id) ?? 0 }
    return delta.picked + delta.rejected === 0 ? [] : [delta]
  })
  return ended(work, at, {
    status: 'picking',
    lines,
    moves: lines.flatMap((line) => [...move(line.order_line_id, 'released', 'picked', line.picked), ...move(line.order_line_id, 'released', 'open', line.rejected)]),
    stamps: { accepted_at: work.accepted_at ?? at },
    given_back: request.short ?? [],
  })
}

export type RejectRequest = { lines?: readonly LineUnits[] | undefined; reason: RejectionReason; note: string }

/** Gives units back, all by default: those not picked yet first, then picked ones. */
export function decideReject(work: WorkOrder, request: RejectRequest, at: Date): Change | Refusal {
  const refusal = refusalOf(work, 'reject') ?? checkUnits(work, request.lines ?? [], '/lines', remainingUnits)
  if (refusal !== undefined) return refusal
  const wanted = request.lines === undefined ? undefined : sumByKey(request.lines, ({ order_line_id }) => order_line_id, ({ quantity }) => quantity)
  const parts = work.lines.flatMap((line) => {
    const quantity = wanted === undefined ? remainingUnits(line) : wanted.get(line.order_line_id) ?? 0
    const unpicked = Math.min(quantity, unpickedUnits(line))
    return quantity === 0 ? [] : [{ order_line_id: line.order_line_id, quantity, unpicked, picked: quantity - unpicked }]
  })
  return ended(work, at, {
    status: work.status,
    lines: parts.map(({ order_line_id, quantity, picked }) => ({ order_line_id, picked: -picked, rejected: quantity })),
    moves: parts.flatMap(({ order_line_id, unpicked, picked }) => [...move(order_line_id, 'released', 'open', unpicked), ...move(order_line_id, 'picked', 'open', picked)]),
    given_back: parts.map(({ order_line_id, quantity }) => ({ order_line_id, quantity, reason: request.reason, note: request.note })),
  })
}

/** A fulfillment order of which nothing is left is over. */
function ended(work: WorkOrder, at: Date, change: Change): Change {
  const left = applyChange(work, change).lines.reduce((sum, line) => sum + remainingUnits(line), 0)
  return left > 0 ? change : { ...change, status: fulfillmentOrderMachine.next('reject', work.status), stamps: { ...change.stamps, closed_at: at } }
}

/** All picked units are in boxes. What the boxes are is decided in pack.ts. */
export function packChange(work: WorkOrder, at: Date): Change {
  const lines = work.lines.flatMap((line) => (line.picked === line.packed ? [] : [{ order_line_id: line.order_line_id, packed: line.picked - line.packed }]))
  return { status: 'packed', lines, moves: lines.flatMap((line) => move(line.order_line_id, 'picked', 'packed', line.packed)), stamps: { packed_at: at } }
}

/** Opens the boxes again; their labels are voided. */
export function decideUnpack(work: WorkOrder): Change | Refusal {
  const lines = work.lines.flatMap((line) => (line.packed === line.shipped ? [] : [{ order_line_id: line.order_line_id, packed: line.shipped - line.packed }]))
  return refusalOf(work, 'unpack') ?? { status: 'picking', lines, moves: lines.flatMap((line) => move(line.order_line_id, 'packed', 'picked', -line.packed)), stamps: { packed_at: null } }
}

/** The carrier takes the boxes. */
export function decideShip(work: WorkOrder, at: Date): Change | Refusal {
  return refusalOf(work, 'ship') ?? leave(work, at, 'shipped', 'shipped')
}

/** How long goods wait for their customer. */
const PICKUP_DAYS = 7

export function decideReady(work: WorkOrder, at: Date, pickup_code: string): Change | Refusal {
  return refusalOf(work, 'ready') ?? { status: 'ready_for_pickup', stamps: { pickup_code, ready_until: addMs(at, PICKUP_DAYS * DAY_MS) } }
}

/** The customer takes the goods; the code proves that it is the right one. */
export function decideHandOver(work: WorkOrder, code: string, at: Date): Change | Refusal {
  const refusal = refusalOf(work, 'hand_over')
  if (refusal !== undefined) return refusal
  if (code !== work.pickup_code) return refuse('wrong_pickup_code', 'This is not the code of this order. Ask the customer to look again.')
  return leave(work, at, 'picked_up', 'delivered')
}

function leave(work: WorkOrder, at: Date, status: 'shipped' | 'picked_up', to: 'shipped' | 'delivered'): Change {
  const lines = work.lines.flatMap((line) => (line.packed === line.shipped ? [] : [{ order_line_id: line.order_line_id, shipped: line.packed - line.shipped }]))
  return {
    status, lines, moves: lines.flatMap((line) => move(line.order_line_id, 'packed', to, line.shipped)), stamps: { closed_at: at },
    left: lines.map(({ order_line_id, shipped }) => ({ order_line_id, quantity: shipped })),
  }
}

/** Nobody came: the goods go back to stock. Their units are canceled in the same transaction, which ends the fulfillment order. */
export function decideNoShow(work: WorkOrder, at: Date): Change | Refusal {
  const refusal = refusalOf(work, 'no_show')
  if (refusal !== undefined) return refusal
  const lines = work.lines.flatMap((line) => (remainingUnits(line) === 0 ? [] : [{ order_line_id: line.order_line_id, quantity: remainingUnits(line) }]))
  return {
    status: fulfillmentOrderMachine.next('cancel', fulfillmentOrderMachine.next('no_show', work.status)),
    lines: lines.map(({ order_line_id, quantity }) => ({ order_line_id, picked: -quantity, packed: -quantity, rejected: quantity })),
    moves: lines.flatMap(({ order_line_id, quantity }) => move(order_line_id, 'packed', 'open', quantity)),
    stamps: { closed_at: at },
    given_back: lines.map((units) => ({ ...units, reason: 'other', note: 'not collected' })),
  }
}

export function move(order_line_id: string, from: UnitMove['from'], to: UnitMove['to'], quantity: number): Omit<UnitMove, 'order_id'>[] {
  return quantity === 0 ? [] : [{ order_line_id, from, to, quantity }]
}

/** Whether the fulfillment order has these lines, and enough units of each. */
export function checkUnits(work: WorkOrder, units: readonly LineUnits[], pointer: string, room: (line: WorkLine) => number): Refusal | undefined {
  const lines = new Map(work.lines.map((line) => [line.order_line_id, line]))
  const unknown = units.findIndex(({ order_line_id }) => !lines.has(order_line_id))
  if (unknown >= 0) return invalid([{ pointer: `${pointer}/${unknown}/line_id`, code: 'unknown_line', detail: 'The fulfillment order has no such line.' }])
  for (const [id, quantity] of sumByKey(units, ({ order_line_id }) => order_line_id, (line) => line.quantity)) {
    const line = lines.get(id)!
    if (quantity > room(line)) return refuse('too_few_units', `Only ${room(line)} of ${line.sku} are left for this, not ${quantity}.`, { sku: line.sku, left: room(line), asked_for: quantity })
  }
  return undefined
}
