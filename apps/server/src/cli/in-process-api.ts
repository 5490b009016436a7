import type { FastifyInstance } from 'fastify'
import { Refusal, type RefusalFacts } from '../kernel/problem.ts'

export type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'

/** An answer of the API that is no problem. */
export type ApiAnswer = { status: number; content_type: string; text: string }

/** Asks the API. `Body` is what the caller knows the route to answer. A problem is thrown as the `Refusal` it came from. */
export type ApiCall = <Body>(method: Method, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Body>

export type InProcessApi = {
  call: ApiCall
  send: (method: Method, path: string, body?: unknown, headers?: Record<string, string>) => Promise<ApiAnswer>
  /** Whether anything but reads was answered: then background work may have become due. */
  hasWritten: () => boolean
}

/**
 * The API without a network: the very routes that the server offers, asked as an administrator through a key that
 * this process alone knows.
 */
export function createInProcessApi(server: FastifyInstance, key: string): InProcessApi {
  let written = false
  const send: InProcessApi['send'] = async (method, path, body, headers = {}) => {
    const response = await server.inject({
      method, url: path,
      headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const contentType = response.headers['content-type'] ?? ''
    if (contentType.startsWith('application/problem+json')) throw refusalOf(JSON.parse(response.body) as { code: string } & RefusalFacts)
    written ||= method !== 'GET'
    return { status: response.statusCode, content_type: contentType, text: response.body }
  }
  return {
    send,
    call: async <Body>(method: Method, path: string, body?: unknown, headers?: Record<string, string>) => {
      const { text } = await send(method, path, body, headers)
      return (text === '' ? undefined : JSON.parse(text)) as Body
    },
    hasWritten: () => written,
  }
}

function refusalOf({ code, ...facts }: { code: string } & RefusalFacts): Refusal {
  return new Refusal(code, facts)
}

/** A path with its query: `withQuery('/v1/orders', { limit: 20 })`. What is undefined is left out. */
export function withQuery(path: string, query: Record<string, string | number | boolean | undefined>): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value))
  return search.size === 0 ? path : `${path}?${search.toString()}`
}
