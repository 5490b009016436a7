import { describe, expect, test } from 'vitest'
import { DEFAULT_COST_MODEL, type CostModel, type TariffTable } from './cost-model.ts'
import { validateCostModel } from './cost-model-check.ts'
import { markdownCost, stockOutCost } from './risk.ts'
import { readTariff, spellPostalCode, tariffOfRates, zoneColumn } from './tariff.ts'
import type { RateTable } from '../shipping/index.ts'

const TABLE: TariffTable = {
  zones: [
    { zone: 'islands', countries: ['GB'], postal_prefixes: ['HS', 'ZE'] },
    { zone: 'near', locations: ['leeds'], countries: ['GB'], max_km: 50 },
    { zone: 'far', countries: ['GB'], max_km: 2_000 },
    { zone: 'abroad', countries: ['*'] },
  ],
  weight_steps: [
    { max_grams: 1_000, amounts: { islands: 900, near: 200, far: 300, abroad: 1_000 } },
    { max_grams: 10_000, amounts: { islands: 1_500, near: 250, far: 500, abroad: 3_000 } },
  ],
}

/** The amount for a parcel of that weight. */
function price(table: TariffTable, location: string, country: string, postal_code: string, km: number, grams: number): number {
  const tariff = readTariff(table)
  const column = zoneColumn(tariff, location, { country, region: null, postal_code, po_box: false, coordinates: null }, spellPostalCode(postal_code), km)
  const { max_grams, amounts } = tariff.steps[column]!
  return amounts[max_grams.findIndex((most) => most >= grams)]!
}

describe('a tariff', () => {
  test('prices by the first zone that fits the way', () => {
    expect(price(TABLE, 'leeds', 'GB', 'LS1 4AP', 20, 500)).toBe(200)
    expect(price(TABLE, 'london', 'GB', 'LS1 4AP', 20, 500)).toBe(300)
    expect(price(TABLE, 'leeds', 'GB', 'LS1 4AP', 51, 500)).toBe(300)
    expect(price(TABLE, 'leeds', 'GB', 'ze1 0aa', 20, 500)).toBe(900)
    expect(price(TABLE, 'leeds', 'FR', '75001', 20, 1_001)).toBe(3_000)
  })

  test('counts an unknown distance as the farthest, and a way that nothing fits as the dearest', () => {
    expect(price(TABLE, 'leeds', 'GB', 'LS1 4AP', Number.POSITIVE_INFINITY, 500)).toBe(300)
    expect(price({ ...TABLE, zones: TABLE.zones.slice(0, 3), weight_steps: TABLE.weight_steps }, 'leeds', 'FR', '75001', 20, 500)).toBe(900)
  })

  test('sends what is too heavy for one parcel in several', () => {
    expect(price(TABLE, 'leeds', 'GB', '', 20, 10_001)).toBe(250 + 200)
    expect(price(TABLE, 'leeds', 'GB', '', 20, 25_000)).toBe(250 + 250 + 250)
    expect(price(TABLE, 'leeds', 'GB', '', 20, 20_000_000)).toBe(20 * 250)
  })

  test('can be a part of what a carrier charges', () => {
    const rates: RateTable = {
      currency: 'GBP', origin_country: 'GB', zones: [], dimensional_divisor: null, max_weight_grams: 2_000,
      distance_bands: [{ max_km: 40, zone: 'L' }, { max_km: 480, zone: 'N' }], country_groups: [{ zone: 'W', countries: ['*'] }, { zone: 'E', countries: ['FR'] }],
      weight_steps: [{ max_grams: 2_000, amounts: { L: 295, N: 399, W: 1795, E: 995 } }],
      services: [{ code: 'standard', name: 'Standard', factor_percent: 100, weight_steps: null, transit_days: { L: { min: 1, max: 1 }, N: { min: 1, max: 1 }, W: { min: 1, max: 1 }, E: { min: 1, max: 1 } } }],
    }
    const table = tariffOfRates(rates, 'standard', 70)!
    expect(price(table, 'leeds', 'GB', '', 10, 100)).toBe(207)
    expect(price(table, 'leeds', 'GB', '', 900, 100)).toBe(279)
    expect(price(table, 'leeds', 'GB', '', Number.POSITIVE_INFINITY, 100)).toBe(279)
    expect(price(table, 'leeds', 'FR', '', 900, 100)).toBe(697)
    expect(price(table, 'leeds', 'US', '', 9_000, 100)).toBe(1257)
    expect(tariffOfRates(rates, 'teleport', 70)).toBeUndefined()
  })
})

describe('a cost model', () => {
  const around = { rate_tables: new Map(), locations: new Set(['leeds']) }
  const own: CostModel = { ...DEFAULT_COST_MODEL, tariffs: [{ code: 'own', name: 'Own', ...TABLE }], sites: [{ tariff: 'own', parcel_labor: null, unit_labor: 0 }] }

  test('is checked as a whole', () => {
    expect(validateCostModel(own, around)).toEqual([])
    expect(validateCostModel(DEFAULT_COST_MODEL, around).map(({ code }) => code)).toEqual(['unknown_carrier'])
    const wrong: CostModel = {
      ...own, currency: 'XXQ', sites: [{ kinds: ['store'], locations: ['paris'], tariff: 'none', parcel_labor: 1, unit_labor: 1 }],
      tariffs: [{ code: 'own', name: 'Own', zones: [{ zone: 'a', countries: ['ZZ'] }, { zone: 'b' }], weight_steps: [{ max_grams: 5, amounts: { a: 1 } }, { max_grams: 5, amounts: { c: 1 } }] }],
    }
    expect(validateCostModel(wrong, around).map(({ pointer, code }) => `${pointer} ${code}`)).toEqual([
      '/currency unknown_currency', '/tariffs/0/zones/0/countries/0 not_a_country', '/tariffs/0/weight_steps/1/max_grams not_ascending', '/tariffs/0/weight_steps/1/amounts/c unknown_zone',
      '/tariffs/0/weight_steps amount_missing', '/sites/0/locations/0 unknown_location', '/sites/0/tariff unknown_tariff', '/sites/0 not_for_all',
    ])
  })
})

test('risks grow as stock and sales drift apart, and are nothing where nothing is known', () => {
  expect(markdownCost({ after_days: 30, percent: 50 }, 100, 1, 1_000)).toBe(-350)
  expect(markdownCost({ after_days: 30, percent: 50 }, 30, 1, 1_000)).toBe(0)
  expect(markdownCost({ after_days: 30, percent: 50 }, 100, Number.NaN, 1_000)).toBe(0)
  expect(stockOutCost({ cover_days: 10, percent: 40 }, 5, 1, 1_000)).toBe(200)
  expect(stockOutCost({ cover_days: 10, percent: 40 }, 10, 1, 1_000)).toBe(0)
  expect(stockOutCost({ cover_days: 10, percent: 40 }, 0, Number.NaN, 1_000)).toBe(0)
})
