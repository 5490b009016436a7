import { setTimeout as delay } from 'node:timers/promises'
import type { Bench } from './benchmark.ts'
import { captureSpec, runCapture } from './capture-load.ts'
import { withDatabase } from './database.ts'
import type { Server } from './installation.ts'
import { runLoad, type Loaded } from './run-load.ts'
import { ids } from '../../src/kernel/id-kinds.ts'
import { sql } from '../../src/platform/sql.ts'

/** Fulfillment orders that one call picks, packs or ships; the most that the API takes. */
const GROUP = 200
const CONNECTIONS = 2

/** Captures orders that are due at once. Whoever runs without worker keeps them unreleased. */
export function captureDue(bench: Bench, server: Server, orders: number, lines: number): Promise<Loaded> {
  return runCapture(bench, server, { warmup_seconds: 0, seconds: 600, workload: captureSpec(bench, { channel: 'bench-now', lines, limit: orders }) })
}

/** Waits until the worker has released everything that is due. */
export async function waitForRelease({ installation }: Bench): Promise<void> {
  await withDatabase(installation, async (db) => {
    while ((await db.maybe(sql`select from orders where status = 'placed' and open_holds = 0 and units_allocated > 0 and release_at <= now() limit 1`)) !== undefined) await delay(20)
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
