import createFetchClient, { type Client } from 'openapi-fetch'
import type { paths } from './schema.d.ts'

/** An RFC 9457 problem: `code` is stable, `detail` is for people, `errors` name each wrong field. */
export type Problem = {
  type: string; title: string; status: number; code: string; detail: string; request_id: string
  errors?: { pointer: string; code: string; detail: string }[]
  [fact: string]: unknown
}

export class ProblemError extends Error {
  override name = 'ProblemError'
  readonly problem: Problem

  constructor(problem: Problem) {
    super(`${problem.code}: ${problem.detail}`)
    this.problem = problem
  }
}

export type SwitchyardOptions = {
  /** For example `http://127.0.0.1:4000`. */
  base_url: string
  api_key: string
  /** How often a call that found the server busy or overloaded is sent again (3); writes carry one key throughout. */
  retries?: number
  fetch?: (request: Request) => Promise<Response>
}

export type SwitchyardClient = Client<paths>

/**
 * The API with its types. Problems are thrown as `ProblemError`. Every write carries an `Idempotency-Key`, so a repeated
 * call never has its effect twice.
 */
export function createClient({ base_url, api_key, retries = 3, fetch: send = fetch }: SwitchyardOptions): SwitchyardClient {
  const client = createFetchClient<paths>({
    baseUrl: base_url,
    headers: { authorization: `Bearer ${api_key}` },
    fetch: async (request) => {
      if (request.method !== 'GET' && !request.headers.has('idempotency-key')) request.headers.set('idempotency-key', crypto.randomUUID())
      return sendPatiently(request, retries, send)
    },
  })
  client.use({
    onResponse: async ({ response }) => {
      if (response.headers.get('content-type')?.startsWith('application/problem+json') === true) throw new ProblemError((await response.json()) as Problem)
    },
  })
  return client
}

async function sendPatiently(request: Request, retries: number, send: (request: Request) => Promise<Response>): Promise<Response> {
  for (let attempt = 0; ; attempt++) {
    const response = await send(request.clone())
    if (attempt === retries || !(response.status === 503 || (response.status === 409 && await isBusy(response)))) return response
    await new Promise((resolve) => setTimeout(resolve, 100 * 2 ** attempt + Math.random() * 50))
  }
}

async function isBusy(response: Response): Promise<boolean> {
  return ((await response.clone().json()) as { code?: string }).code === 'busy'
}

type Page<Item> = { data: Item[]; page: { next: string | null } }

/** Walks a list from its first page to its last: `for await (const order of pages((after) => …))`. */
export async function* pages<Item>(read: (after: string | undefined) => Promise<{ data?: Page<Item> }>): AsyncGenerator<Item> {
  let after: string | undefined
  do {
    const { data } = await read(after)
    yield* data?.data ?? []
    after = data?.page.next ?? undefined
  } while (after !== undefined)
}
