import type { Queryable } from '../../../platform/db.ts'
import type { Payment } from '../ledger.ts'
import { findEntriesByCause, findPaymentsOfOrders, type EntryRow } from '../payments.db.ts'

/** The tenders of orders with their balances, oldest first; orders without any are left out. */
export async function paymentsOf(db: Queryable, orderIds: readonly string[]): Promise<Map<string, Payment[]>> {
  return Map.groupBy(await findPaymentsOfOrders(db, orderIds), ({ order_id }) => order_id)
}

/** The entries that settle a return or a cancellation, by its id: what became of the money it owes. */
export async function refundsByCause(db: Queryable, causeIds: readonly string[]): Promise<Map<string, EntryRow[]>> {
  return Map.groupBy(await findEntriesByCause(db, causeIds), ({ cause_id }) => cause_id!)
}
