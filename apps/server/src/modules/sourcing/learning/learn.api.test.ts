import { beforeAll, expect, test } from 'vitest'
import { useApp } from '../../../../test/harness/app.ts'
import { HOME, openShop, type Shop } from '../../../../test/harness/shop.ts'
import { DEFAULT_COST_MODEL } from '../cost-model.ts'
import { ruleOf } from '../fixtures.ts'

const app = useApp()
let shop: Shop

const MODEL = {
  ...DEFAULT_COST_MODEL,
  tariffs: [{ code: 'own', name: 'Own', zones: [{ zone: 'near', max_km: 60 }, { zone: 'far' }], weight_steps: [{ max_grams: 30_000, amounts: { near: 200, far: 300 } }] }],
  sites: [{ tariff: 'own', parcel_labor: 0, unit_labor: 0 }],
}

beforeAll(async () => {
  shop = await openShop(app())
  expect((await app().call('PUT', '/v1/routing-costs', MODEL)).status).toBe(200)
})

type Prices = { run: { evidence: Record<string, number> } | null; data: { sku: string; location: string; price: number; sellable: number }[] }
const pricesOf = async (sku: string): Promise<Prices> => (await app().get(`/v1/routing/prices?sku=${sku}`)).body as unknown as Prices

async function learn(): Promise<void> {
  expect((await app().post('/v1/routing/prices/learn')).status).toBe(202)
  await app().application.settle()
}

test('nothing is learned while no rule chooses by cost', async () => {
  await learn()
  expect(await pricesOf('TEA')).toEqual({ run: null, data: [] })
})

test('scarce local stock grows dear, plenty is free, and the next order goes where it hurts least', async () => {
  const saved = await app().post('/v1/routing-strategies', { code: 'cheapest', name: 'Cheapest', rules: [ruleOf({ rankings: [], objective: { minimize: 'cost', weigh: ['labor', 'scarcity'], leave_unfilled: false } })] })
  expect(saved.status, saved.text).toBe(201)
  await app().post(`/v1/routing-strategies/${String(saved.body['id'])}/activate`)
  await shop.stock('leeds', { NEAR: 63 })
  await shop.stock('london', { NEAR: 420 })
  const between = { ...HOME, city: 'Northampton', postal_code: 'NN1 1AA', latitude: 52.24, longitude: -0.9 }
  const routed = async (shipping_address: object): Promise<string> => {
    const order = await shop.order({ lines: [{ sku: 'NEAR', quantity: 1 }], shipping_address })
    expect(order.status, order.text).toBe(201)
    return ((await app().get(`/v1/orders/${String(order.body['id'])}/routing`)).body as unknown as { allocations: { location: string }[] }).allocations[0]!.location
  }
  expect(await routed(between)).toBe('leeds')
  // Twenty northern orders a day until stock is replenished: Leeds has three units for each twenty of them.
  for (let order = 0; order < 20; order++) expect(await routed(HOME)).toBe('leeds')
  await learn()
  const { run, data } = await pricesOf('NEAR')
  expect(run!.evidence).toMatchObject({ orders_seen: 21, orders_sampled: 21, replenishment_days: 14, variants: 1, levels_priced: 1 })
  expect(data.map(({ location, sellable }) => [location, sellable])).toEqual([['leeds', 42]])
  // A northern parcel costs a pound more from London: so much is a unit in Leeds worth.
  expect(data[0]!.price).toBeGreaterThan(80)
  expect(data[0]!.price).toBeLessThan(105)
  expect(await routed(between)).toBe('london')
  expect(await routed(HOME)).toBe('leeds')
})

test('what becomes plenty loses its price with the next lesson', async () => {
  await shop.stock('leeds', { NEAR: 2_000 })
  await learn()
  expect((await pricesOf('NEAR')).data).toEqual([])
})
