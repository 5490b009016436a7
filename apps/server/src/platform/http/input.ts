import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import formatsModule from 'ajv-formats'
import { isCountry } from '../../kernel/country.ts'
import { pointerTo, refuse, type FieldError } from '../../kernel/problem.ts'

// The package is CommonJS and carries its plugin in `default`.
const addFormats = formatsModule as unknown as (ajv: Ajv) => Ajv

/** Bodies mean what they say: "5" is not 5. Query strings know only texts, so they are coerced. */
const BODY = addFormats(new Ajv({ allErrors: true, strict: false, coerceTypes: false, useDefaults: true, formats: { country: isCountry } }))
const TEXTUAL = addFormats(new Ajv({ allErrors: true, strict: false, coerceTypes: true, useDefaults: true, formats: { country: isCountry } }))

/** A validator that is compiled when it is first used: hundreds of routes would hold up every start for most of a second. */
export function createValidator(schema: object, part: string | undefined): Pick<ValidateFunction, 'errors'> & ((data: unknown) => boolean) {
  let compiled: ValidateFunction | undefined
  const validate: ReturnType<typeof createValidator> = (data) => {
    compiled ??= (part === 'body' ? BODY : TEXTUAL).compile(schema)
    const isValid = compiled(data)
    validate.errors = compiled.errors ?? null
    return isValid
  }
  return validate
}

const UTF8 = new TextDecoder('utf-8', { fatal: true })

/** Refuses bytes that are no UTF-8 (`malformed_json`), before marks in place of letters are stored for good. */
export function decodeUtf8(bytes: Uint8Array, what = 'text'): string {
  try {
    return UTF8.decode(bytes)
  } catch {
    throw refuse('malformed_json', `The ${what} is not valid UTF-8.`)
  }
}

/** Refuses text that is no JSON (`malformed_json`). */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw refuse('malformed_json', `The text is not valid JSON: ${(error as Error).message}.`)
  }
}

const MAX_ERRORS = 20

/** What the validator found, as pointers and sentences a person can act on. */
export function fieldErrors(errors: readonly ErrorObject[], part: string): FieldError[] {
  const base = part === 'body' ? '' : `/${part === 'querystring' ? 'query' : part}`
  const telling = errors.filter(({ keyword }) => keyword !== 'anyOf' && keyword !== 'if' && keyword !== 'const')
  return (telling.length > 0 ? telling : errors).slice(0, MAX_ERRORS).map((error) => fieldError(error, base))
}

function fieldError(error: ErrorObject, base: string): FieldError {
  const params = error.params as Record<string, unknown>
  const at = `${base}${error.instancePath}`
  const name = error.instancePath.split('/').at(-1) || 'the value'
  const quoted = `\`${name}\``
  switch (error.keyword) {
    case 'required':
      return { pointer: `${at}/${String(params['missingProperty'])}`, code: 'required', detail: `\`${String(params['missingProperty'])}\` is missing.` }
    case 'additionalProperties':
      return { pointer: `${at}/${String(params['additionalProperty'])}`, code: 'unknown_field', detail: `\`${String(params['additionalProperty'])}\` is not a field here.` }
    case 'type':
      return { pointer: at, code: 'wrong_type', detail: `${quoted} must be ${article(String(params['type']))}.` }
    case 'enum':
      return { pointer: at, code: 'not_allowed', detail: `${quoted} must be one of ${(params['allowedValues'] as unknown[]).join(', ')}.` }
    case 'pattern':
      return { pointer: at, code: 'wrong_format', detail: `${quoted} does not have the form ${String(params['pattern'])}.` }
    case 'format':
      return { pointer: at, code: 'wrong_format', detail: `${quoted} is not a valid ${String(params['format'])}.` }
    case 'uniqueItems':
      return { pointer: at, code: 'duplicate', detail: `${quoted} has an entry twice.` }
    case 'minLength': case 'maxLength': case 'minItems': case 'maxItems': case 'minimum': case 'maximum': case 'exclusiveMinimum': case 'exclusiveMaximum':
      return { pointer: at, code: error.keyword.startsWith('min') || error.keyword === 'exclusiveMinimum' ? 'too_small' : 'too_large', detail: `${quoted} ${error.message ?? 'is out of range'}.` }
    default:
      return { pointer: at, code: error.keyword, detail: `${quoted} ${error.message ?? 'is not valid'}.` }
  }
}

function article(type: string): string {
  const readable = type.split(',').join(' or ')
  return /^[aeiou]/.test(readable) ? `an ${readable}` : `a ${readable}`
}

/**
 * The first thing that must not come further: text that no database can hold, with a NUL byte or half a surrogate pair,
 * or a field `__proto__`, which would poison prototypes where somebody merges the object. Found before anything is done
 * with the input.
 */
export function unusableInput(value: unknown, pointer = ''): FieldError | undefined {
  const found = findUnusable(value)
  if (found === undefined) return undefined
  const at = (pointer + pointerTo(found.path)).replaceAll('\0', '\\u0000')
  return found.what === 'text'
    ? { pointer: at, code: 'unstorable_text', detail: 'The text holds a NUL byte or half of a surrogate pair. Send valid Unicode without NUL.' }
    : { pointer: at, code: 'unknown_field', detail: '`__proto__` is not a field here.' }
}

/** The way to it is written down on the way back: nearly every input is fine, and this looks at every value of it. */
function findUnusable(value: unknown): { path: string[]; what: 'text' | 'prototype' } | undefined {
  if (typeof value === 'string') return value.includes('\0') || !value.isWellFormed() ? { path: [], what: 'text' } : undefined
  if (value === null || typeof value !== 'object') return undefined
  for (const key of Object.keys(value)) {
    const found = key === '__proto__' ? { path: [], what: 'prototype' as const } : (findUnusable(key) ?? findUnusable((value as Record<string, unknown>)[key]))
    if (found === undefined) continue
    found.path.unshift(key)
    return found
  }
  return undefined
}
