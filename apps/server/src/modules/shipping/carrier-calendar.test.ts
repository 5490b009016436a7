import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addDays } from '../../kernel/time.ts'
import { arrivalDate, latestDeparture, MONDAY_TO_FRIDAY, type CarrierCalendar } from './carrier-calendar.ts'

const AT_HOME = { from_country: 'GB', to_country: 'GB' }
const CHRISTMAS: CarrierCalendar = { working_days: [1, 2, 3, 4, 5], holidays: [{ date: '2026-12-25', countries: [] }, { date: '2026-12-28', countries: ['GB'] }, { date: '2026-10-03', countries: ['DE'] }] }

describe('a parcel on its way', () => {
  test('skips the weekend', () => {
    expect([1, 0, 5].map((days) => arrivalDate(MONDAY_TO_FRIDAY, '2026-03-06', days, AT_HOME))).toEqual(['2026-03-09', '2026-03-06', '2026-03-13'])
  })

  test('handed over on a day off, it begins its way on the next working day', () => {
    expect([0, 1].map((days) => arrivalDate(MONDAY_TO_FRIDAY, '2026-03-07', days, AT_HOME))).toEqual(['2026-03-09', '2026-03-10'])
  })

  test('skips the holidays of the countries it passes', () => {
    expect(arrivalDate(CHRISTMAS, '2026-12-24', 1, AT_HOME)).toBe('2026-12-29')
    expect(arrivalDate(CHRISTMAS, '2026-12-24', 1, { from_country: 'FR', to_country: 'FR' })).toBe('2026-12-28')
  })

  test('a carrier may work on Saturdays', () => {
    expect(arrivalDate({ ...MONDAY_TO_FRIDAY, working_days: [1, 2, 3, 4, 5, 6] }, '2026-03-06', 1, AT_HOME)).toBe('2026-03-07')
  })

  test('the last day to hand it over is the last', () => {
    const calendar = fc.record({
      working_days: fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
      holidays: fc.array(fc.record({ date: fc.integer({ min: -30, max: 30 }).map((days) => addDays('2026-06-15', days)), countries: fc.constantFrom([], ['GB'], ['DE']) }), { maxLength: 20 }),
    })
    fc.assert(fc.property(calendar, fc.integer({ min: 0, max: 6 }), fc.integer({ min: -10, max: 10 }), (days, transit, ahead) => {
      const by = addDays('2026-06-15', ahead)
      const last = latestDeparture(days, by, transit, AT_HOME)
      expect(arrivalDate(days, last, transit, AT_HOME) <= by).toBe(true)
      expect(arrivalDate(days, addDays(last, 1), transit, AT_HOME) > by).toBe(true)
    }))
  })
})
