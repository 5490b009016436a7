import { least } from '../../../kernel/money.ts'
import type { ReturnInvoice, ReturnLine } from './invoices.ts'
import type { Reason, RefusedLine } from './reasons.ts'

/** A line the customer bought, as it stands now: goods, or a service. */
export type Purchase = {
  order_id: string
  order_line_id: string
  sku: string
  unit_price: bigint
  placed_at: Date
  /** Shipped or delivered and not returned. */
  quantity_returnable: number
  /** Paid for the line and not refunded, in minor units. */
  refundable_amount: bigint
}

/** An order of the customer with what was paid and not refunded on all of it, shipping included. */
export type PaidOrder = { order_id: string; placed_at: Date; refundable_amount: bigint; refundable_shipping_amount: bigint }

/** Units of one bought line that come back, with the money for them. */
export type UnitMatch = { order_id: string; order_line_id: string; quantity: number; refund_amount: bigint }

/** Money given back on an order without anything coming back; `shipping_amount` is the part that was its postage. */
export type MoneyMatch = { order_id: string; refund_amount: bigint; shipping_amount: bigint }

export type MatchedLine =
  | { line: ReturnLine; kind: 'units'; units: UnitMatch[] }
  | { line: ReturnLine; kind: 'money'; money: MoneyMatch[] }

export type MatchedReturn = { external_id: string; at: Date; customer_ref: string; lines: MatchedLine[]; refused: RefusedLine[] }

/** What is left to return and to refund while the lines of one credit note are matched one after another. */
type Ledger = { purchases: Purchase[]; orders: PaidOrder[] }

/**
 * Matches a credit note with what its customer bought up to then. A line is imported when all its units and all its
 * money find a purchase, and refused otherwise: a line split into an imported and a refused half would count twice.
 * The arguments stay as they are.
 */
export function matchReturn(credit: ReturnInvoice, purchases: readonly Purchase[], orders: readonly PaidOrder[]): MatchedReturn {
  const isEarlier = ({ placed_at }: { placed_at: Date }): boolean => placed_at.getTime() <= credit.at.getTime()
  let ledger: Ledger = { purchases: purchases.filter(isEarlier), orders: orders.filter(isEarlier) }
  const matched: MatchedReturn = { external_id: credit.external_id, at: credit.at, customer_ref: credit.customer_ref, lines: [], refused: [] }
  for (const line of credit.lines) {
    const outcome = line.kind === 'goods_return' ? matchUnits(line, ledger) : matchRefund(line, ledger)
    if (typeof outcome === 'string') {
      matched.refused.push({ line_number: line.line_number, reason: outcome, quantity: -line.quantity, amount: -line.amount })
    } else {
      matched.lines.push(outcome)
      ledger = take(ledger, outcome)
    }
  }
  return matched
}

function matchUnits(line: ReturnLine, ledger: Ledger): MatchedLine | Reason {
  const bought = ledger.purchases.filter((purchase) => purchase.sku === line.sku)
  if (bought.length === 0) return 'return_without_purchase'
  const taken: { purchase: Purchase; quantity: number; bound: bigint }[] = []
  let missing = line.quantity
  for (const purchase of bought.toSorted((a, b) => comparePurchases(a, b, line.unit_price))) {
    const quantity = Math.min(missing, purchase.quantity_returnable)
    if (quantity <= 0) continue
    taken.push({ purchase, quantity, bound: paidFor(purchase, quantity) })
    missing -= quantity
    if (missing === 0) break
  }
  if (missing > 0) return 'return_exceeds_purchases'
  const refunds = spreadRefund(line, taken, ledger.orders)
  if (refunds === undefined) return 'refund_exceeds_payment'
  const units = taken.map(({ purchase, quantity }, index) => ({
    order_id: purchase.order_id, order_line_id: purchase.order_line_id, quantity, refund_amount: refunds[index]!,
  }))
  return { line, kind: 'units', units }
}

/** The same price first, then those that cost more (the refund is certainly covered), then the cheaper; latest first among them. */
function comparePurchases(a: Purchase, b: Purchase, price: bigint): number {
  const rank = ({ unit_price }: Purchase): number => (unit_price === price ? 0 : unit_price > price ? 1 : 2)
  return rank(a) - rank(b) || b.placed_at.getTime() - a.placed_at.getTime() || (a.order_line_id < b.order_line_id ? -1 : 1)
}

/** What was paid for that many of the units left, rounded up: where it is not whole pence, the file rounds too. */
function paidFor(purchase: Purchase, quantity: number): bigint {
  const all = BigInt(purchase.quantity_returnable)
  return (purchase.refundable_amount * BigInt(quantity) + all - 1n) / all
}

/**
 * Splits the refund of a line over the purchases it gives back: each at the refund's own price as far as that was paid,
 * the rest wherever more was paid. Undefined where the purchases, or their orders, do not carry it.
 */
function spreadRefund(line: ReturnLine, taken: readonly { purchase: Purchase; quantity: number; bound: bigint }[], orders: readonly PaidOrder[]): bigint[] | undefined {
  const left = new Map(orders.map((order) => [order.order_id, order.refundable_amount]))
  const refunds = taken.map(() => 0n)
  let missing = line.amount
  const give = (index: number, wanted: bigint): void => {
    const { purchase, bound } = taken[index]!
    const inOrder = left.get(purchase.order_id) ?? 0n
    const amount = [wanted, missing, bound - refunds[index]!, inOrder].reduce(least)
    refunds[index]! += amount
    missing -= amount
    left.set(purchase.order_id, inOrder - amount)
  }
  taken.forEach(({ quantity }, index) => give(index, (line.amount * BigInt(quantity)) / BigInt(line.quantity)))
  taken.forEach((_, index) => give(index, missing))
  return missing === 0n ? refunds : undefined
}

/**
 * Postage, discounts and manual amounts given back. If the customer had bought the very same (a manual charge entered
 * and undone), its units come back; otherwise it is money without goods: first from the postage paid, if it is postage,
 * then from the latest orders.
 */
function matchRefund(line: ReturnLine, ledger: Ledger): MatchedLine | Reason {
  const same = ledger.purchases.filter((purchase) => purchase.sku === line.sku && purchase.unit_price === line.unit_price)
  const undone = matchUnits(line, { ...ledger, purchases: same })
  if (typeof undone !== 'string') return undone
  if (ledger.orders.length === 0) return 'refund_without_purchase'
  const money = new Map<string, MoneyMatch>()
  let missing = line.amount
  const give = (order: PaidOrder, available: bigint, isShipping: boolean): void => {
    const amount = least(missing, available)
    if (amount <= 0n) return
    const match = money.get(order.order_id) ?? { order_id: order.order_id, refund_amount: 0n, shipping_amount: 0n }
    money.set(order.order_id, { ...match, refund_amount: match.refund_amount + amount, shipping_amount: match.shipping_amount + (isShipping ? amount : 0n) })
    missing -= amount
  }
  const latest = ledger.orders.toSorted((a, b) => b.placed_at.getTime() - a.placed_at.getTime() || (a.order_id < b.order_id ? -1 : 1))
  if (line.is_shipping) {
    for (const order of latest) give(order, order.refundable_shipping_amount < order.refundable_amount ? order.refundable_shipping_amount : order.refundable_amount, true)
  }
  for (const order of latest) give(order, order.refundable_amount - (money.get(order.order_id)?.refund_amount ?? 0n), false)
  return missing === 0n ? { line, kind: 'money', money: [...money.values()] } : 'refund_exceeds_payment'
}

function take(ledger: Ledger, matched: MatchedLine): Ledger {
  const units = matched.kind === 'units' ? matched.units : []
  const money = matched.kind === 'money' ? matched.money : units.map(({ order_id, refund_amount }) => ({ order_id, refund_amount, shipping_amount: 0n }))
  const sum = (of: readonly bigint[]): bigint => of.reduce((a, b) => a + b, 0n)
  return {
    purchases: ledger.purchases.map((purchase) => {
      const match = units.find(({ order_line_id }) => order_line_id === purchase.order_line_id)
      if (match === undefined) return purchase
      return { ...purchase, quantity_returnable: purchase.quantity_returnable - match.quantity, refundable_amount: purchase.refundable_amount - match.refund_amount }
    }),
    orders: ledger.orders.map((order) => {
      const matches = money.filter(({ order_id }) => order_id === order.order_id)
      if (matches.length === 0) return order
      return {
        ...order,
        refundable_amount: order.refundable_amount - sum(matches.map(({ refund_amount }) => refund_amount)),
        refundable_shipping_amount: order.refundable_shipping_amount - sum(matches.map(({ shipping_amount }) => shipping_amount)),
      }
    }),
  }
}
