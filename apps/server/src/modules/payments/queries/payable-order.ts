import { refuse } from '../../../kernel/problem.ts'
import { inScope, type Caller } from '../../../platform/caller.ts'
import type { Queryable } from '../../../platform/db.ts'
import { sql } from '../../../platform/sql.ts'

/** What the ledger needs to know of an order. */
export type PayableOrder = { id: string; channel_id: string; currency: string; total: bigint; status: string }

/** The order, where it is one of the caller's channels; outside them there is none. */
export async function findPayableOrder(db: Queryable, id: string, caller: Caller): Promise<PayableOrder> {
  const order = await db.maybe<PayableOrder>(sql`select id, channel_id, currency, total, status from orders where id = ${id}`)
  if (order === undefined || !inScope(caller, { channel_id: order.channel_id })) throw refuse('not_found', 'There is no such order.')
  return order
}
