import { setTimeout as delay } from 'node:timers/promises'

export type Body = Record<string, unknown> & { id?: string; code?: string }
/** A call that came to a definite end: its effect is there for good, or was refused. */
export type Settled = { key: string; path: string; input: unknown; status: number; body: Body }

/** Calls servers until one of them gives a definite answer, always with the same key, as a good client does. */
export type Client = {
  post: (path: string, input: unknown) => Promise<Settled>
  get: (path: string) => Promise<Body>
  /** The same call once more, under its key. */
  repeat: (settled: Settled) => Promise<{ status: number; body: Body; replayed: boolean }>
  settled: Settled[]
  retries: () => number
  /** When an answer below 500 came last, in the clock of `performance.now()`. */
  lastAnswerMs: () => number
}

const PATIENCE_MS = 15_000
/** What says that nothing was decided: the same call comes again. */
const UNDECIDED = new Set(['busy', 'overloaded'])

export function openClient(urls: readonly string[], key: string, run: string, random: () => number): Client {
  const settled: Settled[] = []
  let count = 0
  let retries = 0
  let last = performance.now()
  const ask = async (method: 'GET' | 'POST', path: string, headers: Record<string, string>, input?: unknown): Promise<{ status: number; body: Body; replayed: boolean } | undefined> => {
    const url = urls[Math.floor(random() * urls.length)]!
    try {
      const answer = await fetch(url + path, {
        method, headers: { authorization: `Bearer ${key}`, ...headers, ...(input === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(input === undefined ? {} : { body: JSON.stringify(input) }), signal: AbortSignal.timeout(PATIENCE_MS),
      })
      const body = (await answer.json()) as Body
      if (answer.status >= 500 || UNDECIDED.has(body.code ?? '')) return undefined
      last = performance.now()
      return { status: answer.status, body, replayed: answer.headers.get('idempotency-replayed') === 'true' }
    } catch {
      // Refused, cut off, or too late: whether it had an effect is unknown.
      return undefined
    }
  }
  const insist = async (method: 'GET' | 'POST', path: string, headers: Record<string, string>, input?: unknown): Promise<{ status: number; body: Body; replayed: boolean }> => {
    for (;;) {
      const answer = await ask(method, path, headers, input)
      if (answer !== undefined) return answer
      retries++
      await delay(50 + random() * 250)
    }
  }
  return {
    settled,
    retries: () => retries,
    lastAnswerMs: () => last,
    get: async (path) => (await insist('GET', path, {})).body,
    post: async (path, input) => {
      const call = { key: `${run}-${++count}`, path, input }
      const { status, body } = await insist('POST', path, { 'idempotency-key': call.key }, input)
      const done = { ...call, status, body }
      settled.push(done)
      return done
    },
    repeat: (done) => insist('POST', done.path, { 'idempotency-key': done.key }, done.input),
  }
}
