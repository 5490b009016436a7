import type { Bench, Benchmark, Measurement } from '../benchmark.ts'
import { measureCeiling } from '../ceiling.ts'
import { captureSpec, measurementOf, runCapture } from '../capture-load.ts'
import { verify, waitForRelay } from '../verify.ts'

/** One order per request over kept-alive connections, closed loop. */
export async function captureOverHttp(bench: Bench, lines: number, name: string): Promise<Measurement> {
  const server = await bench.installation.start({ inspect: bench.profile !== undefined })
  const loaded = await runCapture(bench, server, { workload: captureSpec(bench, { lines }), profile_as: name })
  await waitForRelay(server)
  await server.stop()
  const ceiling = await measureCeiling(bench, loaded.batch, bench.seconds / 2)
  await verify(bench)
  return { ...measurementOf(loaded), ceiling: ceiling.per_second, notes: [...loaded.notes, ceiling.note] }
}

export const captureHttp: Benchmark = {
  name: 'capture-http',
  summary: 'Orders of 4 lines, one a request, 64 connections',
  goal: { value: 1_200, p99Ms: 80, cpuMsPerOrder: 1.5, ratio: 0.5 },
  run: (bench) => captureOverHttp(bench, 4, 'capture-http'),
}
