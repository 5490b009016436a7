import type { Queryable } from '../../../platform/db.ts'
import { paymentsOf, type Payment } from '../../payments/index.ts'

/** What the shop holds of the order: captured, and neither refunded nor on its way back. */
export function heldOf(payments: readonly Payment[]): bigint {
  return payments.reduce((sum, { captured, refunded, refunding }) => sum + captured - refunded - refunding, 0n)
}

export async function heldAmount(db: Queryable, orderId: string): Promise<bigint> {
  return heldOf((await paymentsOf(db, [orderId])).get(orderId) ?? [])
}
