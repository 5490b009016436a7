import type { Caller } from './caller.ts'
import { arrayOf, sql, type Sql } from './sql.ts'

/** What a list shows to the caller, as conditions: `inScope` for rows that the database filters. The columns hold the ids. */
export function scopeConditions(caller: Caller, columns: { channel_id?: Sql; location_id?: Sql }): Sql[] {
  return [...confined(columns.channel_id, caller.channel_ids), ...confined(columns.location_id, caller.location_ids)]
}

function confined(column: Sql | undefined, ids: ReadonlySet<string> | undefined): Sql[] {
  return column === undefined || ids === undefined ? [] : [sql`${column} = any(${arrayOf([...ids], 'uuid')})`]
}
