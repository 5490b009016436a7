import { DAY_MS } from '../../kernel/time.ts'
import type { Queryable, Tx } from '../../platform/db.ts'
import { rowsOf, sql } from '../../platform/sql.ts'
import { keyOf } from '../inventory/index.ts'

/** Days of the past by which units a day are told. */
const WINDOW_DAYS = 28

/** Units that each location gives to orders a day, by variant and location; nothing where it gave none lately. One query. */
export async function demandsOf(db: Queryable, variant_ids: readonly string[]): Promise<Map<string, number>> {
  if (variant_ids.length === 0) return new Map()
  const rows = await db.rows<{ variant_id: string; location_id: string; daily_units: number }>(sql`
    select d.variant_id, d.location_id, d.daily_units from ${rowsOf(variant_ids.map((variant_id) => ({ variant_id })), { variant_id: 'uuid' })} join location_demands d on d.variant_id = input.variant_id`)
  return new Map(rows.map((row) => [keyOf(row), row.daily_units]))
}

/** Tells anew from the movements of the last weeks what is sold where. Answers how many pairs that is. */
export async function renewDemands(tx: Tx, now: Date): Promise<number> {
  await tx.run(sql`delete from location_demands`)
  return tx.run(sql`
    insert into location_demands (variant_id, location_id, daily_units)
    select variant_id, location_id, sum(quantity) / ${WINDOW_DAYS}::float8 from stock_movements
    where to_state = 'allocated' and reason = 'allocation' and at > ${new Date(now.getTime() - WINDOW_DAYS * DAY_MS)} and at <= ${now}
    group by variant_id, location_id`)
}
