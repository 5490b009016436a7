import type { Bench, Benchmark, Measurement } from '../benchmark.ts'
import { percentile } from '../benchmark.ts'
import { captureSpec, runCapture } from '../capture-load.ts'
import { openConsumer, type Received } from '../consumer.ts'
import { sampleCpu } from '../cpu.ts'
import { withDatabase } from '../database.ts'
import type { Server } from '../installation.ts'
import { verify, waitForRelay } from '../verify.ts'
import { SYSTEM } from '../../../src/platform/caller.ts'
import { writeEvents } from '../../../src/platform/events.ts'
import { arrayOf, sql } from '../../../src/platform/sql.ts'

const EVENTS_PER_SECOND = 10_000
const EVENTS_PER_STATEMENT = 5_000

/** So many events committed at once; from their commit to the last of them at the consumer. */
async function measureThroughput(bench: Bench, server: Server): Promise<Measurement> {
  const count = Math.round(bench.seconds * EVENTS_PER_SECOND)
  const consumer = await openConsumer(bench, server, count)
  const committed = await withDatabase(bench.installation, (db) => db.transaction(async (tx) => {
    const event = { type: 'bench.happened', subject_id: SYSTEM.id, data: { number: 'SW-100001', channel: 'bench', lines: [{ sku: 'SKU-00001', quantity: 1, unit_price: { amount: '9.99', currency: 'GBP' } }] }, at: tx.started_at, caller: SYSTEM, request_id: 'bench' }
    for (let written = 0; written < count; written += EVENTS_PER_STATEMENT) await writeEvents(tx, Array.from({ length: Math.min(EVENTS_PER_STATEMENT, count - written) }, () => event))
  }).then(() => Date.now()))
  const before = sampleCpu(server.pid, bench.installation.postmaster_pid)
  const { at } = await consumer.all
  const after = sampleCpu(server.pid, bench.installation.postmaster_pid)
  const seconds = (at.at(-1)! - committed) / 1_000
  return {
    value: count / seconds, unit: 'events/s',
    notes: [`${count} events of one commit at the consumer after ${seconds.toFixed(1)} s; CPU-µs each: server ${(((after.server - before.server) / count) * 1_000).toFixed(0)}, database ${(((after.postgres - before.postgres) / count) * 1_000).toFixed(0)}`],
  }
}

/** From the commit, by PostgreSQL's own clock, to the consumer, while captures keep the server as busy as it gets. */
async function measureLag(bench: Bench, server: Server): Promise<{ p50Ms: number; p99Ms: number; notes: string[] }> {
  const consumer = await openConsumer(bench, server)
  const loaded = await runCapture(bench, server, { workload: captureSpec(bench) })
  await waitForRelay(server)
  const lags = await lagsOf(bench, await consumer.stop())
  return { p50Ms: percentile(lags, 0.5), p99Ms: percentile(lags, 0.99), notes: [`lag of ${lags.length} events under ${Math.round(loaded.per_second)} captures a second: p50 ${percentile(lags, 0.5).toFixed(0)} ms, p99 ${percentile(lags, 0.99).toFixed(0)} ms, at most ${percentile(lags, 1).toFixed(0)} ms`, ...loaded.notes] }
}

async function lagsOf({ installation }: Bench, { positions, at }: Received): Promise<number[]> {
  const commits = await withDatabase(installation, (db) => db.rows<{ position: bigint; ms: number }>(sql`
    select p.position, (extract(epoch from pg_xact_commit_timestamp(e.transaction_id::xid)) * 1000)::float8 as ms
    from event_positions p join events e on e.id = p.event_id where p.position = any(${arrayOf(positions, 'bigint')}) order by p.position`))
  const committed = new Map(commits.map(({ position, ms }) => [Number(position), ms]))
  return positions.map((position, index) => at[index]! - committed.get(position)!)
}

export const feed: Benchmark = {
  name: 'feed',
  summary: 'Events to one consumer: how many a second from a backlog, and how late under capture load',
  goal: { value: 20_000, p99Ms: 100 },
  run: async (bench) => {
    const server = await bench.installation.start({ inspect: bench.profile !== undefined })
    // What seeding has left in the feed is nobody's business here.
    await waitForRelay(server)
    const throughput = await measureThroughput(bench, server)
    const lag = await measureLag(bench, server)
    await server.stop()
    await verify(bench)
    return { ...throughput, p50Ms: lag.p50Ms, p99Ms: lag.p99Ms, notes: [...throughput.notes!, ...lag.notes] }
  },
}
