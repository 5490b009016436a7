import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ReturnInvoice, ReturnLine } from './invoices.ts'
import { type MatchedReturn, matchReturn, type PaidOrder, type Purchase } from './match-returns.ts'

const day = (number: number): Date => new Date(Date.UTC(2011, 0, number))

function purchase(id: string, quantity: number, unit_price: bigint, more: Partial<Purchase> = {}): Purchase {
  return { order_id: `o${id}`, order_line_id: id, sku: 'A1', unit_price, placed_at: day(Number(id)), quantity_returnable: quantity, refundable_amount: BigInt(quantity) * unit_price, ...more }
}

const orderOf = (of: Purchase, shipping = 0n): PaidOrder => ({ order_id: of.order_id, placed_at: of.placed_at, refundable_amount: of.refundable_amount + shipping, refundable_shipping_amount: shipping })

function back(quantity: number, unit_price: bigint, more: Partial<ReturnLine> = {}): ReturnLine {
  return { line_number: 9, position: 1, sku: 'A1', kind: 'goods_return', is_shipping: false, quantity, unit_price, amount: BigInt(quantity) * unit_price, ...more }
}

const credit = (...lines: ReturnLine[]): ReturnInvoice => ({ external_id: 'C1', at: day(20), customer_ref: '1', lines })
const match = (lines: ReturnLine[], purchases: Purchase[], orders = purchases.map((one) => orderOf(one))): MatchedReturn => matchReturn(credit(...lines), purchases, orders)
const units = ({ lines }: MatchedReturn): unknown[] => lines.flatMap((line) => (line.kind === 'units' ? line.units.map((one) => [one.order_line_id, one.quantity, one.refund_amount]) : []))
const reasons = ({ refused }: MatchedReturn): string[] => refused.map(({ reason }) => reason)

describe('goods', () => {
  test('prefer the same price, then a higher one, then the latest', () => {
    const bought = [purchase('1', 2, 200n), purchase('2', 2, 250n), purchase('3', 2, 200n), purchase('4', 2, 150n), purchase('5', 2, 300n)]
    expect(units(match([back(1, 200n)], bought))).toEqual([['3', 1, 200n]])
    expect(units(match([back(3, 200n)], bought))).toEqual([['3', 2, 400n], ['1', 1, 200n]])
    expect(units(match([back(7, 200n)], bought))).toEqual([['3', 2, 400n], ['1', 2, 400n], ['5', 2, 400n], ['2', 1, 200n]])
    // The cheap one alone does not pay for it, but the others were dearer.
    expect(units(match([back(10, 200n)], bought))).toEqual([['3', 2, 400n], ['1', 2, 400n], ['5', 2, 500n], ['2', 2, 400n], ['4', 2, 300n]])
  })

  test('only what was bought before, at the same minute at the latest', () => {
    expect(reasons(match([back(1, 200n)], [purchase('21', 2, 200n)]))).toEqual(['return_without_purchase'])
    expect(reasons(match([back(1, 200n)], [purchase('20', 2, 200n)]))).toEqual([])
    expect(reasons(match([back(1, 200n, { sku: 'A2' })], [purchase('1', 2, 200n)]))).toEqual(['return_without_purchase'])
  })

  test('wholly or not at all', () => {
    const matched = match([back(3, 200n)], [purchase('1', 2, 200n)])
    expect(matched.lines).toEqual([])
    expect(matched.refused).toEqual([{ line_number: 9, reason: 'return_exceeds_purchases', quantity: -3, amount: -600n }])
    expect(reasons(match([back(1, 200n)], [purchase('1', 0, 200n)]))).toEqual(['return_exceeds_purchases'])
  })

  test('lines of one credit note do not take the same units twice', () => {
    expect(reasons(match([back(2, 200n), back(1, 200n)], [purchase('1', 2, 200n)]))).toEqual(['return_exceeds_purchases'])
  })

  test('a refund is at most what was paid', () => {
    expect(reasons(match([back(1, 201n)], [purchase('1', 2, 200n)]))).toEqual(['refund_exceeds_payment'])
    expect(units(match([back(1, 150n)], [purchase('1', 2, 200n)]))).toEqual([['1', 1, 150n]])
    // The order itself was refunded in part already.
    const bought = purchase('1', 2, 200n)
    expect(reasons(match([back(2, 200n)], [bought], [{ ...orderOf(bought), refundable_amount: 399n }]))).toEqual(['refund_exceeds_payment'])
  })

  test('prices finer than a penny come back as they were paid', () => {
    // Ten at 12.5 pence: 1.25; three of them: 37.5 pence, which the file rounds to 38.
    const bought = purchase('1', 10, 13n, { refundable_amount: 125n })
    expect(units(match([back(3, 13n, { amount: 38n })], [bought]))).toEqual([['1', 3, 38n]])
    expect(units(match([back(10, 13n, { amount: 125n })], [bought]))).toEqual([['1', 10, 125n]])
  })

  test('free ones come back for nothing', () => {
    expect(units(match([back(2, 0n)], [purchase('1', 2, 0n)]))).toEqual([['1', 2, 0n]])
  })
})

describe('money without goods', () => {
  const refund = (amount: bigint, more: Partial<ReturnLine> = {}): ReturnLine => back(1, amount, { sku: 'D', kind: 'refund', ...more })

  test('comes from the latest orders', () => {
    const bought = [purchase('1', 1, 500n), purchase('2', 1, 300n)]
    expect(match([refund(400n)], bought).lines).toMatchObject([{ kind: 'money', money: [
      { order_id: 'o2', refund_amount: 300n, shipping_amount: 0n }, { order_id: 'o1', refund_amount: 100n, shipping_amount: 0n }] }])
    expect(reasons(match([refund(801n)], bought))).toEqual(['refund_exceeds_payment'])
    expect(reasons(match([refund(500n), refund(301n)], bought))).toEqual(['refund_exceeds_payment'])
    expect(reasons(match([refund(1n)], []))).toEqual(['refund_without_purchase'])
  })

  test('postage comes from the postage paid first', () => {
    const bought = [purchase('1', 1, 500n), purchase('2', 1, 300n)]
    const orders = [orderOf(bought[0]!, 100n), orderOf(bought[1]!)]
    expect(match([refund(150n, { sku: 'POST', is_shipping: true })], bought, orders).lines).toMatchObject([{ money: [
      { order_id: 'o1', refund_amount: 100n, shipping_amount: 100n }, { order_id: 'o2', refund_amount: 50n, shipping_amount: 0n }] }])
  })

  test('undoes a service of the same price', () => {
    const bought = [purchase('1', 1, 400n, { sku: 'M' }), purchase('2', 1, 900n)]
    expect(units(match([refund(400n, { sku: 'M' })], bought))).toEqual([['1', 1, 400n]])
    expect(match([refund(300n, { sku: 'M' })], bought).lines).toMatchObject([{ kind: 'money' }])
  })
})

test('never gives back more units or money than there were, and every line once', () => {
  const boughtOf = fc.array(fc.record({ id: fc.integer({ min: 1, max: 25 }), quantity: fc.nat(5), price: fc.bigInt({ min: 0n, max: 3n }), spent: fc.bigInt({ min: 0n, max: 3n }), sku: fc.constantFrom('A1', 'M') }), { maxLength: 6 })
  const backOf = fc.array(fc.record({ quantity: fc.integer({ min: 1, max: 6 }), amount: fc.bigInt({ min: 0n, max: 20n }), sku: fc.constantFrom('A1', 'M', 'POST') }), { minLength: 1, maxLength: 6 })
  fc.assert(fc.property(boughtOf, backOf, (boughtRows, backRows) => {
    const purchases = boughtRows.map(({ id, quantity, price, sku }, index) => purchase(String(id), quantity, price, { sku, order_id: `o${index % 3}`, order_line_id: `l${index}` }))
    const orders = [0, 1, 2].map((index): PaidOrder => {
      const own = purchases.filter((_, at) => at % 3 === index)
      const paid = own.reduce((sum, { refundable_amount }) => sum + refundable_amount, 0n) + 2n - (boughtRows[index]?.spent ?? 0n)
      return { order_id: `o${index}`, placed_at: day(1), refundable_amount: paid < 0n ? 0n : paid, refundable_shipping_amount: paid < 2n ? 0n : 2n }
    })
    const lines = backRows.map(({ quantity, amount, sku }, index) => back(quantity, amount / BigInt(quantity), { line_number: index, sku, amount, kind: sku === 'A1' ? 'goods_return' : 'refund', is_shipping: sku === 'POST' }))
    const matched = match(lines, purchases, orders)
    expect([...matched.lines.map(({ line }) => line.line_number), ...matched.refused.map(({ line_number }) => line_number)].toSorted((a, b) => a - b)).toEqual(lines.map(({ line_number }) => line_number))
    const all = matched.lines.flatMap((line) => (line.kind === 'units' ? line.units : line.money.map((one) => ({ ...one, order_line_id: '', quantity: 0 }))))
    for (const { order_line_id, quantity_returnable, refundable_amount, placed_at } of purchases) {
      const own = all.filter((one) => one.order_line_id === order_line_id)
      expect(own.reduce((sum, { quantity }) => sum + quantity, 0)).toBeLessThanOrEqual(quantity_returnable)
      expect(own.reduce((sum, one) => sum + one.refund_amount, 0n) <= refundable_amount).toBe(true)
      if (own.length > 0) expect(placed_at.getTime()).toBeLessThanOrEqual(day(20).getTime())
    }
    for (const { order_id, refundable_amount, refundable_shipping_amount } of orders) {
      expect(all.filter((one) => one.order_id === order_id).reduce((sum, one) => sum + one.refund_amount, 0n) <= refundable_amount).toBe(true)
      const shipping = matched.lines.flatMap((line) => (line.kind === 'money' ? line.money : [])).filter((one) => one.order_id === order_id)
      expect(shipping.reduce((sum, { shipping_amount }) => sum + shipping_amount, 0n) <= refundable_shipping_amount).toBe(true)
    }
    for (const matchedLine of matched.lines) {
      const parts = matchedLine.kind === 'units' ? matchedLine.units : matchedLine.money
      expect(parts.reduce((sum, { refund_amount }) => sum + refund_amount, 0n)).toBe(matchedLine.line.amount)
      expect(parts.every(({ refund_amount }) => refund_amount >= 0n)).toBe(true)
      if (matchedLine.kind === 'units') expect(matchedLine.units.reduce((sum, { quantity }) => sum + quantity, 0)).toBe(matchedLine.line.quantity)
    }
  }), { numRuns: 500 })
})
