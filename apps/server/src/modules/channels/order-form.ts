import { Type, type Static } from 'typebox'
import { pointerTo, type FieldError } from '../../kernel/problem.ts'
import { isPlainDate } from '../../kernel/time.ts'
import { closed, OneOf } from '../../platform/http/schemas.ts'
import { compilePattern, MAX_PATTERN_LENGTH, type Pattern } from './pattern.ts'

export const FIELD_TYPES = ['text', 'long_text', 'number', 'boolean', 'date', 'choice', 'multi_choice', 'email', 'phone'] as const
type FieldType = (typeof FIELD_TYPES)[number]

const MAX_TEXT = 5_000
/** Characters that an answer of the type may have where the field says nothing narrower. */
const LONGEST: Partial<Record<FieldType, number>> = { text: 500, long_text: MAX_TEXT, email: 254, phone: 40 }

const Key = Type.String({ pattern: '^[a-z][a-z0-9_]{0,62}$', description: 'snake_case' })
const Scalar = Type.Union([Type.String({ maxLength: MAX_TEXT }), Type.Number(), Type.Boolean()])
const Choice = Type.String({ minLength: 1, maxLength: 200 })

/** One typed custom field of a channel's orders. */
export const FormField = Type.Object({
  key: Key,
  label: Type.String({ minLength: 1, maxLength: 200 }),
  type: OneOf(FIELD_TYPES),
  applies_to: OneOf(['order', 'line']),
  required: Type.Optional(Type.Boolean()),
  required_if: Type.Optional(Type.Object({
    field: Key,
    equals: Type.Optional(Scalar),
    in: Type.Optional(Type.Array(Scalar, { minItems: 1, maxItems: 200 })),
    present: Type.Optional(Type.Boolean({ description: 'true: the other field has an answer; false: it has none' })),
  }, { ...closed, description: 'Required where another field of the same kind (order or line) has such an answer. Exactly one of equals, in and present' })),
  default: Type.Optional(Type.Union([Scalar, Type.Array(Choice, { maxItems: 200 })], { description: 'Stands in where no answer is sent; null is an answer of nothing' })),
  choices: Type.Optional(Type.Array(Choice, { minItems: 1, maxItems: 200 })),
  min: Type.Optional(Type.Number()),
  max: Type.Optional(Type.Number()),
  min_length: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_TEXT })),
  max_length: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_TEXT })),
  pattern: Type.Optional(Type.String({ minLength: 1, maxLength: MAX_PATTERN_LENGTH, description: 'Regular expression that the whole answer matches' })),
  help: Type.Optional(Type.String({ maxLength: 1_000 })),
}, closed)
export type FormField = Static<typeof FormField>

export type Answer = string | number | boolean | string[]

const isTextual = (type: FieldType): boolean => type in LONGEST
const hasChoices = (type: FieldType): boolean => type === 'choice' || type === 'multi_choice'

const COMPILED = new Map<string, Pattern>()

/** Forms are checked when they are saved, so a stored pattern compiles. Compiled once per process, as answers are many. */
function patternOf(source: string): Pattern | undefined {
  const known = COMPILED.get(source)
  if (known !== undefined) return known
  const compiled = compilePattern(source)
  if (!compiled.ok) return undefined
  if (COMPILED.size >= 1_000) COMPILED.clear()
  COMPILED.set(source, compiled.pattern)
  return compiled.pattern
}

/** What is wrong with a form; nothing where it can be used. Pointers begin with `/fields`. */
export function validateForm(fields: readonly FormField[]): FieldError[] {
  const keys = new Map(fields.map((field) => [field.key, field]))
  const seen = new Set<string>()
  const errors = fields.flatMap((field, index) => {
    const at = `/fields/${index}`
    const duplicate = seen.has(field.key) ? [{ pointer: `${at}/key`, code: 'duplicate_key', detail: `Two fields have the key "${field.key}". Keys of order and line fields are different, too.` }] : []
    seen.add(field.key)
    return [...duplicate, ...checkLimits(field, at), ...checkDefault(field, at), ...checkCondition(field, keys, at)]
  })
  return errors.length > 0 ? errors : findCycles(fields, keys)
}

/** Settings that the type of the field does not know, or that contradict each other. */
function checkLimits(field: FormField, at: string): FieldError[] {
  const errors: FieldError[] = []
  const add = (name: string, code: string, detail: string): void => { errors.push({ pointer: `${at}/${name}`, code, detail }) }
  if (hasChoices(field.type) && field.choices === undefined) add('choices', 'missing', `"${field.key}" is a ${field.type} field and needs \`choices\`.`)
  if (!hasChoices(field.type) && field.choices !== undefined) add('choices', 'not_allowed', `Only choice and multi_choice fields have \`choices\`; "${field.key}" is ${field.type}.`)
  if (new Set(field.choices).size !== (field.choices?.length ?? 0)) add('choices', 'duplicate', `"${field.key}" offers a choice twice.`)
  for (const name of ['min', 'max'] as const) {
    if (field[name] !== undefined && field.type !== 'number') add(name, 'not_allowed', `Only number fields have \`${name}\`; "${field.key}" is ${field.type}.`)
  }
  for (const name of ['min_length', 'max_length', 'pattern'] as const) {
    if (field[name] !== undefined && !isTextual(field.type)) add(name, 'not_allowed', `Only texts have \`${name}\`; "${field.key}" is ${field.type}.`)
  }
  if (field.min !== undefined && field.max !== undefined && field.min > field.max) add('min', 'wrong_order', `\`min\` of "${field.key}" is above its \`max\`.`)
  const longest = lengthLimit(field)
  if (field.max_length !== undefined && field.max_length > longest) add('max_length', 'too_large', `An answer of type ${field.type} has at most ${longest} characters.`)
  if (field.min_length !== undefined && field.min_length > longest) add('min_length', 'wrong_order', `\`min_length\` of "${field.key}" is above what its answers may have (${longest}).`)
  if (field.pattern !== undefined) {
    const compiled = compilePattern(field.pattern)
    if (!compiled.ok) add('pattern', 'unsupported_pattern', `The pattern of "${field.key}" cannot be used: ${compiled.reason}.`)
  }
  return errors
}

function lengthLimit({ type, max_length }: FormField): number {
  return Math.min(LONGEST[type] ?? MAX_TEXT, max_length ?? MAX_TEXT)
}

function checkDefault(field: FormField, at: string): FieldError[] {
  if (field.default === undefined) return []
  if (isBlank(field.default)) return [{ pointer: `${at}/default`, code: 'blank', detail: `An empty default of "${field.key}" says nothing. Leave it out.` }]
  return checkValue(field, field.default, `${at}/default`)
}

function checkCondition(field: FormField, keys: ReadonlyMap<string, FormField>, at: string): FieldError[] {
  const condition = field.required_if
  if (condition === undefined) return []
  const pointer = `${at}/required_if`
  if (field.required === true) return [{ pointer, code: 'contradiction', detail: `"${field.key}" is always required, so it needs no \`required_if\`.` }]
  const given = (['equals', 'in', 'present'] as const).filter((name) => condition[name] !== undefined)
  if (given.length !== 1) return [{ pointer, code: 'ambiguous', detail: 'Give exactly one of `equals`, `in` and `present`.' }]
  const other = keys.get(condition.field)
  if (other === undefined) return [{ pointer: `${pointer}/field`, code: 'unknown_field', detail: `There is no field "${condition.field}" in this form.` }]
  if (other.applies_to !== field.applies_to) return [{ pointer: `${pointer}/field`, code: 'unknown_field', detail: `"${other.key}" is a field of the ${other.applies_to}; "${field.key}" is one of the ${field.applies_to}, and sees only such fields.` }]
  const wanted = condition.in ?? (condition.equals === undefined ? [] : [condition.equals])
  return wanted.flatMap((value, index) => checkValue(other, other.type === 'multi_choice' ? [value] : value, condition.in === undefined ? `${pointer}/equals` : `${pointer}/in/${index}`))
}

/** Fields that require each other in a circle. Each field refers to at most one other, so a walk finds them. */
function findCycles(fields: readonly FormField[], keys: ReadonlyMap<string, FormField>): FieldError[] {
  return fields.flatMap((field, index) => {
    const path = [field.key]
    for (let next = field.required_if?.field; next !== undefined && path.length <= fields.length; next = keys.get(next)?.required_if?.field) {
      if (next === field.key) return [{ pointer: `/fields/${index}/required_if/field`, code: 'cycle', detail: `Fields require each other in a circle: ${[...path, next].join(' → ')}.` }]
      path.push(next)
    }
    return []
  })
}

const MAX_ERRORS = 20

/**
 * Checks answers against the fields of an order, or of a line: give only those that apply. Defaults stand in for answers
 * that were not sent; null, blank text and an empty selection are answers of nothing. `values` holds what is to be
 * stored and means something only where there are no errors. Errors point below `pointer`.
 */
export function checkAnswers(fields: readonly FormField[], answers: Readonly<Record<string, unknown>>, pointer: string): { values: Record<string, Answer>; errors: FieldError[] } {
  const errors: FieldError[] = []
  const values = new Map<string, Answer>()
  const keys = new Set<string>()
  for (const field of fields) {
    keys.add(field.key)
    const answer = Object.hasOwn(answers, field.key) ? answers[field.key] : field.default
    if (answer === undefined || answer === null) continue
    const wrong = checkValue(field, answer, `${pointer}/${field.key}`)
    errors.push(...wrong)
    if (wrong.length === 0 && !isBlank(answer)) values.set(field.key, answer as Answer)
  }
  const wrongKeys = new Set(errors.map((error) => error.pointer))
  for (const field of fields) {
    if (!values.has(field.key) && !wrongKeys.has(`${pointer}/${field.key}`) && isRequired(field, values)) {
      errors.push({ pointer: `${pointer}/${field.key}`, code: 'required', detail: `"${field.label}" (${field.key}) needs an answer.` })
    }
  }
  for (const key of Object.keys(answers)) {
    if (errors.length >= MAX_ERRORS) break
    if (!keys.has(key)) errors.push({ pointer: pointer + pointerTo([key]), code: 'unknown_field', detail: `The order form has no field "${key}" here.` })
  }
  return { values: Object.fromEntries(values), errors: errors.slice(0, MAX_ERRORS) }
}

function isRequired({ required, required_if }: FormField, values: ReadonlyMap<string, Answer>): boolean {
  if (required_if === undefined) return required === true
  const answer = values.get(required_if.field)
  if (required_if.present !== undefined) return (answer !== undefined) === required_if.present
  const wanted = required_if.in ?? [required_if.equals]
  return Array.isArray(answer) ? answer.some((one) => wanted.includes(one)) : answer !== undefined && wanted.includes(answer)
}

function isBlank(answer: unknown): boolean {
  return typeof answer === 'string' ? answer.trim() === '' : Array.isArray(answer) && answer.length === 0
}

type Wrong = (code: string, detail: string) => FieldError[]

/** The first thing that is wrong with one answer. Types are strict: "5" is no number. */
function checkValue(field: FormField, value: unknown, pointer: string): FieldError[] {
  const wrong: Wrong = (code, detail) => [{ pointer, code, detail: `"${field.label}" (${field.key}) ${detail}.` }]
  if (field.type === 'boolean') return typeof value === 'boolean' ? [] : wrong('wrong_type', 'is true or false')
  if (field.type === 'number') return checkNumber(field, value, wrong)
  if (field.type === 'multi_choice') return checkSelection(field, value, wrong)
  if (typeof value !== 'string') return wrong('wrong_type', 'is a text')
  return isBlank(value) ? [] : checkText(field, value, wrong)
}

function checkNumber({ min, max }: FormField, value: unknown, wrong: Wrong): FieldError[] {
  if (typeof value !== 'number' || !Number.isFinite(value)) return wrong('wrong_type', 'is a number')
  if (min !== undefined && value < min) return wrong('too_small', `is at least ${min}`)
  return max !== undefined && value > max ? wrong('too_large', `is at most ${max}`) : []
}

function checkSelection(field: FormField, value: unknown, wrong: Wrong): FieldError[] {
  if (!Array.isArray(value) || !value.every((one) => typeof one === 'string')) return wrong('wrong_type', 'is a list of choices')
  if (new Set(value).size !== value.length) return wrong('duplicate', 'has a choice twice')
  return value.every((one) => field.choices?.includes(one)) ? [] : wrong('not_a_choice', `takes only ${listChoices(field)}`)
}

// At most 254 characters are ever tried, so its steps back cost nothing.
const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/u
const PHONE = /^\+?(?:[ ().\-/]*[0-9]){5,15}[ ().\-/]*$/u

function checkText(field: FormField, value: string, wrong: Wrong): FieldError[] {
  if (field.type === 'choice') return field.choices?.includes(value) === true ? [] : wrong('not_a_choice', `is one of ${listChoices(field)}`)
  if (field.type === 'date') return isPlainDate(value) ? [] : wrong('wrong_format', 'is a date such as 2026-03-31')
  const longest = lengthLimit(field)
  // A character has at most two units: beyond that nothing needs to be counted.
  const length = value.length > 2 * longest ? Infinity : Array.from(value).length
  if (length > longest) return wrong('too_large', `has at most ${longest} characters`)
  if (field.min_length !== undefined && length < field.min_length) return wrong('too_small', `has at least ${field.min_length} characters`)
  if (field.type === 'email' && !EMAIL.test(value)) return wrong('wrong_format', 'is an e-mail address')
  if (field.type === 'phone' && !PHONE.test(value)) return wrong('wrong_format', 'is a phone number of 5 to 15 digits')
  if (field.pattern !== undefined && patternOf(field.pattern)?.(value) !== true) return wrong('wrong_format', `does not have the form ${field.pattern}`)
  return []
}

function listChoices({ choices = [] }: FormField): string {
  return choices.length <= 10 ? choices.join(', ') : `${choices.slice(0, 10).join(', ')} and ${choices.length - 10} more`
}
