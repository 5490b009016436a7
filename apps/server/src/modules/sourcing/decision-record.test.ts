import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Decision } from './decision.ts'
import { channelRecord, readAsked, readRecord, writeAsked, writeRecord } from './decision-record.ts'
import { candidateOf, demandOf, levelsOf, lineOf, strategyOf } from './fixtures.ts'
import { planOrder } from './plan.ts'
import { createStockView } from './stock-view.ts'

const CODES = ['LEEDS', 'LONDON', 'YORK']
const NAMES = { location: (code: string) => (CODES.includes(code) ? CODES.indexOf(code) : code), line: (lineId: string) => Number(lineId.slice(5)) }
const KEYS = { location: (place: number | string) => (typeof place === 'string' ? place : CODES[place]!), line: (number: number) => `line-${number}` }
const throughJson = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T

/** Orders that are filled, split, short, reserved in part, asked again. */
const orders = fc.record({
  stock: fc.array(fc.nat(4), { minLength: 6, maxLength: 6 }),
  wanted: fc.array(fc.record({ variant: fc.constantFrom('mug', 'tea'), quantity: fc.integer({ min: 1, max: 4 }), tags: fc.constantFrom([], ['fragile']), excluded: fc.constantFrom([], ['id-YORK']) }), { minLength: 1, maxLength: 3 }),
  given: fc.record({
    method: fc.constantFrom('ship' as const, 'pickup' as const), pickup_location_id: fc.constantFrom(null, 'id-YORK'), requires: fc.constantFrom([], ['gift_wrap']), location_groups: fc.constantFrom(null, ['g1']),
    destination: fc.constantFrom(null, { country: 'GB', region: null, postal_code: null, po_box: true, coordinates: null }, { country: 'GB', region: 'Leeds', postal_code: 'LS1 4AP', po_box: false, coordinates: { latitude: 53.8, longitude: -1.55 } }),
    shipping_method: fc.constantFrom('standard', 'next_day'), custom_fields: fc.constantFrom({}, { gift: true }), customer: fc.constantFrom(null, { customer_group: null, tags: ['vip'], first_order: true }),
    order_value: fc.constantFrom(null, { amount: 1_250n, currency: 'GBP' }, { amount: 3n, currency: 'JPY' }), latest_ship_at: fc.constantFrom(null, new Date('2026-03-03T17:00:00Z')),
    buffer: fc.constantFrom(null, 0, 2), on_shortage: fc.constantFrom('refuse' as const, 'backorder' as const, 'hold' as const), max_locations: fc.constantFrom(null, 1, 2), serving_location_ids: fc.constantFrom([], ['id-LEEDS']),
  }),
})

test('decisions and demands come back as they were written', () => {
  const channel = channelRecord(demandOf([], { location_groups: null, order_value: { amount: 1n, currency: 'GBP' } }), 2)
  fc.assert(fc.property(orders, ({ stock, wanted, given }) => {
    const lines = wanted.map(({ variant, quantity, tags, excluded }, i) => lineOf(`line-${i + 1}`, variant, quantity, { tags, excluded_location_ids: excluded }))
    const demand = demandOf(lines, { ...given, buffer: given.buffer === null ? null : 2 })
    const levels = levelsOf(Object.fromEntries(CODES.map((code, i) => [code, { mug: stock[2 * i]!, tea: stock[2 * i + 1]! }])))
    const { decision } = planOrder(demand, CODES.map((code) => candidateOf(code, { groups: ['g1'] })), createStockView(levels), strategyOf({ split: { max_locations: 2, keep_lines_whole: false } }))
    const cost = { cost_version: 1, price_run: null, currency: 'GBP', total: 3, lower_bound: 2, terms: { freight: 3 } }
    const written: Decision = { ...decision, reserved: [{ location: 'GONE', lines: [{ line_id: 'line-1', quantity: 1 }] }], cost }
    const record = throughJson(writeRecord(written, NAMES, writeAsked(demand, channel, NAMES.line)))
    expect(readRecord(record, decision, KEYS)).toEqual(written)
    expect(readAsked(record.asked!, demand, channel, (number) => lines[number - 1]!)).toEqual(demand)
  }))
})
