import bwipjs from 'bwip-js/node'
import { assert } from '../../kernel/assert.ts'
import { showGtin } from '../../kernel/gtin.ts'

/**
 * Barcodes as modules: bars and cells in units of the narrowest element. They are drawn as filled rectangles, so that
 * they stay sharp on every printer; a picture of a barcode is resampled and stops scanning.
 */
export type Barcode =
  | { kind: 'linear'; /** Widths of bar, space, bar, … */ widths: readonly number[]; module_count: number }
  | { kind: 'matrix'; columns: number; rows: number; /** One row after the other, 1 is dark. */ cells: readonly number[] }

export type Symbology = 'code128' | 'ean8' | 'ean13' | 'gs1-128' | 'qrcode' | 'datamatrix'

/** The part of pdfkit that drawing needs. */
type Canvas = { rect: (x: number, y: number, width: number, height: number) => unknown; fill: (color: string) => unknown }

/** Whether Code 128 can hold the text: printable ASCII, and short enough to scan. Callers print the text alone otherwise. */
export function fitsCode128(text: string): boolean {
  return /^[\x20-\x7e]{1,48}$/.test(text)
}

/**
 * The modules of a barcode. The text must suit the symbology: printable ASCII for Code 128 (`fitsCode128`), digits
 * with a right check digit for EAN, `gs1Text` for GS1-128, anything for QR and Data Matrix (as UTF-8).
 */
export function encodeBarcode(symbology: Symbology, text: string): Barcode {
  if (symbology === 'code128') assert(fitsCode128(text), 'Code 128 holds 1 to 48 printable ASCII characters')
  const options = symbology === 'qrcode' ? { eclevel: 'M' as const } : {}
  // oxlint-disable-next-line import/no-named-as-default-member -- the export named `raw` is another function than the types say
  const [symbol] = bwipjs.raw({ bcid: symbology, text, ...options })
  assert(symbol !== undefined, `${symbology} has a symbol`)
  if ('sbs' in symbol) return { kind: 'linear', widths: symbol.sbs, module_count: symbol.sbs.reduce((a, b) => a + b, 0) }
  return { kind: 'matrix', columns: symbol.pixx, rows: symbol.pixy, cells: symbol.pixs }
}

/** The text of a GS1-128 symbol from its elements: `(00)…` for an SSCC, `(01)…(10)…` for a GTIN with a lot. */
export function gs1Text(elements: readonly { application_identifier: string; value: string }[]): string {
  return elements
    .map(({ application_identifier, value }) => {
      assert(/^\d{2,4}$/.test(application_identifier), 'a GS1 application identifier has 2 to 4 digits')
      assert(/^[!-'*-~]+$/.test(value), 'a GS1 value is ASCII without spaces and parentheses')
      return `(${application_identifier})${value}`
    })
    .join('')
}

/** The symbol that names a product on paper: its EAN where the GTIN has one, else GS1-128 with the GTIN. */
export function encodeGtin(gtin14: string): Barcode {
  const shown = showGtin(gtin14)
  if (shown.length === 8) return encodeBarcode('ean8', shown)
  if (shown.length === 13) return encodeBarcode('ean13', shown)
  return encodeBarcode('gs1-128', gs1Text([{ application_identifier: '01', value: gtin14 }]))
}

/**
 * Draws into the box: a linear symbol fills its width and height, a matrix fills the largest square from the top left.
 * Quiet zones (10 modules beside linear symbols, 4 around QR, 1 around Data Matrix) are the caller's to leave free.
 */
export function drawBarcode(canvas: Canvas, code: Barcode, box: { x: number; y: number; width: number; height: number }): void {
  if (code.kind === 'linear') {
    const module = box.width / code.module_count
    let x = box.x
    for (const [index, width] of code.widths.entries()) {
      if (index % 2 === 0) canvas.rect(x, box.y, width * module, box.height)
      x += width * module
    }
  } else {
    drawCells(canvas, code, box)
  }
  // One path for all bars: rectangles filled one by one show hairlines where they touch.
  canvas.fill('#000')
}

function drawCells(canvas: Canvas, code: Barcode & { kind: 'matrix' }, box: { x: number; y: number; width: number; height: number }): void {
  const cell = Math.min(box.width / code.columns, box.height / code.rows)
  for (let row = 0; row < code.rows; row++) {
    for (let column = 0; column < code.columns; column++) {
      if (code.cells[row * code.columns + column] !== 1) continue
      const start = column
      while (column + 1 < code.columns && code.cells[row * code.columns + column + 1] === 1) column++
      canvas.rect(box.x + start * cell, box.y + row * cell, (column - start + 1) * cell, cell)
    }
  }
}
