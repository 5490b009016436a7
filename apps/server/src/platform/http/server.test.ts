import { describe, expect, test } from 'vitest'
import { useApp } from '../../../test/harness/app.ts'

const app = useApp()

describe('an address that cannot be read', () => {
  test.each([['/v1/orders/%zz', 400, 'malformed_url'], ['/v1/%', 400, 'malformed_url'], [`/v1/orders/${'x'.repeat(300)}`, 404, 'not_found']])('%s is a problem like any other', async (url, status, code) => {
    const answer = await app().get(url)
    expect([answer.status, answer.body.code, String(answer.headers['content-type']).split(';')[0], answer.headers['x-content-type-options']]).toEqual([status, code, 'application/problem+json', 'nosniff'])
    expect(answer.headers['x-request-id']).toBe(answer.body['request_id'])
  })
})

describe('an idempotency key', () => {
  test('that no database can hold is refused in words', async () => {
    const answer = await app().post('/v1/stock/moves', {}, { headers: { 'idempotency-key': 'a\0b' } })
    expect(answer.status).toBe(422)
    const roles = await app().call('PUT', '/v1/roles/night_shift', { name: 'Night shift', permissions: [] }, { headers: { 'idempotency-key': 'a\0b' } })
    expect([roles.status, roles.body.errors?.[0]]).toEqual([422, expect.objectContaining({ pointer: '/headers/idempotency-key', code: 'unstorable_text' })])
  })

  test('means nothing to a reading', async () => {
    expect((await app().get('/v1/me', { headers: { 'idempotency-key': 'k'.repeat(300), 'if-match': 'three' } })).status).toBe(200)
  })
})

test('what a route does not ask for cannot be wrong', async () => {
  expect((await app().get('/health/live?x=%00')).status).toBe(200)
})
