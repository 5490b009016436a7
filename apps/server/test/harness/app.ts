import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { audit } from '../../src/audit.ts'
import { SYSTEM } from '../../src/platform/caller.ts'
import { manualClock, type ManualClock } from '../../src/platform/clock.ts'
import { createLog } from '../../src/platform/log.ts'
import { createApplication, type Application } from '../../src/wiring.ts'
import { cloneDatabase } from './database.ts'

export const ADMIN_KEY = 'test-administrator-key'

export type Answer = { status: number; body: Record<string, unknown> & { data?: unknown[]; code?: string; errors?: { pointer: string; code: string }[] }; headers: Record<string, unknown>; text: string }
export type CallOptions = { key?: string; headers?: Record<string, string> }

/** An application on a database of its own, spoken to through its public API. */
export type TestApp = {
  application: Application
  clock: ManualClock
  call: (method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE', url: string, body?: unknown, options?: CallOptions) => Promise<Answer>
  get: (url: string, options?: CallOptions) => Promise<Answer>
  post: (url: string, body?: unknown, options?: CallOptions) => Promise<Answer>
  patch: (url: string, body?: unknown, options?: CallOptions) => Promise<Answer>
}

/** The test's present, unless it moves the clock: a Tuesday morning. */
export const START = new Date('2026-03-03T09:00:00.000Z')

/** Starts the application for a test file; after every test the auditor must be silent. */
export function useApp(): () => TestApp {
  let app: TestApp
  let drop: () => Promise<void>
  beforeAll(async () => {
    const database = await cloneDatabase()
    drop = database.drop
    app = await startApp(database.url)
  })
  afterEach(async () => {
    const report = await audit(app.application.db)
    expect(report.checks.filter(({ rows }) => rows > 0), 'the auditor finds no row').toEqual([])
  })
  afterAll(async () => {
    await app.application.stop()
    await drop()
  })
  return () => app
}

/** Called without a network between: the bound on requests in flight stands before that and does not count these. */
export async function startApp(databaseUrl: string, limits: { max_in_flight?: number } = {}): Promise<TestApp> {
  const clock = manualClock(START)
  const application = await createApplication({ database_url: databaseUrl, clock, log: createLog('warn'), admin_key: ADMIN_KEY, max_connections: 6, ...limits })
  const call: TestApp['call'] = async (method, url, body, options = {}) => {
    const response = await application.server.inject({
      method, url,
      headers: { authorization: `Bearer ${options.key ?? ADMIN_KEY}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...options.headers },
      ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const isJson = /[/+]json\b/.test(response.headers['content-type'] ?? '')
    return { status: response.statusCode, headers: response.headers, text: response.body, body: isJson ? (JSON.parse(response.body) as Answer['body']) : {} }
  }
  return {
    application, clock, call,
    get: (url, options) => call('GET', url, undefined, options),
    post: (url, body, options) => call('POST', url, body ?? {}, options),
    patch: (url, body, options) => call('PATCH', url, body, options),
  }
}

/** The circumstances of a call that the system makes itself. */
export const asSystem = { caller: SYSTEM, request_id: 'test' }
