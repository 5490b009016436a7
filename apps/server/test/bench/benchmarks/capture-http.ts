import type { Bench, Benchmark, Measurement } from '../benchmark.ts'
import { measureCeiling } from '../ceiling.ts'
import { captureSpec, measurementOf, runCapture } from '../capture-load.ts'
import { verify, waitForRelay } from '../verify.ts'

/** One order per request over kept-alive connections: a closed loop, or at the rate of the run. */
export async function captureOverHttp(bench: Bench, lines: number, name: string): Promise<Measurement> {
  const server = await bench.installation.start({ inspect: bench.profile !== undefined })
  const loaded = await runCapture(bench, server, { workload: captureSpec(bench, { lines }), profile_as: name, ...(bench.rate === undefined ? {} : { rate: bench.rate }) })
  await waitForRelay(server)
  await server.stop()
  const ceiling = await measureCeiling(bench, loaded.batch, bench.seconds / 2)
  await verify(bench)
  const late = bench.rate === undefined ? [] : [`open loop at ${bench.rate}/s: ${loaded.unsent} requests were still waiting for one of ${bench.connections} connections at the end`]
  return { ...measurementOf(loaded), ceiling: ceiling.per_second, notes: [...late, ...loaded.notes, ceiling.note] }
}

export const captureHttp: Benchmark = {
  name: 'capture-http',
  summary: 'Orders of 4 lines, one a request, 64 connections',
  goal: { value: 1_200, p99Ms: 80, cpuMsPerOrder: 1.5, ratio: 0.5 },
  run: (bench) => captureOverHttp(bench, 4, 'capture-http'),
}
