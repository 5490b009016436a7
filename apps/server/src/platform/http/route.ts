import type { Static, TObject, TSchema } from 'typebox'
import type { Caller } from '../caller.ts'
import type { BatchCommand, Command, Request } from '../command.ts'
import type { Database } from '../db.ts'
import type { ProblemDocument } from './problems.ts'

/**
 * One declaration of a route is its validation, its types, its permission and its OpenAPI entry. A route without
 * `permission` does not compile, and the server refuses to boot with one that names no known permission.
 * `public` needs no caller; `signed_in` any.
 */
export type Route = {
  operation_id: string
  method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
  url: string
  tag: string
  summary: string
  description?: string
  permission: string
  params?: TObject
  query?: TObject
  body?: TSchema
  /** The answer of success: its status and schema. A schema of `undefined` answers with raw content (`sends`). */
  reply: { status: 200 | 201 | 202 | 204; schema?: TSchema }
  /** Media types of answers that are not JSON: documents, streams. */
  sends?: string | readonly string[]
  /** Media type of a body that is read as a stream while it comes (`raw.request.body`); such a route has no `body` and no bound on its size. */
  reads?: string
  /** A page for people, no part of the described API. */
  page?: true
  /** The refusals this route may answer with, beside those of the platform. */
  problems?: readonly string[]
  handle: (call: Call<never, never, never>) => Promise<unknown>
}

/** What a handler gets. Reads go to `db`; writes go through `run` and `submit` only. */
export type Call<Params, Query, Body> = {
  params: Params
  query: Query
  body: Body
  caller: Caller
  request: Request
  /** The version in `If-Match`, if the caller sent one. */
  seen_version: number | undefined
  db: Database
  run: <Input, Output>(command: Command<Input, Output>, input: Input) => Promise<Output>
  submit: <Input, Output>(command: BatchCommand<Input, Output>, input: Input) => Promise<Output>
  /** Names the version that is answered, for `If-Match` of the next edit: what `seen_version` reads. */
  etag: (version: number) => void
  /** Sets a header of the answer, for example its `content-type`. */
  header: (name: string, value: string) => void
  /** What the answer to an error would be, for streams that answer each of their items. */
  problemOf: (error: unknown) => ProblemDocument
  /** The raw exchange, for sign-in cookies and streams. */
  raw: { request: import('fastify').FastifyRequest; reply: import('fastify').FastifyReply }
}

type StaticOr<T, Fallback> = T extends TSchema ? Static<T> : Fallback

export function route<
  const Params extends TObject | undefined = undefined,
  const Query extends TObject | undefined = undefined,
  const Body extends TSchema | undefined = undefined,
  const Reply extends TSchema | undefined = undefined,
>(definition: Omit<Route, 'params' | 'query' | 'body' | 'reply' | 'handle'> & {
  params?: Params
  query?: Query
  body?: Body
  reply: { status: 200 | 201 | 202 | 204; schema?: Reply }
  handle: (call: Call<StaticOr<Params, unknown>, StaticOr<Query, unknown>, StaticOr<Body, unknown>>) => Promise<StaticOr<Reply, unknown>>
}): Route {
  return definition as unknown as Route
}
