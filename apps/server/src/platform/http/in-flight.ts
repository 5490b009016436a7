import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { newId } from '../../kernel/ids.ts'
import { present } from '../../kernel/assert.ts'
import { refuse, type ProblemTable } from '../../kernel/problem.ts'
import { problemDocument } from './problems.ts'
import type { Route } from './route.ts'

/**
 * With more at hand a process serves nobody faster and everybody later: one that takes an order a request is saturated by
 * 64, and 128 doubled the wait (`npm run bench -- overload`).
 */
export const DEFAULT_MAX_IN_FLIGHT = 80

const OVERLOADED = refuse('overloaded', 'This process has as many requests at hand as it can serve in good time. Nothing was done; try again shortly.')

/** How long a connection that nobody uses stays open. Longer than load balancers keep theirs, so that it is they who close. */
const KEEP_ALIVE_MS = 72_000

export type InFlight = { maximum: number; routes: readonly Route[]; problems: ProblemTable; headers: Readonly<Record<string, string>>; on_shed: () => void }

/**
 * A server that turns requests away while `maximum` others are at hand, before anything is done for them: no route is
 * looked up, and who they are and what they send is not read. The framework never sees them, because at ten times the
 * capacity nine such answers must cost less than a tenth of an order. Health and metrics answer always, and event streams,
 * which stay open and idle, do not count.
 */
export function createBoundedServer(serve: RequestListener, { maximum, routes, problems, headers, on_shed }: InFlight): Server {
  const unbounded = new Set(routes.filter(({ tag, sends }) => tag === 'operations' || sends === 'text/event-stream').map(({ url }) => url))
  const turnAway = overloadedAnswer(problems, headers)
  let atHand = 0
  // Bodies that are read as a whole have their own deadline, and streams have none.
  return createServer({ keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: 0 }, (request, response) => {
    if (!unbounded.has(pathOf(request.url))) {
      if (atHand >= maximum) {
        on_shed()
        turnAway(response)
        return
      }
      atHand++
      response.once('close', () => { atHand-- })
    }
    serve(request, response)
  })
}

function pathOf(url = '/'): string {
  const query = url.indexOf('?')
  return query === -1 ? url : url.slice(0, query)
}

/** The answer is written out once; of each only the id is its own. */
function overloadedAnswer(problems: ProblemTable, headers: Readonly<Record<string, string>>): (response: ServerResponse) => void {
  const [before, after] = JSON.stringify(problemDocument(problems, OVERLOADED, newId())).split(/(?<="request_id":")[^"]+/)
  const fixed = Object.entries({ ...headers, 'content-type': 'application/problem+json; charset=utf-8', 'retry-after': '1' }).flat()
  return (response) => {
    const id = newId()
    const body = `${present(before, 'the document has an id')}${id}${present(after, 'the document goes on after its id')}`
    response.writeHead(503, [...fixed, 'x-request-id', id, 'content-length', String(Buffer.byteLength(body))]).end(body)
  }
}
