import { ids } from '../../kernel/id-kinds.ts'
import { refuse } from '../../kernel/problem.ts'
import { inScope, requireChannelWide, type Caller } from '../../platform/caller.ts'
import type { Queryable, Tx } from '../../platform/db.ts'
import { orderInScope } from '../../platform/scope.ts'
import type { DraftRow } from './drafts.db.ts'
import { findOrder, findOrderByNumber, lockOrders, type OrderRow } from './orders.db.ts'

/** The order of a path, by id or number, whoever asks. Refuses with `not_found`. */
export async function findOrderOfPath(db: Queryable, idOrNumber: string): Promise<OrderRow> {
  const id = ids.order.parse(idOrNumber)
  const order = id === undefined ? await findOrderByNumber(db, idOrNumber) : await findOrder(db, id)
  if (order === undefined) throw noSuchOrder(idOrNumber)
  return order
}

/** The same for a caller: outside its channels and locations it does not exist. */
export async function requireOrder(db: Queryable, caller: Caller, idOrNumber: string): Promise<OrderRow> {
  const order = await findOrderOfPath(db, idOrNumber)
  if (!(await orderInScope(db, caller, order))) throw noSuchOrder(idOrNumber)
  return order
}

/** The order, locked until the commit, if it exists for the caller. */
export async function lockOrder(tx: Tx, caller: Caller, id: string): Promise<OrderRow> {
  const [order] = await lockOrders(tx, [id])
  if (order === undefined || !(await orderInScope(tx, caller, order))) throw noSuchOrder(ids.order.show(id))
  return order
}

/** The draft, if it exists for the caller: drafts are the channel's as a whole. */
export function requireDraft(caller: Caller, draft: DraftRow | undefined): DraftRow {
  requireChannelWide(caller)
  if (draft === undefined || !inScope(caller, { channel_id: draft.channel_id })) throw refuse('not_found', 'There is no such draft.')
  return draft
}

function noSuchOrder(name: string) {
  return refuse('not_found', `There is no order ${name}.`)
}
