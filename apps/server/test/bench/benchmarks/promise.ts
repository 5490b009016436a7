import type { Benchmark } from '../benchmark.ts'
import { runLoad } from '../run-load.ts'

export const promise: Benchmark = {
  name: 'promise',
  summary: 'Promises for carts of 1 to 4 lines and one place, all methods, one a request, 64 connections',
  goal: { p99Ms: 10 },
  run: async (bench) => {
    const server = await bench.installation.start({ inspect: bench.profile !== undefined })
    const loaded = await runLoad(bench, server, { workload: { name: 'promise', seed: 11, skus: bench.retailer.skus }, connections: bench.connections, profile_as: 'promise', ...(bench.rate === undefined ? {} : { rate: bench.rate }) })
    await server.stop()
    const late = bench.rate === undefined ? [] : [`open loop at ${bench.rate}/s: ${loaded.unsent} requests were still waiting for one of ${bench.connections} connections at the end`]
    return { value: loaded.per_second, unit: 'answers/s', p50Ms: loaded.all.p50Ms, p99Ms: loaded.all.p99Ms, notes: [...late, ...loaded.notes] }
  },
}
