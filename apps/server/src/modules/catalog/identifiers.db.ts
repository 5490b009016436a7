import type { Queryable, Tx } from '../../platform/db.ts'
import { arrayOf, rowsOf, sql } from '../../platform/sql.ts'
import { identifiedBy } from './variants.db.ts'

export const IDENTIFIER_KINDS = ['gtin', 'barcode', 'asin', 'mpn', 'other'] as const
export type Identifier = { kind: (typeof IDENTIFIER_KINDS)[number]; value: string }
export type IdentifierRow = Identifier & { variant_id: string }

export function identifiersOf(db: Queryable, variantIds: readonly string[]): Promise<IdentifierRow[]> {
  return db.rows(sql`select kind, value, variant_id from variant_identifiers where variant_id = any(${arrayOf(variantIds, 'uuid')}) order by kind, value`)
}

/** Who carries these identifiers. */
export function ownersOf(db: Queryable, identifiers: readonly Identifier[]): Promise<(IdentifierRow & { sku: string })[]> {
  return db.rows(sql`
    select i.kind, i.value, i.variant_id, v.sku
    from variant_identifiers i join variants v on v.id = i.variant_id
      join ${rowsOf(identifiers, { kind: 'text', value: 'text' })} on input.kind = i.kind and input.value = i.value`)
}

/** The variant that a scanned code means; GTINs come before barcodes and those before the codes of makers and markets. */
export function findScanned(db: Queryable, code: string): Promise<IdentifierRow | undefined> {
  return db.maybe(sql`
    select kind, value, variant_id from variant_identifiers where ${identifiedBy(code)}
    order by array_position(${[...IDENTIFIER_KINDS]}::text[], kind) limit 1`)
}

/**
 * Gives locked variants exactly these identifiers, of all kinds or of one. Answers those that somebody else has
 * meanwhile; the caller then refuses, which undoes the rest.
 */
export async function replaceIdentifiers(tx: Tx, variantIds: readonly string[], rows: readonly IdentifierRow[], kind?: Identifier['kind']): Promise<IdentifierRow[]> {
  const columns = { kind: 'text', value: 'text', variant_id: 'uuid' } as const
  await tx.run(sql`
    delete from variant_identifiers i where i.variant_id = any(${arrayOf(variantIds, 'uuid')}) ${kind === undefined ? sql.empty : sql`and i.kind = ${kind}`}
      and not exists (select from ${rowsOf(rows, columns)} where input.kind = i.kind and input.value = i.value and input.variant_id = i.variant_id)`)
  await tx.run(sql`
    insert into variant_identifiers (kind, value, variant_id)
    select kind, value, variant_id from ${rowsOf(rows, columns)} order by kind, value
    on conflict (kind, value) do nothing`)
  return tx.rows<IdentifierRow>(sql`
    select i.kind, i.value, i.variant_id
    from variant_identifiers i join ${rowsOf(rows, columns)} on input.kind = i.kind and input.value = i.value and input.variant_id <> i.variant_id`)
}
