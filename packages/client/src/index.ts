import createFetchClient, { type FetchResponse, type MaybeOptionalInit } from 'openapi-fetch'
import type { paths } from './schema.d.ts'

export type { components, operations, paths } from './schema.d.ts'

/** An RFC 9457 problem: `code` is stable, `detail` is for people, `errors` name each wrong field. */
export type Problem = {
  type: string; title: string; status: number; code: string; detail: string; request_id: string
  errors?: { pointer: string; code: string; detail: string }[]
  [fact: string]: unknown
}

/** What every call throws when the answer is not a success. Branch on `problem.code`. */
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
  /** How often a call is sent again that found the server busy, overloaded or out of reach (3); writes carry one key throughout. */
  retries?: number
  fetch?: (request: Request) => Promise<Response>
}

type Verb = 'get' | 'post' | 'put' | 'patch' | 'delete'
type PathOf<Method extends Verb> = { [Path in keyof paths]: undefined extends paths[Path][Method] ? never : Path }[keyof paths]
/** Options may be left out where none of them is required. */
type Init<Options> = undefined extends Options ? [Options?] : [Options]
type Success<Path extends keyof paths, Method extends Verb, Options> = paths[Path][Method] extends infer Operation extends Record<string | number, unknown>
  ? Extract<FetchResponse<Operation, Options, 'application/json'>, { error?: never }>
  : never
type Call<Method extends Verb> = <Path extends PathOf<Method>, Options extends MaybeOptionalInit<paths[Path], Method>>(
  path: Path, ...init: Init<Options>
) => Promise<Success<Path, Method, Options>>

/** One method for each verb: path, then parameters and body; what comes back is the success, typed by the path. */
export type SwitchyardClient = { [Method in Verb as Uppercase<Method>]: Call<Method> }

/**
 * The API with its types. Problems are thrown as `ProblemError`. Every write carries an `Idempotency-Key`, so that a call
 * that is sent again never has its effect twice; pass a key of your own in `headers` to make that hold across processes.
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
  client.use({ onResponse: async ({ response }) => { if (!response.ok) throw new ProblemError(await problemOf(response)) } })
  // The types of openapi-fetch allow for errors that are returned; here they were thrown.
  return client as unknown as SwitchyardClient
}

async function problemOf(response: Response): Promise<Problem> {
  if (response.headers.get('content-type')?.startsWith('application/problem+json') === true) return (await response.json()) as Problem
  // Whatever stands between us and the server has answers of its own.
  const detail = `The answer was ${response.status} and not from Switchyard.`
  return { type: 'about:blank', title: response.statusText, status: response.status, code: 'not_switchyard', detail, request_id: response.headers.get('x-request-id') ?? '' }
}

/** The first pause before a call is sent again; each further one is twice as long. */
const FIRST_PAUSE_MS = 100

async function sendPatiently(request: Request, retries: number, send: (request: Request) => Promise<Response>): Promise<Response> {
  for (let attempt = 0; ; attempt++) {
    const outcome = await send(request.clone()).catch((error: unknown) => ({ unreachable: error }))
    const last = attempt === retries || request.signal.aborted
    if ('unreachable' in outcome) {
      if (last) throw outcome.unreachable
    } else if (last || !(outcome.status === 503 || (outcome.status === 409 && (await isBusy(outcome))))) {
      return outcome
    }
    const wanted = 'unreachable' in outcome ? 0 : Number(outcome.headers.get('retry-after') ?? 0) * 1_000
    await new Promise((resolve) => setTimeout(resolve, Math.max(wanted, FIRST_PAUSE_MS * 2 ** attempt) + Math.random() * 50))
  }
}

async function isBusy(response: Response): Promise<boolean> {
  return ((await response.clone().json()) as { code?: string }).code === 'busy'
}

type Page<Item> = { data: Item[]; page: { next: string | null } }

/** Every item of a list, page by page: `for await (const order of pages((after) => client.GET('/v1/orders', { params: { query: { after } } })))`. */
export async function* pages<Item>(read: (after: string | undefined) => Promise<{ data: Page<Item> }>): AsyncGenerator<Item> {
  let after: string | undefined
  do {
    const { data } = await read(after)
    yield* data.data
    after = data.page.next ?? undefined
  } while (after !== undefined)
}
