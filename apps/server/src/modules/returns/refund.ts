import { allocate, least } from '../../kernel/money.ts'
import { unwoundAmount } from '../orders/index.ts'
import { dueAmount } from './return.ts'

/** A line of an order as it stands when units of it arrive. */
type SharedLine = { quantity: number; unit_price: bigint; discount: bigint; tax: bigint; canceled: number; returned: number }

/**
 * What arriving units have a right to: the share of the next units to be unwound, after those that were canceled or came
 * back before. `granted` is what earlier returns of the line were granted; together it is never more than the line.
 */
export function receivedShare(line: SharedLine, pricesIncludeTax: boolean, quantity: number, granted: bigint): bigint {
  return least(unwoundAmount(line, pricesIncludeTax, line.canceled + line.returned, quantity), lineTotal(line, pricesIncludeTax) - granted)
}

/** What the customer paid for the whole line. */
export function lineTotal(line: SharedLine, pricesIncludeTax: boolean): bigint {
  return unwoundAmount(line, pricesIncludeTax, 0, line.quantity)
}

/** What the customer paid for shipping. */
export function shippingPaid(order: { shipping_total: bigint; shipping_tax: bigint; prices_include_tax: boolean }): bigint {
  return order.shipping_total + (order.prices_include_tax ? 0n : order.shipping_tax)
}

type OwedLine = { id: string; refundable: bigint; refunded: bigint; withheld: bigint }

type RefundRequest = {
  /** The lines that are settled now. */
  lines: readonly OwedLine[]
  /** Somebody's own amount for these lines; what it leaves out is kept for good. */
  amount: bigint | undefined
  /** Shipping that may be paid back as well; 0 where it is not asked for. */
  shipping_left: bigint
  /** Captured, and neither refunded nor on its way back. */
  held: bigint
}

export type RefundDecision =
  | { ok: true; parts: { id: string; refunded: bigint; withheld: bigint }[]; goods: bigint; shipping: bigint; total: bigint }
  /** More was asked for than can be paid back for these lines. */
  | { ok: false; refundable: bigint }

/**
 * The one refund calculator, for previews and for refunds. Goods come first, then shipping; nothing beyond the shares of
 * received units and nothing that the shop does not hold. What it cannot pay yet stays due.
 */
export function decideRefund({ lines, amount, shipping_left, held }: RefundRequest): RefundDecision {
  const dues = lines.map(dueAmount)
  const due = dues.reduce((sum, value) => sum + value, 0n)
  const bound = least(due, held)
  if (amount !== undefined && amount > bound) return { ok: false, refundable: bound }
  const goods = amount ?? bound
  const shares = lines.length === 0 ? [] : allocate(goods, dues)
  const parts = lines.map(({ id }, index) => ({ id, refunded: shares[index]!, withheld: amount === undefined ? 0n : dues[index]! - shares[index]! }))
  const shipping = least(shipping_left, held - goods)
  return { ok: true, parts: parts.filter(({ refunded, withheld }) => refunded + withheld > 0n), goods, shipping, total: goods + shipping }
}

export type RefundEntry = { id: string; amount: bigint; status: 'pending' | 'unknown' | 'succeeded' | 'failed'; retry_of: string | null }

/** What became of the money: paid, on its way, or refused by the gateway and not tried again. A refused entry counts for nothing. */
export function sumRefunds(entries: readonly RefundEntry[]): { paid: bigint; pending: bigint; failed: bigint } {
  const retried = new Set(entries.map(({ retry_of }) => retry_of))
  const sum = (of: (entry: RefundEntry) => boolean): bigint => entries.reduce((total, entry) => (of(entry) ? total + entry.amount : total), 0n)
  return {
    paid: sum(({ status }) => status === 'succeeded'),
    pending: sum(({ status }) => status === 'pending' || status === 'unknown'),
    failed: sum(({ id, status }) => status === 'failed' && !retried.has(id)),
  }
}
