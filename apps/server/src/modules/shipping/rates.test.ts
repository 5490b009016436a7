import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { DEFAULT_RATE_TABLE } from './default-rates.ts'
import { validateRateTable } from './rate-check.ts'
import { quoteAllRates, quoteRate, type RateRequest, type RateTable } from './rates.ts'

const request = (change: Partial<RateRequest> = {}): RateRequest => ({ service: 'standard', country: null, distance_km: 100, weight_grams: 900, dimensions_mm: null, ...change })
const quote = (change: Partial<RateRequest> = {}, table = DEFAULT_RATE_TABLE): ReturnType<typeof quoteRate> => quoteRate(table, request(change))

test('the default table is right', () => {
  expect(validateRateTable(DEFAULT_RATE_TABLE)).toEqual([])
})

test('distance, weight and service make the price', () => {
  expect(quote()).toEqual({ outcome: 'quoted', service: 'standard', amount: 345n, currency: 'GBP', zone: 'R', billed_weight_grams: 900, transit_days: { min: 1, max: 2 } })
  expect(quote({ distance_km: 40 })).toMatchObject({ zone: 'L', amount: 295n })
  expect(quote({ distance_km: 40.1 })).toMatchObject({ zone: 'R' })
  expect(quote({ weight_grams: 1000 })).toMatchObject({ amount: 345n })
  expect(quote({ weight_grams: 1000.4 })).toMatchObject({ amount: 395n, billed_weight_grams: 1001 })
  // 345 × 85 % = 293.25 and 395 × 85 % = 335.75
  expect(quote({ service: 'economy' })).toMatchObject({ amount: 293n })
  expect(quote({ service: 'economy', weight_grams: 1500 })).toMatchObject({ amount: 336n })
  expect(quote({ service: 'same_day', distance_km: 3 })).toMatchObject({ amount: 995n })
})

test('a light parcel that is large is billed by its size', () => {
  // 40 × 30 × 25 cm = 30,000 cm³, a fifth of a gram each
  expect(quote({ dimensions_mm: { length: 400, width: 300, height: 250 } })).toMatchObject({ billed_weight_grams: 6000, amount: 695n })
  expect(quote({ dimensions_mm: { length: 400, width: 300, height: 250.01 } })).toMatchObject({ billed_weight_grams: 6001 })
  expect(quote({ weight_grams: 7000, dimensions_mm: { length: 400, width: 300, height: 250 } })).toMatchObject({ billed_weight_grams: 7000 })
  expect(quote({ dimensions_mm: { length: 400, width: 300, height: 250 } }, { ...DEFAULT_RATE_TABLE, dimensional_divisor: null })).toMatchObject({ billed_weight_grams: 900 })
})

test('countries have their zones', () => {
  expect(quote({ country: 'fr', distance_km: null })).toMatchObject({ zone: 'E1' })
  expect(quote({ country: 'JP', distance_km: null })).toMatchObject({ zone: 'W2' })
  expect(quote({ country: 'JE', distance_km: null })).toMatchObject({ zone: 'N' })
  expect(quote({ country: 'GB', distance_km: 10 })).toMatchObject({ zone: 'L' })
})

test('refusals say why', () => {
  const code = (change: Partial<RateRequest>): string => {
    const answer = quote(change)
    return answer.outcome === 'refused' ? answer.code : answer.outcome
  }
  expect(code({ service: 'rocket' })).toBe('unknown_service')
  expect(code({ distance_km: null })).toBe('distance_needed')
  expect(code({ distance_km: 5000 })).toBe('destination_not_served')
  expect(code({ service: 'next_day', country: 'FR' })).toBe('service_not_in_zone')
  expect(code({ weight_grams: 30_001 })).toBe('too_heavy')
  const narrow = { ...DEFAULT_RATE_TABLE, country_groups: [] }
  expect(quote({ country: 'FR' }, narrow)).toMatchObject({ outcome: 'refused', code: 'destination_not_served' })
})

test('all services are offered, the cheapest first', () => {
  const { service: _, ...parcel } = request({ distance_km: 5 })
  expect(quoteAllRates(DEFAULT_RATE_TABLE, parcel).map(({ service }) => service)).toEqual(['economy', 'standard', 'next_day', 'same_day'])
})

test('heavier is never cheaper, and farther never within the country', () => {
  const weight = fc.integer({ min: 0, max: 30_000 })
  const distance = fc.double({ min: 0, max: 1200, noNaN: true })
  fc.assert(fc.property(weight, weight, distance, distance, fc.constantFrom('economy', 'standard', 'next_day', 'same_day'), (a, b, near, far, service) => {
    const amount = (weight_grams: number, distance_km: number): bigint | undefined => {
      const answer = quote({ weight_grams, distance_km, service })
      return answer.outcome === 'quoted' ? answer.amount : undefined
    }
    const [light, heavy] = [amount(Math.min(a, b), near), amount(Math.max(a, b), near)]
    if (light !== undefined && heavy !== undefined) expect(light <= heavy).toBe(true)
    const [close, distant] = [amount(a, Math.min(near, far)), amount(a, Math.max(near, far))]
    if (close !== undefined && distant !== undefined) expect(close <= distant).toBe(true)
  }))
})

/** Tables of one to four zones and steps that only grow. */
const tables: fc.Arbitrary<RateTable> = fc.record({
  zone_count: fc.integer({ min: 1, max: 4 }),
  steps: fc.array(fc.record({ grams: fc.integer({ min: 1, max: 5000 }), more: fc.array(fc.nat(900), { minLength: 4, maxLength: 4 }) }), { minLength: 1, maxLength: 6 }),
  factor_percent: fc.integer({ min: 1, max: 300 }),
}).map(({ zone_count, steps, factor_percent }) => {
  const zones = Array.from({ length: zone_count }, (_, index) => ({ code: `Z${index}`, name: '' }))
  let max_grams = 0
  const sums = [0, 0, 0, 0]
  const weight_steps = steps.map(({ grams, more }) => {
    max_grams += grams
    return { max_grams, amounts: Object.fromEntries(zones.map(({ code }, index) => [code, (sums[index]! += more[index]!)])) }
  })
  return {
    currency: 'EUR', origin_country: 'DE', zones, weight_steps, dimensional_divisor: null, max_weight_grams: max_grams, country_groups: [],
    distance_bands: zones.map(({ code }, index) => ({ max_km: 100 * (index + 1), zone: code })),
    services: [{ code: 's', name: 's', factor_percent, weight_steps: null, transit_days: Object.fromEntries(zones.map(({ code }) => [code, { min: 1, max: 2 }])) }],
  }
})

test('a table without errors prices every parcel it promises to', () => {
  fc.assert(fc.property(tables, fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), (table, weight, distance) => {
    expect(validateRateTable(table)).toEqual([])
    const answer = quoteRate(table, request({ service: 's', weight_grams: weight * table.max_weight_grams, distance_km: distance * 100 * table.zones.length }))
    expect(answer.outcome).toBe('quoted')
  }))
})

test('each defect has its place and code', () => {
  const errors = (change: Partial<RateTable>): string[] => validateRateTable({ ...DEFAULT_RATE_TABLE, ...change }).map(({ pointer, code }) => `${pointer} ${code}`)
  const [first, second, ...rest] = DEFAULT_RATE_TABLE.weight_steps
  const service = DEFAULT_RATE_TABLE.services[0]!
  expect(errors({ currency: 'XXQ' })).toEqual(['/currency unknown_currency'])
  expect(errors({ dimensional_divisor: 0 })).toEqual(['/dimensional_divisor not_positive'])
  expect(errors({ max_weight_grams: 40_000 })).toEqual(['/services/3/weight_steps weight_not_covered', '/weight_steps weight_not_covered'])
  expect(errors({ weight_steps: [second!, first!, ...rest] })).toContain('/weight_steps/1/max_grams not_ascending')
  expect(errors({ weight_steps: [first!, { ...second!, amounts: { ...second!.amounts, L: first!.amounts['L']! - 1 } }, ...rest] })).toEqual(['/weight_steps/1/amounts/L cheaper_when_heavier'])
  expect(errors({ weight_steps: [{ ...first!, amounts: { ...first!.amounts, L: 1.5, 'A/B~': 2 } }, second!, ...rest] })).toEqual(['/weight_steps/0/amounts/L not_an_amount', '/weight_steps/0/amounts/A~1B~0 unknown_zone'])
  expect(errors({ weight_steps: [{ ...first!, amounts: { L: 1 } }, second!, ...rest] })).toContain('/weight_steps/0/amounts amount_missing')
  expect(errors({ distance_bands: [{ max_km: 5, zone: 'L' }, { max_km: 5, zone: 'Q' }] })).toEqual(['/distance_bands/1/max_km not_ascending', '/distance_bands/1/zone unknown_zone'])
  expect(errors({ country_groups: [{ zone: 'E1', countries: ['FR', 'france', 'FR', 'GB'] }] })).toEqual(['/country_groups/0/countries/1 not_a_country', '/country_groups/0/countries/2 duplicate', '/country_groups/0/countries/3 origin_by_distance'])
  expect(errors({ services: [service, { ...service, factor_percent: 0, transit_days: { L: { min: 3, max: 2 } } }] })).toEqual(['/services/1/code duplicate', '/services/1/factor_percent not_positive', '/services/1/transit_days/L not_a_range'])
  expect(errors({ services: [] })).toEqual(['/services empty'])
  expect(errors({ distance_bands: [], country_groups: [] })).toContain('/distance_bands empty')
})
