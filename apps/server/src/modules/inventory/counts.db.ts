import type { Caller } from '../../platform/caller.ts'
import type { Queryable, Tx } from '../../platform/db.ts'
import { scopeConditions } from '../../platform/scope.ts'
import { arrayOf, rowsOf, sql, type Sql } from '../../platform/sql.ts'

export type CountStatus = 'open' | 'posted' | 'canceled'
export type CountRow = { id: string; location_id: string; location: string; status: CountStatus; note: string; created_at: Date; closed_at: Date | null }
export type CountLine = { variant_id: string; sku: string; counted: number | null; expected: number | null; counted_at: Date | null }

/** Of `stock_counts c join locations l`. */
export const COUNT_COLUMNS = sql.raw('c.id, c.location_id, l.code as location, c.status, c.note, c.created_at, c.closed_at')

export async function insertCount(tx: Tx, count: Pick<CountRow, 'id' | 'location_id' | 'note' | 'created_at'> & { created_by: string }, variant_ids: readonly string[]): Promise<void> {
  await tx.run(sql`
    insert into stock_counts (id, location_id, status, note, created_at, created_by)
    values (${count.id}, ${count.location_id}, 'open', ${count.note}, ${count.created_at}, ${count.created_by})`)
  await tx.run(sql`
    insert into stock_count_lines (count_id, variant_id)
    select ${count.id}, variant_id from unnest(${arrayOf(variant_ids, 'uuid')}) as input(variant_id)`)
}

export function lockCount(tx: Tx, id: string): Promise<CountRow | undefined> {
  return tx.maybe(sql`select ${COUNT_COLUMNS} from stock_counts c join locations l on l.id = c.location_id where c.id = ${id} for no key update of c`)
}

export function findCount(db: Queryable, id: string): Promise<CountRow | undefined> {
  return db.maybe(sql`select ${COUNT_COLUMNS} from stock_counts c join locations l on l.id = c.location_id where c.id = ${id}`)
}

export function countLines(db: Queryable, count_id: string): Promise<CountLine[]> {
  return db.rows(sql`
    select cl.variant_id, v.sku, cl.counted, cl.expected, cl.counted_at
    from stock_count_lines cl join variants v on v.id = cl.variant_id where cl.count_id = ${count_id} order by v.sku`)
}

/** Records what was counted; a SKU that is counted again is overwritten. The caller holds the count's lock. */
export async function writeCounted(tx: Tx, count_id: string, rows: readonly { variant_id: string; counted: number; expected: number; counted_at: Date; counted_by: string }[]): Promise<void> {
  const columns = sql.raw('variant_id, counted, expected, counted_at, counted_by')
  await tx.run(sql`
    insert into stock_count_lines (count_id, ${columns})
    select ${count_id}, ${columns} from ${rowsOf(rows, { variant_id: 'uuid', counted: 'int', expected: 'int', counted_at: 'timestamptz', counted_by: 'uuid' })}
    on conflict (count_id, variant_id) do update
    set counted = excluded.counted, expected = excluded.expected, counted_at = excluded.counted_at, counted_by = excluded.counted_by`)
}

export async function closeCount(tx: Tx, id: string, status: 'posted' | 'canceled', at: Date): Promise<void> {
  await tx.run(sql`update stock_counts set status = ${status}, closed_at = ${at} where id = ${id} and status = 'open'`)
}

export function countsInScope(caller: Caller): Sql[] {
  return scopeConditions(caller, { location_id: sql`c.location_id` })
}
