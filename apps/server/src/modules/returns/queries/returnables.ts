import { least } from '../../../kernel/money.ts'
import { groupByKey } from '../../../kernel/quantity.ts'
import type { Queryable } from '../../../platform/db.ts'
import { findOrders, linesOfOrders } from '../../orders/index.ts'
import { paymentsOf } from '../../payments/index.ts'
import { lineTotal, shippingPaid } from '../refund.ts'
import { returnableUnits } from '../return.ts'
import { claimsOfOrders, shippingRefundedOf } from '../returns.db.ts'
import { heldOf } from './held-amount.ts'

/** What of an order line may still come back and be paid back. */
type Returnable = { order_line_id: string; sku: string; unit_price: bigint; quantity_returnable: number; refundable_amount: bigint }
/** An order with what may still be paid back on all of it, and how much of that was its shipping. */
type ReturnableOrder = { order_id: string; placed_at: Date; lines: Returnable[]; refundable_amount: bigint; refundable_shipping_amount: bigint }

/** What returns of these orders may hold, in six statements whatever their number: for imports that match credit notes. */
export async function returnablesOf(db: Queryable, orderIds: readonly string[]): Promise<ReturnableOrder[]> {
  const orders = await findOrders(db, orderIds)
  const lines = groupByKey(await linesOfOrders(db, orderIds), ({ order_id }) => order_id)
  const claims = await claimsOfOrders(db, orderIds)
  const payments = await paymentsOf(db, orderIds)
  const shipping = await shippingRefundedOf(db, orderIds)
  return orders.map((order) => {
    const held = heldOf(payments.get(order.id) ?? [])
    return {
      order_id: order.id, placed_at: order.placed_at, refundable_amount: held, refundable_shipping_amount: least(held, shippingPaid(order) - (shipping.get(order.id) ?? 0n)),
      lines: (lines.get(order.id) ?? []).map((line) => {
        const claim = claims.get(line.id)
        return {
          order_line_id: line.id, sku: line.sku, unit_price: line.unit_price,
          quantity_returnable: returnableUnits({ ...line, announced: claim?.announced ?? 0 }), refundable_amount: lineTotal(line, order.prices_include_tax) - (claim?.granted ?? 0n),
        }
      }),
    }
  })
}
