import { normalizeGtin } from '../../kernel/gtin.ts'
import { prefixPattern, wordPatterns } from '../../kernel/search.ts'
import type { Queryable, Tx } from '../../platform/db.ts'
import { arrayOf, rowsOf, sql, type Sql } from '../../platform/sql.ts'
import type { Variant, VariantColumns, VariantRow } from './variant.ts'

/** The changeable columns with their types, for single and set-based updates alike. */
export const VARIANT_COLUMNS = {
  product_id: 'uuid', name: 'text', options: 'jsonb', price: 'bigint', price_currency: 'text', weight_grams: 'int', length_mm: 'int', width_mm: 'int', height_mm: 'int',
  origin_country: 'text', customs_code: 'text', active: 'boolean', custom_fields: 'jsonb',
} as const satisfies Record<keyof VariantColumns, string>

const COLUMN_NAMES = Object.keys(VARIANT_COLUMNS).join(', ')
const ROW = sql.raw(`id, sku, kind, created_at, version, field_versions, ${COLUMN_NAMES}`)
const FACE = sql.raw(`v.id, v.sku, v.name, v.kind, v.price, v.price_currency, v.weight_grams, v.length_mm, v.width_mm, v.height_mm, v.product_id, v.active and p.active as active`)

/** The variants by SKU; SKUs that nobody has are left out. Codes are compared exactly. */
export async function findVariantsBySku(db: Queryable, skus: readonly string[]): Promise<Map<string, Variant>> {
  if (skus.length === 0) return new Map()
  const found = await db.rows<Variant>(sql`select ${FACE} from variants v join products p on p.id = v.product_id where v.sku = any(${arrayOf(skus, 'text')})`)
  return new Map(found.map((variant) => [variant.sku, variant]))
}

/** The variants by id. */
export async function findVariants(db: Queryable, ids: readonly string[]): Promise<Map<string, Variant>> {
  if (ids.length === 0) return new Map()
  const found = await db.rows<Variant>(sql`select ${FACE} from variants v join products p on p.id = v.product_id where v.id = any(${arrayOf(ids, 'uuid')})`)
  return new Map(found.map((variant) => [variant.id, variant]))
}

/** What each bundle explodes into, in SKU order. A bundle without components, and anything that is no bundle, is left out. */
export async function explodeBundles(db: Queryable, bundleIds: readonly string[]): Promise<Map<string, { variant: Variant; quantity: number }[]>> {
  const exploded = new Map<string, { variant: Variant; quantity: number }[]>()
  if (bundleIds.length === 0) return exploded
  const found = await db.rows<Variant & { bundle_id: string; quantity: number }>(sql`
    select c.bundle_id, c.quantity, ${FACE}
    from bundle_components c join variants v on v.id = c.component_id join products p on p.id = v.product_id
    where c.bundle_id = any(${arrayOf(bundleIds, 'uuid')})
    order by c.bundle_id, v.sku`)
  for (const { bundle_id, quantity, ...variant } of found) {
    const components = exploded.get(bundle_id)
    if (components === undefined) exploded.set(bundle_id, [{ variant, quantity }])
    else components.push({ variant, quantity })
  }
  return exploded
}

/** One GTIN (14 digits) per variant that has any: the lowest, which is the one of the single unit. */
export async function gtinsOf(db: Queryable, variantIds: readonly string[]): Promise<Map<string, string>> {
  if (variantIds.length === 0) return new Map()
  const found = await db.rows<{ variant_id: string; gtin: string }>(sql`
    select variant_id, min(value) as gtin from variant_identifiers where kind = 'gtin' and variant_id = any(${arrayOf(variantIds, 'uuid')}) group by variant_id`)
  return new Map(found.map(({ variant_id, gtin }) => [variant_id, gtin]))
}

export function findVariantRow(db: Queryable, sku: string): Promise<VariantRow | undefined> {
  return db.maybe(sql`select ${ROW} from variants where sku = ${sku}`)
}

export function findVariantRows(db: Queryable, ids: readonly string[]): Promise<VariantRow[]> {
  return db.rows(sql`select ${ROW} from variants where id = any(${arrayOf(ids, 'uuid')})`)
}

export function findVariantRowsOfProduct(db: Queryable, productId: string): Promise<VariantRow[]> {
  return db.rows(sql`select ${ROW} from variants where product_id = ${productId} order by sku`)
}

export function lockVariantRow(tx: Tx, sku: string): Promise<VariantRow | undefined> {
  return tx.maybe(sql`select ${ROW} from variants where sku = ${sku} for no key update`)
}

/**
 * Locks the variants that exist, in SKU order. Where some do not, the lock for new SKUs is taken first: until the
 * commit nobody else makes SKUs, so that what is missing now can simply be inserted.
 */
export async function lockVariantRows(tx: Tx, skus: readonly string[]): Promise<Map<string, VariantRow>> {
  const { existing } = await tx.one<{ existing: number }>(sql`select count(*)::int as existing from variants where sku = any(${arrayOf(skus, 'text')})`)
  if (existing < skus.length) await tx.rows(sql`select pg_advisory_xact_lock(hashtextextended('catalog: new SKUs', 0))`)
  const locked = await tx.rows<VariantRow>(sql`select ${ROW} from variants where sku = any(${arrayOf(skus, 'text')}) order by sku for no key update`)
  return new Map(locked.map((row) => [row.sku, row]))
}

export async function insertVariants(tx: Tx, rows: readonly VariantRow[]): Promise<void> {
  if (rows.length === 0) return
  await tx.run(sql`
    insert into variants (id, sku, kind, created_at, ${sql.raw(COLUMN_NAMES)})
    select id, sku, kind, created_at, ${sql.raw(COLUMN_NAMES)}
    from ${rowsOf(rows, { id: 'uuid', sku: 'text', kind: 'text', created_at: 'timestamptz', ...VARIANT_COLUMNS })}`)
}

/** Writes the changeable columns, the version and the field versions of locked rows. */
export async function updateVariants(tx: Tx, rows: readonly VariantRow[]): Promise<void> {
  if (rows.length === 0) return
  const assignments = Object.keys(VARIANT_COLUMNS).map((column) => `${column} = input.${column}`).join(', ')
  await tx.run(sql`
    update variants set ${sql.raw(assignments)}, version = input.version, field_versions = input.field_versions
    from ${rowsOf(rows, { id: 'uuid', version: 'int', field_versions: 'jsonb', ...VARIANT_COLUMNS })}
    where variants.id = input.id`)
}

/** Counts a change of something that hangs on a locked variant: its components or identifiers. */
export async function touchVariant(tx: Tx, row: VariantRow, field: string): Promise<void> {
  await tx.run(sql`
    update variants set version = version + 1, field_versions = field_versions || jsonb_build_object(${field}::text, version + 1)
    where id = ${row.id}`)
}

/**
 * Variants with every word of the text in the name, whose SKU begins with it, or that carry it as an identifier.
 * A union of three index scans: with `or` there would be none.
 */
export function variantsMatching(q: string): Sql {
  const words = wordPatterns(q).map((pattern) => sql`name ilike ${pattern}`)
  const named = words.length === 0 ? sql`false` : sql.join(words, ' and ')
  return sql`v.id in (
    select id from variants where ${named}
    union select id from variants where sku ilike ${prefixPattern(q)}
    union select variant_id from variant_identifiers where ${identifiedBy(q)})`
}

/** Identifiers that a person or a scanner means by this text. */
export function identifiedBy(code: string): Sql {
  return sql`((kind = 'gtin' and value = ${normalizeGtin(code) ?? null}::text) or (kind in ('barcode', 'asin', 'mpn', 'other') and value = ${code.trim()}))`
}

/** What rules may ask about an article beside its SKU. */
export type ItemFacts = { tags: string[]; product_type: string | null; custom_fields: Record<string, unknown> }

/** Tags and type of their products and their own custom fields, by variant id. One query. */
export async function findItemFacts(db: Queryable, ids: readonly string[]): Promise<Map<string, ItemFacts>> {
  if (ids.length === 0) return new Map()
  const found = await db.rows<ItemFacts & { id: string }>(sql`
    select v.id, p.tags, p.product_type, v.custom_fields from variants v join products p on p.id = v.product_id where v.id = any(${arrayOf(ids, 'uuid')})`)
  return new Map(found.map((facts) => [facts.id, facts]))
}
