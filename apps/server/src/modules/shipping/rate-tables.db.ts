import type { Queryable, Tx } from '../../platform/db.ts'
import { sql } from '../../platform/sql.ts'
import type { RateTable } from './rates.ts'

export type RateTableRow = { id: string; carrier: string; table_version: number; definition: RateTable; created_at: Date }

const COLUMNS = sql.raw('id, carrier, table_version, definition, created_at')

/** The table that counts now. */
export function findRateTable(db: Queryable, carrier: string): Promise<RateTableRow | undefined> {
  return db.maybe(sql`select ${COLUMNS} from rate_tables where carrier = ${carrier} and active`)
}

/** The tables that count now, by carrier. */
export async function activeRateTables(db: Queryable): Promise<Map<string, RateTable>> {
  const rows = await db.rows<RateTableRow>(sql`select ${COLUMNS} from rate_tables where active`)
  return new Map(rows.map(({ carrier, definition }) => [carrier, definition]))
}

export function lockRateTable(tx: Tx, carrier: string): Promise<RateTableRow | undefined> {
  return tx.maybe(sql`select ${COLUMNS} from rate_tables where carrier = ${carrier} and active for update`)
}

/** Puts a version in force, beside those before it. The caller holds the one in force. */
export async function insertRateTable(tx: Tx, table: RateTableRow & { created_by: string }): Promise<void> {
  await tx.run(sql`update rate_tables set active = false where carrier = ${table.carrier} and active`)
  await tx.run(sql`
    insert into rate_tables (id, carrier, table_version, currency, definition, active, created_at, created_by)
    values (${table.id}, ${table.carrier}, ${table.table_version}, ${table.definition.currency}, ${JSON.stringify(table.definition)}, true, ${table.created_at}, ${table.created_by})`)
}

/** Gives a new installation its first table. */
export async function installRateTable(db: Queryable, table: RateTableRow & { created_by: string }): Promise<void> {
  await db.run(sql`
    insert into rate_tables (id, carrier, table_version, currency, definition, active, created_at, created_by)
    values (${table.id}, ${table.carrier}, 1, ${table.definition.currency}, ${JSON.stringify(table.definition)}, true, ${table.created_at}, ${table.created_by})
    on conflict do nothing`)
}
