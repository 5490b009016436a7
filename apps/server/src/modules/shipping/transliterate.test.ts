import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { cleanLine, findUnspellable, transliterate } from './transliterate.ts'

const isAscii = (codePoint: number): boolean => codePoint >= 0x20 && codePoint <= 0x7e

test('names are spelled as their countries spell them in Latin letters', () => {
  expect(transliterate('Władysław Żółć', isAscii)).toBe('Wladyslaw Zolc')
  expect(transliterate('Ελευθερία Ψαρού', isAscii)).toBe('Eleytheria Psaroy')
  expect(transliterate('Дмитрий Щербаков', isAscii)).toBe('Dmitriy Shcherbakov')
  expect(transliterate('Київ Їжак', isAscii)).toBe('Kiyiv Yizhak')
  expect(transliterate('Nguyễn Thị Hồng', isAscii)).toBe('Nguyen Thi Hong')
  expect(transliterate('Straße – “O’Neill” № 5 ½ ﬁn', isAscii)).toBe('Strasse - "O\'Neill" No. 5 1/2 fin')
  expect(transliterate('東京', isAscii)).toBe('??')
})

test('what no Latin spelling stands for is named once', () => {
  expect(findUnspellable('Łódź – Ελλάδα, Київ, Nguyễn, Straße ½ ¿?')).toEqual([])
  expect(findUnspellable('東京都 東 Қ 🎁')).toEqual(['東', '京', '都', 'Қ', '🎁'])
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => {
    expect(transliterate(cleanLine(text).replaceAll('?', ''), (codePoint) => codePoint <= 0xff).includes('?')).toBe(findUnspellable(text).length > 0)
  }))
})

test('what remains is always printable', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => {
    expect(transliterate(cleanLine(text), isAscii)).toMatch(/^[\x20-\x7e]*$/)
  }))
})

test('a clean line has no control, joining or doubled characters and is composed', () => {
  expect(cleanLine('  a\u0000\tb\r\nc\u200b\u202ed ')).toBe('a b cd')
  expect(cleanLine('e\u0301')).toBe('é')
  expect(cleanLine('\ud800')).toBe('\ufffd')
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => {
    const line = cleanLine(text)
    expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]| {2}|^ | $/u)
  }))
})
