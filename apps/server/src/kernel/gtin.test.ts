import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { gs1CheckDigit, normalizeGtin, showGtin } from './gtin.ts'

const digits = (length: number): fc.Arbitrary<string> => fc.array(fc.integer({ min: 0, max: 9 }), { minLength: length, maxLength: length }).map((list) => list.join(''))

test('known numbers have their check digits', () => {
  expect(gs1CheckDigit('400638133393')).toBe(1)
  expect(gs1CheckDigit('9638507')).toBe(4)
  expect(gs1CheckDigit('03600029145')).toBe(2)
  // GS1 General Specifications, the example of the SSCC.
  expect(gs1CheckDigit('37610425002123456')).toBe(9)
})

test('every form of a GTIN has the same 14 digits', () => {
  expect(normalizeGtin('036000291452')).toBe('00036000291452')
  expect(normalizeGtin('0036000291452')).toBe('00036000291452')
  expect(normalizeGtin(' 4006381-333931 ')).toBe('04006381333931')
  expect(normalizeGtin('96385074')).toBe('00000096385074')
  expect(normalizeGtin('15012345678907')).toBe('15012345678907')
})

test('what is no GTIN is refused', () => {
  for (const text of ['', '4006381333932', '123', 'ABCDEFGH', '00000000', '0000000000000', '40063813339311', '4006381333931x', '٤٠٠٦٣٨١٣٣٣٩٣١']) {
    expect(normalizeGtin(text), text).toBeUndefined()
  }
})

test('a single wrong digit never passes', () => {
  fc.assert(fc.property(fc.constantFrom(7, 11, 12, 13).chain(digits), fc.nat(), fc.integer({ min: 1, max: 9 }), (body, position, shift) => {
    const right = body + gs1CheckDigit(body)
    fc.pre(/[1-9]/.test(right))
    expect(normalizeGtin(right)).toBe(right.padStart(14, '0'))
    const at = position % right.length
    const wrong = right.slice(0, at) + ((Number(right[at]) + shift) % 10) + right.slice(at + 1)
    expect(normalizeGtin(wrong)).toBeUndefined()
  }))
})

test('a shown GTIN is the same GTIN', () => {
  fc.assert(fc.property(digits(13), (body) => {
    const gtin = normalizeGtin(body + gs1CheckDigit(body))
    fc.pre(gtin !== undefined)
    expect(normalizeGtin(showGtin(gtin))).toBe(gtin)
  }))
})
