import { setTimeout as delay } from 'node:timers/promises'
import type { Benchmark } from '../benchmark.ts'
import { percentile } from '../benchmark.ts'
import { memoryMb, sampleCpu } from '../cpu.ts'
import { verify } from '../verify.ts'

const STARTS = 3

export const idle: Benchmark = {
  name: 'idle',
  summary: 'A server nobody asks anything: memory, and how long it takes to be ready once the database is',
  goal: { value: 150, at_most: true },
  run: async (bench) => {
    const megabytes: number[] = []
    const readyMs: number[] = []
    const busyMs: number[] = []
    for (let start = 0; start < STARTS; start++) {
      const server = await bench.installation.start()
      readyMs.push(server.ready_ms)
      const before = sampleCpu(server.pid, bench.installation.postmaster_pid)
      await delay((bench.seconds / STARTS) * 1_000)
      const after = sampleCpu(server.pid, bench.installation.postmaster_pid)
      busyMs.push((after.server + after.postgres - before.server - before.postgres) / (bench.seconds / STARTS))
      megabytes.push(memoryMb(server.pid))
      await server.stop()
    }
    await verify(bench)
    const median = (values: readonly number[]): number => percentile(values, 0.5)
    return {
      value: median(megabytes), unit: 'MB',
      notes: [`${STARTS} starts: ${megabytes.map(Math.round).join(', ')} MB, ready after ${readyMs.join(', ')} ms, ${busyMs.map((ms) => ms.toFixed(0)).join(', ')} CPU-ms a second of server and database`],
      parts: [{ name: 'idle/ready', value: median(readyMs), unit: 'ms', goal: { value: 2_000, at_most: true } }],
    }
  },
}
