import { Type, type Static, type TSchema } from 'typebox'
import { assert } from '../../kernel/assert.ts'
import type { IdKind } from '../../kernel/ids.ts'

/** Schemas that many routes share. Objects are closed: an unknown field is an error, never dropped in silence. */
export const closed = { additionalProperties: false } as const

export const Money = Type.Object({
  amount: Type.String({ pattern: '^-?[0-9]{1,15}(\\.[0-9]{1,3})?$', description: 'Decimal text in the currency\'s major unit', examples: ['12.34'] }),
  currency: Type.String({ pattern: '^[A-Z]{3}$', description: 'ISO 4217', examples: ['GBP'] }),
}, { ...closed, title: 'Money', description: 'An amount of money' })

export const Instant = Type.String({ format: 'date-time', description: 'RFC 3339' })
export const PlainDate = Type.String({ format: 'date' })
export const Country = Type.String({ format: 'country', description: 'ISO 3166-1 alpha-2', examples: ['GB'] })
export const Currency = Type.String({ pattern: '^[A-Z]{3}$', description: 'ISO 4217', examples: ['GBP'] })
export const Code = Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$', description: 'Lower-case letters, digits and hyphens' })
export const Sku = Type.String({ minLength: 1, maxLength: 64 })
export const Email = Type.String({ format: 'email', maxLength: 254 })

export const Address = Type.Object({
  name: Type.Optional(Type.String({ maxLength: 200 })),
  company: Type.Optional(Type.String({ maxLength: 200 })),
  line1: Type.String({ minLength: 1, maxLength: 200 }),
  line2: Type.Optional(Type.String({ maxLength: 200 })),
  city: Type.String({ minLength: 1, maxLength: 120 }),
  region: Type.Optional(Type.String({ maxLength: 120 })),
  postal_code: Type.Optional(Type.String({ maxLength: 20 })),
  country: Country,
  phone: Type.Optional(Type.String({ maxLength: 40 })),
  latitude: Type.Optional(Type.Number({ minimum: -90, maximum: 90 })),
  longitude: Type.Optional(Type.Number({ minimum: -180, maximum: 180 })),
}, { ...closed, title: 'Address' })
export type Address = Static<typeof Address>

export function Id(kind: IdKind): ReturnType<typeof Type.String> {
  return Type.String({ pattern: kind.pattern, examples: [kind.show('01890a5d-ac96-774b-bcce-b302099a8057')] })
}

/** How a path names a thing that people know by its number. */
export function IdOrNumber(kind: IdKind): ReturnType<typeof Type.String> {
  assert(kind.numbers !== undefined, `things with ids like ${kind.prefix}_… have numbers`)
  return Type.String({ pattern: `(${kind.pattern})|(^${kind.numbers}-[0-9]{1,12}$)`, description: 'Its id or its number' })
}

export const Nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])
export const OneOf = <const T extends readonly string[]>(values: T, options: object = {}) => Type.Unsafe<T[number]>({ type: 'string', enum: [...values], ...options })
/** An object with any fields: custom fields, event data. */
export const Anything = Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: true })

export const AllowedAction = Type.Object({
  action: Type.String(),
  allowed: Type.Boolean(),
  reason: Type.Optional(Type.String({ description: 'Why it is not allowed now' })),
}, { ...closed, title: 'AllowedAction' })

export const Problem = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  code: Type.String(),
  detail: Type.String(),
  request_id: Type.String(),
  errors: Type.Optional(Type.Array(Type.Object({ pointer: Type.String(), code: Type.String(), detail: Type.String() }, closed))),
}, { additionalProperties: true, description: 'RFC 9457 problem; `errors` names each wrong field by JSON pointer' })
