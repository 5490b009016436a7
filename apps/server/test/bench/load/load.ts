// The load process: sends what a workload makes over kept-alive connections and measures the answers.
// Started by `runLoad` with its plan as the only argument; speaks to it over IPC.
import { openConnection, type Connection } from './connection.ts'
import { startMeasuring } from './measuring.ts'
import { openChannel, SHED } from './protocol.ts'
import { createWorkload, type WorkloadSpec } from './workload.ts'

export type LoadPlan = {
  url: string
  key: string
  workload: WorkloadSpec
  connections: number
  /** Requests a second, sent whether or not answers come (open loop); undefined sends the next when an answer has come (closed loop). */
  rate?: number
  /** Whether the server may turn requests away (503). Those are counted apart. */
  may_shed?: boolean
  warmup_seconds: number
  seconds: number
}

const plan = JSON.parse(process.argv[2]!) as LoadPlan
const workload = createWorkload(plan.workload)
const tell = openChannel()
const connections: Connection[] = await Promise.all(Array.from({ length: plan.connections }, () => openConnection(new URL(plan.url), plan.key, (error) => {
  process.stderr.write(`load: ${error.message}\n`)
  process.exit(1)
})))
const finished = Promise.withResolvers<void>()
let inFlight = 0
const measuring = startMeasuring(plan, tell, () => { if (inFlight === 0) finished.resolve() })
/** Open loop: connections that wait for a request, and requests that wait for a connection, by the time they were due. */
const idle: number[] = []
const due: number[] = []

function send(slot: number, dueMs: number): void {
  const request = measuring.isOver() ? undefined : workload.next(slot)
  if (request === undefined) {
    if (inFlight > 0) return
    measuring.finish()
    finished.resolve()
    return
  }
  inFlight++
  connections[slot]!.send(request, (answer) => {
    inFlight--
    const isShed = plan.may_shed === true && answer.status === 503
    measuring.record(isShed ? SHED : request.kind, String(answer.status), performance.now() - dueMs)
    if (!isShed && !workload.expects(answer, slot, request)) measuring.complain(`${request.method} ${request.path} ${answer.status} ${answer.body.toString().slice(0, 300)}`)
    if (plan.rate === undefined || measuring.isOver()) send(slot, performance.now())
    else if (due.length > 0) send(slot, due.shift()!)
    else idle.push(slot)
  })
}

/** A request that has to wait for a connection is measured from when it was due: a slow server does not slow its own measurement down. */
function pace(rate: number): void {
  for (let slot = 0; slot < connections.length; slot++) idle.push(slot)
  const startedMs = performance.now()
  let sent = 0
  const tick = (): void => {
    if (measuring.isOver()) return
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

if (plan.rate === undefined) for (let slot = 0; slot < connections.length; slot++) send(slot, performance.now())
else pace(plan.rate)
await finished.promise
for (const connection of connections) connection.close()
tell({ report: measuring.report(due.length) })
process.disconnect()
