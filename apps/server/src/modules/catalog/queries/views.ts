import { ids } from '../../../kernel/id-kinds.ts'
import { showMoney } from '../../../kernel/money.ts'
import { groupByKey } from '../../../kernel/quantity.ts'
import { present } from '../../../kernel/assert.ts'
import type { Queryable } from '../../../platform/db.ts'
import { componentsOf } from '../bundles.db.ts'
import { identifiersOf } from '../identifiers.db.ts'
import { findHandles, type ProductRow } from '../products.db.ts'
import type { ProductSummary, ProductView, VariantView } from '../schemas.ts'
import type { VariantRow } from '../variant.ts'
import { findVariantRow, findVariantRowsOfProduct } from '../variants.db.ts'

/** Variants as the API shows them, in the order given; three look-ups however many they are. */
export async function viewVariants(db: Queryable, rows: readonly VariantRow[]): Promise<VariantView[]> {
  if (rows.length === 0) return []
  const variantIds = rows.map(({ id }) => id)
  const handles = await findHandles(db, [...new Set(rows.map(({ product_id }) => product_id))])
  const identifiers = groupByKey(await identifiersOf(db, variantIds), ({ variant_id }) => variant_id)
  const components = groupByKey(await componentsOf(db, rows.filter(({ kind }) => kind === 'bundle').map(({ id }) => id)), ({ bundle_id }) => bundle_id)
  return rows.map((row) => ({
    id: ids.variant.show(row.id), sku: row.sku, product_id: ids.product.show(row.product_id), product: present(handles.get(row.product_id), 'a variant has a product'),
    name: row.name, kind: row.kind, options: row.options,
    price: row.price === null ? null : showMoney(row.price, present(row.price_currency, 'a price has a currency')),
    weight_grams: row.weight_grams, length_mm: row.length_mm, width_mm: row.width_mm, height_mm: row.height_mm,
    origin_country: row.origin_country, customs_code: row.customs_code, active: row.active, custom_fields: row.custom_fields,
    identifiers: (identifiers.get(row.id) ?? []).map(({ kind, value }) => ({ kind, value })),
    components: (components.get(row.id) ?? []).map(({ sku, name, quantity }) => ({ sku, name, quantity })),
    created_at: row.created_at.toISOString(), version: row.version,
  }))
}

/** One variant by its SKU. */
export async function viewVariant(db: Queryable, sku: string): Promise<VariantView | undefined> {
  const row = await findVariantRow(db, sku)
  return row === undefined ? undefined : (await viewVariants(db, [row]))[0]
}

/** The same for a variant that the caller's transaction has locked or made. */
export async function viewLocked(db: Queryable, sku: string): Promise<VariantView> {
  return present(await viewVariant(db, sku), 'a variant is never deleted')
}

export function viewProductSummary(row: Omit<ProductRow, 'field_versions'>): ProductSummary {
  return {
    id: ids.product.show(row.id), handle: row.handle, name: row.name, description: row.description, brand: row.brand, product_type: row.product_type, tags: row.tags,
    active: row.active, created_at: row.created_at.toISOString(), version: row.version,
  }
}

/** A product with its variants in SKU order. */
export async function viewProduct(db: Queryable, row: ProductRow): Promise<ProductView> {
  return { ...viewProductSummary(row), variants: await viewVariants(db, await findVariantRowsOfProduct(db, row.id)) }
}
