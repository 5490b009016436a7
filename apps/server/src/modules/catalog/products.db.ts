import type { Queryable, Tx } from '../../platform/db.ts'
import { arrayOf, rowsOf, sql, type Sql } from '../../platform/sql.ts'
import { wordPatterns, prefixPattern } from '../../kernel/search.ts'

export type ProductRow = {
  id: string; handle: string; name: string; description: string; brand: string | null; product_type: string | null; tags: string[]; active: boolean
  created_at: Date; version: number; field_versions: Record<string, number>
}

/** A product as it is made for variants; the rest are defaults. */
export type NewProduct = Pick<ProductRow, 'id' | 'handle' | 'name' | 'created_at'>

export const PRODUCT_COLUMNS = sql.raw('p.id, p.handle, p.name, p.description, p.brand, p.product_type, p.tags, p.active, p.created_at, p.version, p.field_versions')

export function findProduct(db: Queryable, id: string): Promise<ProductRow | undefined> {
  return db.maybe(sql`select ${PRODUCT_COLUMNS} from products p where p.id = ${id}`)
}

export function lockProduct(tx: Tx, id: string): Promise<ProductRow | undefined> {
  return tx.maybe(sql`select ${PRODUCT_COLUMNS} from products p where p.id = ${id} for no key update`)
}

export async function insertProduct(tx: Tx, product: Omit<ProductRow, 'version' | 'field_versions'>): Promise<boolean> {
  const inserted = await tx.run(sql`
    insert into products (id, handle, name, description, brand, product_type, tags, active, created_at)
    values (${product.id}, ${product.handle}, ${product.name}, ${product.description}, ${product.brand}, ${product.product_type}, ${product.tags}::text[], ${product.active}, ${product.created_at})
    on conflict (handle) do nothing`)
  return inserted === 1
}

/** Inserts the products whose handles are free, in handle order, and answers those handles. */
export async function insertProducts(tx: Tx, products: readonly NewProduct[]): Promise<Set<string>> {
  if (products.length === 0) return new Set()
  const inserted = await tx.rows<{ handle: string }>(sql`
    insert into products (id, handle, name, created_at)
    select id, handle, name, created_at from ${rowsOf(products, { id: 'uuid', handle: 'text', name: 'text', created_at: 'timestamptz' })}
    order by handle
    on conflict (handle) do nothing
    returning handle`)
  return new Set(inserted.map(({ handle }) => handle))
}

export async function findProductIds(db: Queryable, handles: readonly string[]): Promise<Map<string, string>> {
  if (handles.length === 0) return new Map()
  const found = await db.rows<{ id: string; handle: string }>(sql`select id, handle from products where handle = any(${arrayOf(handles, 'text')})`)
  return new Map(found.map(({ id, handle }) => [handle, id]))
}

export async function findHandles(db: Queryable, ids: readonly string[]): Promise<Map<string, string>> {
  const found = await db.rows<{ id: string; handle: string }>(sql`select id, handle from products where id = any(${arrayOf(ids, 'uuid')})`)
  return new Map(found.map(({ id, handle }) => [id, handle]))
}

/** Products with every word of the text in the name, or whose handle begins with it. */
export function productsMatching(q: string): Sql {
  const words = wordPatterns(q).map((pattern) => sql`name ilike ${pattern}`)
  const named = words.length === 0 ? sql`false` : sql.join(words, ' and ')
  return sql`p.id in (select id from products where ${named} union select id from products where handle like ${prefixPattern(q.toLowerCase())})`
}
