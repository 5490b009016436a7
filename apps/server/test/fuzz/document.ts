import { present } from '../../src/kernel/assert.ts'

/** What the fuzzer reads of a JSON schema. */
export type Schema = {
  $ref?: string
  anyOf?: Schema[]
  enum?: unknown[]
  type?: string
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: boolean | Schema
  items?: Schema
  uniqueItems?: boolean
  pattern?: string
  format?: string
  description?: string
  minLength?: number; maxLength?: number; minItems?: number; maxItems?: number; maxProperties?: number; minimum?: number; maximum?: number
}

export type Parameter = { name: string; in: 'path' | 'query' | 'header'; required: boolean; schema: Schema }

/** What is said of one status: its media types with their schemas, and the codes of its problems. */
export type Response = { media: Record<string, Schema>; codes: readonly string[] }

export type Operation = {
  id: string
  method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
  path: string
  /** The first segment after the version: what its answers are about. */
  collection: string
  parameters: Parameter[]
  /** For a stream its lines, as a list. */
  body: Schema | undefined
  /** Media type of the body. */
  media: string
  responses: ReadonlyMap<number, Response>
}

type Content = Record<string, { schema?: Schema }>
type Described = { operationId: string; parameters?: Parameter[]; requestBody?: { content: Content }; responses: Record<string, { description?: string; content?: Content }> }
export type Document = { paths: Record<string, Record<string, Described>>; components: { schemas: Record<string, Schema> } }

/** Every operation of the document, with its schemas written out. */
export function operationsOf(document: Document): Operation[] {
  const open = (schema: Schema): Schema => inlined(document, schema)
  return Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, described]): Operation => ({
    id: described.operationId,
    method: method.toUpperCase() as Operation['method'],
    path,
    collection: path.split('/').find((segment, index) => index > 0 && segment !== 'v1') ?? '',
    parameters: (described.parameters ?? []).map((parameter) => ({ ...parameter, schema: open(parameter.schema) })),
    ...bodyOf(document, described),
    responses: new Map(Object.entries(described.responses).map(([status, { description, content }]) => [Number(status), {
      media: Object.fromEntries(Object.entries(content ?? {}).map(([type, { schema }]) => [type, open(schema ?? {})])),
      codes: (description ?? '').split(', '),
    }])),
  })))
}

/** The body as it is described; the lines of a stream are those of the operation that takes one of them, with a number of their own. */
function bodyOf(document: Document, { operationId, requestBody }: Described): Pick<Operation, 'body' | 'media'> {
  const [media = JSON_MEDIA] = Object.keys(requestBody?.content ?? {})
  if (requestBody === undefined) return { body: undefined, media }
  const described = inlined(document, present(requestBody.content[media]?.schema, `${operationId} describes its body`))
  const single = media === NDJSON_MEDIA ? LINES_OF[operationId] : undefined
  if (single === undefined) return { body: described, media }
  const line = inlined(document, present(document.paths[single]?.['post']?.requestBody?.content[JSON_MEDIA]?.schema, `${single} takes one line of ${operationId}`))
  return { body: { type: 'array', minItems: 1, maxItems: 400, items: { ...line, required: [...(line.required ?? []), 'external_id'] } }, media }
}

export const JSON_MEDIA = 'application/json'
export const NDJSON_MEDIA = 'application/x-ndjson'
export const CSV_MEDIA = 'text/csv'

/** Which path takes one by one what a stream takes many of. */
const LINES_OF: Readonly<Record<string, string>> = { createOrders: '/v1/orders' }

function inlined(document: Document, schema: Schema): Schema {
  if (schema.$ref !== undefined) return inlined(document, present(document.components.schemas[schema.$ref.split('/').at(-1)!], `${schema.$ref} is described`))
  return {
    ...schema,
    ...(schema.anyOf === undefined ? {} : { anyOf: schema.anyOf.map((one) => inlined(document, one)) }),
    ...(schema.items === undefined ? {} : { items: inlined(document, schema.items) }),
    ...(schema.properties === undefined ? {} : { properties: Object.fromEntries(Object.entries(schema.properties).map(([name, one]) => [name, inlined(document, one)])) }),
    ...(typeof schema.additionalProperties === 'object' ? { additionalProperties: inlined(document, schema.additionalProperties) } : {}),
  }
}

/** The kinds of id that a schema asks for: `ord` where its pattern begins with `^ord_`. */
export function idPrefix({ pattern }: Schema): string | undefined {
  return pattern === undefined ? undefined : /\^([a-z]{3})_\[0-7\]/.exec(pattern)?.[1]
}

/** Optional in the schema, and yet exactly one of each group is meant. */
const ALTERNATIVES = [['line_id', 'sku', 'channel_sku'], ['delta', 'set_to']]

export function alternativesOf({ properties = {}, required = [] }: Schema): string[][] {
  return ALTERNATIVES.map((group) => group.filter((name) => name in properties && !required.includes(name))).filter((group) => group.length > 1)
}
