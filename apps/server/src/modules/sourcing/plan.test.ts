import { describe, expect, it } from 'vitest'
import type { AllocationProblem } from './allocator.ts'
import type { Candidate, Demand } from './demand.ts'
import { candidateOf, demandOf, levelsOf, lineOf, strategyOf } from './fixtures.ts'
import { type Plan, planOrder, planOrders } from './plan.ts'
import { createStockView, sellableAt } from './stock-view.ts'
import { DEFAULT_STRATEGIES, type Rule, type Strategy } from './strategy.ts'

const LEEDS = candidateOf('LEEDS', { kind: 'store', groups: ['stores'], priority: 2, coordinates: { latitude: 53.8, longitude: -1.55 } })
const YORK = candidateOf('YORK', { kind: 'store', groups: ['stores'], priority: 2, coordinates: { latitude: 53.96, longitude: -1.08 } })
const DERBY = candidateOf('DERBY', { groups: ['warehouses'], coordinates: { latitude: 52.92, longitude: -1.47 } })
const ALL = [LEEDS, YORK, DERBY]

type Stock = Parameters<typeof levelsOf>[0]

function plan(demand: Demand, stock: Stock, strategy: Strategy, candidates: readonly Candidate[] = ALL): Plan {
  return planOrder(demand, candidates, createStockView(levelsOf(stock)), strategy)
}

/** `LEEDS: 2 mug` for each allocation. */
const given = ({ allocations }: Plan): string[] => allocations.map(({ location_id, quantity, variant_id }) => `${location_id.slice(3)}: ${quantity} ${variant_id}`)
const why = ({ decision }: Plan, code: string): string | undefined => [...decision.excluded, ...decision.below].find(({ locations }) => locations.includes(code))?.code

const TWO_MUGS = demandOf([lineOf('l1', 'mug', 2)])
const MUGS_AND_PLATES = demandOf([lineOf('l1', 'mug', 2), lineOf('l2', 'plate', 1)])
const NEAREST = strategyOf({ rankings: [{ type: 'fewest_splits' }, { type: 'distance' }] })

describe('the choice of locations', () => {
  it('prefers one location that has everything to two nearer ones', () => {
    const result = plan(MUGS_AND_PLATES, { LEEDS: { mug: 2 }, YORK: { plate: 1 }, DERBY: { mug: 2, plate: 1 } }, NEAREST)
    expect(given(result)).toEqual(['DERBY: 2 mug', 'DERBY: 1 plate'])
    expect(result.shortage).toBeNull()
    expect(result.decision.below).toEqual([{ code: 'fewest_splits', limit: 3, locations: ['LEEDS', 'YORK'], values: [2, 1] }])
  })

  it('uses up locations in rank order where splits do not matter', () => {
    const result = plan(MUGS_AND_PLATES, { LEEDS: { mug: 1 }, YORK: { mug: 1, plate: 1 }, DERBY: { mug: 2, plate: 1 } }, strategyOf({ rankings: [{ type: 'distance' }] }))
    expect(given(result)).toEqual(['LEEDS: 1 mug', 'YORK: 1 mug', 'YORK: 1 plate'])
    expect(why(result, 'DERBY')).toBe('distance')
  })

  it('keeps rankings before fewest_splits as tiers', () => {
    const rankings = [{ type: 'priority' as const }, { type: 'fewest_splits' as const }, { type: 'distance' as const }]
    const result = plan(TWO_MUGS, { LEEDS: { mug: 2 }, YORK: { mug: 2 }, DERBY: { mug: 1 } }, strategyOf({ rankings }))
    expect(given(result)).toEqual(['DERBY: 1 mug', 'LEEDS: 1 mug'])
  })

  it('fills the order before it honors tiers where the number of locations is limited', () => {
    const rankings = [{ type: 'priority' as const }, { type: 'fewest_splits' as const }]
    const result = plan(TWO_MUGS, { LEEDS: { mug: 2 }, DERBY: { mug: 1 } }, strategyOf({ rankings, split: { max_locations: 1, keep_lines_whole: false } }))
    expect(given(result)).toEqual(['LEEDS: 2 mug'])
  })

  it('does not divide a line that one of the chosen locations can serve alone', () => {
    const demand = demandOf([lineOf('l1', 'mug', 4), lineOf('l2', 'plate', 1)])
    const result = plan(demand, { LEEDS: { mug: 3, plate: 1 }, DERBY: { mug: 4 } }, NEAREST)
    expect(given(result)).toEqual(['DERBY: 4 mug', 'LEEDS: 1 plate'])
  })

  it('takes the location with more stock to spare, by days where asked', () => {
    const levels = [
      { variant_id: 'mug', location_id: LEEDS.id, available: 50, safety_stock: 10, daily_demand: 10 },
      { variant_id: 'mug', location_id: YORK.id, available: 20, safety_stock: 0, daily_demand: 0.5 },
    ]
    const by = (measure: 'units' | 'days'): Plan => planOrder(TWO_MUGS, ALL, createStockView(levels), strategyOf({ rankings: [{ type: 'overstock', measure }] }))
    expect(given(by('units'))).toEqual(['LEEDS: 2 mug'])
    expect(given(by('days'))).toEqual(['YORK: 2 mug'])
    expect(by('days').decision.below).toEqual([{ code: 'overstock', limit: 40, than: 'YORK', locations: ['LEEDS'], values: [4] }])
  })

  it('ranks by handling cost and by capacity left, where no limit is the most', () => {
    const candidates = [candidateOf('A', { handling_cost: 250n, capacity_left: null }), candidateOf('B', { handling_cost: 90n, capacity_left: 5 })]
    const stock = { A: { mug: 9 }, B: { mug: 9 } }
    expect(given(plan(TWO_MUGS, stock, strategyOf({ rankings: [{ type: 'handling_cost' }] }), candidates))).toEqual(['B: 2 mug'])
    expect(given(plan(TWO_MUGS, stock, strategyOf({ rankings: [{ type: 'capacity' }] }), candidates))).toEqual(['A: 2 mug'])
  })

  it('takes what it can from a location that serves the order already, full or not, and counts it as a split', () => {
    const serving = { ...TWO_MUGS, serving_location_ids: [DERBY.id] }
    const rankings = [{ type: 'fewest_splits' as const }, { type: 'distance' as const }]
    const candidates = [LEEDS, { ...DERBY, capacity_left: 0 }]
    expect(given(plan(TWO_MUGS, { LEEDS: { mug: 2 }, DERBY: { mug: 2 } }, strategyOf({ rankings })))).toEqual(['LEEDS: 2 mug'])
    expect(given(plan(serving, { LEEDS: { mug: 2 }, DERBY: { mug: 2 } }, strategyOf({ rankings }), candidates))).toEqual(['DERBY: 2 mug'])
    const single = plan(serving, { LEEDS: { mug: 2 }, DERBY: { mug: 1 } }, strategyOf({ rankings, split: { max_locations: 1, keep_lines_whole: false } }), candidates)
    expect([given(single), single.decision.serving, single.unfilled]).toEqual([['DERBY: 1 mug'], ['DERBY'], [{ line_id: 'l1', quantity: 1, reason: 'split_limit' }]])
  })

  it('lets the next ranking decide within a distance band', () => {
    const rankings = [{ type: 'distance' as const, band_km: 200 }, { type: 'priority' as const }]
    expect(given(plan(TWO_MUGS, { LEEDS: { mug: 2 }, DERBY: { mug: 2 } }, strategyOf({ rankings })))).toEqual(['DERBY: 2 mug'])
  })
})

describe('filters', () => {
  const cases: [string, Partial<Candidate>, Partial<Demand>, Partial<Rule>][] = [
    ['inactive', { active: false }, {}, {}],
    ['channel', { groups: ['stores'] }, { location_groups: ['online'] }, {}],
    ['group', { groups: ['stores'] }, {}, { location_groups: ['warehouses'] }],
    ['pickup_location', {}, { method: 'pickup', pickup_location_id: 'id-OTHER' }, {}],
    ['capability', { capabilities: ['pickup'] }, {}, {}],
    ['capability', { capabilities: ['ship'] }, { requires: ['gift_wrap'] }, {}],
    ['capacity', { capacity_left: 0 }, {}, {}],
    ['kind', { kind: 'store' }, {}, { filters: [{ type: 'kind', any_of: ['warehouse'] }] }],
    ['same_country', { country: 'FR' }, {}, { filters: [{ type: 'same_country' }] }],
    ['country', { country: 'FR' }, {}, { filters: [{ type: 'country', any_of: ['GB', 'IE'] }] }],
    ['ships_today', { ships_today: false }, {}, { filters: [{ type: 'ships_today' }] }],
    ['promise', { next_ship_at: new Date('2026-03-02T16:00:00Z') }, { latest_ship_at: new Date('2026-03-02T15:59:59Z') }, { filters: [{ type: 'promise' }] }],
    ['promise', { next_ship_at: null }, { latest_ship_at: new Date('2026-03-02T15:59:59Z') }, { filters: [{ type: 'promise' }] }],
    ['distance', { coordinates: { latitude: 51.5, longitude: 0 } }, {}, { filters: [{ type: 'distance', max_km: 100 }] }],
    ['distance', { coordinates: null }, {}, { filters: [{ type: 'distance', max_km: 100, unknown: 'exclude' }] }],
  ]
  it.each(cases)('rule out by %s', (code, candidate, demand, rule) => {
    const result = plan({ ...TWO_MUGS, ...demand }, { A: { mug: 9 } }, strategyOf(rule), [candidateOf('A', candidate)])
    expect(result.allocations).toEqual([])
    expect(result.decision.excluded).toMatchObject([{ code, locations: ['A'] }])
    expect(result.unfilled).toEqual([{ line_id: 'l1', quantity: 2, reason: 'ruled_out' }])
  })

  it('keep a location at the limit, and one at an unknown distance', () => {
    const rule = { filters: [{ type: 'stock_age' as const, max_hours: 1 }, { type: 'promise' as const }, { type: 'distance' as const, max_km: 100 }] }
    const at = new Date('2026-03-02T16:00:00Z')
    const candidate = candidateOf('A', { next_ship_at: at, capacity_left: 1, coordinates: null })
    expect(given(plan({ ...TWO_MUGS, latest_ship_at: at }, { A: { mug: 2 } }, strategyOf(rule), [candidate]))).toEqual(['A: 2 mug'])
  })

  it('rule out what was not counted lately: the oldest count of what is wanted decides', () => {
    const rule = { filters: [{ type: 'stock_age' as const, max_hours: 24 }] }
    const level = (variant_id: string, stock_age_hours: number | null) => ({ variant_id, location_id: 'id-A', available: 9, safety_stock: 0, daily_demand: null, stock_age_hours })
    const result = (...levels: ReturnType<typeof level>[]): unknown => planOrder(MUGS_AND_PLATES, [candidateOf('A')], createStockView(levels), strategyOf(rule)).decision.excluded
    expect(result(level('mug', 24), level('plate', 24))).toEqual([])
    expect(result(level('mug', 1), level('plate', 30))).toEqual([{ code: 'stock_age', limit: 24, locations: ['A'], values: [30] }])
    expect(result(level('mug', 1), level('plate', null))).toEqual([{ code: 'stock_age', limit: 24, locations: ['A'], values: [null] }])
  })

  it('leave safety stock where it is', () => {
    const stock = createStockView([{ variant_id: 'mug', location_id: LEEDS.id, available: 5, safety_stock: 4, daily_demand: null }])
    const result = planOrder(TWO_MUGS, [LEEDS], stock, NEAREST)
    expect(given(result)).toEqual(['LEEDS: 1 mug'])
    expect(result.unfilled).toEqual([{ line_id: 'l1', quantity: 1, reason: 'no_stock' }])
  })

  it('leave out a location after a short pick, for every line of the variant', () => {
    const demand = demandOf([lineOf('l1', 'mug', 1, { excluded_location_ids: [LEEDS.id] }), lineOf('l2', 'mug', 1), lineOf('l3', 'plate', 1)])
    const result = plan(demand, { LEEDS: { mug: 9, plate: 1 }, DERBY: { mug: 9 } }, NEAREST)
    expect(given(result)).toEqual(['DERBY: 1 mug', 'DERBY: 1 mug', 'LEEDS: 1 plate'])
    expect(why(plan(demand, { LEEDS: { mug: 9 }, DERBY: { mug: 9, plate: 9 } }, NEAREST), 'LEEDS')).toBe('excluded')
  })
})

describe('rules and what they leave over', () => {
  const short = { LEEDS: { mug: 1 } }

  it('pass on to the next rule with or without what they could place', () => {
    const stock = { DERBY: { mug: 1 }, LEEDS: { mug: 2 } }
    const rules = (keep_partial: boolean): Strategy =>
      strategyOf({ id: 'w', location_groups: ['warehouses'], fallback: { action: 'next_rule', keep_partial } }, { id: 's', location_groups: ['stores'] })
    expect(given(plan(TWO_MUGS, stock, rules(true)))).toEqual(['DERBY: 1 mug', 'LEEDS: 1 mug'])
    const whole = plan(TWO_MUGS, stock, rules(false))
    expect(given(whole)).toEqual(['LEEDS: 2 mug'])
    expect(whole.decision.rules).toEqual([{ rule: 'w', result: 'put_aside', units: 1 }, { rule: 's', result: 'applied', units: 2 }])
    expect(whole.decision.excluded[0]).toEqual({ code: 'stock', limit: 2, locations: ['DERBY', 'YORK'], values: [1, 0] })
  })

  it('count a location once that two rules choose', () => {
    const demand = demandOf([lineOf('l1', 'mug', 2), lineOf('l2', 'plate', 4)])
    const split = { max_locations: 2, keep_lines_whole: true }
    const strategy = strategyOf({ id: 'a', split, fallback: { action: 'next_rule', keep_partial: true } }, { id: 'b', split: { ...split, keep_lines_whole: false } })
    const result = plan(demand, { DERBY: { mug: 2, plate: 3 }, LEEDS: { plate: 1 }, YORK: { plate: 2 } }, strategy)
    expect(given(result)).toEqual(['DERBY: 2 mug', 'DERBY: 3 plate', 'LEEDS: 1 plate'])
    expect(result.shortage).toBeNull()
  })

  it('say of a location that those chosen before had what it has', () => {
    const demand = demandOf([lineOf('l1', 'mug', 1), lineOf('l2', 'bowl', 1), lineOf('l3', 'plate', 4)])
    const stock = { DERBY: { mug: 1, plate: 2 }, YORK: { bowl: 1, plate: 2 }, LEEDS: { plate: 1 } }
    const whole = { id: 'a', split: { max_locations: null, keep_lines_whole: true }, fallback: { action: 'next_rule' as const, keep_partial: true } }
    const result = plan(demand, stock, strategyOf(whole, { id: 'b' }))
    expect(given(result)).toEqual(['DERBY: 1 mug', 'YORK: 1 bowl', 'DERBY: 2 plate', 'YORK: 2 plate'])
    expect(result.decision.below).toEqual([{ code: 'covered', limit: 4, locations: ['LEEDS'], values: [1] }])
  })

  it('take only orders that meet all conditions', () => {
    const strategy = strategyOf({ id: 'vip', conditions: [{ type: 'channel', any_of: ['web'] }, { type: 'order_value', currency: 'GBP', at_least: '100' }] }, { id: 'rest' })
    const stock = { LEEDS: { mug: 2 } }
    const traces = (amount: bigint): unknown => plan({ ...TWO_MUGS, order_value: { amount, currency: 'GBP' } }, stock, strategy).decision.rules
    expect(traces(10_000n)).toEqual([{ rule: 'vip', result: 'applied', units: 2 }, { rule: 'rest', result: 'not_reached' }])
    expect(traces(9_999n)).toEqual([{ rule: 'vip', result: 'not_matched', because: 'order_value' }, { rule: 'rest', result: 'applied', units: 2 }])
  })

  it('refuse the whole order and take nothing', () => {
    const stock = createStockView(levelsOf(short))
    const result = planOrder({ ...TWO_MUGS, on_shortage: 'refuse' }, ALL, stock, NEAREST)
    expect(result).toMatchObject({ allocations: [], shortage: { action: 'refuse' } })
    expect(result.unfilled).toEqual([{ line_id: 'l1', quantity: 1, reason: 'no_stock' }, { line_id: 'l1', quantity: 1, reason: 'refused' }])
    expect(result.decision.excluded).toContainEqual({ code: 'refused', limit: 2, locations: ['LEEDS'], values: [1] })
    expect(sellableAt(stock, 'mug', LEEDS.id)).toBe(1)
  })

  it('follow the rule before the channel', () => {
    expect(plan({ ...TWO_MUGS, on_shortage: 'refuse' }, short, strategyOf({ fallback: { action: 'hold', queue: 'care' } })).shortage).toEqual({ action: 'hold', queue: 'care' })
    expect(plan({ ...TWO_MUGS, on_shortage: 'hold' }, short, NEAREST).shortage).toEqual({ action: 'hold' })
  })

  it('say that no rule was for the order', () => {
    const result = plan(TWO_MUGS, { LEEDS: { mug: 2 } }, strategyOf({ conditions: [{ type: 'method', is: 'pickup' }] }))
    expect(result.unfilled).toEqual([{ line_id: 'l1', quantity: 2, reason: 'no_rule' }])
    expect(result.decision.excluded).toEqual([{ code: 'no_rule', locations: ['DERBY', 'LEEDS', 'YORK'] }])
  })

  it('keep to the split limit and say so', () => {
    const result = plan(TWO_MUGS, { LEEDS: { mug: 1 }, YORK: { mug: 1 } }, strategyOf({ split: { max_locations: 1, keep_lines_whole: false } }))
    expect(given(result)).toEqual(['LEEDS: 1 mug'])
    expect(result.unfilled).toEqual([{ line_id: 'l1', quantity: 1, reason: 'split_limit' }])
    expect(why(result, 'YORK')).toBe('split_limit')
  })

  it('keep lines whole, also two on one variant', () => {
    const strategy = strategyOf({ split: { max_locations: null, keep_lines_whole: true } })
    const demand = demandOf([lineOf('l1', 'mug', 2), lineOf('l2', 'mug', 3), lineOf('l3', 'mug', 4)])
    const result = plan(demand, { LEEDS: { mug: 4 }, YORK: { mug: 3 } }, strategy)
    expect(result.allocations.map(({ line_id, location_id }) => [line_id, location_id])).toEqual([['l3', LEEDS.id], ['l2', YORK.id]].toSorted((a, b) => (a.join() < b.join() ? -1 : 1)))
    expect(result.unfilled).toEqual([{ line_id: 'l1', quantity: 2, reason: 'no_stock' }])
    expect(plan(TWO_MUGS, { LEEDS: { mug: 1 }, YORK: { mug: 1 } }, strategy).unfilled).toMatchObject([{ reason: 'ruled_out' }])
  })
})

describe('an allocator of another kind', () => {
  const allocateWith = (choose: (problem: AllocationProblem) => number[], strategy = strategyOf({})): Plan =>
    planOrder(TWO_MUGS, [DERBY, LEEDS], createStockView(levelsOf({ DERBY: { mug: 2 }, LEEDS: { mug: 2 } })), strategy, choose)
  const oneEach = ({ supply }: AllocationProblem): number[] => supply.map((units, cell) => (cell === 0 ? Math.min(1, units) : 0))

  it('decides instead', () => {
    expect(given(allocateWith(({ supply }) => [0, supply[1]!]))).toEqual(['LEEDS: 2 mug'])
  })

  it('cannot give more than there is or than is needed, nor use too many locations', () => {
    expect(() => allocateWith(() => [3, 0])).toThrow('no more than there is')
    expect(() => allocateWith(() => [2, 1])).toThrow('no more than is needed')
    expect(() => allocateWith(() => [1, 1], strategyOf({ split: { max_locations: 1, keep_lines_whole: false } }))).toThrow('keeps to the number of locations')
  })

  it('yields one allocation for a line and a location, also through two rules', () => {
    const result = allocateWith(oneEach, strategyOf({ id: 'a', fallback: { action: 'next_rule', keep_partial: true } }, { id: 'b' }))
    expect(given(result)).toEqual(['DERBY: 2 mug'])
    expect(result.decision.chosen).toEqual([{ location: 'DERBY', rule: 'a', lines: [{ line_id: 'l1', quantity: 2, seen: 2 }] }])
  })
})

describe('orders of a batch', () => {
  it('find gone what earlier ones took, of stock and of capacity', () => {
    const candidates = [candidateOf('A', { capacity_left: 1 }), candidateOf('B', { priority: 2 })]
    const stock = createStockView(levelsOf({ A: { mug: 9 }, B: { mug: 3 } }))
    const plans = planOrders([TWO_MUGS, TWO_MUGS, TWO_MUGS], candidates, stock, strategyOf({}))
    expect(plans.map(given)).toEqual([['A: 2 mug'], ['B: 2 mug'], ['B: 1 mug']])
    expect(plans[1]!.decision.excluded).toEqual([{ code: 'capacity', locations: ['A'] }])
    expect(plans[2]!.decision.chosen).toEqual([{ location: 'B', rule: 'r1', lines: [{ line_id: 'l1', quantity: 1, seen: 1 }] }])
  })

  it('have the store that the customer chose under every default strategy', () => {
    const demand = demandOf([lineOf('l1', 'mug', 1)], { method: 'pickup', pickup_location_id: YORK.id })
    for (const content of DEFAULT_STRATEGIES) expect(given(plan(demand, { YORK: { mug: 1 }, DERBY: { mug: 9 } }, { id: 's', version: 1, ...content }))).toEqual(['YORK: 1 mug'])
  })

  it('stay under 2 KB of record with 50 candidates', () => {
    const candidates = Array.from({ length: 50 }, (_, index) => candidateOf(`STORE-${index}`, { groups: [index % 3 === 0 ? 'near' : 'far'], active: index % 7 !== 0 }))
    const stock = levelsOf(Object.fromEntries(candidates.map(({ code }, index) => [code, { mug: index % 5, plate: index % 2 }])))
    const result = planOrder(MUGS_AND_PLATES, candidates, createStockView(stock), strategyOf({ location_groups: ['near'] }))
    expect(JSON.stringify(result.decision).length).toBeLessThan(2_000)
  })
})
