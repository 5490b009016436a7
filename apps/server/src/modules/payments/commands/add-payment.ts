import { ids } from '../../../kernel/id-kinds.ts'
import { newId } from '../../../kernel/ids.ts'
import { atLeastZero, showMoney, type MoneyText } from '../../../kernel/money.ts'
import { invalid, refuse } from '../../../kernel/problem.ts'
import { command } from '../../../platform/command.ts'
import { lockOrderStreams } from '../../../platform/events.ts'
import { owedInAll } from '../excess.ts'
import { promised } from '../ledger.ts'
import { findRefundSums, lockPaymentsOfOrders } from '../payments.db.ts'
import { findPayableOrder } from '../queries/payable-order.ts'
import { readAmount } from '../read-amount.ts'
import { recordPayments } from '../record-payments.ts'
import { tenderErrors, type TenderInput } from '../tender-input.ts'

export type AddPayment = Omit<TenderInput, 'already_captured'> & { order_id: string; captured?: boolean; amount?: MoneyText }

/**
 * Adds a tender to an order, for what no other tender stands for of what the order is worth, or less. Cash and external money count as taken unless
 * `captured` says otherwise. Refuses with `order_not_payable` and `payment_exceeds_due`.
 */
export const addPayment = command('payments.add', 'payments:take', async ({ tx, now, caller, emit, enqueue, audit }, input: AddPayment) => {
  const order_id = input.order_id
  await lockOrderStreams(tx, [order_id])
  const order = await findPayableOrder(tx, order_id, caller)
  const already_captured = input.captured ?? (input.tender === 'cash' || input.tender === 'external')
  const errors = tenderErrors({ ...input, already_captured }, '')
  if (errors.length > 0) throw invalid(errors)
  if (order.status === 'canceled') throw refuse('order_not_payable', 'The order is canceled: there is nothing to pay.')
  const payments = await lockPaymentsOfOrders(tx, [order_id])
  const { goodwill } = (await findRefundSums(tx, [order_id])).get(order_id)!
  const due = payments.reduce((rest, payment) => rest - promised(payment), owedInAll(order, { goodwill }))
  const amount = input.amount === undefined ? due : readAmount(input.amount, order.currency, '/amount')
  if (amount > due || due <= 0n) {
    const shown = showMoney(atLeastZero(due), order.currency)
    throw refuse('payment_exceeds_due', `Other tenders stand for all but ${shown.amount} ${shown.currency} of what the order is worth. Take at most that, or void a tender first.`, { due: shown })
  }
  const id = newId(now.getTime())
  const { jobs, events } = await recordPayments(tx, [{
    id, order_id, tender: input.tender, gateway: input.gateway ?? null, token: input.token ?? null, currency: order.currency, amount, reference: input.reference ?? null, already_captured, at: now,
  }])
  enqueue(...jobs)
  emit(...events)
  audit({ subject_id: id, changes: { amount: { before: null, after: showMoney(amount, order.currency) } } })
  return { id: ids.payment.show(id) }
})
