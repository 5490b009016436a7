import { DAY_MS } from '../../src/kernel/time.ts'
import type { Database, Queryable } from '../../src/platform/db.ts'
import { relayOnce } from '../../src/platform/relay.ts'
import { arrayOf, sql } from '../../src/platform/sql.ts'
import type { Bench } from './benchmark.ts'
import { columnsOf } from './ceiling.ts'
import { withDatabase } from './database.ts'
import { CAPTURED, WORKED, type OrderTable } from './order-rows.ts'

/** The clones' orders are spread over so many days before now. */
const DAYS = 300
/** What belongs to an order. Keys of its calls are not copied. */
const TABLES = [...CAPTURED.filter(({ name }) => name !== 'idempotency_keys'), ...WORKED]
/** Tables are filled by so many connections at a time. */
const WRITERS = 2
const EVENTS_PER_ROUND = 200_000

/**
 * Fills the database with copies of the orders in it, row by row of everything that belongs to them, until there are so
 * many. Ids, numbers, buyers and times differ; stock is taken as the copies say. Indexes are built again when the rows are
 * there. The auditor finds nothing. No server may run.
 */
export async function cloneOrders(bench: Bench, orders: number): Promise<void> {
  await withDatabase(bench.installation, async (db) => {
    await db.run(sql`create unlogged table bench_pool as select id as order_id, customer_id, external_id from orders`)
    await db.run(sql`create index on bench_pool (order_id)`)
    await db.run(sql`create index on bench_pool (customer_id)`)
    // UUIDs of version 7 begin with their time: an earlier time makes another id that sorts where it belongs.
    await db.run(sql`
      create function bench_earlier(id uuid, ms bigint) returns uuid language sql immutable as $$
        select encode(substr(int8send(('x' || encode(substr(uuid_send(id), 1, 6), 'hex'))::bit(48)::bigint - ms), 3) || substr(uuid_send(id), 7), 'hex')::uuid $$`)
    const { pool } = await db.one<{ pool: number }>(sql`select count(*)::int as pool from bench_pool`)
    const copies = Math.max(0, Math.ceil(orders / pool) - 1)
    await setIndexes(db, false)
    const waiting = [...TABLES]
    await Promise.all(Array.from({ length: WRITERS }, async () => {
      for (let table = waiting.shift(); table !== undefined; table = waiting.shift()) {
        await cloneRows(db, table, copies)
        bench.say(`${table.name}: ${copies} copies`)
      }
    }))
    await takeStock(db, copies)
    await db.run(sql`drop table bench_pool`)
    await db.run(sql`drop function bench_earlier`)
    await setIndexes(db, true)
    bench.say('indexes built again')
    while ((await relayOnce(db, EVENTS_PER_ROUND)) > 0);
    bench.say('positions for the events')
    await db.run(sql`vacuum (analyze)`)
    bench.say('statistics')
  })
}

/** Every copy of the rows of one table, the oldest first, as if they had been written one after the other. */
async function cloneRows(db: Database, table: OrderTable, copies: number): Promise<void> {
  const names = (await columnsOf(db, table)).map(({ name }) => name)
  await db.transaction(async (tx) => {
    // The rows refer to each other as their patterns do; the auditor looks at all of it afterwards.
    await tx.executeText(`set local session_replication_role = replica; set local statement_timeout = 0`)
    await tx.executeText(`create temporary table pattern on commit drop as select pool.order_id as pool_order_id, pool.customer_id as pool_customer_id, t.* from ${table.from.replace(/\bpool on/, 'bench_pool pool on')}`)
    for (let copy = copies; copy > 0; copy--) await tx.executeText(cloneStatement(table, names, copy, Math.round((copy * DAYS * DAY_MS) / copies)))
  })
}

function cloneStatement({ name, ids, texts = [], times = [] }: OrderTable, columns: readonly string[], copy: number, ms: number): string {
  const values = columns.map((column) => {
    if (column === 'subject_id') return `case when subject_id in (pool_order_id, pool_customer_id) then bench_earlier(subject_id, ${ms}) else subject_id end`
    if (ids.includes(column)) return `bench_earlier(${column}, ${ms})`
    if (texts.includes(column)) return uniqueText(column, copy)
    return times.includes(column) ? `${column} - interval '${ms} ms'` : column
  })
  return `insert into ${name} (${columns.join(', ')}) select ${values.join(', ')} from pattern`
}

/** First names are shared by many buyers, last names by few; a phone number and a tracking number have no dashes to tell copies apart. */
function uniqueText(column: string, copy: number): string {
  if (column === 'name' || column === 'customer_name') return `${column} || translate('${copy}', '0123456789', 'aeioulnrst')`
  return column === 'phone' || column === 'tracking_number' ? `${column} || '${copy}'` : `'${copy}-' || ${column}`
}

/**
 * Indexes that are not maintained while millions of rows are written, and then are built again, cost a tenth. Only the
 * catalog says that they are not: the schema stays what it is, with every constraint.
 */
async function setIndexes(db: Queryable, maintained: boolean): Promise<void> {
  const tables = sql`select (name::regclass)::oid from unnest(${arrayOf(TABLES.map(({ name }) => name), 'text')}) name`
  if (!maintained) {
    await db.run(sql`update pg_index set indisready = false, indisvalid = false where indrelid in (${tables})`)
    return
  }
  for (const { index } of await db.rows<{ index: string }>(sql`select indexrelid::regclass::text as index from pg_index where indrelid in (${tables}) order by indrelid, indexrelid`)) {
    await db.run(sql.raw(`reindex index ${index}`))
  }
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
