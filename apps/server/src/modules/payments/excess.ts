import { atLeastZero } from '../../kernel/money.ts'
import { capturable, type Payment } from './ledger.ts'

/** What an order costs now, as its row has it. */
export type OrderWorth = { id: string; status: string; total: bigint; canceled_total: bigint; returned_total: bigint; worth: bigint }

/** What was asked back of the tenders of an order, by why. */
export type RefundSums = {
  order_id: string
  /** Without a cause: it lowers what the order is worth. A failed one counts for nothing. */
  goodwill: bigint
  /** For canceled units, and for returns: once, whether it failed or not. */
  for_cancellation: bigint
  for_returns: bigint
  /** What of these failed and nobody has tried again. */
  failed: bigint
}

/** What the customer owes in all: the worth of the order, less goodwill. */
export function owedInAll(order: Pick<OrderWorth, 'worth'>, refunds: Pick<RefundSums, 'goodwill'>): bigint {
  return atLeastZero(order.worth - refunds.goodwill)
}

/** What the shop holds or is about to take, less what is on its way back. */
export function takenAmount(payments: readonly Payment[]): bigint {
  return payments.reduce((sum, { captured, capturing, refunded, refunding }) => sum + captured + capturing - refunded - refunding, 0n)
}

/** What was taken for units that are canceled and has not been asked back. Returned units are their return's to pay back. */
export function refundForCanceled(order: OrderWorth, payments: readonly Payment[], refunds: RefundSums): bigint {
  const rest = order.status === 'canceled' ? 0n : order.total - order.canceled_total
  return atLeastZero(payments.reduce((sum, { captured }) => sum + captured, 0n) - rest - refunds.for_cancellation)
}

/**
 * Authorizations that nothing can be collected on any more: of abandoned tenders, then of the newest. Money that will be paid back counts as
 * gone. A gateway gives up the rest of an authorization and no part of it, and not while a capture is under way.
 */
export function needlessAuthorizations(order: OrderWorth, payments: readonly Payment[], refunds: RefundSums, at: Date): { payment: Payment; amount: bigint }[] {
  const owed_back = order.returned_total - refunds.for_returns + refunds.failed
  const to_collect = atLeastZero(owedInAll(order, refunds) - atLeastZero(takenAmount(payments) - owed_back))
  let excess = payments.reduce((sum, payment) => (payment.abandoned ? sum : sum + capturable(payment, at)), 0n) - to_collect
  return payments.toSorted((a, b) => b.created_at.getTime() - a.created_at.getTime() || (a.id < b.id ? 1 : -1)).flatMap((payment) => {
    const room = capturable(payment, at)
    const amount = payment.abandoned || room < excess ? room : excess
    if (amount <= 0n || (payment.gateway !== null && (amount < room || payment.capturing > 0n))) return []
    if (!payment.abandoned) excess -= amount
    return [{ payment, amount }]
  })
}
