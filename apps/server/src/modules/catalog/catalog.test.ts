import { describe, expect, test } from 'vitest'
import { asSystem, useApp } from '../../../test/harness/app.ts'
import { openDatabase } from '../../platform/db.ts'
import { createExecutor } from '../../platform/executor.ts'
import { sql } from '../../platform/sql.ts'
import { explodeBundles, findVariants, findVariantsBySku, gtinsOf, saveVariants } from './index.ts'

const app = useApp()

const db = () => app().application.db
const at = (sku: string, rest = '') => `/v1/variants/${encodeURIComponent(sku)}${rest}`
const make = async (sku: string, more: object = {}) => {
  const made = await app().post('/v1/variants', { sku, ...more })
  expect([sku, made.status, made.body]).toEqual([sku, 201, expect.anything()])
  return made.body
}
const eventsOf = (subject: string) => db().rows<{ type: string; data: Record<string, unknown> }>(sql`select type, data from events where data->>'sku' = ${subject} or data->>'handle' = ${subject} order by id`)

describe('products', () => {
  test('are added, shown with their variants, changed field by field', async () => {
    const made = await app().post('/v1/products', { handle: 'mug', name: 'Enamel mug', tags: ['kitchen'] })
    expect([made.status, made.headers['etag'], made.body]).toMatchObject([201, '"1"', { handle: 'mug', brand: null, variants: [] }])
    const url = `/v1/products/${String(made.body['id'])}`
    await make('MUG-RED', { product: 'mug', options: { size: 'M', color: 'red' }, price: { amount: '12.5', currency: 'GBP' } })
    const brand = await app().patch(url, { brand: 'Falcon' }, { headers: { 'if-match': '"1"' } })
    expect([brand.status, brand.headers['etag']]).toEqual([200, '"2"'])
    expect((await app().patch(url, { tags: ['camping'] }, { headers: { 'if-match': '"1"' } })).status).toBe(200)
    const stale = await app().patch(url, { brand: 'Other' }, { headers: { 'if-match': '"1"' } })
    expect([stale.status, stale.body.code, stale.body['conflicts']]).toEqual([412, 'stale_version', { brand: 'Falcon' }])
    const shown = await app().get(url)
    expect(shown.body).toMatchObject({ brand: 'Falcon', tags: ['camping'], variants: [{ sku: 'MUG-RED', product: 'mug', name: 'MUG-RED', price: { amount: '12.50', currency: 'GBP' } }] })
    expect((await eventsOf('mug')).map(({ type, data }) => [type, data['changed']])).toEqual([['product.created', undefined], ['product.updated', ['brand']], ['product.updated', ['tags']]])
    const again = await app().post('/v1/products', { handle: 'mug', name: 'Other' })
    expect([again.status, again.body.code]).toEqual([409, 'already_exists'])
  })

  test('that are switched off take their variants off sale', async () => {
    const made = await app().post('/v1/products', { handle: 'old', name: 'Old' })
    await make('OLD', { product: 'old' })
    expect((await findVariantsBySku(db(), ['OLD'])).get('OLD')?.active).toBe(true)
    await app().patch(`/v1/products/${String(made.body['id'])}`, { active: false })
    expect((await findVariantsBySku(db(), ['OLD'])).get('OLD')?.active).toBe(false)
    expect((await app().get(at('OLD'))).body['active']).toBe(true)
  })

  test('are found by words of the name and beginnings of the handle', async () => {
    await app().post('/v1/products', { handle: 'lamp-100', name: 'Lamp, 100% brass' })
    const found = async (q: string) => ((await app().get(`/v1/products?q=${encodeURIComponent(q)}`)).body.data as { handle: string }[]).map(({ handle }) => handle)
    expect(await found('BRASS lamp')).toEqual(['lamp-100'])
    expect(await found('LAMP-1')).toEqual(['lamp-100'])
    expect(await found('100%')).toEqual(['lamp-100'])
    expect(await found('1_0')).toEqual([])
    expect(await found(' ')).toHaveLength(((await app().get('/v1/products')).body.data ?? []).length)
  })
})

describe('variants', () => {
  test.each(['a/b', 'Tee Shirt, red', '100%', '50%25', 'ä?ö#ü', 'x+y&z;=', '..a', '"quoted"', 'back\\slash', '茶'.repeat(64), '🍵'.repeat(64), 'it\'s', '*'])('have any SKU: %s', async (sku) => {
    const made = await make(sku)
    const shown = await app().get(at(sku))
    expect([shown.status, shown.body['sku'], shown.body['id']]).toEqual([200, sku, made['id']])
    expect((await app().patch(at(sku), { name: 'Named' })).status).toBe(200)
    const looked = await app().get(`/v1/variants/lookup?code=${encodeURIComponent(sku)}`)
    expect([looked.body['matched_by'], (looked.body['variant'] as { sku: string }).sku]).toEqual(['sku', sku])
  })

  test.each([
    [{ sku: ' A' }, '/sku'], [{ sku: 'A\u0007' }, '/sku'], [{ sku: '..' }, '/sku'], [{ sku: 'lookup' }, '/sku'], [{ sku: 'x'.repeat(65) }, '/sku'], [{ sku: '' }, '/sku'],
    [{ price: { amount: '1.234', currency: 'GBP' } }, '/price/amount'], [{ price: { amount: '-1', currency: 'GBP' } }, '/price/amount'], [{ price: { amount: '1', currency: 'QQQ' } }, '/price/currency'],
    [{ gtin: '4006381333932' }, '/gtin'], [{ product: 'Not A Handle' }, '/product'], [{ name: ' ' }, '/name'], [{ weight_grams: 3_000_000_000 }, '/weight_grams'], [{ kind: 'digital' }, '/kind'],
    [{ custom_fields: { a: { b: 1 } } }, '/custom_fields/a'], [{ options: { size: 5 } }, '/options/size'], [{ color: 'red' }, '/color'],
  ])('refuse %j with its place', async (fields, pointer) => {
    const refused = await app().post('/v1/variants', { sku: 'WRONG', ...fields })
    expect([refused.status, refused.body.code, refused.body.errors?.[0]?.pointer]).toEqual([422, 'invalid_input', pointer])
    expect((await app().get(at('WRONG'))).status).toBe(404)
  })

  test('are changed by field; what is the same is no change', async () => {
    await make('CHANGE', { options: { size: 'M', a: 'b', longer: 'c' }, price: { amount: '1', currency: 'EUR' }, length_mm: 5 })
    const same = await app().patch(at('CHANGE'), { options: { longer: 'c', size: 'M', a: 'b' }, price: { amount: '1.00', currency: 'EUR' } })
    expect([same.status, same.headers['etag']]).toEqual([200, '"1"'])
    const changed = await app().patch(at('CHANGE'), { price: null, length_mm: null, customs_code: '6912 00', custom_fields: { season: 'AW', n: 1.5 } }, { headers: { 'if-match': '"1"' } })
    expect(changed.body).toMatchObject({ price: null, length_mm: null, customs_code: '6912 00', custom_fields: { season: 'AW', n: 1.5 }, version: 2 })
    const stale = await app().patch(at('CHANGE'), { price: { amount: '9', currency: 'EUR' } }, { headers: { 'if-match': '"1"' } })
    expect([stale.status, stale.body.code]).toEqual([412, 'stale_version'])
    expect((await eventsOf('CHANGE')).at(-1)).toMatchObject({ type: 'variant.updated', data: { changed: ['length_mm', 'customs_code', 'custom_fields', 'price'] } })
    const moved = await app().patch(at('CHANGE'), { product: 'no-such-product' })
    expect([moved.status, moved.body.errors?.[0]?.code]).toEqual([422, 'unknown_product'])
    expect((await app().patch(at('CHANGE'), { kind: 'bundle' })).status).toBe(422)
    expect((await app().patch(at('NOBODY'), { name: 'x' })).status).toBe(404)
  })

  test('get products of their own, also where handles would collide', async () => {
    const handles = []
    for (const sku of ['Own 1', 'own-1', 'OWN/1', '茶']) handles.push((await make(sku))['product'])
    expect(handles[0]).toBe('own-1')
    expect(new Set(handles).size).toBe(4)
    expect(handles[1]).toMatch(/^own-1-[0-9a-f]{12}$/)
  })

  test('of one SKU exist once', async () => {
    await make('ONCE')
    const again = await app().post('/v1/variants', { sku: 'ONCE' })
    expect([again.status, again.body.code]).toEqual([409, 'already_exists'])
    await make('once')
  })

  test('are listed, filtered and found by word, beginning of the SKU and identifier', async () => {
    await make('FIND-1', { name: 'Red woolen scarf', product: 'scarf', gtin: '036000291452' })
    await make('FIND-2', { name: 'Scarf, blue', product: 'scarf' })
    const found = async (query: string) => ((await app().get(`/v1/variants?sort=sku&${query}`)).body.data as { sku: string }[]).map(({ sku }) => sku)
    expect(await found('q=scarf')).toEqual(['FIND-1', 'FIND-2'])
    expect(await found('q=scarf%20red')).toEqual(['FIND-1'])
    expect(await found('q=find-')).toEqual(['FIND-1', 'FIND-2'])
    expect(await found('q=0036000291452')).toEqual(['FIND-1'])
    expect(await found('q=FIND_')).toEqual([])
    expect(await found('filter[product]=scarf&filter[kind]=goods&limit=1')).toEqual(['FIND-1'])
    expect((await app().get('/v1/variants?filter[kind]=digital')).status).toBe(422)
  })
})

describe('identifiers', () => {
  test('find the variant in every form of the code', async () => {
    await make('SCAN')
    const saved = await app().call('PUT', at('SCAN', '/identifiers'), { identifiers: [{ kind: 'gtin', value: '4006381333931' }, { kind: 'asin', value: ' B00EXAMPLE ' }] }, { headers: { 'if-match': '"1"' } })
    expect([saved.status, saved.headers['etag'], saved.body['identifiers']]).toEqual([200, '"2"', [{ kind: 'asin', value: 'B00EXAMPLE' }, { kind: 'gtin', value: '04006381333931' }]])
    for (const code of ['4006381333931', '04006381333931', '4006381-333931']) expect((await app().get(`/v1/variants/lookup?code=${code}`)).body['matched_by'], code).toBe('gtin')
    expect((await app().get('/v1/variants/lookup?code=B00EXAMPLE')).body['matched_by']).toBe('asin')
    expect((await app().get('/v1/variants/lookup?code=NOTHING')).status).toBe(404)
    const variant = (await findVariantsBySku(db(), ['SCAN'])).get('SCAN')!
    expect(await gtinsOf(db(), [variant.id])).toEqual(new Map([[variant.id, '04006381333931']]))
    const stale = await app().call('PUT', at('SCAN', '/identifiers'), { identifiers: [] }, { headers: { 'if-match': '"1"' } })
    expect(stale.status).toBe(412)
  })

  test('belong to one variant', async () => {
    await make('FIRST', { gtin: '96385074' })
    await make('SECOND')
    const taken = await app().call('PUT', at('SECOND', '/identifiers'), { identifiers: [{ kind: 'gtin', value: '00000096385074' }] })
    expect([taken.status, taken.body.code, taken.body['sku']]).toEqual([409, 'identifier_taken', 'FIRST'])
    const wrong = await app().call('PUT', at('SECOND', '/identifiers'), { identifiers: [{ kind: 'mpn', value: 'a' }, { kind: 'gtin', value: '123' }, { kind: 'mpn', value: 'a ' }, { kind: 'mpn', value: ' ' }] })
    expect([wrong.status, wrong.body.errors?.map(({ pointer, code }) => [pointer, code])]).toEqual([422, [
      ['/identifiers/1/value', 'invalid_gtin'], ['/identifiers/2/value', 'duplicate_identifier'], ['/identifiers/3/value', 'wrong_format'],
    ]])
    await app().call('PUT', at('FIRST', '/identifiers'), { identifiers: [] })
    expect((await app().call('PUT', at('SECOND', '/identifiers'), { identifiers: [{ kind: 'gtin', value: '96385074' }] })).status).toBe(200)
  })
})

describe('bundles', () => {
  test('explode into goods', async () => {
    for (const sku of ['CUP', 'SAUCER']) await make(sku, { weight_grams: 200 })
    await make('SET', { kind: 'bundle' })
    const saved = await app().call('PUT', at('SET', '/bundle'), { components: [{ sku: 'SAUCER', quantity: 6 }, { sku: 'CUP', quantity: 6 }] })
    expect([saved.status, saved.body['components']]).toEqual([200, [{ sku: 'CUP', name: 'CUP', quantity: 6 }, { sku: 'SAUCER', name: 'SAUCER', quantity: 6 }]])
    const bundle = (await findVariantsBySku(db(), ['SET'])).get('SET')!
    const exploded = await explodeBundles(db(), [bundle.id])
    expect(exploded.get(bundle.id)?.map(({ variant, quantity }) => [variant.sku, variant.weight_grams, quantity])).toEqual([['CUP', 200, 6], ['SAUCER', 200, 6]])
    const same = await app().call('PUT', at('SET', '/bundle'), { components: [{ sku: 'CUP', quantity: 6 }, { sku: 'SAUCER', quantity: 6 }] })
    expect([same.status, same.headers['etag']]).toEqual([200, '"2"'])
  })

  test('refuse what cannot be in them, each with its place', async () => {
    for (const [sku, kind] of [['GOODS', 'goods'], ['BOX', 'bundle'], ['OTHER-BOX', 'bundle'], ['WRAP', 'service']] as const) await make(sku, { kind })
    const components = ['NOBODY', 'BOX', 'OTHER-BOX', 'WRAP', 'GOODS', 'GOODS'].map((sku) => ({ sku, quantity: 1 }))
    const refused = await app().call('PUT', at('BOX', '/bundle'), { components })
    expect([refused.status, refused.body.errors?.map(({ pointer, code }) => [pointer, code])]).toEqual([422, [
      ['/components/0/sku', 'unknown_sku'], ['/components/1/sku', 'contains_itself'], ['/components/2/sku', 'nested_bundle'], ['/components/3/sku', 'not_goods'], ['/components/5/sku', 'duplicate_sku'],
    ]])
    const goods = await app().call('PUT', at('GOODS', '/bundle'), { components: [{ sku: 'WRAP', quantity: 1 }] })
    expect([goods.status, goods.body.code]).toEqual([409, 'not_a_bundle'])
    expect((await app().call('PUT', at('NOBODY', '/bundle'), { components: [{ sku: 'GOODS', quantity: 1 }] })).status).toBe(404)
    expect((await app().call('PUT', at('BOX', '/bundle'), { components: [] })).status).toBe(422)
  })
})

describe('many at once', () => {
  test('are inserted, updated, left alone or refused, each for itself', async () => {
    await make('BULK-1', { name: 'One', price: { amount: '1', currency: 'GBP' } })
    await make('BULK-2', { kind: 'service' })
    const saved = await app().post('/v1/variants/bulk', { variants: [
      { sku: 'BULK-1', price: { amount: '2', currency: 'GBP' }, product: 'bulk' },
      { sku: 'BULK-2', kind: 'goods' },
      { sku: 'BULK-3', product: 'bulk', product_name: 'Bulk', gtin: '012345678905' },
      { sku: 'BULK-3' },
      { sku: 'BULK-4', price: { amount: '1.999', currency: 'GBP' } },
      { sku: 'BULK-5', gtin: '12345678905' },
      { sku: 'BULK-6', gtin: '0012345678905' },
      { sku: 'BULK-2', name: 'Again' },
      { sku: 'BULK-7' },
    ] })
    expect(saved.status).toBe(200)
    expect((saved.body.data as { sku: string; outcome: string; errors: { pointer: string; code: string }[] }[]).map(({ sku, outcome, errors }) => [sku, outcome, errors[0]?.pointer, errors[0]?.code])).toEqual([
      ['BULK-1', 'updated', undefined, undefined],
      ['BULK-2', 'refused', '/variants/1/kind', 'kind_fixed'],
      ['BULK-3', 'created', undefined, undefined],
      ['BULK-3', 'refused', '/variants/3/sku', 'duplicate_sku'],
      ['BULK-4', 'refused', '/variants/4/price/amount', 'wrong_format'],
      ['BULK-5', 'refused', '/variants/5/gtin', 'invalid_gtin'],
      ['BULK-6', 'refused', '/variants/6/gtin', 'identifier_taken'],
      ['BULK-2', 'refused', '/variants/7/sku', 'duplicate_sku'],
      ['BULK-7', 'created', undefined, undefined],
    ])
    const one = (await app().get(at('BULK-1'))).body
    expect(one).toMatchObject({ name: 'One', product: 'bulk', price: { amount: '2.00', currency: 'GBP' }, version: 2 })
    expect((await eventsOf('BULK-1')).at(-1)).toMatchObject({ type: 'variant.updated', data: { changed: ['price', 'product'] } })
    const again = await app().post('/v1/variants/bulk', { variants: [{ sku: 'BULK-3', product: 'bulk', gtin: '012345678905' }, { sku: 'BULK-7', gtin: '036000291469' }] })
    expect((again.body.data as { outcome: string }[]).map(({ outcome }) => outcome)).toEqual(['unchanged', 'updated'])
    expect((await eventsOf('BULK-7')).at(-1)).toMatchObject({ data: { changed: ['identifiers'] } })
    // The edit that saw the version before the bulk update is still told apart by field.
    expect((await app().patch(at('BULK-1'), { price: null }, { headers: { 'if-match': '"1"' } })).status).toBe(412)
    expect((await app().patch(at('BULK-1'), { name: 'First' }, { headers: { 'if-match': '"1"' } })).status).toBe(200)
  })

  test('five thousand are one write, with their events', async () => {
    const variants = Array.from({ length: 5_000 }, (_, index) => ({ sku: `MANY-${index}`, name: `White hanging heart t-light holder ${index}`, price: { amount: `${index % 90}.55`, currency: 'GBP' } }))
    const { executor } = app().application
    const made = await executor.run(saveVariants, { variants }, asSystem)
    expect(new Set(made.output.outcomes.map(({ outcome }) => outcome))).toEqual(new Set(['created']))
    const changed = await executor.run(saveVariants, { variants: variants.map((variant, index) => (index % 2 === 0 ? variant : { ...variant, weight_grams: 7 })) }, asSystem)
    expect(changed.output.outcomes.filter(({ outcome }) => outcome === 'updated')).toHaveLength(2_500)
    const { count } = await db().one<{ count: number }>(sql`select count(*)::int as count from events where type like 'variant.%' and data->>'sku' like 'MANY-%'`)
    expect(count).toBe(7_500)
  })

  test('two connections that make the same SKUs at once make them once', async () => {
    const connections = await Promise.all([0, 1].map(async () => openDatabase(db().url, { max_connections: 2 })))
    const executors = connections.map((connection) => createExecutor({ db: connection, clock: app().clock, insert_jobs: async () => undefined }))
    for (let round = 0; round < 8; round++) {
      const variants = Array.from({ length: 30 }, (_, index) => ({ sku: `Race ${round}/${index}`, name: `N${index}` }))
      const outcomes = await Promise.all(executors.map((executor, index) => executor.run(saveVariants, { variants: index === 0 ? variants : variants.toReversed() }, asSystem)))
      const counts = outcomes.map(({ output }) => output.outcomes.filter(({ outcome }) => outcome === 'created').length)
      expect(counts.toSorted((a, b) => a - b)).toEqual([0, 30])
    }
    const { orphans } = await db().one<{ orphans: number }>(sql`select count(*)::int as orphans from products p where handle like 'race-%' and not exists (select from variants v where v.product_id = p.id)`)
    expect(orphans).toBe(0)
    await Promise.all(connections.map((connection) => connection.close()))
  })

  test('of nothing is refused, of 501 too', async () => {
    expect((await app().post('/v1/variants/bulk', { variants: [] })).status).toBe(422)
    expect((await app().post('/v1/variants/bulk', { variants: Array.from({ length: 501 }, (_, index) => ({ sku: `S${index}` })) })).status).toBe(422)
  })
})

test('the face answers what is known and leaves out the rest', async () => {
  await make('FACE', { price: { amount: '3', currency: 'JPY' }, weight_grams: 5 })
  const variant = (await findVariantsBySku(db(), ['FACE', 'NOBODY', 'face'])).get('FACE')!
  expect(variant).toMatchObject({ sku: 'FACE', name: 'FACE', kind: 'goods', price: 3n, price_currency: 'JPY', weight_grams: 5, length_mm: null, active: true })
  expect(await findVariants(db(), [variant.id])).toEqual(new Map([[variant.id, variant]]))
  expect(await Promise.all([findVariantsBySku(db(), []), findVariants(db(), []), explodeBundles(db(), [variant.id]), gtinsOf(db(), [])])).toEqual([new Map(), new Map(), new Map(), new Map()])
})

test('reading does not allow writing', async () => {
  const key = String((await app().post('/v1/api-keys', { name: 'reader', permissions: ['catalog:read'] })).body['key'])
  expect((await app().get('/v1/variants', { key })).status).toBe(200)
  expect((await app().post('/v1/variants', { sku: 'NO' }, { key })).status).toBe(403)
})
