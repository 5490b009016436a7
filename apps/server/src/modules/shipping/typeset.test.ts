import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { fitText, truncate, type Measure } from './typeset.ts'

const measure: Measure = (text, size) => Array.from(text).length * size * 0.5

test('lines never leave the box and lose no letter until they are cut', () => {
  const words = fc.array(fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme-ascii' }).map((word) => word.replaceAll(/\s/g, '_')), { maxLength: 20 })
  fc.assert(fc.property(words, fc.integer({ min: 6, max: 300 }), fc.integer({ min: 1, max: 6 }), (list, width, max_lines) => {
    const text = list.join(' ')
    const fitted = fitText(text, { width, size: 12, min_size: 6, weight: 'regular', max_lines }, measure)
    expect(fitted.lines.length).toBeLessThanOrEqual(max_lines)
    for (const line of fitted.lines) expect(measure(line, fitted.size, 'regular')).toBeLessThanOrEqual(width)
    if (fitted.truncated) expect(fitted.lines.at(-1)).toMatch(/…$/)
    else expect(fitted.lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''))
  }))
})

test('text shrinks before it is cut, and wraps at spaces and after hyphens', () => {
  expect(fitText('one two', { width: 18, size: 12, weight: 'regular', max_lines: 2 }, measure).lines).toEqual(['one', 'two'])
  expect(fitText('Papa-Doc', { width: 30, size: 12, weight: 'regular', max_lines: 2 }, measure).lines).toEqual(['Papa-', 'Doc'])
  const shrunk = fitText('twelve chars', { width: 40, size: 12, min_size: 6, weight: 'regular', max_lines: 1 }, measure)
  expect(shrunk).toMatchObject({ lines: ['twelve chars'], truncated: false })
  expect(fitText('twelve chars', { width: 30, size: 12, min_size: 6, weight: 'regular', max_lines: 1 }, measure).lines).toEqual(['twelve ch…'])
})

test('a box narrower than a letter still ends', () => {
  expect(fitText('ab', { width: 1, size: 12, weight: 'regular' }, measure).lines).toEqual(['a', 'b'].slice(0, 2))
  expect(truncate('abc', 0, (text) => text.length)).toBe('…')
})
