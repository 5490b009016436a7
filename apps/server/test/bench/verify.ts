import { setTimeout as delay } from 'node:timers/promises'
import { audit } from '../../src/audit.ts'
import { sql } from '../../src/platform/sql.ts'
import type { Bench } from './benchmark.ts'
import { withDatabase } from './database.ts'
import type { Server } from './installation.ts'

const RELAY_DEADLINE_MS = 120_000

/** Waits until every event has its place in the feed. */
export async function waitForRelay(server: Server): Promise<void> {
  const deadline = Date.now() + RELAY_DEADLINE_MS
  while ((await server.ask<{ relay_lag_ms: number }>('GET', '/health/ready')).relay_lag_ms > 0) {
    if (Date.now() > deadline) throw new Error('the relay did not come to an end')
    await delay(100)
  }
}

/** Every identity holds, and no more was sold than there was. Anything else fails the benchmark, whatever its speed. */
export async function verify({ installation, say }: Bench): Promise<void> {
  await withDatabase(installation, async (db) => {
    const report = await audit(db)
    const broken = report.checks.filter(({ rows }) => rows > 0)
    if (broken.length > 0) throw new Error(`the auditor found rows:\n${broken.map(({ name, rows, examples }) => `  ${name}: ${rows} rows, ${JSON.stringify(examples[0])}`).join('\n')}`)
    const oversold = await db.rows<{ sku: string; received: bigint; sold: bigint }>(sql`
      select v.sku, coalesce(r.received, 0)::bigint as received, s.sold::bigint as sold
      from (select variant_id, sum(quantity - open - backordered - canceled) as sold from order_lines where kind = 'goods' group by variant_id) s
      join variants v on v.id = s.variant_id
      left join (select variant_id, sum(quantity) as received from stock_movements where from_state is null and to_state = 'available' group by variant_id) r on r.variant_id = s.variant_id
      where s.sold > coalesce(r.received, 0)`)
    if (oversold.length > 0) throw new Error(`more was sold than received: ${JSON.stringify(oversold[0], (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value))}`)
    say(`the auditor is silent (${report.checks.length} identities), sold ≤ stock`)
  })
}
