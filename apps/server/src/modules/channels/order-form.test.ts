import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkAnswers, FIELD_TYPES, validateForm, type FormField } from './order-form.ts'

const field = (key: string, more: Partial<FormField> = {}): FormField => ({ key, label: key, type: 'text', applies_to: 'order', ...more })
const wrongIn = (fields: FormField[]): string[] => validateForm(fields).map(({ pointer, code }) => `${pointer} ${code}`)
const check = (fields: FormField[], answers: Record<string, unknown>) => {
  const { values, errors } = checkAnswers(fields, answers, '/custom_fields')
  return { values, errors: errors.map(({ pointer, code }) => `${pointer.replace('/custom_fields/', '')} ${code}`) }
}

describe('a form', () => {
  test.each<[string, FormField[], string[]]>([
    ['two fields of one key', [field('a'), field('a', { applies_to: 'line' })], ['/fields/1/key duplicate_key']],
    ['choices missing', [field('a', { type: 'choice' })], ['/fields/0/choices missing']],
    ['choices on a text', [field('a', { choices: ['x'] })], ['/fields/0/choices not_allowed']],
    ['one choice twice', [field('a', { type: 'multi_choice', choices: ['x', 'x'] })], ['/fields/0/choices duplicate']],
    ['limits of another type', [field('a', { min: 1, type: 'date' }), field('b', { type: 'number', pattern: 'x' })], ['/fields/0/min not_allowed', '/fields/1/pattern not_allowed']],
    ['limits the wrong way round', [field('a', { type: 'number', min: 2, max: 1 }), field('b', { min_length: 9, max_length: 8 })], ['/fields/0/min wrong_order', '/fields/1/min_length wrong_order']],
    ['more text than the type holds', [field('a', { max_length: 501 })], ['/fields/0/max_length too_large']],
    ['a pattern without end', [field('a', { pattern: '(a+)+' })], ['/fields/0/pattern unsupported_pattern']],
    ['a default of another type', [field('a', { type: 'number', default: '5' })], ['/fields/0/default wrong_type']],
    ['a default that is no choice', [field('a', { type: 'choice', choices: ['x'], default: 'y' })], ['/fields/0/default not_a_choice']],
    ['a blank default', [field('a', { default: ' ' })], ['/fields/0/default blank']],
    ['a condition on nothing', [field('a', { required_if: { field: 'b', present: true } })], ['/fields/0/required_if/field unknown_field']],
    ['a condition across order and line', [field('a', { required_if: { field: 'b', present: true } }), field('b', { applies_to: 'line' })], ['/fields/0/required_if/field unknown_field']],
    ['two conditions at once', [field('a', { required_if: { field: 'b', present: true, equals: 'x' } }), field('b')], ['/fields/0/required_if ambiguous']],
    ['a condition that says nothing', [field('a', { required_if: { field: 'b' } }), field('b')], ['/fields/0/required_if ambiguous']],
    ['a condition that never holds', [field('a', { required_if: { field: 'b', in: ['x', 'z'] } }), field('b', { type: 'choice', choices: ['x', 'y'] })], ['/fields/0/required_if/in/1 not_a_choice']],
    ['a condition on a required field', [field('a', { required: true, required_if: { field: 'b', present: true } }), field('b')], ['/fields/0/required_if contradiction']],
    ['a field that requires itself', [field('a', { required_if: { field: 'a', present: true } })], ['/fields/0/required_if/field cycle']],
    ['nothing', [field('a', { type: 'multi_choice', choices: ['x', 'y'], default: ['x'] }), field('b', { required_if: { field: 'a', equals: 'x' } })], []],
  ])('%s is found', (_what, fields, errors) => {
    expect(wrongIn(fields)).toEqual(errors)
  })

  test('circles are found and nothing else is called one', () => {
    fc.assert(fc.property(fc.array(fc.option(fc.nat(7)), { minLength: 8, maxLength: 8 }), (targets) => {
      const fields = targets.map((target, index) => field(`f${index}`, target === null ? {} : { required_if: { field: `f${target}`, present: true } }))
      // By definition: whoever comes back to itself within as many steps as there are fields.
      const circular = targets.flatMap((_, start) => {
        let at: number | null = start
        for (let step = 0; step < 8; step++) {
          at = at === null ? null : targets[at]!
          if (at === start) return [`/fields/${start}/required_if/field cycle`]
        }
        return []
      })
      expect(wrongIn(fields)).toEqual(circular)
    }))
  })
})

describe('answers', () => {
  test.each<[string, Partial<FormField>, unknown[], unknown[]]>([
    ['text', {}, ['x', 'y'.repeat(500), '😀'.repeat(500)], [5, true, ['x'], {}, 'y'.repeat(501)]],
    ['long_text', {}, ['y'.repeat(5_000)], ['y'.repeat(5_001)]],
    ['text', { min_length: 2, max_length: 3, pattern: '[a-z]+' }, ['ab', 'abc'], ['a', 'abcd', 'AB']],
    ['number', { min: 0, max: 10 }, [0, 10, 2.5], [-1, 11, '5', Number.NaN, Infinity]],
    ['boolean', {}, [true, false], ['true', 0, 1]],
    ['date', {}, ['2026-02-28'], ['2026-02-29', '28.02.2026', '2026-2-28', 20260228]],
    ['choice', { choices: ['s', 'm'] }, ['s'], ['l', ['s'], 1]],
    ['multi_choice', { choices: ['s', 'm'] }, [['s'], ['m', 's']], [['s', 's'], ['l'], 's', [1]]],
    ['email', {}, ['a@example.com', 'ä@例.jp'], ['a@', 'a b@example.com', '@x.y', `${'a'.repeat(250)}@x.yz`]],
    ['phone', {}, ['+44 (0)113 496-0000', '01134960000'], ['12', 'call me', '+44 x', '1'.repeat(16)]],
  ])('of type %s are strict (%j)', (type, more, right, wrong) => {
    const one = [field('a', { type: type as FormField['type'], ...more })]
    for (const a of right) expect([a, check(one, { a })]).toEqual([a, { values: { a }, errors: [] }])
    for (const a of wrong) expect([a, check(one, { a }).errors.length]).toEqual([a, 1])
  })

  test('defaults stand in for what was not sent, not for what was left empty', () => {
    const fields = [field('gift', { type: 'boolean', default: false }), field('note', { default: 'none' })]
    expect(check(fields, {})).toEqual({ values: { gift: false, note: 'none' }, errors: [] })
    expect(check(fields, { gift: true, note: '' })).toEqual({ values: { gift: true }, errors: [] })
    expect(check(fields, { gift: null })).toEqual({ values: { note: 'none' }, errors: [] })
  })

  test('a required field needs an answer that says something', () => {
    const fields = [field('a', { required: true }), field('b', { type: 'multi_choice', choices: ['x'], required: true })]
    for (const answers of [{}, { a: null, b: null }, { a: '  ', b: [] }]) expect(check(fields, answers).errors).toEqual(['a required', 'b required'])
  })

  test('conditions look at answers after defaults', () => {
    const gift = field('gift', { type: 'boolean', default: true })
    expect(check([gift, field('card', { required_if: { field: 'gift', equals: true } })], {}).errors).toEqual(['card required'])
    expect(check([gift, field('card', { required_if: { field: 'gift', equals: true } })], { gift: false }).errors).toEqual([])
    const sizes = field('sizes', { type: 'multi_choice', choices: ['s', 'm', 'l'] })
    const fit = [sizes, field('fit', { required_if: { field: 'sizes', in: ['m', 'l'] } })]
    expect([check(fit, { sizes: ['s'] }).errors, check(fit, { sizes: ['s', 'l'] }).errors]).toEqual([[], ['fit required']])
    const either = [field('email', { type: 'email' }), field('phone', { type: 'phone', required_if: { field: 'email', present: false } })]
    expect([check(either, {}).errors, check(either, { email: 'a@b.co' }).errors]).toEqual([['phone required'], []])
  })

  test('unknown keys are errors, also those that every object has', () => {
    expect(check([field('a')], { b: 1, 'x/y~z': 1, constructor: 'x', toString: null }).errors).toEqual(['b unknown_field', 'x~1y~0z unknown_field', 'constructor unknown_field', 'toString unknown_field'])
    expect(check([field('constructor', { required: true })], {}).errors).toEqual(['constructor required'])
    expect(check([], Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`k${index}`, 1]))).errors).toHaveLength(20)
  })
})

const KEYS = ['a', 'b', 'c', 'd', 'constructor']
const text = fc.constantFrom('', ' ', 'x', 'y', 'long enough', '2026-03-03', 'a@b.co', '0113 496 0000', '😀')
const scalar = fc.oneof(text, fc.integer({ min: -3, max: 3 }), fc.boolean())
const answer = fc.oneof(scalar, fc.constant(null), fc.array(scalar, { maxLength: 3 }), fc.jsonValue({ maxDepth: 1 }))
const anyField = fc.record({
  key: fc.constantFrom(...KEYS), label: fc.constant('L'), type: fc.constantFrom(...FIELD_TYPES), applies_to: fc.constant('order' as const),
  required: fc.boolean(), default: fc.oneof(scalar, fc.array(fc.constantFrom('x', 'y'), { maxLength: 2 })), choices: fc.uniqueArray(fc.constantFrom('x', 'y', 'long enough'), { minLength: 1 }),
  min: fc.integer({ min: -3, max: 0 }), max: fc.integer({ min: 0, max: 3 }), min_length: fc.integer({ min: 1, max: 2 }), max_length: fc.integer({ min: 2, max: 30 }), pattern: fc.constantFrom('.*', '[a-z ]+'),
  required_if: fc.oneof(
    fc.record({ field: fc.constantFrom(...KEYS), equals: scalar }), fc.record({ field: fc.constantFrom(...KEYS), present: fc.boolean() }), fc.record({ field: fc.constantFrom(...KEYS), in: fc.array(scalar, { minLength: 1, maxLength: 2 }) }),
  ),
}, { requiredKeys: ['key', 'label', 'type', 'applies_to'] })

/** Forms that may be saved: of random fields, those are left out that no form may have. */
const validForm = fc.array(anyField, { maxLength: 5 }).map((fields) => {
  let form: FormField[] = fields.map((one) => {
    const { choices, min, max, min_length, max_length, pattern, ...rest } = one
    const textual = ['text', 'long_text', 'email', 'phone'].includes(one.type)
    return {
      ...rest,
      ...(one.type.endsWith('choice') ? { choices: choices ?? ['x', 'y'] } : {}),
      ...(one.type === 'number' && min !== undefined && max !== undefined ? { min, max } : {}),
      ...(textual && min_length !== undefined ? { min_length } : {}), ...(textual && max_length !== undefined ? { max_length } : {}), ...(textual && pattern !== undefined ? { pattern } : {}),
    }
  })
  for (let errors = validateForm(form); errors.length > 0; errors = validateForm(form)) {
    const wrong = new Set(errors.map(({ pointer }) => Number(pointer.split('/')[2])))
    form = form.filter((_, index) => !wrong.has(index))
  }
  return form
})

describe('for any form', () => {
  const anyAnswers = fc.dictionary(fc.constantFrom(...KEYS, 'e'), answer)

  test('accepted answers are stored as they are and accepted again', () => {
    fc.assert(fc.property(validForm, anyAnswers, (form, answers) => {
      const { values, errors } = checkAnswers(form, answers, '')
      if (errors.length > 0) return
      for (const key of Object.keys(values)) expect(form.some((one) => one.key === key)).toBe(true)
      for (const one of form) {
        const given = Object.hasOwn(answers, one.key) ? answers[one.key] : one.default
        if (Object.hasOwn(values, one.key)) expect(values[one.key]).toEqual(given)
        else expect([one.required ?? false, given ?? '']).toEqual([false, typeof given === 'string' ? expect.stringMatching(/^\s*$/) : Array.isArray(given) ? [] : ''])
      }
      const sent = Object.fromEntries(form.map((one) => [one.key, Object.hasOwn(values, one.key) ? values[one.key] : null]))
      expect(checkAnswers(form, sent, '')).toEqual({ values, errors: [] })
    }), { numRuns: 1_000 })
  })

  test('every error has its place, and nothing throws', () => {
    fc.assert(fc.property(validForm, anyAnswers, (form, answers) => {
      const places = checkAnswers(form, answers, '/at').errors.map(({ pointer }) => pointer)
      expect(new Set(places).size).toBe(places.length)
      const known = new Set([...form.map(({ key }) => key), ...Object.keys(answers)].map((key) => `/at/${key}`))
      for (const place of places) expect(known).toContain(place)
    }), { numRuns: 1_000 })
  })

  test('without answers only what is required is missing', () => {
    fc.assert(fc.property(validForm, (form) => {
      for (const { code } of checkAnswers(form, {}, '').errors) expect(code).toBe('required')
    }))
  })
})
