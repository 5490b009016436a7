import Fastify, { LogController, type FastifyBaseLogger, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import cookie from '@fastify/cookie'
import type { ErrorObject } from 'ajv'
import { assert } from '../../kernel/assert.ts'
import { newId } from '../../kernel/ids.ts'
import { invalid, refuse, Refusal, type ProblemTable } from '../../kernel/problem.ts'
import { requirePermission, type Caller } from '../caller.ts'
import type { Request } from '../command.ts'
import { sqlState, type Database } from '../db.ts'
import type { Executor } from '../executor.ts'
import type { Logger } from '../log.ts'
import { CSV } from './csv.ts'
import { createBoundedServer, DEFAULT_MAX_IN_FLIGHT } from './in-flight.ts'
import { createValidator, decodeUtf8, fieldErrors, parseJson, unusableInput } from './input.ts'
import { NDJSON } from './ndjson.ts'
import { registerOpenApi } from './openapi.ts'
import { problemDocument } from './problems.ts'
import type { Call, Route } from './route.ts'

export type ServerOptions = {
  db: Database
  executor: Executor
  log: Logger
  routes: readonly Route[]
  /** Every permission there is, with what it allows. */
  permissions: Readonly<Record<string, string>>
  problems: ProblemTable
  /** How many requests may be at hand at once before others are turned away. */
  max_in_flight?: number | undefined
  /** Told of each that is. */
  on_shed?: () => void
  /** Who sent this request; undefined where nobody known did. */
  authenticate: (request: FastifyRequest) => Promise<Caller | undefined>
}

const BODY_LIMIT_BYTES = 1_048_576
const MAX_PARAM_LENGTH = 200

/** For data, which no browser should run, frame or guess the type of. Pages loosen the policy for their own files. */
const SECURITY_HEADERS = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  // Not `no-referrer`: a browser would then send `Origin: null` with our own pages' writes.
  'referrer-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

/** A nobody for public routes; it may do nothing that needs a permission. */
const NOBODY: Caller = { kind: 'system', id: '00000000-0000-7000-8000-000000000000', name: 'nobody', permissions: new Set(), channel_ids: undefined, location_ids: undefined }

/** The HTTP server with all routes, not yet listening. Refuses to be built with a route that anybody forgot to guard. */
export async function createServer(options: ServerOptions): Promise<FastifyInstance> {
  checkRoutes(options)
  // Declared so wide that the server is not typed by its logger.
  const log: FastifyBaseLogger = options.log
  const app = Fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT_BYTES,
    genReqId: () => newId(),
    serverFactory: (serve) => createBoundedServer(serve, {
      maximum: options.max_in_flight ?? DEFAULT_MAX_IN_FLIGHT, routes: options.routes, problems: options.problems, headers: SECURITY_HEADERS, on_shed: options.on_shed ?? (() => undefined),
    }),
    forceCloseConnections: 'idle',
    // Answers are not checked: what was stored when the world was different is shown as it is.
    serializerOpts: { ajv: { formats: { country: true } } },
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    // What no route ever sees.
    frameworkErrors: (error, request, reply) => { answerError(options, error, request, reply) },
    return503OnClosing: false,
  })
  app.setValidatorCompiler(({ schema, httpPart }) => createValidator(schema as object, httpPart))
  app.addHook('onRequest', async (request, reply) => { setHeaders(request, reply) })
  refuseWhileClosing(app)
  await app.register(cookie)
  parseBodies(app)
  endSlowBodies(app)
  await registerOpenApi(app, options)
  app.setErrorHandler((error, request, reply) => answerError(options, error, request, reply))
  app.setNotFoundHandler((request, reply) => answerError(options, refuse('not_found', `There is no ${request.method} ${request.url.split('?')[0]}. The reference is at /reference.`), request, reply))
  for (const route of options.routes) registerRoute(app, options, route)
  return app
}

function setHeaders(request: FastifyRequest, reply: FastifyReply): void {
  reply.headers({ ...SECURITY_HEADERS, 'x-request-id': request.id })
}

/** A connection that was open before still brings requests while those in flight finish. They are for another process. */
function refuseWhileClosing(app: FastifyInstance): void {
  let isClosing = false
  app.addHook('preClose', async () => { isClosing = true })
  app.addHook('onRequest', async () => {
    if (isClosing) throw refuse('shutting_down', 'This process is shutting down and takes no more requests. Nothing was changed; try again.')
  })
}

/** Default deny: a route names a known permission, or says in so many words that it is open. */
function checkRoutes({ routes, permissions, problems }: ServerOptions): void {
  const operations = new Set<string>()
  for (const route of routes) {
    assert(route.permission === 'public' || route.permission === 'signed_in' || route.permission in permissions, `${route.method} ${route.url} declares a known permission, not "${route.permission}"`)
    assert(!operations.has(route.operation_id), `the operation id ${route.operation_id} is used once`)
    for (const code of route.problems ?? []) assert(code in problems, `${route.operation_id} declares a known problem, not "${code}"`)
    operations.add(route.operation_id)
  }
}

function registerRoute(app: FastifyInstance, options: ServerOptions, route: Route): void {
  app.route({
    method: route.method,
    url: route.url,
    ...(route.reads === undefined ? {} : { bodyLimit: Number.MAX_SAFE_INTEGER }),
    schema: {
      hide: route.page === true,
      operationId: route.operation_id,
      tags: [route.tag],
      summary: route.summary,
      ...(route.description === undefined ? {} : { description: route.description }),
      ...(route.params === undefined ? {} : { params: route.params }),
      ...(route.query === undefined ? {} : { querystring: route.query }),
      ...(route.body === undefined ? {} : { body: route.body }),
      ...(route.reply.schema === undefined ? {} : { response: { [route.reply.status]: route.reply.schema } }),
    },
    config: { route },
    // Who may call is settled before the body is read.
    onRequest: async (request) => { request.caller = await admit(options, route, request) },
    preValidation: async (request) => {
      const bad = (route.reads === undefined ? unusableInput(request.body) : undefined) ?? unusableInput(request.params, '/params') ?? (route.query === undefined ? undefined : unusableInput(request.query, '/query'))
      if (bad !== undefined) throw invalid([bad])
    },
    handler: async (request, reply) => {
      const output = await route.handle(callOf(options, request, reply) as Call<never, never, never>)
      if (reply.sent || reply.raw.headersSent) return reply
      reply.code(route.reply.status)
      return route.reply.status === 204 ? reply.send() : reply.send(output)
    },
  })
}

declare module 'fastify' {
  interface FastifyRequest { caller: Caller }
  interface FastifyContextConfig { route?: Route }
}

async function admit(options: ServerOptions, route: Route, request: FastifyRequest): Promise<Caller> {
  if (route.permission === 'public') return NOBODY
  const caller = await options.authenticate(request)
  if (caller === undefined) throw refuse('unauthenticated', 'Send `Authorization: Bearer <API key>`, or sign in.')
  if (route.permission !== 'signed_in') requirePermission(caller, route.permission)
  // A browser sends its cookie along from any site, so writes by cookie must come from our own pages.
  if (caller.kind === 'user' && request.method !== 'GET' && !isSameSite(request)) throw refuse('cross_site', 'This write came from another site. Use the web app, or an API key.')
  return caller
}

function isSameSite(request: FastifyRequest): boolean {
  const site = request.headers['sec-fetch-site']
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  const origin = request.headers.origin
  return origin !== undefined && URL.canParse(origin) && new URL(origin).host === request.headers.host
}

function callOf(options: ServerOptions, request: FastifyRequest, reply: FastifyReply): Call<unknown, unknown, unknown> {
  const route = request.routeOptions.config.route
  // A key names one write: neither a reading nor a stream, which is many.
  const key = request.method === 'GET' || route?.reads !== undefined ? undefined : request.headers['idempotency-key']
  if (typeof key === 'string' && (key.length === 0 || key.length > 255)) {
    throw invalid([{ pointer: '/headers/idempotency-key', code: 'too_large', detail: 'An Idempotency-Key has 1 to 255 characters.' }])
  }
  const unstorable = unusableInput(key, '/headers/idempotency-key')
  if (unstorable !== undefined) throw invalid([unstorable])
  // Keys belong to their caller, and whoever has not said who they are share one: their calls (sign-in) are not repeated.
  const isKeyed = typeof key === 'string' && route?.permission !== 'public'
  const call: Request = { caller: request.caller, request_id: request.id, ...(isKeyed ? { idempotency_key: key } : {}) }
  const answered = <Output>({ output, replayed }: { output: Output; replayed: boolean }): Output => {
    if (replayed) reply.header('idempotency-replayed', 'true')
    return output
  }
  return {
    params: request.params,
    query: request.query,
    body: request.body,
    caller: request.caller,
    request: call,
    // Read where it is used: elsewhere the header means nothing.
    get seen_version() { return seenVersion(request) },
    db: options.db,
    run: async (command, input) => answered(await options.executor.run(command, input, call)),
    submit: async (command, input) => answered(await options.executor.submit(command, input, call)),
    etag: (version) => { reply.header('etag', `"${version}"`) },
    header: (name, value) => { reply.header(name, value) },
    problemOf: (error) => problemDocument(options.problems, asRefusal(options, error as FastifyFailure, request), request.id),
    raw: { request, reply },
  }
}

function seenVersion(request: FastifyRequest): number | undefined {
  const header = request.headers['if-match']
  if (header === undefined || header === '*') return undefined
  const match = /^(?:W\/)?"(\d{1,9})"$/.exec(header)
  if (match === null) throw invalid([{ pointer: '/headers/if-match', code: 'wrong_format', detail: 'If-Match carries the ETag of the version you saw, for example "3".' }])
  return Number(match[1])
}

/** JSON in UTF-8, parsed here so that a malformed body is told apart from a wrong one; and streams for the routes that read them. */
function parseBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    if (request.routeOptions.config.route?.reads !== undefined) return done(wrongMediaType(request))
    if (body.length === 0) return done(null, undefined)
    try {
      done(null, parseJson(decodeUtf8(body as Buffer)))
    } catch (error) {
      done(error as Error)
    }
  })
  for (const media of [NDJSON, CSV]) {
    app.addContentTypeParser(media, (request, stream, done) => {
      if (request.routeOptions.config.route?.reads === media) done(null, stream)
      else done(wrongMediaType(request))
    })
  }
}

/** A body that is read as a whole and has not come by then is not waited for. */
const BODY_DEADLINE_MS = 60_000

function endSlowBodies(app: FastifyInstance): void {
  app.addHook('preParsing', (request, _reply, _payload, done) => {
    if (request.routeOptions.config.route?.reads === undefined && !request.raw.complete) {
      const deadline = setTimeout(() => { request.raw.destroy() }, BODY_DEADLINE_MS)
      request.raw.once('close', () => { clearTimeout(deadline) })
    }
    done()
  })
}

function wrongMediaType(request: FastifyRequest): Refusal {
  return refuse('unsupported_media_type', `Send \`Content-Type: ${request.routeOptions.config.route?.reads ?? 'application/json'}\`.`)
}

type FastifyFailure = Error & { code?: string; statusCode?: number; validation?: ErrorObject[]; validationContext?: string }

function answerError(options: ServerOptions, error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const document = problemDocument(options.problems, asRefusal(options, error as FastifyFailure, request), request.id)
  if (error instanceof Refusal && error.replayed) reply.header('idempotency-replayed', 'true')
  setHeaders(request, reply)
  if (document.status === 503) reply.header('retry-after', '1')
  if (document.status === 401) reply.header('www-authenticate', 'Bearer')
  return reply.code(document.status).type('application/problem+json').send(JSON.stringify(document))
}

function asRefusal(options: ServerOptions, error: FastifyFailure, request: FastifyRequest): Pick<Refusal, 'code' | 'facts'> {
  if (error instanceof Refusal && error.code in options.problems) return error
  if (error.validation !== undefined) return invalid(fieldErrors(error.validation, error.validationContext ?? 'body'))
  if (error.code === 'FST_ERR_BAD_URL') return refuse('malformed_url', 'The path is not a valid URL: what follows a % are two hexadecimal digits, and together they are UTF-8.')
  if (error.code === 'FST_ERR_MAX_PARAM_LENGTH') return refuse('url_too_long', `A part of the path has at most ${MAX_PARAM_LENGTH} characters.`)
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') return refuse('body_too_large', `A body has at most ${BODY_LIMIT_BYTES} bytes. Send large amounts of data in several calls or as an import.`)
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return wrongMediaType(request)
  if (error.code === 'FST_ERR_CTP_INVALID_CONTENT_LENGTH' || error.code === 'FST_ERR_CTP_EMPTY_JSON_BODY') return refuse('malformed_json', 'The body is incomplete.')
  // A number or date that the schema let through and the database cannot hold is the caller's to correct.
  if (sqlState(error)?.startsWith('22') === true) return refuse('invalid_input', 'A value is outside what can be stored: a number too large, or a date too far away.')
  if (error.statusCode !== undefined && error.statusCode < 500) return refuse('malformed_json', error.message)
  request.log.error({ err: error, req: { method: request.method, url: request.url, id: request.id } }, 'a request failed')
  return refuse('internal', 'This is a bug or an outage on our side; nothing was changed unless the answer to a retry says so. Quote the request id.')
}

