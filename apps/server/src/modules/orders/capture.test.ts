import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatAmount } from '../../kernel/money.ts'
import type { Variant } from '../catalog/index.ts'
import type { Channel } from '../channels/index.ts'
import { lineTotal } from './amounts.ts'
import { priceOrder, type Known } from './capture.ts'
import type { CaptureInput } from './capture-input.ts'

const variant = (sku: string, price: bigint, kind: Variant['kind'] = 'goods'): Variant => ({
  id: `id-${sku}`, sku, name: `Article ${sku}`, kind, price, price_currency: 'GBP', weight_grams: 100, length_mm: null, width_mm: null, height_mm: null, active: true, product_id: 'p',
})
const channel = (patch: Partial<Channel> = {}): Channel => ({ code: 'web', currency: 'GBP', prices_include_tax: true, tax_rate_basis_points: 2000, ...patch }) as Channel
const gbp = (amount: bigint) => ({ amount: formatAmount(amount, 'GBP'), currency: 'GBP' })
const known = (variants: Known['variants'], of: Channel = channel(), components: Known['components'] = new Map()): Known => ({ channel: of, variants, components })

const anyLine = fc.record({ quantity: fc.integer({ min: 1, max: 60 }), price: fc.bigInt({ min: 0n, max: 99_999n }), percent: fc.nat(100) })

describe('an order', () => {
  test('adds up to the minor unit with any prices, discounts and taxes', () => {
    fc.assert(fc.property(fc.array(anyLine, { minLength: 1, maxLength: 8 }), fc.nat(100), fc.bigInt({ min: 0n, max: 5_000n }), fc.boolean(), fc.integer({ min: 0, max: 2_700 }), (lines, off, shipping, included, rate) => {
      const goods = lines.map(({ quantity, price }) => price * BigInt(quantity))
      const discounts = lines.map(({ percent }, index) => (goods[index]! * BigInt(percent)) / 100n)
      const left = goods.reduce((sum, value, index) => sum + value - discounts[index]!, 0n)
      const input: CaptureInput = {
        channel: 'web', shipping: gbp(shipping), discount: gbp((left * BigInt(off)) / 100n),
        lines: lines.map(({ quantity, price }, index) => ({ sku: `S${index}`, quantity, unit_price: gbp(price), discount: gbp(discounts[index]!) })),
      }
      const of = channel({ prices_include_tax: included, tax_rate_basis_points: rate })
      const priced = priceOrder(input, known(lines.map((_, index) => variant(`S${index}`, 1n)), of))
      if (!priced.ok) throw new Error(JSON.stringify(priced.errors))
      const { order } = priced
      expect(order.total).toBe(order.subtotal - order.discount_total + order.shipping_total + (included ? 0n : order.tax_total))
      expect(order.tax_total).toBe(order.lines.reduce((sum, { tax }) => sum + tax, order.shipping_tax))
      expect(order.discount_total).toBe(order.lines.reduce((sum, { discount }) => sum + discount, 0n))
      for (const line of order.lines) expect(lineTotal(line, included)).toBeGreaterThanOrEqual(0n)
    }))
  })

  test('for more units of a component than a line can have is refused', () => {
    const bundle = variant('SET', 800n, 'bundle')
    const components = new Map([[bundle.id, [{ variant: variant('P', 100n), quantity: 3 }]]])
    const order = (quantity: number) => priceOrder({ channel: 'web', lines: [{ sku: 'SET', quantity }] }, known([bundle], channel(), components))
    expect(order(333_333)).toMatchObject({ ok: true })
    expect(order(333_334)).toMatchObject({ ok: false, errors: [{ pointer: '/lines/0/quantity', code: 'too_large' }] })
  })

  test('for a bundle without components is refused', () => {
    const priced = priceOrder({ channel: 'web', lines: [{ sku: 'SET', quantity: 1 }] }, known([variant('SET', 800n, 'bundle')]))
    expect(priced).toMatchObject({ ok: false, errors: [{ pointer: '/lines/0/sku', code: 'bundle_empty' }] })
  })

  test('a bundle costs what it costs, whatever its components cost alone', () => {
    fc.assert(fc.property(fc.array(fc.record({ price: fc.bigInt({ min: 0n, max: 9_999n }), each: fc.integer({ min: 1, max: 7 }) }), { minLength: 1, maxLength: 5 }), fc.bigInt({ min: 0n, max: 99_999n }), fc.integer({ min: 1, max: 20 }), (parts, price, quantity) => {
      const bundle = variant('SET', price, 'bundle')
      const components = new Map([[bundle.id, parts.map((part, index) => ({ variant: variant(`P${index}`, part.price), quantity: part.each }))]])
      const priced = priceOrder({ channel: 'web', lines: [{ sku: 'SET', quantity }] }, known([bundle], channel(), components))
      if (!priced.ok) throw new Error(JSON.stringify(priced.errors))
      expect(priced.order.total).toBe(price * BigInt(quantity))
      expect(priced.order.lines.map((line) => line.quantity)).toEqual(parts.map(({ each }) => each * quantity))
    }))
  })

  test('names every error at its place', () => {
    const priced = priceOrder({
      channel: 'web', shipping: { amount: '1.00', currency: 'USD' },
      lines: [{ sku: 'NOPE', quantity: 1 }, { sku: 'A', quantity: 1, unit_price: { amount: '1.005', currency: 'GBP' } }, { sku: 'A', quantity: 1, discount: gbp(101n) }],
    }, known([undefined, variant('A', 100n), variant('A', 100n)]))
    expect(priced.ok ? [] : priced.errors.map(({ pointer, code }) => [pointer, code])).toEqual([
      ['/shipping/currency', 'wrong_currency'], ['/lines/0/sku', 'unknown_sku'], ['/lines/1/unit_price/amount', 'wrong_format'], ['/lines/2/discount', 'too_large'],
    ])
  })
})
