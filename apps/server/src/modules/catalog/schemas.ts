import { Type, type Static } from 'typebox'
import { closed, Country, Money, Nullable, OneOf, Sku } from '../../platform/http/schemas.ts'
import { IDENTIFIER_KINDS } from './identifiers.db.ts'
import { HANDLE_PATTERN, VARIANT_KINDS } from './variant.ts'

export const Handle = Type.String({ pattern: HANDLE_PATTERN, description: 'Lower-case letters, digits and hyphens', examples: ['enamel-mug'] })
export const Name = Type.String({ minLength: 1, maxLength: 300, pattern: '\\S' })
const Millimeters = Nullable(Type.Integer({ minimum: 1, maximum: 100_000 }))
const FieldName = '^[a-z][a-z0-9_]{0,62}$'

export const Kind = OneOf(VARIANT_KINDS, { description: '`goods` have stock, a `bundle` explodes into goods, a `service` needs no stock. Fixed for good.' })

/** The fields of a variant that may be given when it is made and changed later. */
export const variantFields = {
  name: Type.Optional(Name),
  options: Type.Optional(Type.Record(Type.String({ pattern: '^.{1,60}$' }), Type.String({ maxLength: 200 }), { maxProperties: 20, additionalProperties: false, examples: [{ color: 'red', size: 'M' }] })),
  price: Type.Optional(Nullable(Money)),
  weight_grams: Type.Optional(Type.Integer({ minimum: 0, maximum: 100_000_000 })),
  length_mm: Type.Optional(Millimeters),
  width_mm: Type.Optional(Millimeters),
  height_mm: Type.Optional(Millimeters),
  origin_country: Type.Optional(Nullable(Country)),
  customs_code: Type.Optional(Nullable(Type.String({ pattern: '^[0-9][0-9. ]{2,18}[0-9]$', description: 'Harmonized System code' }))),
  active: Type.Optional(Type.Boolean()),
  custom_fields: Type.Optional(Type.Record(Type.String({ pattern: FieldName }), Type.Union([Type.String({ maxLength: 2_000 }), Type.Number(), Type.Boolean(), Type.Null()]), { maxProperties: 100, additionalProperties: false })),
}

export const NewVariant = Type.Object({
  sku: Sku,
  kind: Type.Optional(Kind),
  product: Type.Optional(Type.String({ pattern: HANDLE_PATTERN, description: 'Handle of the product; made where there is none. Left out, the variant gets a product of its own.' })),
  product_name: Type.Optional(Name),
  gtin: Type.Optional(Type.String({ maxLength: 32, description: 'UPC, EAN or ITF; replaces the GTINs the variant has' })),
  ...variantFields,
}, closed)

const IdentifierKind = OneOf(IDENTIFIER_KINDS)
export const IdentifierInput = Type.Object({ kind: IdentifierKind, value: Type.String({ minLength: 1, maxLength: 128 }) }, closed)

export const VariantView = Type.Object({
  id: Type.String(), sku: Type.String(), product_id: Type.String(), product: Type.String({ description: 'Handle of the product' }),
  name: Type.String(), kind: Kind, options: Type.Unsafe<Record<string, string>>({ type: 'object', additionalProperties: { type: 'string' } }),
  price: Nullable(Money), weight_grams: Type.Integer(), length_mm: Nullable(Type.Integer()), width_mm: Nullable(Type.Integer()), height_mm: Nullable(Type.Integer()),
  origin_country: Nullable(Type.String()), customs_code: Nullable(Type.String()), active: Type.Boolean(),
  custom_fields: Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: true }),
  identifiers: Type.Array(Type.Object({ kind: IdentifierKind, value: Type.String() }, closed)),
  components: Type.Array(Type.Object({ sku: Type.String(), name: Type.String(), quantity: Type.Integer() }, closed), { description: 'What a bundle explodes into' }),
  created_at: Type.String(), version: Type.Integer(),
}, { ...closed, title: 'Variant' })
export type VariantView = Static<typeof VariantView>

const productFields = {
  id: Type.String(), handle: Type.String(), name: Type.String(), description: Type.String(), brand: Nullable(Type.String()), product_type: Nullable(Type.String()), tags: Type.Array(Type.String()),
  active: Type.Boolean({ description: 'Variants of a product that is not active are not sold' }), created_at: Type.String(), version: Type.Integer(),
}
export const ProductSummary = Type.Object(productFields, closed)
export const ProductView = Type.Object({ ...productFields, variants: Type.Array(VariantView) }, closed)
export type ProductSummary = Static<typeof ProductSummary>
export type ProductView = Static<typeof ProductView>
