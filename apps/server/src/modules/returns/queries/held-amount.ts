import { atLeastZero } from '../../../kernel/money.ts'
import type { Queryable } from '../../../platform/db.ts'
import { waitingAmount } from '../../orders/index.ts'
import { goodwillOf, owedInAll, paymentsOf, type Payment } from '../../payments/index.ts'
import { shippingPaid } from '../refund.ts'
import { shippingRefundedOf } from '../returns.db.ts'
import type { ReturnWork } from '../work.ts'

/** What the shop holds of the order: captured, and neither refunded nor on its way back. */
export function heldOf(payments: readonly Payment[]): bigint {
  return payments.reduce((sum, { captured, refunded, refunding }) => sum + captured - refunded - refunding, 0n)
}

export async function heldAmount(db: Queryable, orderId: string): Promise<bigint> {
  return heldOf((await paymentsOf(db, [orderId])).get(orderId) ?? [])
}

/** What was paid for shipping and no return has paid back. */
export async function shippingLeft(db: Queryable, order: Parameters<typeof shippingPaid>[0] & { id: string }): Promise<bigint> {
  return shippingPaid(order) - ((await shippingRefundedOf(db, [order.id])).get(order.id) ?? 0n)
}

/**
 * What the shop holds beyond what the customer owes for the units that left and stayed, after the return as it is being
 * worked on; `shipping` is to be paid back too. Units that wait to leave are paid when they do.
 */
export async function overpaidAmount(db: Queryable, { order, order_lines, given_back }: Pick<ReturnWork, 'order' | 'order_lines' | 'given_back'>, shipping: bigint): Promise<bigint> {
  const goodwill = (await goodwillOf(db, [order.id])).get(order.id)!
  const waiting = [...order_lines.values()].reduce((sum, line) => sum + waitingAmount(line, order.prices_include_tax), 0n)
  const owed = owedInAll({ worth: order.worth - given_back - waiting - shipping }, { goodwill })
  return atLeastZero(await heldAmount(db, order.id) - owed)
}
