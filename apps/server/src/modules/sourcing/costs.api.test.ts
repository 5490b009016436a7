import { expect, test } from 'vitest'
import { useApp } from '../../../test/harness/app.ts'
import { openShop } from '../../../test/harness/shop.ts'
import { DEFAULT_COST_MODEL } from './cost-model.ts'

const app = useApp()

test('the cost model is there from the start, is changed as a whole, and keeps its versions', async () => {
  await openShop(app())
  const first = await app().get('/v1/routing-costs')
  expect(first.body).toMatchObject({ cost_version: 1, definition: DEFAULT_COST_MODEL })
  const definition = {
    ...DEFAULT_COST_MODEL, unfilled_cost: 2_500,
    tariffs: [{ code: 'contract', name: 'Contract', zones: [{ zone: '1', postal_prefixes: ['LS', 'HG'] }, { zone: '2' }], weight_steps: [{ max_grams: 30_000, amounts: { 1: 250, 2: 400 } }] }],
    sites: [{ locations: ['york'], tariff: 'contract', parcel_labor: 250, unit_labor: 80 }, { tariff: 'contract', parcel_labor: null, unit_labor: 40 }],
  }
  const saved = await app().call('PUT', '/v1/routing-costs', definition, { headers: { 'if-match': '"1"' } })
  expect(saved.status, saved.text).toBe(200)
  expect(saved.body).toMatchObject({ cost_version: 2, definition })
  expect((await app().call('PUT', '/v1/routing-costs', definition, { headers: { 'if-match': '"1"' } })).status).toBe(412)
  expect((await app().call('PUT', '/v1/routing-costs', definition)).body).toMatchObject({ cost_version: 2 })
  expect((await app().get('/v1/routing-costs')).body).toMatchObject({ cost_version: 2, definition })
  expect((await app().get('/v1/routing-costs?cost_version=1')).body).toMatchObject({ cost_version: 1, definition: DEFAULT_COST_MODEL })
  expect((await app().get('/v1/routing-costs?cost_version=9')).status).toBe(404)
})

test('a model that could not price every parcel is refused, with the place of each error', async () => {
  const wrong = { ...DEFAULT_COST_MODEL, currency: 'USD', sites: [{ locations: ['atlantis'], tariff: 'inhouse-standard', parcel_labor: null, unit_labor: 0 }] }
  const answer = await app().call('PUT', '/v1/routing-costs', wrong)
  expect(answer.status).toBe(422)
  expect(answer.body.errors!.map(({ pointer, code }) => `${pointer} ${code}`)).toEqual(['/tariffs/0/carrier other_currency', '/sites/0/locations/0 unknown_location', '/sites/0 not_for_all'])
})
