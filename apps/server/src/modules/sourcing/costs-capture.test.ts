import { beforeAll, expect, test } from 'vitest'
import { asSystem, useApp } from '../../../test/harness/app.ts'
import { openShop, type Shop } from '../../../test/harness/shop.ts'
import { ids } from '../../kernel/id-kinds.ts'
import { newId } from '../../kernel/ids.ts'
import { command } from '../../platform/command.ts'
import { findVariantsBySku } from '../catalog/index.ts'
import { findLocationsByCode } from '../locations/index.ts'
import { DEFAULT_COST_MODEL } from './cost-model.ts'
import { replacePrices } from './costs.db.ts'
import { ruleOf } from './fixtures.ts'

const app = useApp()
let shop: Shop

const RULE = { ...ruleOf({ id: 'cheapest', name: 'Cheapest', rankings: [], objective: { minimize: 'cost', weigh: ['labor', 'scarcity', 'markdown', 'stock_out'], leave_unfilled: false } }) }
const MODEL = {
  ...DEFAULT_COST_MODEL,
  tariffs: [{ code: 'own', name: 'Own', zones: [{ zone: 'near', max_km: 60 }, { zone: 'far' }], weight_steps: [{ max_grams: 30_000, amounts: { near: 200, far: 300 } }] }],
  sites: [{ tariff: 'own', parcel_labor: 100, unit_labor: 40 }],
}

beforeAll(async () => {
  shop = await openShop(app())
  const saved = await app().post('/v1/routing-strategies', { code: 'cheapest', name: 'Cheapest', rules: [RULE] })
  expect(saved.status, saved.text).toBe(201)
  expect((await app().post(`/v1/routing-strategies/${String(saved.body['id'])}/activate`)).status).toBe(200)
  expect((await app().call('PUT', '/v1/routing-costs', MODEL)).status).toBe(200)
})

type Routing = { allocations: { location: string }[]; decisions: { explanation: string[]; decision: { cost?: { total: number; cost_version: number; price_run: string | null; terms: Record<string, number> } } }[] }

async function routeOne(sku: string): Promise<Routing> {
  const order = await shop.order({ lines: [{ sku, quantity: 1 }] })
  expect(order.status, order.text).toBe(201)
  return (await app().get(`/v1/orders/${String(order.body['id'])}/routing`)).body as unknown as Routing
}

const learn = command('test.learn', 'public', async ({ tx, now }, { sku, location, price }: { sku: string; location: string; price: number }) => {
  const variant = (await findVariantsBySku(tx, [sku])).get(sku)!
  const place = (await findLocationsByCode(tx, [location])).get(location)!
  const evidence = { orders_seen: 0, history_days: 0, orders_sampled: 0, replenishment_days: 0, variants: 0, levels_priced: 1, lower_bound: 0, milliseconds: 0 }
  const id = newId(now.getTime())
  await replacePrices(tx, { id, at: now, cost_version: 2, evidence }, [{ variant_id: variant.id, location_id: place.id, price }])
  return { id }
})

test('orders go the cheapest way, by the cost model and the prices in force at that moment', async () => {
  await shop.stock('leeds', { SCARCE: 5 })
  await shop.stock('london', { SCARCE: 5 })
  const first = await routeOne('SCARCE')
  expect(first.allocations.map(({ location }) => location)).toEqual(['leeds'])
  expect(first.decisions[0]!.decision.cost).toEqual({ cost_version: 2, price_run: null, currency: 'GBP', total: 340, lower_bound: 340, terms: { freight: 200, labor: 140 } })
  expect(first.decisions[0]!.explanation).toContain('The plan costs GBP 3.40: freight 2.00, labor 1.40. No plan costs less.')

  const { output } = await app().application.executor.run(learn, { sku: 'SCARCE', location: 'leeds', price: 60 }, asSystem)
  const kept = await routeOne('SCARCE')
  expect(kept.allocations.map(({ location }) => location)).toEqual(['leeds'])
  expect(kept.decisions[0]!.decision.cost).toMatchObject({ price_run: ids.price_run.show(output.id), total: 400, terms: { scarcity: 60 } })
  await app().application.executor.run(learn, { sku: 'SCARCE', location: 'leeds', price: 110 }, asSystem)
  expect((await routeOne('SCARCE')).allocations.map(({ location }) => location)).toEqual(['london'])
  await app().call('PUT', '/v1/routing-costs', { ...MODEL, sites: [{ locations: ['leeds'], tariff: 'own', parcel_labor: 0, unit_labor: 40 }, ...MODEL.sites] })
  expect((await routeOne('SCARCE')).allocations.map(({ location }) => location)).toEqual(['leeds'])
})

test('prices that nobody has learned anew for two days count for nothing', async () => {
  await shop.stock('leeds', { OLD: 5 })
  await shop.stock('london', { OLD: 5 })
  await app().application.executor.run(learn, { sku: 'OLD', location: 'leeds', price: 500 }, asSystem)
  expect((await routeOne('OLD')).allocations.map(({ location }) => location)).toEqual(['london'])
  app().clock.advance(3 * 86_400_000)
  const old = await routeOne('OLD')
  expect(old.allocations.map(({ location }) => location)).toEqual(['leeds'])
  expect(old.decisions[0]!.decision.cost).toMatchObject({ price_run: null })
})
