import { array, assert, constantFrom, integer, nat, option, property, record, subarray } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { planReservations, type ReservationRequest } from './reservation-plan.ts'
import { keyOf } from './stock.ts'

const VARIANTS = ['v1', 'v2']
const PLACES = ['a', 'b', 'c']
const everywhere = new Set(PLACES)

function request(lines: ReservationRequest['lines'], more: Partial<ReservationRequest> = {}): ReservationRequest {
  return { lines, eligible: everywhere, preferred: [], buffer: 0, ...more }
}

const line = (quantity: number, location_id: string | null = null) => ({ variant_id: 'v1', location_id, quantity })
const at = (location_id: string, available: number, safety_stock = 0) => ({ variant_id: 'v1', location_id, available, safety_stock })
const NONE = new Map<string, number>()

describe('a reservation', () => {
  test('comes from one location where one has enough, else from few', () => {
    const levels = [at('a', 2), at('b', 5), at('c', 4)]
    expect(planReservations([request([line(5)])], { levels, backordered: NONE })[0]!.units).toEqual([{ variant_id: 'v1', location_id: 'b', quantity: 5 }])
    expect(planReservations([request([line(7)])], { levels, backordered: NONE })[0]!.units.map(({ location_id, quantity }) => [location_id, quantity])).toEqual([['b', 5], ['c', 2]])
  })

  test('takes preferred locations first and named ones alone', () => {
    const levels = [at('a', 2), at('b', 5), at('c', 4)]
    const plans = planReservations([request([line(3)], { preferred: ['c'] }), request([line(2, 'a')]), request([line(1, 'a')])], { levels, backordered: NONE })
    expect(plans[0]!.units).toMatchObject([{ location_id: 'c', quantity: 3 }])
    expect(plans[1]!.units).toMatchObject([{ location_id: 'a', quantity: 2 }])
    expect(plans[2]!.short).toEqual([{ variant_id: 'v1', location_id: 'a', requested: 1, sellable: 0 }])
  })

  test('leaves safety stock, buffer and what others wait for, and takes nothing where anything is short', () => {
    const stock = { levels: [at('a', 5, 1), { ...at('a', 9), variant_id: 'v2' }], backordered: new Map([['v1', 1]]) }
    expect(planReservations([request([line(2)], { buffer: 2 })], stock)[0]!.short).toEqual([{ variant_id: 'v1', location_id: null, requested: 2, sellable: 1 }])
    const plans = planReservations([request([line(9), { variant_id: 'v2', location_id: null, quantity: 9 }]), request([{ variant_id: 'v2', location_id: null, quantity: 9 }])], stock)
    expect(plans.map(({ units }) => units.length)).toEqual([0, 1])
  })
})

const anyLine = record({ variant_id: constantFrom(...VARIANTS), location_id: option(constantFrom(...PLACES)), quantity: integer({ min: 1, max: 6 }) })
const anyRequest = record({ lines: array(anyLine, { minLength: 1, maxLength: 4 }), eligible: subarray(PLACES).map((places) => new Set(places)), preferred: subarray(PLACES), buffer: nat(3) })
const anyLevels = array(record({ variant_id: constantFrom(...VARIANTS), location_id: constantFrom(...PLACES), available: nat(12), safety_stock: nat(3) }), { maxLength: 6 })
  .map((levels) => [...new Map(levels.map((level) => [keyOf(level), level])).values()])

test('no unit is promised twice, and every reservation gets exactly what it asked for or is told what is short', () => {
  assert(property(array(anyRequest, { maxLength: 8 }), anyLevels, nat(4), (requests, levels, waiting) => {
    const backordered = new Map([['v1', waiting]])
    const plans = planReservations(requests, { levels, backordered })
    for (const { variant_id, location_id, available, safety_stock } of levels) {
      const taken = plans.flatMap(({ units }) => units).filter((units) => units.variant_id === variant_id && units.location_id === location_id)
      expect(taken.reduce((sum, { quantity }) => sum + quantity, 0)).toBeLessThanOrEqual(Math.max(0, available - safety_stock))
    }
    for (const [i, { units, short }] of plans.entries()) {
      const { lines, eligible } = requests[i]!
      expect(units.length === 0).toBe(short.length > 0)
      if (short.length > 0) continue
      expect(units.every(({ location_id }) => eligible.has(location_id))).toBe(true)
      for (const variant_id of VARIANTS) {
        const sum = (of: readonly { variant_id: string; quantity: number }[]) => of.reduce((total, one) => total + (one.variant_id === variant_id ? one.quantity : 0), 0)
        expect(sum(units)).toBe(sum(lines))
      }
      for (const place of PLACES) {
        for (const variant_id of VARIANTS) {
          const named = lines.filter((one) => one.location_id === place && one.variant_id === variant_id).reduce((sum, { quantity }) => sum + quantity, 0)
          expect(units.find((one) => one.location_id === place && one.variant_id === variant_id)?.quantity ?? 0).toBeGreaterThanOrEqual(named)
        }
      }
    }
  }))
})

test('a reservation that could be met is met', () => {
  assert(property(anyLevels, integer({ min: 1, max: 40 }), (levels, quantity) => {
    const total = levels.filter(({ variant_id }) => variant_id === 'v1').reduce((sum, { available, safety_stock }) => sum + Math.max(0, available - safety_stock), 0)
    const [plan] = planReservations([request([line(quantity)])], { levels, backordered: NONE })
    expect(plan!.short.length === 0).toBe(quantity <= total)
  }))
})
