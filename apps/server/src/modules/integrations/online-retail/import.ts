import { assert } from '../../../kernel/assert.ts'
import { addMs, DAY_MS } from '../../../kernel/time.ts'
import { SYSTEM } from '../../../platform/caller.ts'
import type { BatchCommand } from '../../../platform/command.ts'
import type { Executor } from '../../../platform/executor.ts'
import type { Database } from '../../../platform/db.ts'
import { createChannel, findChannelsByCode, type Channel } from '../../channels/index.ts'
import { createGroup, createLocation, findLocationsByCode, findGroupsByCode } from '../../locations/index.ts'
import type { OrderPorts } from '../../orders/index.ts'
import { importStages, type ReturnedBatch } from './import-batch.ts'
import { groupInvoices, refuseOrder } from './invoices.ts'
import { CURRENCY, readLines, type ReadLine } from './lines.ts'
import { openReceiptPlan, type Receipt } from './receipts.ts'
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
 * batch. While one is captured, the one before is delivered; then its returns are written. Run again it finds its own work
 * and adds nothing.
 */
export async function importOnlineRetail({ db, executor }: { db: Database; executor: Executor }, ports: OrderPorts, source: string, options: ImportOptions = {}): Promise<ImportResult> {
  const startedMs = performance.now()
  const channel = await openRetailer(db, executor)
  const tally = openTally()
  const stages = importStages(ports)
  const lines = countLines(tally, shifted(readLines(source, options.date_order === undefined ? {} : { date_order: options.date_order }), options.shift_days ?? 0))
  let written = 0
  let before: { steps: Step[]; delivered: Promise<unknown> } | undefined
  const completeBefore = async (): Promise<void> => {
    if (before === undefined) return
    const { steps, delivered } = before
    await delivered
    before = undefined
    recordReturns(tally, steps, steps.some(hasReturn) ? await runStage(executor, stages.giveBack, { channel, steps }) : new Map())
  }
  try {
    for await (const steps of batches(planSteps(groupInvoices(lines), openReceiptPlan(SITES.map(({ code, weight }) => ({ code, weight })))))) {
      if (steps[0]!.receipts.some(isRestock)) await completeBefore()
      const { placed, refused } = await runStage(executor, stages.capture, { channel, steps })
      recordOrders(tally, steps, refused)
      await completeBefore()
      written += steps.reduce((sum, { lines_read }) => sum + lines_read, 0)
      options.progress?.(written, Math.round((written * 1_000) / (performance.now() - startedMs)))
      before = { steps, delivered: runStage(executor, stages.deliver, { channel, steps, placed }) }
      // Whoever awaits it next meets its error; until then it is no unhandled one.
      before.delivered.catch(() => undefined)
      if (options.max_lines !== undefined && written >= options.max_lines) break
    }
    await completeBefore()
  } finally {
    await before?.delivered.catch(() => undefined)
  }
  const elapsedMs = performance.now() - startedMs
  return { report: makeReport(tally, elapsedMs), text: formatReport(tally, elapsedMs), differences: reconcile(tally) }
}

async function runStage<Input, Output>(executor: Executor, command: BatchCommand<Input, Output>, input: Input): Promise<Output> {
  const [settled] = await executor.runBatch(command, [{ input, request: { caller: SYSTEM, request_id: 'import:online-retail' } }])
  assert(settled?.ok === true, 'a batch of an import is written')
  return settled.output
}

async function* shifted(lines: AsyncIterable<ReadLine>, days: number): AsyncGenerator<ReadLine> {
  for await (const read of lines) yield read.kind === 'line' && days !== 0 ? { ...read, line: { ...read.line, invoice_date: addMs(read.line.invoice_date, days * DAY_MS) } } : read
}

/** Whether it refills what is sold already, on a Monday or at the end. */
function isRestock({ reason }: Receipt): boolean {
  return reason === 'replenishment' || reason === 'backorder'
}

function hasReturn({ credit, receipts }: Step): boolean {
  return credit !== null || receipts.some(({ reason }) => reason === 'return')
}

/** Steps that restock begin a batch: what comes in must not come before what went out. */
async function* batches(steps: AsyncIterable<Step>): AsyncGenerator<Step[]> {
  let batch: Step[] = []
  let orders = 0
  let lines = 0
  for await (const step of steps) {
    if (batch.length > 0 && (step.receipts.some(isRestock) || orders >= MAX_ORDERS || lines >= MAX_LINES)) {
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

function recordOrders(tally: Tally, steps: readonly Step[], refused: readonly string[]): void {
  const lost = new Set(refused)
  for (const step of steps) {
    recordRefused(tally, step.refused)
    if (step.order !== null && lost.has(step.order.external_id)) recordRefused(tally, refuseOrder(step.order))
    else if (step.order !== null) recordOrder(tally, step.order)
  }
}

function recordReturns(tally: Tally, steps: readonly Step[], credits: ReturnedBatch): void {
  for (const { credit } of steps) {
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
