import { beforeAll, describe, expect, test } from 'vitest'
import { useApp, type Answer } from '../../../test/harness/app.ts'
import { openShop } from '../../../test/harness/shop.ts'
import { sql } from '../../platform/sql.ts'

const app = useApp()

beforeAll(async () => { await openShop(app()) })

let made = 0
/** A SKU of its own for each test. */
async function newSku(units: Readonly<Record<string, number>> = {}): Promise<string> {
  const sku = `SKU-${++made}`
  await app().post('/v1/variants', { sku, name: `Article ${made}`, price: { amount: '1.00', currency: 'GBP' } })
  for (const [location, quantity] of Object.entries(units)) expect((await receive(location, sku, quantity)).status).toBe(201)
  return sku
}

const receive = (location: string, sku: string, quantity: number) => app().post('/v1/stock/receipts', { location, reference: 'PO-1', lines: [{ sku, quantity }] })
const adjust = (location: string, reason: string, line: object) => app().post('/v1/stock/adjustments', { location, reason, lines: [line] })
const reserve = (sku: string, quantity: number, more: object = {}) => app().post('/v1/reservations', { channel: 'web', lines: [{ sku, quantity, ...more }] })

async function level(sku: string, location = 'leeds'): Promise<Record<string, unknown>> {
  const list = await app().get(`/v1/stock-levels?filter[sku]=${sku}&filter[location]=${location}`)
  return list.body.data![0] as Record<string, unknown>
}

function problem({ status, body }: Answer): unknown[] {
  return [status, body.code, body.errors?.map(({ pointer, code }) => `${pointer} ${code}`)]
}

async function eventsOf(type: string): Promise<Record<string, unknown>[]> {
  return (await app().application.db.rows<{ data: Record<string, unknown> }>(sql`select data from events where type = ${type}`)).map(({ data }) => data)
}

describe('receipts', () => {
  test('add up, and every number opens', async () => {
    const sku = await newSku()
    const received = await app().post('/v1/stock/receipts', { location: 'leeds', reference: 'PO-7', lines: [{ sku, quantity: 3 }, { sku, quantity: 4 }, { sku, quantity: 2, state: 'quality_control' }] })
    expect(received.status).toBe(201)
    expect(received.body['levels']).toMatchObject([{ sku, location: 'leeds', available: 7, quality_control: 2, on_hand: 9, sellable: 7 }])
    const movements = await app().get(`/v1/stock-movements?filter[cause]=${String(received.body['id'])}`)
    expect(movements.body.data).toMatchObject([
      { sku, from_state: null, to_state: 'quality_control', quantity: 2, reason: 'received', cause: { kind: 'receipt', id: received.body['id'] }, note: 'PO-7', caller: 'system' },
      { to_state: 'available', quantity: 4 }, { to_state: 'available', quantity: 3 },
    ])
    expect(await eventsOf('stock.received')).toContainEqual(expect.objectContaining({ location: 'leeds', reference: 'PO-7' }))
    expect(await eventsOf('stock.back')).toContainEqual({ sku, location: 'leeds', sellable: 7 })
  })

  test('name every wrong line', async () => {
    await app().post('/v1/variants', { sku: 'WRAP', name: 'Gift wrap', kind: 'service' })
    await app().post('/v1/variants', { sku: 'SET', name: 'Gift set', kind: 'bundle' })
    const refused = await app().post('/v1/stock/receipts', { location: 'paris', lines: [{ sku: 'NOPE', quantity: 1 }, { sku: 'WRAP', quantity: 1 }, { sku: 'SET', quantity: 1 }] })
    expect(problem(refused)).toEqual([422, 'invalid_input', ['/location unknown_location', '/lines/0/sku unknown_sku', '/lines/1/sku not_stocked', '/lines/2/sku not_stocked']])
  })

  test('repeat safely with an idempotency key', async () => {
    const sku = await newSku()
    const send = () => app().call('POST', '/v1/stock/receipts', { location: 'leeds', lines: [{ sku, quantity: 5 }] }, { headers: { 'idempotency-key': `receipt-${sku}` } })
    const [first, second] = await Promise.all([send(), send()])
    expect(first.body).toEqual(second.body)
    expect(await level(sku)).toMatchObject({ available: 5 })
  })
})

describe('adjustments', () => {
  test('change by a difference with a reason', async () => {
    const sku = await newSku({ leeds: 10 })
    const adjusted = await adjust('leeds', 'promotion', { sku, delta: -3 })
    expect(adjusted.body['levels']).toMatchObject([{ available: 7, on_hand: 7 }])
    expect((await adjust('leeds', 'found', { sku, state: 'damaged', delta: 2 })).body['levels']).toMatchObject([{ damaged: 2, on_hand: 9 }])
    expect(await eventsOf('stock.adjusted')).toContainEqual(expect.objectContaining({ reason: 'promotion', lines: [{ sku, state: 'available', delta: -3 }] }))
  })

  test('set a value only where it is what the caller believes', async () => {
    const sku = await newSku({ leeds: 10 })
    const stale = await adjust('leeds', 'correction', { sku, set_to: 12, expected: 9 })
    expect([stale.status, stale.body.code, stale.body['lines']]).toEqual([409, 'stale_quantity', [{ pointer: '/lines/0/expected', sku, state: 'available', expected: 9, actual: 10 }]])
    expect((await adjust('leeds', 'correction', { sku, set_to: 12, expected: 10 })).body['levels']).toMatchObject([{ available: 12 }])
    expect((await adjust('leeds', 'correction', { sku, set_to: 0, expected: null })).body['levels']).toMatchObject([{ available: 0 }])
    expect(await eventsOf('stock.out')).toContainEqual({ sku, location: 'leeds', sellable: 0 })
  })

  test('two at once that believe the same: one wins', async () => {
    const sku = await newSku({ leeds: 5 })
    const answers = await Promise.all([7, 8, 9].map((set_to) => adjust('leeds', 'correction', { sku, set_to, expected: 5 })))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ body }) => body.code === 'stale_quantity')).toHaveLength(2)
  })

  test('a fact takes promised units and says so; an intention is refused', async () => {
    const sku = await newSku({ leeds: 10 })
    await reserve(sku, 8)
    const intention = await adjust('leeds', 'promotion', { sku, delta: -3 })
    expect([intention.status, intention.body.code, intention.body['shortages']]).toEqual([409, 'insufficient_stock', [{ sku, location: 'leeds', state: 'available', balance: 2, short_by: 1 }]])
    const fact = await adjust('leeds', 'lost', { sku, delta: -5 })
    expect(fact.body['levels']).toMatchObject([{ available: 0, reserved: 8, deficit: 3, on_hand: 5 }])
    expect(await eventsOf('stock.deficit')).toContainEqual({ sku, location: 'leeds', quantity: 3, deficit: 3 })
    expect((await app().get('/v1/stock-levels?filter[deficit][gt]=0')).body.data).toMatchObject([{ sku }])
    expect(problem(await adjust('leeds', 'lost', { sku, delta: -6 }))).toEqual([409, 'insufficient_stock', undefined])
    await receive('leeds', sku, 4)
    expect(await level(sku)).toMatchObject({ available: 1, deficit: 0, on_hand: 9 })
  })

  test.each([
    [{ delta: 1, set_to: 3 }, '/lines/0 delta_or_set_to'],
    [{}, '/lines/0 delta_or_set_to'],
    [{ delta: 0 }, '/lines/0/delta no_change'],
    [{ set_to: 3 }, '/lines/0/expected required'],
    [{ delta: 3, expected: 1 }, '/lines/0/expected without_set_to'],
    [{ set_to: -1, expected: null }, '/lines/0/set_to too_small'],
    [{ delta: 1.5 }, '/lines/0/delta wrong_type'],
    [{ delta: 99_999_999 }, '/lines/0/delta too_large'],
    [{ delta: 1, state: 'reserved' }, '/lines/0/state not_allowed'],
  ])('%o is refused with its place', async (line, wrong) => {
    expect(problem(await adjust('leeds', 'correction', { sku: 'TEA', ...line }))).toEqual([422, 'invalid_input', [wrong]])
  })

  test('a SKU stands once', async () => {
    const twice = await app().post('/v1/stock/adjustments', { location: 'leeds', reason: 'found', lines: [{ sku: 'TEA', delta: 1 }, { sku: 'TEA', state: 'damaged', delta: 1 }, { sku: 'TEA', delta: 1 }] })
    expect(problem(twice)).toEqual([422, 'invalid_input', ['/lines/2/sku duplicate']])
  })

  test('more units than can be counted are an error of the caller', async () => {
    const sku = await newSku()
    const lines = Array.from({ length: 300 }, () => ({ sku, quantity: 10_000_000 }))
    const refused = await app().post('/v1/stock/receipts', { location: 'leeds', lines })
    expect([refused.status, refused.body.code]).toEqual([422, 'invalid_input'])
  })
})

describe('moves', () => {
  test('go between states of a location', async () => {
    const sku = await newSku({ leeds: 5 })
    const move = (from_state: string, to_state: string, quantity: number) => app().post('/v1/stock/moves', { location: 'leeds', reason: 'inspection', lines: [{ sku, from_state, to_state, quantity }] })
    expect((await move('available', 'damaged', 2)).body['levels']).toMatchObject([{ available: 3, damaged: 2, on_hand: 5 }])
    expect((await move('damaged', 'available', 3)).body.code).toBe('insufficient_stock')
    expect(problem(await move('damaged', 'damaged', 1))).toEqual([422, 'invalid_input', ['/lines/0/to_state same_state']])
    expect(problem(await move('allocated', 'available', 1))).toEqual([422, 'invalid_input', ['/lines/0/from_state not_allowed']])
  })
})

describe('policies', () => {
  test('a safety stock holds units back from sale, and the audit knows who set it', async () => {
    const sku = await newSku({ leeds: 5 })
    const set = await app().call('PUT', '/v1/stock/safety-stock', { lines: [{ sku, location: 'leeds', quantity: 5 }, { sku, location: 'york', quantity: 2 }] })
    expect(set.body).toEqual({ lines: [{ sku, location: 'leeds', quantity: 5, before: 0 }, { sku, location: 'york', quantity: 2, before: 0 }] })
    expect(await level(sku)).toMatchObject({ available: 5, safety_stock: 5, sellable: 0 })
    expect(await eventsOf('stock.out')).toContainEqual({ sku, location: 'leeds', sellable: 0 })
    expect((await reserve(sku, 1)).body.code).toBe('out_of_stock')
    const twice = await app().call('PUT', '/v1/stock/safety-stock', { lines: [{ sku, location: 'leeds', quantity: 5 }, { sku, location: 'leeds', quantity: 2 }] })
    expect(problem(twice)).toEqual([422, 'invalid_input', ['/lines/1 duplicate']])
  })

  test('bins say where to look', async () => {
    const sku = await newSku({ leeds: 1 })
    expect((await app().call('PUT', '/v1/stock/bins', { location: 'leeds', lines: [{ sku, bin: 'A-01-3' }] })).status).toBe(200)
    expect(await level(sku)).toMatchObject({ bin: 'A-01-3' })
    expect((await app().get('/v1/stock-levels?q=a-01')).body.data).toMatchObject([{ sku }])
  })
})

describe('lists', () => {
  test('levels come in pages, sorted and filtered by any state', async () => {
    const skus = [await newSku({ leeds: 901, london: 902 }), await newSku({ leeds: 903, york: 904 })]
    const first = await app().get('/v1/stock-levels?filter[available][gte]=901&filter[available][lte]=904&sort=-available&limit=3&count=true')
    expect(first.body.data?.map((row) => (row as { available: number }).available)).toEqual([904, 903, 902])
    expect(first.body['count']).toBe(4)
    const { next } = first.body['page'] as { next: string }
    const second = await app().get(`/v1/stock-levels?filter[available][gte]=901&sort=-available&limit=3&after=${next}`)
    expect(second.body.data).toMatchObject([{ sku: skus[0], location: 'leeds', available: 901 }])
  })

  test('movements come newest first and page by page', async () => {
    const sku = await newSku({ leeds: 1, london: 2, york: 3 })
    const pages: number[] = []
    let url = `/v1/stock-movements?filter[sku]=${sku}&limit=1`
    for (let after: string | null = ''; after !== null;) {
      const page = await app().get(after === '' ? url : `${url}&after=${after}`)
      pages.push(...page.body.data!.map((row) => (row as { quantity: number }).quantity))
      after = (page.body['page'] as { next: string | null }).next
    }
    expect(pages).toEqual([3, 2, 1])
    url = '/v1/stock-movements?filter[cause]=chn_01h000000000000000000000000'
    expect((await app().get(url)).status).toBe(422)
  })
})

describe('lists', () => {
  test('of movements are narrowed to locations, and to none where nobody knows the location', async () => {
    const sku = await newSku({ leeds: 1, london: 2, york: 3 })
    const at = async (locations: string) => (await app().get(`/v1/stock-movements?filter[sku]=${sku}&filter[location]=${locations}`)).body.data!.map((row) => (row as { location: string }).location)
    expect([await at('york'), await at('leeds, york'), await at('nowhere'), await at('nowhere,york')]).toEqual([['york'], ['york', 'leeds'], [], ['york']])
  })

  test('go one way at a time', async () => {
    const { next } = (await app().get('/v1/stock-movements?limit=1')).body['page'] as { next: string }
    expect(problem(await app().get(`/v1/stock-movements?after=${next}&before=${next}`))).toEqual([422, 'invalid_input', ['/query/after not_together', '/query/before not_together']])
  })
})

describe('callers confined to a location', () => {
  test('see and change that location alone', async () => {
    const sku = await newSku({ leeds: 4, york: 6 })
    const key = String((await app().post('/v1/api-keys', { name: 'york', permissions: ['inventory:read', 'inventory:adjust', 'inventory:reserve', 'inventory:count'], locations: ['york'] })).body['key'])
    expect((await app().get(`/v1/stock-levels?filter[sku]=${sku}`, { key })).body.data).toMatchObject([{ location: 'york', available: 6 }])
    expect((await app().get(`/v1/stock-movements?filter[sku]=${sku}`, { key })).body.data).toHaveLength(1)
    expect((await app().get(`/v1/availability?sku=${sku}&channel=web`, { key })).body.data).toMatchObject([{ sellable: 6, locations: [{ location: 'york' }] }])
    const abroad = await app().post('/v1/stock/receipts', { location: 'leeds', lines: [{ sku, quantity: 1 }] }, { key })
    expect(problem(abroad)).toEqual([422, 'invalid_input', ['/location unknown_location']])
    const tooMany = await app().post('/v1/reservations', { channel: 'web', lines: [{ sku, quantity: 7 }] }, { key })
    expect([tooMany.body.code, tooMany.body['lines']]).toEqual(['out_of_stock', [{ sku, requested: 7, sellable: 6, short_by: 1 }]])
    const elsewhere = String((await reserve(sku, 1, { location: 'leeds' })).body['id'])
    expect((await app().get(`/v1/reservations/${elsewhere}`, { key })).status).toBe(404)
    expect((await app().post(`/v1/reservations/${elsewhere}/release`, {}, { key })).status).toBe(404)
    const count = String((await app().post('/v1/stock-counts', { location: 'leeds' })).body['id'])
    expect((await app().get(`/v1/stock-counts/${count}`, { key })).status).toBe(404)
    expect((await app().post(`/v1/stock-counts/${count}/cancel`, {}, { key })).status).toBe(404)
  })
})
