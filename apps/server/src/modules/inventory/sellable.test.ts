import { array, assert, integer, nat, property, record } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addDays } from '../../kernel/time.ts'
import { bundlesFrom, promiseableOn, promisesOf, sellableOf, type Supply } from './sellable.ts'

const level = record({ available: nat(30), safety_stock: nat(10) })
const date = nat(10).map((days) => addDays('2026-03-01', days))
const anySupply = record<Supply>({
  levels: array(level, { maxLength: 5 }), buffer: nat(8), backordered: nat(20),
  inbound: array(record({ expected_on: date, quantity: integer({ min: 1, max: 20 }) }), { maxLength: 5 }),
})

describe('what can be sold', () => {
  test('is available beyond the safety stock of each location, less buffer and queue', () => {
    const levels = [{ available: 10, safety_stock: 3 }, { available: 1, safety_stock: 4 }]
    expect(sellableOf({ levels, buffer: 2, backordered: 1 })).toBe(4)
    expect(sellableOf({ levels, buffer: 5, backordered: 5 })).toBe(0)
  })

  test('shrinks by exactly what is taken from where it can be sold, and never below zero', () => {
    assert(property(anySupply, nat(4), nat(30), (supply, place, wanted) => {
      const before = sellableOf(supply)
      expect(before).toBeGreaterThanOrEqual(0)
      const from = supply.levels[place]
      const taken = Math.min(before, wanted, from === undefined ? 0 : Math.max(0, from.available - from.safety_stock))
      const levels = supply.levels.map((one, i) => (i === place ? { ...one, available: one.available - taken } : one))
      expect(sellableOf({ ...supply, levels })).toBe(before - taken)
    }))
  })

  test('a queue or a buffer larger by one takes at most one', () => {
    assert(property(anySupply, (supply) => {
      for (const less of [sellableOf({ ...supply, buffer: supply.buffer + 1 }), sellableOf({ ...supply, backordered: supply.backordered + 1 })]) {
        expect([0, 1]).toContain(sellableOf(supply) - less)
      }
    }))
  })
})

describe('what can be promised', () => {
  test('grows with time, from what can be sold to all that is expected', () => {
    assert(property(anySupply, (supply) => {
      const promises = promisesOf(supply)
      const quantities = [promiseableOn(supply, '2026-01-01'), ...promises.map(({ quantity }) => quantity)]
      expect(quantities[0]).toBe(sellableOf(supply))
      expect(quantities.toSorted((a, b) => a - b)).toEqual(quantities)
      const expected = supply.inbound.reduce((sum, { quantity }) => sum + quantity, 0)
      expect(promiseableOn(supply, '2027-01-01')).toBe(sellableOf({ ...supply, levels: [...supply.levels, { available: expected, safety_stock: 0 }] }))
    }))
  })

  test('goods of a day can be promised for that day, and orders that wait come first', () => {
    const supply: Supply = { levels: [], buffer: 0, backordered: 4, inbound: [{ expected_on: '2026-03-05', quantity: 3 }, { expected_on: '2026-03-09', quantity: 3 }] }
    expect(promisesOf(supply)).toEqual([{ date: '2026-03-05', quantity: 0 }, { date: '2026-03-09', quantity: 2 }])
    expect([promiseableOn(supply, '2026-03-08'), promiseableOn(supply, '2026-03-09')]).toEqual([0, 2])
  })
})

describe('bundles', () => {
  test('are as many as the components make, and not one more', () => {
    assert(property(array(record({ quantity: integer({ min: 1, max: 5 }), units: nat(40) }), { minLength: 1, maxLength: 5 }), (components) => {
      const bundles = bundlesFrom(components)
      expect(components.every(({ quantity, units }) => quantity * bundles <= units)).toBe(true)
      expect(components.some(({ quantity, units }) => quantity * (bundles + 1) > units)).toBe(true)
    }))
  })

  test('without components there is none', () => {
    expect(bundlesFrom([])).toBe(0)
  })
})
