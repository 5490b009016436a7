import type { Bench, Benchmark, Measurement } from '../benchmark.ts'
import { captureSpec, runCapture } from '../capture-load.ts'
import { cloneOrders } from '../clone-orders.ts'
import { withDatabase } from '../database.ts'
import { makeDue, waitForRelease, workAll } from '../fulfillment-load.ts'
import type { Server } from '../installation.ts'
import { runLoad } from '../run-load.ts'
import { verify, waitForRelay } from '../verify.ts'
import { sql } from '../../../src/platform/sql.ts'

const ORDERS = 100_000
/** Orders that are captured, of them shipped, before all of them are copied. */
const CAPTURED = 2_000
const SHIPPED = 500
const LINES = 2
/** People who ask at a time, each again as soon as the answer is there. */
const CONNECTIONS = 2
const VALUES = 500
const P99_MS = 20

/** What people type, of orders all over the database. */
async function questionsOf(bench: Bench): Promise<Record<string, string[]>> {
  const found = await withDatabase(bench.installation, (db) => db.rows<{ number: string; email: string; name: string; phone: string; sku: string }>(sql`
    select o.number, o.email, o.customer_name as name, o.phone, (select sku from order_lines l where l.order_id = o.id limit 1) as sku from orders o tablesample bernoulli (10) order by random() limit ${VALUES}`))
  const packages = await withDatabase(bench.installation, (db) => db.rows<{ tracking_number: string }>(sql`select tracking_number from packages order by random() limit ${VALUES}`))
  const search = (text: string): string => `/v1/orders?q=${encodeURIComponent(text)}&limit=20`
  return {
    newest: ['/v1/orders?filter[status]=placed&sort=-placed_at&limit=20'],
    // As it is while somebody still types.
    beginning: found.flatMap(({ email, name }) => [search(email.slice(0, -12)), search(name.slice(0, -2))]),
    number: found.map(({ number }) => search(number)), email: found.map(({ email }) => search(email)), name: found.map(({ name }) => search(name)), phone: found.map(({ phone }) => search(phone)),
    sku: found.map(({ sku }) => search(sku)), tracking: packages.map(({ tracking_number }) => search(tracking_number)),
  }
}

/** Every kind of question alone, so that a slow one does not make the others wait. */
async function ask(bench: Bench, server: Server): Promise<NonNullable<Measurement['parts']>> {
  const parts: NonNullable<Measurement['parts']> = []
  const questions = Object.entries(await questionsOf(bench))
  for (const [kind, paths] of questions) {
    const { all, notes } = await runLoad(bench, server, { connections: CONNECTIONS, workload: { name: 'list', questions: { [kind]: paths } }, warmup_seconds: 1, seconds: bench.seconds / questions.length })
    parts.push({ name: `list/${kind}`, value: all.p99Ms, unit: 'ms', p50Ms: all.p50Ms, p99Ms: all.p99Ms, goal: { value: P99_MS, at_most: true }, notes: [`${all.count} answers; ${notes[2]!}`] })
  }
  return parts
}

export const list: Benchmark = {
  name: 'list',
  summary: 'Order list by status and searches among many orders; and capture there, compared with an empty database',
  goal: { value: P99_MS, at_most: true },
  run: async (bench) => {
    const { installation } = bench
    const first = await installation.start()
    const load = { workload: captureSpec(bench), seconds: bench.seconds / 2 }
    const empty = await runCapture(bench, first, load)
    await waitForRelay(first)
    await first.stop()
    await installation.reset()

    const server = await installation.start()
    await runCapture(bench, server, { warmup_seconds: 0, seconds: 600, workload: captureSpec(bench, { lines: LINES, limit: CAPTURED }) })
    await makeDue(bench, SHIPPED)
    await waitForRelease(bench)
    await workAll(bench, server)
    await waitForRelay(server)
    await server.stop()
    await cloneOrders(bench, bench.orders ?? ORDERS)

    const full = await installation.start()
    const parts = await ask(bench, full)
    const captured = await runCapture(bench, full, { ...load, workload: captureSpec(bench) })
    await waitForRelay(full)
    await full.stop()
    await verify(bench)
    const slowest = parts.reduce((worst, part) => (part.value > worst.value ? part : worst))
    return {
      value: slowest.value, unit: 'ms', p50Ms: slowest.p50Ms!, p99Ms: slowest.p99Ms!, notes: [`the slowest of ${parts.length} kinds of question, by p99, among ${bench.orders ?? ORDERS} orders with ${CONNECTIONS} asking at a time`],
      parts: [...parts, { name: 'list/capture', value: captured.per_second, unit: 'orders/s', p50Ms: captured.all.p50Ms, p99Ms: captured.all.p99Ms, cpuMsPerOrder: captured.cpu_ms_each, ceiling: empty.per_second, goal: { ratio: 0.85 }, notes: [`the ceiling is the rate on an empty database, ${empty.cpu_ms_each.toFixed(2)} CPU-ms each`, ...captured.notes] }],
    }
  },
}
