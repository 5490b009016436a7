import { beforeAll, describe, expect, test } from 'vitest'
import { asSystem, useApp, type Answer } from '../../../test/harness/app.ts'
import { ids } from '../../kernel/id-kinds.ts'
import { sql } from '../../platform/sql.ts'
import { updateChannel } from './commands/update-channel.ts'
import { findChannels, findChannelsByCode, orderForms, resolveChannelSkus } from './index.ts'

const app = useApp()

const add = async (code: string, more: object = {}): Promise<Answer> => {
  const answer = await app().post('/v1/channels', { code, name: `Channel ${code}`, kind: 'web', currency: 'GBP', ...more })
  expect([answer.status, answer.text]).toEqual([201, expect.any(String)])
  return answer
}
const put = (url: string, body: object, version?: number): Promise<Answer> => app().call('PUT', url, body, version === undefined ? {} : { headers: { 'if-match': `"${version}"` } })
const codesOf = (answer: Answer): unknown[] => answer.body.data!.map((row) => (row as { code: string }).code)
const ifMatch = (version: number) => ({ headers: { 'if-match': `"${version}"` } })
/** From the table: the feed waits for older transactions, also those of tests beside this one. */
const eventsOf = (type: string): Promise<{ data: Record<string, unknown> }[]> => app().application.db.rows(sql`select data from events where type = ${type} order by id`)

beforeAll(async () => {
  for (const code of ['north', 'south', 'east']) await app().post('/v1/location-groups', { code, name: code })
  for (const sku of ['TEA', 'CUP', 'ODD']) await app().post('/v1/variants', { sku, name: `Article ${sku}` })
})

describe('channels', () => {
  test('are added with defaults, read back and told of', async () => {
    const made = await add('web')
    expect(made.body).toEqual({
      id: expect.stringMatching(/^chn_/), code: 'web', name: 'Channel web', kind: 'web', currency: 'GBP', active: true, on_shortage: 'refuse', max_splits: null, reservation_minutes: 15,
      payment_expectation: 'authorize', stock_buffer: 0, prices_include_tax: true, tax_rate_basis_points: 0, release_delay_minutes: 0, return_window_days: 30,
      location_groups: null, form_version: 0, created_at: '2026-03-03T09:00:00.000Z', version: 1,
    })
    const read = await app().get('/v1/channels/web')
    expect([read.body, read.headers['etag']]).toEqual([made.body, '"1"'])
    expect((await app().post('/v1/channels', { code: 'web', name: 'W', kind: 'web', currency: 'GBP' })).status).toBe(409)
    expect(await eventsOf('channel.created')).toMatchObject([{ data: { channel: 'web', kind: 'web', currency: 'GBP' } }])
  })

  test.each([
    ['a currency that is none', { currency: 'ZZZ' }, '/currency'],
    ['an unknown group', { location_groups: ['north', 'west'] }, '/location_groups/1'],
    ['no group at all', { location_groups: [] }, '/location_groups'],
    ['a tax above everything', { tax_rate_basis_points: 10_001 }, '/tax_rate_basis_points'],
    ['no locations to split over', { max_splits: 0 }, '/max_splits'],
    ['a field nobody knows', { colour: 'red' }, '/colour'],
  ])('%s is refused in its place', async (_what, more, pointer) => {
    const answer = await app().post('/v1/channels', { code: 'wrong', name: 'W', kind: 'web', currency: 'GBP', ...more })
    expect([answer.status, answer.body.errors?.map((error) => error.pointer)]).toEqual([422, expect.arrayContaining([pointer])])
  })

  test('policies and groups are changed by field', async () => {
    await add('shop', { location_groups: ['south', 'north'] })
    const changed = await app().patch('/v1/channels/shop', { on_shortage: 'backorder', location_groups: ['south', 'east'] }, ifMatch(1))
    expect(changed.body).toMatchObject({ on_shortage: 'backorder', location_groups: ['east', 'south'], version: 3 })
    const other = await app().patch('/v1/channels/shop', { stock_buffer: 2 }, ifMatch(1))
    expect(other.body).toMatchObject({ stock_buffer: 2, version: 4 })
    for (const patch of [{ location_groups: null }, { on_shortage: 'hold' }]) {
      const stale = await app().patch('/v1/channels/shop', patch, ifMatch(1))
      expect([patch, stale.status, stale.body.code]).toEqual([patch, 412, 'stale_version'])
    }
    const all = await app().patch('/v1/channels/shop', { location_groups: null }, ifMatch(3))
    expect(all.body['location_groups']).toBeNull()
    const same = await app().patch('/v1/channels/shop', { location_groups: null, stock_buffer: 2 })
    expect(same.body).toEqual(all.body)
    expect((await eventsOf('channel.updated')).map(({ data }) => data['changed'])).toEqual(expect.arrayContaining([['on_shortage', 'location_groups'], ['stock_buffer'], ['location_groups']]))
    expect((await app().patch('/v1/channels/shop', { currency: 'EUR' })).status).toBe(422)
    expect((await app().patch('/v1/channels/nope', { name: 'X' })).status).toBe(404)
  })

  test('whoever waited for another change of groups starts from its result', async () => {
    await add('rivals')
    const sets = [['north'], ['south'], ['east'], ['north', 'south'], null]
    await Promise.all(sets.map((location_groups) => app().application.executor.run(updateChannel, { code: 'rivals', seen_version: undefined, patch: { location_groups } }, asSystem)))
    expect(sets).toContainEqual((await app().get('/v1/channels/rivals')).body['location_groups'])
  })

  test('are listed by kind, currency, state and text', async () => {
    await add('list-a', { kind: 'pos', currency: 'EUR' })
    await add('list-b', { active: false })
    const listed = async (query: string): Promise<unknown[]> => codesOf(await app().get(`/v1/channels?q=list-&${query}`))
    expect([await listed(''), await listed('filter[kind]=pos'), await listed('filter[currency]=GBP'), await listed('filter[active]=true'), await listed('sort=-name&limit=1')])
      .toEqual([['list-a', 'list-b'], ['list-a'], ['list-b'], ['list-a'], ['list-b']])
  })
})

describe('channel SKUs', () => {
  test('are mapped one by one: a wrong one leaves the others be', async () => {
    await add('amazon', { kind: 'marketplace' })
    const url = '/v1/channels/amazon/skus'
    const first = await put(url, { skus: [{ channel_sku: 'A-1', sku: 'TEA' }, { channel_sku: 'A-2', sku: 'NONE' }, { channel_sku: 'A-1', sku: 'CUP' }, { channel_sku: 'a/b "c" ü', sku: 'CUP' }] })
    expect(first.body.data).toMatchObject([
      { channel_sku: 'A-1', outcome: 'created', errors: [] }, { outcome: 'refused', errors: [{ pointer: '/skus/1/sku', code: 'unknown_sku' }] },
      { outcome: 'refused', errors: [{ pointer: '/skus/2/channel_sku', code: 'duplicate' }] }, { outcome: 'created' },
    ])
    const second = await put(url, { skus: [{ channel_sku: 'A-1', sku: 'ODD' }, { channel_sku: 'a/b "c" ü', sku: 'CUP' }] })
    expect(second.body.data).toMatchObject([{ outcome: 'changed' }, { outcome: 'unchanged' }])
    expect((await app().get(url)).body.data).toEqual([{ channel_sku: 'A-1', sku: 'ODD' }, { channel_sku: 'a/b "c" ü', sku: 'CUP' }])
    expect((await app().get(`${url}?filter[sku]=CUP&q=%22c%22`)).body.data).toHaveLength(1)
    expect((await eventsOf('channel_sku.mapped')).map(({ data }) => [data['channel_sku'], data['before'], data['sku']]))
      .toEqual(expect.arrayContaining([['A-1', null, 'TEA'], ['a/b "c" ü', null, 'CUP'], ['A-1', 'TEA', 'ODD']]))
  })

  test('are listed page by page, and several may mean one variant', async () => {
    await add('pages')
    await put('/v1/channels/pages/skus', { skus: Array.from({ length: 5 }, (_, index) => ({ channel_sku: `P${index}`, sku: 'TEA' })) })
    const seen: unknown[] = []
    for (let after = ''; ;) {
      const page = await app().get(`/v1/channels/pages/skus?limit=2${after}`)
      seen.push(...page.body.data!.map((row) => (row as { channel_sku: string }).channel_sku))
      const { next } = page.body['page'] as { next: string | null }
      if (next === null) break
      after = `&after=${next}`
    }
    expect(seen).toEqual(['P0', 'P1', 'P2', 'P3', 'P4'])
  })

  test('are forgotten one by one, whatever they are called', async () => {
    await add('ebay')
    const strange = ['..', 'a/b?c=1', '名'.repeat(128)]
    await put('/v1/channels/ebay/skus', { skus: strange.map((channel_sku) => ({ channel_sku, sku: 'TEA' })) })
    for (const channel_sku of strange) {
      const url = `/v1/channels/ebay/skus?channel_sku=${encodeURIComponent(channel_sku)}`
      expect([(await app().call('DELETE', url)).status, (await app().call('DELETE', url)).status]).toEqual([204, 404])
    }
    expect((await app().get('/v1/channels/ebay/skus')).body.data).toEqual([])
  })
})

describe('order forms', () => {
  const FIELDS = [
    { key: 'gift', label: 'Gift?', type: 'boolean', applies_to: 'order', default: false },
    { key: 'card', label: 'Text of the card', type: 'text', applies_to: 'order', max_length: 80, pattern: '[^<>]*', required_if: { field: 'gift', equals: true } },
    { key: 'level', label: 'Level', type: 'number', applies_to: 'line', default: 2.5, min: 0 },
    { key: 'colors', label: 'Colors', type: 'multi_choice', applies_to: 'line', choices: ['red', 'blue'], default: ['red'] },
  ]

  test('have versions; each stays as it was', async () => {
    await add('mail')
    const url = '/v1/channels/mail/order-form'
    expect((await app().get(url)).body).toEqual({ channel: 'mail', form_version: 0, fields: [], created_at: null })
    const first = await put(url, { fields: FIELDS }, 0)
    expect([first.status, first.headers['etag'], first.body]).toEqual([200, '"1"', { channel: 'mail', form_version: 1, fields: FIELDS, created_at: '2026-03-03T09:00:00.000Z' }])
    const respelled = FIELDS.map((field) => Object.fromEntries(Object.entries(field).toReversed()))
    expect((await put(url, { fields: respelled })).body['form_version']).toBe(1)
    const stale = await put(url, { fields: [] }, 0)
    expect([stale.status, stale.body.code]).toEqual([412, 'stale_version'])
    expect((await put(url, { fields: FIELDS.slice(0, 1) }, 1)).body['form_version']).toBe(2)
    expect((await app().get(`${url}?form_version=1`)).body['fields']).toEqual(FIELDS)
    expect((await app().get(url)).body['fields']).toEqual(FIELDS.slice(0, 1))
    expect((await app().get(`${url}?form_version=3`)).status).toBe(404)
    expect((await app().get('/v1/channels/mail')).body).toMatchObject({ form_version: 2, version: 3 })
    expect((await eventsOf('channel.order_form_saved')).map(({ data }) => data['form_version'])).toEqual([1, 2])
  })

  test('are numbered without a gap, however many write at once', async () => {
    await add('busy')
    const answers = await Promise.all([1, 2, 3, 4].map((number) => put('/v1/channels/busy/order-form', { fields: [{ ...FIELDS[0], label: `Gift ${number}` }] })))
    expect(new Set(answers.map(({ body }) => body['form_version']))).toEqual(new Set([1, 2, 3, 4]))
  })

  test('wrong ones are refused in their places', async () => {
    await add('wrong-forms')
    const url = '/v1/channels/wrong-forms/order-form'
    for (const [field, pointer] of [
      [{ ...FIELDS[0], key: 'Not Snake' }, '/fields/0/key'], [{ ...FIELDS[0], type: 'color' }, '/fields/0/type'], [{ ...FIELDS[1] }, '/fields/0/required_if/field'],
      [{ ...FIELDS[2], pattern: '(a+)+' }, '/fields/0/pattern'], [{ ...FIELDS[0], default: 'yes' }, '/fields/0/default'], [{ ...FIELDS[3], choices: undefined }, '/fields/0/choices'],
    ] as const) {
      const answer = await put(url, { fields: [field] })
      expect([pointer, answer.status, answer.body.errors?.map((error) => error.pointer)]).toEqual([pointer, 422, expect.arrayContaining([pointer])])
    }
  })
})

describe('confinement', () => {
  test('outside their channels callers see and change nothing', async () => {
    await add('mine')
    await add('yours')
    const made = await app().post('/v1/api-keys', { name: 'confined', permissions: ['channels:read', 'channels:write'], channels: ['mine'] })
    const options = { key: String(made.body['key']) }
    expect(codesOf(await app().get('/v1/channels', options))).toEqual(['mine'])
    for (const url of ['/v1/channels/yours', '/v1/channels/yours/skus', '/v1/channels/yours/order-form']) expect([url, (await app().get(url, options)).status]).toEqual([url, 404])
    const writes = [
      await app().patch('/v1/channels/yours', { name: 'X' }, options), await app().call('PUT', '/v1/channels/yours/order-form', { fields: [] }, options),
      await app().call('PUT', '/v1/channels/yours/skus', { skus: [{ channel_sku: 'x', sku: 'TEA' }] }, options), await app().call('DELETE', '/v1/channels/yours/skus?channel_sku=x', undefined, options),
    ]
    expect(writes.map(({ status }) => status)).toEqual([404, 404, 404, 404])
    expect((await app().post('/v1/channels', { code: 'new', name: 'N', kind: 'web', currency: 'GBP' }, options)).status).toBe(403)
    expect((await app().patch('/v1/channels/mine', { name: 'Mine' }, options)).status).toBe(200)
  })
})

describe('the face', () => {
  test('finds channels, SKUs and forms of a whole batch', async () => {
    const { db } = app().application
    await add('face-a', { location_groups: ['south', 'north'] })
    await add('face-b', { active: false })
    await put('/v1/channels/face-a/skus', { skus: [{ channel_sku: 'X', sku: 'TEA' }, { channel_sku: '"q\\', sku: 'CUP' }, { channel_sku: 'unasked', sku: 'ODD' }] })
    await put('/v1/channels/face-b/skus', { skus: [{ channel_sku: 'X', sku: 'CUP' }] })
    await put('/v1/channels/face-a/order-form', { fields: [{ key: 'note', label: 'Note', type: 'text', applies_to: 'order' }] })
    const channels = await findChannelsByCode(db, ['face-a', 'face-b', 'nope'])
    const [a, b] = [channels.get('face-a')!, channels.get('face-b')!]
    expect([channels.size, a.group_ids?.length, a.location_groups, b.group_ids, b.active]).toEqual([2, 2, ['north', 'south'], null, false])
    expect((await findChannels(db, [a.id, b.id])).get(a.id)).toEqual(a)

    const pairs = [{ channel_id: a.id, channel_sku: 'X' }, { channel_id: b.id, channel_sku: 'X' }, { channel_id: a.id, channel_sku: '"q\\' }, { channel_id: b.id, channel_sku: '"q\\' }, { channel_id: a.id, channel_sku: 'X' }]
    const skus = await resolveChannelSkus(db, pairs)
    const variant = async (sku: string) => ids.variant.parse(String((await app().get(`/v1/variants/${sku}`)).body['id']))
    expect(Object.fromEntries(skus)).toEqual({ [`${a.id} X`]: await variant('TEA'), [`${b.id} X`]: await variant('CUP'), [`${a.id} "q\\`]: await variant('CUP') })

    const forms = await orderForms(db, [{ channel_id: a.id, form_version: 1 }, { channel_id: b.id, form_version: 0 }, { channel_id: a.id, form_version: 1 }])
    expect([forms.get(a.id)?.map(({ key }) => key), forms.get(b.id)]).toEqual([['note'], []])
  })
})
