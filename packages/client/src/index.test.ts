import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ADMIN_KEY, startApp, type TestApp } from '../../../apps/server/test/harness/app.ts'
import { cloneDatabase } from '../../../apps/server/test/harness/database.ts'
import { createClient, pages, ProblemError, type SwitchyardClient } from './index.ts'

describe('against a real server', () => {
  let app: TestApp
  let drop: () => Promise<void>
  let base_url: string
  let client: SwitchyardClient
  beforeAll(async () => {
    const database = await cloneDatabase()
    drop = database.drop
    app = await startApp(database.url)
    base_url = await app.application.server.listen({ host: '127.0.0.1', port: 0 })
    client = createClient({ base_url, api_key: ADMIN_KEY })
  })
  afterAll(async () => {
    await app.application.stop()
    await drop()
  })

  test('writes and walks a list to its end', async () => {
    for (const name of ['one', 'two', 'three']) {
      const { data } = await client.POST('/v1/api-keys', { body: { name, permissions: ['events:read'] } })
      expect(data.key.startsWith('swy_')).toBe(true)
    }
    const names: string[] = []
    for await (const key of pages((after) => client.GET('/v1/api-keys', { params: { query: { limit: 2, ...(after === undefined ? {} : { after }) } } }))) names.push(key.name)
    expect(names.toSorted()).toEqual(['one', 'three', 'two'])
  })

  test('throws problems with their code and their wrong fields', async () => {
    const failure = await client.POST('/v1/api-keys', { body: { name: '', permissions: ['events:read'] } }).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(ProblemError)
    expect((failure as ProblemError).problem).toMatchObject({ status: 422, code: 'invalid_input', errors: [{ pointer: '/name' }] })
    await expect(createClient({ base_url, api_key: 'wrong' }).GET('/v1/me')).rejects.toThrow('unauthenticated')
  })

  test('a write whose answer was lost has its effect once', async () => {
    let lost = 0
    const forgetful = createClient({
      base_url, api_key: ADMIN_KEY,
      fetch: async (request) => {
        const response = await fetch(request)
        if (lost++ === 0) throw new TypeError('the connection broke')
        return response
      },
    })
    const { data, response } = await forgetful.POST('/v1/users', { body: { email: 'once@example.com', name: 'Once', password: 'long enough to pass', roles: [{ role: 'viewer' }] } })
    expect([lost, response.headers.get('idempotency-replayed')]).toEqual([2, 'true'])
    expect(data.id).toMatch(/^usr_/)
  })
})

describe('against a server in trouble', () => {
  let server: Server
  let base_url: string
  let answers: { status: number; body: object; headers?: Record<string, string> }[]
  let keys: (string | undefined)[]
  beforeAll(async () => {
    server = createServer((request, response) => {
      keys.push(request.headers['idempotency-key'] as string | undefined)
      const { status, body, headers } = answers.shift()!
      response.writeHead(status, { 'content-type': status >= 400 ? 'application/problem+json' : 'application/json', ...headers }).end(JSON.stringify(body))
    })
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', () => { resolve() }) })
    base_url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => new Promise((resolve) => { server.close(resolve) }))
  const post = (retries?: number) => createClient({ base_url, api_key: 'k', ...(retries === undefined ? {} : { retries }) }).POST('/v1/api-keys', { body: { name: 'x', permissions: ['events:read'] } })

  test('busy and overloaded are tried again under one key', async () => {
    keys = []
    answers = [{ status: 409, body: { code: 'busy', detail: '' } }, { status: 503, body: { code: 'overloaded', detail: '' } }, { status: 201, body: { id: 'key_1', key: 'k', prefix: 'k' } }]
    expect((await post()).data.id).toBe('key_1')
    expect([keys.length, new Set(keys).size, keys[0]?.length]).toEqual([3, 1, 36])
  })

  test('another conflict is an answer and not tried again', async () => {
    keys = []
    answers = [{ status: 409, body: { code: 'already_exists', detail: 'It exists.' } }]
    await expect(post()).rejects.toThrow('already_exists: It exists.')
    expect(keys).toHaveLength(1)
  })

  test('patience ends', async () => {
    keys = []
    answers = [1, 2].map(() => ({ status: 503, body: { code: 'overloaded', detail: 'Too much.' } }))
    await expect(post(1)).rejects.toThrow('overloaded')
    expect(keys).toHaveLength(2)
  })

  test('an answer from something in between is a problem too', async () => {
    keys = []
    answers = [{ status: 502, body: {}, headers: { 'content-type': 'text/html' } }]
    await expect(post()).rejects.toThrow('not_switchyard')
  })
})
