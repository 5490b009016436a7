// The load process of `capture-bulk`: one NDJSON stream, written as fast as it is taken, its answers read meanwhile.
// Started by `runLoad` with its plan as the only argument; speaks to it over IPC.
import { once } from 'node:events'
import { request } from 'node:http'
import { createInterface } from 'node:readline'
import { orderMaker, type CaptureParameters } from './capture.ts'
import { startMeasuring } from './measuring.ts'
import { openChannel } from './protocol.ts'

export type BulkPlan = { url: string; key: string; warmup_seconds: number; seconds: number; orders: CaptureParameters }

/** Orders written at a time. */
const CHUNK = 20

const plan = JSON.parse(process.argv[2]!) as BulkPlan
const make = orderMaker(plan.orders)
const tell = openChannel()
const measuring = startMeasuring(plan, tell, () => undefined)
const sentMs: number[] = []
const stream = request(`${plan.url}/v1/orders/bulk`, { method: 'POST', headers: { authorization: `Bearer ${plan.key}`, 'content-type': 'application/x-ndjson' } })
const limit = plan.orders.limit ?? Number.POSITIVE_INFINITY

async function write(): Promise<void> {
  while (!measuring.isOver() && sentMs.length < limit) {
    let text = ''
    for (let index = 0; index < CHUNK; index++) {
      text += `${make().body}\n`
      sentMs.push(performance.now())
    }
    if (!stream.write(text)) await once(stream, 'drain')
    // Answers are read between two chunks.
    await new Promise((resolve) => { setImmediate(resolve) })
  }
  stream.end()
}

async function read(): Promise<void> {
  const [answer] = (await once(stream, 'response')) as [import('node:http').IncomingMessage]
  let line = 0
  for await (const text of createInterface({ input: answer })) {
    const waitedMs = performance.now() - sentMs[line++]!
    const isCaptured = text.startsWith(`{"line":${line},"order_id":`) && text.endsWith('"created":true}')
    if (!isCaptured) measuring.complain(`line ${line}: ${text.slice(0, 300)}`)
    measuring.record('capture', isCaptured ? 'created' : 'other', waitedMs)
    if (line === limit) measuring.finish()
  }
  if (line !== sentMs.length) measuring.complain(`${sentMs.length} orders were sent and ${line} answered`)
}

stream.flushHeaders()
await Promise.all([write(), read()])
measuring.finish()
tell({ report: measuring.report(0) })
process.disconnect()
