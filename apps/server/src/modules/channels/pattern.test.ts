import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compilePattern, type Pattern } from './pattern.ts'

function compiled(source: string): Pattern {
  const result = compilePattern(source)
  expect([source, result]).toEqual([source, expect.objectContaining({ ok: true })])
  return result.ok ? result.pattern : () => false
}

describe('patterns', () => {
  test.each([
    ['[A-Z]{2}-\\d{4}', 'AB-1234', 'ab-1234'],
    ['\\d{5}(-\\d{4})?', '12345-6789', '12345-'],
    ['^PO[0-9]+$', 'PO7', 'xPO7'],
    ['[^@]+@[^@]+\\.[^@]+', 'a@b.co', 'a@bco'],
    ['(?:red|green|blue)(, (?:red|green|blue))*', 'red, blue', 'red,blue'],
    ['.{2}', '😀x', '\n\n'],
    ['\\$\\d+', '$5', '5'],
    ['a\\$', 'a$', 'a'],
    ['a\\\\$', 'a\\', 'a$'],
    ['^a|b$', 'b', 'ab'],
    ['[\\]\\-x]+', ']-x', '\\'],
    ['(?:\\d{4} ){3}\\d{4}', '1234 1234 1234 1234', '1234 1234'],
    ['', '', 'a'],
  ])('%s matches %j and not %j', (source, right, wrong) => {
    expect([compiled(source)(right), compiled(source)(wrong)]).toEqual([true, false])
  })

  test.each([
    ['a(?=b)', 'lookaround'], ['(?<!x)a', 'lookaround'], ['(?<n>a)', 'named groups'], ['(a)\\1', 'backreference'], ['(a+)+', 'without end'], ['(?:a*b?)*', 'without end'],
    ['a$b', 'inside'], ['(^a)', 'inside'], ['\\bword', 'not supported'], ['\\p{L}+', 'not supported'], ['a{500}{500}', 'not a valid'], ['(?:a{100}){100}', 'too large'], ['a{100000}', 'too large'],
    ['(', 'not a valid'], ['[z-a]', 'not a valid'], ['x'.repeat(201), 'longer than'],
  ])('%s is refused with its reason', (source, reason) => {
    expect(compilePattern(source)).toEqual({ ok: false, reason: expect.stringContaining(reason) })
  })

  test('what takes ordinary engines years takes no time', () => {
    const startedMs = performance.now()
    for (const source of ['(a|a){0,40}b', '(?:a?){30}a{30}', '.*.*.*.*.*x', '(?:a|aa|aaa){1,30}!']) expect(compiled(source)('a'.repeat(5_000))).toBe(false)
    expect(performance.now() - startedMs).toBeLessThan(2_000)
  })

  test('agree with the ordinary engine', () => {
    const atom = fc.constantFrom('a', 'b', 'c', '.', '[ab]', '[^a]', '\\d', '\\w', '\\s', '[a-c\\d]', '\\.', '-', '😀')
    const { pattern } = fc.letrec<{ pattern: string; sequence: string; item: string }>((tie) => ({
      item: fc.oneof({ maxDepth: 2 }, atom, fc.tuple(atom, fc.constantFrom('*', '+', '?', '{2}', '{1,3}', '{2,}', '*?')).map(([a, q]) => a + q), fc.tuple(tie('pattern'), fc.constantFrom('', '?', '{2}', '{0,2}')).map(([p, q]) => `(?:${p})${q}`)),
      sequence: fc.array(tie('item'), { maxLength: 4 }).map((items) => items.join('')),
      pattern: fc.array(tie('sequence'), { minLength: 1, maxLength: 3 }).map((parts) => parts.join('|')),
    }))
    const text = fc.array(fc.constantFrom('a', 'b', 'c', '1', '_', ' ', '.', '-', '\n', '😀'), { maxLength: 8 }).map((characters) => characters.join(''))
    fc.assert(fc.property(pattern, fc.array(text, { minLength: 5, maxLength: 5 }), (source, texts) => {
      const result = compilePattern(source)
      if (!result.ok) {
        expect(result.reason).toMatch(/longer than|too large/)
        return
      }
      const ordinary = new RegExp(`^(?:${source})$`, 'u')
      for (const one of texts) expect([source, one, result.pattern(one)]).toEqual([source, one, ordinary.test(one)])
    }), { numRuns: 2_000 })
  })

  test('any text is compiled or refused, never an accident', () => {
    const character = fc.constantFrom(...Array.from('ab1^$.*+?()[]{}|\\-:=!<>dwsk,/ '))
    fc.assert(fc.property(fc.array(character, { maxLength: 12 }).map((all) => all.join('')), (source) => {
      const result = compilePattern(source)
      if (!result.ok) return
      const ordinary = new RegExp(`^(?:${source})$`, 'u')
      for (const one of ['', 'a', 'ab', 'b1', '-', 'aa']) expect([source, one, result.pattern(one)]).toEqual([source, one, ordinary.test(one)])
    }), { numRuns: 5_000 })
  })
})
