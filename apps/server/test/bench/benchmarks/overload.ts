import type { Bench, Benchmark, Measurement } from '../benchmark.ts'
import { captureSpec } from '../capture-load.ts'
import { SHED } from '../load/protocol.ts'
import { runLoad } from '../run-load.ts'
import { verify, waitForRelay } from '../verify.ts'

/** How many times its capacity is asked of the server. */
const FACTORS = [2, 10] as const
/** Enough that it is the server that turns requests away, and not the load that runs out of connections. */
const CONNECTIONS = 512

/** Capacity first, by a closed loop. Then orders at a multiple of it, whether or not answers come: what is admitted has to come through as fast and as often. */
async function overload(bench: Bench): Promise<Measurement> {
  const server = await bench.installation.start({ inspect: bench.profile !== undefined })
  const peak = await runLoad(bench, server, { workload: captureSpec(bench), connections: bench.connections })
  const parts: NonNullable<Measurement['parts']> = []
  for (const factor of FACTORS) {
    const loaded = await runLoad(bench, server, { workload: captureSpec(bench), connections: CONNECTIONS, rate: peak.per_second * factor, may_shed: true, profile_as: `overload-${factor}` })
    const admitted = loaded.kinds['capture'] ?? { count: 0, p50Ms: Number.NaN, p99Ms: Number.NaN }
    const shed = loaded.kinds[SHED]
    parts.push({
      name: `overload/${factor}x`, value: admitted.count / loaded.seconds, unit: 'orders/s', p50Ms: admitted.p50Ms, p99Ms: admitted.p99Ms,
      goal: { value: Math.round(peak.per_second * 0.9), p99Ms: 2 * peak.all.p99Ms },
      notes: [`${shed?.count ?? 0} turned away, p99 ${(shed?.p99Ms ?? 0).toFixed(0)} ms; ${loaded.unsent} were still waiting for one of ${CONNECTIONS} connections at the end`, ...loaded.notes],
    })
  }
  await waitForRelay(server)
  await server.stop()
  await verify(bench)
  return { value: peak.per_second, unit: 'orders/s', p50Ms: peak.all.p50Ms, p99Ms: peak.all.p99Ms, notes: peak.notes, parts }
}

export const overloadCapture: Benchmark = {
  name: 'overload',
  summary: 'Orders at two and ten times capacity: 90 % of it still comes through, at most twice as late; the rest is turned away',
  goal: {},
  run: overload,
}
