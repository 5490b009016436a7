import { array, boolean, constant, constantFrom, dictionary, double, integer, jsonValue, noBias, oneof, stringMatching, tuple, uniqueArray, type Arbitrary } from 'fast-check'
import { DAY_MS } from '../../src/kernel/time.ts'
import { alternativesOf, idPrefix, type Schema } from './document.ts'
import { Drawn } from './pool.ts'

/** The present of the fuzzed application: a Tuesday morning. */
export const START = new Date('2026-03-03T09:00:00.000Z')

/** A field that is not sent. */
export const ABSENT = Symbol('absent')

/** Where a value stands: its field's name, and what the operation is about. */
export type Place = { name: string; collection: string; /** A name that somebody gives here: mostly a new one. */ coins?: boolean; /** Part of the address. */ textual?: boolean }

const COINED = new Set(['code', 'sku', 'handle', 'email', 'external_id', 'gtin'])
/** Of many scripts, wide and narrow, one and several code points. */
const LETTERS = [...Array.from('aZ09 -_.,:;!?/&+()éßøñčłžΩжשعक한漢あ①€™…'), '👩‍👩‍👧', '🇬🇧', 'e\u0301', 'ﬁ', '𝔘', '\u00a0', '\u200d']

const made = new Map<string, Arbitrary<unknown>>()

/** Values that the schema allows, mostly ones that exist: what the pool holds under this name. */
export function valuesOf(schema: Schema, place: Place): Arbitrary<unknown> {
  if (schema.anyOf !== undefined) return oneof(...schema.anyOf.map((one) => valuesOf(one, place)))
  if (schema.enum !== undefined) return constantFrom(...schema.enum)
  switch (schema.type) {
    case 'boolean': return boolean()
    case 'null': return constant(null)
    case 'integer': return drawnOr(schema, place, integers(schema), 0.4)
    case 'number': return drawnOr(schema, place, double({ min: schema.minimum ?? -1e9, max: schema.maximum ?? 1e9, noNaN: true }), 0.6)
    case 'string': return drawnOr(schema, place, texts(schema, place), place.coins === true && COINED.has(place.name) ? 0.2 : 0.85)
    case 'array': return arrays(schema, place)
    case 'object': return objects(schema, place)
    case undefined: default: return jsonValue({ maxDepth: 2 })
  }
}

/** Between 0 and 1, all alike: doubles themselves are mostly tiny. */
export const draws = noBias(integer({ min: 0, max: 9_999 })).map((draw) => draw / 10_000)

/** Most of the time, as `share` says, a value that exists. */
function drawnOr(schema: Schema, place: Place, fresh: Arbitrary<unknown>, share: number): Arbitrary<unknown> {
  const prefix = idPrefix(schema)
  const keys = prefix === undefined ? [place.name === 'code' || place.name === 'cursor' ? `${place.collection} ${place.name}` : place.name] : schema.pattern!.includes('|') ? [`id ${prefix}`, 'number'] : [`id ${prefix}`]
  return oneof(
    { weight: Math.round(share * 100), arbitrary: tuple(draws, fresh).map(([draw, otherwise]) => new Drawn(keys, draw, schema, otherwise, place.textual === true)) },
    { weight: Math.round((1 - share) * 100), arbitrary: fresh },
  )
}

function integers({ minimum = -1_000_000, maximum = 1_000_000 }: Schema): Arbitrary<number> {
  return oneof({ weight: 6, arbitrary: integer({ min: minimum, max: Math.min(maximum, minimum + 3) }) }, { weight: 2, arbitrary: integer({ min: minimum, max: maximum }) }, { weight: 1, arbitrary: constantFrom(minimum, maximum) })
}

function texts(schema: Schema, place: Place): Arbitrary<string> {
  const key = JSON.stringify([schema, place.name])
  const known = made.get(key) as Arbitrary<string> | undefined
  if (known !== undefined) return known
  const fresh = freshTexts(schema, place)
  made.set(key, fresh)
  return fresh
}

function freshTexts({ format, pattern, minLength = 0, maxLength = 200, description }: Schema, { name }: Place): Arbitrary<string> {
  const days = oneof({ weight: 6, arbitrary: integer({ min: -30, max: 60 }) }, { weight: 1, arbitrary: integer({ min: -700_000, max: 2_900_000 }) })
  if (format === 'date-time') return tuple(days, integer({ min: 0, max: DAY_MS })).map(([day, ms]) => new Date(START.getTime() + day * DAY_MS + ms).toISOString())
  if (format === 'date' || name.includes('date') || name.endsWith('_on')) return days.map((day) => new Date(START.getTime() + day * DAY_MS).toISOString().slice(0, 10))
  if (format === 'email') return stringMatching(/^[a-z]{1,8}@[a-z]{1,8}\.example$/)
  if (format === 'country' || pattern === '^[A-Z]{2}$') return oneof({ weight: 5, arbitrary: constantFrom('GB', 'DE', 'FR', 'US', 'IE') }, { weight: 1, arbitrary: stringMatching(/^[A-Z]{2}$/) })
  if (pattern === '^[A-Z]{3}$') return oneof({ weight: 5, arbitrary: constantFrom('GBP', 'EUR', 'JPY', 'KWD') }, { weight: 1, arbitrary: stringMatching(/^[A-Z]{3}$/) })
  if (pattern !== undefined && pattern.startsWith('^-?[0-9]{1,15}')) return oneof({ weight: 5, arbitrary: stringMatching(/^[0-9]{1,2}\.[0-9]{2}$/) }, { weight: 1, arbitrary: stringMatching(new RegExp(pattern)) })
  if (pattern !== undefined && pattern !== '\\S') return stringMatching(new RegExp(pattern)).filter((text) => text.length <= maxLength)
  // A filter tells the values of its closed set.
  const choices = /comma-separated: (.+)$/.exec(description ?? '')?.[1]?.split(', ')
  if (choices !== undefined) return uniqueArray(constantFrom(...choices), { minLength: 1, maxLength: 3 }).map((some) => some.join(','))
  return oneof(
    { weight: 4, arbitrary: stringMatching(/^[a-zA-Z0-9][a-zA-Z0-9 .-]{0,20}[a-zA-Z0-9]$/) },
    { weight: 1, arbitrary: array(constantFrom(...LETTERS), { minLength: Math.max(minLength, 1), maxLength: Math.min(maxLength, 60) }).map((letters) => letters.join('')) },
  ).map((text) => text.slice(0, maxLength).toWellFormed().padEnd(minLength, 'x'))
}

/** Items that differ once they are resolved. */
export class Distinct {
  readonly items: unknown[]
  constructor(items: unknown[]) { this.items = items }
}

function arrays(schema: Schema, place: Place): Arbitrary<unknown> {
  const { items = {}, minItems = 0, maxItems = 100, uniqueItems = false } = schema
  const generated = array(valuesOf(items, place.name === 'body' ? place : { name: `${place.name}[]`, collection: place.collection }), { minLength: minItems, maxLength: Math.min(maxItems, minItems + 2) })
    .map((some) => (uniqueItems ? new Distinct(some) : some))
  return place.name === 'body' || items.type !== 'object' ? generated : drawnOr(schema, place, generated, 0.25)
}

function objects(schema: Schema, place: Place): Arbitrary<unknown> {
  const { properties = {}, required = [], additionalProperties } = schema
  const names = Object.keys(properties)
  if (names.length === 0) {
    if (additionalProperties === false) return constant({})
    const entries = typeof additionalProperties === 'object' ? valuesOf(additionalProperties, { name: `${place.name}{}`, collection: place.collection }) : jsonValue({ maxDepth: 1 })
    return drawnOr(schema, place, dictionary(stringMatching(/^[a-z_]{1,8}$/), entries, { maxKeys: Math.min(schema.maxProperties ?? 3, 3) }), 0.7)
  }
  const meant = alternativesOf(schema)
  const fields = names.map((name) => {
    const values = valuesOf(properties[name]!, { name, collection: place.collection, coins: place.coins === true && place.name === 'body' })
    return required.includes(name) || meant.some((group) => group.includes(name)) ? values : oneof({ weight: 7, arbitrary: constant(ABSENT) }, { weight: 3, arbitrary: values })
  })
  const generated = tuple(integer({ min: 0, max: 11 }), ...fields).map(([choice, ...values]) => {
    // One time in twelve all of them together.
    const others = choice === 0 ? [] : meant.flatMap((group) => group.filter((_, index) => index !== choice % group.length))
    return Object.fromEntries(names.flatMap((name, index) => (values[index] === ABSENT || others.includes(name) ? [] : [[name, values[index]]])))
  })
  return place.name === 'body' ? generated : drawnOr(schema, place, generated, 0.2)
}
