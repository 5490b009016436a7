import { composeAddress, type PrintedAddress } from './address.ts'
import { fitsCode128 } from './barcode.ts'
import { cleanLine } from './transliterate.ts'
import { fitText, truncate, type Measure, type Weight } from './typeset.ts'

/** What stands on a parcel. Every renderer draws this and nothing else. */
export type Label = {
  carrier_name: string
  service_name: string
  from: PrintedAddress
  to: PrintedAddress
  weight_grams: number
  package_number: number
  package_count: number
  tracking_number: string
  order_number: string
  /** Customer references, department, purchase order: `PO 4711`. */
  references: readonly string[]
  /** What the carrier sorts by, up to four characters; printed largest. */
  routing_zone: string | null
  /** `YYYY-MM-DD` at the place of departure. */
  ship_date: string
  /** What the driver must not miss: cash to collect, pickup at a store, age check. */
  note: string | null
  created_at: Date
}

export type LabelSize = '4x6' | '100x150'

/** Marks of a label in points from the top left corner. Text stands on its baseline and is already cut to its box. */
export type LabelMark =
  | { kind: 'text'; x: number; baseline: number; width: number; size: number; weight: Weight; text: string; align: 'left' | 'center' | 'right'; inverse: boolean }
  | { kind: 'block'; x: number; y: number; width: number; height: number }
  | { kind: 'code128'; x: number; y: number; width: number; height: number; text: string }

type TextMark = LabelMark & { kind: 'text' }

export const LABEL_SIZES: Readonly<Record<LabelSize, { width: number; height: number }>> = {
  '4x6': { width: 288, height: 432 },
  '100x150': { width: 283.46, height: 425.2 },
}

const MARGIN = 11
const RULE = 1.5
const HEAD_HEIGHT = 56
const FROM_HEIGHT = 60
const NOTE_HEIGHT = 27
const FOOT_HEIGHT = 43
const BARCODE_HEIGHT = 98
const FACTS_WIDTH = 90
const LEADING = 1.16
// Half the height of capitals over the size: centers a line of capitals on a point.
const HALF_CAP = 0.34

/** The grid: x and width of the printed area, and a pen that collects marks. */
type Grid = { left: number; width: number; right: number; marks: LabelMark[]; measure: Measure }

/**
 * The layout of a label: head (zone, carrier, service), sender and facts, recipient, note, barcode, references.
 * The recipient takes all the height the rest leaves and shrinks to fit it. `measure` is the renderer's font.
 */
export function layoutLabel(label: Label, size: LabelSize, measure: Measure): LabelMark[] {
  const page = LABEL_SIZES[size]
  const width = page.width - 2 * MARGIN
  const grid: Grid = { left: MARGIN, width, right: MARGIN + width, marks: [], measure }
  const bottom = page.height - MARGIN
  const foot = bottom - FOOT_HEIGHT
  const code = foot - BARCODE_HEIGHT
  const note = cleanLine(label.note ?? '')
  const to_bottom = note === '' ? code : code - NOTE_HEIGHT
  const from_top = MARGIN + HEAD_HEIGHT
  const to_top = from_top + FROM_HEIGHT
  layHead(grid, label)
  layRule(grid, from_top)
  layFrom(grid, label, from_top)
  layRule(grid, to_top)
  layTo(grid, label, to_top, to_bottom)
  if (note === '') layRule(grid, code)
  else layNote(grid, note, to_bottom)
  layTracking(grid, label, code)
  layRule(grid, foot)
  layFoot(grid, label, foot)
  return grid.marks
}

function layRule(grid: Grid, y: number): void {
  grid.marks.push({ kind: 'block', x: grid.left, y: y - RULE / 2, width: grid.width, height: RULE })
}

type TextSpec = { x: number; baseline: number; width: number; size: number; weight?: Weight; min_size?: number; align?: TextMark['align']; inverse?: boolean }

/** One line: shrunk to fit, then cut. */
function layText(grid: Grid, text: string, spec: TextSpec): void {
  const { x, baseline, width, weight = 'regular', align = 'left', inverse = false } = spec
  if (cleanLine(text) === '') return
  const fitted = fitText(cleanLine(text), { width, size: spec.size, min_size: spec.min_size ?? spec.size * 0.7, weight, max_lines: 1 }, grid.measure)
  grid.marks.push({ kind: 'text', x, baseline, width, size: fitted.size, weight, text: fitted.lines[0] ?? '', align, inverse })
}

function layHead(grid: Grid, label: Label): void {
  const zone = cleanLine(label.routing_zone ?? '').slice(0, 4)
  const box = HEAD_HEIGHT - 6
  let x = grid.left
  if (zone !== '') {
    grid.marks.push({ kind: 'block', x, y: MARGIN, width: box + 8, height: box })
    const { size } = fitText(zone, { width: box + 2, size: 38, min_size: 14, weight: 'bold', max_lines: 1 }, grid.measure)
    layText(grid, zone, { x: x + 3, baseline: MARGIN + box / 2 + size * HALF_CAP, width: box + 2, size, min_size: size, weight: 'bold', align: 'center', inverse: true })
    x += box + 18
  }
  const width = grid.right - x
  layText(grid, label.carrier_name, { x, baseline: MARGIN + 12, width, size: 12, min_size: 8 })
  const service = fitText(cleanLine(label.service_name), { width, size: 23, min_size: 13, weight: 'bold', max_lines: 1 }, grid.measure)
  if (!service.truncated) return layText(grid, label.service_name, { x, baseline: MARGIN + 39, width, size: 23, min_size: 13, weight: 'bold' })
  const wrapped = fitText(cleanLine(label.service_name), { width, size: 15, min_size: 11, weight: 'bold', max_lines: 2 }, grid.measure)
  for (const [index, line] of wrapped.lines.entries()) layText(grid, line, { x, baseline: MARGIN + 29 + index * 16, width, size: wrapped.size, weight: 'bold' })
}

function layFrom(grid: Grid, label: Label, top: number): void {
  const block = composeAddress(label.from, label.to.country)
  const width = grid.width - FACTS_WIDTH - 10
  layText(grid, 'FROM', { x: grid.left, baseline: top + 11, width, size: 7, weight: 'bold' })
  const lines = [block.name, ...block.lines, block.locality.join(' '), ...(block.country_name === undefined ? [] : [block.country_name])].filter((line) => line !== '')
  // Five lines have room; a long sender keeps its name and the end of its address, which is where returns go.
  const shown = lines.length <= 5 ? lines : [lines[0]!, ...lines.slice(-4)]
  for (const [index, line] of shown.entries()) layText(grid, line, { x: grid.left, baseline: top + 20 + index * 8.7, width, size: 8, min_size: 6.5 })
  const x = grid.right - FACTS_WIDTH
  grid.marks.push({ kind: 'block', x: x - 6, y: top + RULE / 2, width: RULE / 2, height: FROM_HEIGHT - RULE })
  const facts: [string, string][] = [
    ['PACKAGE', `${label.package_number} of ${label.package_count}`],
    ['WEIGHT', formatWeight(label.weight_grams)],
    ['SHIPPED', formatDay(label.ship_date)],
  ]
  for (const [index, [name, value]] of facts.entries()) {
    const baseline = top + 17.5 + index * 16.8
    layText(grid, name, { x, baseline, width: 36, size: 6.5, weight: 'bold' })
    layText(grid, value, { x: x + 37, baseline, width: FACTS_WIDTH - 37, size: 11, min_size: 7, weight: 'bold', align: 'right' })
  }
}

function layTo(grid: Grid, label: Label, top: number, bottom: number): void {
  const block = composeAddress(label.to, label.from.country)
  layText(grid, 'SHIP TO', { x: grid.left, baseline: top + 11.5, width: grid.width / 2, size: 7, weight: 'bold' })
  const phone = cleanLine(label.to.phone ?? '')
  if (phone !== '') layText(grid, `Tel ${phone}`, { x: grid.left + grid.width / 2, baseline: top + 11.5, width: grid.width / 2, size: 8, align: 'right' })
  const all: AddressPart[] = [
    { text: block.name, size: 17, weight: 'bold' },
    ...block.lines.map((text) => ({ text, size: 15, weight: 'regular' as const })),
    ...block.locality.map((text) => ({ text, size: 18, weight: 'bold' as const })),
    ...(block.country_name === undefined ? [] : [{ text: block.country_name, size: 18, weight: 'bold' as const }]),
  ]
  const parts = all.filter((part) => part.text !== '')
  const lines = fitAddress(parts, grid, bottom - top - 20)
  let baseline = top + 14
  for (const line of lines) {
    baseline += line.size * LEADING
    layText(grid, line.text, { x: grid.left, baseline, width: grid.width, size: line.size, min_size: line.size, weight: line.weight })
  }
}

type AddressPart = { text: string; size: number; weight: Weight }

/** Shrinks the whole address until it fits the height, so that its lines keep their proportions; wraps before it cuts. */
function fitAddress(parts: readonly AddressPart[], grid: Grid, height: number): AddressPart[] {
  for (let factor = 1; ; factor *= 0.94) {
    const lines = parts.flatMap(({ text, size, weight }): AddressPart[] => {
      const fitted = fitText(text, { width: grid.width, size: size * factor, min_size: size * factor * 0.7, weight, max_lines: 2 }, grid.measure)
      return fitted.lines.map((line) => ({ text: line, size: fitted.size, weight }))
    })
    const total = lines.reduce((sum, line) => sum + line.size * LEADING, 0)
    // Below 40 % nobody reads it on a doorstep: then the middle is cut, never the name or the locality.
    if (total <= height || factor < 0.4) return total <= height ? lines : cutMiddle(lines, height)
  }
}

function cutMiddle(lines: readonly AddressPart[], height: number): AddressPart[] {
  const kept = [...lines]
  while (kept.length > 4 && kept.reduce((sum, line) => sum + line.size * LEADING, 0) > height) kept.splice(Math.floor(kept.length / 2), 1)
  return kept
}

function layNote(grid: Grid, note: string, top: number): void {
  grid.marks.push({ kind: 'block', x: grid.left, y: top, width: grid.width, height: NOTE_HEIGHT })
  layText(grid, note, { x: grid.left + 6, baseline: top + NOTE_HEIGHT * 0.68, width: grid.width - 12, size: 16, min_size: 9, weight: 'bold', align: 'center', inverse: true })
}

function layTracking(grid: Grid, label: Label, top: number): void {
  const shown = cleanLine(label.tracking_number)
  if (fitsCode128(shown)) grid.marks.push({ kind: 'code128', x: grid.left, y: top + 9, width: grid.width, height: BARCODE_HEIGHT - 32, text: shown })
  layText(grid, groupDigits(shown), { x: grid.left, baseline: top + BARCODE_HEIGHT - 8, width: grid.width, size: 15, min_size: 8, weight: 'bold', align: 'center' })
}

function layFoot(grid: Grid, label: Label, top: number): void {
  const width = grid.width * 0.48
  layText(grid, 'ORDER', { x: grid.left, baseline: top + 12, width, size: 7, weight: 'bold' })
  const order_number = cleanLine(label.order_number)
  const short = fitText(order_number, { width, size: 16, min_size: 10, weight: 'bold', max_lines: 1 }, grid.measure)
  const fitted = short.truncated ? fitText(order_number, { width, size: 11, min_size: 7, weight: 'bold', max_lines: 2 }, grid.measure) : short
  for (const [index, line] of fitted.lines.entries()) {
    layText(grid, line, { x: grid.left, baseline: top + 14 + (index + 1) * fitted.size * LEADING * 0.9, width, size: fitted.size, min_size: fitted.size, weight: 'bold' })
  }
  const references = label.references.map(cleanLine).filter((reference) => reference !== '')
  if (references.length === 0) return
  const x = grid.left + grid.width * 0.52
  layText(grid, 'REFERENCES', { x, baseline: top + 12, width, size: 7, weight: 'bold' })
  const shown = references.length <= 3 ? references : [...references.slice(0, 2), references.slice(2).join(', ')]
  for (const [index, reference] of shown.entries()) {
    const text = truncate(reference, width, (piece) => grid.measure(piece, 8.5, 'regular'))
    layText(grid, text, { x, baseline: top + 22 + index * 9.8, width, size: 8.5 })
  }
}

/** Tracking numbers are read over the phone: groups of four digits from the right, `SY 0000 0012 3456`. */
export function groupDigits(text: string): string {
  const match = /^([A-Za-z]*)(\d{8,})([A-Za-z]*)$/.exec(text)
  if (match === null) return text
  const groups = match[2]!.replaceAll(/\d(?=(?:\d{4})+$)/g, (digit) => `${digit} `)
  return [match[1], groups, match[3]].filter((part) => part !== '').join(' ')
}

/** Kilograms with two places, rounded up: a carrier bills the next step, never the one below. */
export function formatWeight(weight_grams: number): string {
  return `${(Math.ceil(weight_grams / 10) / 100).toFixed(2)} kg`
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `4 Mar 2026`: the month as a word, because 03/04 is two days on two sides of the ocean. */
export function formatDay(date: string): string {
  const [year, month, day] = date.split('-')
  return `${Number(day)} ${MONTHS[Number(month) - 1] ?? '?'} ${year ?? ''}`.trim()
}
