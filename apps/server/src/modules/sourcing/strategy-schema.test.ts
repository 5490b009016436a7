import { describe, expect, it } from 'vitest'
import { Value } from 'typebox/value'
import { ruleOf } from './fixtures.ts'
import type { Rule } from './strategy.ts'
import { DEFAULT_STRATEGIES } from './strategy.ts'
import { StrategySchema, validateStrategy } from './strategy-schema.ts'

const complaints = (input: unknown): string[] => validateStrategy(input).map(({ pointer, code }) => `${pointer} ${code}`)
const withRule = (change: Record<string, unknown>): unknown => ({ name: 'Test', rules: [{ ...ruleOf(), ...change }] })

describe('validateStrategy', () => {
  it('accepts what it ships', () => {
    for (const strategy of DEFAULT_STRATEGIES) {
      expect(validateStrategy(strategy)).toEqual([])
      expect(Value.Check(StrategySchema, strategy)).toBe(true)
    }
  })

  it.each([
    ['', undefined, ' invalid'],
    ['no rules', { name: 'Test' }, '/rules required'],
    ['empty rules', { name: 'Test', rules: [] }, '/rules invalid'],
    ['an unknown property', withRule({ filter: [] }), '/rules/0/filter unknown'],
    ['an unknown filter', withRule({ filters: [{ type: 'toString' }] }), '/rules/0/filters/0/type unknown'],
    ['a filter without its setting', withRule({ filters: [{ type: 'same_country' }, { type: 'distance' }] }), '/rules/0/filters/1/max_km required'],
    ['a filter out of range', withRule({ filters: [{ type: 'distance', max_km: 0 }] }), '/rules/0/filters/0/max_km invalid'],
    ['an unknown ranking', withRule({ rankings: [{ type: 'mood' }] }), '/rules/0/rankings/0/type unknown'],
    ['a ranking twice', withRule({ rankings: [{ type: 'priority' }, { type: 'distance' }, { type: 'priority' }] }), '/rules/0/rankings/2/type duplicate'],
    ['a split limit of 0', withRule({ split: { max_locations: 0, keep_lines_whole: false } }), '/rules/0/split/max_locations invalid'],
    ['a condition that tests nothing', withRule({ conditions: [{ type: 'channel' }] }), '/rules/0/conditions/0 required'],
    ['an unknown currency', withRule({ conditions: [{ type: 'order_value', currency: 'ABC', below: '1' }] }), '/rules/0/conditions/0/currency unknown_currency'],
    ['an amount with too many places', withRule({ conditions: [{ type: 'order_value', currency: 'JPY', below: '1.5' }] }), '/rules/0/conditions/0/below invalid_amount'],
    ['a range without values', withRule({ conditions: [{ type: 'order_value', currency: 'GBP', at_least: '5', below: '5' }] }), '/rules/0/conditions/0/below empty_range'],
    ['an unknown fallback', withRule({ fallback: { action: 'pray' } }), '/rules/0/fallback/action unknown'],
    ['a last rule that passes on', withRule({ fallback: { action: 'next_rule', keep_partial: true } }), '/rules/0/fallback/action no_next_rule'],
  ])('complains about %s', (_what, input, complaint) => {
    expect(complaints(input)).toEqual([complaint])
  })

  it('complains about a rule that no order reaches and about an id that stands twice', () => {
    const first: Rule = ruleOf({ id: 'a' })
    expect(complaints({ name: 'Test', rules: [first, first] })).toEqual(['/rules/1/id duplicate', '/rules/1 unreachable'])
    const conditional: Rule = ruleOf({ id: 'b', conditions: [{ type: 'method', is: 'ship' }] })
    expect(complaints({ name: 'Test', rules: [conditional, first] })).toEqual([])
  })
})
