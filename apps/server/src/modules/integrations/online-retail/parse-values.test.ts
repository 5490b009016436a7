import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseInstant, parseMicros, parseQuantity } from './parse-values.ts'

describe('decimals', () => {
  test.each([
    ['2.55', 2_550_000n], ['0.001', 1_000n], ['-11062.06', -11_062_060_000n], ['.5', 500_000n], ['3.', 3_000_000n], ['1e+05', 100_000_000_000n],
    ['1E-3', 1_000n], ['5e-7', 1n], ['4e-7', 0n], ['1e-30', 0n], ['1,867.86', 1_867_860_000n], ['2.5499999999999998', 2_550_000n], ['+1', 1_000_000n], ['0', 0n],
  ])('%s', (text, micros) => expect(parseMicros(text, ',')).toBe(micros))

  test.each(['', '.', '-', 'abc', '1.2.3', '£3', '1e999', '1e20', '0x10', 'NaN', 'Infinity'])('refuses %s', (text) => {
    expect(parseMicros(text, ',')).toBeUndefined()
  })

  test('reads a decimal comma where columns are separated otherwise', () => {
    expect(parseMicros('2,55', ';')).toBe(2_550_000n)
    expect(parseMicros('1.867,86', ';')).toBe(1_867_860_000n)
    expect(parseMicros('1,867', ';')).toBe(1_867_000n)
    expect(parseMicros('1,867', ',')).toBe(1_867_000_000n)
  })

  test('reads back every amount it could be written from', () => {
    fc.assert(fc.property(fc.bigInt({ min: -(10n ** 14n), max: 10n ** 14n }), (micros) => {
      const digits = (micros < 0n ? -micros : micros).toString().padStart(7, '0')
      expect(parseMicros(`${micros < 0n ? '-' : ''}${digits.slice(0, -6)}.${digits.slice(-6)}`, ',')).toBe(micros)
    }))
  })

  test('quantities are whole', () => {
    expect(['6', '-12', '80995', '12.0', '1e+05', '1,200'].map((text) => parseQuantity(text, ','))).toEqual([6, -12, 80995, 12, 100_000, 1200])
    expect(['1.5', '', 'six', '1e9', '999999999'].map((text) => parseQuantity(text, ','))).toEqual([undefined, undefined, undefined, undefined, undefined])
  })
})

describe('dates', () => {
  test.each([
    '2010-12-01T08:26:00Z', '2010-12-01 08:26:00', '2010-12-01 08:26', '2010-12-01T08:26:00.000Z', '2010-12-01T09:26:00+01:00',
    '12/1/2010 8:26', '12/1/10 8:26', '12/01/2010 08:26:00', '12/1/2010 8:26 AM', '01.12.2010 08:26', '01-12-2010 08:26',
  ])('%s', (text) => expect(parseInstant(text, 'month_first')?.toISOString()).toBe('2010-12-01T08:26:00.000Z'))

  test('noon, midnight and the order of day and month', () => {
    expect(parseInstant('12/1/2010 12:00 AM', 'month_first')?.toISOString()).toBe('2010-12-01T00:00:00.000Z')
    expect(parseInstant('12/1/2010 12:30 PM', 'month_first')?.toISOString()).toBe('2010-12-01T12:30:00.000Z')
    expect(parseInstant('1/12/2010 8:26', 'day_first')?.toISOString()).toBe('2010-12-01T08:26:00.000Z')
    expect(parseInstant('2010-12-01', 'month_first')?.toISOString()).toBe('2010-12-01T00:00:00.000Z')
  })

  test.each(['', 'yesterday', '2011-02-29 10:00', '2010-13-01 10:00', '13/1/2010 8:26', '2010-12-01 24:00', '12/1/2010 8:60', '12/1/2010 13:00 PM', '40513.35', '12/1-2010 8:26'])(
    'refuses %s', (text) => expect(parseInstant(text, 'month_first')).toBeUndefined())
})
