import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { standardFonts } from './fonts.ts'
import { nameTote, planPickStops, renderPickList, type PickLine, type PickList } from './pick-list.ts'
import { countPages, readPdfText } from './test-support.ts'

const line = (sku: string, bin: string | null, quantity: number): PickLine => ({ sku, bin, quantity, description: `About ${sku}`, gtin: null })
const order = (order_number: string, ...lines: PickLine[]): PickList['orders'][number] => ({ order_number, lines, service_name: 'Next Day', ship_by: new Date('2026-06-04T14:30:00Z') })
const list = (...orders: PickList['orders'][number][]): PickList => ({
  location_name: 'Bristol', time_zone: 'Europe/London', pick_list_number: 'WAVE-17', created_at: new Date('2026-06-04T10:00:00Z'), orders,
})

test('the walk goes by bin and SKU and picks each SKU of a bin once', () => {
  const stops = planPickStops([order('1', line('B', 'A10', 1), line('A', null, 1)), order('2', line('Z', 'A2', 1), line('B', 'A10', 2)), order('3', line('A', 'A10', 4))])
  expect(stops.map(({ bin, sku, quantity }) => [bin, sku, quantity])).toEqual([['A2', 'Z', 1], ['A10', 'A', 4], ['A10', 'B', 3], [null, 'A', 1]])
  expect(stops[2]!.totes).toEqual([{ tote: 'A', quantity: 1 }, { tote: 'B', quantity: 2 }])
})

test('no unit is lost or doubled', () => {
  const lines = fc.array(fc.record({ sku: fc.constantFrom('A', 'B', 'C'), bin: fc.constantFrom('1', '2', null), quantity: fc.integer({ min: 1, max: 9 }) }), { maxLength: 8 })
  fc.assert(fc.property(fc.array(lines, { minLength: 1, maxLength: 5 }), (orders) => {
    const stops = planPickStops(orders.map((of, index) => order(String(index), ...of.map(({ sku, bin, quantity }) => line(sku, bin, quantity)))))
    for (const [index, of] of orders.entries()) {
      const tote = stops.flatMap(({ totes }) => totes).filter((part) => part.tote === nameTote(index))
      expect(tote.reduce((sum, { quantity }) => sum + quantity, 0)).toBe(of.reduce((sum, { quantity }) => sum + quantity, 0))
    }
    for (const stop of stops) expect(stop.totes.reduce((sum, { quantity }) => sum + quantity, 0)).toBe(stop.quantity)
    expect(new Set(stops.map(({ bin, sku }) => `${bin} ${sku}`)).size).toBe(stops.length)
  }))
})

test('totes have letters that nobody confuses with digits', () => {
  const names = Array.from({ length: 700 }, (_, index) => nameTote(index))
  expect(names.slice(0, 9)).toEqual(['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J'])
  expect(names[24]).toBe('AA')
  expect(new Set(names).size).toBe(700)
  expect(names.join('')).not.toMatch(/[IO]/)
})

test('the list shows place, counts, totes and stops', async () => {
  const text = readPdfText(await renderPickList(list(order('WEB-1', line('MUG', 'A1', 2)), order('WEB-2', line('MUG', 'A1', 1), line('LAMP', null, 1))), { size: 'a4', fonts: standardFonts() })).split('\n')
  expect(text).toEqual(expect.arrayContaining(['Bristol', '2 lines · 4 units · 2 orders', 'Printed 4 Jun 2026 11:00', 'WAVE-17', 'WEB-1', 'WEB-2', 'A', 'B', 'A1', 'MUG', '3', 'no bin', 'LAMP', 'Page 1 of 1']))
  expect(text).toContain('\u00d72')
  expect(text).toContain('2 units · Next Day · by 4 Jun 2026 15:30')
})

test('long lists have pages and one order needs no totes', async () => {
  const many = Array.from({ length: 80 }, (_, index) => line(`SKU-${index}`, `B${index}`, 1))
  const pdf = await renderPickList(list(order('WEB-1', ...many)), { size: 'letter', fonts: standardFonts() })
  const text = readPdfText(pdf).split('\n')
  const pages = countPages(pdf)
  expect(pages).toBeGreaterThan(4)
  for (let index = 0; index < 80; index++) expect(text).toContain(`B${index}`)
  expect(text.filter((part) => part === 'BIN')).toHaveLength(pages)
  expect(text).not.toContain('\u00d71')
  expect(text).toEqual(expect.arrayContaining(['Order WEB-1 · Next Day', 'Ship by 4 Jun 2026 15:30']))
})
