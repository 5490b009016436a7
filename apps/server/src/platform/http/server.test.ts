import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { cloneDatabase } from '../../../test/harness/database.ts'
import { ADMIN_KEY, startApp, useApp } from '../../../test/harness/app.ts'
import { sql } from '../sql.ts'

const app = useApp()

describe('what no route sees is a problem like any other', () => {
  test.each([
    ['a path that is no UTF-8', '/v1/orders/%ff', 400, 'malformed_url'],
    ['a part that is too long', `/v1/orders/${'x'.repeat(201)}`, 414, 'url_too_long'],
    ['a path nobody knows', '/v1/nowhere', 404, 'not_found'],
  ])('%s', async (_what, url, status, code) => {
    const answer = await app().get(url)
    expect([answer.status, answer.body.code, answer.headers['content-type']]).toEqual([status, code, 'application/problem+json; charset=utf-8'])
    expect(answer.headers).toMatchObject({ 'x-request-id': answer.body['request_id'], 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY' })
  })
})

test('beyond the bound requests are turned away at once, while health still answers and the admitted are served', async () => {
  const database = await cloneDatabase()
  const bounded = await startApp(database.url, { max_in_flight: 2 })
  const { db } = bounded.application
  // Whoever holds this lock keeps every order listing at hand.
  const held = Promise.withResolvers<void>()
  const locked = Promise.withResolvers<void>()
  const holding = db.transaction(async (tx) => {
    await tx.run(sql`lock table orders in access exclusive mode`)
    locked.resolve()
    await held.promise
  })
  await locked.promise
  const url = await bounded.application.server.listen({ host: '127.0.0.1', port: 0 })
  const ask = (path: string, init: RequestInit = {}) => fetch(`${url}${path}`, { headers: { authorization: `Bearer ${ADMIN_KEY}` }, ...init })
  const admitted = [ask('/v1/orders'), ask('/v1/orders')]
  await new Promise((resolve) => setTimeout(resolve, 50))
  // Neither a key that nobody knows nor a body that is no JSON is even looked at.
  const shed = await ask('/v1/orders', { method: 'POST', body: '{' })
  const problem = await shed.json() as { code: string; request_id: string }
  expect([shed.status, problem.code, shed.headers.get('retry-after'), shed.headers.get('content-type')]).toEqual([503, 'overloaded', '1', 'application/problem+json; charset=utf-8'])
  expect([shed.headers.get('x-request-id'), shed.headers.get('x-content-type-options')]).toEqual([problem.request_id, 'nosniff'])
  expect((await ask('/health/live')).status).toBe(200)
  expect(await (await ask('/metrics?')).text()).toContain('switchyard_shed_requests_total 1')
  held.resolve()
  await holding
  expect((await Promise.all(admitted)).map(({ status }) => status)).toEqual([200, 200])
  expect((await ask('/v1/orders')).status).toBe(200)
  await bounded.application.stop()
  await database.drop()
})

test('a request that comes while the server closes is sent elsewhere', async () => {
  const database = await cloneDatabase()
  const closing = await startApp(database.url)
  const { server } = closing.application
  await server.listen({ port: 0, host: '127.0.0.1' })
  const { port } = server.server.address() as { port: number }
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  // The first half of a request keeps the connection from being idle.
  socket.write('GET /v1/orders HTTP/1.1\r\nHost: x\r\n')
  await new Promise((resolve) => setTimeout(resolve, 50))
  const closed = closing.application.stop()
  socket.write('\r\n')
  const answer = await text(socket)
  await closed
  await database.drop()
  expect(answer).toMatch(/^HTTP\/1.1 503 /)
  for (const header of ['content-type: application/problem\\+json', 'retry-after: 1', 'x-request-id: .+', 'x-content-type-options: nosniff', 'connection: close']) expect(answer).toMatch(new RegExp(`^${header}`, 'im'))
  expect(JSON.parse(answer.split('\r\n\r\n')[1]!)).toMatchObject({ status: 503, code: 'shutting_down', type: '/problems/shutting_down' })
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
