import { beforeAll, describe, expect, test } from 'vitest'
import { useApp } from '../../../test/harness/app.ts'
import { openShop } from '../../../test/harness/shop.ts'
import type { RateTable } from './rates.ts'

const app = useApp()
beforeAll(async () => { await openShop(app()) })

describe('rates', () => {
  test('are quoted from the location to the address, the cheapest first, with the reason why others do not go', async () => {
    const quoted = await app().post('/v1/rates/quote', { location: 'leeds', ship_to: { country: 'GB', latitude: 51.51, longitude: -0.12 }, packages: [{ weight_grams: 1_200 }] })
    expect(quoted.status, quoted.text).toBe(200)
    expect((quoted.body.data as { service: string }[]).map(({ service }) => service)).toEqual(['economy', 'standard', 'next_day'])
    expect(quoted.body['refused']).toMatchObject([{ service: 'same_day', code: 'service_not_in_zone' }])
    const nowhere = await app().post('/v1/rates/quote', { location: 'atlantis', ship_to: { country: 'GB' }, packages: [{ weight_grams: 1 }] })
    expect(nowhere.body.errors?.[0]?.pointer).toBe('/location')
  })

  test('are data with versions: a wrong table changes nothing, a stale one is refused', async () => {
    const current = await app().get('/v1/rate-tables/inhouse')
    expect([current.headers['etag'], current.body['table_version']]).toEqual(['"1"', 1])
    const table = current.body['definition'] as RateTable
    const wrong = await app().call('PUT', '/v1/rate-tables/inhouse', { ...table, max_weight_grams: 90_000 })
    expect([wrong.status, wrong.body.errors?.[0]?.pointer]).toEqual([422, '/services/3/weight_steps'])
    const same = await app().call('PUT', '/v1/rate-tables/inhouse', table)
    expect(same.body['table_version']).toBe(1)
    const dearer = { ...table, services: table.services.map((service) => ({ ...service, factor_percent: service.factor_percent * 2 })) }
    expect((await app().call('PUT', '/v1/rate-tables/inhouse', dearer, { headers: { 'if-match': '"1"' } })).body['table_version']).toBe(2)
    const stale = await app().call('PUT', '/v1/rate-tables/inhouse', table, { headers: { 'if-match': '"1"' } })
    expect([stale.status, stale.body.code]).toEqual([412, 'stale_version'])
    expect((await app().call('PUT', '/v1/rate-tables/ups', table)).status).toBe(404)
  })
})
