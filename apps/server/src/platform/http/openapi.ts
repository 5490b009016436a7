import type { FastifyInstance } from 'fastify'
import swagger from '@fastify/swagger'
import { PLATFORM_PROBLEMS } from './problems.ts'
import type { Route } from './route.ts'
import { Problem } from './schemas.ts'
import type { ServerOptions } from './server.ts'

type Operation = { responses?: Record<string, unknown>; parameters?: unknown[]; security?: unknown[]; description?: string; [key: string]: unknown }
export type OpenApiDocument = { paths: Record<string, Record<string, Operation>>; [key: string]: unknown }

/** OpenAPI 3.1 from the routes as they run: schemas, permissions and problems of each. */
export async function registerOpenApi(app: FastifyInstance, options: ServerOptions): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Switchyard', version: '1', description: 'Order management for multichannel retailers. Errors are RFC 9457 problems; every write takes an `Idempotency-Key`; lists share one grammar (docs/api.md).' },
      components: {
        securitySchemes: {
          api_key: { type: 'http', scheme: 'bearer', description: 'An API key' },
          session: { type: 'apiKey', in: 'cookie', name: 'switchyard_session', description: 'A signed-in browser' },
        },
      },
    },
  })
  const byOperation = new Map(options.routes.map((route) => [route.operation_id, route]))
  // The plugin answers with the same object each time, so it is completed once.
  let document: OpenApiDocument | undefined
  app.decorate('openapi', () => {
    if (document !== undefined) return document
    document = app.swagger() as unknown as OpenApiDocument
    for (const operations of Object.values(document.paths)) {
      for (const operation of Object.values(operations)) complete(operation, byOperation.get(String(operation['operationId'])), options)
    }
    const components = document['components'] as Record<string, unknown>
    components['schemas'] = { ...(components['schemas'] as object | undefined), Problem }
    return hoistTitled(document)
  })
}

declare module 'fastify' {
  interface FastifyInstance { openapi: () => OpenApiDocument }
}

function complete(operation: Operation, route: Route | undefined, options: ServerOptions): void {
  if (route === undefined) return
  operation.security = route.permission === 'public' ? [] : [{ api_key: [] }, { session: [] }]
  operation['x-permission'] = route.permission
  if (route.reads !== undefined) operation['requestBody'] = { required: true, content: { [route.reads]: { schema: { type: 'string' } } } }
  else if (isKeyedWrite(route)) {
    operation.parameters = [...(operation.parameters ?? []), { name: 'Idempotency-Key', in: 'header', required: false, schema: { type: 'string', minLength: 1, maxLength: 255 } }]
  }
  if (problemsByStatus(route, options).has('412')) {
    operation.parameters = [...(operation.parameters ?? []), { name: 'If-Match', in: 'header', required: false, schema: { type: 'string' }, description: 'The ETag of the version you saw' }]
  }
  const responses = { ...operation.responses }
  if (route.sends !== undefined || route.reply.schema === undefined) {
    // The plugin invents a 200 where nothing is said of the answer.
    delete responses['200']
    delete responses['default']
    responses[String(route.reply.status)] = route.reply.status === 204
      ? { description: 'Done' }
      : { description: 'The document', content: Object.fromEntries([route.sends ?? 'application/json'].flat().map((type) => [type, { schema: { type: 'string' } }])) }
  }
  for (const [status, codes] of problemsByStatus(route, options)) {
    responses[status] = { description: codes.join(', '), content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } }
  }
  operation.responses = responses
}

/** Whoever has said who they are may send any write again under its key; a stream is many writes. */
function isKeyedWrite({ method, permission, reads }: Route): boolean {
  return method !== 'GET' && permission !== 'public' && reads === undefined
}

function problemsByStatus(route: Route, options: ServerOptions): Map<string, string[]> {
  const general: string[] = ['internal', 'overloaded', 'shutting_down']
  if (route.params !== undefined) general.push('malformed_url', 'url_too_long')
  if (route.permission !== 'public') general.push('unauthenticated', 'forbidden')
  if (route.body !== undefined) general.push('malformed_json', 'unsupported_media_type', 'body_too_large')
  if (route.reads !== undefined) general.push('unsupported_media_type')
  if (route.body !== undefined || route.query !== undefined || route.params !== undefined) general.push('invalid_input')
  if (isKeyedWrite(route)) general.push('invalid_input', 'idempotency_key_reused', 'busy')
  if (route.method === 'PATCH') general.push('stale_version')
  const byStatus = new Map<string, string[]>()
  for (const code of new Set([...general, ...(route.problems ?? [])])) {
    const status = String((options.problems[code] ?? PLATFORM_PROBLEMS.internal).status)
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  return byStatus
}

/**
 * Schemas that carry a title stand once among the components, under that name, and are referred to everywhere else:
 * readers and generated clients see one Order, not twenty alike.
 */
function hoistTitled(document: OpenApiDocument): OpenApiDocument {
  const components = document['components'] as { schemas: Record<string, unknown> }
  const visit = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(visit)
    if (node === null || typeof node !== 'object') return node
    const visited = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, visit(value)]))
    const title = visited['title']
    if (typeof title !== 'string' || visited['type'] !== 'object') return visited
    components.schemas[title] = visited
    return { $ref: `#/components/schemas/${title}` }
  }
  document.paths = visit(document.paths) as OpenApiDocument['paths']
  return document
}
