import { beforeAll, describe, expect, test } from 'vitest'
import { asSystem, useApp } from '../../../test/harness/app.ts'
import { HOME, openShop, type Shop } from '../../../test/harness/shop.ts'
import { present } from '../../kernel/assert.ts'
import { ids } from '../../kernel/id-kinds.ts'
import { sql } from '../../platform/sql.ts'
import { DEFAULT_COST_MODEL } from './cost-model.ts'
import { moveClaims, reoptimizeJob } from './commands/reoptimize.ts'
import { ruleOf } from './fixtures.ts'
import { improvePlans, type Improvement } from './improve.ts'
import { readPendingWorld } from './queries/pending-world.ts'
import { currentSettings } from './queries/settings.ts'

const app = useApp()
let shop: Shop

/** Near 2.00, far 3.00 for a parcel, and nothing else. */
const MODEL = {
  ...DEFAULT_COST_MODEL,
  tariffs: [{ code: 'own', name: 'Own', zones: [{ zone: 'near', max_km: 60 }, { zone: 'far' }], weight_steps: [{ max_grams: 30_000, amounts: { near: 200, far: 300 } }] }],
  sites: [{ tariff: 'own', parcel_labor: 0, unit_labor: 0 }],
}
const LONDONER = { ...HOME, city: 'London', postal_code: 'E1 8JP', latitude: 51.51, longitude: -0.07 }

async function use(objective: object = {}): Promise<void> {
  const rules = [ruleOf({ id: 'cheapest', rankings: [], objective: { minimize: 'cost', weigh: ['labor', 'scarcity'], leave_unfilled: false, ...objective } })]
  const saved = await app().post('/v1/routing-strategies', { code: 'cheapest', name: 'Cheapest', rules })
  expect(saved.status, saved.text).toBe(201)
  await app().post(`/v1/routing-strategies/${String(saved.body['id'])}/activate`)
}

beforeAll(async () => {
  shop = await openShop(app())
  await use()
  expect((await app().call('PUT', '/v1/routing-costs', MODEL)).status).toBe(200)
})

async function place(sku: string, more: Record<string, unknown> = {}): Promise<string> {
  const order = await shop.order({ lines: [{ sku, quantity: 1 }], ...more })
  expect(order.status, order.text).toBe(201)
  return String(order.body['id'])
}

type Routing = { allocations: { location: string; quantity: number }[]; decisions: { trigger: string; explanation: string[] }[] }
const routingOf = async (order: string): Promise<Routing> => (await app().get(`/v1/orders/${order}/routing`)).body as unknown as Routing
const placesOf = async (order: string): Promise<string[]> => (await routingOf(order)).allocations.map(({ location }) => location)
type Answer = { orders_seen: number; cost_before: number; cost_after: number; moved: { order_id: string; saved: number; from: string[]; to: string[] }[] }
const again = async (dry_run = false): Promise<Answer> => (await app().post('/v1/routing/reoptimize', { dry_run })).body as unknown as Answer

/** Two orders that are each where the other belongs: the first found only London, the second only Leeds. */
async function crossed(sku: string, more: Record<string, unknown> = {}): Promise<[string, string]> {
  await shop.stock('london', { [sku]: 1 })
  const northern = await place(sku, more)
  await shop.stock('leeds', { [sku]: 1 })
  const southern = await place(sku, { shipping_address: LONDONER, ...more })
  expect([await placesOf(northern), await placesOf(southern)]).toEqual([['london'], ['leeds']])
  return [northern, southern]
}

/** What would move, planned now and not yet done. */
async function planNow(orders: readonly string[]): Promise<Improvement> {
  const { db, clock } = app().application
  const now = clock.now(new Date())
  const world = present(await readPendingWorld(db, await currentSettings(db, now), orders.map((id) => present(ids.order.parse(id), 'an id')), now), 'a rule chooses by cost')
  const work = improvePlans({ ...world, wanted: () => true })
  for (let step = work.next(); ; step = work.next()) if (step.done === true) return step.value
}

const commit = async ({ moves }: Improvement) => (await app().application.executor.run(moveClaims, { moves }, asSystem)).output.moved

describe('routing pending orders again', () => {
  test('swaps what is crossed, though no order can move alone; a dry run only says so', async () => {
    const [northern, southern] = await crossed('SWAP')
    const tried = await again(true)
    expect(tried).toMatchObject({ cost_before: 600, cost_after: 400 })
    expect(tried.moved.map(({ from, to, saved }) => [from, to, saved])).toEqual([[['london'], ['leeds'], 100], [['leeds'], ['london'], 100]])
    expect(await placesOf(northern)).toEqual(['london'])
    const done = await again()
    expect(done).toMatchObject({ cost_before: 600, cost_after: 400 })
    expect([await placesOf(northern), await placesOf(southern)]).toEqual([['leeds'], ['london']])
    const { decisions } = await routingOf(northern)
    expect(decisions.map(({ trigger }) => trigger)).toEqual(['capture', 'reoptimization'])
    expect(decisions[1]!.explanation).toContain('The plan costs GBP 2.00: freight 2.00. No plan costs less. The one before cost 3.00.')
    const { data } = await app().application.db.one<{ data: { saved: object; from: string[]; to: string[] } }>(sql`select data from events where type = 'order.reallocated' and order_id = ${ids.order.parse(northern)!}`)
    expect(data).toMatchObject({ saved: { amount: '1.00', currency: 'GBP' }, from: ['london'], to: ['leeds'] })
    expect((await again()).moved).toEqual([])
  })

  test('follows new stock, and leaves alone what was handed over', async () => {
    await shop.stock('london', { LATER: 2 })
    const [pending, released] = [await place('LATER'), await place('LATER')]
    await app().post(`/v1/orders/${released}/release`)
    await shop.stock('leeds', { LATER: 5 })
    await again()
    expect([await placesOf(pending), await placesOf(released)]).toEqual([['leeds'], ['london']])
  })

  test('never breaks a promise: what would come later than promised stays where it is', async () => {
    await shop.stock('london', { HURRY: 2 })
    const [hurried, patient] = [await place('HURRY'), await place('HURRY')]
    await shop.stock('leeds', { HURRY: 5 })
    // Leeds is closed for a week: what leaves there comes later than what leaves London now.
    await app().call('PUT', '/v1/locations/leeds/closures', { closures: Array.from({ length: 7 }, (_, day) => ({ closed_on: `2026-03-0${day + 3}`, reason: '' })) })
    await app().application.db.run(sql`update orders set promised_from = '2026-04-01', promised_by = '2026-04-01' where id = ${ids.order.parse(patient)!}`)
    await again()
    expect([await placesOf(hurried), await placesOf(patient)]).toEqual([['london'], ['leeds']])
    await app().call('PUT', '/v1/locations/leeds/closures', { closures: [] })
    await again()
  })

  test('keeps to the capacity of a day, also where it has become full meanwhile', async () => {
    await shop.stock('london', { FULL: 3 })
    const orders = [await place('FULL'), await place('FULL'), await place('FULL')]
    await shop.stock('leeds', { FULL: 5 })
    await app().patch('/v1/locations/leeds', { daily_capacity: 2 })
    const planned = await planNow(orders)
    expect(planned.moves).toHaveLength(2)
    await app().patch('/v1/locations/leeds', { daily_capacity: 1 })
    expect(await commit(planned)).toHaveLength(1)
    expect((await Promise.all(orders.map(placesOf))).flat().sort()).toEqual(['leeds', 'london', 'london'])
    await app().patch('/v1/locations/leeds', { daily_capacity: null })
  })
})

describe('what happens between planning and moving', () => {
  test('a rival who takes the stock leaves the rest to move', async () => {
    await shop.stock('london', { RIVAL: 2 })
    const orders = [await place('RIVAL'), await place('RIVAL')]
    await shop.stock('leeds', { RIVAL: 2 })
    const planned = await planNow(orders)
    expect(planned.moves).toHaveLength(2)
    await place('RIVAL')
    expect(await commit(planned)).toHaveLength(1)
  })

  test('half of a swap is not made where the other half was canceled or handed over', async () => {
    const [northern, southern] = await crossed('HALF')
    const planned = await planNow([northern, southern])
    await app().post(`/v1/orders/${southern}/release`)
    expect(await commit(planned)).toEqual([])
    expect([await placesOf(northern), await placesOf(southern)]).toEqual([['london'], ['leeds']])
    const [other, canceled] = await crossed('GONE')
    const swap = await planNow([other, canceled])
    await app().post(`/v1/orders/${canceled}/cancel`, { reason: 'customer' })
    // What it held is free, and the other one may have it.
    expect(await commit(swap)).toHaveLength(1)
    expect(await placesOf(other)).toEqual(['leeds'])
  })
})

describe('by itself', () => {
  const run = () => reoptimizeJob(app().application).run({}, { id: '', retried: false })

  test('happens only where the rule asks for it', async () => {
    const [northern] = await crossed('ALONE')
    await run()
    expect(await placesOf(northern)).toEqual(['london'])
    await use({ reoptimize: true })
    await run()
    expect(await placesOf(northern)).toEqual(['leeds'])
    await use()
  })

  test('waves wait until before the cut-off, and are routed together before they are handed over', async () => {
    await use({ wave_minutes: 60 })
    const [northern, southern] = await crossed('WAVE')
    const releaseAt = async (id: string): Promise<unknown> => (await app().get(`/v1/orders/${id}`)).body['release_at']
    expect([await releaseAt(northern), await releaseAt(southern)]).toEqual(['2026-03-03T14:00:00.000Z', '2026-03-03T14:00:00.000Z'])
    await run()
    expect(await placesOf(northern)).toEqual(['london'])
    app().clock.set(new Date('2026-03-03T13:55:00.000Z'))
    await run()
    expect([await placesOf(northern), await placesOf(southern)]).toEqual([['leeds'], ['london']])
    app().clock.set(new Date('2026-03-03T14:00:00.000Z'))
    await app().application.settle()
    expect((await app().get(`/v1/orders/${northern}`)).body['fulfillment_status']).toBe('in_fulfillment')
    // Too late for today's wave.
    await shop.stock('leeds', { WAVE: 1 })
    app().clock.set(new Date('2026-03-03T14:30:00.000Z'))
    expect(await releaseAt(await place('WAVE'))).toBe('2026-03-03T14:30:00.000Z')
    await use()
  })
})
