import type { Benchmark } from '../benchmark.ts'
import { sampleCpu } from '../cpu.ts'
import { captureSpec, runCapture } from '../capture-load.ts'
import { makeDue, waitForRelease, workAll } from '../fulfillment-load.ts'
import { recordProfile } from '../profile.ts'
import { verify, waitForRelay } from '../verify.ts'

const LINES = 2
const ORDERS_PER_SECOND = 300
/** Orders on which the server warms up, for each that is measured. */
const WARM_UP = 0.3

export const releaseShip: Benchmark = {
  name: 'release-ship',
  summary: `Orders of ${LINES} lines released by the worker, then picked, packed and shipped by calls for 200 fulfillment orders`,
  goal: { value: 2_000 },
  run: async (bench) => {
    const { installation } = bench
    const orders = Math.round(bench.seconds * ORDERS_PER_SECOND)
    const warm = Math.round(orders * WARM_UP)
    const server = await installation.start({ inspect: bench.profile !== undefined })
    await runCapture(bench, server, { warmup_seconds: 0, seconds: 600, workload: captureSpec(bench, { lines: LINES, limit: orders + warm }) })
    await makeDue(bench, warm)
    await waitForRelease(bench)
    await workAll(bench, server)
    // The events of the captures are not what is measured.
    await waitForRelay(server)

    const over = Promise.withResolvers<void>()
    const profile = recordProfile(bench, server, 'release-ship', over.promise)
    const before = sampleCpu(server.pid, installation.postmaster_pid)
    await makeDue(bench, orders)
    const releasedMs = await waitForRelease(bench)
    const worked = await workAll(bench, server)
    const after = sampleCpu(server.pid, installation.postmaster_pid)
    over.resolve()
    await profile
    await waitForRelay(server)
    await server.stop()
    await verify(bench)
    const seconds = releasedMs / 1_000 + worked.seconds
    const steps = Object.entries(worked.kinds).map(([kind, { count, p50Ms }]) => `${kind} ${count} calls of p50 ${p50Ms.toFixed(0)} ms`)
    return {
      value: orders / seconds, unit: 'orders/s', p50Ms: worked.all.p50Ms, p99Ms: worked.all.p99Ms, cpuMsPerOrder: (after.server - before.server + after.postgres - before.postgres) / orders,
      notes: [`${orders} orders: released in ${(releasedMs / 1_000).toFixed(1)} s, picked, packed and shipped in ${worked.seconds.toFixed(1)} s; ${steps.join(', ')}`, ...worked.notes.slice(2)],
    }
  },
}
