import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { isSscc, makeSscc } from './sscc.ts'

const digits = (length: number): fc.Arbitrary<string> => fc.array(fc.integer({ min: 0, max: 9 }), { minLength: length, maxLength: length }).map((list) => list.join(''))

test('an SSCC holds prefix and serial and checks out', () => {
  expect(makeSscc(3, '7610425', 2_123_456n)).toBe('376104250021234569')
  fc.assert(fc.property(fc.integer({ min: 0, max: 9 }), digits(7), fc.bigInt({ min: 0n, max: 999_999_999n }), (extension, prefix, serial) => {
    const sscc = makeSscc(extension, prefix, serial)
    expect(isSscc(sscc)).toBe(true)
    expect(sscc.slice(0, 8)).toBe(`${extension}${prefix}`)
    expect(BigInt(sscc.slice(8, 17))).toBe(serial)
  }))
  expect(() => makeSscc(0, '7610425', 1_000_000_000n)).toThrow('serial')
})
