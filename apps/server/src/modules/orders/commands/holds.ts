import { ids } from '../../../kernel/id-kinds.ts'
import { newId } from '../../../kernel/ids.ts'
import { invalid, refuse } from '../../../kernel/problem.ts'
import { command } from '../../../platform/command.ts'
import { findUser } from '../../identity/index.ts'
import { lockOrder } from '../access.ts'
import type { HoldType } from '../order.ts'
import { readOrderViews, type OrderView } from '../order-view.ts'
import { endHolds, holdsOfOrders, insertHolds } from '../orders.db.ts'

export type PlaceHold = { order_id: string; type: HoldType; note: string; owner_id: string | null; release_at: string | null }

/** Puts an order on hold: nothing of it is released to locations until every hold has ended. */
export const placeHold = command('orders.hold', 'orders:hold', async ({ tx, now, caller, emit, audit }, input: PlaceHold): Promise<OrderView> => {
  const order = await lockOrder(tx, caller, input.order_id)
  if (order.status !== 'placed') throw refuse('order_not_placed', `The order is ${order.status}; only open orders are held.`, { order_status: order.status })
  if (input.owner_id !== null && (await findUser(tx, caller, input.owner_id)) === undefined) throw invalid([{ pointer: '/owner_id', code: 'unknown_user', detail: 'There is no such user. The list is at /v1/users.' }])
  const hold = { id: newId(now.getTime()), order_id: order.id, type: input.type, note: input.note, owner_id: input.owner_id, release_at: input.release_at === null ? null : new Date(input.release_at), placed_at: now, placed_by: caller.id }
  await insertHolds(tx, [hold], false)
  audit({ subject_id: order.id, changes: { holds: { before: null, after: input.type } } })
  emit({ type: 'order.held', order_id: order.id, data: { order_id: ids.order.show(order.id), hold_id: ids.hold.show(hold.id), hold: hold.type } })
  return (await readOrderViews(tx, [order.id])).get(order.id)!
})

/** Ends one hold, or all holds of the order that are still open. */
export const releaseHolds = command('orders.release_holds', 'orders:hold', async ({ tx, now, caller, emit, audit }, input: { order_id: string; hold_id: string | undefined }): Promise<OrderView> => {
  const order = await lockOrder(tx, caller, input.order_id)
  const open = (await holdsOfOrders(tx, [order.id])).filter(({ id, released_at }) => released_at === null && (input.hold_id === undefined || id === input.hold_id))
  if (open.length === 0) throw refuse('no_open_hold', 'The order has no such open hold.')
  const ended = await endHolds(tx, open.map(({ id }) => id), now, caller.id)
  audit({ subject_id: order.id, changes: { holds: { before: ended.map(({ type }) => type), after: null } } })
  emit(...ended.map((hold) => ({ type: 'order.hold_released', order_id: order.id, data: { order_id: ids.order.show(order.id), hold_id: ids.hold.show(hold.id), hold: hold.type } })))
  return (await readOrderViews(tx, [order.id])).get(order.id)!
})
