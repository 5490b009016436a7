import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeZplCode128, escapeField, renderLabelZpl } from './label-zpl.ts'
import { ATHENS, LABEL } from './test-support.ts'

const DATA = String.raw`[A-Za-z0-9 .,:;/()+#'"!?=*%@$_-]*`
/** Every line that we ever print; anything else is a command that came in with the data. */
const LINE = new RegExp(
  [
    String.raw`\^XA|\^CI28|\^PW\d+|\^LL\d+|\^LH0,0|\^PON|\^PQ1|\^XZ|`,
    String.raw`\^FO\d+,\d+\^GB\d+,\d+,\d+\^FS`,
    String.raw`\^FT\d+,\d+(\^A0N,\d+,\d+|\^A@N,\d+,\d+,E:TT0003M_\.TTF)(\^FR)?\^FH\^FD${DATA}\^FS`,
    String.raw`\^BY\d+,2,\d+\^FO\d+,\d+\^BCN,\d+,N,N,N,(A\^FH\^FD${DATA}|N\^FH\^FD>:(${DATA}|>[0<=])*)\^FS`,
  ].join('|').replace(/^/, '^(').replace(/$/, ')$'),
)

const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.array(fc.constantFrom('^XA', '^XZ', '~JA', '^FS', '^FD', '\\&', '_5E', '_', '>', '>8', '\n', '\r\n', '^', '~', 'Łódź', '🎁', '\u0000', '^DFE:X.ZPL'), { maxLength: 12 }).map((parts) => parts.join('')),
)

test('no name can hold a command', () => {
  fc.assert(fc.property(fc.array(hostile, { minLength: 12, maxLength: 12 }), fc.constantFrom(203 as const, 300 as const), fc.boolean(), (texts, dpi, unicode) => {
    const text = (index: number): string => texts[index]!
    const to = { name: text(0), company: text(1), lines: [text(2), text(3)], city: text(4), region: text(5), postal_code: text(6), country: text(7), phone: text(8) }
    const label = { ...LABEL, to, from: to, note: text(9), references: [text(10)], order_number: text(11), tracking_number: text(0), routing_zone: text(1), service_name: text(2), carrier_name: text(3) }
    const zpl = renderLabelZpl([label], { size: '4x6', dpi, ...(unicode ? { unicode_font: 'E:TT0003M_.TTF' } : {}) })
    for (const printed of zpl.split('\n')) expect(printed).toMatch(LINE)
    expect(zpl.match(/\^XA/g)).toHaveLength(1)
  }), { numRuns: 300 })
})

test('escapes are read back as the text', () => {
  fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => {
    const bytes = escapeField(text).replaceAll(/_([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    expect(Buffer.from(bytes, 'latin1').toString()).toBe(text.toWellFormed())
  }))
  expect(escapeField('^XA~_\\ Łó')).toBe('_5EXA_7E_5F_5C _C5_81_C3_B3')
})

test('barcodes are as wide as their modules and keep special characters', () => {
  expect(encodeZplCode128('SY000000012344')).toEqual({ data: 'SY000000012344', mode: 'A', module_count: 134 })
  expect(encodeZplCode128('A>B^C~')).toEqual({ data: '>:A>0B><C>=', mode: 'N', module_count: 101 })
})

test('the label is printed in dots of its printer', () => {
  const zpl = renderLabelZpl([LABEL], { size: '4x6', dpi: 203 })
  expect(zpl).toContain('^PW812\n^LL1218')
  expect(zpl).toContain('^FDSY 0000 0001 2344^FS')
  expect(renderLabelZpl([LABEL], { size: '4x6', dpi: 300 })).toContain('^PW1200\n^LL1800')
  expect(renderLabelZpl([LABEL], { size: '100x150', dpi: 203 })).toContain('^PW799\n^LL1199')
  expect(renderLabelZpl([LABEL, LABEL], { size: '4x6', dpi: 203 })).toBe(zpl + zpl)
})

test('a backslash is no line break', () => {
  expect(renderLabelZpl([{ ...LABEL, note: 'Left \\& right' }], { size: '4x6', dpi: 203 })).toContain('^FDLeft /_26 right^FS')
})

test('letters the printer may lack are spelled, or set in the font that has them', () => {
  const label = { ...LABEL, to: ATHENS }
  expect(renderLabelZpl([label], { size: '4x6', dpi: 203 })).toContain('^FDEleytheria Papadopoyloy^FS')
  const unicode = renderLabelZpl([label], { size: '4x6', dpi: 203, unicode_font: 'E:TT0003M_.TTF' })
  expect(unicode).toMatch(/\^A@N,\d+,\d+,E:TT0003M_\.TTF\^FH\^FD_CE_95/)
  expect(() => renderLabelZpl([label], { size: '4x6', dpi: 203, unicode_font: 'E:X.TTF^FS^XZ' })).toThrow('printer font')
})
