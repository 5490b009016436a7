// The load process: sends what a workload makes over kept-alive connections and measures the answers.
// Started by `runLoad` with its plan as the only argument; speaks to it over IPC.
import { openConnection, type Answer, type Connection } from './connection.ts'
import { createWorkload, type WorkloadRequest, type WorkloadSpec } from './workload.ts'

export type LoadPlan = {
  url: string
  key: string
  workload: WorkloadSpec
  connections: number
  /** Requests a second, sent whether or not answers come (open loop); undefined sends the next when an answer has come (closed loop). */
  rate?: number
  warmup_seconds: number
  seconds: number
}

export type Figures = { count: number; p50Ms: number; p99Ms: number; maxMs: number }
export type LoadReport = {
  /** From the end of the warm-up to the end of the load. */
  seconds: number
  /** By kind of request, and all together. */
  kinds: Record<string, Figures>
  all: Figures
  /** Answers in the measured time by status. */
  statuses: Record<string, number>
  /** Answers nobody counted on, in the warm-up too: how many, and the first few. */
  unexpected: number
  examples: string[]
  /** Requests whose time had come and for which no connection was free when the load ended (open loop). */
  unsent: number
  cpu_ms: number
}
export type LoadMessage = { mark: 'begin' | 'end' } | { report: LoadReport }

const plan = JSON.parse(process.argv[2]!) as LoadPlan
const workload = createWorkload(plan.workload)
const url = new URL(plan.url)
const tell = (message: LoadMessage): void => { process.send!(message) }
// The parent is gone: nobody waits for figures.
process.on('disconnect', () => { process.exit(1) })

const samples = new Map<string, number[]>()
const statuses: Record<string, number> = {}
const examples: string[] = []
let unexpected = 0
let measuring = false
let ending = false
let inFlight = 0

const connections: Connection[] = await Promise.all(Array.from({ length: plan.connections }, () => openConnection(url, plan.key, (error) => {
  process.stderr.write(`load: ${error.message}\n`)
  process.exit(1)
})))
const finished = Promise.withResolvers<void>()
/** Open loop: connections that wait for a request, and requests that wait for a connection, by the time they were due. */
const idle: number[] = []
const due: number[] = []

function send(slot: number, dueMs: number): void {
  const request = ending ? undefined : workload.next(slot)
  if (request === undefined) {
    if (!ending) finish()
    if (inFlight === 0) finished.resolve()
    return
  }
  inFlight++
  connections[slot]!.send(request, (answer) => {
    inFlight--
    record(request, answer, slot, performance.now() - dueMs)
    if (plan.rate === undefined || ending) send(slot, performance.now())
    else if (due.length > 0) send(slot, due.shift()!)
    else idle.push(slot)
  })
}

function record(request: WorkloadRequest, answer: Answer, slot: number, ms: number): void {
  if (!workload.expects(answer, slot, request)) {
    unexpected++
    if (examples.length < 3) examples.push(`${request.method} ${request.path} ${answer.status} ${answer.body.toString().slice(0, 300)}`)
  }
  if (!measuring || request.kind === null) return
  statuses[answer.status] = (statuses[answer.status] ?? 0) + 1
  const of = samples.get(request.kind)
  if (of === undefined) samples.set(request.kind, [ms])
  else of.push(ms)
}

function pace(rate: number): void {
  for (let slot = 0; slot < connections.length; slot++) idle.push(slot)
  const startedMs = performance.now()
  let sent = 0
  const tick = (): void => {
    if (ending) return
    for (const now = performance.now(); startedMs + (sent * 1_000) / rate <= now; sent++) {
      const dueMs = startedMs + (sent * 1_000) / rate
      const slot = idle.pop()
      if (slot === undefined) due.push(dueMs)
      else send(slot, dueMs)
    }
    setTimeout(tick, 1)
  }
  tick()
}

let measuredFromMs = 0
let measuredToMs = 0
let cpu: NodeJS.CpuUsage = { user: 0, system: 0 }

function begin(): void {
  measuring = true
  measuredFromMs = performance.now()
  cpu = process.cpuUsage()
  tell({ mark: 'begin' })
}

function finish(): void {
  if (ending) return
  ending = true
  measuring = false
  measuredToMs = performance.now()
  cpu = process.cpuUsage(cpu)
  tell({ mark: 'end' })
  if (inFlight === 0) finished.resolve()
}

function figuresOf(values: number[]): Figures {
  const sorted = Float64Array.from(values).sort()
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return { count: sorted.length, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: sorted.at(-1) ?? 0 }
}

setTimeout(begin, plan.warmup_seconds * 1_000)
setTimeout(finish, (plan.warmup_seconds + plan.seconds) * 1_000)
if (plan.rate === undefined) for (let slot = 0; slot < connections.length; slot++) send(slot, performance.now())
else pace(plan.rate)
await finished.promise
for (const connection of connections) connection.close()
tell({
  report: {
    seconds: (measuredToMs - measuredFromMs) / 1_000, all: figuresOf([...samples.values()].flat()), statuses, unexpected, examples, unsent: due.length, cpu_ms: (cpu.user + cpu.system) / 1_000,
    kinds: Object.fromEntries([...samples].map(([kind, values]) => [kind, figuresOf(values)])),
  },
})
process.disconnect()
