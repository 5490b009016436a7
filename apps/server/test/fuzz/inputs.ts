import { constant, constantFrom, integer, nat, oneof, option, record, tuple, type Arbitrary } from 'fast-check'
import { CSV_MEDIA, idPrefix, NDJSON_MEDIA, type Operation, type Schema } from './document.ts'
import { hostileNames, hostileValues, Raw, wiresFor, type Wire } from './hostile.ts'
import { Drawn, type Pool, type Taste } from './pool.ts'
import { isKept } from './retailer.ts'
import { ABSENT, Distinct, draws, valuesOf } from './values.ts'

export type CallerName = 'administrator' | 'confined'

/** One departure from what the document allows. `at` chooses the place, whatever stands there. */
export type Twist =
  | { kind: 'missing' | 'extra' | 'wrong type' | 'out of range' | 'not in the set' | 'another id'; at: number; name: string; value: unknown }
  | { kind: 'hostile'; at: number; values: unknown[] }
  | { kind: 'wire'; wire: Wire }

/** A generated call: references to what exists are not resolved yet. */
export type Input = { caller: CallerName; path: Record<string, unknown>; query: Record<string, unknown>; body: unknown; headers: Record<string, unknown>; twist: Twist | undefined }

/** A call as it is sent. */
export type Sent = { caller: CallerName; method: Operation['method']; url: string; headers: Record<string, string>; payload?: string; without_authorization: boolean; twist: string; /** Whether it speaks of things that are there. */ known: boolean; /** What its address names. */ subjects: string[]; /** Whether its address is no longer that of the operation. */ strayed: boolean }

/** What of the inputs is valid, departs in one place, carries hostile values, and breaks the exchange itself, in percent. */
const SHARES = { valid: 45, nearly: 28, hostile: 16, broken: 11 }

export function inputsOf(operation: Operation): Arbitrary<Input> {
  const { collection, body, parameters } = operation
  const coins = operation.method === 'POST' && !operation.path.includes('{')
  const fields = (where: string): Arbitrary<Record<string, unknown>> => {
    const some = parameters.filter((parameter) => parameter.in === where)
    // Of many filters one or two at a time: all together find nothing.
    const absent = Math.max(7, some.length * 2)
    const values = some.map(({ name, required, schema }) => {
      const value = valuesOf(schema, { name: fieldOf(name), collection, textual: true })
      return required ? value : oneof({ weight: absent, arbitrary: constant<unknown>(ABSENT) }, { weight: 3, arbitrary: value })
    })
    return tuple(...values).map((made) => Object.fromEntries(some.flatMap(({ name }, index) => (made[index] === ABSENT ? [] : [[name, made[index]]]))))
  }
  const twists: Arbitrary<Twist | undefined> = oneof(
    { weight: SHARES.valid, arbitrary: constant(undefined) },
    { weight: SHARES.nearly, arbitrary: record({ kind: constantFrom('missing', 'extra', 'wrong type', 'out of range', 'not in the set', 'another id'), at: nat(), name: hostileNames, value: hostileValues }) },
    { weight: SHARES.hostile, arbitrary: tuple(nat(), tuple(hostileValues, hostileValues, hostileValues), integer({ min: 1, max: 3 })).map(([at, values, count]): Twist => ({ kind: 'hostile', at, values: values.slice(0, count) })) },
    { weight: SHARES.broken, arbitrary: wiresFor({ hasBody: body !== undefined }).map((wire): Twist => ({ kind: 'wire', wire })) },
  )
  return record({
    caller: oneof({ weight: 5, arbitrary: constant<CallerName>('administrator') }, { weight: 1, arbitrary: constant<CallerName>('confined') }),
    path: fields('path'),
    query: fields('query'),
    body: body === undefined ? constant(ABSENT) : bodiesOf(operation, valuesOf(body, { name: 'body', collection, coins })),
    headers: headersOf(operation),
    twist: twists,
  })
}

/** Now and then one that was accepted before, as it was. */
function bodiesOf({ id, body }: Operation, generated: Arbitrary<unknown>): Arbitrary<unknown> {
  const again = tuple(draws, generated).map(([draw, otherwise]) => new Drawn([bodyKey(id)], draw, body!, otherwise, false))
  return oneof({ weight: 17, arbitrary: generated }, { weight: 3, arbitrary: again })
}

/** Lines of a stream, and a table as the text that it is. */
function writeBody({ media }: Operation, body: unknown): string {
  if (media === NDJSON_MEDIA && Array.isArray(body)) return body.map(writeJson).join('\n')
  return media === CSV_MEDIA && typeof body === 'string' ? body : writeJson(body)
}

/** Under which name the pool keeps the bodies that an operation has accepted. */
export const bodyKey = (operation: string): string => `body of ${operation}`

/** `filter[placed_at][gte]` speaks of placed_at; cursors of the lists they belong to. */
function fieldOf(parameter: string): string {
  return parameter === 'before' || parameter === 'after' ? 'cursor' : (/^filter\[(\w+)\]/.exec(parameter)?.[1] ?? parameter)
}

function headersOf({ parameters }: Operation): Arbitrary<Record<string, unknown>> {
  const has = (name: string): boolean => parameters.some((parameter) => parameter.name === name)
  return record({
    ...(has('Idempotency-Key') ? { 'idempotency-key': option(draws.map((draw) => `fuzz-${draw}`), { freq: 1, nil: ABSENT }) } : {}),
    ...(has('If-Match') ? { 'if-match': option(integer({ min: 1, max: 3 }).map((version) => `"${version}"`), { freq: 1, nil: ABSENT }) } : {}),
  })
}

/** Edits go to what the fuzzer does not stand on; actions first to what allows them, or to what they have not been tried on. */
function tasteOf({ method, path }: Operation, pool: Pool, tried: ReadonlySet<unknown>): Taste {
  const action = path.split('/').at(-1)!.replaceAll('-', '_')
  return {
    avoid: method === 'PATCH' || method === 'PUT' || method === 'DELETE' ? isKept : () => false,
    prefer: method === 'GET' ? () => false : (value) => !tried.has(value) || pool.allows(value, action),
  }
}

/** Chooses from the pool, departs where the input says so, and writes the call down. */
export function sendable(operation: Operation, input: Input, pool: Pool, tried: Set<unknown>): Sent {
  const path: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(input.path)) path[name] = resolved(value, pool, Object.values(path).filter((one) => typeof one === 'string'), tasteOf(operation, pool, tried))
  for (const value of Object.values(path)) tried.add(value)
  const subjects = Object.values(path).filter((value) => typeof value === 'string')
  const query = resolved(input.query, pool, subjects) as Record<string, unknown>
  const whole = { path, query, body: resolved(input.body, pool, subjects) }
  if (input.twist !== undefined && input.twist.kind !== 'wire') depart(operation, whole, input.twist)
  const wire = input.twist?.kind === 'wire' ? input.twist.wire : undefined
  const written = whole.body === ABSENT ? undefined : writeBody(operation, whole.body)
  const payload = written === undefined ? undefined : (wire?.body?.(written) ?? written)
  const url = writeUrl(operation, whole.path, whole.query)
  const sentUrl = wire?.url?.(url) ?? url
  const headers = Object.fromEntries(Object.entries(input.headers).filter(([, value]) => value !== ABSENT)) as Record<string, string>
  return {
    caller: input.caller, method: operation.method, url: sentUrl,
    headers: { ...(payload === undefined ? {} : { 'content-type': operation.media }), ...headers, ...wire?.headers },
    ...(payload === undefined ? {} : { payload }),
    without_authorization: wire?.without === 'authorization',
    twist: wire?.name ?? input.twist?.kind ?? 'valid',
    subjects,
    known: subjects.every((subject) => pool.knows(subject)),
    strayed: hasStrayed(operation, sentUrl),
  }
}

function resolved(value: unknown, pool: Pool, subjects: readonly string[], taste?: Taste): unknown {
  if (value instanceof Drawn) return resolved(pool.resolve(value, subjects, taste), pool, subjects)
  if (value instanceof Distinct) return [...new Map((resolved(value.items, pool, subjects) as unknown[]).map((item) => [JSON.stringify(item), item])).values()]
  if (Array.isArray(value)) return value.map((item) => resolved(item, pool, subjects))
  if (value === null || typeof value !== 'object' || value instanceof Raw) return value
  // The texts first: a location decides which SKUs are likely beside it, an address which password.
  const around = [...subjects]
  const entries = Object.entries(value).map(([key, child]): [string, unknown] => {
    if (!(child instanceof Drawn) || child.schema.type !== 'string') return [key, child]
    const text = resolved(child, pool, around, taste)
    if ((key === 'location' || key === 'email') && typeof text === 'string') around.unshift(text)
    return [key, text]
  })
  return Object.fromEntries(entries.map(([key, child]) => [key, resolved(child, pool, around, taste)]))
}

/** A place in the input that can be changed. */
type Site = { holder: Record<string, unknown>; key: string; schema: Schema; required: boolean }

type Whole = { path: Record<string, unknown>; query: Record<string, unknown>; body: unknown }

function sitesOf({ parameters, body }: Operation, whole: Whole): { sites: Site[]; objects: Record<string, unknown>[] } {
  const sites: Site[] = []
  const objects: Record<string, unknown>[] = []
  for (const where of ['path', 'query'] as const) {
    const some = parameters.filter((parameter) => parameter.in === where)
    for (const { name, schema, required } of some) if (name in whole[where]) sites.push({ holder: whole[where], key: name, schema, required })
    if (where === 'query' && some.length > 0) objects.push(whole.query)
  }
  const visit = (value: unknown, schema: Schema): void => {
    if (value === null || typeof value !== 'object' || value instanceof Raw) return
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) {
        sites.push({ holder: value as unknown as Record<string, unknown>, key: String(index), schema: schema.items ?? {}, required: false })
        visit(item, schema.items ?? {})
      }
      return
    }
    const object = value as Record<string, unknown>
    if (schema.additionalProperties === false) objects.push(object)
    for (const [key, child] of Object.entries(object)) {
      const inner = schema.properties?.[key] ?? (typeof schema.additionalProperties === 'object' ? schema.additionalProperties : {})
      sites.push({ holder: object, key, schema: inner, required: schema.required?.includes(key) === true })
      for (const one of inner.anyOf ?? [inner]) visit(child, one)
    }
  }
  if (body !== undefined) visit(whole.body, body)
  return { sites, objects }
}

function depart(operation: Operation, whole: Whole, twist: Exclude<Twist, { kind: 'wire' }>): void {
  const { sites, objects } = sitesOf(operation, whole)
  const pick = <T>(some: readonly T[], at: number): T | undefined => some[at % some.length]
  const put = ({ holder, key }: { holder: object; key: string }, value: unknown): void => { Object.defineProperty(holder, key, { value, enumerable: true, writable: true, configurable: true }) }
  if (twist.kind === 'hostile') {
    for (const [index, value] of twist.values.entries()) {
      const site = pick(sites, twist.at + index * 7)
      if (site !== undefined) put(site, value)
    }
    return
  }
  const of = (fitting: (site: Site) => boolean): Site | undefined => pick(sites.filter(fitting), twist.at)
  const site = {
    'missing': () => of(({ required }) => required),
    'extra': () => undefined,
    'wrong type': () => of(() => true),
    'out of range': () => of(({ schema }) => rangeBroken(schema) !== undefined),
    'not in the set': () => of(({ schema }) => schema.enum !== undefined),
    'another id': () => of(({ schema }) => idPrefix(schema) !== undefined),
  }[twist.kind]()
  if (site === undefined) {
    const object = pick(objects, twist.at)
    if (object !== undefined) put({ holder: object, key: twist.name }, twist.value)
  } else if (twist.kind === 'missing') {
    if (site.holder !== whole.path) delete site.holder[site.key]
  } else if (twist.kind === 'wrong type') put(site, otherType(site.schema, twist.at))
  else if (twist.kind === 'out of range') put(site, rangeBroken(site.schema))
  else if (twist.kind === 'not in the set') put(site, 'nonesuch')
  else put(site, `${idPrefix(site.schema) === 'ord' ? 'lin' : 'ord'}${String(site.holder[site.key]).slice(3)}`)
}

function otherType({ type }: Schema, at: number): unknown {
  const others: [string, unknown][] = [['string', 'text'], ['integer', 7], ['boolean', true], ['null', null], ['array', ['x']], ['object', { a: 1 }], ['number', 0.5]]
  const fitting = others.filter(([name]) => name !== type && !(type === 'number' && name === 'integer'))
  return fitting[at % fitting.length]![1]
}

function rangeBroken({ maximum, minimum, maxLength, minLength = 0, maxItems, minItems = 0 }: Schema): unknown {
  if (maximum !== undefined) return maximum + 1
  if (minimum !== undefined) return minimum - 1
  if (maxLength !== undefined && maxLength <= 5_000) return 'x'.repeat(maxLength + 1)
  if (minLength > 0) return ''
  if (maxItems !== undefined && maxItems <= 500) return Array.from({ length: maxItems + 1 }, () => null)
  return minItems > 0 ? [] : undefined
}

function writeJson(value: unknown): string {
  if (value instanceof Raw) return value.text
  if (Array.isArray(value)) return `[${value.map(writeJson).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null'
  return `{${Object.entries(value).map(([key, child]) => `${JSON.stringify(key)}:${writeJson(child)}`).join(',')}}`
}

function writeUrl({ path }: Operation, values: Record<string, unknown>, query: Record<string, unknown>): string {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => percentEncoded(values[name]))
  const pairs = Object.entries(query).map(([name, value]) => `${percentEncoded(name)}=${percentEncoded(value)}`)
  return pairs.length === 0 ? filled : `${filled}?${pairs.join('&')}`
}

/** Whether the path says something else, or nothing that can be read. */
function hasStrayed({ path }: Operation, url: string): boolean {
  const match = new RegExp(`^${path.replaceAll(/\{\w+\}/g, '([^/]+)')}$`).exec(url.split('?')[0]!)
  return match === null || match.slice(1).some((part) => decodable(part).length > 200 || decodable(part) === '')
}

function decodable(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return ''
  }
}

/** Half a surrogate pair becomes bytes that are no UTF-8, as a careless client would send it. */
function percentEncoded(value: unknown): string {
  const text = typeof value === 'string' ? value : value instanceof Raw ? value.text : JSON.stringify(value ?? null)
  return text.isWellFormed() ? encodeURIComponent(text) : text.split(/([\ud800-\udfff])/).map((part) => (part.isWellFormed() ? encodeURIComponent(part) : '%ED%A0%80')).join('')
}
