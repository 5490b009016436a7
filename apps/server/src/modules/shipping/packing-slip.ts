import { composeAddress, type PrintedAddress } from './address.ts'
import { drawCaption, drawCode128, drawFooters } from './document-parts.ts'
import type { FontSet } from './fonts.ts'
import { formatDay, formatWeight, groupDigits } from './label.ts'
import { HAIRLINE, INK, MUTED, openPaper, type Paper } from './paper.ts'

export type PackingSlipLine = {
  sku: string
  description: string
  quantity_ordered: number
  quantity_in_package: number
  /** Units that come in another package or later. */
  quantity_to_follow: number
}

/** What lies in the box beside the goods. It never holds a price: the box may be a present. */
export type PackingSlip = {
  brand_name: string
  /** Address, web site, telephone of the brand. */
  brand_lines: readonly string[]
  order_number: string
  /** `YYYY-MM-DD` */
  order_date: string
  ship_date: string
  channel_name: string | null
  origin_country: string
  ship_to: PrintedAddress
  lines: readonly PackingSlipLine[]
  package: {
    package_number: number
    package_count: number
    carrier_name: string
    service_name: string
    tracking_number: string | null
    weight_grams: number | null
  } | null
  gift_note: string | null
  customer_note: string | null
  returns_hint: string | null
  created_at: Date
}

const MARGIN = 42
const FOOTER = 20
const GAP = 16
const NUMBER_WIDTH = 58
const SKU_WIDTH = 104
const NOTE_LINES = 24

/** One PDF for all slips, each with its own page numbers. */
export async function renderPackingSlips(slips: readonly [PackingSlip, ...PackingSlip[]], options: { size: 'a4' | 'letter'; fonts?: FontSet }): Promise<Uint8Array> {
  const title = slips.length === 1 ? `Packing slip ${slips[0].order_number}` : `${slips.length} packing slips`
  const paper = openPaper({ ...options, title, created_at: slips[0].created_at })
  for (const slip of slips) {
    const first = paper.page_count()
    drawSlip(paper, slip)
    drawFooters(paper, first, MARGIN, `${slip.brand_name} · Order ${slip.order_number}`)
  }
  return await paper.finish()
}

function drawSlip(paper: Paper, slip: PackingSlip): void {
  paper.addPage()
  let y = drawHead(paper, slip)
  y = drawFacts(paper, slip, y + GAP)
  y = drawLines(paper, slip, y + GAP)
  for (const [caption, text] of [['Gift message', slip.gift_note], ['Your note', slip.customer_note], ['Returns', slip.returns_hint]] as const) {
    if (text !== null && text.trim() !== '') y = drawNote(paper, slip, caption, text, y + GAP)
  }
}

function drawHead(paper: Paper, slip: PackingSlip): number {
  const width = paper.page_width - 2 * MARGIN
  const half = width * 0.54
  let left = MARGIN + paper.text(slip.brand_name, { x: MARGIN, y: MARGIN - 4, width: half, size: 24, min_size: 14, weight: 'bold', max_lines: 2 })
  for (const line of slip.brand_lines) left += paper.text(line, { x: MARGIN, y: left, width: half, size: 9.5, color: MUTED, max_lines: 1, min_size: 7 })
  const x = MARGIN + half + 20
  const box = width - half - 20
  let right = drawCaption(paper, 'Packing slip', x, MARGIN, box, 'right')
  right += paper.text(slip.order_number, { x, y: right, width: box, size: 20, min_size: 9, weight: 'bold', align: 'right', max_lines: 2 }) + 4
  if (drawCode128(paper, slip.order_number, { x, y: right, width: box, height: 30, align: 'right' })) right += 30
  const y = Math.max(left, right) + 12
  paper.rule(MARGIN, y, width, 1.5, INK)
  return y
}

function drawFacts(paper: Paper, slip: PackingSlip, y: number): number {
  const width = paper.page_width - 2 * MARGIN
  const column = (width - 2 * 20) / 3
  const to = drawShipTo(paper, slip, MARGIN, y, column * 1.25)
  const rest = (width - column * 1.25 - 40) / 2
  const order: Fact[] = [['Ordered', formatDay(slip.order_date)], ['Shipped', formatDay(slip.ship_date)]]
  if (slip.channel_name !== null) order.push(['Bought at', slip.channel_name])
  const parcel: Fact[] = []
  if (slip.package !== null) {
    const { package_number, package_count, carrier_name, service_name, tracking_number, weight_grams } = slip.package
    parcel.push(['Package', `${package_number} of ${package_count}`], ['Service', `${carrier_name} ${service_name}`])
    if (tracking_number !== null) parcel.push(['Tracking', groupDigits(tracking_number)])
    if (weight_grams !== null) parcel.push(['Weight', formatWeight(weight_grams)])
  }
  const x = MARGIN + column * 1.25 + 20
  return Math.max(to, drawFactList(paper, order, x, y, rest), drawFactList(paper, parcel, x + rest + 20, y, rest))
}

function drawShipTo(paper: Paper, slip: PackingSlip, x: number, top: number, width: number): number {
  const block = composeAddress(slip.ship_to, slip.origin_country)
  let y = drawCaption(paper, 'Ship to', x, top, width) + 1
  y += paper.text(block.name, { x, y, width, size: 13, min_size: 9, weight: 'bold', max_lines: 2 })
  const lines = [...block.lines, ...block.locality, ...(block.country_name === undefined ? [] : [block.country_name])]
  for (const line of lines) y += paper.text(line, { x, y, width, size: 11, min_size: 8, max_lines: 2 })
  return y
}

type Fact = [caption: string, value: string]

function drawFactList(paper: Paper, facts: readonly Fact[], x: number, top: number, width: number): number {
  let y = top
  for (const [caption, value] of facts) {
    y = drawCaption(paper, caption, x, y, width)
    y += paper.text(value, { x, y, width, size: 11, min_size: 8, max_lines: 2 }) + 5
  }
  return y
}

type Columns = { sku: number; description: number; description_width: number; numbers: { caption: string; x: number; key: 'quantity_ordered' | 'quantity_in_package' | 'quantity_to_follow' }[] }

function chooseColumns(paper: Paper, slip: PackingSlip): Columns {
  const right = paper.page_width - MARGIN
  // Nothing to follow is the usual case, and a column of zeros asks questions.
  const shown = [
    { caption: 'Ordered', key: 'quantity_ordered' as const },
    { caption: 'In this box', key: 'quantity_in_package' as const },
    ...(slip.lines.some((line) => line.quantity_to_follow > 0) ? [{ caption: 'To follow', key: 'quantity_to_follow' as const }] : []),
  ]
  const numbers = shown.map((column, index) => ({ ...column, x: right - (shown.length - index) * NUMBER_WIDTH }))
  const description = MARGIN + SKU_WIDTH + 12
  return { sku: MARGIN, description, description_width: numbers[0]!.x - description, numbers }
}

function drawLines(paper: Paper, slip: PackingSlip, top: number): number {
  const columns = chooseColumns(paper, slip)
  const width = paper.page_width - 2 * MARGIN
  const bottom = paper.page_height - MARGIN - FOOTER
  let y = drawTableHead(paper, columns, top)
  for (const line of slip.lines) {
    const sku = { width: SKU_WIDTH, size: 10.5, min_size: 8, weight: 'bold', max_lines: 2 } as const
    const description = { width: columns.description_width, size: 10.5, max_lines: 3 }
    const height = Math.max(paper.fit(line.sku, sku).height, paper.fit(line.description, description).height) + 11
    if (y + height > bottom) y = drawTableHead(paper, columns, continuePage(paper, slip))
    paper.text(line.sku, { ...sku, x: columns.sku, y: y + 5 })
    paper.text(line.description, { ...description, x: columns.description, y: y + 5 })
    for (const { key, x } of columns.numbers) drawNumber(paper, line[key], key, x, y)
    y += height
    paper.rule(MARGIN, y, width, 0.5, HAIRLINE)
  }
  if (y + 22 > bottom) y = continuePage(paper, slip)
  return drawTotals(paper, slip, columns, y)
}

function drawNumber(paper: Paper, quantity: number, key: Columns['numbers'][number]['key'], x: number, y: number): void {
  // What lies in the box is what the customer checks: bigger than the rest. A zero is a dash, so that it is not read as a quantity.
  const packed = key === 'quantity_in_package'
  paper.text(quantity === 0 ? '–' : String(quantity), { x, y: y + (packed ? 2.5 : 5), width: NUMBER_WIDTH, size: packed ? 13 : 10.5, min_size: 7, weight: packed ? 'bold' : 'regular', align: 'right', max_lines: 1 })
}

function drawTableHead(paper: Paper, columns: Columns, top: number): number {
  drawCaption(paper, 'SKU', columns.sku, top, SKU_WIDTH)
  drawCaption(paper, 'Item', columns.description, top, columns.description_width)
  for (const { caption, x } of columns.numbers) drawCaption(paper, caption, x, top, NUMBER_WIDTH, 'right')
  const y = top + 14
  paper.rule(MARGIN, y, paper.page_width - 2 * MARGIN, 1, INK)
  return y
}

function drawTotals(paper: Paper, slip: PackingSlip, columns: Columns, top: number): number {
  const y = top + 6
  const follows = slip.lines.some((line) => line.quantity_to_follow > 0)
  const text = follows ? 'Total. What is to follow comes in its own package.' : 'Total'
  paper.text(text, { x: MARGIN, y, width: columns.numbers[0]!.x - MARGIN - 8, size: 10.5, max_lines: 1, min_size: 8 })
  for (const { key, x } of columns.numbers) drawNumber(paper, slip.lines.reduce((sum, line) => sum + line[key], 0), key, x, y - 5)
  return y + 14
}

function continuePage(paper: Paper, slip: PackingSlip): number {
  paper.addPage()
  const width = paper.page_width - 2 * MARGIN
  const height = paper.text(slip.brand_name, { x: MARGIN, y: MARGIN - 4, width: width * 0.48, size: 12, min_size: 8, weight: 'bold', max_lines: 1 })
  paper.text(`Order ${slip.order_number}, continued`, { x: MARGIN + width * 0.5, y: MARGIN - 4, width: width * 0.5, size: 12, min_size: 8, align: 'right', max_lines: 1 })
  const y = MARGIN + height + 1
  paper.rule(MARGIN, y, width, 1.5, INK)
  return y + 12
}

/** A framed note. Its own line breaks stay; a very long one is cut after two dozen lines. */
function drawNote(paper: Paper, slip: PackingSlip, caption: string, text: string, top: number): number {
  const width = paper.page_width - 2 * MARGIN
  const style = { width: width - 24, size: 11.5 }
  const lines = text.split(/\r\n|[\n\r\u2028\u2029]/).flatMap((paragraph) => paper.fit(paragraph, style).lines)
  const shown = lines.length > NOTE_LINES ? [...lines.slice(0, NOTE_LINES - 1), '…'] : lines
  const height = shown.length * style.size * 1.3 + 32
  const y = top + height > paper.page_height - MARGIN - FOOTER ? continuePage(paper, slip) : top
  paper.frame(MARGIN, y, width, height, 0.75)
  let line_top = drawCaption(paper, caption, MARGIN + 12, y + 9, style.width) + 2
  for (const line of shown) {
    paper.text(line, { ...style, x: MARGIN + 12, y: line_top })
    line_top += style.size * 1.3
  }
  return y + height
}
