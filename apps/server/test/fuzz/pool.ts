import { alternativesOf, type Schema } from './document.ts'
import { isKept } from './retailer.ts'

/** Places where a value of another name belongs. */
const SPEAKS_OF: Readonly<Record<string, string>> = {
  channel: 'channels code', 'channels[]': 'channels code', location: 'locations code', pickup_location: 'locations code', 'locations[]': 'locations code', 'preferred_locations[]': 'locations code',
  'location_groups[]': 'location-groups code', role: 'roles code', 'permissions[]': 'permission', 'skus[]': 'sku', product: 'handle', cause: 'id', carrier: 'rate-tables carrier', 'variants code': 'sku',
  equals: 'key', zone: 'zones code',
}

/** Recent values of one name are enough, and keep the memory of a long campaign flat. */
const MAX_VALUES = 100
/** Of a long list a few entries say what there is. */
const MAX_ENTRIES = 5

/** A value to be chosen when the request is sent: the generated input stays the same whatever the pool holds by then. */
export class Drawn {
  readonly keys: readonly string[]
  /** Between 0 and 1: which of the values, the newest first. */
  readonly draw: number
  readonly schema: Schema
  readonly otherwise: unknown
  /** In an address everything is text. */
  readonly textual: boolean

  constructor(keys: readonly string[], draw: number, schema: Schema, otherwise: unknown, textual: boolean) {
    this.textual = textual
    this.keys = keys
    this.draw = draw
    this.schema = schema
    this.otherwise = otherwise
  }
}

/** Which values are not drawn at all, and which first. */
export type Taste = { avoid: (value: unknown) => boolean; prefer: (value: unknown) => boolean }

/** Rather what works than what a fuzzed edit has switched off. */
const ANY: Taste = { avoid: () => false, prefer: isKept }

/** What answers have shown to exist: ids by kind, other values by field name, and what belongs to which id. */
export type Pool = {
  /** Learns from an answer of this collection, or from a body that was accepted; what the address named has it too. */
  harvest: (collection: string, value: unknown, subjects?: readonly string[]) => void
  /** A value for the place: one of the subject's own where it has such, else any; else what was generated. */
  resolve: (drawn: Drawn, subjects: readonly string[], taste?: Taste) => unknown
  /** Whether the last answer about the subject said that this may be done with it now. */
  allows: (subject: unknown, action: string) => boolean
  /** Whether an answer has shown this. */
  knows: (value: unknown) => boolean
  /** Never to be drawn: what the fuzzer itself stands on. */
  keep: (value: string) => void
  /** Learns nothing while the work runs, so that a failure can be repeated. */
  frozen: <T>(work: () => Promise<T>) => Promise<T>
}

/** Fields beside ids that say whose the others are. */
const NAMING = new Set(['number', 'sku', 'location', 'email'])
const ID = /^([a-z]{3})_[0-7][0-9a-hjkmnp-tv-z]{25}$/

export function createPool(): Pool {
  const all = new Map<string, unknown[]>()
  const bySubject = new Map<string, Map<string, unknown[]>>()
  const kept = new Set<unknown>()
  const seen = new Set<unknown>()
  const allowed = new Map<unknown, Set<string>>()
  let frozen = false

  const add = (into: Map<string, unknown[]>, key: string, value: unknown): void => {
    const values = into.get(key)
    if (values === undefined) into.set(key, [value])
    else if (!values.includes(value)) {
      values.push(value)
      if (values.length > MAX_VALUES) values.shift()
    }
  }

  const ofSubject = (subject: string): Map<string, unknown[]> => {
    const known = bySubject.get(subject) ?? new Map<string, unknown[]>()
    bySubject.set(subject, known)
    return known
  }

  // Lines of orders may sell it; nothing else may name it.
  const isAboutKept = (value: unknown): boolean => value !== null && typeof value === 'object' && kept.has((value as { sku?: unknown }).sku)

  const learn = (collection: string, name: string, value: unknown, subjects: readonly Map<string, unknown[]>[]): void => {
    if (value === null || value === undefined || kept.has(value)) return
    if (typeof value === 'string' && value.length <= 64) seen.add(value)
    const prefix = typeof value === 'string' ? ID.exec(value)?.[1] : undefined
    const keys = prefix !== undefined ? [`id ${prefix}`] : name === 'code' || name === 'carrier' ? [`${collection} ${name}`, name] : [name]
    if (name.startsWith('lines') || ![value].flat().some(isAboutKept)) for (const key of keys) for (const into of [all, ...subjects]) add(into, key, value)
    if (Array.isArray(value)) for (const entry of value.slice(0, MAX_ENTRIES)) learn(collection, `${name}[]`, entry, subjects)
    else if (typeof value === 'object') visit(collection, value as Record<string, unknown>, subjects)
  }

  const visit = (collection: string, object: Record<string, unknown>, subjects: readonly Map<string, unknown[]>[]): void => {
    let around = subjects
    for (const [name, own] of Object.entries(object)) {
      if (typeof own === 'string' && (NAMING.has(name) || ID.test(own))) around = [...around, ofSubject(own)]
    }
    if (Array.isArray(object['allowed_actions'])) allowed.set(object['id'], new Set((object['allowed_actions'] as { action: string; allowed: boolean }[]).filter((one) => one.allowed).map(({ action }) => action)))
    for (const [name, value] of Object.entries(object)) if (name !== 'page') learn(collection, name, value, around)
    const { next, prev } = (object['page'] ?? {}) as { next?: string | null; prev?: string | null }
    for (const cursor of [next, prev]) if (typeof cursor === 'string') add(all, `${collection} cursor`, cursor)
  }

  return {
    harvest: (collection, value, subjects = []) => {
      if (frozen || value === null || typeof value !== 'object') return
      if (bySubject.size > 5_000) {
        bySubject.clear()
        allowed.clear()
      }
      visit(collection, value as Record<string, unknown>, subjects.map(ofSubject))
    },
    resolve: ({ keys, draw, schema, otherwise, textual }, subjects, { avoid, prefer } = ANY) => {
      const choose = (from: Map<string, unknown[]> | undefined): unknown => {
        const fitting = keys.flatMap((key) => from?.get(SPEAKS_OF[key] ?? key) ?? []).map((value) => (textual && typeof value !== 'object' ? String(value) : value)).filter((value) => fits(schema, value) && !avoid(value) && !subjects.includes(value as string))
        const preferred = draw < 0.6 ? fitting.filter(prefer) : []
        const some = preferred.length > 0 ? preferred : fitting
        return some[Math.floor((1 - draw * draw) * (some.length - 1) + 0.5)]
      }
      // One time in ten what belongs to somebody else.
      const own = (draw * 1_000) % 10 < 9 ? subjects.map((subject) => choose(bySubject.get(subject))).find((value) => value !== undefined) : undefined
      const found = own ?? choose(all)
      return found === undefined ? otherwise : structuredClone(found)
    },
    allows: (subject, action) => allowed.get(subject)?.has(action) === true,
    knows: (value) => seen.has(value),
    keep: (value) => { kept.add(value) },
    frozen: async (work) => {
      frozen = true
      return work().finally(() => { frozen = false })
    },
  }
}

/** Whether the value can stand in this place at all; the server says the rest. */
function fits(schema: Schema, value: unknown): boolean {
  if (schema.anyOf !== undefined) return schema.anyOf.some((one) => fits(one, value))
  if (schema.enum !== undefined) return schema.enum.includes(value)
  switch (schema.type) {
    case 'string': return typeof value === 'string' && value.length <= (schema.maxLength ?? Infinity) && value.length >= (schema.minLength ?? 0) && (schema.pattern === undefined || new RegExp(schema.pattern).test(value))
    case 'integer': case 'number': return typeof value === 'number' && value >= (schema.minimum ?? -Infinity) && value <= (schema.maximum ?? Infinity)
    case 'boolean': return typeof value === 'boolean'
    case 'array': return Array.isArray(value) && value.length <= (schema.maxItems ?? Infinity) && value.length >= (schema.minItems ?? 0) && value.every((item) => fits(schema.items ?? {}, item))
    case 'object': return typeof value === 'object' && value !== null && !Array.isArray(value) && fieldsFit(schema, value as Record<string, unknown>)
    case undefined: default: return true
  }
}

function fieldsFit(schema: Schema, value: Record<string, unknown>): boolean {
  const { properties = {}, required = [], additionalProperties } = schema
  if (!alternativesOf(schema).every((group) => group.some((name) => name in value))) return false
  return required.every((name) => name in value) && Object.entries(value).every(([name, child]) => {
    const inner = properties[name] ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined)
    return inner === undefined ? additionalProperties !== false : fits(inner, child)
  })
}
