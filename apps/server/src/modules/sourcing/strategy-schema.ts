import { Type, type TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { isCurrency, parseAmount } from '../../kernel/money.ts'
import { pointerTo, type FieldError } from '../../kernel/problem.ts'
import { Code } from '../../platform/http/schemas.ts'
import { CONDITIONS, MAX_DEPTH } from './conditions.ts'
import type { Reference } from './criterion.ts'
import { FILTERS } from './filters.ts'
import { RANKINGS } from './rankings.ts'
import { settingSchema } from './settings.ts'
import type { Rule, Strategy } from './strategy.ts'

type Entry = { settings: Record<string, TSchema>; check?: (settings: never) => FieldError[]; refers?: (settings: never) => Reference[] }
type EntryTable = Readonly<Record<string, Entry>>

const CLOSED = { additionalProperties: false }
const Name = Type.String({ minLength: 1, maxLength: 100 })
const Days = Type.Integer({ minimum: 1, maximum: 730 })
const Split = Type.Object({
  max_locations: Type.Union([Type.Integer({ minimum: 1 }), Type.Null()]),
  keep_lines_whole: Type.Boolean(),
  min_value: Type.Optional(Type.Object({ currency: Type.String({ pattern: '^[A-Z]{3}$' }), amount: Type.String({ pattern: '^\\d{1,15}(\\.\\d+)?$' }) }, CLOSED)),
  keep_together: Type.Optional(Type.Object({ bundles: Type.Boolean(), tags: Type.Optional(Type.Array(Type.String({ minLength: 1 }), { minItems: 1, uniqueItems: true })) }, CLOSED)),
}, CLOSED)

const action = (name: string, settings: Record<string, TSchema> = {}): TSchema => Type.Object({ action: Type.Literal(name), ...settings }, CLOSED)

const FALLBACKS: Readonly<Record<string, TSchema>> = {
  next_rule: action('next_rule', { keep_partial: Type.Boolean() }),
  channel_policy: action('channel_policy'),
  refuse: action('refuse'),
  backorder: action('backorder', { cancel_after_days: Type.Optional(Days) }),
  hold: action('hold', { queue: Type.Optional(Code), cancel_after_days: Type.Optional(Days) }),
  queue: action('queue', { queue: Code, cancel_after_days: Type.Optional(Days) }),
}

const anyEntry = (table: EntryTable): TSchema =>
  Type.Array(Type.Union(Object.entries(table).map(([type, entry]) => settingSchema(type, entry.settings))))

const ObjectiveSchema = Type.Object({
  minimize: Type.Literal('cost'),
  weigh: Type.Array(Type.Union([Type.Literal('labor'), Type.Literal('scarcity'), Type.Literal('markdown'), Type.Literal('stock_out')]), { uniqueItems: true }),
  leave_unfilled: Type.Boolean(),
  reoptimize: Type.Optional(Type.Boolean()),
  wave_minutes: Type.Optional(Type.Integer({ minimum: 1, maximum: 1440 })),
}, CLOSED)

const ruleSchema = (conditions: TSchema, filters: TSchema, rankings: TSchema, fallback: TSchema): TSchema =>
  Type.Object(
    {
      // Part of every decision record, therefore short.
      id: Type.String({ pattern: '^[a-z0-9_-]{1,40}$' }),
      name: Name,
      conditions,
      location_groups: Type.Array(Type.String({ minLength: 1 }), { uniqueItems: true }),
      filters,
      rankings,
      objective: Type.Optional(ObjectiveSchema),
      split: Split,
      fallback,
    },
    CLOSED,
  )

const strategySchema = (rule: TSchema): TSchema => Type.Object({ name: Name, rules: Type.Array(rule, { minItems: 1, maxItems: 100 }) }, CLOSED)

const Nested = Type.Array(Type.Unsafe<object>({ type: 'object', description: 'A condition' }), { minItems: 1, maxItems: 100 })
const COMBINED = [Type.Object({ all: Nested }, CLOSED), Type.Object({ any: Nested }, CLOSED), Type.Object({ not: Type.Unsafe<object>({ type: 'object', description: 'A condition' }) }, CLOSED)]
const ConditionsSchema = Type.Array(Type.Union([...Object.entries(CONDITIONS).map(([type, entry]) => settingSchema(type, entry.settings)), ...COMBINED]), { maxItems: 100 })

/** The whole shape, for routes and API documents. */
export const StrategySchema = strategySchema(ruleSchema(ConditionsSchema, anyEntry(FILTERS), anyEntry(RANKINGS), Type.Union(Object.values(FALLBACKS))))

// Entries and fallbacks are left open here and checked one by one: a failed union would only say that none of its members fits.
const Entries = Type.Array(Type.Object({ type: Type.String() }), { maxItems: 100 })
const FrameSchema = strategySchema(ruleSchema(Type.Array(Type.Object({}), { maxItems: 100 }), Entries, Entries, Type.Object({ action: Type.String() })))

/**
 * What is wrong with a strategy's name and rules, as JSON pointers into the input; empty where it may be stored.
 * Accepts anything, so that a file is checked like a form.
 */
export function validateStrategy(input: unknown): FieldError[] {
  const shape = schemaErrors(FrameSchema, input, '')
  if (shape.length > 0) return shape
  const { rules } = input as Pick<Strategy, 'rules'>
  const errors = rules.flatMap((rule, index) => validateEntries(rule, `/rules/${index}`))
  return errors.length > 0 ? errors : [...rules.flatMap((rule, index) => validateRule(rule, `/rules/${index}`)), ...validateSequence(rules)]
}

function validateEntries(rule: Rule, pointer: string): FieldError[] {
  const fallback = Object.hasOwn(FALLBACKS, rule.fallback.action) ? FALLBACKS[rule.fallback.action] : undefined
  return [
    ...listConditions(rule.conditions, `${pointer}/conditions`).flatMap(({ at, setting, wrong }) => (wrong === undefined ? validateEntry(CONDITIONS, setting, at) : [wrong])),
    ...rule.filters.flatMap((setting, index) => validateEntry(FILTERS, setting, `${pointer}/filters/${index}`)),
    ...rule.rankings.flatMap((setting, index) => validateEntry(RANKINGS, setting, `${pointer}/rankings/${index}`)),
    ...(fallback === undefined
      ? [unknownName(`${pointer}/fallback/action`, rule.fallback.action, Object.keys(FALLBACKS))]
      : schemaErrors(fallback, rule.fallback, `${pointer}/fallback`)),
  ]
}

function validateEntry(table: EntryTable, setting: { type: string }, at: string): FieldError[] {
  const entry = Object.hasOwn(table, setting.type) ? table[setting.type] : undefined
  return entry === undefined ? [unknownName(`${at}/type`, setting.type, Object.keys(table))] : schemaErrors(settingSchema(setting.type, entry.settings), setting, at)
}

type PlacedCondition = { at: string; setting: { type: string }; wrong?: FieldError }

/** The single conditions of a rule, wherever they stand in others, each with its place; what is none is named as wrong. */
export function listConditions(conditions: readonly object[], pointer: string, depth = 1): PlacedCondition[] {
  return conditions.flatMap((condition, index) => listOne(condition as Record<string, unknown>, `${pointer}/${index}`, depth))
}

function listOne(condition: Record<string, unknown>, at: string, depth: number): PlacedCondition[] {
  const wrong = (pointer: string, code: string, detail: string): PlacedCondition[] => [{ at, setting: { type: '' }, wrong: { pointer, code, detail } }]
  if (depth > MAX_DEPTH) return wrong(at, 'too_deep', `Conditions stand at most ${MAX_DEPTH} deep in each other.`)
  if (typeof condition['type'] === 'string') return [{ at, setting: condition as { type: string } }]
  const [name, ...others] = Object.keys(condition)
  if (name === undefined || others.length > 0 || !['all', 'any', 'not'].includes(name)) return wrong(at, 'required', 'A condition has a type, or is one of all, any and not with the conditions it combines.')
  const within = name === 'not' ? [condition[name]] : condition[name]
  if (!Array.isArray(within) || within.length === 0 || within.length > 100 || !within.every((one) => typeof one === 'object' && one !== null && !Array.isArray(one))) {
    return wrong(`${at}/${name}`, 'invalid', name === 'not' ? 'not takes one condition.' : `${name} takes a list of 1 to 100 conditions.`)
  }
  if (name === 'not') return listOne(within[0] as Record<string, unknown>, `${at}/not`, depth + 1)
  return listConditions(within as object[], `${at}/${name}`, depth + 1)
}

function validateRule(rule: Rule, pointer: string): FieldError[] {
  const again = 'A ranking that stands twice decides nothing the second time.'
  return [
    ...listEntries(rule, pointer).flatMap(({ entry, setting, at }) => (entry.check?.(setting as never) ?? []).map((error) => ({ ...error, pointer: at + error.pointer }))),
    ...duplicates(rule.rankings.map(({ type }) => type), (index) => `${pointer}/rankings/${index}/type`, again),
    ...validateMinimum(rule, `${pointer}/split/min_value`),
  ]
}

function validateMinimum({ split: { min_value, max_locations } }: Rule, pointer: string): FieldError[] {
  if (min_value === undefined) return []
  if (!isCurrency(min_value.currency)) return [{ pointer: `${pointer}/currency`, code: 'unknown_currency', detail: `${min_value.currency} is not an ISO 4217 currency.` }]
  if (parseAmount(min_value.amount, min_value.currency) === undefined) return [{ pointer: `${pointer}/amount`, code: 'invalid_amount', detail: `${min_value.amount} is not an amount in ${min_value.currency}.` }]
  return max_locations === 1 ? [{ pointer, code: 'not_allowed', detail: 'The rule allows no split (max_locations 1), so no part of one needs a minimum. Leave min_value out.' }] : []
}

/** Every condition, filter and ranking of a rule that has passed the schema, with its entry and its place. */
export function listEntries(rule: Rule, pointer: string): { entry: Entry; setting: { type: string }; at: string }[] {
  const placed = (table: EntryTable, settings: readonly { type: string }[], under: string) => settings.map((setting, index) => ({ entry: table[setting.type]!, setting, at: `${pointer}/${under}/${index}` }))
  return [
    ...listConditions(rule.conditions, `${pointer}/conditions`).map(({ setting, at }) => ({ entry: (CONDITIONS as EntryTable)[setting.type]!, setting, at })),
    ...placed(FILTERS, rule.filters, 'filters'),
    ...placed(RANKINGS, rule.rankings, 'rankings'),
  ]
}

function validateSequence(rules: readonly Rule[]): FieldError[] {
  const errors = duplicates(rules.map(({ id }) => id), (index) => `/rules/${index}/id`, 'Each rule has its own id.')
  rules.forEach((rule, index) => {
    const last = index === rules.length - 1
    const passesOn = rule.fallback.action === 'next_rule'
    if (last && passesOn) {
      const detail = 'The last rule has no next rule: choose what becomes of the units.'
      errors.push({ pointer: `/rules/${index}/fallback/action`, code: 'no_next_rule', detail })
    }
    if (!last && !passesOn && rule.conditions.length === 0) {
      const detail = `No order reaches this rule: "${rule.name}" is for every order and passes none on.`
      errors.push({ pointer: `/rules/${index + 1}`, code: 'unreachable', detail })
    }
  })
  return errors
}

function duplicates(names: readonly string[], pointer: (index: number) => string, detail: string): FieldError[] {
  return names.flatMap((name, index) => (names.indexOf(name) < index ? [{ pointer: pointer(index), code: 'duplicate', detail }] : []))
}

function unknownName(pointer: string, name: string, known: readonly string[]): FieldError {
  return { pointer, code: 'unknown', detail: `"${name}" is not one of ${known.join(', ')}.` }
}

/** The first complaint about each place. */
export function schemaErrors(schema: TSchema, value: unknown, pointer: string): FieldError[] {
  const errors = new Map<string, FieldError>()
  for (const { keyword, instancePath, params, message } of Value.Errors(schema, value)) {
    // Reported a second time with the name of the property.
    if (keyword === 'boolean') continue
    const names = keyword === 'required' ? params.requiredProperties : keyword === 'additionalProperties' ? params.additionalProperties : ['']
    for (const name of names) {
      const at = pointer + instancePath + (name === '' ? '' : pointerTo([name]))
      const known = keyword === 'required' ? 'required' : keyword === 'additionalProperties' ? 'unknown' : 'invalid'
      if (!errors.has(at)) errors.set(at, { pointer: at, code: known, detail: `${at === '' ? 'The strategy' : at}: ${message}.` })
    }
  }
  return Array.from(errors.values())
}
