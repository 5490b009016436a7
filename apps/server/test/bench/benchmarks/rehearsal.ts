import { setTimeout as delay } from 'node:timers/promises'
import type { Bench, Benchmark, Measurement } from '../benchmark.ts'
import { captureSpec, runCapture } from '../capture-load.ts'
import type { Server } from '../installation.ts'
import { verify, waitForRelay } from '../verify.ts'

const ORDERS = 10_000
const AT_MOST_SECONDS = 10

type Rehearsal = { id: string; status: string; error: string | null; decisions: { total: number; done: number }; started_at: string; finished_at: string; results: { flipped_decisions: number; split_orders: number; parcels: number }[] | null }

async function rehearseOnce(server: Server, strategy: string): Promise<Rehearsal> {
  let rehearsal = await server.ask<Rehearsal>('POST', '/v1/routing-rehearsals', { from: '2000-01-01T00:00:00Z', to: '2100-01-01T00:00:00Z', strategies: [{ strategy }] })
  while (rehearsal.status === 'queued' || rehearsal.status === 'running') {
    await delay(100)
    rehearsal = await server.ask<Rehearsal>('GET', `/v1/routing-rehearsals/${rehearsal.id}`)
  }
  if (rehearsal.status !== 'done') throw new Error(`the rehearsal ended as ${rehearsal.status}: ${rehearsal.error}`)
  return rehearsal
}

const secondsOf = ({ started_at, finished_at }: Rehearsal): number => (Date.parse(finished_at) - Date.parse(started_at)) / 1_000

async function measure(bench: Bench): Promise<Measurement> {
  const orders = bench.orders ?? ORDERS
  const server = await bench.installation.start()
  await runCapture(bench, server, { warmup_seconds: 0, seconds: 3_600, workload: captureSpec(bench, { limit: orders }) })
  await waitForRelay(server)
  const { data: strategies } = await server.ask<{ data: { code: string; strategy_version: number; active: boolean }[] }>('GET', '/v1/routing-strategies')
  const parts: NonNullable<Measurement['parts']> = []
  for (const { code, strategy_version, active } of strategies) {
    const rehearsal = await rehearseOnce(server, `${code}@${strategy_version}`)
    const [{ flipped_decisions, split_orders, parcels }] = rehearsal.results as [NonNullable<Rehearsal['results']>[number]]
    if (active && flipped_decisions > 0) throw new Error(`the strategy in use decided ${flipped_decisions} of ${rehearsal.decisions.total} orders otherwise`)
    parts.push({
      name: `rehearsal/${code}`, value: secondsOf(rehearsal), unit: 's', goal: { value: (AT_MOST_SECONDS * orders) / ORDERS, at_most: true },
      notes: [`${rehearsal.decisions.total} decisions, ${flipped_decisions} flipped; ${split_orders} orders split, ${parcels} parcels`],
    })
  }
  await server.stop()
  await verify(bench)
  return { value: Math.max(...parts.map(({ value }) => value)), unit: 's', notes: [`the slowest of ${parts.length} strategies, one at a time, over ${orders} orders`], parts }
}

export const rehearsal: Benchmark = {
  name: 'rehearsal',
  summary: 'A period of 10,000 orders replayed under each of the strategies',
  goal: {},
  run: measure,
}
