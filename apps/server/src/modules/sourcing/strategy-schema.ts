import { Type, type TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { isCurrency, parseAmount } from '../../kernel/money.ts'
import type { FieldError } from '../../kernel/problem.ts'
import { CONDITIONS, type ConditionSetting } from './conditions.ts'
import { FILTERS } from './filters.ts'
import { RANKINGS } from './rankings.ts'
import { settingSchema } from './settings.ts'
import type { Rule, Strategy } from './strategy.ts'

type EntryTable = Readonly<Record<string, { settings: Record<string, TSchema> }>>

const CLOSED = { additionalProperties: false }
const Name = Type.String({ minLength: 1, maxLength: 100 })

const action = (name: string, settings: Record<string, TSchema> = {}): TSchema => Type.Object({ action: Type.Literal(name), ...settings }, CLOSED)

const FALLBACKS: Readonly<Record<string, TSchema>> = {
  next_rule: action('next_rule', { keep_partial: Type.Boolean() }),
  channel_policy: action('channel_policy'),
  refuse: action('refuse'),
  backorder: action('backorder', { cancel_after_days: Type.Optional(Type.Integer({ minimum: 1 })) }),
  hold: action('hold', { queue: Type.Optional(Type.String({ minLength: 1 })) }),
}

const anyEntry = (table: EntryTable): TSchema =>
  Type.Array(Type.Union(Object.entries(table).map(([type, entry]) => settingSchema(type, entry.settings))))

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
      split: Type.Object({ max_locations: Type.Union([Type.Integer({ minimum: 1 }), Type.Null()]), keep_lines_whole: Type.Boolean() }, CLOSED),
      fallback,
    },
    CLOSED,
  )

const strategySchema = (rule: TSchema): TSchema => Type.Object({ name: Name, rules: Type.Array(rule, { minItems: 1 }) }, CLOSED)

/** The whole shape, for routes and API documents. */
export const StrategySchema = strategySchema(
  ruleSchema(anyEntry(CONDITIONS), anyEntry(FILTERS), anyEntry(RANKINGS), Type.Union(Object.values(FALLBACKS))),
)

// Entries and fallbacks are left open here and checked one by one: a failed union would only say that none of its members fits.
const Entries = Type.Array(Type.Object({ type: Type.String() }))
const FrameSchema = strategySchema(ruleSchema(Entries, Entries, Entries, Type.Object({ action: Type.String() })))

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
  const list = (table: EntryTable, settings: readonly { type: string }[], under: string): FieldError[] =>
    settings.flatMap((setting, index) => {
      const at = `${pointer}/${under}/${index}`
      const entry = Object.hasOwn(table, setting.type) ? table[setting.type] : undefined
      if (entry === undefined) return [unknownName(`${at}/type`, setting.type, Object.keys(table))]
      return schemaErrors(settingSchema(setting.type, entry.settings), setting, at)
    })
  const fallback = Object.hasOwn(FALLBACKS, rule.fallback.action) ? FALLBACKS[rule.fallback.action] : undefined
  return [
    ...list(CONDITIONS, rule.conditions, 'conditions'),
    ...list(FILTERS, rule.filters, 'filters'),
    ...list(RANKINGS, rule.rankings, 'rankings'),
    ...(fallback === undefined
      ? [unknownName(`${pointer}/fallback/action`, rule.fallback.action, Object.keys(FALLBACKS))]
      : schemaErrors(fallback, rule.fallback, `${pointer}/fallback`)),
  ]
}

function validateRule(rule: Rule, pointer: string): FieldError[] {
  const again = 'A ranking that stands twice decides nothing the second time.'
  return [
    ...rule.conditions.flatMap((condition, index) => validateCondition(condition, `${pointer}/conditions/${index}`)),
    ...duplicates(rule.rankings.map(({ type }) => type), (index) => `${pointer}/rankings/${index}/type`, again),
  ]
}

function validateCondition(condition: ConditionSetting, pointer: string): FieldError[] {
  if (condition.type === 'method') return []
  if (condition.type !== 'order_value') {
    const empty = condition.any_of === undefined && condition.none_of === undefined
    return empty ? [{ pointer, code: 'required', detail: 'Give any_of, none_of or both.' }] : []
  }
  const { currency, at_least, below } = condition
  if (!isCurrency(currency)) return [{ pointer: `${pointer}/currency`, code: 'unknown_currency', detail: `${currency} is not an ISO 4217 currency.` }]
  if (at_least === undefined && below === undefined) return [{ pointer, code: 'required', detail: 'Give at_least, below or both.' }]
  const parsed = { at_least, below } as const
  const errors = (['at_least', 'below'] as const).flatMap((name) => {
    const text = parsed[name]
    const wrong = text !== undefined && parseAmount(text, currency) === undefined
    return wrong ? [{ pointer: `${pointer}/${name}`, code: 'invalid_amount', detail: `${text} is not an amount in ${currency}.` }] : []
  })
  if (errors.length > 0 || at_least === undefined || below === undefined) return errors
  const fits = parseAmount(at_least, currency)! < parseAmount(below, currency)!
  return fits ? [] : [{ pointer: `${pointer}/below`, code: 'empty_range', detail: 'below must be more than at_least.' }]
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
function schemaErrors(schema: TSchema, value: unknown, pointer: string): FieldError[] {
  const errors = new Map<string, FieldError>()
  for (const { keyword, instancePath, params, message } of Value.Errors(schema, value)) {
    // Reported a second time with the name of the property.
    if (keyword === 'boolean') continue
    const names = keyword === 'required' ? params.requiredProperties : keyword === 'additionalProperties' ? params.additionalProperties : ['']
    for (const name of names) {
      const at = pointer + instancePath + (name === '' ? '' : `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`)
      const known = keyword === 'required' ? 'required' : keyword === 'additionalProperties' ? 'unknown' : 'invalid'
      if (!errors.has(at)) errors.set(at, { pointer: at, code: known, detail: `${at === '' ? 'The strategy' : at}: ${message}.` })
    }
  }
  return Array.from(errors.values())
}
