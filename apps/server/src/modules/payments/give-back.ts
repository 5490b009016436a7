import type { Tx } from '../../platform/db.ts'
import { appendEntries, type LedgerWork } from './append-entries.ts'
import { needlessAuthorizations, refundForCanceled } from './excess.ts'
import { findRefundSums, lockPaymentsOfOrders } from './payments.db.ts'
import { findOrderWorths } from './queries/payable-order.ts'
import { requestRefunds } from './request-moves.ts'

/**
 * Brings the tenders of orders in line with what the orders are worth: pays back what was taken for canceled units and
 * gives up authorizations that are needed no more. Whatever changes the one or the other calls it; where all is in line it
 * does nothing. The caller holds the orders.
 */
export async function giveBack(tx: Tx, orderIds: readonly string[], { at, reason }: { at: Date; reason: string }): Promise<LedgerWork> {
  const orders = await findOrderWorths(tx, orderIds)
  const payments = Map.groupBy(await lockPaymentsOfOrders(tx, orderIds), ({ order_id }) => order_id)
  const sums = await findRefundSums(tx, orderIds)
  const tendered = orders.flatMap((order) => (payments.has(order.id) ? [{ order, payments: payments.get(order.id)!, refunds: sums.get(order.id)! }] : []))
  const voids = await appendEntries(tx, tendered.flatMap((one) => needlessAuthorizations(one.order, one.payments, one.refunds, at)
    .map(({ payment, amount }) => ({ payment, kind: 'void', amount, status: payment.gateway === null ? 'succeeded' : 'pending', at, reason: 'The order needs it no more' }))))
  const refunds = tendered.flatMap((one) => {
    const amount = refundForCanceled(one.order, one.payments, one.refunds)
    return amount === 0n ? [] : [{ order_id: one.order.id, amount, reason, cause_id: one.order.id, at }]
  })
  const paid = refunds.length === 0 ? { jobs: [], events: [] } : await requestRefunds(tx, refunds)
  return { jobs: [...paid.jobs, ...voids.jobs], events: [...paid.events, ...voids.events] }
}
