import { describe, expect, it } from 'vitest'
import type { ConditionSetting } from '../conditions.ts'
import { candidateOf, ruleOf } from '../fixtures.ts'
import type { Rule } from '../strategy.ts'
import type { World } from '../world.ts'
import { lintStrategy, type Lint } from './lint.ts'

const CANDIDATES = [
  candidateOf('leeds', { groups: ['north'], coordinates: { latitude: 53.8, longitude: -1.55 }, custom_fields: { serves: 'LS, HG' } }),
  candidateOf('york', { kind: 'store', groups: ['north'], coordinates: { latitude: 53.96, longitude: -1.08 }, custom_fields: { serves: 'YO' } }),
]
const WORLD: World = {
  now: new Date('2026-03-03T09:00:00Z'), channels: [{ id: 'web', code: 'web', currency: 'GBP', on_shortage: 'backorder', max_splits: null, group_ids: null, fields: [] }],
  candidates: () => CANDIDATES.map((one) => ({ ...one, id: one.code })), groups: new Map([['north', ['leeds', 'york']], ['empty', []]]), names: new Map(),
  known: { channel: new Set(), location: new Set(), location_group: new Set(), shipping_method: new Set(), order_field: new Set() },
}

const lint = (...rules: Partial<Rule>[]): Lint => lintStrategy(rules.map((rule, index) => ruleOf({ id: `r${index}`, ...rule })), WORLD)
const told = ({ findings }: Lint): string[] => findings.map(({ kind, severity, pointer }) => `${severity} ${kind} ${pointer}`)
const EVERY: Partial<Rule> = { id: 'all' }

describe('a rule for no order', () => {
  const impossible: [string, ConditionSetting[], number][] = [
    ['two weights apart', [{ type: 'weight', below_grams: 1_000 }, { type: 'weight', at_least_grams: 2_000 }], 1],
    ['more lines than units', [{ type: 'units', below: 3 }, { type: 'lines', at_least: 3 }], 1],
    ['a weight that one unit cannot have', [{ type: 'lines', below: 2 }, { type: 'units', at_least: 7, below: 8 }, { type: 'weight', at_least_grams: 8, below_grams: 14 }], 2],
    ['a prefix within one left out', [{ type: 'postal_prefix', none_of: ['LS'] }, { type: 'postal_prefix', any_of: ['ls1', 'LS 2'] }], 1],
    ['a place near and far', [{ type: 'nearest_location', at_least_km: 300 }, { type: 'nearest_location', below_km: 200 }], 1],
    ['hours that never come', [{ type: 'time', time_zone: 'Europe/London', from: '22:00', until: '06:00' }, { type: 'time', time_zone: 'Europe/London', from: '09:00', until: '17:00' }], 1],
    ['a day in London that is none in Auckland', [{ type: 'time', time_zone: 'Europe/London', weekdays: [1] }, { type: 'time', time_zone: 'Pacific/Auckland', weekdays: [4] }], 1],
    ['a currency that nobody sells in', [{ type: 'order_value', currency: 'EUR', at_least: '1' }], 0],
    ['every item and none', [{ type: 'item_sku', any_of: ['TEA'], lines: 'every' }, { type: 'item_sku', none_of: ['TEA', 'CUP'], lines: 'any' }], 1],
    ['two SKUs in one line', [{ type: 'lines', below: 2 }, { type: 'item_sku', any_of: ['TEA'], lines: 'any' }, { type: 'item_sku', any_of: ['CUP'], lines: 'any' }], 2],
    ['numbers apart', [{ type: 'item_number', field: 'volts', at_least: 12, lines: 'every' }, { type: 'item_number', field: 'volts', below: 12, lines: 'any' }], 1],
    ['an address without a country', [{ type: 'country', none_of: ['GB'] }, { all: [{ type: 'region', any_of: ['Kent'] }, { not: { type: 'region', any_of: ['kent'] } }] }], 1],
    ['a requested day that is none', [{ type: 'requested_date', given: false }, { type: 'requested_date', at_least_days: 2 }], 1],
  ]
  it.each(impossible)('is found: %s', (_what, conditions, at) => {
    const result = lint({ conditions }, EVERY)
    expect(told(result)).toContain(`error contradictory /rules/0/conditions/${at}`)
    expect(result.undecided).toEqual([])
  })

  const possible: [string, ConditionSetting[]][] = [
    ['a weight at the bound', [{ type: 'lines', below: 2 }, { type: 'units', at_least: 7, below: 8 }, { type: 'weight', at_least_grams: 8, below_grams: 15 }]],
    ['a ring', [{ type: 'nearest_location', at_least_km: 199 }, { type: 'nearest_location', below_km: 200 }]],
    ['a Monday in London that is a Tuesday in Auckland', [{ type: 'time', time_zone: 'Europe/London', weekdays: [1] }, { type: 'time', time_zone: 'Pacific/Auckland', weekdays: [2] }]],
    ['the hour between two clocks in winter alone', [{ type: 'time', time_zone: 'Europe/London', from: '12:00', until: '12:30' }, { type: 'time', time_zone: 'America/New_York', from: '08:00', until: '08:30' }]],
    ['an item with two tags', [{ type: 'item_tag', any_of: ['a'], lines: 'every' }, { type: 'item_tag', any_of: ['b'], lines: 'every' }, { type: 'lines', below: 2 }]],
    ['one that is tagged and one that is not', [{ type: 'item_tag', any_of: ['a'], lines: 'any' }, { not: { type: 'item_tag', any_of: ['a'], lines: 'every' } }]],
    ['one of each', [{ type: 'item_sku', any_of: ['TEA'], lines: 'any' }, { type: 'item_sku', any_of: ['CUP'], lines: 'any' }]],
  ]
  it.each(possible)('is not claimed: %s', (_what, conditions) => {
    expect(told(lint({ conditions }, EVERY)).filter((one) => one.startsWith('error'))).toEqual([])
  })
})

describe('the other findings', () => {
  it('name the rule that takes all orders of a later one, or say that several do', () => {
    const hold = { fallback: { action: 'hold' as const } }
    const shadowed = lint({ ...hold, conditions: [{ type: 'weight', at_least_grams: 10 }] }, { ...hold, conditions: [{ type: 'weight', at_least_grams: 20 }] }, EVERY)
    expect(told(shadowed)).toEqual(['error shadowed /rules/1'])
    expect(shadowed.findings[0]!.detail).toContain('"r0"')
    const covered = lint({ ...hold, conditions: [{ type: 'units', below: 3 }] }, { ...hold, conditions: [{ type: 'units', at_least: 3 }] }, { conditions: [{ type: 'method', is: 'ship' }] })
    expect(told(covered)).toEqual(['error unreachable /rules/2'])
    const passing = lint({ fallback: { action: 'next_rule', keep_partial: true } }, EVERY)
    expect(told(passing)).toEqual([])
  })

  it('show the order that falls through, and prove it where none does', () => {
    const open = lint({ conditions: [{ type: 'country', any_of: ['GB'] }] }, { conditions: [{ type: 'country', any_of: ['IE'] }], fallback: { action: 'next_rule', keep_partial: true } })
    expect(told(open)).toEqual(['warning falls_through /rules', 'warning falls_through /rules/1/fallback'])
    expect(open.findings[0]!.witness).toMatchObject({ channel: 'web', destination: { country: 'NZ' } })
    expect(open.proofs).toEqual([])
    const closed = lint({ conditions: [{ type: 'country', any_of: ['GB'] }] }, { conditions: [{ type: 'country', none_of: ['GB'] }] })
    expect([told(closed), closed.proofs.length]).toEqual([[], 1])
  })

  it('tell filters that no location passes, here or anywhere', () => {
    const rule = (filters: Rule['filters'], given: Partial<Rule> = {}): string[] => told(lint({ filters, ...given }, EVERY)).filter((one) => one.startsWith('error') && !one.includes('unreachable'))
    const passing: Partial<Rule> = { fallback: { action: 'next_rule', keep_partial: true } }
    expect(rule([{ type: 'kind', any_of: ['store'] }, { type: 'country', any_of: ['FR'] }], passing)).toEqual(['error excludes_all /rules/0/filters/1'])
    expect(rule([{ type: 'kind', any_of: ['store'] }, { type: 'kind', any_of: ['warehouse'] }], passing)).toEqual(['error contradictory /rules/0/filters/1'])
    expect(rule([{ type: 'same_country' }, { type: 'country', any_of: ['FR', 'GB'] }], { ...passing, conditions: [{ type: 'country', any_of: ['DE'] }] })).toEqual(['error contradictory /rules/0/filters/1'])
    expect(rule([{ type: 'distance', max_km: 100, unknown: 'exclude' }], { ...passing, conditions: [{ type: 'nearest_location', at_least_km: 150 }] })).toEqual(['error excludes_all /rules/0/filters/0'])
    expect(rule([{ type: 'distance', max_km: 100, unknown: 'exclude' }], { ...passing, conditions: [{ type: 'nearest_location', at_least_km: 99 }] })).toEqual([])
    expect(rule([{ type: 'territory', field: 'serves' }], { ...passing, conditions: [{ type: 'postal_prefix', any_of: ['LS1'] }] })).toEqual([])
    expect(rule([{ type: 'territory', field: 'serves' }], { ...passing, conditions: [{ type: 'postal_prefix', none_of: ['LS', 'H', 'YO'] }] })).toEqual(['error excludes_all /rules/0/filters/0'])
    expect(rule([{ type: 'stock_above', units: 5 }, { type: 'capacity_left', at_least: 9_000 }, { type: 'ships_today' }], passing)).toEqual([])
  })

  it('tell groups without locations, and networks', () => {
    expect(told(lint({ location_groups: ['empty'] }))).toEqual(['error group_without_locations /rules/0/location_groups/0'])
    expect(told(lint({ location_groups: ['empty', 'north'] }))).toEqual(['warning group_without_locations /rules/0/location_groups/0'])
    expect(told(lintStrategy([ruleOf()], { ...WORLD, candidates: () => [] }))).toEqual(['error empty_network '])
    expect(lintStrategy([ruleOf()], { ...WORLD, channels: [] }).undecided).toHaveLength(1)
  })

  it('tell what says nothing: rules, conditions and alternatives', () => {
    expect(told(lint({ fallback: { action: 'next_rule', keep_partial: false }, conditions: [{ type: 'method', is: 'ship' }] }, EVERY))).toEqual(['warning redundant /rules/0'])
    expect(told(lint({ conditions: [{ type: 'units', at_least: 5 }, { type: 'units', at_least: 3 }], rankings: [] }, EVERY))).toEqual(['note redundant /rules/0/conditions/1'])
    expect(told(lint({ conditions: [{ type: 'units', at_least: 5 }, { any: [{ type: 'units', below: 3 }, { type: 'method', is: 'ship' }] }], rankings: [] }, EVERY))).toEqual(['warning contradictory /rules/0/conditions/1/any/0'])
  })

  it('are about what can be decided: too many sets of items are said to be too many', () => {
    const tags = Array.from({ length: 14 }, (_, index) => ({ type: 'item_tag' as const, any_of: [`t${index}`], lines: 'any' as const }))
    const result = lint({ conditions: [...tags, { type: 'item_tag', none_of: ['t0'], lines: 'any' }] }, EVERY)
    expect(result.undecided.length).toBeGreaterThan(0)
    expect(result.proofs).toEqual([])
  })

  it('take a strategy of a hundred rules in a moment', () => {
    const rules = Array.from({ length: 99 }, (_, index): Partial<Rule> => ({ id: `r${index}`, conditions: [{ type: 'postal_prefix', any_of: [`Q${index + 100}`] }, { type: 'units', at_least: (index % 7) + 2 }], fallback: { action: 'hold' } }))
    const started = performance.now()
    expect(told(lint(...rules, EVERY)).filter((one) => one.startsWith('error'))).toEqual([])
    expect(performance.now() - started).toBeLessThan(5_000)
  })
})
