import { expect, test } from 'vitest'
import { drawBarcode, encodeBarcode, encodeGtin, fitsCode128, gs1Text } from './barcode.ts'

test('symbols have the modules of their standards', () => {
  expect(encodeBarcode('ean13', '4006381333931')).toMatchObject({ kind: 'linear', module_count: 95 })
  expect(encodeBarcode('ean8', '96385074')).toMatchObject({ kind: 'linear', module_count: 67 })
  // Start, S, Y, code C, six pairs, check: eleven symbols of 11 modules, and a stop of 13.
  expect(encodeBarcode('code128', 'SY000000012344')).toMatchObject({ kind: 'linear', module_count: 134 })
  expect(encodeBarcode('qrcode', 'Łódź')).toMatchObject({ kind: 'matrix', columns: 21, rows: 21 })
  expect(encodeBarcode('datamatrix', '123456')).toMatchObject({ kind: 'matrix', columns: 10, rows: 10 })
})

test('a GTIN takes the symbol that stands on the product', () => {
  expect(encodeGtin('00000096385074')).toMatchObject({ module_count: 67 })
  expect(encodeGtin('04006381333931')).toMatchObject({ module_count: 95 })
  expect(encodeGtin('15012345678907')).toEqual(encodeBarcode('gs1-128', '(01)15012345678907'))
})

test('a barcode never holds something else than its text', () => {
  expect(fitsCode128('Αθήνα')).toBe(false)
  expect(fitsCode128('')).toBe(false)
  expect(() => encodeBarcode('code128', 'Αθήνα')).toThrow('ASCII')
  expect(() => encodeBarcode('ean13', '4006381333932')).toThrow(/checksum|check digit/i)
  expect(() => gs1Text([{ application_identifier: '10', value: 'A(01)' }])).toThrow('parentheses')
})

test('bars fill their box, in one path', () => {
  const rects: number[][] = []
  const fills: string[] = []
  const canvas = { rect: (...box: number[]) => void rects.push(box), fill: (color: string) => void fills.push(color) }
  const code = encodeBarcode('ean13', '4006381333931')
  drawBarcode(canvas, code, { x: 10, y: 20, width: 190, height: 30 })
  expect(rects).toHaveLength(30)
  expect(rects[0]).toEqual([10, 20, 2, 30])
  expect(rects.at(-1)![0]! + rects.at(-1)![2]!).toBeCloseTo(200)
  expect(fills).toEqual(['#000'])
})

test('the cells of a matrix are drawn once each', () => {
  let area = 0
  const code = encodeBarcode('qrcode', 'https://example.com')
  drawBarcode({ rect: (_x, _y, width, height) => (area += width * height), fill: () => undefined }, code, { x: 0, y: 0, width: 100, height: 100 })
  expect(code.kind).toBe('matrix')
  if (code.kind === 'matrix') expect(area).toBeCloseTo(code.cells.filter((cell) => cell === 1).length * (100 / code.columns) ** 2)
})
