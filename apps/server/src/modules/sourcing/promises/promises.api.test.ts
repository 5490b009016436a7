import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { HOME, openShop, type Shop } from '../../../../test/harness/shop.ts'
import { START, useApp } from '../../../../test/harness/app.ts'

const app = useApp()
let shop: Shop

type Parcel = { location: string | null; expected_on: string | null; ships_on: string; ships_at: string; earliest: string; latest: string; distance_km: number | null; lines: { sku: string; quantity: number }[] }
type Option = { method: string; name: string; complete: boolean; earliest: string | null; latest: string | null; on_requested_date: boolean | null; ready_at: string | null; holds_until: string; order_within: string; price: { amount: string } | null; parcels: Parcel[] }
type Promised = { outcome: string; place: { located_by: string; note: string | null; latitude: number | null } | null; lines: { sku: string; quantity: number; available: number; later: { expected_on: string; quantity: number }[]; missing: number }[]; options: Option[]; not_offered: { method: string; code: string }[] }

const TO_HOME = { country: 'GB', postal_code: HOME.postal_code, latitude: HOME.latitude, longitude: HOME.longitude }

async function ask(cart: object, key?: string): Promise<Promised> {
  const answer = await app().post('/v1/promises', { carts: [{ channel: 'web', ship_to: TO_HOME, ...cart }] }, key === undefined ? {} : { key })
  expect(answer.status, answer.text).toBe(200)
  return answer.body.data![0] as Promised
}
const of = (promised: Promised, method: string): Option => promised.options.find((option) => option.method === method)!
const inbound = async (sku: string, quantity: number, expected_on: string, location = 'leeds'): Promise<string> => String((await app().post('/v1/inbound-supplies', { location, sku, quantity, expected_on })).body['id'])

beforeAll(async () => {
  shop = await openShop(app())
  await shop.stock('leeds', { TEA: 100, CUP: 10 })
  await shop.stock('london', { ODD: 10 })
  await shop.stock('york', { TEA: 3 })
  expect((await app().post('/v1/variants', { sku: 'SET', name: 'Tea for two', kind: 'bundle', price: { amount: '8.00', currency: 'GBP' } })).status).toBe(201)
  await app().call('PUT', '/v1/variants/SET/bundle', { components: [{ sku: 'TEA', quantity: 1 }, { sku: 'CUP', quantity: 2 }] })
})
beforeEach(() => { app().clock.set(START) })

describe('a promise', () => {
  test('says from where, when, for how much and until when it holds', async () => {
    const promised = await ask({ lines: [{ sku: 'TEA', quantity: 2 }] })
    expect(promised).toMatchObject({ outcome: 'available', lines: [{ sku: 'TEA', quantity: 2, available: 2, later: [], missing: 0 }], place: { located_by: 'coordinates', note: null } })
    // Tuesday 9:00; Leeds closes at 17:30 and takes orders until 15:00.
    expect(of(promised, 'standard')).toMatchObject({
      complete: true, earliest: '2026-03-04', latest: '2026-03-05', holds_until: '2026-03-03T15:00:00.000Z', order_within: '6 h 0 min',
      parcels: [{ location: 'leeds', expected_on: null, ships_on: '2026-03-03', ships_at: '2026-03-03T17:30:00.000Z', lines: [{ sku: 'TEA', quantity: 2 }] }],
    })
    expect(of(promised, 'standard').parcels[0]!.distance_km).toBeCloseTo(21.1, 0)
    expect(of(promised, 'next-day')).toMatchObject({ earliest: '2026-03-04', latest: '2026-03-04' })
    expect(Number(of(promised, 'next-day').price!.amount)).toBeGreaterThan(Number(of(promised, 'standard').price!.amount))
  })

  test('the cut-off is an instant: a millisecond later it leaves a day later', async () => {
    app().clock.set(new Date('2026-03-03T15:00:00.000Z'))
    expect(of(await ask({ lines: [{ sku: 'TEA' }] }), 'standard')).toMatchObject({ order_within: '0 min', parcels: [{ ships_on: '2026-03-03' }] })
    app().clock.set(new Date('2026-03-03T15:00:00.001Z'))
    expect(of(await ask({ lines: [{ sku: 'TEA' }] }), 'standard')).toMatchObject({ holds_until: '2026-03-04T15:00:00.000Z', parcels: [{ ships_on: '2026-03-04' }] })
  })

  test('splits as the strategy would, and bundles are what their parts are', async () => {
    const split = await ask({ lines: [{ sku: 'TEA' }, { sku: 'ODD' }] })
    expect(new Set(of(split, 'standard').parcels.map(({ location }) => location))).toEqual(new Set(['leeds', 'london']))
    const sets = await ask({ lines: [{ sku: 'SET', quantity: 6 }] })
    expect(sets).toMatchObject({ outcome: 'unavailable', options: [], lines: [{ sku: 'SET', quantity: 6, available: 5, later: [], missing: 1 }] })
    expect(of(await ask({ lines: [{ sku: 'SET', quantity: 5 }] }), 'standard').parcels[0]!.lines).toEqual([{ sku: 'CUP', quantity: 10 }, { sku: 'TEA', quantity: 5 }])
  })

  test('calendars count: closures, holidays of the carrier, cut-offs of a method', async () => {
    await app().call('PUT', '/v1/locations/leeds/closures', { closures: [{ closed_on: '2026-03-04' }] })
    await app().patch('/v1/locations/leeds', { method_cut_offs: { 'next-day': '08:00' }, processing_minutes: 30 })
    const table = (await app().get('/v1/rate-tables/inhouse')).body['definition'] as object
    expect((await app().call('PUT', '/v1/rate-tables/inhouse', { ...table, calendar: { working_days: [1, 2, 3, 4, 5], holidays: [{ date: '2026-03-06', countries: ['GB'] }] } })).status).toBe(200)
    const promised = await ask({ lines: [{ sku: 'TEA' }] })
    expect(of(promised, 'standard')).toMatchObject({ earliest: '2026-03-04', latest: '2026-03-05', holds_until: '2026-03-03T15:00:00.000Z' })
    expect(of(promised, 'next-day')).toMatchObject({ earliest: '2026-03-09', latest: '2026-03-09', holds_until: '2026-03-05T08:00:00.000Z' })
    await app().call('PUT', '/v1/rate-tables/inhouse', table)
    await app().call('PUT', '/v1/locations/leeds/closures', { closures: [] })
    await app().patch('/v1/locations/leeds', { method_cut_offs: {}, processing_minutes: 0 })
  })

  test('a requested date is kept where it can be', async () => {
    expect(of(await ask({ lines: [{ sku: 'TEA' }], requested_delivery_date: '2026-03-20' }), 'standard')).toMatchObject({ earliest: '2026-03-20', latest: '2026-03-20', on_requested_date: true })
    expect(of(await ask({ lines: [{ sku: 'TEA' }], requested_delivery_date: '2026-03-04' }), 'standard')).toMatchObject({ latest: '2026-03-05', on_requested_date: false })
  })

  test('a pickup is ready within opening hours of the store', async () => {
    const promised = await ask({ ship_to: undefined, pickup_location: 'york', lines: [{ sku: 'TEA', quantity: 3 }] })
    expect(promised).toMatchObject({ outcome: 'available', place: null })
    expect(promised.options).toMatchObject([{ method: 'pickup', price: null, ready_at: START.toISOString(), earliest: '2026-03-03', latest: '2026-03-03', parcels: [{ location: 'york' }] }])
    app().clock.set(new Date('2026-03-06T19:00:00.000Z'))
    expect((await ask({ ship_to: undefined, pickup_location: 'york', lines: [{ sku: 'TEA' }] })).options[0]).toMatchObject({ ready_at: '2026-03-09T09:00:00.000Z' })
    expect((await ask({ ship_to: undefined, pickup_location: 'york', lines: [{ sku: 'TEA', quantity: 4 }] }))).toMatchObject({ outcome: 'unavailable', lines: [{ available: 3, missing: 1 }] })
  })

  test('what is not there comes with supplies, after those who wait', async () => {
    await shop.stock('leeds', { LATE: 2 })
    await inbound('LATE', 5, '2026-03-16')
    await inbound('LATE', 10, '2026-03-23')
    const promised = await ask({ channel: 'wholesale', lines: [{ sku: 'LATE', quantity: 9 }] })
    expect(promised).toMatchObject({ outcome: 'backordered', lines: [{ available: 2, later: [{ expected_on: '2026-03-16', quantity: 5 }, { expected_on: '2026-03-23', quantity: 2 }], missing: 0 }] })
    expect(of(promised, 'standard')).toMatchObject({ complete: true, earliest: '2026-03-04', latest: '2026-03-25' })
    expect(of(promised, 'standard').parcels.map(({ expected_on, ships_on, lines }) => [expected_on, ships_on, lines[0]!.quantity])).toEqual([[null, '2026-03-03', 2], ['2026-03-16', '2026-03-16', 5], ['2026-03-23', '2026-03-23', 2]])
    const order = await shop.order({ channel: 'wholesale', lines: [{ sku: 'LATE', quantity: 9 }] })
    expect(order.body).toMatchObject({ promise: { method: 'standard', earliest: '2026-03-04', latest: '2026-03-05' }, lines: [{ promise: { expected_on: '2026-03-23', latest: '2026-03-25' } }] })
    // The next one comes after it, and a channel that refuses says when it could be had.
    expect(await ask({ lines: [{ sku: 'LATE', quantity: 1 }] })).toMatchObject({ outcome: 'unavailable', lines: [{ available: 0, later: [{ expected_on: '2026-03-23', quantity: 1 }], missing: 0 }] })
    expect(await ask({ channel: 'wholesale', lines: [{ sku: 'LATE', quantity: 9 }] })).toMatchObject({ outcome: 'backordered', lines: [{ later: [{ expected_on: '2026-03-23', quantity: 8 }], missing: 1 }], options: [{ complete: false, latest: null }, {}, {}, {}] })
  })

  test('a supply that moves moves those who wait for it, and an event says so', async () => {
    await shop.stock('leeds', { MOVED: 1 })
    const known = await inbound('MOVED', 5, '2026-03-16')
    const order = await shop.order({ channel: 'wholesale', lines: [{ sku: 'MOVED', quantity: 3 }] })
    await app().application.settle()
    await app().post(`/v1/inbound-supplies/${known}/reschedule`, { expected_on: '2026-03-30' })
    await app().application.settle()
    const id = String(order.body['id'])
    expect((await app().get(`/v1/orders/${id}`)).body).toMatchObject({ lines: [{ promise: { expected_on: '2026-03-30', earliest: '2026-03-31', latest: '2026-04-01' } }] })
    const events = (await app().get(`/v1/orders/${id}/timeline`)).body.data as { type: string; data: object }[]
    expect(events.filter(({ type }) => type === 'order.promise_changed').map(({ data }) => data)).toMatchObject([{ lines: [{ sku: 'MOVED', quantity: 2, expected_on: '2026-03-30', before: { expected_on: '2026-03-16' } }] }])
    await app().post(`/v1/inbound-supplies/${known}/cancel`)
    await app().application.settle()
    expect((await app().get(`/v1/orders/${id}`)).body).toMatchObject({ lines: [{ promise: null }] })
  })

  test('an unknown place is answered without distances, which is said; postal codes tell by their longest beginning', async () => {
    const unknown = await ask({ ship_to: { country: 'GB', postal_code: 'ZZ9 9ZZ' }, lines: [{ sku: 'TEA' }] })
    expect(unknown.place).toMatchObject({ located_by: 'nothing', latitude: null, note: expect.stringContaining('ZZ9 9ZZ') as string })
    expect(of(unknown, 'standard')).toMatchObject({ complete: true, latest: '2026-03-10', parcels: [{ distance_km: null }] })
    const csv = 'postal_code,latitude,longitude,place\nHG1,53.99,-1.54,Harrogate\nHG11,50.1,-5.2,Nowhere\nHG,54,-1.6,\n'
    const put = await app().call('PUT', '/v1/postal-areas/GB', csv, { headers: { 'content-type': 'text/csv' } })
    expect([put.status, put.body]).toEqual([200, { country: 'GB', areas: 3, areas_before: 0 }])
    const known = await ask({ ship_to: { country: 'GB', postal_code: 'hg1 1aa' }, lines: [{ sku: 'TEA' }] })
    expect(known.place).toMatchObject({ located_by: 'postal_code', latitude: 53.99 })
    expect(of(known, 'standard')).toMatchObject({ latest: '2026-03-05' })
    expect((await ask({ ship_to: { country: 'GB', city: 'harrogate', postal_code: 'AB1 1AA' }, lines: [{ sku: 'TEA' }] })).place).toMatchObject({ located_by: 'city', note: expect.stringContaining('AB1 1AA') as string })
    // What was read is written, and read again.
    const text = (await app().get('/v1/postal-areas/GB')).text
    expect((await app().call('PUT', '/v1/postal-areas/GB', text, { headers: { 'content-type': 'text/csv' } })).body).toEqual({ country: 'GB', areas: 3, areas_before: 3 })
    expect((await app().get('/v1/postal-areas/GB')).text).toBe(text)
    const bad = await app().call('PUT', '/v1/postal-areas/GB', 'postal_code,latitude,longitude\nHG1,91,0\nHG1,1,1\n', { headers: { 'content-type': 'text/csv' } })
    expect([bad.status, bad.body.errors?.map(({ pointer, code }) => [pointer, code])]).toEqual([422, [['/lines/2', 'out_of_range'], ['/lines/3', 'duplicate']]])
    expect((await app().get('/v1/postal-areas')).body).toEqual({ data: [{ country: 'GB', areas: 3 }] })
  })

  test('carts of one call take nothing from each other, and what is wrong is named', async () => {
    const cart = { channel: 'web', ship_to: TO_HOME, lines: [{ sku: 'CUP', quantity: 10 }] }
    const both = await app().post('/v1/promises', { carts: [cart, cart] })
    expect(both.body.data).toMatchObject([{ outcome: 'available' }, { outcome: 'available' }])
    const wrong = await app().post('/v1/promises', { carts: [cart, { channel: 'nowhere', lines: [{ sku: 'TEA' }, { sku: 'NOPE' }], ship_to: TO_HOME, pickup_location: 'leeds' }] })
    expect([wrong.status, wrong.body.errors!.map(({ pointer, code }) => `${pointer} ${code}`)]).toEqual([422, ['/carts/1/channel unknown_channel', '/carts/1/lines/1/sku unknown_sku', '/carts/1/pickup_location unknown_location', '/carts/1/ship_to required']])
  })

  test('an order of 200 lines is promised like any other', async () => {
    const skus = Array.from({ length: 200 }, (_, index) => `MANY-${index}`)
    for (const [location, own] of [['leeds', skus.slice(0, 150)], ['london', skus.slice(100)]] as const) await shop.stock(location, Object.fromEntries(own.map((sku) => [sku, 5])))
    const promised = await ask({ lines: skus.map((sku) => ({ sku, quantity: 2 })) })
    expect(promised.outcome).toBe('available')
    expect(of(promised, 'standard').parcels.flatMap(({ lines }) => lines)).toHaveLength(200)
  })

  test('settings that change count for the next question', async () => {
    await app().patch('/v1/locations/leeds', { active: false })
    expect(of(await ask({ lines: [{ sku: 'TEA' }] }), 'standard').parcels).toMatchObject([{ location: 'york' }])
    await app().patch('/v1/locations/leeds', { active: true })
    expect(of(await ask({ lines: [{ sku: 'TEA' }] }), 'standard').parcels).toMatchObject([{ location: 'leeds' }])
  })

  test('whoever is confined sees nothing else', async () => {
    const key = async (scope: object, permissions: string[]): Promise<string> => String((await app().post('/v1/api-keys', { name: 'confined', permissions, ...scope })).body['key'])
    const york = await key({ locations: ['york'] }, ['promises:read'])
    expect((await ask({ lines: [{ sku: 'TEA', quantity: 50 }] }, york)).options[0]!.parcels).toMatchObject([{ location: null, distance_km: null }])
    const till = await key({ channels: ['till'] }, ['promises:read'])
    expect((await app().post('/v1/promises', { carts: [{ channel: 'web', ship_to: TO_HOME, lines: [{ sku: 'TEA' }] }] }, { key: till })).body.errors).toMatchObject([{ code: 'unknown_channel' }])
    expect((await app().post('/v1/promises', { carts: [{ channel: 'till', ship_to: TO_HOME, lines: [{ sku: 'TEA' }] }] }, { key: till })).status).toBe(200)
    const leeds = await key({ locations: ['leeds'] }, ['promises:read'])
    expect((await app().get('/v1/availability/stores?sku=TEA', { key: leeds })).body.data).toEqual([])
  })
})

describe('stores near a place', () => {
  type Store = { location: string; distance_km: number | null; complete: boolean; articles: { quantity: number | null; band: string; counted_at: string | null; changed_at: string | null; later: object[] }[]; pickup: { ready_at: string } | null }
  const stores = async (query: string, key?: string) => (await app().get(`/v1/availability/stores?${query}`, key === undefined ? {} : { key })).body as { data: Store[]; place: { located_by: string } | null; errors?: object[] }

  test('say what is there, how old the figure is, and when it could be picked up', async () => {
    await app().post('/v1/locations', { code: 'bristol', name: 'Bristol', kind: 'store', address: { line1: '1 Quay', city: 'Bristol', country: 'GB', latitude: 51.45, longitude: -2.59 }, time_zone: 'Europe/London', capabilities: ['pickup'] })
    await shop.stock('bristol', { CUP: 30 })
    await inbound('CUP', 7, '2026-03-12', 'york')
    const near = await stores('sku=CUP&quantity=2&country=GB&latitude=53.96&longitude=-1.08')
    expect(near.data.map(({ location, complete }) => [location, complete])).toEqual([['york', false], ['bristol', true]])
    expect(near.data[0]).toMatchObject({ distance_km: 0, articles: [{ quantity: 0, band: 'none', later: [{ expected_on: '2026-03-12', quantity: 7 }] }], today: { opens: '09:00', closes: '17:30', open_now: true } })
    expect(near.data[1]).toMatchObject({ articles: [{ quantity: 30, band: 'many', counted_at: null, changed_at: START.toISOString() }], pickup: { ready_at: START.toISOString() } })
    expect((await stores('sku=CUP&in_stock=true')).data.map(({ location, distance_km }) => [location, distance_km])).toEqual([['bristol', null]])
    expect((await stores('sku=SET&store=bristol')).data).toMatchObject([{ location: 'bristol', articles: [{ quantity: 0 }] }])
  })

  test('by city or postal code, in bands for those who may not see stock, and no place is no error', async () => {
    const { key } = (await app().post('/v1/api-keys', { name: 'shop window', permissions: ['promises:read'] })).body as unknown as { key: string }
    const near = await stores('sku=CUP&country=GB&city=Harrogate&max_km=60', key)
    expect(near.data).toMatchObject([{ location: 'york', articles: [{ quantity: null, band: 'none' }] }])
    const unknown = await stores('sku=CUP&country=GB&postal_code=ZZ1&max_km=60', key)
    expect([unknown.place?.located_by, unknown.data.length]).toEqual(['nothing', 2])
    expect((await stores('sku=NOPE&store=nowhere&city=York')).errors).toMatchObject([{ code: 'unknown_sku' }, { code: 'required' }, { code: 'unknown_location' }])
  })
})
