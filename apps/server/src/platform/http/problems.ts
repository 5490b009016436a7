import type { ProblemTable, Refusal } from '../../kernel/problem.ts'
import { assert } from '../../kernel/assert.ts'

/** The problems that any route may answer with. Modules add their own. */
export const PLATFORM_PROBLEMS = {
  invalid_input: { status: 422, title: 'The input is invalid' },
  malformed_json: { status: 400, title: 'The body is not JSON' },
  malformed_url: { status: 400, title: 'The address is malformed' },
  url_too_long: { status: 414, title: 'The address is too long' },
  unsupported_media_type: { status: 415, title: 'This media type is not accepted' },
  body_too_large: { status: 413, title: 'The body is too large' },
  unauthenticated: { status: 401, title: 'Sign in or send an API key' },
  forbidden: { status: 403, title: 'Not allowed' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'This method is not offered here' },
  stale_version: { status: 412, title: 'Changed by somebody else' },
  idempotency_key_reused: { status: 422, title: 'Idempotency key used with another request', remedy: 'Give every new request a new key, and use an old key only to repeat the very same request.' },
  already_exists: { status: 409, title: 'It exists already', remedy: 'Choose another code, name or address, or change the one that exists.' },
  busy: { status: 409, title: 'Busy', remedy: 'Others wrote to the same records for too long. Wait a moment and send the same request again, with the same Idempotency-Key.' },
  overloaded: { status: 503, title: 'Overloaded', remedy: 'Nothing was done. Wait as long as Retry-After says and send the same request again, with the same Idempotency-Key; where this goes on, start more processes.' },
  shutting_down: { status: 503, title: 'Shutting down', remedy: 'This process takes no more requests. Send the same request again, with the same Idempotency-Key: another process, or the next one, takes it.' },
  cross_site: { status: 403, title: 'Request from another site', remedy: 'A signed-in browser may write from our own pages only. Programs use an API key.' },
  internal: { status: 500, title: 'Something broke on our side' },
} as const satisfies ProblemTable

/** An RFC 9457 document. */
export type ProblemDocument = { type: string; title: string; status: number; code: string; detail: string; request_id: string; [fact: string]: unknown }

export function problemDocument(problems: ProblemTable, refusal: Pick<Refusal, 'code' | 'facts'>, requestId: string): ProblemDocument {
  const members = problemMembers(problems, refusal.code)
  assert(members !== undefined, `the problem ${refusal.code} stands in a problems table`)
  const { detail, ...facts } = refusal.facts
  // Facts stand first: none of them can take the place of what RFC 9457 names.
  return { ...facts, ...members, code: refusal.code, detail, request_id: requestId }
}

/** What RFC 9457 wants said of every problem with this code, if the table has it. */
export function problemMembers(problems: ProblemTable, code: string): Pick<ProblemDocument, 'type' | 'title' | 'status'> | undefined {
  const problem = problems[code]
  return problem === undefined ? undefined : { type: `/problems/${code}`, title: problem.title, status: problem.status }
}
