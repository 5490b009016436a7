import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { renderLabelPdf } from './label-pdf.ts'
import { formatDay, formatWeight, groupDigits, LABEL_SIZES, layoutLabel, type Label } from './label.ts'
import { standardFonts } from './fonts.ts'
import { ATHENS, countPages, LABEL, LEEDS, readPdfText } from './test-support.ts'
import type { Measure } from './typeset.ts'

const measure: Measure = (text, size) => Array.from(text).length * size * 0.55

test('no mark leaves the page and no line its box, whatever the names are', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 120 })
  const address = fc.record({ name: text, company: text, lines: fc.array(text, { maxLength: 7 }), city: text, region: text, postal_code: text, country: fc.constantFrom('GB', 'PL', 'US'), phone: text })
  const labels = fc.record({ from: address, to: address, note: fc.option(text), references: fc.array(text, { maxLength: 8 }), order_number: text, tracking_number: text, service_name: text, carrier_name: text, routing_zone: fc.option(text) })
  fc.assert(fc.property(labels, fc.constantFrom('4x6' as const, '100x150' as const), (fields, size) => {
    const page = LABEL_SIZES[size]
    let last = 0
    for (const mark of layoutLabel({ ...LABEL, ...fields }, size, measure)) {
      const [top, bottom] = mark.kind === 'text' ? [mark.baseline - mark.size, mark.baseline] : [mark.y, mark.y + mark.height]
      expect(mark.x).toBeGreaterThanOrEqual(0)
      expect(mark.x + mark.width).toBeLessThanOrEqual(page.width)
      expect(top).toBeGreaterThanOrEqual(0)
      expect(bottom).toBeLessThanOrEqual(page.height)
      if (mark.kind === 'text') expect(measure(mark.text, mark.size, mark.weight)).toBeLessThanOrEqual(mark.width + 0.01)
      if (mark.kind === 'code128') last = mark.y
    }
    expect(last).toBeGreaterThanOrEqual(0)
  }), { numRuns: 150 })
})

test('the recipient ends above the barcode', () => {
  const to = { ...ATHENS, lines: Array.from({ length: 9 }, (_, index) => `A street line that is rather long, number ${index}`) }
  const marks = layoutLabel({ ...LABEL, to, note: 'CASH £5' }, '4x6', measure)
  const code = marks.find((mark) => mark.kind === 'code128')
  const note = marks.find((mark) => mark.kind === 'text' && mark.text === 'CASH £5')
  const country = marks.find((mark) => mark.kind === 'text' && mark.text === 'GREECE')
  if (code?.kind !== 'code128' || note?.kind !== 'text' || country?.kind !== 'text') throw new Error('a mark is missing')
  expect(country.baseline).toBeLessThan(note.baseline - note.size)
  expect(note.baseline).toBeLessThan(code.y)
})

test('the PDF holds the label and one page for each', async () => {
  const pdf = await renderLabelPdf([LABEL, { ...LABEL, to: ATHENS, note: 'SIGNATURE' }], { size: '4x6', fonts: standardFonts() })
  expect(countPages(pdf)).toBe(2)
  const text = readPdfText(pdf)
  for (const part of ['Next Day', 'Z3', 'Amelia Clarke', 'LS6 2AB', 'SY 0000 0001 2344', 'WEB-100234', 'PO 4711', '1 of 2', '1.24 kg', '4 Mar 2026', 'Eleytheria Papadopoyloy', 'GREECE', 'SIGNATURE']) {
    expect(text).toContain(part)
  }
})

test('the same label gives the same bytes', async () => {
  const render = async (label: Label): Promise<string> => Buffer.from(await renderLabelPdf([label], { size: '100x150' })).toString('latin1')
  expect(await render(LABEL)).toBe(await render({ ...LABEL }))
  expect(await render(LABEL)).not.toBe(await render({ ...LABEL, to: { ...LEEDS, name: 'Amelia Clark' } }))
})

test('a tracking number that no barcode can hold is printed alone', () => {
  const marks = layoutLabel({ ...LABEL, tracking_number: 'ΑΒΓ' }, '4x6', measure)
  expect(marks.some((mark) => mark.kind === 'code128')).toBe(false)
  expect(marks.some((mark) => mark.kind === 'text' && mark.text === 'ΑΒΓ')).toBe(true)
})

test('facts are written for people', () => {
  expect(groupDigits('SY000000012344')).toBe('SY 0000 0001 2344')
  expect(groupDigits('RR123456785GB')).toBe('RR 1 2345 6785 GB')
  expect(groupDigits('1Z999AA10123456784')).toBe('1Z999AA10123456784')
  expect(formatWeight(1)).toBe('0.01 kg')
  expect(formatWeight(1241)).toBe('1.25 kg')
  expect(formatDay('2026-03-04')).toBe('4 Mar 2026')
})
