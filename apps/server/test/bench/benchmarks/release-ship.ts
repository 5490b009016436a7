import type { Benchmark } from '../benchmark.ts'
import { sampleCpu } from '../cpu.ts'
import { withDatabase } from '../database.ts'
import { captureDue, waitForRelease, workAll } from '../fulfillment-load.ts'
import { recordProfile } from '../profile.ts'
import { verify, waitForRelay } from '../verify.ts'
import { relayOnce } from '../../../src/platform/relay.ts'

const LINES = 2
const ORDERS_PER_SECOND = 300

export const releaseShip: Benchmark = {
  name: 'release-ship',
  summary: `Orders of ${LINES} lines released by the worker, then picked, packed and shipped by calls for 200 fulfillment orders`,
  goal: { value: 2_000 },
  run: async (bench) => {
    const { installation } = bench
    const orders = Math.round(bench.seconds * ORDERS_PER_SECOND)
    const taking = await installation.start({ worker: false })
    await captureDue(bench, taking, orders, LINES)
    await taking.stop()
    // The events of the captures are not what is measured.
    await withDatabase(installation, async (db) => { while ((await relayOnce(db)) > 0); })

    const server = await installation.start({ inspect: bench.profile !== undefined })
    const over = Promise.withResolvers<void>()
    const profile = recordProfile(bench, server, 'release-ship', over.promise)
    const before = sampleCpu(server.pid, installation.postmaster_pid)
    const startedMs = performance.now()
    await waitForRelease(bench)
    const releasedMs = performance.now() - startedMs
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
