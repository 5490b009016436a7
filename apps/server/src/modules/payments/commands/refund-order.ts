import { showMoney, type MoneyText } from '../../../kernel/money.ts'
import { ids } from '../../../kernel/id-kinds.ts'
import { invalid, refuse } from '../../../kernel/problem.ts'
import { command } from '../../../platform/command.ts'
import { lockOrderStreams } from '../../../platform/events.ts'
import { findPayableOrder } from '../queries/payable-order.ts'
import { readAmount } from '../read-amount.ts'
import { requestRefunds } from '../request-moves.ts'
import { cardNumberErrors } from '../tender-input.ts'

export type RefundOrder = { order_id: string; amount: MoneyText; reason: string }

/** Pays something back without a return, spread over the order's tenders. Refuses with `refund_exceeds_captured`. */
export const refundOrder = command('payments.refund', 'payments:refund', async ({ tx, now, caller, emit, enqueue, audit }, input: RefundOrder) => {
  await lockOrderStreams(tx, [input.order_id])
  const order = await findPayableOrder(tx, input.order_id, caller)
  const errors = cardNumberErrors(input, '')
  if (errors.length > 0) throw invalid(errors)
  const amount = readAmount(input.amount, order.currency, '/amount')
  const { refunded: [refunded], entries, jobs, events } = await requestRefunds(tx, [{ order_id: order.id, amount, reason: input.reason, at: now }])
  if (refunded !== amount) {
    const room = showMoney(refunded ?? 0n, order.currency)
    throw refuse('refund_exceeds_captured', `${room.amount} ${room.currency} can be refunded: that is captured and neither refunded nor on its way back.`, { refundable: room })
  }
  enqueue(...jobs)
  emit(...events)
  audit({ subject_id: order.id, changes: { refund: { before: null, after: showMoney(amount, order.currency) } } })
  return { entry_ids: entries.map(({ id }) => ids.payment_entry.show(id)) }
})
