import { assert } from '../../../kernel/assert.ts'
import { ids } from '../../../kernel/id-kinds.ts'
import { showMoney } from '../../../kernel/money.ts'
import type { Queryable } from '../../../platform/db.ts'
import type { OrderRow } from '../../orders/index.ts'
import { checkEligibility } from '../eligibility.ts'
import { decideRefund, receivedShare } from '../refund.ts'
import { returnableUnits, type ReturnAsk } from '../return.ts'
import { heldAmount, shippingLeft } from './held-amount.ts'

/** What a return of these units would be: approved at once or not, and what would be paid back if all of it arrived now. */
export async function previewReturn(db: Queryable, order: OrderRow, asks: readonly ReturnAsk[] | undefined, includeShipping: boolean, now: Date) {
  const { order_lines, claims, decision } = await checkEligibility(db, order, asks, now)
  const money = (amount: bigint) => showMoney(amount, order.currency)
  const lines = decision.lines.map(({ line_id, quantity }) => {
    const line = order_lines.find(({ id }) => id === line_id)!
    const refundable = receivedShare(line, order.prices_include_tax, quantity, claims.get(line_id)?.granted ?? 0n)
    return { line, quantity, owed: { id: line_id, refundable, refunded: 0n, withheld: 0n } }
  })
  const refund = decideRefund({
    lines: lines.map(({ owed }) => owed), amount: undefined, held: await heldAmount(db, order.id),
    shipping_left: includeShipping ? await shippingLeft(db, order) : 0n,
  })
  assert(refund.ok, 'without an amount of somebody\'s own a refund is always decided')
  return {
    status: decision.status, late_line_ids: decision.late_line_ids.map((id) => ids.line.show(id)),
    lines: lines.map(({ line, quantity, owed }) => ({
      line_id: ids.line.show(line.id), sku: line.sku, description: line.description, quantity,
      returnable: returnableUnits({ ...line, announced: claims.get(line.id)?.announced ?? 0 }), refund: money(owed.refundable),
    })),
    goods: money(refund.goods), shipping: money(refund.shipping), total: money(refund.total),
  }
}
