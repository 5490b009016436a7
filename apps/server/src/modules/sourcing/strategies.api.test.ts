import { beforeAll, describe, expect, test } from 'vitest'
import { useApp, type Answer } from '../../../test/harness/app.ts'
import { openShop, type Shop } from '../../../test/harness/shop.ts'
import { DAY_MS, HOUR_MS } from '../../kernel/time.ts'
import { DEFAULT_STRATEGIES } from './strategy.ts'

const app = useApp()
let shop: Shop
beforeAll(async () => {
  shop = await openShop(app())
  await shop.stock('leeds', { TEA: 100_000 })
  await shop.stock('london', { TEA: 100_000 })
})

type Version = { id: string; code: string; strategy_version: number | null; active: boolean; version: number; rules: Record<string, unknown>[] }
const strategies = async () => (await app().get('/v1/routing-strategies')).body.data as Version[]
const active = async (): Promise<string> => (await strategies()).filter((one) => one.active).map(({ code, strategy_version }) => `${code} ${strategy_version ?? 'draft'}`).join()

/** One rule for all orders that prefers the location. */
const only = (location: string, given: object = {}) => [{ ...DEFAULT_STRATEGIES[0]!.rules[1]!, id: location, name: `From ${location}`, filters: [{ type: 'location', any_of: [location] }], ...given }]
const save = (code: string, rules: object[], given: object = {}) => app().post('/v1/routing-strategies', { code, name: code, rules, ...given })
const saved = async (code: string, rules: object[], given: object = {}): Promise<string> => {
  const answer = await save(code, rules, given)
  expect(answer.status, answer.text).toBe(201)
  return String(answer.body['id'])
}
const activate = (id: string, body: object = {}) => app().post(`/v1/routing-strategies/${id}/activate`, body)
const routed = async (): Promise<string> => {
  const order = await shop.order({ lines: [{ sku: 'TEA', quantity: 1 }] })
  const routing = await app().get(`/v1/orders/${String(order.body['id'])}/routing`)
  return (routing.body['allocations'] as { location: string }[]).map(({ location }) => location).join()
}
const pointers = ({ body }: Answer): string[] => (body.errors ?? []).map(({ pointer, code }) => `${pointer} ${code}`)

describe('strategies', () => {
  test('that are shown can be saved again as the next version', async () => {
    const [first] = await strategies()
    const again = await save(first!.code, first!.rules)
    expect([again.status, again.body['strategy_version']], again.text).toEqual([201, first!.strategy_version! + 1])
  })

  test('saved by many at once count on, and activated by many at once leave one in use', async () => {
    const [{ rules } = { rules: [] }] = await strategies()
    const answers = await Promise.all(Array.from({ length: 8 }, () => save('rivals', rules)))
    expect(new Set(answers.map(({ body }) => body['strategy_version']))).toEqual(new Set([1, 2, 3, 4, 5, 6, 7, 8]))
    const activated = await Promise.all(answers.map(({ body }) => activate(String(body['id']))))
    expect(activated.map(({ status }) => status)).toEqual(answers.map(() => 200))
    expect((await strategies()).filter((one) => one.active)).toHaveLength(1)
  })

  test('are drafts until they are saved, and never change after', async () => {
    const id = await saved('drafted', only('leeds'), { draft: true })
    const draft = await app().get(`/v1/routing-strategies/${id}`)
    expect(draft.body).toMatchObject({ strategy_version: null, version: 1 })
    const first = await app().patch(`/v1/routing-strategies/${id}`, { rules: only('london') }, { headers: { 'if-match': String(draft.headers['etag']) } })
    expect(first.status, first.text).toBe(200)
    const stale = await app().patch(`/v1/routing-strategies/${id}`, { rules: only('york') }, { headers: { 'if-match': String(draft.headers['etag']) } })
    expect([stale.status, stale.body.code]).toEqual([412, 'stale_version'])
    expect((await activate(id)).body.code).toBe('strategy_is_draft')
    const version = await app().post(`/v1/routing-strategies/${id}/save`)
    expect(version.body, version.text).toMatchObject({ strategy_version: 1, proofs: [expect.stringContaining('No order falls through')] })
    for (const answer of [await app().patch(`/v1/routing-strategies/${id}`, { name: 'x' }), await app().call('DELETE', `/v1/routing-strategies/${id}`), await app().post(`/v1/routing-strategies/${id}/save`)]) expect([answer.status, answer.body.code]).toEqual([409, 'strategy_saved'])
    const thrown = await saved('drafted', [{ anything: 'goes' }], { draft: true })
    expect((await app().get(`/v1/routing-strategies/${thrown}?sentences=true`)).status).toBe(422)
    expect((await app().post(`/v1/routing-strategies/${thrown}/save`)).status).toBe(422)
    expect((await app().call('DELETE', `/v1/routing-strategies/${thrown}`)).status).toBe(200)
    expect((await app().get(`/v1/routing-strategies/${thrown}`)).status).toBe(404)
  })

  test('route from the next batch on, for a time, and back again', async () => {
    const leeds = await saved('leeds', only('leeds'))
    const london = await saved('london', only('london'))
    await activate(leeds)
    expect(await routed()).toBe('leeds')
    const now = app().clock.now(new Date()).getTime()
    const at = (ms: number): string => new Date(now + ms).toISOString()
    expect((await activate(london, { from: at(HOUR_MS), until: at(2 * HOUR_MS) })).body['active']).toBe(false)
    expect(await routed()).toBe('leeds')
    app().clock.advance(HOUR_MS)
    expect([await routed(), await active()]).toEqual(['london', 'london 1'])
    app().clock.advance(HOUR_MS)
    expect(await routed()).toBe('leeds')
    // Rolling back is activating an older version.
    await activate(london)
    expect(await routed()).toBe('london')
    await activate(leeds)
    expect(await routed()).toBe('leeds')
    expect(pointers(await activate(london, { from: at(0) }))).toEqual(['/from in_the_past'])
    expect(pointers(await activate(london, { from: at(5 * HOUR_MS), until: at(4 * HOUR_MS) }))).toEqual(['/until wrong_order'])
  })

  test('that are scheduled can be taken back; one always stays', async () => {
    const leeds = await saved('leeds', only('leeds'))
    await activate(leeds)
    const later = new Date(app().clock.now(new Date()).getTime() + DAY_MS).toISOString()
    await activate(leeds, { from: later })
    const list = async () => (await app().get('/v1/routing-activations')).body.data as { id: string; from_at: string; canceled_at: string | null }[]
    const [scheduled] = await list()
    expect(scheduled!.from_at).toBe(later)
    expect((await app().call('DELETE', `/v1/routing-activations/${scheduled!.id}`)).status).toBe(200)
    expect((await app().call('DELETE', `/v1/routing-activations/${scheduled!.id}`)).body.code).toBe('activation_over')
    const left = (await list()).filter(({ canceled_at }) => canceled_at === null)
    const answers: Answer[] = []
    for (const { id } of left) answers.push(await app().call('DELETE', `/v1/routing-activations/${id}`))
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(0)
    expect(answers.filter(({ body }) => body.code === 'last_activation')).toHaveLength(1)
    await activate(leeds)
  })

  test('have one history with who and when, and differences', async () => {
    const before = await saved('changed', only('leeds'))
    const after = await saved('changed', [...only('london', { id: 'leeds', fallback: { action: 'next_rule', keep_partial: true } }), ...only('york')])
    await activate(after)
    const history = (await app().get('/v1/routing-history?limit=3')).body.data as { what: string; code: string; strategy_version: number; caller: string; at: string }[]
    expect(history.map(({ what, code, strategy_version }) => `${what} ${code} ${strategy_version}`)).toEqual(['activate_strategy changed 2', 'save_strategy changed 2', 'save_strategy changed 1'])
    expect(history.every(({ caller, at }) => caller !== '' && at !== '')).toBe(true)
    const { data } = (await app().get(`/v1/routing-strategies/${after}/diff?against=${before}`)).body as unknown as { data: { id: string; change: string; field: string | null }[] }
    expect(data.map(({ id, change, field }) => `${id} ${change} ${field ?? ''}`)).toEqual(['leeds changed name', 'leeds changed filters', 'leeds changed fallback', 'york added '])
  })

  test('name only what there is', async () => {
    const conditions = [{ type: 'channel', any_of: ['web', 'shop'] }, { any: [{ not: { type: 'order_field', field: 'gift', any_of: [true] } }, { type: 'shipping_method', any_of: ['drone'] }] }]
    const answer = await save('unknown', only('leeds', { conditions, location_groups: ['stores'], filters: [{ type: 'location', none_of: ['paris'] }] }))
    expect([answer.status, ...pointers(answer)]).toEqual([422, '/rules/0/conditions/0/any_of/1 unknown_channel', '/rules/0/conditions/1/any/0/not/field unknown_order_field', '/rules/0/conditions/1/any/1/any_of/0 unknown_shipping_method', '/rules/0/filters/0/none_of/0 unknown_location', '/rules/0/location_groups/0 unknown_location_group'])
  })

  test('say themselves in plain sentences', async () => {
    const id = await saved('said', only('leeds', { conditions: [{ type: 'channel', any_of: ['web'] }, { any: [{ type: 'weight', at_least_grams: 20_000 }, { not: { type: 'country', any_of: ['GB'] } }] }], split: { max_locations: 2, keep_lines_whole: false, min_value: { currency: 'GBP', amount: '20.00' }, keep_together: { bundles: true, tags: ['set'] } }, fallback: { action: 'queue', queue: 'by-hand', cancel_after_days: 7 } }))
    const { sentences } = (await app().get(`/v1/routing-strategies/${id}?sentences=true`)).body as unknown as { sentences: { rules: { sentences: string[] }[]; rest: string } }
    expect(sentences.rules[0]!.sentences).toEqual([
      'This rule is for orders that come from the channel "web", and (weigh at least 20000 grams, or are not those that (go to the country "GB")).',
      'Only locations may be used that are "leeds".',
      'Prefer the fewest locations, then the nearest, then the lowest priority number.',
      'The order may be split over at most 2 locations.',
      'It is split only where each new part is worth at least 20.00 GBP; orders in another currency are split as they come.',
      'These come from one location or from none: the components of a bundle; items tagged "set".',
      'A line comes from one location or from none.',
      'What it cannot place stands in the queue "by-hand"; the rest of the order goes on. What still has no location after 7 days is canceled.',
    ])
    expect(sentences.rest).toContain('as its channel says')
  })

  test('are linted without being saved, and on saving', async () => {
    const rules = [...only('leeds', { conditions: [{ type: 'units', at_least: 5 }, { type: 'units', below: 3 }] }), ...only('london', { conditions: [{ type: 'channel', any_of: ['web'] }] })]
    const answer = await app().post('/v1/routing-strategies/lint', { rules })
    expect(answer.status, answer.text).toBe(200)
    expect((answer.body['findings'] as { kind: string; witness: { channel: string } }[]).map(({ kind, witness }) => `${kind} ${witness.channel}`)).toEqual(['contradictory till', 'falls_through till'])
    expect((await save('linted', rules)).body['findings']).toEqual(answer.body['findings'])
  })
})

describe('examples', () => {
  const order = { channel: 'web', destination: { country: 'GB' }, lines: [{ sku: 'TEA', quantity: 2 }] }
  const example = { name: 'Tea comes from Leeds', order, expect: { rule: 'leeds', outcome: 'filled', locations: ['leeds'] } }

  test('run on the present stock or on their own, and keep a strategy from being activated', async () => {
    const good = await save('exemplary', only('leeds'), { examples: [example, { ...example, name: 'Two of three', stock: [{ location: 'leeds', sku: 'TEA', available: 1 }], expect: { outcome: 'refuse' } }] })
    expect((good.body['examples'] as { passed: boolean }[]).map(({ passed }) => passed), good.text).toEqual([true, true])
    expect((await activate(String(good.body['id']))).status).toBe(200)
    const bad = await save('exemplary', only('london'), { examples: [{ ...example, expect: { locations: ['leeds'] } }] })
    expect(bad.body['examples']).toMatchObject([{ passed: false, mismatches: ['Expected locations leeds, got london.'], got: { locations: ['london'] } }])
    const refused = await activate(String(bad.body['id']))
    expect([refused.status, refused.body.code], refused.text).toEqual([409, 'examples_fail'])
    expect(refused.text).toContain('got london')
    expect(await active()).toBe('exemplary 1')
    expect((await activate(String(bad.body['id']), { accept_failing_examples: true })).body['active']).toBe(true)
    const [entry] = (await app().get('/v1/routing-history?limit=1')).body.data as { changes: { activation: { after: object } } }[]
    expect(entry!.changes.activation.after).toMatchObject({ failing_examples: ['Tea comes from Leeds'] })
  })

  test('may have a network of their own, where everything is as they say', async () => {
    const locations = [{ code: 'a', kind: 'store', latitude: 53.8, longitude: -1.5 }, { code: 'b', latitude: 51.5, longitude: 0, custom_fields: { cold: true } }]
    const rules = [{ ...only('leeds')[0], filters: [{ type: 'location_field', field: 'cold', any_of: [true] }] }]
    const answer = await save('networked', rules, { examples: [{ name: 'Cold', order: { ...order, lines: [{ sku: 'ICE', quantity: 1 }] }, locations, stock: [{ location: 'a', sku: 'ICE', available: 5 }, { location: 'b', sku: 'ICE', available: 5 }], expect: { allocations: [{ location: 'b', sku: 'ICE', quantity: 1 }] } }] })
    expect(answer.body['examples'], answer.text).toMatchObject([{ passed: true }])
  })

  test('that cannot be asked are refused with the place', async () => {
    const wrong = [{ ...example, order: { ...order, channel: 'nobody' } }, { ...example, name: 'Unknown', order: { ...order, lines: [{ sku: 'GONE', quantity: 1 }] }, expect: { rule: 'gone' } }, { ...example, order: { ...order, value: '1.005' } }]
    expect(pointers(await save('wrong', only('leeds'), { examples: wrong }))).toEqual(['/examples/0/order/channel unknown_channel', '/examples/1/order/lines/0/sku unknown_sku', '/examples/1/expect/rule unknown_rule', '/examples/2/name duplicate', '/examples/2/order/value invalid_amount'])
    expect(pointers(await save('wrong', only('leeds'), { examples: [{ ...example, expect: {} }, { ...example, order: { ...order, lines: [] } }] })).map((one) => one.split(' ')[0])).toEqual(['/examples/0/expect', '/examples/1/order/lines'])
  })
})
