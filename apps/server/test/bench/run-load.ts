import { fork } from 'node:child_process'
import { once } from 'node:events'
import { cpus } from 'node:os'
import { join } from 'node:path'
import type { Bench } from './benchmark.ts'
import { memoryMb, sampleCpu, type CpuSample } from './cpu.ts'
import type { Server } from './installation.ts'
import type { BulkPlan } from './load/bulk.ts'
import type { LoadPlan } from './load/load.ts'
import type { LoadMessage, LoadReport } from './load/protocol.ts'
import type { ReservePlan } from './load/reserve.ts'
import { recordProfile } from './profile.ts'

/** What a load has measured, with the processor time that was used meanwhile. */
export type Loaded = LoadReport & {
  per_second: number
  server_ms: number
  postgres_ms: number
  /** CPU time per answer of server and database, and of the load itself. */
  cpu_ms_each: number
  load_ms_each: number
  notes: string[]
}

type Options<Plan> = Omit<Plan, 'url' | 'key' | 'warmup_seconds' | 'seconds'> & Partial<Pick<LoadPlan, 'warmup_seconds' | 'seconds'>> & {
  /** The measured time is profiled under this name where profiles are wanted. */
  profile_as?: string
}
export type LoadOptions = Options<LoadPlan>

/** Requests over kept-alive connections. Answers that the workload does not count on are an error. */
export function runLoad(bench: Bench, server: Server, options: LoadOptions): Promise<Loaded> {
  return runProgram('load/load.ts', bench, server, options)
}

/** One NDJSON stream of orders. */
export function runBulk(bench: Bench, server: Server, options: Options<BulkPlan>): Promise<Loaded> {
  return runProgram('load/bulk.ts', bench, server, options)
}

/** Reservations in batches, in a process of their own that is load and application in one. */
export function runReservations(bench: Bench, options: Omit<ReservePlan, 'warmup_seconds' | 'seconds' | 'database_url'>): Promise<Loaded> {
  const plan = { ...options, database_url: bench.installation.url }
  return runProgram('load/reserve.ts', bench, undefined, plan)
}

/** Runs a load process until it has its figures: against a server, or as the application itself where there is none. */
async function runProgram(path: string, bench: Bench, server: Server | undefined, { profile_as, ...options }: Options<object>): Promise<Loaded> {
  const plan = { url: server?.url, key: bench.installation.key, warmup_seconds: Math.min(5, bench.seconds / 2), seconds: bench.seconds, ...options }
  const program = fork(join(import.meta.dirname, path), [JSON.stringify(plan)], { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const pid = server?.pid ?? program.pid!
  const samples: CpuSample[] = []
  const memory: number[] = []
  let report: LoadReport | undefined
  let profile: Promise<void> | undefined
  const ended = Promise.withResolvers<void>()
  program.on('message', (message: LoadMessage) => {
    if ('report' in message) report = message.report
    else {
      samples.push(sampleCpu(pid, bench.installation.postmaster_pid))
      memory.push(memoryMb(pid))
      if (message.mark === 'begin' && server !== undefined && profile_as !== undefined) profile = recordProfile(bench, server, profile_as, ended.promise)
      if (message.mark === 'end') ended.resolve()
    }
  })
  await once(program, 'exit')
  ended.resolve()
  await profile
  if (report === undefined || samples.length !== 2) throw new Error('the load process ended without its figures')
  if (report.unexpected > 0) throw new Error(`${report.unexpected} answers were not those that were counted on:\n  ${report.examples.join('\n  ')}`)
  if (server === undefined) report.cpu_ms = 0
  const loaded = loadedOf(report, samples[0]!, samples[1]!)
  return { ...loaded, notes: [...loaded.notes, `memory of the ${server === undefined ? 'application' : 'server'}: ${Math.round(memory[0]!)} MB when the measurement began, ${Math.round(memory[1]!)} MB when it ended`] }
}

function loadedOf(report: LoadReport, before: CpuSample, after: CpuSample): Loaded {
  const server_ms = after.server - before.server
  const postgres_ms = after.postgres - before.postgres
  const ours = server_ms + postgres_ms + report.cpu_ms
  const capacity = report.seconds * 1_000 * cpus().length
  const strangers = Math.max(0, after.machine - before.machine - ours) / capacity
  const { count } = report.all
  return {
    ...report, server_ms, postgres_ms, per_second: count / report.seconds, cpu_ms_each: (server_ms + postgres_ms) / count, load_ms_each: report.cpu_ms / count,
    notes: [
      `CPU-ms each: server ${(server_ms / count).toFixed(2)}, database ${(postgres_ms / count).toFixed(2)}, load ${(report.cpu_ms / count).toFixed(2)}`,
      `with all processors to itself, at most ${Math.round((1_000 * cpus().length) / (ours / count))}/s by processor time`,
      `processors busy: server ${percent(server_ms / capacity)}, database ${percent(postgres_ms / capacity)}, load ${percent(report.cpu_ms / capacity)}, strangers ${percent(strangers)}`,
    ],
  }
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}
