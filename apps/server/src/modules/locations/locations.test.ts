import { describe, expect, test } from 'vitest'
import { asSystem, useApp, type Answer } from '../../../test/harness/app.ts'
import { sql } from '../../platform/sql.ts'
import { updateGroup } from './commands/location-groups.ts'
import { findLocations, findLocationsByCode, loadLocations } from './index.ts'

const app = useApp()

const ADDRESS = { line1: '1 Dock Street', city: 'Leeds', postal_code: 'LS10 1NB', country: 'GB', latitude: 53.79, longitude: -1.54 }
const place = (code: string, more: object = {}) => ({ code, name: `Place ${code}`, kind: 'warehouse', address: ADDRESS, time_zone: 'Europe/London', ...more })
const add = async (code: string, more: object = {}): Promise<Answer> => {
  const answer = await app().post('/v1/locations', place(code, more))
  expect([answer.status, answer.text]).toEqual([201, expect.any(String)])
  return answer
}
const codesOf = (answer: Answer): unknown[] => answer.body.data!.map((row) => (row as { code: string }).code)
const ifMatch = (version: unknown) => ({ headers: { 'if-match': `"${String(version)}"` } })
const keyFor = async (locations: string[], permissions = ['locations:read', 'locations:write']): Promise<string> =>
  String((await app().post('/v1/api-keys', { name: 'confined', permissions, locations })).body['key'])
/** From the table: the feed waits for older transactions, also those of tests beside this one. */
const eventsOf = (type: string): Promise<{ data: Record<string, unknown> }[]> => app().application.db.rows(sql`select data from events where type = ${type} order by id`)

describe('locations', () => {
  test('are added with defaults, read back and told of', async () => {
    const made = await add('leeds')
    expect(made.body).toMatchObject({
      id: expect.stringMatching(/^loc_/), code: 'leeds', address: ADDRESS, capabilities: ['ship'], handling_cost: 0, daily_capacity: null, cut_off: '15:00',
      opening_hours: { 1: ['09:00', '17:30'] }, groups: [], closures: [], version: 1,
    })
    const read = await app().get('/v1/locations/leeds')
    expect([read.body, read.headers['etag']]).toEqual([made.body, '"1"'])
    const again = await app().post('/v1/locations', place('leeds'))
    expect([again.status, again.body.code]).toEqual([409, 'already_exists'])
    expect(await eventsOf('location.created')).toMatchObject([{ data: { location: 'leeds', country: 'GB' } }])
  })

  test.each([
    ['an unknown time zone', { time_zone: 'Europe/Leeds' }, '/time_zone'],
    ['an offset as time zone', { time_zone: '+05:00' }, '/time_zone'],
    ['hours that end before they begin', { opening_hours: { 3: ['17:00', '09:00'] } }, '/opening_hours/3'],
    ['an eighth weekday', { opening_hours: { 8: ['09:00', '17:00'] } }, '/opening_hours/8'],
    ['half of the coordinates', { address: { ...ADDRESS, longitude: undefined } }, '/address'],
    ['a cut-off that no clock shows', { cut_off: '24:00' }, '/cut_off'],
    ['an unknown capability', { capabilities: ['fly'] }, '/capabilities/0'],
    ['a capacity beyond the database', { daily_capacity: 3_000_000_000 }, '/daily_capacity'],
  ])('%s is refused in its place', async (_what, more, pointer) => {
    const answer = await app().post('/v1/locations', place('wrong', more))
    expect([answer.status, answer.body.errors?.map((error) => error.pointer)]).toEqual([422, expect.arrayContaining([pointer])])
  })

  test('are changed by field: two people may change different ones, not the same', async () => {
    await add('york')
    const moved = await app().patch('/v1/locations/york', { address: { line1: '2 Quai', city: 'Lille', country: 'FR' }, time_zone: 'Europe/Paris' }, ifMatch(1))
    expect([moved.status, moved.headers['etag']]).toEqual([200, '"2"'])
    const other = await app().patch('/v1/locations/york', { name: 'York', opening_hours: { 6: ['10:00', '24:00'] } }, ifMatch(1))
    expect(other.body).toMatchObject({ name: 'York', version: 3, opening_hours: { 6: ['10:00', '24:00'] }, address: { country: 'FR' } })
    const late = await app().patch('/v1/locations/york', { time_zone: 'Europe/London' }, ifMatch(2))
    expect(late.status).toBe(200)
    const stale = await app().patch('/v1/locations/york', { time_zone: 'Europe/Berlin' }, ifMatch(2))
    expect([stale.status, stale.body.code, stale.body['conflicts']]).toEqual([412, 'stale_version', { time_zone: 'Europe/London' }])
  })

  test('a patch that changes nothing is no change, however its address is spelled', async () => {
    const made = await add('hull', { capabilities: ['ship', 'pickup'] })
    const { longitude, latitude, ...rest } = ADDRESS
    const same = await app().patch('/v1/locations/hull', { address: { longitude, latitude, ...rest }, capabilities: ['pickup', 'ship'], handling_cost: 0 })
    expect(same.body).toEqual(made.body)
    expect(await eventsOf('location.updated')).not.toContainEqual(expect.objectContaining({ data: expect.objectContaining({ location: 'hull' }) }))
  })

  test('coordinates follow the address', async () => {
    await add('bath')
    await app().patch('/v1/locations/bath', { address: { line1: '3 Row', city: 'Bath', country: 'GB' } })
    expect((await findLocationsByCode(app().application.db, ['bath'])).get('bath')).toMatchObject({ latitude: null, longitude: null, country: 'GB' })
  })

  test('are listed by kind, capability, group, country, state and text', async () => {
    await add('shop-a', { kind: 'store', capabilities: ['ship', 'pickup'], address: { ...ADDRESS, city: 'Ayr' } })
    await add('shop-b', { kind: 'store', capabilities: ['receive_returns'], active: false, address: { ...ADDRESS, country: 'IE' } })
    await app().post('/v1/location-groups', { code: 'shops', name: 'Shops', locations: ['shop-a', 'shop-b'] })
    const listed = async (query: string): Promise<unknown[]> => codesOf(await app().get(`/v1/locations?filter[group]=shops&${query}`))
    expect(await listed('')).toEqual(['shop-a', 'shop-b'])
    expect(await listed('filter[kind]=store&filter[capability]=pickup,receive_returns')).toEqual(['shop-a', 'shop-b'])
    expect(await listed('filter[capability]=pickup')).toEqual(['shop-a'])
    expect(await listed('filter[active]=false')).toEqual(['shop-b'])
    expect(await listed('filter[country]=IE')).toEqual(['shop-b'])
    expect(await listed('q=ayr')).toEqual(['shop-a'])
    expect(await listed('q=%25')).toEqual([])
    expect(await listed('sort=-code&limit=1')).toEqual(['shop-b'])
    for (const url of ['filter[capability]=fly', 'filter[kind]=ship', 'filter[nope]=1']) expect([url, (await app().get(`/v1/locations?${url}`)).status]).toEqual([url, 422])
  })
})

describe('closures', () => {
  test('are set as a whole, shown in the calendar, and protected by If-Match', async () => {
    await add('derby')
    const set = await app().call('PUT', '/v1/locations/derby/closures', { closures: [{ closed_on: '2026-04-06' }, { closed_on: '2026-04-03', reason: 'Good Friday' }] }, ifMatch(1))
    expect([set.status, set.body['closures']]).toEqual([200, [{ closed_on: '2026-04-03', reason: 'Good Friday' }, { closed_on: '2026-04-06', reason: '' }]])
    const stale = await app().call('PUT', '/v1/locations/derby/closures', { closures: [] }, ifMatch(1))
    expect([stale.status, stale.body.code]).toEqual([412, 'stale_version'])
    const calendar = await app().get('/v1/locations/derby/calendar?from=2026-04-02&days=3')
    expect(calendar.body).toEqual({
      location: 'derby', time_zone: 'Europe/London', days: [
        { date: '2026-04-02', works: true, opens: '09:00', closes: '17:30', cut_off_at: '2026-04-02T14:00:00.000Z', closure_reason: null },
        { date: '2026-04-03', works: false, opens: null, closes: null, cut_off_at: null, closure_reason: 'Good Friday' },
        { date: '2026-04-04', works: false, opens: null, closes: null, cut_off_at: null, closure_reason: null },
      ],
    })
    expect(await eventsOf('location.closures_changed')).toHaveLength(1)
  })

  test('a day stands once, and wrong dates are refused', async () => {
    await add('poole')
    const twice = await app().call('PUT', '/v1/locations/poole/closures', { closures: [{ closed_on: '2026-04-03' }, { closed_on: '2026-04-03' }] })
    expect([twice.status, twice.body.errors?.[0]?.pointer]).toEqual([422, '/closures/1/closed_on'])
    for (const closed_on of ['2026-02-30', '0000-01-01', 'soon']) expect((await app().call('PUT', '/v1/locations/poole/closures', { closures: [{ closed_on }] })).status).toBe(422)
    for (const query of ['', '?from=9999-12-31', '?from=2026-02-30', '?from=2026-01-01&days=1000']) expect((await app().get(`/v1/locations/poole/calendar${query}`)).status).toBe(422)
  })
})

describe('groups', () => {
  test('name locations; members change as a whole and never by half', async () => {
    await add('north')
    await add('south')
    const made = await app().post('/v1/location-groups', { code: 'all-uk', name: 'All UK', locations: ['south', 'north'] })
    expect([made.status, made.body]).toEqual([201, { id: expect.stringMatching(/^grp_/), code: 'all-uk', name: 'All UK', locations: ['north', 'south'], version: 1 }])
    const wrong = await app().patch('/v1/location-groups/all-uk', { name: 'X', locations: ['north', 'nowhere'] })
    expect([wrong.status, wrong.body.errors?.[0]?.pointer]).toEqual([422, '/locations/1'])
    const changed = await app().patch('/v1/location-groups/all-uk', { name: 'UK', locations: ['south'] }, ifMatch(1))
    expect(changed.body).toMatchObject({ name: 'UK', locations: ['south'], version: 3 })
    const stale = await app().patch('/v1/location-groups/all-uk', { locations: ['north'] }, ifMatch(1))
    expect([stale.status, stale.body.code]).toEqual([412, 'stale_version'])
    expect((await app().get('/v1/locations/south')).body['groups']).toEqual(['all-uk'])
    expect(await eventsOf('location_group.updated')).toMatchObject([{ data: { group: 'all-uk', changed: ['name', 'locations'], added: [], removed: ['north'] } }])
    expect((await app().post('/v1/location-groups', { code: 'all-uk', name: 'Again' })).status).toBe(409)
    expect((await app().patch('/v1/location-groups/nope', { name: 'X' })).status).toBe(404)
  })

  test('whoever waited for another change starts from its result', async () => {
    for (const code of ['g-a', 'g-b', 'g-c']) await add(code)
    await app().post('/v1/location-groups', { code: 'rivals', name: 'Rivals' })
    const { executor } = app().application
    const sets = [['g-a'], ['g-b'], ['g-c'], ['g-a', 'g-b'], ['g-b', 'g-c'], []]
    await Promise.all(sets.map((locations) => executor.run(updateGroup, { code: 'rivals', seen_version: undefined, patch: { locations } }, asSystem)))
    const left = (await app().get('/v1/location-groups/rivals')).body
    expect(sets).toContainEqual(left['locations'])
  })
})

describe('confinement', () => {
  test('outside their locations callers see and change nothing', async () => {
    await add('mine')
    await add('yours')
    await app().post('/v1/location-groups', { code: 'mixed', name: 'Mixed', locations: ['mine', 'yours'] })
    await app().post('/v1/location-groups', { code: 'others', name: 'Others', locations: ['yours'] })
    const options = { key: await keyFor(['mine']) }
    expect(codesOf(await app().get('/v1/locations?limit=200', options))).toEqual(['mine'])
    expect((await app().get('/v1/locations/mine', options)).status).toBe(200)
    for (const url of ['/v1/locations/yours', '/v1/locations/yours/calendar?from=2026-03-03', '/v1/location-groups/others']) expect([url, (await app().get(url, options)).status]).toEqual([url, 404])
    expect((await app().patch('/v1/locations/yours', { name: 'X' }, options)).status).toBe(404)
    expect((await app().call('PUT', '/v1/locations/yours/closures', { closures: [] }, options)).status).toBe(404)
    expect((await app().get('/v1/location-groups/mixed', options)).body['locations']).toEqual(['mine'])
    expect(codesOf(await app().get('/v1/location-groups', options))).toEqual(['mixed'])
    for (const answer of [
      await app().post('/v1/locations', place('new'), options), await app().post('/v1/location-groups', { code: 'new', name: 'New' }, options),
      await app().patch('/v1/location-groups/mixed', { locations: [] }, options),
    ]) expect([answer.status, answer.body.code]).toEqual([403, 'forbidden'])
    expect((await app().patch('/v1/locations/mine', { name: 'Mine' }, options)).status).toBe(200)
  })

  test('reading takes permission, and writing more', async () => {
    const reader = { key: await keyFor(['mine'], ['locations:read']) }
    expect((await app().patch('/v1/locations/mine', { name: 'X' }, reader)).status).toBe(403)
    const nobody = { key: await keyFor(['mine'], ['events:read']) }
    expect((await app().get('/v1/locations', nobody)).status).toBe(403)
  })
})

describe('the face', () => {
  test('loads active locations with groups and the closures of sixty days; look-ups find all', async () => {
    const { db } = app().application
    await add('f-on')
    await add('f-off', { active: false })
    await app().post('/v1/location-groups', { code: 'f-b', name: 'B', locations: ['f-on'] })
    await app().post('/v1/location-groups', { code: 'f-a', name: 'A', locations: ['f-on', 'f-off'] })
    await app().call('PUT', '/v1/locations/f-on/closures', { closures: ['2026-03-01', '2026-03-02', '2026-05-02', '2026-05-03'].map((closed_on) => ({ closed_on })) })
    const loaded = (await loadLocations(db, '2026-03-03')).filter(({ code }) => code.startsWith('f-'))
    expect(loaded).toMatchObject([{ code: 'f-on', groups: ['f-a', 'f-b'], handling_cost: 0n, latitude: 53.79 }])
    expect(loaded[0]!.closures).toEqual(new Set(['2026-03-02', '2026-05-02']))
    expect(loaded[0]!.group_ids).toHaveLength(2)
    const byCode = await findLocationsByCode(db, ['f-off', 'f-on', 'nope'])
    expect([...byCode.keys()]).toEqual(['f-off', 'f-on'])
    expect(byCode.get('f-on')!.closures.size).toBe(4)
    const off = byCode.get('f-off')!
    expect((await findLocations(db, [off.id])).get(off.id)).toEqual(off)
  })
})
