import { pino } from 'pino'
import type { InjectOptions } from 'fastify'
import { manualClock, type ManualClock } from '../../src/platform/clock.ts'
import { createApplication, type Application } from '../../src/wiring.ts'
import type { CallerName, Sent } from './inputs.ts'
import { START } from './values.ts'

const ADMIN_KEY = 'fuzz-administrator-key'

export type Answer = {
  status: number
  headers: Record<string, unknown>
  text: string
  /** What the text says, where it is JSON. */
  body: unknown
  /** Whether the input passed the schema and came to the handler. */
  handled: boolean
}

type Ask = (method: 'GET' | 'POST' | 'PUT' | 'PATCH', url: string, body?: object) => Promise<Record<string, unknown>>

/** The real application on a database of its own, without a network. */
export type Target = {
  application: Application
  clock: ManualClock
  send: (sent: Sent) => Promise<Answer>
  /** A call that must succeed: what the fuzzer itself needs done. */
  ask: Ask
  /** A call that a rule may refuse. */
  attempt: Ask
  /** What the application has logged as a warning or worse since it was asked last. */
  complaints: () => string[]
  /** Makes calls as this caller from now on. */
  admit: (caller: CallerName, key: string) => void
}

export async function openTarget(databaseUrl: string): Promise<Target> {
  const complaints: string[] = []
  const clock = manualClock(START)
  const application = await createApplication({ database_url: databaseUrl, clock, log: pino({ level: 'warn' }, { write: (line: string) => { complaints.push(line) } }), admin_key: ADMIN_KEY, max_connections: 8 })
  const handled = new Set<string>()
  application.server.addHook('preHandler', async (request) => { handled.add(request.id) })
  const keys: Record<CallerName, string> = { administrator: ADMIN_KEY, confined: ADMIN_KEY }

  const inject = async (options: InjectOptions): Promise<Answer> => {
    const response = await application.server.inject(options)
    const isJson = /^application\/(problem\+)?json/.test(String(response.headers['content-type']))
    return {
      status: response.statusCode, headers: response.headers, text: response.body, body: isJson ? parsed(response.body) : undefined,
      handled: handled.delete(String(response.headers['x-request-id'])),
    }
  }
  const asking = (failure: number): Ask => async (method, url, body) => {
    const answer = await inject({ method, url, headers: { authorization: `Bearer ${ADMIN_KEY}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }, ...(body === undefined ? {} : { payload: JSON.stringify(body) }) })
    if (answer.status >= failure) throw new Error(`${method} ${url} was refused: ${answer.text}`)
    return answer.status < 300 ? (answer.body as Record<string, unknown>) : {}
  }
  return {
    application, clock,
    send: ({ caller, method, url, headers, payload, without_authorization }) => inject({
      method, url, headers: { ...(without_authorization ? {} : { authorization: `Bearer ${keys[caller]}` }), ...headers }, ...(payload === undefined ? {} : { payload }),
    }),
    ask: asking(300),
    attempt: asking(500),
    complaints: () => complaints.splice(0),
    admit: (caller, key) => { keys[caller] = key },
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
