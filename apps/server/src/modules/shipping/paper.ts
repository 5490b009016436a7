import PdfDocument from 'pdfkit'
import { drawBarcode, type Barcode } from './barcode.ts'
import { documentFonts, splitRuns, type Face, type FontSet } from './fonts.ts'
import { cleanLine } from './transliterate.ts'
import { fitText, type FittedText, type Measure, type Weight } from './typeset.ts'

/** Page sizes in points (1/72 inch). */
export const PAGE_SIZES = {
  a4: [595.28, 841.89],
  letter: [612, 792],
  '4x6': [288, 432],
  '100x150': [283.46, 425.2],
} as const satisfies Record<string, readonly [number, number]>

export type PageSize = keyof typeof PAGE_SIZES

export type TextBox = {
  x: number
  /** The top of the first line. */
  y: number
  width: number
  size: number
  weight?: Weight
  align?: 'left' | 'center' | 'right'
  color?: string
  min_size?: number
  max_lines?: number
  /** Distance of lines as a multiple of the size. */
  leading?: number
}

export type Line = Pick<TextBox, 'x' | 'width' | 'size' | 'weight' | 'align' | 'color'> & { baseline: number }

/** A PDF page to draw on: text that fits its box in fonts that have its letters, rules, blocks and barcodes. Points, y downward. */
export type Paper = {
  page_width: number
  page_height: number
  fit: (text: string, box: Omit<TextBox, 'x' | 'y'>) => FittedText & { height: number }
  measure: Measure
  /** Draws one line that is known to fit, on its baseline. */
  line: (text: string, line: Line) => void
  /** Draws the text and returns the height it took. */
  text: (text: string, box: TextBox) => number
  rule: (x: number, y: number, width: number, thickness?: number, color?: string) => void
  block: (x: number, y: number, width: number, height: number, color?: string) => void
  frame: (x: number, y: number, width: number, height: number, thickness?: number) => void
  barcode: (code: Barcode, box: { x: number; y: number; width: number; height: number }) => void
  addPage: () => void
  page_count: () => number
  /** Draws on every page from `first` on, once their number is known. */
  eachPage: (first: number, draw: (page: number, count: number) => void) => void
  finish: () => Promise<Uint8Array>
}

/** `created_at` goes into the file, so that the same input gives the same bytes: a reprint can be compared. */
export type PaperOptions = { size: PageSize; title: string; created_at: Date; fonts?: FontSet }

export const INK = '#000'
/** Dark enough to survive a worn laser printer. */
export const MUTED = '#555'
export const HAIRLINE = '#999'

const UNIT_SIZE = 100
const LEADING = 1.22
// Where the baseline lies in the line: the ascent of the text fonts over their line height.
const BASELINE = 0.93

export function openPaper(options: PaperOptions): Paper {
  const [page_width, page_height] = PAGE_SIZES[options.size]
  const document = new PdfDocument({
    size: [page_width, page_height], margin: 0, autoFirstPage: false, bufferPages: true,
    // No default font: pdfkit would parse Helvetica's metrics for each document.
    font: '',
    info: { Title: options.title, Creator: 'Switchyard', Producer: 'Switchyard', CreationDate: options.created_at },
  })
  const bytes = collectBytes(document)
  const pen = makePen(document, options.fonts ?? documentFonts())
  const fit: Paper['fit'] = (text, box) => {
    const fitted = fitText(cleanLine(text), { weight: 'regular', ...box }, pen.measure)
    return { ...fitted, height: fitted.lines.length * fitted.size * (box.leading ?? LEADING) }
  }
  return {
    page_width,
    page_height,
    measure: pen.measure,
    line: pen.line,
    fit,
    text: (text, box) => {
      const fitted = fit(text, box)
      for (const [index, line] of fitted.lines.entries()) {
        pen.line(line, { ...box, size: fitted.size, baseline: box.y + index * fitted.size * (box.leading ?? LEADING) + fitted.size * BASELINE })
      }
      return fitted.height
    },
    rule: (x, y, width, thickness = 0.5, color = HAIRLINE) => void document.rect(x, y - thickness / 2, width, thickness).fill(color),
    block: (x, y, width, height, color = INK) => void document.rect(x, y, width, height).fill(color),
    frame: (x, y, width, height, thickness = 1) => void document.rect(x, y, width, height).lineWidth(thickness).stroke(INK),
    barcode: (code, box) => drawBarcode(document, code, box),
    addPage: () => void document.addPage(),
    page_count: () => document.bufferedPageRange().count,
    eachPage: (first, draw) => {
      const { count } = document.bufferedPageRange()
      for (let page = first; page < count; page++) {
        document.switchToPage(page)
        draw(page - first + 1, count - first)
      }
    },
    finish: () => {
      document.end()
      return bytes
    },
  }
}

function collectBytes(document: PDFKit.PDFDocument): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  return new Promise((resolve, reject) => {
    document.on('data', (chunk: Uint8Array) => void chunks.push(chunk))
    document.on('end', () => resolve(Buffer.concat(chunks)))
    document.on('error', reject)
  })
}

type Pen = { measure: Measure; line: (text: string, line: Line) => void }

function makePen(document: PDFKit.PDFDocument, fonts: FontSet): Pen {
  const registered = new Set<string>(['Helvetica', 'Helvetica-Bold'])
  const useFace = (face: Face, size: number): void => {
    if (!registered.has(face.key)) {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- pdfkit takes an opened font too; its types do not say so
      document.registerFont(face.key, face.source as PDFKit.Mixins.PDFFontSource)
      registered.add(face.key)
    }
    document.font(face.key, size)
  }
  // Fitting measures the same words again and again while it looks for a size.
  const unit_widths = new Map<string, number>()
  const widthOf = (face: Face, text: string, size: number): number => {
    const key = `${face.key} ${text}`
    let width = unit_widths.get(key)
    if (width === undefined) {
      useFace(face, UNIT_SIZE)
      width = document.widthOfString(text) / UNIT_SIZE
      unit_widths.set(key, width)
    }
    return width * size
  }
  const measure: Pen['measure'] = (text, size, weight) => splitRuns(text, weight, fonts).reduce((sum, run) => sum + widthOf(run.face, run.text, size), 0)
  return {
    measure,
    line: (text, { x: left, width, size, weight = 'regular', align = 'left', color = INK, baseline }) => {
      const slack = align === 'left' ? 0 : width - measure(text, size, weight)
      let x = left + (align === 'center' ? slack / 2 : slack)
      document.fillColor(color)
      for (const run of splitRuns(text, weight, fonts)) {
        useFace(run.face, size)
        document.text(run.text, x, baseline, { lineBreak: false, baseline: 'alphabetic' })
        x += widthOf(run.face, run.text, size)
      }
    },
  }
}
