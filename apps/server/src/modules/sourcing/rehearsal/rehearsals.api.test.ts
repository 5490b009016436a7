import { beforeAll, describe, expect, test } from 'vitest'
import { useApp, type Answer } from '../../../../test/harness/app.ts'
import { HOME, openShop, type Shop } from '../../../../test/harness/shop.ts'
import { ids } from '../../../kernel/id-kinds.ts'
import { sql } from '../../../platform/sql.ts'

const app = useApp()
let shop: Shop
const LONDONER = { ...HOME, city: 'London', postal_code: 'E1 8JP', latitude: 51.51, longitude: -0.07 }
const PERIOD = { from: '2026-03-01T00:00:00Z', to: '2026-04-01T00:00:00Z' }

const place = async (lines: { sku: string; quantity: number }[], more: Record<string, unknown> = {}): Promise<Answer['body']> => {
  const answer = await shop.order({ channel: 'wholesale', lines, ...more })
  expect(answer.status, answer.text).toBe(201)
  return answer.body
}

beforeAll(async () => {
  shop = await openShop(app())
  await shop.stock('leeds', { TEA: 6, CUP: 3 })
  await shop.stock('london', { TEA: 6, CUP: 9 })
  await shop.stock('york', { TEA: 20, CUP: 20 })
  await place([{ sku: 'TEA', quantity: 2 }, { sku: 'CUP', quantity: 4 }])
  await place([{ sku: 'TEA', quantity: 3 }], { shipping_address: LONDONER })
  // Leeds has them all as long as it keeps what the first order did not take.
  await place([{ sku: 'TEA', quantity: 5 }])
  await place([{ sku: 'ODD', quantity: 1 }])
  await app().application.settle()
})

const rehearse = async (body: Record<string, unknown>): Promise<Answer> => app().post('/v1/routing-rehearsals', { ...PERIOD, ...body })
const NEAREST = { name: 'Warehouses only', rules: [{ id: 'only', name: 'Only warehouses', conditions: [], location_groups: [], filters: [{ type: 'kind', any_of: ['warehouse'] }], rankings: [{ type: 'distance' }], split: { max_locations: null, keep_lines_whole: false }, fallback: { action: 'channel_policy' } }] }

/** All rows of all tables but those that a rehearsal may write, each table as one text. */
async function everything(): Promise<Record<string, string>> {
  const { db } = app().application
  const tables = await db.rows<{ name: string }>(sql`
    select c.relname as name from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname not like 'sourcing_rehearsal%' and c.relname not in ('audit_entries', 'idempotency_keys') order by 1`)
  const texts = await Promise.all(tables.map(async ({ name }) => [name, (await db.one<{ text: string }>(sql`select coalesce(string_agg(t::text, E'\n' order by t::text), '') as text from ${sql.raw(name)} t`)).text] as const))
  return Object.fromEntries(texts)
}

describe('a rehearsal', () => {
  test('tells what would have happened, order by order, and touches nothing else', async () => {
    const before = await everything()
    const asked = await rehearse({ strategies: [{ strategy: 'fewest-parcels-then-nearest' }, NEAREST] })
    expect([asked.status, asked.body['status']], asked.text).toEqual([202, 'queued'])
    await app().application.settle()
    const done = await app().get(`/v1/routing-rehearsals/${String(asked.body['id'])}`)
    expect(done.body, done.text).toMatchObject({
      status: 'done', decisions: { total: 4, done: 4 }, error: null, strategies: [{ strategy: 'fewest-parcels-then-nearest@1' }, { strategy: null, name: 'Warehouses only' }],
      past: { orders: 4, parcels: 3, split_orders: 0, backordered_units: 1 },
      results: [{ orders: 4, parcels: 3, flipped_decisions: 0 }, { orders: 4, flipped_decisions: 2, split_orders: 2, parcels: 5 }],
    })
    expect(await everything()).toEqual(before)
    const url = `/v1/routing-rehearsals/${String(asked.body['id'])}/flips?strategy=1&limit=1`
    const first = await app().get(url)
    expect(first.body.data, first.text).toMatchObject([{ past: { locations: ['york'], outcome: 'filled' }, rehearsed: { locations: ['leeds', 'london'], outcome: 'filled' } }])
    const [{ past, rehearsed }] = first.body.data as [{ past: { explanation: string[] }; rehearsed: { explanation: string[] } }]
    expect(past.explanation).toContain('York supplies 4 × CUP; it had 20.')
    expect(rehearsed.explanation).toContain('York was ruled out: not of a kind that the rule uses.')
    const second = await app().get(`${url}&after=${(first.body['page'] as { next: string }).next}`)
    expect([second.body.data!.length, (second.body['page'] as { next: string | null }).next]).toEqual([1, null])
    expect(second.body.data).toMatchObject([{ past: { locations: ['leeds'] }, rehearsed: { locations: ['leeds', 'london'] } }])
    // A job that comes once more finds the rehearsal over, and leaves what it found.
    await app().application.db.transaction((tx) => app().application.jobs.insert(tx, [{ name: 'sourcing.rehearse', data: { rehearsal_id: ids.rehearsal.parse(String(asked.body['id']))! } }]))
    await app().application.settle()
    expect((await app().get(url)).body.data).toEqual(first.body.data)
  })

  test('says what is wrong with what is asked', async () => {
    const wrong = await rehearse({ to: PERIOD.from, channels: ['nobody'], strategies: [{ strategy: 'unheard-of@3' }, { name: 'Bad', rules: [{ id: 'x' }] }] })
    expect(wrong.status).toBe(422)
    expect(wrong.body.errors!.map(({ pointer }) => pointer)).toEqual(expect.arrayContaining(['/to', '/channels/0', '/strategies/0/strategy', '/strategies/1/rules/0/name']))
  })

  test('that is canceled is never begun, and cannot be canceled twice', async () => {
    const { body } = await rehearse({ strategies: [{ strategy: 'fewest-parcels-then-nearest' }] })
    const url = `/v1/routing-rehearsals/${String(body['id'])}`
    expect((await app().post(`${url}/cancel`)).body).toMatchObject({ status: 'canceled' })
    await app().application.settle()
    expect((await app().get(url)).body).toMatchObject({ status: 'canceled', results: null })
    expect((await app().post(`${url}/cancel`)).body.code).toBe('rehearsal_over')
    expect((await app().get('/v1/routing-rehearsals?filter[status]=canceled')).body.data).toHaveLength(1)
  })
})

describe('decisions', () => {
  const list = async (query: string) => (await app().get(`/v1/routing-decisions?${query}`)).body.data as { order_number: string; locations: string[]; outcome: string }[]

  test('are listed by what came of them, newest first and page by page', async () => {
    expect((await list('')).map(({ locations }) => locations)).toEqual([[], ['leeds'], ['london'], ['york']])
    expect((await list('filter[outcome]=backorder')).map(({ outcome }) => outcome)).toEqual(['backorder'])
    expect(await list('filter[outcome]=filled,backorder')).toHaveLength(4)
    expect(await list('filter[location]=york,london')).toHaveLength(2)
    expect(await list('filter[location]=leeds')).toHaveLength(1)
    expect(await list('filter[rule]=anywhere')).toHaveLength(4)
    expect(await list('filter[strategy]=fewest-parcels-then-nearest')).toHaveLength(4)
    expect(await list('filter[strategy]=fewest-parcels-then-nearest@2')).toHaveLength(0)
    expect(await list('filter[excluded_reason]=stock')).not.toHaveLength(0)
    expect(await list('filter[trigger]=manual')).toHaveLength(0)
    expect(await list('filter[at][gte]=2026-03-04T00:00:00Z')).toHaveLength(0)
    const first = await app().get('/v1/routing-decisions?limit=3')
    expect(await list(`limit=3&after=${(first.body['page'] as { next: string }).next}`)).toHaveLength(1)
  })

  test('tell the smallest change that would have led to others', async () => {
    const changes = async (order: string) => {
      const { body } = await app().get(`/v1/orders/${order}/routing`)
      const [{ id }] = body['decisions'] as [{ id: string }]
      return (await app().get(`/v1/orders/${order}/decisions/${id}/smallest-change`)).body
    }
    const [, last] = await list('')
    const near = await changes(last!.order_number)
    expect(near).toMatchObject({ reproduced: true, improvement: null })
    const [short] = await list('filter[outcome]=backorder')
    expect(await changes(short!.order_number)).toMatchObject({ reproduced: true, improvement: { sentence: '1 more unit of ODD at Leeds would have filled the order.', units: [{ sku: 'ODD', quantity: 1 }] } })
    // What happens later does not change what was seen.
    await shop.stock('leeds', { TEA: 50, ODD: 50 })
    expect(await changes(last!.order_number)).toEqual(near)
    expect((await app().get(`/v1/orders/${last!.order_number}/decisions/dec_01j00000000000000000000000/smallest-change`)).status).toBe(404)
  })
})
