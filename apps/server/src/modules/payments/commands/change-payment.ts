import { ids } from '../../../kernel/id-kinds.ts'
import { atLeastZero, least, showMoney, type MoneyText } from '../../../kernel/money.ts'
import { refuse } from '../../../kernel/problem.ts'
import type { Caller } from '../../../platform/caller.ts'
import { command, type Context } from '../../../platform/command.ts'
import type { Tx } from '../../../platform/db.ts'
import { lockOrderStreams } from '../../../platform/events.ts'
import { appendEntries, type EntryDraft } from '../append-entries.ts'
import { takenAmount, owedInAll } from '../excess.ts'
import { capturable, collectable, voidable, type Payment } from '../ledger.ts'
import { findPayment, findPaymentsOfOrders, findRefundSums, lockPayment } from '../payments.db.ts'
import { findPayableOrder } from '../queries/payable-order.ts'
import { readAmount } from '../read-amount.ts'

/** The payment with its order's row and its own locked, where its order is one of the caller's. */
export async function lockPaymentForCaller(tx: Tx, id: string, caller: Caller): Promise<Payment> {
  const payment = await findPayment(tx, id)
  if (payment === undefined) throw refuse('not_found', 'There is no such payment.')
  await lockOrderStreams(tx, [payment.order_id])
  await findPayableOrder(tx, payment.order_id, caller)
  return lockPayment(tx, id)
}

export type CapturePayment = { payment_id: string; amount?: MoneyText }

/**
 * Captures an authorization, or takes cash on delivery: all of it that the order is worth, unless `amount` says less.
 * Refuses with `capture_exceeds_authorized` and `payment_exceeds_due`.
 */
export const capturePayment = command('payments.capture', 'payments:take', async (context, input: CapturePayment) => {
  const payment = await lockPaymentForCaller(context.tx, input.payment_id, context.caller)
  const room = capturable(payment, context.now) + collectable(payment)
  const due = await dueOf(context, payment.order_id)
  const amount = input.amount === undefined ? least(room, due) : readAmount(input.amount, payment.currency, '/amount')
  if (amount > room || room === 0n) {
    throw refuse('capture_exceeds_authorized', `${showMoney(room, payment.currency).amount} ${payment.currency} of this payment can be captured.`, { capturable: showMoney(room, payment.currency) })
  }
  if (amount > due || due === 0n) {
    throw refuse('payment_exceeds_due', `${showMoney(due, payment.currency).amount} ${payment.currency} of the order is due: it is paid, or worth no more.`, { due: showMoney(due, payment.currency) })
  }
  const unauthorized = amount - capturable(payment, context.now)
  await append(context, payment, [
    ...(unauthorized > 0n ? [{ kind: 'authorize' as const, amount: unauthorized }] : []),
    { kind: 'capture', amount },
  ])
  return { id: ids.payment.show(payment.id) }
})

/** What of the order's worth is neither taken nor being taken. The order is locked, which guards its tenders. */
async function dueOf({ tx, caller }: Context, orderId: string): Promise<bigint> {
  const order = await findPayableOrder(tx, orderId, caller)
  const refunds = (await findRefundSums(tx, [orderId])).get(orderId)!
  return atLeastZero(owedInAll(order, refunds) - takenAmount(await findPaymentsOfOrders(tx, [orderId])))
}

/** Gives up what is authorized and not captured. Refuses with `nothing_to_void`. */
export const voidPayment = command('payments.void', 'payments:refund', async (context, input: { payment_id: string }) => {
  const payment = await lockPaymentForCaller(context.tx, input.payment_id, context.caller)
  const amount = voidable(payment)
  if (amount === 0n) throw refuse('nothing_to_void', 'No authorization of this payment is left to give up. What is captured can be refunded.')
  await append(context, payment, [{ kind: 'void', amount }])
  return { id: ids.payment.show(payment.id) }
})

async function append({ tx, now, emit, enqueue, audit }: Context, payment: Payment, drafts: readonly Pick<EntryDraft, 'kind' | 'amount'>[]): Promise<void> {
  const { jobs, events } = await appendEntries(tx, drafts.map((draft) => ({ ...draft, payment, status: payment.gateway === null ? 'succeeded' : 'pending', at: now })))
  enqueue(...jobs)
  emit(...events)
  audit({ subject_id: payment.id, changes: Object.fromEntries(drafts.map(({ kind, amount }) => [kind, { before: null, after: showMoney(amount, payment.currency) }])) })
}
