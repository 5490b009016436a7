import { present } from '../../kernel/assert.ts'
import { ids } from '../../kernel/id-kinds.ts'
import { newId } from '../../kernel/ids.ts'
import { formatAmount } from '../../kernel/money.ts'
import { refuse } from '../../kernel/problem.ts'
import { addMs, DAY_MS, MINUTE_MS } from '../../kernel/time.ts'
import type { BatchContext, BatchItem, Outcome } from '../../platform/command.ts'
import type { Tx } from '../../platform/db.ts'
import type { NewEvent } from '../../platform/events.ts'
import type { NewJob } from '../../platform/jobs.ts'
import { sql } from '../../platform/sql.ts'
import type { Channel } from '../channels/index.ts'
import { resolveCustomers } from '../customers/index.ts'
import { findLocations, releaseInstant, type Location } from '../locations/index.ts'
import { recordPayments } from '../payments/index.ts'
import type { CaptureInput } from './capture-input.ts'
import { externalIdConflict, resolveBatch, type NewlyResolved, type Resolved } from './capture-resolve.ts'
import { demandLine } from './demanded-line.ts'
import { noUnits, type HoldType, type UnitCounters } from './order.ts'
import { findByExternalIds, insertHolds, insertLines, insertOrders, type HoldRow, type NewHold, type NewOrder, type OrderLineRow, type OrderRow } from './orders.db.ts'
import type { Arrival, OrderPorts, PlannedStock, PlanningMode, SourcingDemand, SourcingPlan } from './ports.ts'

export type CaptureItem = BatchItem<CaptureInput>
export type Captured = { order_id: string; created: boolean }

/** An order on its way through capture. */
type Draft = NewlyResolved & { item: CaptureItem; index: number; order_id: string; lines: OrderLineRow[]; customer_id: string | null; plan: SourcingPlan | undefined }
/** An order that was stored, as far as its view wants to know. */
export type Stored = { order: OrderRow; lines: readonly OrderLineRow[]; holds: readonly HoldRow[]; channel: Channel; pickup_location: Location | undefined }

/**
 * Captures a batch of orders in a fixed number of statements; answers one outcome per item, in order, and the new orders as
 * far as their views can be made of them. Everything is written on stock as it was seen, and the levels are locked at last;
 * where rivals were faster it is all taken back and done again on stock that is locked first.
 */
export async function captureBatch(context: BatchContext, ports: OrderPorts, items: readonly CaptureItem[]): Promise<{ outcomes: Outcome<Captured>[]; stored: readonly Stored[] }> {
  const { tx } = context
  const resolved = await resolveBatch(tx, items)
  await tx.run(sql`savepoint before_orders`)
  let attempt = await capture(context, ports, items, resolved, 'seen')
  if (attempt === undefined) {
    await tx.run(sql`rollback to savepoint before_orders`)
    attempt = present(await capture(context, ports, items, resolved, 'locked'), 'what was planned on locked stock is there')
  }
  for (const { item, events } of attempt.news) context.emit(item as BatchItem<never>, ...events)
  context.enqueue(...attempt.jobs)
  return attempt
}

/** What one attempt comes to. Events and jobs are told only when it stands. */
type Attempt = { outcomes: Outcome<Captured>[]; stored: Stored[]; news: { item: CaptureItem; events: readonly NewEvent[] }[]; jobs: NewJob[] }

/** Undefined where rivals have taken stock since it was seen. */
async function capture({ tx }: BatchContext, ports: OrderPorts, items: readonly CaptureItem[], resolved: readonly Resolved[], mode: PlanningMode): Promise<Attempt | undefined> {
  const attempt = { outcomes: [], stored: [], news: [], jobs: [] } as Attempt
  const outcomes: (Outcome<Captured> | undefined)[] = items.map(() => undefined)
  const drafts: Draft[] = []
  resolved.forEach((result, index) => {
    if (result.kind === 'refused') outcomes[index] = { ok: false, refusal: result.refusal }
    else if (result.kind === 'exists') outcomes[index] = { ok: true, output: { order_id: result.order_id, created: false }, subject_id: result.order_id }
    else if (result.kind === 'new') drafts.push(draftOf(result, items[index]!, index))
  })
  const planned = await planStock(tx, ports, drafts, outcomes, mode)
  const accepted = drafts.filter(({ index }) => outcomes[index] === undefined)
  await findCustomers(tx, attempt, accepted)
  const stored = await store(tx, attempt, planned, accepted)
  if (stored === undefined) return undefined
  for (const { index, order_id } of stored) outcomes[index] = { ok: true, output: { order_id, created: true }, subject_id: order_id }
  await answerRepeats(tx, resolved, items, drafts, outcomes)
  attempt.outcomes = outcomes.map((outcome) => outcome ?? { ok: false, refusal: refuse('busy', 'Another call was capturing this order. Try again.') })
  return attempt
}

function draftOf(resolved: NewlyResolved, item: CaptureItem, index: number): Draft {
  const order_id = newId(item.now.getTime())
  const lines = resolved.priced.lines.map((line): OrderLineRow => ({
    id: newId(), order_id, line_number: line.line_number, variant_id: line.variant.id, sku: line.variant.sku, description: line.description,
    kind: line.variant.kind === 'service' ? 'service' : 'goods', bundle: line.bundle, expected_on: null, promised_from: null, promised_by: null, quantity: line.quantity, unit_price: line.unit_price, discount: line.discount, tax: line.tax,
    custom_fields: line.custom_fields, ...noUnits(),
    // Services need no stock and nobody's work: they are delivered with the order.
    ...(line.variant.kind === 'service' ? { delivered: line.quantity } : { open: line.quantity }),
  }))
  return { ...resolved, item, index, order_id, lines, customer_id: null, plan: undefined }
}

/** Has sourcing choose locations for all orders at once; counters of the lines follow. Orders it refuses are out of stock. */
async function planStock(tx: Tx, ports: OrderPorts, drafts: readonly Draft[], outcomes: (Outcome<Captured> | undefined)[], mode: PlanningMode): Promise<PlannedStock | undefined> {
  const sourced = drafts.filter(({ lines }) => lines.some(({ kind }) => kind === 'goods'))
  if (sourced.length === 0) return undefined
  const planned = await ports.sourcing.plan(tx, sourced.map(demandOf), sourced[0]!.item.now, mode)
  sourced.forEach((draft, i) => {
    const plan = planned.plans[i]!
    draft.plan = plan
    if (plan.shortage === 'refuse') outcomes[draft.index] = { ok: false, refusal: outOfStock(draft, plan) }
    else applyPlan(draft.lines, plan)
  })
  return planned
}

function demandOf({ order_id, channel, item: { input }, pickup_location, reservation, priced, custom_fields, lines }: Draft): SourcingDemand {
  const weights = new Map(priced.lines.map(({ variant }) => [variant.id, variant.weight_grams]))
  return {
    order_id, channel_id: channel.id, channel: channel.code, group_ids: channel.group_ids, delivery: input.delivery ?? 'ship', pickup_location_id: pickup_location?.id ?? null,
    shipping_address: input.shipping_address ?? null, shipping_method: input.shipping_method ?? 'standard', requested_delivery_date: input.requested_delivery_date ?? null, deliver_by: input.promise?.latest ?? input.requested_delivery_date ?? null, custom_fields, tags: input.tags ?? [],
    customer: input.customer === undefined ? null : { ...input.customer, source: channel.code },
    order_value: { amount: priced.total, currency: channel.currency }, on_shortage: channel.on_shortage, max_splits: channel.max_splits, stock_buffer: channel.stock_buffer, reservation,
    lines: lines.filter(({ kind }) => kind === 'goods').map((line) => demandLine(line, line.quantity, weights.get(line.variant_id) ?? 0)),
  }
}

function outOfStock(draft: Draft, plan: SourcingPlan) {
  const byId = new Map(draft.lines.map((line) => [line.id, line]))
  const short = plan.unfilled.map(({ line_id, quantity }) => ({ sku: byId.get(line_id)!.sku, line_number: byId.get(line_id)!.line_number, requested: byId.get(line_id)!.quantity, missing: quantity }))
  return refuse('out_of_stock', `Not enough stock for ${[...new Set(short.map(({ sku }) => sku))].join(', ')}. Nothing was reserved.`, { lines: short })
}

function applyPlan(lines: readonly OrderLineRow[], plan: SourcingPlan): void {
  const byId = new Map(lines.map((line) => [line.id, line]))
  for (const { line_id, quantity } of plan.allocations) {
    const line = byId.get(line_id)!
    line.open -= quantity
    line.allocated += quantity
  }
  if (plan.shortage !== 'backorder') return
  for (const { line_id, quantity } of plan.unfilled) {
    const line = byId.get(line_id)!
    line.open -= quantity
    line.backordered += quantity
  }
}

async function findCustomers(tx: Tx, { news }: Attempt, drafts: readonly Draft[]): Promise<void> {
  if (drafts.length === 0) return
  const refs = drafts.map(({ item: { input }, channel }) => ({
    ...input.customer, source: channel.code, ...(input.shipping_address === undefined ? {} : { address: input.shipping_address }),
  }))
  const { ids: found, events } = await resolveCustomers(tx, refs, drafts[0]!.item.now)
  drafts.forEach((draft, i) => {
    draft.customer_id = found[i] ?? null
    news.push({ item: draft.item, events: events[i] ?? [] })
  })
}

/** Writes the accepted orders with all that belongs to them. Answers those that were not taken by another call meanwhile. */
async function store(tx: Tx, { stored: orders, news, jobs }: Attempt, planned: PlannedStock | undefined, drafts: readonly Draft[]): Promise<Draft[] | undefined> {
  if (drafts.length === 0) return []
  const holds = new Map(drafts.map((draft) => [draft.order_id, holdsOf(draft)]))
  const releases = await releaseTimes(tx, drafts)
  const inserted = await insertOrders(tx, drafts.map((draft) => orderOf(draft, holds.get(draft.order_id)!.length, releases.get(draft.order_id) ?? null)))
  const stored = drafts.filter(({ order_id }) => inserted.has(order_id))
  await insertLines(tx, stored.flatMap(({ lines }) => lines))
  await insertHolds(tx, stored.flatMap(({ order_id }) => holds.get(order_id)!), true)
  const ledger = await recordPayments(tx, stored.flatMap(({ order_id, channel, tenders, item }) => tenders.map((tender) => ({ ...tender, id: newId(), order_id, currency: channel.currency, at: item.now }))))
  const stockNews = planned === undefined ? [] : await planned.claim(stored.flatMap(({ plan, item }) => (plan === undefined ? [] : [{ plan, at: item.now, caller_id: item.caller.id }])), 'capture')
  if (stockNews === undefined) return undefined
  jobs.push(...ledger.jobs)
  for (const draft of stored) {
    const order = inserted.get(draft.order_id)!
    // When lines that wait are expected is written afterwards: such an order is read for its view.
    if (draft.lines.every(({ backordered }) => backordered === 0)) orders.push({ order, lines: draft.lines, holds: holds.get(draft.order_id)!, channel: draft.channel, pickup_location: draft.pickup_location })
    news.push({ item: draft.item, events: eventsOf(draft, order.number, holds.get(draft.order_id)!) })
  }
  const itemOf = new Map(stored.map(({ order_id, item }) => [order_id, item]))
  for (const event of [...ledger.events, ...stockNews]) news.push({ item: itemOf.get(event.order_id ?? '') ?? stored[0]!.item, events: [event] })
  return stored
}

function holdsOf({ order_id, item, awaiting_payment, plan }: Draft): HoldRow[] {
  const types: { type: HoldType; note: string }[] = []
  if (awaiting_payment) types.push({ type: 'awaiting_payment', note: 'Waits until the money is promised.' })
  if (plan?.shortage === 'hold') types.push({ type: 'out_of_stock', note: 'Some units have no location.' })
  return types.map((hold) => ({ ...hold, id: newId(), order_id, owner_id: null, release_at: null, placed_at: item.now, placed_by: item.caller.id, released_at: null, released_by: null }))
}

/** Days that goods travel where nothing better is known: how much before a requested date an order is released. */
const TRANSIT_DAYS = 2

/** When orders may be handed to their locations: after the channel's delay, with others they wait for, and as late as a requested date allows. */
async function releaseTimes(tx: Tx, drafts: readonly Draft[]): Promise<Map<string, Date>> {
  const dated = drafts.filter(({ item }) => item.input.requested_delivery_date !== undefined)
  const locationIds = [...new Set(dated.flatMap(({ plan }) => plan?.allocations.map(({ location_id }) => location_id) ?? []))]
  const locations = locationIds.length === 0 ? new Map() : await findLocations(tx, locationIds)
  const times = new Map<string, Date>()
  for (const draft of drafts) {
    if (draft.item.input.release === 'manual') continue
    const delayed = addMs(draft.item.now, draft.channel.release_delay_minutes * MINUTE_MS)
    const hold_until = draft.plan?.hold_until ?? null
    const earliest = hold_until !== null && hold_until > delayed ? hold_until : delayed
    const wanted = draft.item.input.requested_delivery_date
    const late = wanted === undefined ? [] : (draft.plan?.allocations ?? []).flatMap(({ location_id }) => {
      const location = locations.get(location_id)
      const shipBy = draft.plan?.ship_by.get(location_id)
      const transitDays = shipBy === undefined ? TRANSIT_DAYS : (Date.parse(wanted) - Date.parse(shipBy)) / DAY_MS
      return location === undefined ? [] : [releaseInstant(location, wanted, transitDays, draft.item.now) ?? draft.item.now]
    })
    times.set(draft.order_id, late.length === 0 ? earliest : new Date(Math.max(earliest.getTime(), Math.min(...late.map((instant) => instant.getTime())))))
  }
  return times
}

function orderOf(draft: Draft, openHolds: number, releaseAt: Date | null): NewOrder {
  const { item: { input, now }, channel, priced } = draft
  const promise = promiseOf(draft)
  const units = draft.lines.reduce((sum, line) => addUnits(sum, line), noUnits())
  return {
    id: draft.order_id, channel_id: channel.id, external_id: input.external_id ?? null, content_hash: draft.content_hash, currency: channel.currency, customer_id: draft.customer_id,
    customer_name: input.customer?.name ?? input.shipping_address?.name ?? null, email: input.customer?.email ?? null, phone: input.customer?.phone ?? null,
    shipping_address: input.shipping_address ?? null, billing_address: input.billing_address ?? null, delivery: input.delivery ?? 'ship', pickup_location_id: draft.pickup_location?.id ?? null,
    shipping_method: input.shipping_method ?? 'standard', requested_delivery_date: input.requested_delivery_date ?? null, promised_from: promise?.earliest ?? null, promised_by: promise?.latest ?? null, release_at: releaseAt, on_shortage: channel.on_shortage, max_splits: channel.max_splits,
    prices_include_tax: channel.prices_include_tax, subtotal: priced.subtotal, discount_total: priced.discount_total, shipping_total: priced.shipping_total, shipping_tax: priced.shipping_tax,
    tax_total: priced.tax_total, total: priced.total, open_holds: openHolds, custom_fields: draft.custom_fields, form_version: channel.form_version, note: input.note ?? '', tags: input.tags ?? [],
    placed_at: input.placed_at === undefined ? now : new Date(input.placed_at), created_at: now, units,
  }
}

/** What the customer was told before, or else what routing has found: on the day that was asked for, where that can be. */
function promiseOf({ item: { input }, plan }: Draft): Arrival | null {
  if (input.promise !== undefined) return { earliest: input.promise.earliest ?? input.promise.latest, latest: input.promise.latest }
  const found = plan?.promise ?? null
  const wanted = input.requested_delivery_date
  return found === null || wanted === undefined || found.latest > wanted ? found : { earliest: wanted, latest: wanted }
}

function addUnits(sum: UnitCounters, line: UnitCounters): UnitCounters {
  return Object.fromEntries(Object.keys(sum).map((state) => [state, sum[state as keyof UnitCounters] + line[state as keyof UnitCounters]])) as UnitCounters
}

/** What other systems learn. Names and addresses stay out: events are kept for good. */
function eventsOf({ order_id, channel, item, priced, lines, plan }: Draft, number: string, holds: readonly NewHold[]): NewEvent[] {
  const money = (amount: bigint) => ({ amount: formatAmount(amount, channel.currency), currency: channel.currency })
  const shown = { order_id: ids.order.show(order_id) }
  const events: NewEvent[] = [{
    type: 'order.created', order_id,
    data: {
      ...shown, number, channel: channel.code, external_id: item.input.external_id ?? null, total: money(priced.total),
      lines: lines.map((line) => ({ line_id: ids.line.show(line.id), sku: line.sku, quantity: line.quantity, unit_price: money(line.unit_price) })),
    },
  }]
  if (plan !== undefined && plan.allocations.length > 0) events.push({ type: 'order.allocated', order_id, data: { ...shown, decision_id: ids.decision.show(plan.decision_id), allocations: showAllocations(plan.allocations) } })
  if (plan?.shortage === 'backorder') events.push({ type: 'order.backordered', order_id, data: { ...shown, lines: plan.unfilled.map(({ line_id, quantity }) => ({ line_id: ids.line.show(line_id), quantity })) } })
  for (const hold of holds) events.push({ type: 'order.held', order_id, data: { ...shown, hold_id: ids.hold.show(hold.id), hold: hold.type } })
  return events
}

export function showAllocations(allocations: readonly { line_id: string; location_id: string; quantity: number }[]): Record<string, unknown>[] {
  return allocations.map(({ line_id, location_id, quantity }) => ({ line_id: ids.line.show(line_id), location_id: ids.location.show(location_id), quantity }))
}

/** Orders that came twice: within this batch, or at the same moment through another process. */
async function answerRepeats(tx: Tx, resolved: readonly Resolved[], items: readonly CaptureItem[], drafts: readonly Draft[], outcomes: (Outcome<Captured> | undefined)[]): Promise<void> {
  const lost = drafts.filter(({ index }) => outcomes[index] === undefined)
  if (lost.length > 0) {
    const found = new Map((await findByExternalIds(tx, lost.map(({ channel, item }) => ({ channel_id: channel.id, external_id: item.input.external_id! })))).map((order) => [`${order.channel_id} ${order.external_id ?? ''}`, order]))
    for (const { index, channel, item, content_hash } of lost) {
      const order = found.get(`${channel.id} ${item.input.external_id ?? ''}`)
      if (order === undefined) continue
      outcomes[index] = order.content_hash === content_hash ? { ok: true, output: { order_id: order.id, created: false }, subject_id: order.id } : { ok: false, refusal: externalIdConflict(item.input.external_id!, order.id) }
    }
  }
  resolved.forEach((result, index) => {
    if (result.kind !== 'repeats') return
    const first = outcomes[result.first]
    if (first === undefined || !first.ok) outcomes[index] = first
    else if (drafts.find((draft) => draft.index === result.first)?.content_hash === result.content_hash) outcomes[index] = { ...first, output: { ...first.output, created: false } }
    else outcomes[index] = { ok: false, refusal: externalIdConflict(items[index]!.input.external_id!, first.output.order_id) }
  })
}
