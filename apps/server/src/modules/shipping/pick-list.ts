import { assert } from '../../kernel/assert.ts'
import { groupByKey } from '../../kernel/quantity.ts'
import { localTime } from '../../kernel/time.ts'
import { encodeGtin } from './barcode.ts'
import { drawCaption, drawCode128, drawFooters, drawLinear } from './document-parts.ts'
import type { FontSet } from './fonts.ts'
import { normalizeGtin, showGtin } from '../../kernel/gtin.ts'
import { formatDay } from './label.ts'
import { HAIRLINE, INK, MUTED, openPaper, type Paper } from './paper.ts'

export type PickLine = { sku: string; description: string; bin: string | null; gtin: string | null; quantity: number }

export type PickOrder = {
  order_number: string
  service_name: string | null
  ship_by: Date | null
  lines: readonly PickLine[]
}

export type PickList = {
  location_name: string
  time_zone: string
  /** The wave or the fulfillment order, scanned to begin. */
  pick_list_number: string
  orders: readonly PickOrder[]
  created_at: Date
}

/** One stop of the walk: a SKU in a bin, with the units for each tote. */
export type PickStop = PickLine & { totes: readonly { tote: string; quantity: number }[] }

/** A, B, … Z, AA, AB, …: the letter of an order's tote. I and O are left out, they read as 1 and 0. */
export function nameTote(index: number): string {
  const LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZ'
  assert(Number.isInteger(index) && index >= 0, 'totes are counted from 0')
  const letter = LETTERS[index % LETTERS.length]!
  return index < LETTERS.length ? letter : nameTote(Math.floor(index / LETTERS.length) - 1) + letter
}

const ORDER = new Intl.Collator('en', { numeric: true })

/** The walk: lines of all orders on one SKU in one bin together, by bin (A2 before A10; no bin last), then by SKU. */
export function planPickStops(orders: readonly PickOrder[]): PickStop[] {
  const units = orders.flatMap((order, index) => order.lines.map((line) => ({ ...line, tote: nameTote(index) })))
  const stops = [...groupByKey(units, ({ bin, sku }) => JSON.stringify([bin ?? '', sku])).values()].map((group) => {
    const { tote: _, ...line } = group[0]!
    const totes = [...groupByKey(group, ({ tote }) => tote)].map(([tote, parts]) => ({ tote, quantity: sum(parts) }))
    return { ...line, quantity: sum(group), totes }
  })
  return stops.sort((a, b) => Number(isBlank(a.bin)) - Number(isBlank(b.bin)) || ORDER.compare(a.bin ?? '', b.bin ?? '') || ORDER.compare(a.sku, b.sku))
}

function sum(parts: readonly { quantity: number }[]): number {
  return parts.reduce((total, { quantity }) => total + quantity, 0)
}

function isBlank(text: string | null): boolean {
  return text === null || text.trim() === ''
}

const MARGIN = 36
const FOOTER = 20
const CHECKBOX = 20
const BIN = { x: MARGIN + CHECKBOX + 12, width: 84 }
const QUANTITY = { x: BIN.x + BIN.width + 6, width: 56 }
const CODE_WIDTH = 138
const ROW_PADDING = 8

export async function renderPickList(list: PickList, options: { size: 'a4' | 'letter'; fonts?: FontSet }): Promise<Uint8Array> {
  const paper = openPaper({ ...options, title: `Pick list ${list.pick_list_number}`, created_at: list.created_at })
  const stops = planPickStops(list.orders)
  paper.addPage()
  let y = drawHead(paper, list, stops)
  if (list.orders.length > 1) y = drawTotes(paper, list, y + 10)
  y = drawTableHead(paper, y + 14)
  const bottom = paper.page_height - MARGIN - FOOTER
  for (const stop of stops) {
    const height = measureStop(paper, stop, list.orders.length > 1)
    if (y + height > bottom) y = drawTableHead(paper, continuePage(paper, list))
    drawStop(paper, stop, list.orders.length > 1, y, height)
    y += height
    paper.rule(MARGIN, y, paper.page_width - 2 * MARGIN, 0.75, HAIRLINE)
  }
  drawFooters(paper, 0, MARGIN, `${list.location_name} · Pick list ${list.pick_list_number}`)
  return await paper.finish()
}

function drawHead(paper: Paper, list: PickList, stops: readonly PickStop[]): number {
  const width = paper.page_width - 2 * MARGIN
  const half = width * 0.56
  let left = drawCaption(paper, 'Pick list', MARGIN, MARGIN, half)
  left += paper.text(list.location_name, { x: MARGIN, y: left, width: half, size: 24, min_size: 13, weight: 'bold', max_lines: 2 })
  const counts = [count(stops.length, 'line'), count(sum(stops), 'unit'), count(list.orders.length, 'order')].join(' · ')
  left += paper.text(counts, { x: MARGIN, y: left, width: half, size: 14, max_lines: 1, min_size: 9 }) + 2
  left += paper.text(`Printed ${formatTime(list.created_at, list)}`, { x: MARGIN, y: left, width: half, size: 9.5, color: MUTED, max_lines: 1 })
  const x = MARGIN + half + 12
  const box = width - half - 12
  let right = MARGIN
  if (drawCode128(paper, list.pick_list_number, { x, y: right, width: box, height: 34, align: 'right' })) right += 37
  right += paper.text(list.pick_list_number, { x, y: right, width: box, size: 13, min_size: 8, weight: 'bold', align: 'right', max_lines: 2 })
  const only = list.orders.length === 1 ? list.orders[0] : undefined
  // A line each: neither breaks in the middle of a date.
  const about = only === undefined ? [] : [joinParts(`Order ${only.order_number}`, only.service_name), ...(only.ship_by === null ? [] : [`Ship by ${formatTime(only.ship_by, list)}`])]
  for (const line of about) right += paper.text(line, { x, y: right + 2, width: box, size: 10, align: 'right', max_lines: 1, min_size: 7 }) + 2
  const y = Math.max(left, right) + 8
  paper.rule(MARGIN, y, width, 1.5, INK)
  return y
}

function joinParts(...parts: (string | null)[]): string {
  return parts.filter((part) => part !== null).join(' · ')
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

/** An instant as the location's clock shows it: `24 Nov 2026 17:30`. */
function formatTime(instant: Date, { time_zone }: PickList): string {
  const { date, time } = localTime(instant, time_zone)
  return `${formatDay(date)} ${time}`
}

const TOTE = 22

/** Which tote is which order, three beside each other. */
function drawTotes(paper: Paper, list: PickList, top: number): number {
  const width = paper.page_width - 2 * MARGIN
  const column = width / 3
  const bottom = paper.page_height - MARGIN - FOOTER
  let y = top
  for (const [index, order] of list.orders.entries()) {
    if (index > 0 && index % 3 === 0) y += TOTE + 8
    if (index % 3 === 0 && y + TOTE > bottom) y = continuePage(paper, list)
    const x = MARGIN + (index % 3) * column
    drawTote(paper, nameTote(index), x, y, TOTE)
    const text = { x: x + TOTE + 8, width: column - TOTE - 18, max_lines: 1 }
    paper.text(order.order_number, { ...text, y: y - 1, size: 11.5, min_size: 7, weight: 'bold' })
    const detail = joinParts(count(sum(order.lines), 'unit'), order.service_name, order.ship_by === null ? null : `by ${formatTime(order.ship_by, list)}`)
    paper.text(detail, { ...text, y: y + 12, size: 8.5, min_size: 6.5, color: MUTED })
  }
  return y + TOTE
}

function drawTote(paper: Paper, tote: string, x: number, y: number, side: number): void {
  paper.block(x, y, side, side)
  const size = paper.fit(tote, { width: side - 3, size: side * 0.68, min_size: 4, weight: 'bold', max_lines: 1 }).size
  paper.line(tote, { x, width: side, size, weight: 'bold', align: 'center', color: '#fff', baseline: y + side / 2 + size * 0.34 })
}

function itemBox(paper: Paper): { x: number; width: number } {
  const x = QUANTITY.x + QUANTITY.width + 12
  return { x, width: paper.page_width - MARGIN - CODE_WIDTH - 12 - x }
}

function drawTableHead(paper: Paper, top: number): number {
  const item = itemBox(paper)
  drawCaption(paper, 'Bin', BIN.x, top, BIN.width)
  drawCaption(paper, 'Pick', QUANTITY.x, top, QUANTITY.width, 'right')
  drawCaption(paper, 'Item', item.x, top, item.width)
  drawCaption(paper, 'Scan', paper.page_width - MARGIN - CODE_WIDTH, top, CODE_WIDTH, 'right')
  paper.rule(MARGIN, top + 13, paper.page_width - 2 * MARGIN, 1, INK)
  return top + 13
}

const SKU_STYLE = { size: 14, min_size: 9, weight: 'bold', max_lines: 2 } as const
const DESCRIPTION_STYLE = { size: 10, max_lines: 2 } as const
const CHIP = 13
const CHIP_WIDTH = 40

function measureStop(paper: Paper, stop: PickStop, several: boolean): number {
  const { width } = itemBox(paper)
  const chips = several ? Math.ceil(stop.totes.length / Math.max(1, Math.floor(width / CHIP_WIDTH))) * (CHIP + 4) + 2 : 0
  const text = paper.fit(stop.sku, { ...SKU_STYLE, width }).height + paper.fit(stop.description, { ...DESCRIPTION_STYLE, width }).height
  return Math.max(text + chips, 42) + 2 * ROW_PADDING
}

function drawStop(paper: Paper, stop: PickStop, several: boolean, top: number, height: number): void {
  const item = itemBox(paper)
  const y = top + ROW_PADDING
  paper.frame(MARGIN + 1, y + 1, CHECKBOX - 2, CHECKBOX - 2, 1.25)
  if (isBlank(stop.bin)) paper.text('no bin', { ...BIN, y: y + 3, size: 12, color: MUTED })
  else paper.text(stop.bin!, { ...BIN, y, size: 18, min_size: 9, weight: 'bold', max_lines: 2 })
  paper.text(String(stop.quantity), { ...QUANTITY, y: y - 6, size: 30, min_size: 12, weight: 'bold', align: 'right', max_lines: 1 })
  let text_y = y + paper.text(stop.sku, { ...item, ...SKU_STYLE, y })
  text_y += paper.text(stop.description, { ...item, ...DESCRIPTION_STYLE, y: text_y })
  if (several) drawChips(paper, stop, item, text_y + 4)
  drawScan(paper, stop, top + height / 2)
}

/** The totes of a stop and how many units each gets. */
function drawChips(paper: Paper, stop: PickStop, item: { x: number; width: number }, top: number): void {
  const per_row = Math.max(1, Math.floor(item.width / CHIP_WIDTH))
  for (const [index, { tote, quantity }] of stop.totes.entries()) {
    const x = item.x + (index % per_row) * CHIP_WIDTH
    const y = top + Math.floor(index / per_row) * (CHIP + 4)
    drawTote(paper, tote, x, y, CHIP)
    paper.text(`×${quantity}`, { x: x + CHIP + 2.5, y: y - 0.5, width: CHIP_WIDTH - CHIP - 4, size: 11, min_size: 7, weight: 'bold', max_lines: 1 })
  }
}

function drawScan(paper: Paper, stop: PickStop, middle: number): void {
  const x = paper.page_width - MARGIN - CODE_WIDTH
  const box = { x, y: middle - 21, width: CODE_WIDTH, height: 30, align: 'right' as const }
  const gtin = stop.gtin === null ? undefined : normalizeGtin(stop.gtin)
  // A barcode of something else than the text under it would be a trap, so each names what it holds.
  const drawn = gtin === undefined ? drawCode128(paper, stop.sku, box) : drawLinear(paper, encodeGtin(gtin), box)
  if (drawn) paper.text(gtin === undefined ? stop.sku : showGtin(gtin), { x, y: middle + 10.5, width: CODE_WIDTH, size: 8.5, min_size: 5, align: 'right', max_lines: 1 })
}

function continuePage(paper: Paper, list: PickList): number {
  paper.addPage()
  const width = paper.page_width - 2 * MARGIN
  const style = { y: MARGIN - 4, width: width * 0.48, size: 12, min_size: 8, max_lines: 1 }
  const height = paper.text(list.location_name, { ...style, x: MARGIN, weight: 'bold' })
  paper.text(`Pick list ${list.pick_list_number}, continued`, { ...style, x: MARGIN + width * 0.52, align: 'right' })
  paper.rule(MARGIN, MARGIN + height, width, 1.5, INK)
  return MARGIN + height + 10
}
