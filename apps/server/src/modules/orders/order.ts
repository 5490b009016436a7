import { machine } from '../../kernel/machine.ts'

/** Every unit of a line is in exactly one of these. */
export const UNIT_STATES = ['open', 'backordered', 'allocated', 'released', 'picked', 'packed', 'shipped', 'delivered', 'returned', 'canceled'] as const
export type UnitState = (typeof UNIT_STATES)[number]
export type UnitCounters = Record<UnitState, number>

/** The states from which units may still be canceled, those with the least work done first. */
export const CANCELABLE_STATES = ['open', 'backordered', 'allocated', 'released', 'picked', 'packed'] as const satisfies readonly UnitState[]
export type CancelableState = (typeof CANCELABLE_STATES)[number]

export const ORDER_STATUSES = ['placed', 'completed', 'canceled'] as const
export type OrderStatus = (typeof ORDER_STATUSES)[number]

/** The stored states. `complete` and `cancel` follow from the units, nobody sets them; `reopen` is a reshipment. */
export const orderMachine = machine<OrderStatus, 'complete' | 'cancel'>({
  name: 'order',
  initial: 'placed',
  states: ORDER_STATUSES,
  actions: {
    complete: { from: ['placed'], to: 'completed' },
    cancel: { from: ['placed'], to: 'canceled' },
  },
})

export const FULFILLMENT_STATUSES = ['unallocated', 'backordered', 'partially_allocated', 'allocated', 'in_fulfillment', 'partially_shipped', 'shipped', 'delivered', 'canceled'] as const

export const HOLD_TYPES = ['awaiting_payment', 'fraud_risk', 'bad_address', 'out_of_stock', 'future_date', 'approval', 'customer_request', 'price_check', 'other'] as const
export type HoldType = (typeof HOLD_TYPES)[number]

export const CANCEL_REASONS = ['customer', 'payment_declined', 'fraud', 'inventory', 'staff_error', 'duplicate', 'undeliverable', 'pickup_expired', 'other'] as const
export type CancelReason = (typeof CANCEL_REASONS)[number]

export function noUnits(): UnitCounters {
  return { open: 0, backordered: 0, allocated: 0, released: 0, picked: 0, packed: 0, shipped: 0, delivered: 0, returned: 0, canceled: 0 }
}

/** Whether goods came back, as people see it. */
export function returnStatus(units: Pick<UnitCounters, 'returned' | 'delivered' | 'shipped'>): 'none' | 'partially_returned' | 'returned' {
  if (units.returned === 0) return 'none'
  return units.delivered + units.shipped === 0 ? 'returned' : 'partially_returned'
}

export type CancelRequest = { line_id: string; quantity: number }
/** Units of one line to cancel, by the state they are in now. */
export type CancelTake = { line_id: string; take: Partial<Record<CancelableState, number>>; quantity: number }

/**
 * Which units a cancellation takes: per line those with the least work done first. Without `requests` everything that has
 * not left is taken. Answers the lines of which too little is left, where there are any.
 */
export function decideCancel(
  lines: readonly (UnitCounters & { id: string })[], requests: readonly CancelRequest[] | undefined,
): { ok: true; takes: CancelTake[] } | { ok: false; short: { line_id: string; cancelable: number }[] } {
  const wanted = new Map((requests ?? lines.map((line) => ({ line_id: line.id, quantity: cancelableUnits(line) }))).map(({ line_id, quantity }) => [line_id, quantity]))
  const short = lines.filter((line) => (wanted.get(line.id) ?? 0) > cancelableUnits(line)).map((line) => ({ line_id: line.id, cancelable: cancelableUnits(line) }))
  if (short.length > 0) return { ok: false, short }
  const takes = lines.flatMap((line) => {
    let rest = wanted.get(line.id) ?? 0
    if (rest === 0) return []
    const take: CancelTake = { line_id: line.id, take: {}, quantity: rest }
    for (const state of CANCELABLE_STATES) {
      const units = Math.min(rest, line[state])
      if (units > 0) take.take[state] = units
      rest -= units
    }
    return [take]
  })
  return { ok: true, takes }
}

export function cancelableUnits(line: UnitCounters): number {
  return CANCELABLE_STATES.reduce((sum, state) => sum + line[state], 0)
}

/** Why the order may not go to another address now; undefined where it may. What is packed carries the address already. */
export function whyNotReaddress(lines: readonly UnitCounters[]): string | undefined {
  if (lines.some(({ packed }) => packed > 0)) return 'Packed boxes carry the address. Unpack them first.'
  const unpacked = lines.reduce((sum, line) => sum + line.open + line.backordered + line.allocated + line.released + line.picked, 0)
  return unpacked > 0 ? undefined : 'Nothing is left to be packed.'
}

export type AllowedAction = { action: string; allowed: boolean; reason?: string }

/** What may be done with the order now, and why something may not: screens show exactly this. */
export function allowedActions(order: { status: OrderStatus; open_holds: number }, lines: readonly UnitCounters[]): AllowedAction[] {
  const cancelable = lines.reduce((sum, line) => sum + cancelableUnits(line), 0)
  const returnable = lines.reduce((sum, line) => sum + line.shipped + line.delivered, 0)
  const waiting = lines.reduce((sum, line) => sum + line.open + line.backordered, 0)
  const action = (name: string, blocked: string | undefined): AllowedAction => (blocked === undefined ? { action: name, allowed: true } : { action: name, allowed: false, reason: blocked })
  return [
    action('cancel', cancelable > 0 ? undefined : order.status === 'canceled' ? 'The order is canceled.' : 'Everything has left already; take a return instead.'),
    action('hold', order.status === 'placed' ? undefined : `The order is ${order.status}.`),
    action('release_holds', order.open_holds > 0 ? undefined : 'The order has no hold.'),
    action('change_address', whyNotReaddress(lines)),
    action('source', waiting > 0 ? undefined : 'No unit is waiting for a location.'),
    action('return', returnable > 0 ? undefined : 'Nothing has been shipped that could come back.'),
  ]
}
