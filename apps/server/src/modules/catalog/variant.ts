import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { currencyDigits, isCurrency, parseAmount, type MoneyText } from '../../kernel/money.ts'
import { normalizeGtin } from '../../kernel/gtin.ts'
import type { FieldError } from '../../kernel/problem.ts'

export const VARIANT_KINDS = ['goods', 'bundle', 'service'] as const
export type VariantKind = (typeof VARIANT_KINDS)[number]

export const HANDLE_PATTERN = '^[a-z0-9][a-z0-9-]{0,119}$'

/** A variant as other modules see it. Prices are minor units; `active` says that it and its product are sold. */
export type Variant = {
  id: string
  sku: string
  name: string
  kind: VariantKind
  price: bigint | null
  price_currency: string | null
  weight_grams: number
  length_mm: number | null
  width_mm: number | null
  height_mm: number | null
  active: boolean
  product_id: string
}

export type Scalar = string | number | boolean | null

/** The columns that people may change. */
export type VariantColumns = {
  product_id: string
  name: string
  options: Record<string, string>
  price: bigint | null
  price_currency: string | null
  weight_grams: number
  length_mm: number | null
  width_mm: number | null
  height_mm: number | null
  origin_country: string | null
  customs_code: string | null
  active: boolean
  custom_fields: Record<string, Scalar>
}

/** A variant as it is stored; here `active` is the variant's own switch. */
export type VariantRow = VariantColumns & {
  id: string
  sku: string
  kind: VariantKind
  created_at: Date
  version: number
  field_versions: Record<string, number>
}

/** What a caller may say about a variant. Left-out fields keep what they are, or get the defaults of a new variant. */
export type VariantFields = {
  name?: string
  options?: Record<string, string>
  price?: MoneyText | null
  weight_grams?: number
  length_mm?: number | null
  width_mm?: number | null
  height_mm?: number | null
  origin_country?: string | null
  customs_code?: string | null
  active?: boolean
  custom_fields?: Record<string, Scalar>
}

/**
 * A variant to insert or update by its `sku`. `product` is a handle; a product that does not exist is made, named
 * `product_name` (else `name`, else the SKU). `gtin`, in any form, replaces the GTINs that the variant has.
 */
export type VariantInput = VariantFields & { sku: string; kind?: VariantKind; product?: string; product_name?: string; gtin?: string }

export const NEW_VARIANT: Omit<VariantColumns, 'product_id' | 'name'> = {
  options: {}, price: null, price_currency: null, weight_grams: 0, length_mm: null, width_mm: null, height_mm: null,
  origin_country: null, customs_code: null, active: true, custom_fields: {},
}

/** What would be a path of its own in `/v1/variants/{sku}`, or be swallowed as a path segment by clients. */
const RESERVED_SKUS = new Set(['.', '..', 'lookup', 'bulk'])

/** What is wrong with the input beyond its schema. Pointers are relative to it. */
export function checkVariant(input: VariantInput): FieldError[] {
  const errors: FieldError[] = [...checkSku(input.sku), ...checkPrice(input.price)]
  if (input.name !== undefined) errors.push(...checkName(input.name, '/name'))
  if (input.product_name !== undefined) errors.push(...checkName(input.product_name, '/product_name'))
  if (input.product !== undefined && !isHandle(input.product)) errors.push({ pointer: '/product', code: 'wrong_format', detail: 'A product handle has lower-case letters, digits and hyphens, at most 120.' })
  if (input.gtin !== undefined && normalizeGtin(input.gtin) === undefined) errors.push(wrongGtin('/gtin', input.gtin))
  return errors
}

function checkSku(sku: string): FieldError[] {
  if (sku === '' || Array.from(sku).length > 64) return [{ pointer: '/sku', code: 'wrong_length', detail: 'A SKU has 1 to 64 characters.' }]
  if (sku !== sku.trim() || /\p{Cc}/u.test(sku)) return [{ pointer: '/sku', code: 'wrong_format', detail: 'A SKU has no control characters and no spaces at its ends.' }]
  if (RESERVED_SKUS.has(sku)) return [{ pointer: '/sku', code: 'reserved', detail: `"${sku}" cannot be a SKU, because it means something else in addresses of the API.` }]
  return []
}

function checkName(name: string, pointer: string): FieldError[] {
  return name.trim() === '' || Array.from(name).length > 300 ? [{ pointer, code: 'wrong_length', detail: 'A name has 1 to 300 characters.' }] : []
}

/** A price is an amount of a real currency and not negative. */
export function checkPrice(price: MoneyText | null | undefined): FieldError[] {
  if (price === null || price === undefined) return []
  if (!isCurrency(price.currency)) return [{ pointer: '/price/currency', code: 'unknown_currency', detail: `${price.currency} is not a currency code of ISO 4217.` }]
  const amount = parseAmount(price.amount, price.currency)
  if (amount === undefined) return [{ pointer: '/price/amount', code: 'wrong_format', detail: `An amount of ${price.currency} has at most ${currencyDigits(price.currency)} decimal places.` }]
  return amount < 0n ? [{ pointer: '/price/amount', code: 'too_small', detail: 'A price is not negative. Use null for a variant without a price.' }] : []
}

export function wrongGtin(pointer: string, value: string): FieldError {
  return { pointer, code: 'invalid_gtin', detail: `"${value}" is no GTIN: it takes 8, 12, 13 or 14 digits of which the last is the check digit. Use another kind for other barcodes.` }
}

/** The fields that were given, as columns. The price has passed `checkPrice`. */
export function columnsOf(fields: VariantFields): Partial<VariantColumns> {
  const { price, name, options, weight_grams, length_mm, width_mm, height_mm, origin_country, customs_code, active, custom_fields } = fields
  const money = price === undefined ? {} : { price: price === null ? null : parseAmount(price.amount, price.currency)!, price_currency: price?.currency ?? null }
  const given = { name, options, weight_grams, length_mm, width_mm, height_mm, origin_country, customs_code, active, custom_fields, ...money }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

/** Those values of the patch that differ. The database returns JSON with its keys in another order, which is no difference. */
export function differences<Row extends object>(current: Row, patch: Partial<Row>): Partial<Row> {
  const different = Object.entries(patch).filter(([column, value]) => value !== undefined && !isDeepStrictEqual(current[column as keyof Row], value))
  return Object.fromEntries(different) as Partial<Row>
}

const FIELD_OF_COLUMN: Readonly<Record<string, string>> = { price_currency: 'price', product_id: 'product' }

/** The API's names of changed columns: a price is one field in two columns. */
export function fieldsOf(columns: readonly string[]): string[] {
  return [...new Set(columns.map((column) => FIELD_OF_COLUMN[column] ?? column))]
}

function isHandle(text: string): boolean {
  return new RegExp(HANDLE_PATTERN).test(text)
}

/** The handle of a product that is made for one SKU. */
export function handleOfSku(sku: string): string {
  return slugOf(sku).slice(0, 120) || distinctHandleOfSku(sku)
}

/** The same for a SKU whose handle another product has: `A 1` and `A-1` are different things. */
export function distinctHandleOfSku(sku: string): string {
  const mark = createHash('sha256').update(sku).digest('hex').slice(0, 12)
  const slug = slugOf(sku).slice(0, 100)
  return slug === '' ? mark : `${slug}-${mark}`
}

function slugOf(sku: string): string {
  return sku.normalize('NFKD').toLowerCase().replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-+|-+$/g, '')
}
