import { Type, type Static } from 'typebox'
import { ids } from '../../kernel/id-kinds.ts'
import { showMoney } from '../../kernel/money.ts'
import { AllowedAction, closed, Money, Nullable, OneOf } from '../../platform/http/schemas.ts'
import { allowedActions, ENTRY_KINDS, ENTRY_STATUSES, PAYMENT_STATUSES, SETTLEMENTS, TENDERS, type Payment } from './ledger.ts'
import type { EntryRow } from './payments.db.ts'

const EntryView = Type.Object({
  id: Type.String(), payment_id: Type.String(), kind: OneOf(ENTRY_KINDS), amount: Money,
  status: OneOf(ENTRY_STATUSES, { description: 'Only succeeded entries count. An unknown one is looked up at the gateway before anything is repeated.' }),
  reason: Type.String(), retry_of: Nullable(Type.String()), gateway_reference: Nullable(Type.String()), failure: Nullable(Type.String()),
  created_at: Type.String(), settled_at: Nullable(Type.String()),
}, closed)

const PAYMENT_FIELDS = {
  id: Type.String(), order_id: Type.String(), tender: OneOf(TENDERS), gateway: Nullable(Type.String()), amount: Money,
  status: OneOf(PAYMENT_STATUSES, { description: 'Follows from the balances' }),
  settlement: OneOf(SETTLEMENTS, { description: 'The worst state among the entries: whether something is unknown, under way or failed' }),
  authorized: Money, captured: Money, refunded: Money, voided: Money,
  authorizing: Money, capturing: Money, refunding: Money, voiding: Money,
  reference: Nullable(Type.String()), authorization_expires_at: Nullable(Type.String()), created_at: Type.String(),
}

export const PaymentItem = Type.Object(PAYMENT_FIELDS, closed)
export const PaymentView = Type.Object({ ...PAYMENT_FIELDS, actions: Type.Array(AllowedAction), entries: Type.Array(EntryView) }, closed)

export const LedgerView = Type.Object({
  order_id: Type.String(), authorized: Money, captured: Money, refunded: Money, voided: Money, payments: Type.Array(PaymentView),
}, closed)

export const RefundView = Type.Object({ order_id: Type.String(), amount: Money, entries: Type.Array(EntryView) }, closed)

export function viewPaymentItem(payment: Payment): Static<typeof PaymentItem> {
  const money = (amount: bigint) => showMoney(amount, payment.currency)
  return {
    id: ids.payment.show(payment.id), order_id: ids.order.show(payment.order_id), tender: payment.tender, gateway: payment.gateway, amount: money(payment.amount),
    status: payment.status, settlement: payment.settlement,
    authorized: money(payment.authorized), captured: money(payment.captured), refunded: money(payment.refunded), voided: money(payment.voided),
    authorizing: money(payment.authorizing), capturing: money(payment.capturing), refunding: money(payment.refunding), voiding: money(payment.voiding),
    reference: payment.reference, authorization_expires_at: payment.authorization_expires_at?.toISOString() ?? null, created_at: payment.created_at.toISOString(),
  }
}

export function viewPayment(payment: Payment, entries: readonly EntryRow[]): Static<typeof PaymentView> {
  return { ...viewPaymentItem(payment), actions: allowedActions(payment), entries: entries.map((entry) => viewEntry(entry, payment.currency)) }
}

export function viewEntry(entry: EntryRow, currency: string): Static<typeof EntryView> {
  return {
    id: ids.payment_entry.show(entry.id), payment_id: ids.payment.show(entry.payment_id), kind: entry.kind, amount: showMoney(entry.amount, currency), status: entry.status,
    reason: entry.reason, retry_of: entry.retry_of === null ? null : ids.payment_entry.show(entry.retry_of), gateway_reference: entry.gateway_reference, failure: entry.failure,
    created_at: entry.created_at.toISOString(), settled_at: entry.settled_at?.toISOString() ?? null,
  }
}
