import { encodeBarcode, fitsCode128, type Barcode } from './barcode.ts'
import { HAIRLINE, MUTED, type Paper } from './paper.ts'

/** Parts that the documents of a warehouse share: captions, barcodes with their text, footers. */

export const CAPTION_SIZE = 7.5

/** A small bold heading in capitals over a value or a block; returns the y below it. */
export function drawCaption(paper: Paper, text: string, x: number, y: number, width: number, align: 'left' | 'center' | 'right' = 'left'): number {
  return y + paper.text(text.toUpperCase(), { x, y, width, size: CAPTION_SIZE, weight: 'bold', align, color: MUTED, max_lines: 1, min_size: 5 }) + 1
}

// 0.19 mm: the narrowest bar that a hand scanner reads from an office laser printer.
const MIN_MODULE = 0.54
const MAX_MODULE = 1.1

/** Draws a linear symbol at the right or left edge of its box, as wide as it should be; false where it would be too fine to scan. */
export function drawLinear(paper: Paper, code: Barcode, box: { x: number; y: number; width: number; height: number; align: 'left' | 'right' }): boolean {
  if (code.kind !== 'linear') return false
  const module = Math.min(MAX_MODULE, box.width / code.module_count)
  if (module < MIN_MODULE) return false
  const width = module * code.module_count
  paper.barcode(code, { x: box.align === 'right' ? box.x + box.width - width : box.x, y: box.y, width, height: box.height })
  return true
}

/** Code 128 of the text, where it can be printed; the caller prints the text in any case. */
export function drawCode128(paper: Paper, text: string, box: { x: number; y: number; width: number; height: number; align: 'left' | 'right' }): boolean {
  return fitsCode128(text) && drawLinear(paper, encodeBarcode('code128', text), box)
}

/** The line at the foot of each page, with `Page 2 of 3` counted from page `first` of the file. */
export function drawFooters(paper: Paper, first: number, margin: number, text: string): void {
  const width = paper.page_width - 2 * margin
  const y = paper.page_height - margin + 6
  paper.eachPage(first, (page, count) => {
    paper.rule(margin, y - 5, width, 0.5, HAIRLINE)
    paper.text(text, { x: margin, y, width: width * 0.75, size: 8.5, color: MUTED, max_lines: 1, min_size: 6 })
    paper.text(`Page ${page} of ${count}`, { x: margin + width * 0.75, y, width: width * 0.25, size: 8.5, color: MUTED, align: 'right', max_lines: 1 })
  })
}
