import { beforeAll, describe, expect, test } from 'vitest'
import { useApp } from '../../../test/harness/app.ts'
import { openShop, type Shop } from '../../../test/harness/shop.ts'

const app = useApp()
let shop: Shop

beforeAll(async () => { shop = await openShop(app()) })

async function availability(query: string): Promise<Record<string, unknown>[]> {
  const answer = await app().get(`/v1/availability?${query}`)
  expect([answer.status, answer.text]).toEqual([200, answer.text])
  return answer.body.data as Record<string, unknown>[]
}

const level = async (sku: string, location: string) => (await app().get(`/v1/stock-levels?filter[sku]=${sku}&filter[location]=${location}`)).body.data![0] as Record<string, unknown>

describe('availability', () => {
  test('counts the locations that serve the channel, less safety stock, buffer and queue', async () => {
    await shop.stock('leeds', { A1: 10 })
    await shop.stock('london', { A1: 4 })
    await shop.stock('york', { A1: 3 })
    await app().call('PUT', '/v1/stock/safety-stock', { lines: [{ sku: 'A1', location: 'leeds', quantity: 2 }, { sku: 'A1', location: 'york', quantity: 9 }] })
    await app().post('/v1/location-groups', { code: 'north', name: 'North', locations: ['leeds', 'york'] })
    expect((await app().post('/v1/channels', { code: 'market', name: 'Market', kind: 'marketplace', currency: 'GBP', stock_buffer: 3, location_groups: ['north'], payment_expectation: 'none' })).status).toBe(201)
    expect(await availability('sku=A1')).toMatchObject([{ sku: 'A1', kind: 'goods', sellable: 12, promiseable: null, buffer: 0 }])
    const [market] = await availability('sku=A1&channel=market')
    expect(market).toMatchObject({ sellable: 5, buffer: 3, locations: [{ location: 'leeds', available: 10, safety_stock: 2, sellable: 8, counted_at: null }, { location: 'york', sellable: 0 }] })
    expect(await availability('sku=A1&channel=web&location=london')).toMatchObject([{ sellable: 4 }])

    const wrong = await app().post('/v1/reservations', { channel: 'market', lines: [{ sku: 'A1', quantity: 1, location: 'london' }] })
    expect([wrong.status, wrong.body.errors]).toMatchObject([422, [{ pointer: '/lines/0/location', code: 'location_not_serving' }]])
    const most = await app().post('/v1/reservations', { channel: 'market', lines: [{ sku: 'A1', quantity: 6 }] })
    expect(most.body).toMatchObject({ code: 'out_of_stock', lines: [{ sku: 'A1', requested: 6, sellable: 5, short_by: 1 }] })
    expect((await app().post('/v1/reservations', { channel: 'market', lines: [{ sku: 'A1', quantity: 5 }] })).body['lines']).toEqual([{ sku: 'A1', location: 'leeds', quantity: 5 }])
  })

  test('orders that wait come before new ones', async () => {
    await shop.stock('leeds', { B1: 2 })
    await shop.order({ channel: 'wholesale', lines: [{ sku: 'B1', quantity: 7 }] })
    expect(await availability('sku=B1&channel=web')).toMatchObject([{ sellable: 0, backordered: 5 }])
    await app().post('/v1/inbound-supplies', { location: 'london', sku: 'B1', quantity: 8, expected_on: '2026-03-10' })
    expect(await availability('sku=B1&channel=web&date=2026-03-09')).toMatchObject([{ promiseable: 0, promises: [{ date: '2026-03-10', quantity: 3 }] }])
    expect(await availability('sku=B1&channel=web&date=2026-03-10')).toMatchObject([{ promiseable: 3, inbound: [{ location: 'london', expected_on: '2026-03-10', quantity: 8 }] }])
  })

  test('a bundle is as available as its scarcest component, and services always are', async () => {
    await shop.stock('leeds', { POT: 7, LID: 2 })
    await shop.stock('london', { LID: 9 })
    await app().post('/v1/variants', { sku: 'TEASET', name: 'Tea set', kind: 'bundle' })
    expect((await app().post('/v1/reservations', { channel: 'web', lines: [{ sku: 'TEASET', quantity: 1 }] })).body.errors).toMatchObject([{ pointer: '/lines/0/sku', code: 'bundle_empty' }])
    expect((await app().call('PUT', '/v1/variants/TEASET/bundle', { components: [{ sku: 'POT', quantity: 2 }, { sku: 'LID', quantity: 1 }] })).status).toBe(200)
    await app().post('/v1/variants', { sku: 'WRAP', name: 'Gift wrap', kind: 'service' })
    await app().post('/v1/inbound-supplies', { location: 'leeds', sku: 'POT', quantity: 5, expected_on: '2026-04-01' })
    const [set, wrap] = await availability('sku=TEASET,WRAP&channel=web')
    expect(set).toMatchObject({ kind: 'bundle', sellable: 3, components: [{ sku: 'LID', quantity: 1, sellable: 11 }, { sku: 'POT', quantity: 2, sellable: 7 }], promises: [{ date: '2026-04-01', quantity: 6 }] })
    expect(set!['locations']).toMatchObject([{ location: 'leeds', sellable: 2 }])
    expect(wrap).toMatchObject({ kind: 'service', sellable: null })

    const reserved = await app().post('/v1/reservations', { channel: 'web', lines: [{ sku: 'TEASET', quantity: 2 }, { sku: 'POT', quantity: 1 }, { sku: 'WRAP', quantity: 1 }] })
    expect(reserved.body['lines']).toEqual([{ sku: 'LID', location: 'london', quantity: 2 }, { sku: 'POT', location: 'leeds', quantity: 5 }])
    expect((await app().post('/v1/reservations', { channel: 'web', lines: [{ sku: 'TEASET', quantity: 2 }] })).body).toMatchObject({ code: 'out_of_stock', lines: [{ sku: 'POT', requested: 4, sellable: 2 }] })
  })

  test('takes lists in both forms, and SKUs with commas', async () => {
    await shop.stock('leeds', { 'C,1': 1, C2: 2, C3: 3 })
    for (const query of ['sku=C2,C3', 'sku=C2&sku=C3']) expect((await availability(query)).map(({ sku }) => sku)).toEqual(['C2', 'C3'])
    expect((await availability('sku=C,1&sku=C2')).map(({ sku }) => sku)).toEqual(['C,1', 'C2'])
    const unknown = await app().get('/v1/availability?sku=C2,NOPE&channel=nope')
    expect(unknown.body.errors?.map(({ pointer, code }) => [pointer, code])).toEqual([['/query/channel', 'unknown_channel'], ['/query/sku', 'unknown_sku']])
    for (const query of ['', 'sku=', 'sku=,', 'sku=C2&date=2026-02-30', `sku=${Array.from({ length: 101 }, (_, i) => `X${i}`).join(',')}`]) {
      expect([query, (await app().get(`/v1/availability?${query}`)).status]).toEqual([query, 422])
    }
  })

  test('a caller confined to a channel names it', async () => {
    const key = String((await app().post('/v1/api-keys', { name: 'shop', permissions: ['inventory:read', 'inventory:reserve'], channels: ['web'] })).body['key'])
    expect((await app().get('/v1/availability?sku=TEA', { key })).body.errors).toMatchObject([{ pointer: '/query/channel', code: 'required' }])
    expect((await app().get('/v1/availability?sku=TEA&channel=till', { key })).body.errors).toMatchObject([{ code: 'unknown_channel' }])
    expect((await app().post('/v1/reservations', { channel: 'till', lines: [{ sku: 'TEA', quantity: 1 }] }, { key })).body.errors).toMatchObject([{ pointer: '/channel', code: 'unknown_channel' }])
  })
})

describe('inbound supplies', () => {
  test('come in parts, too many at the end, and pay what is owed', async () => {
    const supply = await app().post('/v1/inbound-supplies', { location: 'leeds', sku: 'TEA', quantity: 10, expected_on: '2026-03-20', reference: 'PO-3' })
    expect(supply.status).toBe(201)
    const url = `/v1/inbound-supplies/${String(supply.body['id'])}`
    expect(await level('TEA', 'leeds')).toMatchObject({ on_order: 10, available: 0, on_hand: 0 })
    expect((await app().post(`${url}/receive`, { quantity: 4 })).body).toMatchObject({ received: 4, outstanding: 6, status: 'expected' })
    expect((await app().post(`${url}/reschedule`, { expected_on: '2026-03-25' })).body).toMatchObject({ expected_on: '2026-03-25' })
    expect((await app().post(`${url}/receive`, { quantity: 7 })).body).toMatchObject({ received: 11, outstanding: 0, status: 'received', actions: [{ action: 'receive', allowed: false, reason: 'The inbound supply is received.' }, {}, {}] })
    expect(await level('TEA', 'leeds')).toMatchObject({ on_order: 0, available: 11 })
    for (const [verb, body] of [['receive', { quantity: 1 }], ['cancel', {}], ['reschedule', { expected_on: '2026-05-01' }]] as const) {
      const late = await app().post(`${url}/${verb}`, body)
      expect([late.status, late.body.code]).toEqual([409, 'inbound_closed'])
    }
    expect((await app().get('/v1/inbound-supplies?filter[reference]=PO-3')).body.data).toMatchObject([{ sku: 'TEA', status: 'received' }])
  })

  test('that will not come are canceled; what came stays', async () => {
    const id = String((await app().post('/v1/inbound-supplies', { location: 'york', sku: 'CUP', quantity: 5, expected_on: '2026-03-20' })).body['id'])
    await app().post(`/v1/inbound-supplies/${id}/receive`, { quantity: 2 })
    expect((await app().post(`/v1/inbound-supplies/${id}/cancel`)).body).toMatchObject({ status: 'canceled', received: 2, outstanding: 0 })
    expect(await level('CUP', 'york')).toMatchObject({ on_order: 0, available: 2 })
    expect((await app().get('/v1/inbound-supplies/inb_01h00000000000000000000000')).status).toBe(404)
  })

  test('one of two receipts at once closes it', async () => {
    const id = String((await app().post('/v1/inbound-supplies', { location: 'york', sku: 'ODD', quantity: 5, expected_on: '2026-03-20' })).body['id'])
    const answers = await Promise.all([1, 2].map(() => app().post(`/v1/inbound-supplies/${id}/receive`, { quantity: 5 })))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ body }) => body.code === 'inbound_closed')).toHaveLength(1)
    expect(await level('ODD', 'york')).toMatchObject({ available: 5 })
  })
})

describe('stock counts', () => {
  const open = async (location: string, skus?: string[]) => String((await app().post('/v1/stock-counts', { location, ...(skus === undefined ? {} : { skus }) })).body['id'])
  const record = (id: string, sku: string, counted: number, key?: string) => app().post(`/v1/stock-counts/${id}/lines`, { lines: [{ sku, counted }] }, key === undefined ? {} : { key })
  const post = (id: string) => app().post(`/v1/stock-counts/${id}/post`)

  test('put their variances into the books and say when somebody looked', async () => {
    await shop.stock('leeds', { D1: 10, D2: 5, D3: 1 })
    const id = await open('leeds', ['D1', 'D2', 'D3'])
    await record(id, 'D1', 8)
    await record(id, 'D2', 4)
    expect((await record(id, 'D2', 6)).body['lines']).toMatchObject([{ sku: 'D1', counted: 8, expected: 10, variance: -2 }, { sku: 'D2', counted: 6, expected: 5, variance: 1 }, { sku: 'D3', counted: null, variance: null }])
    app().clock.advance(3_600_000)
    await app().application.settle()
    expect((await post(id)).body).toMatchObject({ status: 'posted' })
    expect(await level('D1', 'leeds')).toMatchObject({ available: 8, counted_at: '2026-03-03T09:00:00.000Z' })
    expect(await level('D2', 'leeds')).toMatchObject({ available: 6 })
    expect(await level('D3', 'leeds')).toMatchObject({ available: 1, counted_at: null })
    expect((await app().get(`/v1/stock-movements?filter[cause]=${id}`)).body.data).toMatchObject([{ sku: 'D2', from_state: null, to_state: 'available', quantity: 1, reason: 'count' }, { sku: 'D1', quantity: 2 }])
    expect([(await post(id)).body.code, (await record(id, 'D1', 1)).body.code]).toEqual(['count_closed', 'count_closed'])
  })

  test('what is sold between counting and posting is no variance', async () => {
    await shop.stock('leeds', { E1: 10 })
    const id = await open('leeds')
    await record(id, 'E1', 9)
    await app().post('/v1/stock/adjustments', { location: 'leeds', reason: 'promotion', lines: [{ sku: 'E1', delta: -4 }] })
    await post(id)
    expect(await level('E1', 'leeds')).toMatchObject({ available: 5 })
  })

  test('promised units that are not there become a deficit; counting again does not take them twice', async () => {
    await shop.stock('leeds', { F1: 6 })
    await app().post('/v1/reservations', { channel: 'web', lines: [{ sku: 'F1', quantity: 5 }] })
    for (const variance of [-3, 0]) {
      const id = await open('leeds')
      expect((await record(id, 'F1', 3)).body['lines']).toMatchObject([{ variance }])
      await post(id)
      expect(await level('F1', 'leeds')).toMatchObject({ available: 0, reserved: 5, deficit: 2, on_hand: 3 })
    }
    const id = await open('leeds')
    await record(id, 'F1', 7)
    await post(id)
    expect(await level('F1', 'leeds')).toMatchObject({ available: 2, deficit: 0, on_hand: 7 })
  })

  test('are blind for those who count and may not adjust', async () => {
    await shop.stock('york', { G1: 4 })
    const key = String((await app().post('/v1/api-keys', { name: 'counter', permissions: ['inventory:read', 'inventory:count'] })).body['key'])
    const id = await open('york', ['G1'])
    expect((await record(id, 'G1', 3, key)).body['lines']).toEqual([{ sku: 'G1', counted: 3, expected: null, variance: null, counted_at: expect.any(String) as string }])
    expect((await app().get(`/v1/stock-counts/${id}`, { key })).body['lines']).toMatchObject([{ expected: null }])
    expect((await app().get(`/v1/stock-counts/${id}`)).body['lines']).toMatchObject([{ expected: 4, variance: -1 }])
    expect((await app().post(`/v1/stock-counts/${id}/post`, {}, { key })).body.code).toBe('forbidden')
    await post(id)
    expect((await app().get(`/v1/stock-counts/${id}`, { key })).body['lines']).toMatchObject([{ expected: 4, variance: -1 }])
  })

  test('that are empty or wrong are refused, and can be canceled', async () => {
    const id = await open('york')
    expect((await post(id)).body.code).toBe('count_empty')
    expect((await record(id, 'NOPE', 1)).body.errors).toMatchObject([{ pointer: '/lines/0/sku', code: 'unknown_sku' }])
    const twice = await app().post(`/v1/stock-counts/${id}/lines`, { lines: [{ sku: 'TEA', counted: 1 }, { sku: 'TEA', counted: 1 }] })
    expect(twice.body.errors).toMatchObject([{ pointer: '/lines/1/sku', code: 'duplicate' }])
    await record(id, 'TEA', 99)
    expect((await app().post(`/v1/stock-counts/${id}/cancel`)).body).toMatchObject({ status: 'canceled', actions: [{ allowed: false }, { allowed: false }, { allowed: false }] })
    expect((await app().get('/v1/stock-counts?filter[status]=canceled')).body.data).toMatchObject([{ id }])
  })

  test('whose missing units have left meanwhile are to be counted again', async () => {
    await shop.stock('york', { H1: 5 })
    const id = await open('york')
    await record(id, 'H1', 0)
    await app().post('/v1/stock/adjustments', { location: 'york', reason: 'promotion', lines: [{ sku: 'H1', delta: -2 }] })
    expect((await post(id)).body).toMatchObject({ code: 'insufficient_stock', shortages: [{ sku: 'H1', balance: 3, short_by: 2 }] })
    await record(id, 'H1', 0)
    expect((await post(id)).status).toBe(200)
  })
})
