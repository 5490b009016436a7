import { assert } from '../../../kernel/assert.ts'
import { addMs, DAY_MS } from '../../../kernel/time.ts'
import { SYSTEM } from '../../../platform/caller.ts'
import type { Executor } from '../../../platform/executor.ts'
import type { Database } from '../../../platform/db.ts'
import { createChannel, findChannelsByCode, type Channel } from '../../channels/index.ts'
import { createGroup, createLocation, findLocationsByCode, findGroupsByCode } from '../../locations/index.ts'
import type { OrderPorts } from '../../orders/index.ts'
import { importBatch, type ImportedBatch } from './import-batch.ts'
import { groupInvoices, refuseOrder } from './invoices.ts'
import { CURRENCY, readLines, type ReadLine } from './lines.ts'
import { openReceiptPlan } from './receipts.ts'
import { countLines, formatReport, makeReport, openTally, recordOrder, recordRefused, recordReturn, reconcile, type ImportReport, type Tally } from './report.ts'
import { CHANNEL, LOCATION_GROUP, SITES } from './retailer.ts'
import { planSteps, type Step } from './steps.ts'

export type ImportOptions = {
  date_order?: 'month_first' | 'day_first'
  /** Told after each batch: lines so far, and the rate. */
  progress?: (linesRead: number, linesPerSecond: number) => void
  /** Moves every date by so many days, so that a demo's history ends today. */
  shift_days?: number
  /** Stops after this many lines, at the end of a batch: for demos. */
  max_lines?: number
}

export type ImportResult = { report: ImportReport; text: string; differences: string[] }

/** Orders and lines that one transaction takes: enough to share its cost, few enough that memory and locks stay small. */
const MAX_ORDERS = 150
const MAX_LINES = 3_000

/**
 * Imports an Online Retail file: products, customers, orders, deliveries and returns, in the order of the file, batch by
 * batch. Run again it finds its own work and adds nothing.
 */
export async function importOnlineRetail({ db, executor }: { db: Database; executor: Executor }, ports: OrderPorts, source: string, options: ImportOptions = {}): Promise<ImportResult> {
  const startedMs = performance.now()
  const channel = await openRetailer(db, executor)
  const tally = openTally()
  const command = importBatch(ports)
  const request = { caller: SYSTEM, request_id: 'import:online-retail' }
  const lines = countLines(tally, shifted(readLines(source, options.date_order === undefined ? {} : { date_order: options.date_order }), options.shift_days ?? 0))
  let written = 0
  for await (const batch of batches(planSteps(groupInvoices(lines), openReceiptPlan(SITES.map(({ code, weight }) => ({ code, weight })))))) {
    const [settled] = await executor.runBatch(command, [{ input: { channel, steps: batch }, request }])
    assert(settled?.ok === true, 'a batch of an import is written')
    record(tally, batch, settled.output)
    written += batch.reduce((sum, { lines_read }) => sum + lines_read, 0)
    options.progress?.(written, Math.round((written * 1_000) / (performance.now() - startedMs)))
    if (options.max_lines !== undefined && written >= options.max_lines) break
  }
  const elapsedMs = performance.now() - startedMs
  return { report: makeReport(tally, elapsedMs), text: formatReport(tally, elapsedMs), differences: reconcile(tally) }
}

async function* shifted(lines: AsyncIterable<ReadLine>, days: number): AsyncGenerator<ReadLine> {
  for await (const read of lines) yield read.kind === 'line' && days !== 0 ? { ...read, line: { ...read.line, invoice_date: addMs(read.line.invoice_date, days * DAY_MS) } } : read
}

/** Steps whose receipts are more than the opening of a new SKU begin a batch: what comes in must not come before what went out. */
async function* batches(steps: AsyncIterable<Step>): AsyncGenerator<Step[]> {
  let batch: Step[] = []
  let orders = 0
  let lines = 0
  for await (const step of steps) {
    const restocks = step.receipts.some(({ reason }) => reason !== 'opening')
    if (batch.length > 0 && (restocks || orders >= MAX_ORDERS || lines >= MAX_LINES)) {
      yield batch
      batch = []
      orders = 0
      lines = 0
    }
    batch.push(step)
    orders += 1
    lines += step.lines_read
  }
  if (batch.length > 0) yield batch
}

function record(tally: Tally, batch: readonly Step[], { refused_orders, credits }: ImportedBatch): void {
  const lost = new Set(refused_orders)
  for (const { order, credit, refused } of batch) {
    recordRefused(tally, refused)
    if (order !== null && lost.has(order.external_id)) recordRefused(tally, refuseOrder(order))
    else if (order !== null) recordOrder(tally, order)
    if (credit === null) continue
    const outcome = credits.get(credit.external_id)
    assert(outcome !== undefined, 'every credit note of a batch has its outcome')
    recordRefused(tally, outcome.refused)
    recordReturn(tally, credit.lines.filter(({ position }) => outcome.imported.includes(position)))
  }
}

/** The channel and the locations of the retailer, made when the first file is imported. */
async function openRetailer(db: Database, executor: Executor): Promise<Channel> {
  const request = { caller: SYSTEM, request_id: 'import:online-retail' }
  const sites = await findLocationsByCode(db, SITES.map(({ code }) => code))
  for (const { weight: _, address, ...site } of SITES) {
    if (!sites.has(site.code)) await executor.run(createLocation, { ...site, address, time_zone: 'Europe/London', capabilities: site.capabilities as ('ship' | 'pickup' | 'receive_returns')[] }, request)
  }
  if (!(await findGroupsByCode(db, [LOCATION_GROUP.code])).has(LOCATION_GROUP.code)) await executor.run(createGroup, { ...LOCATION_GROUP, locations: SITES.map(({ code }) => code) }, request)
  if (!(await findChannelsByCode(db, [CHANNEL.code])).has(CHANNEL.code)) {
    await executor.run(createChannel, { ...CHANNEL, kind: 'web', currency: CURRENCY, on_shortage: 'backorder', payment_expectation: 'prepaid', prices_include_tax: true, location_groups: [LOCATION_GROUP.code], return_window_days: 365 }, request)
  }
  return (await findChannelsByCode(db, [CHANNEL.code])).get(CHANNEL.code)!
}
