import { Type, type Static, type TObject, type TProperties } from 'typebox'
import type { FieldError } from '../../kernel/problem.ts'
import type { Candidate, DemandLine } from './demand.ts'
import type { OrderView } from './order-view.ts'
import type { Fact } from './settings.ts'

/**
 * What rules are made of: conditions, filters and rankings. Each is one entry of a table: its settings, what it does, and
 * how it speaks. Types, validation, API schema, sentences, explanation and the linter follow from the entry.
 */

/** What is read from the database only where a rule in use asks for it. */
export type Need = 'items' | 'customer' | 'stock_age' | 'daily_demand' | 'shadow_price'

/** Something that a rule names and that must exist, with the place of the name below the setting. */
export type Reference = { kind: 'channel' | 'location' | 'shipping_method' | 'order_field'; name: string; pointer: string }

type Settings<P extends TProperties> = Static<TObject<P>>

type Criterion<P extends TProperties> = {
  settings: P
  needs?: readonly Need[]
  /** What the schema cannot tell; pointers are below the setting. */
  check?: (settings: Settings<P>) => FieldError[]
  refers?: (settings: Settings<P>) => Reference[]
}

/** A test of the order that decides whether a rule is for it. `prepare` runs once for a batch. */
export type Condition<P extends TProperties> = Criterion<P> & {
  prepare: (settings: Settings<P>) => (order: OrderView) => boolean
  /** Why the rule was not for the order: "the rule is for other channels". */
  phrase: string
  /** The end of "Orders that …": "come from web". */
  say: (settings: Settings<P>) => string
  /** What of an order it looks at, and nothing else: one of `FACETS` (lint/facets.ts). */
  facet: string | ((settings: Settings<P>) => string)
  /** The values of the facet at which it may change its mind; the linter tries them and what lies between. */
  mentions: (settings: Settings<P>) => readonly unknown[]
  /** Of a condition on items: its tests of a single line. */
  lineTests?: (settings: Settings<P>) => readonly LineTest[]
}

export type LineTest = (line: DemandLine) => boolean

/**
 * A test that a location must pass to serve the order. `keeps` runs for every order and candidate, so it allocates
 * nothing; `limit`, `value` and `phrase` run only for a location that failed, to say why.
 */
export type Filter<P extends TProperties> = Criterion<P> & {
  keeps: (order: OrderView, candidate: number, settings: Settings<P>) => boolean
  /** Units of a variant (a position in `order.variant_ids`) that stay at the location, whoever asks under this rule. */
  withholds?: (order: OrderView, candidate: number, variant: number, settings: Settings<P>) => number
  /** What was asked. Locations with the same limit share one entry of the record. */
  limit?: (order: OrderView, candidate: number, settings: Settings<P>) => Fact
  /** What the location had. */
  value?: (order: OrderView, candidate: number, settings: Settings<P>) => Fact
  /** The end of "Leeds was ruled out: …". With a `value` it speaks of one location, otherwise perhaps of many. */
  phrase: (limit: Fact, value: Fact) => string
  /** The end of "Locations that …": "are in GB". */
  say: (settings: Settings<P>) => string
  /**
   * Whether it looks only at what a location is, and at these facets of the order; the linter reasons about it. Without,
   * it depends on the moment (stock, capacity, time), and any location may pass it some time.
   */
  lasting?: { facets: readonly string[]; mentions?: (settings: Settings<P>, candidates: readonly Candidate[]) => Readonly<Record<string, readonly unknown[]>>; places?: (settings: Settings<P>) => readonly Partial<Candidate>[] }
}

/** A figure by which locations are ordered; whole numbers, so that sums are exact and equal places tie. */
export type Ranking<P extends TProperties> = Criterion<P> & {
  prefer: 'low' | 'high'
  value: (order: OrderView, candidate: number, settings: Settings<P>) => number
  /** The end of "York was passed over: …"; `than` names the location that was chosen instead. Null is endless. */
  phrase: (value: Fact, chosen: Fact, than: string) => string
  /** The end of "Prefer …": "the nearest". */
  say: (settings: Settings<P>) => string
}

export const condition = <P extends TProperties>(entry: Condition<P>): Condition<P> => entry
export const filter = <P extends TProperties>(entry: Filter<P>): Filter<P> => entry
export const ranking = <P extends TProperties>(entry: Ranking<P>): Ranking<P> => entry

/** Stands for "unknown" where low is better and for "without limit" where high is better. Sums of it stay exact. */
export const ENDLESS = 1_000_000_000

const Texts = Type.Array(Type.String({ minLength: 1, maxLength: 200 }), { minItems: 1, maxItems: 500, uniqueItems: true })
export const anyOrNone = { any_of: Type.Optional(Texts), none_of: Type.Optional(Texts) }
export type AnyOrNone = { any_of?: readonly string[]; none_of?: readonly string[] }

const Scalars = Type.Array(Type.Union([Type.String({ minLength: 1, maxLength: 500 }), Type.Number(), Type.Boolean()]), { minItems: 1, maxItems: 500, uniqueItems: true })
export const anyOrNoneOf = { any_of: Type.Optional(Scalars), none_of: Type.Optional(Scalars) }
export type AnyOrNoneOf = { any_of?: readonly Scalar[]; none_of?: readonly Scalar[] }
export type Scalar = string | number | boolean

export const FieldName = Type.String({ pattern: '^[a-z][a-z0-9_]{0,62}$' })

/** At least one of the two lists. */
export function checkLists({ any_of, none_of }: AnyOrNoneOf): FieldError[] {
  if (any_of === undefined && none_of === undefined) return [{ pointer: '', code: 'required', detail: 'Give any_of, none_of or both.' }]
  return []
}

export const rangeOf = (options: { minimum?: number } = {}) => ({ at_least: Type.Optional(Type.Number(options)), below: Type.Optional(Type.Number(options)) })
export type Range = { at_least?: number; below?: number }

export function checkRange({ at_least, below }: Range): FieldError[] {
  if (at_least === undefined && below === undefined) return [{ pointer: '', code: 'required', detail: 'Give at_least, below or both.' }]
  return at_least === undefined || below === undefined || at_least < below ? [] : [{ pointer: '/below', code: 'empty_range', detail: 'below must be more than at_least.' }]
}

export function inRange({ at_least, below }: Range): (value: number) => boolean {
  return (value) => (at_least === undefined || value >= at_least) && (below === undefined || value < below)
}

/** Where a range begins and ends. */
export function bounds({ at_least, below }: Range): number[] {
  return [at_least, below].filter((bound) => bound !== undefined)
}

/** "at least 2 and less than 10 units". */
export function sayRange({ at_least, below }: { at_least?: number | string; below?: number | string }, unit: string): string {
  const parts = [...(at_least === undefined ? [] : [`at least ${at_least}`]), ...(below === undefined ? [] : [`less than ${below}`])]
  return `${parts.join(' and ')}${unit === '' ? '' : ` ${unit}`}`
}

/** `a, b or c`; quoted, because they are the merchant's own words. */
export function sayWords(words: readonly Scalar[], join: 'or' | 'and' = 'or'): string {
  const quoted = words.map((word) => (typeof word === 'string' ? `"${word}"` : String(word)))
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} ${join} ${quoted.at(-1)}`
}

/** "go to "GB" or "IE", and do not go to "JE"" from the two forms of a verb. */
export function sayLists({ any_of, none_of }: AnyOrNoneOf, does: string, does_not: string): string {
  return [...(any_of === undefined ? [] : [`${does} ${sayWords(any_of)}`]), ...(none_of === undefined ? [] : [`${does_not} ${sayWords(none_of)}`])].join(' and ')
}

export function listed({ any_of = [], none_of = [] }: AnyOrNoneOf): Scalar[] {
  return [...any_of, ...none_of]
}

/** Each name of both lists, with its place. */
export function refersTo(kind: Reference['kind'], { any_of = [], none_of = [] }: AnyOrNone): Reference[] {
  return [...any_of.map((name, index) => ({ kind, name, pointer: `/any_of/${index}` })), ...none_of.map((name, index) => ({ kind, name, pointer: `/none_of/${index}` }))]
}
