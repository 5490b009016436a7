import { describe, expect, test } from 'vitest'
import { ADMIN_KEY, useApp } from '../../../test/harness/app.ts'

const app = useApp()

const staff = (email: string) => ({ email, name: 'Ann', password: 'correct horse battery', roles: [{ role: 'viewer' }] })

describe('staff', () => {
  test('signs in, is known by the cookie, and is forgotten after signing out', async () => {
    expect((await app().post('/v1/users', staff('ann@example.com'))).status).toBe(201)
    const wrong = await app().post('/v1/sessions', { email: 'ann@example.com', password: 'wrong' })
    expect([wrong.status, wrong.body.code]).toEqual([401, 'wrong_credentials'])
    const right = await app().post('/v1/sessions', { email: 'ANN@example.com', password: 'correct horse battery' })
    expect(right.status).toBe(201)
    const cookie = String(right.headers['set-cookie']).split(';')[0]!
    expect(String(right.headers['set-cookie'])).toContain('HttpOnly')
    const me = await app().application.server.inject({ url: '/v1/me', headers: { cookie } })
    expect(me.json()).toMatchObject({ kind: 'user', name: 'Ann' })
    const crossSite = await app().application.server.inject({ method: 'DELETE', url: '/v1/sessions/current', headers: { cookie, origin: 'https://evil.example' } })
    expect(crossSite.json()).toMatchObject({ code: 'cross_site' })
    const out = await app().application.server.inject({ method: 'DELETE', url: '/v1/sessions/current', headers: { cookie, 'sec-fetch-site': 'same-origin' } })
    expect(out.statusCode).toBe(204)
  })

  test('an address signs in for one person only', async () => {
    await app().post('/v1/users', staff('bob@example.com'))
    const again = await app().post('/v1/users', staff('BOB@example.com'))
    expect([again.status, again.body.code]).toEqual([409, 'already_exists'])
  })
})

describe('editing staff', () => {
  const make = async (email: string) => `/v1/users/${String((await app().post('/v1/users', staff(email))).body['id'])}`

  test('shows one with an ETag, and refuses an edit of what somebody else has changed since', async () => {
    const url = await make('gus@example.com')
    const seen = await app().get(url)
    expect([seen.status, seen.headers['etag'], seen.body['roles']]).toEqual([200, '"1"', [{ role: 'viewer', channels: null, locations: null }]])
    const headers = { 'if-match': '"1"' }
    const roles = await app().patch(url, { roles: [{ role: 'viewer' }, { role: 'store' }] }, { headers })
    expect([roles.status, roles.headers['etag'], roles.body['version']]).toEqual([200, '"2"', 2])
    // The same roles are no change, another field is free, the roles are not.
    expect((await app().patch(url, { roles: [{ role: 'store' }, { role: 'viewer' }] }, { headers })).status).toBe(200)
    expect((await app().patch(url, { name: 'Gustav' }, { headers })).headers['etag']).toBe('"3"')
    const stale = await app().patch(url, { roles: [{ role: 'viewer' }] }, { headers })
    expect([stale.status, stale.body.code]).toEqual([412, 'stale_version'])
    expect((await app().get(url)).body).toMatchObject({ name: 'Gustav', version: 3, roles: [{ role: 'store' }, { role: 'viewer' }] })
    expect((await app().get('/v1/users/usr_00000000000000000000000000')).status).toBe(404)
  })

  test('a stale new password is refused without a word of the current one', async () => {
    const url = await make('hal@example.com')
    const headers = { 'if-match': '"1"' }
    expect((await app().patch(url, { password: 'another long password' }, { headers })).status).toBe(200)
    const stale = await app().patch(url, { password: 'a third long password' }, { headers })
    expect([stale.status, stale.body.code, stale.text.includes('argon2')]).toEqual([412, 'stale_version', false])
  })

  test('two who change the roles at once do not both succeed', async () => {
    const url = await make('ida@example.com')
    const answers = await Promise.all(['store', 'warehouse', 'developer', 'customer_service'].map((role) => app().patch(url, { roles: [{ role }] }, { headers: { 'if-match': '"1"' } })))
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 412, 412, 412])
  })

  test('is found by what was typed, not by a pattern', async () => {
    await make('under_score@example.com')
    const found = async (q: string) => ((await app().get(`/v1/users?q=${encodeURIComponent(q)}`)).body.data as { email: string }[]).map(({ email }) => email)
    expect(await found('_')).toEqual(['under_score@example.com'])
    expect(await found('%')).toEqual([])
    expect(await found('R_SCORE@')).toEqual(['under_score@example.com'])
  })
})

test('a role is granted once: twice is refused, for new and for known staff', async () => {
  const roles = [{ role: 'viewer' }, { role: 'store' }, { role: 'viewer', channels: [] }]
  const made = await app().post('/v1/users', { ...staff('dot@example.com'), roles })
  expect([made.status, made.body.errors]).toEqual([422, [expect.objectContaining({ pointer: '/roles/2/role', code: 'duplicate' })]])
  const known = await app().post('/v1/users', staff('dot@example.com'))
  expect((await app().patch(`/v1/users/${String(known.body['id'])}`, { roles })).status).toBe(422)
})

describe('API keys', () => {
  test('do what they were given and no more, until they are revoked', async () => {
    const made = await app().post('/v1/api-keys', { name: 'shop', permissions: ['events:read'] })
    expect(made.status).toBe(201)
    const key = String(made.body['key'])
    expect((await app().get('/v1/events', { key })).status).toBe(200)
    const refused = await app().get('/v1/users', { key })
    expect([refused.status, refused.body.code]).toEqual([403, 'forbidden'])
    expect((await app().call('DELETE', `/v1/api-keys/${String(made.body['id'])}`)).status).toBe(200)
  })

  test('end in the future', async () => {
    const ending = (expires_at: string) => app().post('/v1/api-keys', { name: 'guest', permissions: ['events:read'], expires_at })
    for (const past of ['2020-01-01T00:00:00Z', app().clock.current().toISOString()]) {
      const made = await ending(past)
      expect([made.status, made.body.errors]).toMatchObject([422, [{ pointer: '/expires_at', code: 'in_the_past' }]])
    }
    const key = String((await ending('2026-03-03T10:00:00+00:00')).body['key'])
    expect((await app().get('/v1/events', { key })).status).toBe(200)
  })

  test('an unknown permission is named', async () => {
    const made = await app().post('/v1/api-keys', { name: 'shop', permissions: ['orders:everything'] })
    expect([made.status, made.body.errors?.[0]?.pointer]).toEqual([422, '/permissions'])
  })
})

describe('idempotency', () => {
  test('a request that makes a secret is the same request when it is sent again', async () => {
    const headers = { 'idempotency-key': 'k-secrets' }
    const first = await app().post('/v1/users', staff('eve@example.com'), { headers })
    const second = await app().post('/v1/users', staff('eve@example.com'), { headers })
    expect([first.status, second.status, second.headers['idempotency-replayed'], second.body['id']]).toEqual([201, 201, 'true', first.body['id']])

    const body = { name: 'till', permissions: ['events:read'] }
    const key = await app().post('/v1/api-keys', body, { headers: { 'idempotency-key': 'k-key' } })
    const lost = await app().post('/v1/api-keys', body, { headers: { 'idempotency-key': 'k-key' } })
    expect([key.status, lost.status, lost.body.code, lost.body['key_id']]).toEqual([201, 409, 'key_shown_once', key.body['id']])
  })

  test('callers who have not signed in share no keys', async () => {
    await app().post('/v1/users', staff('fay@example.com'))
    const headers = { 'idempotency-key': '1' }
    for (const email of ['fay@example.com', 'ann@example.com']) {
      const answer = await app().post('/v1/sessions', { email, password: 'correct horse battery' }, { headers })
      expect([email, answer.status, answer.headers['idempotency-replayed']]).toEqual([email, 201, undefined])
    }
  })

  test('the same key and body answer with the first outcome; another body is refused', async () => {
    const headers = { 'idempotency-key': 'k-1' }
    const first = await app().call('PUT', '/v1/roles/packer', { name: 'Packer', permissions: ['events:read'] }, { headers })
    const second = await app().call('PUT', '/v1/roles/packer', { permissions: ['events:read'], name: 'Packer' }, { headers })
    expect([first.status, second.status, second.headers['idempotency-replayed']]).toEqual([200, 200, 'true'])
    expect(second.body).toEqual(first.body)
    const other = await app().call('PUT', '/v1/roles/packer', { name: 'Packer 2', permissions: [] }, { headers })
    expect([other.status, other.body.code]).toEqual([422, 'idempotency_key_reused'])
  })
})

describe('bad input', () => {
  test.each([
    ['{"email":', 400, 'malformed_json'],
    ['{"email":"x@example.com","name":"a\\u0000b","password":"long enough pw","roles":[{"role":"viewer"}]}', 422, 'invalid_input'],
    [JSON.stringify({ ...staff('d@example.com'), admin: true }), 422, 'invalid_input'],
    ['{"__proto__":{"admin":true},"email":"d@example.com"}', 422, 'invalid_input'],
    [JSON.stringify({ blob: 'x'.repeat(5_000_000) }), 413, 'body_too_large'],
  ])('%# gets a precise problem', async (body, status, code) => {
    const answer = await app().post('/v1/users', body)
    expect([answer.status, answer.body.code]).toEqual([status, code])
    expect(answer.headers['content-type']).toContain('application/problem+json')
  })

  test.each([['"__proto__":1', '/__proto__'], ['"roles":[{"role":"viewer","__proto__":{}}]', '/roles/0/__proto__']])('%s is a field that nobody knows', async (field, pointer) => {
    const answer = await app().post('/v1/users', `${JSON.stringify(staff('p@example.com')).slice(0, -1)},${field}}`)
    expect(answer.body.errors).toMatchObject([{ pointer, code: 'unknown_field' }])
  })

  test('text that is not UTF-8 is refused, not guessed', async () => {
    const [before, after] = JSON.stringify(staff('latin@example.com')).split('Ann')
    const payload = Buffer.concat([Buffer.from(before!), Buffer.from([0x4a, 0xfc]), Buffer.from(after!)])
    const answer = await app().application.server.inject({ method: 'POST', url: '/v1/users', payload, headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' } })
    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([400, 'malformed_json'])
  })

  test('lists refuse what their grammar does not know', async () => {
    for (const url of ['/v1/users?filter[nope]=1', '/v1/users?sort=password', '/v1/users?after=!!', '/v1/users?limit=1000', '/v1/users?filter[created_at][gte]=2026-02-31']) {
      const answer = await app().get(url)
      expect([url, answer.status]).toEqual([url, 422])
    }
  })
})
