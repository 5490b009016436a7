import type { Queryable } from '../../../platform/db.ts'
import type { Payment } from '../ledger.ts'
import { findEntriesByCause, findPaymentsOfOrders, findRefundSums, type EntryRow } from '../payments.db.ts'

/** The tenders of orders with their balances, oldest first; orders without any are left out. */
export async function paymentsOf(db: Queryable, orderIds: readonly string[]): Promise<Map<string, Payment[]>> {
  return Map.groupBy(await findPaymentsOfOrders(db, orderIds), ({ order_id }) => order_id)
}

/** The entries that settle a return or a cancellation, by its id: what became of the money it owes. */
export async function refundsByCause(db: Queryable, causeIds: readonly string[]): Promise<Map<string, EntryRow[]>> {
  return Map.groupBy(await findEntriesByCause(db, causeIds), ({ cause_id }) => cause_id!)
}

/** What was given back of orders beside cancellations and returns, or is on its way: it lowers what they are worth. Every order has an answer. */
export async function goodwillOf(db: Queryable, orderIds: readonly string[]): Promise<Map<string, bigint>> {
  if (orderIds.length === 0) return new Map()
  return new Map([...(await findRefundSums(db, orderIds)).values()].map(({ order_id, goodwill }) => [order_id, goodwill]))
}
