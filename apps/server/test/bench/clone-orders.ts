import { DAY_MS } from '../../src/kernel/time.ts'
import type { Database } from '../../src/platform/db.ts'
import { relayOnce } from '../../src/platform/relay.ts'
import { sql } from '../../src/platform/sql.ts'
import type { Bench } from './benchmark.ts'
import { columnsOf } from './ceiling.ts'
import { withDatabase } from './database.ts'
import { CAPTURED, WORKED, type OrderTable } from './order-rows.ts'

/** The clones' orders are spread over so many days before now. */
const DAYS = 300

/**
 * Fills the database with copies of the orders in it, row by row of everything that belongs to them, until there are so
 * many. Ids, numbers, buyers and times differ; stock is taken as the copies say. The auditor finds nothing.
 * No server may run.
 */
export async function cloneOrders(bench: Bench, orders: number): Promise<void> {
  await withDatabase(bench.installation, async (db) => {
    await db.run(sql`create table bench_pool as select id as order_id, customer_id, external_id from orders`)
    await db.run(sql`create unique index on bench_pool (order_id)`)
    await db.run(sql`create index on bench_pool (customer_id)`)
    // UUIDs of version 7 begin with their time: an earlier time makes another id that sorts where it belongs.
    await db.run(sql`
      create function bench_earlier(id uuid, ms bigint) returns uuid language sql immutable as $$
        select (lpad(to_hex(('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint - ms), 12, '0') || right(replace(id::text, '-', ''), 20))::uuid $$`)
    const { pool } = await db.one<{ pool: number }>(sql`select count(*)::int as pool from bench_pool`)
    const copies = Math.max(0, Math.ceil(orders / pool) - 1)
    const tables = await Promise.all([...CAPTURED.filter(({ name }) => name !== 'idempotency_keys'), ...WORKED].map(async (table) => ({ table, names: (await columnsOf(db, table)).map(({ name }) => name) })))
    for (let copy = copies; copy > 0; copy--) {
      const ms = Math.round((copy * DAYS * DAY_MS) / copies)
      await db.transaction(async (tx) => {
        // The rows refer to each other as their patterns do; the auditor looks at all of it afterwards.
        await tx.executeText(`set local session_replication_role = replica; set local statement_timeout = 0`)
        for (const { table, names } of tables) await tx.executeText(cloneStatement(table, names, copy, ms))
      })
      if (copy % 20 === 0) bench.say(`${copy} of ${copies} copies left`)
    }
    await takeStock(db, copies)
    await db.run(sql`drop table bench_pool`)
    await db.run(sql`drop function bench_earlier`)
    bench.say('positions for the events, statistics')
    while ((await relayOnce(db)) > 0);
    await db.run(sql`vacuum (analyze)`)
  })
}

function cloneStatement({ name, from, ids, texts = [], times = [] }: OrderTable, columns: readonly string[], copy: number, ms: number): string {
  const values = columns.map((column) => {
    if (column === 'subject_id') return `case when t.subject_id in (pool.order_id, pool.customer_id) then bench_earlier(t.subject_id, ${ms}) else t.subject_id end`
    if (ids.includes(column)) return `bench_earlier(t.${column}, ${ms})`
    if (texts.includes(column)) return `'${copy}-' || t.${column}`
    return times.includes(column) ? `t.${column} - interval '${ms} ms'` : `t.${column}`
  })
  return `insert into ${name} (${columns.join(', ')}) select ${values.join(', ')} from ${from.replace(/\bpool on/, 'bench_pool pool on')}`
}

/** Balances follow from the movements, those of the copies too. */
async function takeStock(db: Database, copies: number): Promise<void> {
  await db.run(sql`
    update stock_levels l set available = l.available + m.available * ${copies}::int, allocated = l.allocated + m.allocated * ${copies}::int
    from (
      select t.variant_id, t.location_id,
        sum(case when t.to_state = 'available' then t.quantity when t.from_state = 'available' then -t.quantity else 0 end)::int as available,
        sum(case when t.to_state = 'allocated' then t.quantity when t.from_state = 'allocated' then -t.quantity else 0 end)::int as allocated
      from stock_movements t join bench_pool p on p.order_id = t.cause_id group by t.variant_id, t.location_id
    ) m where l.variant_id = m.variant_id and l.location_id = m.location_id`)
}
