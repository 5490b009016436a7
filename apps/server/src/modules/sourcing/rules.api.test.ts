import { beforeAll, describe, expect, test } from 'vitest'
import { useApp, type Answer } from '../../../test/harness/app.ts'
import { HOME, openShop, type Shop } from '../../../test/harness/shop.ts'
import { DAY_MS, HOUR_MS } from '../../kernel/time.ts'
import type { ConditionSetting } from './conditions.ts'
import { ruleOf } from './fixtures.ts'
import type { FilterSetting } from './filters.ts'
import type { Rule } from './strategy.ts'

const app = useApp()
let shop: Shop
beforeAll(async () => {
  shop = await openShop(app())
  for (const location of ['leeds', 'london', 'york']) await shop.stock(location, { TEA: 10_000, CUP: 10_000, ODD: 10_000 })
  await app().patch('/v1/channels/web', { on_shortage: 'hold' })
})

const asks = async (...rules: Partial<Rule>[]): Promise<void> => {
  const saved = await app().post('/v1/routing-strategies', { code: 'asked', name: 'Asked', rules: rules.map((rule, index) => ruleOf({ id: `r${index}`, ...rule })) })
  expect(saved.status, saved.text).toBe(201)
  const activated = await app().post(`/v1/routing-strategies/${String(saved.body['id'])}/activate`)
  expect(activated.status, activated.text).toBe(200)
}
const routingOf = async (order: Answer): Promise<{ allocations: { location: string; sku: string; quantity: number }[]; decisions: { explanation: string[]; decision: { outcome: string } }[] }> => {
  expect(order.status, order.text).toBe(201)
  return (await app().get(`/v1/orders/${String(order.body['id'])}/routing`)).body as never
}
const from = async (order: Answer): Promise<string> => (await routingOf(order)).allocations.map(({ location }) => location).join()
const TEA = { lines: [{ sku: 'TEA', quantity: 1 }] }
/** Orders that meet the condition come from York, others from London. */
const yorkIf = (condition: ConditionSetting): Promise<void> => asks({ conditions: [condition], filters: [{ type: 'location', any_of: ['york'] }] }, { filters: [{ type: 'location', any_of: ['london'] }] })
const passes = async (filter: FilterSetting): Promise<string[]> => {
  await asks({ filters: [filter], fallback: { action: 'hold' } })
  const { decisions } = await routingOf(await shop.order(TEA))
  return decisions.at(-1)!.explanation.filter((sentence) => sentence.includes('ruled out'))
}

describe('conditions ask for what is so', () => {
  test('of the article: its tags, its type, its own fields', async () => {
    const { body } = await app().post('/v1/products', { handle: 'sofa', name: 'Sofa', tags: ['bulky'], product_type: 'furniture' })
    expect(body['product_type']).toBe('furniture')
    await app().post('/v1/variants', { sku: 'SOFA', product: 'sofa', price: { amount: '500.00', currency: 'GBP' }, custom_fields: { volts: 12, hazard: true } })
    for (const location of ['london', 'york']) await shop.stock(location, { SOFA: 1_000 })
    const sofa = { lines: [{ sku: 'TEA', quantity: 1 }, { sku: 'SOFA', quantity: 1 }] }
    for (const condition of [
      { type: 'item_tag', any_of: ['bulky'], lines: 'any' }, { type: 'item_type', any_of: ['furniture'], lines: 'any' }, { type: 'item_field', field: 'hazard', any_of: [true], lines: 'any' },
      { type: 'item_number', field: 'volts', at_least: 12, lines: 'any' }, { type: 'item_sku', any_of: ['SOFA'], lines: 'any' },
    ] as ConditionSetting[]) {
      await yorkIf(condition)
      expect([condition, await from(await shop.order(sofa)), await from(await shop.order(TEA))]).toEqual([condition, 'york,york', 'london'])
    }
  })

  test('of the customer: group, tags, whether it is the first order', async () => {
    const customer = await app().post('/v1/customers', { name: 'Vera', email: 'vera@example.com', customer_group: 'vip', tags: ['careful'] })
    expect(customer.body['customer_group']).toBe('vip')
    const vera = { ...TEA, customer: { email: 'Vera@example.com' } }
    await yorkIf({ type: 'first_order', is: true })
    expect([await from(await shop.order(vera)), await from(await shop.order(vera)), await from(await shop.order(TEA))]).toEqual(['york', 'london', 'york'])
    for (const condition of [{ type: 'customer_group', any_of: ['vip'] }, { type: 'customer_tag', any_of: ['careful'] }] as ConditionSetting[]) {
      await yorkIf(condition)
      expect([await from(await shop.order(vera)), await from(await shop.order(TEA))]).toEqual(['york', 'london'])
    }
  })

  test('of the order: channel, value, units, weight, date, answers, tags, method', async () => {
    await app().call('PUT', '/v1/channels/web/order-form', { fields: [{ key: 'gift', label: 'Gift', type: 'boolean', applies_to: 'order' }, { key: 'floor', label: 'Floor', type: 'number', applies_to: 'order' }] })
    const cases: [ConditionSetting, object][] = [
      [{ type: 'channel', any_of: ['wholesale'] }, { channel: 'wholesale' }],
      [{ type: 'order_value', currency: 'GBP', at_least: '50' }, { lines: [{ sku: 'TEA', quantity: 10 }] }],
      [{ type: 'units', at_least: 10 }, { lines: [{ sku: 'TEA', quantity: 10 }] }],
      [{ type: 'weight', at_least_grams: 2_500 }, { lines: [{ sku: 'TEA', quantity: 10 }] }],
      [{ type: 'requested_date', at_least_days: 5 }, { requested_delivery_date: new Date(app().clock.now(new Date()).getTime() + 6 * DAY_MS).toISOString().slice(0, 10) }],
      [{ type: 'order_field', field: 'gift', any_of: [true] }, { custom_fields: { gift: true } }],
      [{ type: 'order_number', field: 'floor', at_least: 3 }, { custom_fields: { floor: 4 } }],
      [{ type: 'order_tag', any_of: ['press'] }, { tags: ['press'] }],
      [{ type: 'shipping_method', any_of: ['next-day'] }, { shipping_method: 'next-day' }],
    ]
    for (const [condition, order] of cases) {
      await yorkIf(condition)
      expect([condition, await from(await shop.order({ ...TEA, ...order })), await from(await shop.order(TEA))]).toEqual([condition, 'york', 'london'])
    }
  })

  test('of the destination: country, region, postal code however it is written, box, distance', async () => {
    const cases: [ConditionSetting, object][] = [
      [{ type: 'country', any_of: ['IE'] }, { ...HOME, country: 'IE' }],
      [{ type: 'region', any_of: ['yorkshire'] }, { ...HOME, region: 'Yorkshire' }],
      [{ type: 'postal_prefix', any_of: ['HG2'] }, { ...HOME, postal_code: 'hg 29xx' }],
      [{ type: 'po_box', is: true }, { ...HOME, line1: 'P.O. Box 12' }],
      [{ type: 'nearest_location', at_least_km: 400 }, { ...HOME, latitude: 58.2, longitude: -6.4 }],
    ]
    const { latitude: _latitude, longitude: _longitude, ...nowhere } = HOME
    for (const [condition, shipping_address] of cases) {
      await yorkIf(condition)
      expect([condition, await from(await shop.order({ ...TEA, shipping_address })), await from(await shop.order(TEA))]).toEqual([condition, 'york', 'london'])
      // What is not known of a place does not make it one that the rule is for.
      expect(await from(await shop.order({ ...TEA, shipping_address: { ...nowhere, postal_code: 'XX0 0XX' } }))).toBe('london')
    }
  })

  test('of the time, in the zone of the rule', async () => {
    await yorkIf({ type: 'time', time_zone: 'Asia/Tokyo', weekdays: [3], from: '02:00', until: '03:00' })
    expect(await from(await shop.order(TEA))).toBe('london')
    const now = app().clock.now(new Date()).getTime()
    app().clock.advance(Date.parse('2026-03-03T17:30:00Z') - now)
    expect(await from(await shop.order(TEA))).toBe('york')
  })
})

describe('filters ask for what is so', () => {
  test('of the location: its code, its group, its own fields', async () => {
    await app().patch('/v1/locations/york', { custom_fields: { franchise: true, floor_area: 300, serves: 'YO, HG' } })
    await app().post('/v1/location-groups', { code: 'stores', name: 'Stores', locations: ['york'] })
    expect(await passes({ type: 'location', none_of: ['leeds'] })).toEqual(['Leeds was ruled out: not among the locations that the rule names, or left out by it.'])
    expect(await passes({ type: 'location_field', field: 'franchise', any_of: [true] })).toEqual(['Leeds was ruled out: its field franchise says nothing.', 'London was ruled out: its field franchise says nothing.'])
    expect(await passes({ type: 'location_number', field: 'floor_area', below: 300 })).toContain('York was ruled out: its field floor_area says 300.')
    expect(await passes({ type: 'territory', field: 'serves' })).toEqual(['Leeds and London were ruled out: HG1 1AA is not in its territory.'])
    await asks({ location_groups: ['stores'] })
    expect(await from(await shop.order(TEA))).toBe('york')
  })

  test('of the stock: when it was counted, and how long it lasts', async () => {
    await shop.stock('york', { LAMP: 40 })
    await shop.stock('leeds', { LAMP: 400 })
    const lamps = (quantity: number) => shop.order({ lines: [{ sku: 'LAMP', quantity }] })
    const { body } = await app().post('/v1/stock-counts', { location: 'leeds', skus: ['LAMP'] })
    const count = String(body['id'])
    await app().post(`/v1/stock-counts/${count}/lines`, { lines: [{ sku: 'LAMP', counted: 400 }] })
    await app().post(`/v1/stock-counts/${count}/post`)
    await asks({ filters: [{ type: 'stock_age', max_hours: 24 }] })
    expect(await from(await lamps(1))).toBe('leeds')
    app().clock.advance(30 * HOUR_MS)
    expect((await routingOf(await lamps(1))).decisions[0]!.explanation.filter((one) => one.includes('count'))).toEqual(['Leeds was ruled out: its stock was counted 30 hours ago, and the limit is 24 hours.', 'York was ruled out: its stock was never counted.'])
    await asks({ filters: [{ type: 'location', any_of: ['york'] }, { type: 'stock_above', units: 30 }], fallback: { action: 'next_rule', keep_partial: true } }, { filters: [{ type: 'location', any_of: ['leeds'] }] })
    expect((await routingOf(await lamps(12))).allocations.map(({ location, quantity }) => `${location} ${quantity}`).toSorted()).toEqual(['leeds 2', 'york 10'])
    await asks({ filters: [{ type: 'location', any_of: ['york'] }, { type: 'stock_above', days: 28 }], fallback: { action: 'hold' } })
    await app().application.settle()
    // York has given 10 in the last 28 days, so 10 of its 30 are kept back.
    expect((await routingOf(await lamps(25))).allocations).toMatchObject([{ location: 'york', quantity: 20 }])
  })
})

describe('what belongs together', () => {
  test('the components of a bundle come from one location', async () => {
    await app().post('/v1/variants', { sku: 'SET', name: 'Tea for two', kind: 'bundle', price: { amount: '8.00', currency: 'GBP' } })
    await shop.stock('leeds', { POT: 5 })
    await shop.stock('london', { POT: 5, LID: 5 })
    await shop.stock('york', { LID: 5 })
    await app().call('PUT', '/v1/variants/SET/bundle', { components: [{ sku: 'POT', quantity: 1 }, { sku: 'LID', quantity: 1 }] })
    const sets = (quantity: number) => shop.order({ lines: [{ sku: 'SET', quantity }] })
    const rule = (keep_together?: { bundles: boolean }): Partial<Rule> => ({ rankings: [{ type: 'distance' }], split: { max_locations: null, keep_lines_whole: false, ...(keep_together === undefined ? {} : { keep_together }) } })
    await asks(rule())
    expect(await from(await sets(1))).toBe('york,leeds')
    await asks(rule({ bundles: true }))
    expect(await from(await sets(5))).toBe('london,london')
    const { decisions } = await routingOf(await sets(1))
    expect(decisions[0]!.explanation).toContain('1 × POT could not be placed: no location has the whole set, and the rule does not divide sets.')
  })
})

describe('what cannot be routed', () => {
  const queues = async () => (await app().get('/v1/routing-queues')).body.data as { queue: string; orders: number }[]
  const ordersIn = async (queue: string) => (await app().get(`/v1/routing-queues/${queue}/orders`)).body.data as { order_id: string; rule: string | null; waiting_units: number; on_hold: boolean; cancel_at: string | null }[]

  test('stands in the queue that the rule names until it has a location', async () => {
    await shop.stock('leeds', { RARE: 1 })
    await asks({ id: 'rare', fallback: { action: 'queue', queue: 'by-hand' } })
    const order = await shop.order({ lines: [{ sku: 'RARE', quantity: 3 }] })
    expect(await ordersIn('by-hand')).toMatchObject([{ order_id: order.body['id'], rule: 'rare', waiting_units: 2, on_hold: false, cancel_at: null }])
    expect((await routingOf(order)).decisions[0]!.explanation).toContain('It stands in the queue "by-hand".')
    await shop.stock('london', { RARE: 5 })
    await app().post(`/v1/orders/${String(order.body['id'])}/source`)
    expect(await ordersIn('by-hand')).toEqual([])
    await app().application.settle()
    expect((await queues()).map(({ queue }) => queue)).not.toContain('by-hand')
  })

  test('is found where no rule is for it and where a rule holds it without a word', async () => {
    await asks({ conditions: [{ type: 'channel', any_of: ['till'] }] })
    const order = await shop.order(TEA)
    expect(await ordersIn('unrouted')).toContainEqual(expect.objectContaining({ order_id: order.body['id'], rule: null, on_hold: true }))
  })

  test('is canceled on its date, and only what still has no location', async () => {
    await shop.stock('york', { LATE: 1 })
    await asks({ id: 'late', fallback: { action: 'backorder', cancel_after_days: 3 } })
    const order = await shop.order({ lines: [{ sku: 'LATE', quantity: 3 }] })
    const [waiting] = await ordersIn('backorders')
    expect(waiting).toMatchObject({ order_id: order.body['id'], waiting_units: 2 })
    app().clock.advance(3 * DAY_MS - HOUR_MS)
    await app().application.settle()
    expect(await ordersIn('backorders')).toHaveLength(1)
    app().clock.advance(HOUR_MS)
    await app().application.settle()
    expect((await app().get(`/v1/orders/${String(order.body['id'])}`)).body['lines']).toMatchObject([{ quantity: 3, units: { canceled: 2, backordered: 0 } }])
    expect(await ordersIn('backorders')).toEqual([])
  })

  test('is held whole where there is no location at all', async () => {
    await asks({ fallback: { action: 'hold', queue: 'nowhere' } })
    for (const code of ['leeds', 'london', 'york']) await app().patch(`/v1/locations/${code}`, { active: false })
    try {
      const order = await shop.order(TEA)
      expect([order.status, await from(order)]).toEqual([201, ''])
      expect(await ordersIn('nowhere')).toMatchObject([{ order_id: order.body['id'], on_hold: true }])
      const { rules } = (await app().get('/v1/routing-strategies')).body.data!.at(-1) as { rules: object[] }
      expect((await app().post('/v1/routing-strategies/lint', { rules })).body['findings']).toMatchObject([{ kind: 'empty_network' }])
    } finally {
      for (const code of ['leeds', 'london', 'york']) await app().patch(`/v1/locations/${code}`, { active: true })
    }
  })
})

test('an order of 200 lines is routed as a whole', async () => {
  const skus = Array.from({ length: 200 }, (_, index) => `LONG-${index}`)
  await shop.stock('leeds', Object.fromEntries(skus.slice(0, 120).map((sku) => [sku, 5])))
  await shop.stock('london', Object.fromEntries(skus.slice(80).map((sku) => [sku, 5])))
  await asks({ conditions: [{ type: 'lines', at_least: 200 }], split: { max_locations: 2, keep_lines_whole: true, min_value: { currency: 'GBP', amount: '10.00' } } }, { fallback: { action: 'hold' } })
  const { allocations } = await routingOf(await shop.order({ lines: skus.map((sku) => ({ sku, quantity: 2 })) }))
  expect(allocations).toHaveLength(200)
  expect(new Set(allocations.map(({ location }) => location))).toEqual(new Set(['leeds', 'london']))
})

test('a strategy that changes while orders come in is never mixed', async () => {
  await asks({ id: 'first', filters: [{ type: 'location', any_of: ['leeds'] }] })
  const saved = await app().post('/v1/routing-strategies', { code: 'asked', name: 'Asked', rules: [ruleOf({ id: 'second', filters: [{ type: 'location', any_of: ['york'] }] })] })
  const orders = Array.from({ length: 30 }, () => shop.order({ lines: [{ sku: 'TEA', quantity: 1 }, { sku: 'CUP', quantity: 1 }] }))
  const changed = app().post(`/v1/routing-strategies/${String(saved.body['id'])}/activate`)
  const more = Array.from({ length: 30 }, () => shop.order({ lines: [{ sku: 'TEA', quantity: 1 }, { sku: 'CUP', quantity: 1 }] }))
  const answers = await Promise.all([...orders, ...more])
  expect((await changed).status).toBe(200)
  const seen: string[] = []
  for (const order of answers) {
    const { allocations, decisions } = await routingOf(order)
    const [{ decision } = { decision: undefined }] = decisions as unknown as { decision: { strategy_version: number; rules: { rule: string }[]; chosen: { location: string }[] } }[]
    seen.push(`${decision!.rules.map(({ rule }) => rule).join()} ${[...new Set(allocations.map(({ location }) => location))].join()}`)
  }
  expect(answers).toHaveLength(60)
  expect(new Set(seen)).toEqual(new Set(seen.filter((one) => ['first leeds', 'second york'].includes(one))))
  expect(await from(await shop.order(TEA))).toBe('york')
})
