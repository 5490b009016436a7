import { beforeAll, describe, expect, test } from 'vitest'
import { useApp, type Answer } from '../../../test/harness/app.ts'

const app = useApp()

const keyOf = async (body: Record<string, unknown>, options?: { key: string }): Promise<string> => {
  const made = await app().post('/v1/api-keys', { name: 'k', ...body }, options)
  if (made.status !== 201) throw new Error(made.text)
  return String(made.body['key'])
}
const staff = (email: string, roles: object[]) => ({ email, name: 'Ann', password: 'correct horse battery', roles })
const outcome = ({ status, body }: Answer) => [status, body.code]

let foreman: { key: string }
let phone: { key: string }

beforeAll(async () => {
  for (const code of ['phone', 'web']) await app().post('/v1/channels', { code, name: code, kind: 'phone', currency: 'GBP' })
  await app().post('/v1/locations', { code: 'york', name: 'York', kind: 'store', address: { line1: '1', city: 'York', country: 'GB' }, time_zone: 'Europe/London' })
  await app().call('PUT', '/v1/roles/reader', { name: 'Reader', permissions: ['orders:read'] })
  foreman = { key: await keyOf({ permissions: ['identity:manage', 'identity:keys', 'orders:read'] }) }
  phone = { key: await keyOf({ permissions: ['*'], channels: ['phone'] }) }
})

describe('nobody grants more than they may themselves', () => {
  test('permissions: to keys, users and roles', async () => {
    const refused = [403, 'forbidden']
    expect(outcome(await app().post('/v1/api-keys', { name: 'k', permissions: ['*'] }, foreman))).toEqual(refused)
    expect(outcome(await app().post('/v1/users', staff('a@example.com', [{ role: 'administrator' }]), foreman))).toEqual(refused)
    expect(outcome(await app().call('PUT', '/v1/roles/mine', { name: 'Mine', permissions: ['payments:refund'] }, foreman))).toEqual(refused)
    expect((await app().post('/v1/api-keys', { name: 'k', permissions: ['orders:read'] }, foreman)).status).toBe(201)
    const reader = await app().post('/v1/users', staff('b@example.com', [{ role: 'reader' }]), foreman)
    expect(reader.status).toBe(201)
    expect(outcome(await app().patch(`/v1/users/${String(reader.body['id'])}`, { roles: [{ role: 'administrator' }] }, foreman))).toEqual(refused)
    expect((await app().call('PUT', '/v1/roles/mine', { name: 'Mine', permissions: ['orders:read'] }, foreman)).status).toBe(200)
  })

  test('places: what is left out is the caller\'s own, and no other exists', async () => {
    const second = { key: await keyOf({ permissions: ['*'] }, phone) }
    expect((await app().get('/v1/channels', second)).body.data).toMatchObject([{ code: 'phone' }])
    for (const scope of [{ channels: ['web'] }, { channels: ['phone', 'web'] }]) {
      const key = await app().post('/v1/api-keys', { name: 'k', permissions: ['orders:read'], ...scope }, phone)
      expect([key.status, key.body.errors]).toMatchObject([422, [{ pointer: '/channels', code: 'unknown_code' }]])
      const user = await app().post('/v1/users', staff('c@example.com', [{ role: 'reader', ...scope }]), phone)
      expect([user.status, user.body.errors]).toMatchObject([422, [{ pointer: '/roles/0/channels', code: 'unknown_code' }]])
    }
    const narrower = { key: await keyOf({ permissions: ['*'], locations: ['york'] }, phone) }
    expect((await app().get('/v1/me', narrower)).body).toMatchObject({ channel_ids: [expect.any(String)], location_ids: [expect.any(String)] })
    // A confined administrator makes others as confined, and no role, which would hold everywhere.
    await app().post('/v1/users', staff('d@example.com', [{ role: 'administrator', channels: null }]), phone)
    const cookie = String((await app().post('/v1/sessions', { email: 'd@example.com', password: 'correct horse battery' })).headers['set-cookie']).split(';')[0]!
    expect((await app().application.server.inject({ url: '/v1/me', headers: { cookie } })).json()).toMatchObject({ permissions: ['*'], channel_ids: [expect.any(String)] })
    expect(outcome(await app().call('PUT', '/v1/roles/wide', { name: 'Wide', permissions: ['orders:read'] }, phone))).toEqual([403, 'forbidden'])
  })
})

describe('nobody changes what may do more than they', () => {
  test('users', async () => {
    const administrator = `/v1/users/${String((await app().post('/v1/users', staff('admin@example.com', [{ role: 'administrator' }]))).body['id'])}`
    for (const patch of [{ password: 'stolen stolen stolen' }, { active: false }, { name: 'X' }, { roles: [{ role: 'reader' }] }]) {
      expect(outcome(await app().patch(administrator, patch, foreman))).toEqual([403, 'forbidden'])
      // Outside the caller's channels nobody exists.
      expect(outcome(await app().patch(administrator, patch, phone))).toEqual([404, 'not_found'])
    }
    const reader = `/v1/users/${String((await app().post('/v1/users', staff('reader@example.com', [{ role: 'reader', channels: ['web'] }]))).body['id'])}`
    expect(outcome(await app().patch(reader, { name: 'X' }, phone))).toEqual([404, 'not_found'])
    expect((await app().patch(reader, { name: 'X' }, foreman)).status).toBe(200)
  })

  test('keys', async () => {
    const url = async (body: object) => `/v1/api-keys/${String((await app().post('/v1/api-keys', { name: 'k', ...body })).body['id'])}`
    expect(outcome(await app().call('DELETE', await url({ permissions: ['*'] }), undefined, foreman))).toEqual([403, 'forbidden'])
    expect(outcome(await app().call('DELETE', await url({ permissions: ['orders:read'], channels: ['web'] }), undefined, phone))).toEqual([404, 'not_found'])
    const own = await url({ permissions: ['orders:read'], channels: ['phone'] })
    expect((await app().call('DELETE', own, undefined, phone)).status).toBe(200)
    expect(outcome(await app().call('DELETE', own, undefined, phone))).toEqual([404, 'not_found'])
  })

  test('roles', async () => {
    await app().call('PUT', '/v1/roles/cashier', { name: 'Cashier', permissions: ['payments:refund'] })
    expect(outcome(await app().call('PUT', '/v1/roles/cashier', { name: 'Cashier', permissions: [] }, foreman))).toEqual([403, 'forbidden'])
  })
})

describe('callers who are confined', () => {
  test('read no events, no audit and no jobs, which tell of everything', async () => {
    for (const scope of [{ channels: ['phone'] }, { locations: ['york'] }]) {
      const options = { key: await keyOf({ permissions: ['*'], ...scope }) }
      for (const url of ['/v1/events', '/v1/events/stream', '/v1/audit-entries', '/v1/jobs']) expect([url, ...outcome(await app().get(url, options))]).toEqual([url, 403, 'forbidden'])
    }
    expect((await app().get('/v1/audit-entries', foreman)).status).toBe(403)
    expect((await app().get('/v1/audit-entries')).status).toBe(200)
  })

  test('see the keys and users that are confined to nothing else, and what everybody is confined to', async () => {
    await keyOf({ name: 'both', permissions: ['orders:read'], channels: ['phone', 'web'] })
    await keyOf({ name: 'both, in york', permissions: ['orders:read'], channels: ['phone', 'web'], locations: ['york'] })
    await keyOf({ name: 'nowhere', permissions: ['orders:read'], channels: [] })
    await app().post('/v1/users', staff('wide@example.com', [{ role: 'reader' }]))
    await app().post('/v1/users', staff('half@example.com', [{ role: 'reader', channels: ['phone'] }, { role: 'viewer' }]))
    await app().post('/v1/users', staff('own@example.com', [{ role: 'reader', channels: ['phone'] }, { role: 'viewer', channels: [] }]))

    const keys = async (options?: { key: string }) => (await app().get('/v1/api-keys?limit=200', options)).body.data as { name: string; channels: string[] | null; locations: string[] | null }[]
    const all = await keys()
    expect(all.find(({ name }) => name === 'both, in york')).toMatchObject({ channels: ['phone', 'web'], locations: ['york'] })
    expect(all.find(({ name }) => name === 'both')).toMatchObject({ channels: ['phone', 'web'], locations: null })
    expect(all.find(({ name }) => name === 'nowhere')).toMatchObject({ channels: [], locations: null })
    const seen = await keys(phone)
    expect(seen.map(({ name }) => name)).toContain('nowhere')
    expect(seen.filter(({ channels }) => channels === null || channels.includes('web'))).toEqual([])

    const emails = async (options?: { key: string }) => ((await app().get('/v1/users?limit=200', options)).body.data as { email: string }[]).map(({ email }) => email)
    expect(await emails()).toEqual(expect.arrayContaining(['wide@example.com', 'half@example.com', 'own@example.com']))
    expect((await emails(phone)).filter((email) => /^(wide|half|own|admin)@/.test(email))).toEqual(['own@example.com'])
    expect((await app().get('/v1/users?filter[email]=own@example.com')).body.data).toMatchObject([{ roles: [{ role: 'reader', channels: ['phone'], locations: null }, { role: 'viewer', channels: [], locations: null }] }])
  })
})

test('a role is given once', async () => {
  const twice = await app().post('/v1/users', staff('e@example.com', [{ role: 'reader', channels: ['web'] }, { role: 'reader' }]))
  expect([twice.status, twice.body.errors]).toMatchObject([422, [{ pointer: '/roles/1/role', code: 'duplicate' }]])
})
