import { present } from '../../../kernel/assert.ts'
import { allocate } from '../../../kernel/money.ts'
import { DAY_MS } from '../../../kernel/time.ts'

/**
 * How stock is opened and replenished for orders whose stock nobody recorded. Every order of the file was delivered, so
 * the plan never loses one: what it cannot fill at once is back-ordered and filled by a later receipt. It looks at
 * nothing but the orders seen so far, and its only chance is a hash of the SKU: the same file gives the same receipts,
 * however often it is read and wherever the import was killed.
 */
export type Location = { code: string; weight: number }

export type Receipt = {
  /** The same receipt has the same key in every run, and no two receipts share one. */
  key: string
  sku: string
  location_code: string
  quantity: number
  /** Never after the event that made the plan look. */
  received_at: Date
  /** `backorder` and `replenishment` come in on Mondays and at the end, `return` before what comes back. */
  reason: 'opening' | 'replenishment' | 'backorder' | 'return'
}

export type ReceiptEvent =
  /** An order's goods, before it is captured. */
  | { kind: 'order'; at: Date; lines: readonly { sku: string; quantity: number }[] }
  /** What comes back must have gone out: units of these SKUs still back-ordered are received first. */
  | { kind: 'return'; at: Date; skus: readonly string[] }
  /** After the last order: what is still back-ordered is received, so that every order is delivered. */
  | { kind: 'end' }

/** Receipts to book before the event, in this order, and how many of its lines will not find all their units. */
export type PlannedReceipts = { receipts: Receipt[]; short_lines: number }

/** The position is below zero by what is back-ordered; `sold` is this week and the three before it, youngest first. */
type SkuPlan = { position: number; sold: number[]; receipts: number }

/**
 * All the plan knows; plain JSON, and as large as the assortment, not as the file. SKUs are in upper case, so that none
 * is the name of something every object has.
 */
export type ReceiptPlan = { locations: readonly Location[]; last_at_ms: number; week: number | null; skus: Record<string, SkuPlan> }

const WEEK_MS = 7 * DAY_MS
/** 1970-01-01 was a Thursday; weeks begin on Monday. */
const MONDAY_MS = 4 * DAY_MS

/**
 * How well a SKU is kept: of 100, the first 80 well, 15 on little, 5 never bought again. `opening` multiplies the first
 * order; `cover_weeks` of recent sales, and at least `least` units, are stocked up to. Chosen by measurement on the
 * published file, from its beginning and from its middle: about 5 % of the lines of sale meet a stock-out (9 % in the
 * first month, when nothing is known of the demand), and at the end 3 SKUs of 100 have no stock.
 */
const CLASSES = [
  { share: 80, opening: 60, cover_weeks: 10, least: 48 },
  { share: 95, opening: 30, cover_weeks: 4, least: 24 },
  { share: 100, opening: 60, cover_weeks: 0, least: 0 },
] as const

export function openReceiptPlan(locations: readonly Location[]): ReceiptPlan {
  return { locations, last_at_ms: 0, week: null, skus: {} }
}

/** The receipts due before the event. The plan is changed in place: copying it for every order would cost more than all else. */
export function planReceipts(plan: ReceiptPlan, event: ReceiptEvent): PlannedReceipts {
  if (event.kind === 'end') return { receipts: fillBackorders(plan, Object.keys(plan.skus), new Date(plan.last_at_ms), 'backorder'), short_lines: 0 }
  const receipts = reviewWeeks(plan, event.at)
  plan.last_at_ms = event.at.getTime()
  if (event.kind === 'return') return { receipts: [...receipts, ...fillBackorders(plan, event.skus, event.at, 'return')], short_lines: 0 }
  let short_lines = 0
  for (const { sku, quantity } of event.lines) {
    let state = plan.skus[sku]
    if (state === undefined) {
      const opening = openingQuantity(sku, quantity)
      state = plan.skus[sku] = { position: opening, sold: [0], receipts: 0 }
      receipts.push(...spreadReceipt(plan, sku, opening, event.at, 'opening'))
    }
    if (state.position < quantity) short_lines += 1
    state.position -= quantity
    state.sold[0]! += quantity
  }
  return { receipts, short_lines }
}

/** Half to one and a half times the class's multiple of the first order, at least two dozen; a bulk order counts no more than 144. */
function openingQuantity(sku: string, first: number): number {
  const factor = 0.5 + (hashText(sku, 'opening') % 101) / 100
  return Math.max(24, Math.ceil(Math.min(first, 144) * classOf(sku).opening * factor / 12) * 12)
}

function classOf(sku: string): (typeof CLASSES)[number] {
  const place = hashText(sku, 'class') % 100
  return CLASSES.find(({ share }) => place < share) ?? CLASSES[0]
}

/** Every Monday that has come since the last event, at most six: before them nothing was sold that still counts. */
function reviewWeeks(plan: ReceiptPlan, at: Date): Receipt[] {
  const week = Math.floor((at.getTime() - MONDAY_MS) / WEEK_MS)
  const receipts: Receipt[] = []
  // One line with a mistyped year must not end all replenishment: after a leap the plan goes back to where the lines are.
  if (plan.week === null || plan.week > week + 6) plan.week = week
  plan.week = Math.max(plan.week, week - 6)
  while (plan.week < week) {
    plan.week += 1
    const monday = new Date(plan.week * WEEK_MS + MONDAY_MS)
    for (const [sku, state] of Object.entries(plan.skus)) receipts.push(...reviewSku(plan, sku, state, monday))
  }
  return receipts
}

function reviewSku(plan: ReceiptPlan, sku: string, state: SkuPlan, monday: Date): Receipt[] {
  const weeks = state.sold
  const sold = weeks.reduce((sum, units) => sum + units, 0)
  const { cover_weeks, least } = classOf(sku)
  // One bulk order is no demand to stock up for: the best of the four weeks counts no more than the others together.
  const weekly = Math.min(sold / 4, sold - Math.max(...weeks))
  const target = Math.max(least, Math.ceil(weekly * cover_weeks))
  state.sold = [0, ...weeks.slice(0, 3)]
  const receipts = fillBackorders(plan, [sku], monday, 'backorder')
  const quantity = target - state.position
  if (state.position >= target / 2) return receipts
  state.position += quantity
  receipts.push(...spreadReceipt(plan, sku, quantity, monday, 'replenishment'))
  return receipts
}

/** Back-ordered units all arrive at the SKU's home, where one parcel can take them. */
function fillBackorders(plan: ReceiptPlan, skus: readonly string[], received_at: Date, reason: Receipt['reason']): Receipt[] {
  const receipts: Receipt[] = []
  for (const sku of skus) {
    const state = plan.skus[sku]
    if (state === undefined || state.position >= 0) continue
    receipts.push(makeReceipt(plan, sku, locationsOf(plan, sku)[0]!.code, -state.position, received_at, reason))
    state.position = 0
  }
  return receipts
}

/** A SKU lies at one, two, or all locations; half of them at one. */
function locationsOf(plan: ReceiptPlan, sku: string): readonly Location[] {
  const { locations } = plan
  const total = locations.reduce((sum, { weight }) => sum + weight, 0)
  let place = hashText(sku, 'home') % total
  const home = locations.findIndex(({ weight }) => (place -= weight) < 0)
  const count = [1, 1, 2, locations.length][hashText(sku, 'spread') % 4]!
  return [...locations.slice(home), ...locations.slice(0, home)].slice(0, count)
}

function spreadReceipt(plan: ReceiptPlan, sku: string, quantity: number, received_at: Date, reason: Receipt['reason']): Receipt[] {
  const places = locationsOf(plan, sku)
  const parts = allocate(BigInt(quantity), places.map(({ weight }) => BigInt(weight)))
  return places.flatMap(({ code }, index) => {
    const part = Number(parts[index])
    return part === 0 ? [] : [makeReceipt(plan, sku, code, part, received_at, reason)]
  })
}

function makeReceipt(plan: ReceiptPlan, sku: string, location_code: string, quantity: number, received_at: Date, reason: Receipt['reason']): Receipt {
  const state = present(plan.skus[sku], 'a receipt is of a SKU that was sold')
  state.receipts += 1
  // The time keeps the receipts of another file apart, the number those of the same minute.
  return { key: `${sku}|${received_at.toISOString()}|${state.receipts}`, sku, location_code, quantity, received_at, reason }
}

/** FNV-1a, 32 bits: the same on every machine and in every version. */
function hashText(text: string, salt: string): number {
  let hash = 0x811c9dc5
  const salted = `${salt}:${text}`
  for (let index = 0; index < salted.length; index++) hash = Math.imul(hash ^ salted.charCodeAt(index), 0x01000193)
  return (hash ^ (hash >>> 15)) >>> 0
}
