import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { openShop, type Shop } from '../../../../test/harness/shop.ts'
import { useApp } from '../../../../test/harness/app.ts'
import { ruleOf } from '../fixtures.ts'

const app = useApp()

type Parcel = { location: string; expected_on: string | null; earliest: string; latest: string; lines: { sku: string; quantity: number }[] }
type Option = { method: string; earliest: string | null; latest: string | null; parcels: Parcel[] }
type Promised = { outcome: string; lines: { sku: string; available: number }[]; options: Option[] }

test('with no locations nothing can be had, and that is the answer', async () => {
  await app().post('/v1/channels', { code: 'lonely', name: 'Lonely', kind: 'web', currency: 'GBP', on_shortage: 'backorder', payment_expectation: 'none' })
  await app().post('/v1/variants', { sku: 'ALONE', name: 'Alone', price: { amount: '1.00', currency: 'GBP' } })
  const answer = await app().post('/v1/promises', { carts: [{ channel: 'lonely', lines: [{ sku: 'ALONE' }], ship_to: { country: 'GB' } }] })
  expect(answer.body.data).toMatchObject([{ outcome: 'backordered', lines: [{ available: 0, later: [], missing: 1 }], options: [{ complete: false, earliest: null, latest: null, parcels: [] }, {}, {}, {}] }])
  expect((await app().get('/v1/availability/stores?sku=ALONE')).body.data).toEqual([])
})

const SKUS = ['P-0', 'P-1', 'P-2', 'P-3']
const cart = fc.record({
  channel: fc.constantFrom('web', 'wholesale', 'buffered', 'single'),
  lines: fc.array(fc.record({ sku: fc.constantFrom(...SKUS, 'P-SET'), quantity: fc.integer({ min: 1, max: 9 }) }), { minLength: 1, maxLength: 5 }),
  place: fc.constantFrom('coordinates', 'postal_code', 'unknown', 'abroad', 'pickup'),
  shipping_method: fc.constantFrom('economy', 'standard', 'next-day'),
  every_method: fc.boolean(),
  ahead: fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined }),
})
const ADDRESSES = {
  coordinates: { country: 'GB', latitude: 51.5, longitude: -0.1 }, postal_code: { country: 'GB', postal_code: 'YO1 7EP' }, unknown: { country: 'GB', postal_code: 'ZZ1 1ZZ' }, abroad: { country: 'DE', postal_code: '10115' },
}

async function openNetwork(): Promise<Shop> {
  const shop = await openShop(app())
  await app().post('/v1/channels', { code: 'buffered', name: 'Buffered', kind: 'web', currency: 'GBP', payment_expectation: 'none', on_shortage: 'hold', stock_buffer: 2 })
  await app().post('/v1/channels', { code: 'single', name: 'Single', kind: 'web', currency: 'GBP', payment_expectation: 'none', on_shortage: 'backorder', max_splits: 1 })
  for (const sku of SKUS) await app().post('/v1/variants', { sku, name: sku, price: { amount: '7.00', currency: 'GBP' }, weight_grams: 400 })
  await app().post('/v1/variants', { sku: 'P-SET', name: 'Set', kind: 'bundle', price: { amount: '12.00', currency: 'GBP' } })
  await app().call('PUT', '/v1/variants/P-SET/bundle', { components: [{ sku: 'P-0', quantity: 2 }, { sku: 'P-1', quantity: 1 }] })
  await app().patch('/v1/locations/york', { daily_capacity: 6, method_cut_offs: { 'next-day': '08:00', pickup: '16:00' }, processing_minutes: 60 })
  await app().call('PUT', '/v1/postal-areas/GB', 'postal_code,latitude,longitude\nYO1,53.96,-1.08\n', { headers: { 'content-type': 'text/csv' } })
  return shop
}

/** Units by location and SKU. */
function unitsOf(entries: readonly { location: string; sku: string; quantity: number }[]): Record<string, number> {
  const units: Record<string, number> = {}
  for (const { location, sku, quantity } of entries) units[`${location} ${sku}`] = (units[`${location} ${sku}`] ?? 0) + quantity
  return units
}

/** Strategies that look at different things: ranks alone, the value of the order and times by method, costs. */
const STRATEGIES = {
  ranks: [ruleOf({ rankings: [{ type: 'fewest_splits' }, { type: 'distance' }] })],
  times: [
    ruleOf({ id: 'dear', conditions: [{ type: 'order_value', currency: 'GBP', at_least: '40' }], filters: [{ type: 'ships_today' }], rankings: [{ type: 'priority' }], fallback: { action: 'next_rule', keep_partial: false } }),
    ruleOf({ id: 'timely', filters: [{ type: 'promise' }], rankings: [{ type: 'fewest_splits' }], fallback: { action: 'next_rule', keep_partial: true } }), ruleOf({ id: 'rest' }),
  ],
  costs: [ruleOf({ rankings: [], objective: { minimize: 'cost', weigh: ['labor'], leave_unfilled: false } })],
}

let shop: Shop
let nth = 0

test.each(Object.entries(STRATEGIES))('an order placed at once gets what was promised, by %s', async (code, rules) => {
  shop ??= await openNetwork()
  const saved = await app().post('/v1/routing-strategies', { code, name: code, rules })
  expect(saved.status, saved.text).toBe(201)
  expect((await app().post(`/v1/routing-strategies/${String(saved.body['id'])}/activate`)).status).toBe(200)
  await fc.assert(fc.asyncProperty(cart, fc.array(fc.tuple(fc.constantFrom('leeds', 'london', 'york'), fc.constantFrom(...SKUS), fc.integer({ min: 1, max: 6 })), { maxLength: 4 }), async (asked, receipts) => {
    for (const [location, sku, quantity] of receipts) await shop.stock(location, { [sku]: quantity })
    const { channel, lines, shipping_method } = asked
    const requested_delivery_date = asked.ahead === undefined ? undefined : `2026-03-${String(3 + asked.ahead).padStart(2, '0')}`
    const isPickup = asked.place === 'pickup'
    const ship_to = isPickup ? undefined : ADDRESSES[asked.place as keyof typeof ADDRESSES]
    const answer = await app().post('/v1/promises', { carts: [{ channel, lines, ship_to, ...(isPickup ? { pickup_location: 'york' } : asked.every_method ? {} : { shipping_method }), requested_delivery_date }] })
    expect(answer.status, answer.text).toBe(200)
    const promised = answer.body.data![0] as Promised
    const order = await app().post('/v1/orders', {
      channel, lines, external_id: `promised-${nth++}`, requested_delivery_date,
      ...(isPickup ? { delivery: 'pickup', pickup_location: 'york' } : { shipping_method, shipping_address: { line1: '1 Road', city: 'Somewhere', ...ship_to } }),
    })
    const isOne = isPickup || !asked.every_method
    if (promised.outcome === 'unavailable') {
      expect([order.status, order.body.code]).toEqual([409, 'out_of_stock'])
      return
    }
    // Another method may do better: then the cart as a whole is promised more than this one.
    if (!isOne && order.status === 409) {
      expect(promised.options.map(({ method }) => method)).not.toContain(shipping_method)
      return
    }
    expect(order.status, order.text).toBe(201)
    const view = order.body as unknown as { id: string; promise: { earliest: string; latest: string } | null; lines: { sku: string; quantity: number; units: Record<string, number> }[]; holds: { type: string }[] }
    const { allocations } = (await app().get(`/v1/orders/${view.id}/routing`)).body as unknown as { allocations: { location: string; sku: string; quantity: number }[] }
    const waiting = view.lines.reduce((sum, { units }) => sum + units['backordered']! + units['open']!, 0)
    if (isOne) expect(promised.outcome).toBe(waiting === 0 ? 'available' : view.holds.length > 0 ? 'held' : 'backordered')
    // A method that the carrier does not take there from these places is not offered, and the order is routed all the same.
    const option = promised.options.find(({ method }) => method === (isPickup ? 'pickup' : shipping_method))
    if (option === undefined) return
    const now = option.parcels.filter(({ expected_on }) => expected_on === null)
    expect(unitsOf(now.flatMap(({ location, lines: of }) => of.map((line) => ({ location, ...line }))))).toEqual(unitsOf(allocations))
    const [earliest, latest] = [now.map((parcel) => parcel.earliest).sort()[0], now.map((parcel) => parcel.latest).sort().at(-1)]
    if (now.length > 0) expect(view.promise).toMatchObject(requested_delivery_date !== undefined && latest! <= requested_delivery_date ? { earliest: requested_delivery_date, latest: requested_delivery_date } : { earliest, latest })
  }), { numRuns: Number(process.env['PROMISE_RUNS'] ?? 60) })
})
