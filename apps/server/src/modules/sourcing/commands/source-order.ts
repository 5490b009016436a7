import { SYSTEM } from '../../../platform/caller.ts'
import { command } from '../../../platform/command.ts'
import type { LoopDefinition } from '../../../platform/module.ts'
import { lockOrder, lockOrders } from '../../orders/index.ts'
import { resourceOrders } from '../resource-orders.ts'
import { fillableBackorders } from '../sourcing.db.ts'

/** Looks for locations for the units of an order that have none. */
export const sourceOrder = command('sourcing.source_order', 'orders:source', async ({ tx, now, caller, emit, audit }, input: { order_id: string }) => {
  const order = await lockOrder(tx, caller, input.order_id)
  const { events, allocated_units } = await resourceOrders(tx, [order], 'manual', { at: now, caller_id: caller.id })
  emit(...events)
  audit({ subject_id: input.order_id, changes: { allocated_units: { before: null, after: allocated_units } } })
  return { allocated_units }
})

const BATCH = 100

/** Gives stock that came in to the backorders that have waited longest. */
export const fillBackorders = command('sourcing.fill_backorders', 'orders:source', async ({ tx, now, caller, emit }, input: { order_ids: string[] }) => {
  const orders = await lockOrders(tx, input.order_ids)
  // The longest waiting first; the locks were taken in id order.
  orders.sort((a, b) => a.placed_at.getTime() - b.placed_at.getTime() || (a.id < b.id ? -1 : 1))
  const { events, allocated_units } = await resourceOrders(tx, orders, 'backorder', { at: now, caller_id: caller.id })
  emit(...events)
  return { allocated_units }
})

export const backorderLoop: LoopDefinition = {
  name: 'sourcing.fill_backorders',
  interval_ms: 2_000,
  round: async ({ db, executor }) => {
    const waiting = await fillableBackorders(db, BATCH)
    if (waiting.length === 0) return 0
    const { output } = await executor.run(fillBackorders, { order_ids: waiting.map(({ order_id }) => order_id) }, { caller: SYSTEM, request_id: 'loop:sourcing.fill_backorders' })
    return output.allocated_units
  },
}
