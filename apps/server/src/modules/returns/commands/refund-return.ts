import { assert } from '../../../kernel/assert.ts'
import { ids } from '../../../kernel/id-kinds.ts'
import { showMoney, type MoneyText } from '../../../kernel/money.ts'
import { invalid, refuse } from '../../../kernel/problem.ts'
import { may, requirePermission, type Caller } from '../../../platform/caller.ts'
import { command, type Context } from '../../../platform/command.ts'
import type { Queryable } from '../../../platform/db.ts'
import { readMoney } from '../../payments/index.ts'
import { finishWork, lockWork, unknownLines, wrongState } from '../access.ts'
import { heldAmount, overpaidAmount, shippingLeft } from '../queries/held-amount.ts'
import { decideRefund, type RefundDecision } from '../refund.ts'
import { dueAmount, refundBlocked } from '../return.ts'
import { readReturnViews, type ReturnView } from '../return-view.ts'
import { refundUnits, type ReturnWork } from '../work.ts'

type RefundAsk = {
  /** The lines that are paid back; left out means all. */
  line_ids: string[] | undefined
  amount: MoneyText | undefined
  include_shipping: boolean
}

/**
 * Pays back what received units are owed, less where somebody says so. Refuses with `refund_exceeds_return`,
 * `nothing_to_refund` and `return_state`.
 */
export const refundReturn = command('returns.refund', 'returns:read', async (context, input: RefundAsk & { return_id: string }): Promise<ReturnView> => {
  requireRefunding(context.caller, input)
  const work = await lockWork(context.tx, context.caller, input.return_id)
  const before = work.row.status
  const decision = await previewRefund(context.tx, work, input)
  if (decision.total === 0n && decision.parts.length === 0) throw refuse('nothing_to_refund', 'Nothing is due that the shop holds: everything is settled, or nothing was captured.')
  refundUnits(work, decision)
  if (work.lines.every((line) => dueAmount(line) === 0n)) work.row.refund_wish = null
  await finishWork(context, work, before, { refund: { before: null, after: showMoney(decision.total, work.order.currency) } })
  return (await readReturnViews(context.tx, [work.row.id])).get(work.row.id)!
})

/** Those who take goods in pay back what these are owed; another amount, or shipping, is for those who may refund at all. */
function requireRefunding(caller: Caller, { amount, include_shipping }: RefundAsk): void {
  if (amount !== undefined || include_shipping || !may(caller, 'returns:receive')) requirePermission(caller, 'payments:refund')
}

type RefundableWork = Pick<ReturnWork, 'order' | 'row' | 'lines'>

/** What a refund would pay now; the same calculation for the preview and for the refund. */
export async function previewRefund(db: Queryable, work: RefundableWork, { line_ids, amount, include_shipping }: RefundAsk): Promise<RefundDecision & { ok: true }> {
  const { order, row, lines } = work
  const unknown = (line_ids ?? []).filter((id) => !lines.some(({ order_line_id }) => order_line_id === id))
  if (unknown.length > 0) throw unknownLines(unknown)
  const blocked = refundBlocked(row.status, lines)
  if (blocked !== undefined && !(include_shipping && hasReceived(work))) throw wrongState(row, blocked)
  const chosen = line_ids === undefined ? lines : lines.filter(({ order_line_id }) => line_ids.includes(order_line_id))
  const decision = decideRefund({
    lines: chosen,
    amount: amount === undefined ? undefined : readAmount(amount, order.currency),
    shipping_left: include_shipping ? await shippingLeft(db, order) : 0n,
    held: await heldAmount(db, order.id),
  })
  if (!decision.ok) {
    const refundable = showMoney(decision.refundable, order.currency)
    throw refuse('refund_exceeds_return', `At most ${refundable.amount} ${refundable.currency} can be paid back: that is due for what was received and held by the shop.`, { refundable })
  }
  return decision
}

/** An amount of the order's currency; nothing at all is an amount too, where everything is kept. */
function readAmount(value: MoneyText, currency: string): bigint {
  const amount = readMoney(value, currency, '/amount')
  if (amount < 0n) throw invalid([{ pointer: '/amount/amount', code: 'too_small', detail: 'The amount is negative.' }])
  return amount
}

function hasReceived({ row, lines }: RefundableWork): boolean {
  return row.status !== 'closed' && lines.some(({ received }) => received > 0)
}

/**
 * Pays what is due, and shipping where that is asked for, as far as the customer has paid for it. The rest waits until it
 * is captured, which the answer tells: the wish stays on the return, and a loop pays it.
 */
export async function payDue({ tx }: Context, work: ReturnWork, include_shipping: boolean): Promise<{ waiting: bigint }> {
  const shipping_left = include_shipping ? await shippingLeft(tx, work.order) : 0n
  const decision = decideRefund({ lines: work.lines, amount: undefined, shipping_left, held: await overpaidAmount(tx, work, shipping_left) })
  assert(decision.ok, 'without an amount of somebody\'s own a refund is always decided')
  if (decision.total > 0n) refundUnits(work, decision)
  const waiting = work.lines.reduce((sum, line) => sum + dueAmount(line), shipping_left - decision.shipping)
  work.row.refund_wish = waiting === 0n ? null : include_shipping ? 'goods_and_shipping' : 'goods'
  return { waiting }
}

/** Pays a refund that was waiting for its capture, or what can be paid of it now. */
export const payWaiting = command('returns.pay_waiting', 'returns:receive', async (context, input: { return_id: string }): Promise<{ paid: boolean }> => {
  const work = await lockWork(context.tx, context.caller, input.return_id)
  const before = work.row.status
  if (work.row.refund_wish === null) return { paid: false }
  await payDue(context, work, work.row.refund_wish === 'goods_and_shipping')
  if (work.refund === undefined) return { paid: false }
  await finishWork(context, work, before, { refund: { before: null, after: showMoney(work.refund.total, work.order.currency) } })
  return { paid: true }
})

/** A refund as the API shows it. */
export function viewRefund({ order, lines }: RefundableWork, { parts, goods, shipping, total }: RefundDecision & { ok: true }) {
  const money = (amount: bigint) => showMoney(amount, order.currency)
  return {
    lines: parts.map((part) => ({ line_id: ids.line.show(lines.find(({ id }) => id === part.id)!.order_line_id), refund: money(part.refunded), withheld: money(part.withheld) })),
    goods: money(goods), shipping: money(shipping), total: money(total),
  }
}
