import type { Benchmark, Measurement } from '../benchmark.ts'
import { newRun } from '../capture-load.ts'
import { runLoad, runReservations, type Loaded } from '../run-load.ts'
import { verify, waitForRelay } from '../verify.ts'

const BATCH = 200

function measurementOf({ per_second, all, cpu_ms_each, kinds, notes }: Loaded): Measurement {
  const each = Object.entries(kinds).map(([kind, { count, p50Ms, p99Ms }]) => `${kind} ${count} (p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms)`)
  return { value: per_second, unit: 'actions/s', p50Ms: all.p50Ms, p99Ms: all.p99Ms, cpuMsPerOrder: cpu_ms_each, notes: [each.join(', '), ...notes] }
}

export const reserve: Benchmark = {
  name: 'reserve',
  summary: `Reservations of 2 lines in batches of ${BATCH}: reserved, extended, released, expired; then one a request, half of them converted`,
  goal: { value: 5_000 },
  run: async (bench) => {
    const batches = await runReservations(bench, { skus: bench.retailer.skus, batch: BATCH })
    const server = await bench.installation.start()
    const http = await runLoad(bench, server, { connections: bench.connections, workload: { name: 'reservations', seed: 2, run: newRun(), skus: bench.retailer.skus }, seconds: bench.seconds / 2 })
    await waitForRelay(server)
    await server.stop()
    await verify(bench)
    return { ...measurementOf(batches), parts: [{ name: 'reserve/http', ...measurementOf(http) }] }
  },
}
