import { ids } from '../../../kernel/id-kinds.ts'
import { refuse } from '../../../kernel/problem.ts'
import type { Caller } from '../../../platform/caller.ts'
import type { Queryable, Tx } from '../../../platform/db.ts'
import { orderInScope } from '../../../platform/scope.ts'
import { arrayOf, sql, type Sql } from '../../../platform/sql.ts'
import type { OrderWorth } from '../excess.ts'

/** What the ledger needs to know of an order. */
export type PayableOrder = { id: string; channel_id: string; currency: string; worth: bigint; status: string }

/** The order, if it exists for the caller. */
export function findPayableOrder(db: Queryable, id: string, caller: Caller): Promise<PayableOrder> {
  return findWhere(db, sql`id = ${id}`, caller)
}

/** The order of a path, by id or number. */
export function requirePayableOrder(db: Queryable, idOrNumber: string, caller: Caller): Promise<PayableOrder> {
  const id = ids.order.parse(idOrNumber)
  return findWhere(db, id === undefined ? sql`number = ${idOrNumber}` : sql`id = ${id}`, caller)
}

async function findWhere(db: Queryable, which: Sql, caller: Caller): Promise<PayableOrder> {
  const order = await db.maybe<PayableOrder>(sql`select id, channel_id, currency, worth, status from orders where ${which}`)
  if (order === undefined || !(await orderInScope(db, caller, order))) throw refuse('not_found', 'There is no such order.')
  return order
}

/** What orders cost now. The caller holds them. */
export function findOrderWorths(tx: Tx, orderIds: readonly string[]): Promise<OrderWorth[]> {
  return tx.rows(sql`select id, status, total, canceled_total, returned_total, worth from orders where id = any(${arrayOf(orderIds, 'uuid')}) order by id`)
}
