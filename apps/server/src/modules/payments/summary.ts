import { assert } from '../../kernel/assert.ts'
import { atLeastZero } from '../../kernel/money.ts'
import type { Payment, Settlement } from './ledger.ts'
import { SETTLEMENTS } from './ledger.ts'

export const ORDER_PAYMENT_STATUSES = [
  'not_required', 'unpaid', 'pending', 'failed', 'voided', 'expired', 'partially_authorized', 'authorized', 'partially_captured', 'captured', 'partially_refunded', 'refunded',
] as const
export type OrderPaymentStatus = (typeof ORDER_PAYMENT_STATUSES)[number]

/** How an order stands with its customer, in minor units of the order's currency. */
export type PaymentSummary = {
  authorized: bigint
  captured: bigint
  refunded: bigint
  voided: bigint
  /** Held by authorizations or paid: what may be relied on. An order is covered when this reaches its worth. */
  secured: bigint
  /** What the customer still has to pay; authorizations are not payment yet. */
  balance_due: bigint
  /** What the customer is to get back, also where a return waits to be paid. */
  credit_owed: bigint
  payment_status: OrderPaymentStatus
  /** The worst among the tenders: whether something is under way, unknown or failed. */
  settlement: Settlement
}

/**
 * Sums up the tenders of one order. `worth` is what the customer owes in all (`owedInAll`): what was canceled, came back or
 * was given away is worth nothing any more, or its refund would look like a debt.
 */
export function paymentSummary(payments: readonly Payment[], worth: bigint): PaymentSummary {
  assert(new Set(payments.map(({ currency }) => currency)).size <= 1, 'the tenders of an order have its currency')
  const sum = (field: 'authorized' | 'captured' | 'refunded' | 'voided'): bigint => payments.reduce((total, payment) => total + payment[field], 0n)
  const [authorized, captured, refunded, voided] = [sum('authorized'), sum('captured'), sum('refunded'), sum('voided')]
  const paid = captured - refunded
  return {
    authorized, captured, refunded, voided,
    secured: authorized - voided - refunded,
    balance_due: atLeastZero(worth - paid),
    credit_owed: atLeastZero(paid - worth),
    payment_status: orderPaymentStatus(payments, { authorized, captured, refunded, voided }, worth),
    settlement: SETTLEMENTS.find((settlement) => payments.some((payment) => payment.settlement === settlement)) ?? 'settled',
  }
}

function orderPaymentStatus(payments: readonly Payment[], sums: Pick<PaymentSummary, 'authorized' | 'captured' | 'refunded' | 'voided'>, worth: bigint): OrderPaymentStatus {
  const { authorized, captured, refunded, voided } = sums
  if (captured > 0n) {
    if (refunded === captured) return 'refunded'
    if (refunded > 0n) return 'partially_refunded'
    return captured >= worth ? 'captured' : 'partially_captured'
  }
  if (authorized > voided) return authorized - voided >= worth ? 'authorized' : 'partially_authorized'
  const open = (['pending', 'expired', 'voided', 'failed'] as const).find((status) => payments.some((payment) => payment.status === status))
  return open ?? (worth === 0n ? 'not_required' : 'unpaid')
}
