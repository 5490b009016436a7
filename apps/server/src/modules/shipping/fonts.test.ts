import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { documentFonts, splitRuns, standardFonts } from './fonts.ts'

test('every run is in a face that has its letters', () => {
  const sets = [standardFonts(), documentFonts()]
  fc.assert(fc.property(fc.string({ unit: 'binary' }), fc.constantFrom(...sets), fc.constantFrom('regular' as const, 'bold' as const), (text, fonts, weight) => {
    for (const run of splitRuns(text, weight, fonts)) {
      for (const character of run.text) expect(run.face.covers(character.codePointAt(0)!), character).toBe(true)
    }
  }))
})

test('without fonts of its own, text is spelled and what is lost is seen', () => {
  const fonts = standardFonts()
  expect(splitRuns('Łódź 東', 'regular', fonts).map((run) => run.text).join('')).toBe('Lódz ?')
})

const installed = documentFonts()

test.skipIf(installed.families.length < 3)('a name is set in one design', () => {
  const runs = (text: string): string[] => splitRuns(text, 'bold', installed).map((run) => `${run.face.key.replace(/-(latin|greek|cyrillic|vietnamese).*/, '')}: ${run.text}`)
  expect(runs('Harbour & Pine')).toEqual(['atkinson-hyperlegible-next: Harbour & Pine'])
  expect(runs('Łódź').every((run) => run.startsWith('atkinson'))).toBe(true)
  expect(runs('Ελλάδα 5')).toEqual(['noto-sans: Ελλάδα', 'noto-sans:  ', 'atkinson-hyperlegible-next: 5'])
  expect(runs('Nguyễn').every((run) => run.startsWith('noto-sans'))).toBe(true)
  expect(splitRuns('東 1', 'bold', installed).map((run) => run.text).join('')).toBe('\ufffd 1')
})
