import type { Queryable, Tx } from '../../platform/db.ts'
import { arrayOf, rowsOf, sql } from '../../platform/sql.ts'

/** Claims the keys that are new and answers them; the others have had their effect before. */
export async function claimRecords(tx: Tx, source: string, keys: readonly string[], at: Date): Promise<Set<string>> {
  if (keys.length === 0) return new Set()
  const claimed = await tx.rows<{ key: string }>(sql`
    insert into import_records (source, key, recorded_at) select ${source}, key, ${at} from ${rowsOf(keys.map((key) => ({ key })), { key: 'text' })} order by key
    on conflict do nothing returning key`)
  return new Set(claimed.map(({ key }) => key))
}

export async function storeRecords(tx: Tx, source: string, records: readonly { key: string; outcome: object; at: Date }[]): Promise<void> {
  if (records.length === 0) return
  await tx.run(sql`
    insert into import_records (source, key, outcome, recorded_at) select ${source}, key, outcome, at
    from ${rowsOf(records, { key: 'text', outcome: 'jsonb', at: 'timestamptz' })}`)
}

export async function findRecords<Outcome>(db: Queryable, source: string, keys: readonly string[]): Promise<Map<string, Outcome>> {
  if (keys.length === 0) return new Map()
  const rows = await db.rows<{ key: string; outcome: Outcome }>(sql`select key, outcome from import_records where source = ${source} and key = any(${arrayOf(keys, 'text')})`)
  return new Map(rows.map(({ key, outcome }) => [key, outcome]))
}
