import { expect, test } from 'vitest'
import { standardFonts } from './fonts.ts'
import { renderPackingSlips, type PackingSlip } from './packing-slip.ts'
import { ATHENS, countPages, makeSlip, readPdfText } from './test-support.ts'

const render = (slips: [PackingSlip, ...PackingSlip[]], size: 'a4' | 'letter' = 'a4'): Promise<Uint8Array> => renderPackingSlips(slips, { size, fonts: standardFonts() })

test('one line is one page with everything a customer checks', async () => {
  const parcel = { package_number: 1, package_count: 2, carrier_name: 'Switchyard', service_name: 'Next Day', tracking_number: 'SY000000012344', weight_grams: 1240 }
  const pdf = await render([makeSlip(1, { package: parcel, gift_note: 'Happy birthday!\nYour team', returns_hint: '30 days.' })])
  expect(countPages(pdf)).toBe(1)
  const text = readPdfText(pdf)
  for (const part of ['Harbour & Pine', 'WEB-100234', '2 Mar 2026', '4 Mar 2026', 'Amelia Clarke', 'SKU-1', 'Article 1', '1 of 2', 'SY 0000 0001 2344', 'Happy birthday!', 'Your team', '30 days.', 'Page 1 of 1']) {
    expect(text).toContain(part)
  }
  expect(text).not.toContain('TO FOLLOW')
})

test('many lines take many pages, each with its head and number, and none is lost', async () => {
  const pdf = await render([makeSlip(200)], 'letter')
  const text = readPdfText(pdf).split('\n')
  const pages = countPages(pdf)
  expect(pages).toBeGreaterThan(5)
  for (let index = 1; index <= 200; index++) expect(text.filter((line) => line === `SKU-${index}`)).toHaveLength(1)
  expect(text.filter((line) => line === 'SKU')).toHaveLength(pages)
  expect(text.filter((line) => line === 'Order WEB-100234, continued')).toHaveLength(pages - 1)
  for (let page = 1; page <= pages; page++) expect(text).toContain(`Page ${page} of ${pages}`)
})

test('slips of one file count their own pages', async () => {
  const text = readPdfText(await render([makeSlip(1), makeSlip(60), makeSlip(1)]))
  expect(text.match(/Page 1 of 1/g)).toHaveLength(2)
  expect(text.match(/Page 1 of [2-9]/g)).toHaveLength(1)
})

test('what follows has its column and its total', async () => {
  const line = { sku: 'A', description: 'a', quantity_ordered: 5, quantity_in_package: 2, quantity_to_follow: 3 }
  const text = readPdfText(await render([makeSlip(0, { lines: [line, line] })])).split('\n')
  expect(text).toContain('TO FOLLOW')
  expect(text.filter((part) => ['10', '4', '6'].includes(part))).toEqual(['10', '4', '6'])
})

test('odd content neither crashes nor runs on', async () => {
  const long = 'word '.repeat(3000)
  const pdf = await render([makeSlip(1, { ship_to: ATHENS, brand_name: 'B'.repeat(300), order_number: 'Ω'.repeat(80), gift_note: long, customer_note: '\n\n', returns_hint: '\u0000🎁' })])
  expect(countPages(pdf)).toBeLessThanOrEqual(2)
  expect(countPages(await render([makeSlip(0)]))).toBe(1)
})

test('the same slip gives the same bytes', async () => {
  expect(Buffer.compare(await renderPackingSlips([makeSlip(3)], { size: 'a4' }), await renderPackingSlips([makeSlip(3)], { size: 'a4' }))).toBe(0)
})
