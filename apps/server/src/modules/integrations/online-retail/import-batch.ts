import { present } from '../../../kernel/assert.ts'
import { newId } from '../../../kernel/ids.ts'
import { formatAmount } from '../../../kernel/money.ts'
import { addMs, DAY_MS, HOUR_MS } from '../../../kernel/time.ts'
import { batchCommand, type BatchCommand, type BatchContext, type BatchItem, type Context } from '../../../platform/command.ts'
import { findVariantsBySku, saveVariants } from '../../catalog/index.ts'
import type { Channel } from '../../channels/index.ts'
import { finishOrders } from '../../fulfillment/index.ts'
import { applyMovements } from '../../inventory/index.ts'
import { findLocationsByCode } from '../../locations/index.ts'
import { importOrders, lockOrders, type CaptureInput, type OrderPorts } from '../../orders/index.ts'
import { importReturns, type ImportReturn } from '../../returns/index.ts'
import { resourceOrders } from '../../sourcing/index.ts'
import { claimRecords, findRecords, storeRecords } from '../integrations.db.ts'
import { refuseReturn, type ReturnInvoice, type SaleOrder } from './invoices.ts'
import { CURRENCY } from './lines.ts'
import { matchReturn, type MatchedReturn } from './match-returns.ts'
import { findPurchases, findUnfinished, findWaiting } from './purchases.db.ts'
import type { RefusedLine } from './reasons.ts'
import type { Receipt } from './receipts.ts'
import { CHANNEL, SITES } from './retailer.ts'
import type { Step } from './steps.ts'

export const SOURCE = 'online-retail'

export type ImportBatch = { channel: Channel; steps: readonly Step[] }
/** Which orders of the batch are there now, and which could not be written (by external id). */
export type CapturedBatch = { placed: string[]; refused: string[] }
/** What became of each credit note's lines (by position). */
export type ReturnedBatch = Map<string, CreditOutcome>
export type CreditOutcome = { imported: number[]; refused: RefusedLine[] }

type Item = BatchItem<ImportBatch>

/**
 * A batch of steps is written in three transactions. Every piece knows itself again (receipts by key, orders and credit
 * notes by their number) and nothing is delivered twice, so an import that is killed between or within them goes on where
 * it stands, and running a file twice adds nothing.
 */
export type ImportStages = {
  /** What came in since the last batch, to those who wait for it; then the batch's orders. */
  capture: BatchCommand<ImportBatch, CapturedBatch>
  /** Everything allocated of these orders goes its whole way. It takes nothing that others could want, so the next batch may be captured meanwhile. */
  deliver: BatchCommand<ImportBatch & { placed: readonly string[] }, null>
  /** What customers bring back, which needs to have been delivered. */
  giveBack: BatchCommand<ImportBatch, ReturnedBatch>
}

export function importStages(ports: OrderPorts): ImportStages {
  const capture = importOrders(ports)
  return {
    capture: stage('capture', async (context, item) => {
      const { steps } = item.input
      await createVariants(context, item, steps)
      await restock(context, item, steps.flatMap(({ receipts }) => receipts.filter(({ reason }) => reason !== 'return')))
      return captureAll(context, item, capture, steps.flatMap(({ order }) => (order === null ? [] : [order])))
    }),
    deliver: stage('deliver', async (context, item) => {
      await finish(context, item, item.input.placed, batchTime(item.input.steps) ?? item.now)
      return null
    }),
    giveBack: stage('give_back', async (context, item) => {
      const { channel, steps } = item.input
      await restock(context, item, steps.flatMap(({ receipts }) => receipts.filter(({ reason }) => reason === 'return')))
      return returnAll(context, item, channel, steps.flatMap(({ credit }) => (credit === null ? [] : [credit])))
    }),
  }
}

function stage<Input, Output>(name: string, write: (context: BatchContext, item: BatchItem<Input>) => Promise<Output>): BatchCommand<Input, Output> {
  return batchCommand(`integrations.online_retail_${name}`, 'integrations:import', async (context, items: readonly BatchItem<Input>[]) => {
    return [{ ok: true, output: await write(context, present(items[0], 'an import runs one batch at a time')) }]
  }, 1)
}

/** The item as it was at another time: events and orders carry the time of the file. */
function at<Input>(item: Item, now: Date, input: Input): BatchItem<Input> {
  return { ...item, now, input }
}

/** Products first seen are created with the name and price of that line; those that exist stay as they are. */
async function createVariants(context: BatchContext, item: Item, steps: readonly Step[]): Promise<void> {
  const lines = steps.flatMap(({ order }) => order?.lines.map((line) => ({ ...line, at: order.placed_at })) ?? [])
  const known = await findVariantsBySku(context.tx, [...new Set(lines.map(({ sku }) => sku))])
  const fresh = new Map<string, (typeof lines)[number]>()
  for (const line of lines) {
    const first = fresh.get(line.sku)
    if (!known.has(line.sku) && (first === undefined || (first.description === '' && line.description !== ''))) fresh.set(line.sku, line)
  }
  if (fresh.size === 0) return
  const variants = [...fresh.values()].map(({ sku, description, kind, unit_price }) => ({
    sku, kind, name: description === '' ? sku : description, price: { amount: formatAmount(unit_price, CURRENCY), currency: CURRENCY },
  }))
  const now = lines[0]!.at
  await saveVariants.handle(commandContext(context, item, now), { variants })
}

function commandContext({ tx, emit, enqueue }: BatchContext, item: Item, now: Date): Context {
  return { tx, now, caller: item.caller, request_id: item.request_id, enqueue, audit: () => undefined, emit: (...events) => { emit(at(item, now, undefined as never), ...events) } }
}

/** Books what comes in, gives it to the orders that have waited for it, and sends them on their way. */
async function restock(context: BatchContext, item: Item, receipts: readonly Receipt[]): Promise<void> {
  const received = await receive(context, item, receipts)
  // Nobody waits for what opens: nothing of it was sold before.
  const restocked = received.filter(({ reason }) => reason !== 'opening')
  if (restocked.length === 0) return
  const last = new Date(Math.max(...restocked.map(({ received_at }) => received_at.getTime())))
  await finish(context, item, await fillWaiting(context, item, [...new Set(restocked.map(({ sku }) => sku))], last), last)
}

/** Books the receipts that are new and answers them. */
async function receive({ tx, emit }: BatchContext, item: Item, receipts: readonly Receipt[]): Promise<Receipt[]> {
  const fresh = await claimRecords(tx, SOURCE, receipts.map(({ key }) => `receipt ${key}`), item.now)
  const booked = receipts.filter(({ key }) => fresh.has(`receipt ${key}`))
  if (booked.length === 0) return []
  const variants = await findVariantsBySku(tx, [...new Set(booked.map(({ sku }) => sku))])
  const locations = await findLocationsByCode(tx, [...new Set(booked.map(({ location_code }) => location_code))])
  const cause_id = newId()
  await applyMovements(tx, booked.map(({ sku, location_code, quantity, received_at, reason }) => ({
    variant_id: variants.get(sku)!.id, location_id: locations.get(location_code)!.id, from_state: null, to_state: 'available' as const, quantity,
    reason: 'received', cause_kind: 'receipt', cause_id, caller_id: item.caller.id, at: received_at, note: reason,
  })))
  const first = booked[0]!
  emit(at(item, first.received_at, undefined as never), {
    type: 'stock.received',
    data: { reference: SOURCE, note: null, lines: booked.slice(0, 200).map(({ sku, location_code, quantity }) => ({ sku, location: location_code, quantity })), line_count: booked.length },
  })
  return booked
}

async function fillWaiting({ tx, emit }: BatchContext, item: Item, skus: readonly string[], now: Date): Promise<string[]> {
  const waiting = (await findWaiting(tx, item.input.channel.id, skus, now)).map(({ order_id }) => order_id)
  if (waiting.length === 0) return []
  const orders = await lockOrders(tx, waiting)
  orders.sort((a, b) => a.placed_at.getTime() - b.placed_at.getTime() || (a.id < b.id ? -1 : 1))
  const { events } = await resourceOrders(tx, orders, 'backorder', { at: now, caller_id: item.caller.id })
  emit(at(item, now, undefined as never), ...events)
  return waiting
}

/** The time of the batch's first entry in the file. */
function batchTime(steps: readonly Step[]): Date | undefined {
  const step = steps.find(({ order, credit, receipts }) => order !== null || credit !== null || receipts.length > 0)
  return step?.receipts[0]?.received_at ?? step?.order?.placed_at ?? step?.credit?.at
}

async function captureAll(context: BatchContext, item: Item, capture: ReturnType<typeof importOrders>, orders: readonly SaleOrder[]): Promise<CapturedBatch> {
  const outcomes = orders.length === 0 ? [] : await capture.handle(context, orders.map((order) => at(item, order.placed_at, captureInput(order))))
  const placed = outcomes.flatMap((outcome) => (outcome.ok ? [outcome.output.order_id] : []))
  return { placed, refused: orders.filter((_, index) => !outcomes[index]!.ok).map(({ external_id }) => external_id) }
}

function captureInput(order: SaleOrder): CaptureInput {
  const money = (amount: bigint) => ({ amount: formatAmount(amount, CURRENCY), currency: CURRENCY })
  return {
    channel: CHANNEL.code,
    external_id: order.external_id,
    placed_at: order.placed_at.toISOString(),
    ...(order.customer_ref === null ? {} : { customer: { external_id: order.customer_ref, name: `Customer ${order.customer_ref}` } }),
    // The file knows the country and nothing more of where the goods went.
    ...(order.country_code === null ? {} : { shipping_address: { line1: 'Not recorded', city: order.country, country: order.country_code } }),
    lines: order.lines.map(({ sku, quantity, unit_price, discount, description }) => ({
      sku, quantity, unit_price: money(unit_price), ...(discount === 0n ? {} : { discount: money(discount) }), ...(description === '' ? {} : { description }),
    })),
    shipping: money(order.shipping_amount),
    release: 'manual',
  }
}

/** How long orders of the file are taken to have needed: it tells when they were placed and no more. */
const PICKED_AFTER_MS = 18 * HOUR_MS
const DELIVERED_AFTER_MS = 3 * DAY_MS

/** Everything allocated is picked, packed, shipped and delivered; what waits for stock follows with the receipt. */
async function finish(context: BatchContext, item: Item, orderIds: readonly string[], began: Date): Promise<void> {
  const unfinished = orderIds.length === 0 ? [] : (await findUnfinished(context.tx, item.input.channel.id, orderIds)).map(({ order_id }) => order_id)
  if (unfinished.length === 0) return
  const { events, jobs } = await finishOrders(context.tx, unfinished, { caller: item.caller, released_at: began, shipped_at: addMs(began, PICKED_AFTER_MS), delivered_at: addMs(began, DELIVERED_AFTER_MS) })
  context.enqueue(...jobs)
  for (const { at: instant, ...event } of events) context.emit(at(item, instant, undefined as never), event)
}

/** Credit notes become returns of what their customers bought; what was decided about each line is kept for the next run. */
async function returnAll(context: BatchContext, item: Item, channel: Channel, credits: readonly ReturnInvoice[]): Promise<Map<string, CreditOutcome>> {
  const known = await findRecords<{ imported: number[]; refused: (Omit<RefusedLine, 'amount'> & { amount: string })[] }>(context.tx, SOURCE, credits.map(({ external_id }) => `credit ${external_id}`))
  const outcomes = new Map<string, CreditOutcome>()
  for (const [key, { imported, refused }] of known) outcomes.set(key.slice('credit '.length), { imported, refused: refused.map((line) => ({ ...line, amount: BigInt(line.amount) })) })
  const fresh = credits.filter(({ external_id }) => !outcomes.has(external_id))
  if (fresh.length === 0) return outcomes
  const bought = await findPurchases(context.tx, channel, wantedOf(fresh))
  const matched: MatchedReturn[] = []
  for (const credit of fresh) {
    const purchases = bought.get(credit.customer_ref)!
    const match = matchReturn(credit, purchases.purchases, purchases.orders)
    matched.push(match)
    takeBack(match, purchases)
    outcomes.set(credit.external_id, { imported: match.lines.map(({ line }) => line.position), refused: match.refused })
  }
  await writeReturns(context, item, matched, outcomes)
  await storeRecords(context.tx, SOURCE, fresh.map(({ external_id, at: instant }) => {
    const { imported, refused } = outcomes.get(external_id)!
    return { key: `credit ${external_id}`, outcome: { imported, refused: refused.map((line) => ({ ...line, amount: line.amount.toString() })) }, at: instant }
  }))
  return outcomes
}

/** What the credit notes name, once each. */
function wantedOf(credits: readonly ReturnInvoice[]): { customer_ref: string; sku: string }[] {
  const wanted = credits.flatMap(({ customer_ref, lines }) => lines.map(({ sku }) => ({ customer_ref, sku })))
  return [...new Map(wanted.map((one) => [`${one.customer_ref} ${one.sku}`, one])).values()]
}

/** The matched credit notes as returns that came in, went back on the shelf and were paid back. */
async function writeReturns(context: BatchContext, item: Item, matched: readonly MatchedReturn[], outcomes: Map<string, CreditOutcome>): Promise<void> {
  const found = matched.filter(({ lines }) => lines.length > 0)
  const written = found.length === 0 ? [] : await importReturns.handle(context, found.map((match) => at(item, match.at, returnInput(match))))
  found.forEach((match, index) => {
    if (written[index]!.ok) return
    outcomes.set(match.external_id, { imported: [], refused: [...match.refused, ...refuseReturn(match.lines.map(({ line }) => line))] })
  })
}

function returnInput({ external_id, lines }: MatchedReturn): ImportReturn {
  return {
    channel: CHANNEL.code, location: SITES[0]!.code, external_id, reason: 'other', note: '', disposition: 'restock',
    lines: lines.flatMap((line) => (line.kind === 'units' ? line.units : [])),
    money: lines.flatMap((line) => (line.kind === 'money' ? line.money : [])),
  }
}

/** What one credit note takes, the next one of this batch does not find. */
function takeBack(match: MatchedReturn, bought: Awaited<ReturnType<typeof findPurchases>> extends Map<string, infer B> ? B : never): void {
  const units = match.lines.flatMap((line) => (line.kind === 'units' ? line.units : []))
  const money = match.lines.flatMap((line) => (line.kind === 'units' ? line.units.map(({ order_id, refund_amount }) => ({ order_id, refund_amount, shipping_amount: 0n })) : line.money))
  for (const { order_line_id, quantity, refund_amount } of units) {
    const purchase = bought.purchases.find((line) => line.order_line_id === order_line_id)!
    purchase.quantity_returnable -= quantity
    purchase.refundable_amount -= refund_amount
  }
  for (const { order_id, refund_amount, shipping_amount } of money) {
    const order = bought.orders.find((candidate) => candidate.order_id === order_id)!
    order.refundable_amount -= refund_amount
    order.refundable_shipping_amount -= shipping_amount
  }
}
