import { refuse } from '../../../kernel/problem.ts'
import type { Caller } from '../../../platform/caller.ts'
import type { Queryable } from '../../../platform/db.ts'
import { orderInScope } from '../../../platform/scope.ts'
import { sql } from '../../../platform/sql.ts'

/** What the ledger needs to know of an order. */
export type PayableOrder = { id: string; channel_id: string; currency: string; total: bigint; status: string }

/** The order, if it exists for the caller. */
export async function findPayableOrder(db: Queryable, id: string, caller: Caller): Promise<PayableOrder> {
  const order = await db.maybe<PayableOrder>(sql`select id, channel_id, currency, total, status from orders where id = ${id}`)
  if (order === undefined || !(await orderInScope(db, caller, order))) throw refuse('not_found', 'There is no such order.')
  return order
}
