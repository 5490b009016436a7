import { setTimeout as delay } from 'node:timers/promises'
import type { Bench } from './benchmark.ts'
import { withDatabase } from './database.ts'
import type { Server } from './installation.ts'
import { runLoad, type Loaded } from './run-load.ts'
import { ids } from '../../src/kernel/id-kinds.ts'
import { sql } from '../../src/platform/sql.ts'

/** Fulfillment orders that one call picks, packs or ships; the most that the API takes. */
const GROUP = 200
const CONNECTIONS = 4

const DUE_MS = 1_000

/** Makes so many orders due that were captured to be released a day later, and answers when they are. */
export async function makeDue({ installation }: Bench, orders: number): Promise<void> {
  await withDatabase(installation, async (db) => {
    await db.run(sql`update orders set release_at = now() + interval '${sql.raw(String(DUE_MS))} ms' where id in (select id from orders where status = 'placed' and release_at > now() + interval '1 hour' order by id limit ${orders})`)
    // What an hour of autovacuum would have done.
    await db.run(sql`vacuum (analyze) orders, order_lines, allocations`)
  })
  await delay(DUE_MS)
}

/** Waits until the worker has released everything that is due. Answers how long it took from the first on. */
export async function waitForRelease({ installation }: Bench): Promise<number> {
  return withDatabase(installation, async (db) => {
    while ((await db.maybe(sql`select from orders where status = 'placed' and open_holds = 0 and units_allocated > 0 and release_at <= now() limit 1`)) !== undefined) await delay(10)
    return (await db.one<{ ms: number }>(sql`select (extract(epoch from clock_timestamp() - min(created_at)) * 1000)::float8 as ms from fulfillment_orders where status = 'open'`)).ms
  })
}

/** Picks, packs and ships every open fulfillment order, those of one location together. */
export async function workAll(bench: Bench, server: Server): Promise<Loaded> {
  const rows = await withDatabase(bench.installation, (db) => db.rows<{ ids: string[] }>(sql`
    select array_agg(id::text order by n) as ids
    from (select id, n, n / ${GROUP} as part from (select id, row_number() over (order by location_id, created_at, id) - 1 as n from fulfillment_orders where status = 'open') numbered) parted
    group by part order by part`))
  return runLoad(bench, server, { connections: CONNECTIONS, warmup_seconds: 0, seconds: 600, workload: { name: 'fulfillment', groups: rows.map((row) => row.ids.map(ids.fulfillment_order.show)) } })
}
