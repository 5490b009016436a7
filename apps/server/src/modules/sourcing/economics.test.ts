import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DEFAULT_COST_MODEL, type CostModel } from './cost-model.ts'
import { prepareEconomics } from './economics.ts'
import { explainDecision } from './explain.ts'
import { candidateOf, demandOf, levelsOf, lineOf, ruleOf } from './fixtures.ts'
import { type Plan, planOrders } from './plan.ts'
import { createStockView, type StockLevel } from './stock-view.ts'
import type { Objective, Rule } from './strategy.ts'

const LEEDS = candidateOf('LEEDS', { coordinates: { latitude: 53.8, longitude: -1.55 }, handling_cost: 100n })
const LONDON = candidateOf('LONDON', { coordinates: { latitude: 51.51, longitude: -0.07 }, handling_cost: 100n })
const YORK = candidateOf('YORK', { kind: 'store', coordinates: { latitude: 53.96, longitude: -1.08 }, handling_cost: 250n })

/** 2.00 within 50 km, 3.00 beyond, half as much more above a kilogram; 0.40 for a unit, 0.80 in a store. */
const MODEL: CostModel = {
  ...DEFAULT_COST_MODEL,
  tariffs: [{
    code: 'own', name: 'Own', zones: [{ zone: 'near', max_km: 50 }, { zone: 'far' }],
    weight_steps: [{ max_grams: 1_000, amounts: { near: 200, far: 300 } }, { max_grams: 30_000, amounts: { near: 300, far: 450 } }],
  }],
  sites: [{ kinds: ['store'], tariff: 'own', parcel_labor: null, unit_labor: 80 }, { tariff: 'own', parcel_labor: null, unit_labor: 40 }],
}
const OBJECTIVE: Objective = { minimize: 'cost', weigh: ['labor', 'scarcity', 'markdown', 'stock_out'], leave_unfilled: false }

function plan(levels: readonly StockLevel[], given: { model?: Partial<CostModel>; objective?: Partial<Objective>; rule?: Partial<Rule>; quantity?: number; candidates?: typeof LEEDS[] } = {}): Plan {
  const strategy = { id: 's', version: 1, name: 'S', rules: [ruleOf({ rankings: [], objective: { ...OBJECTIVE, ...given.objective }, ...given.rule })] }
  const demand = demandOf([lineOf('l1', 'mug', given.quantity ?? 2, { weight_grams: 0 })], { order_value: { amount: 1_000n, currency: 'GBP' } })
  return planOrders([demand], given.candidates ?? [LEEDS, LONDON, YORK], createStockView(levels), strategy, undefined, prepareEconomics(1, { ...MODEL, ...given.model }, new Map(), 'run-1'))[0]!
}

const from = ({ allocations }: Plan): string[] => allocations.map(({ location_id, quantity }) => `${quantity} ${location_id.replace('id-', '')}`)
const EVERYWHERE = levelsOf({ LEEDS: { mug: 9 }, LONDON: { mug: 9 }, YORK: { mug: 9 } })

describe('a rule that chooses by cost', () => {
  test('takes the cheapest way; its terms add up and every other location is told what it would cost', () => {
    const { decision } = plan(EVERYWHERE)
    expect(decision.chosen.map(({ location }) => location)).toEqual(['LEEDS'])
    expect(decision.cost).toEqual({ cost_version: 1, price_run: 'run-1', currency: 'GBP', total: 200 + 100 + 80, lower_bound: 380, terms: { freight: 200, labor: 180 } })
    expect(decision.below).toEqual([{ code: 'cost', limit: 380, locations: ['LONDON', 'YORK'], values: [300 + 100 + 80, 200 + 250 + 160] }])
    expect(explainDecision(decision, { locations: new Map(), lines: new Map(), rules: new Map() })).toEqual(expect.arrayContaining([
      'LONDON was passed over: all of it from there would cost 480 minor units, the plan costs 380.',
      'The plan costs GBP 3.80: freight 2.00, labor 1.80. No plan costs less.',
    ]))
  })

  test('divides an order only where that is cheaper than one parcel, and knows what does not weigh', () => {
    expect(from(plan(levelsOf({ LEEDS: { mug: 1 }, LONDON: { mug: 2 } })))).toEqual(['2 LONDON'])
    expect(from(plan(levelsOf({ LEEDS: { mug: 1 }, LONDON: { mug: 1 } })))).toEqual(['1 LEEDS', '1 LONDON'])
    expect(from(plan(EVERYWHERE, { candidates: [YORK, LONDON] }))).toEqual(['2 LONDON'])
    expect(from(plan(EVERYWHERE, { candidates: [YORK, LONDON], objective: { weigh: [] } }))).toEqual(['2 YORK'])
  })

  test('keeps scarce stock for those who need it more, as the shadow price says', () => {
    const levels = EVERYWHERE.map((level) => ({ ...level, shadow_price: level.location_id === 'id-LEEDS' ? 50.4 : 0 }))
    expect(from(plan(levels))).toEqual(['2 LEEDS'])
    expect(plan(levels, { candidates: [LEEDS] }).decision.cost).toMatchObject({ total: 480, terms: { scarcity: 100 } })
    expect(from(plan(levels.map((level) => ({ ...level, shadow_price: level.shadow_price * 2 }))))).toEqual(['2 LONDON'])
    expect(from(plan(levels.map((level) => ({ ...level, shadow_price: level.shadow_price * 2 })), { objective: { weigh: ['labor'] } }))).toEqual(['2 LEEDS'])
  })

  test('sells overstock first, and leaves a store what it sells itself', () => {
    const sold = EVERYWHERE.map((level) => ({ ...level, available: 100, daily_demand: level.location_id === 'id-YORK' ? 0.1 : 5 }))
    expect(from(plan(sold))).toEqual(['2 LEEDS'])
    expect(from(plan(sold, { model: { markdown: { after_days: 30, percent: 50 } } }))).toEqual(['2 YORK'])
    const short = EVERYWHERE.map((level) => ({ ...level, daily_demand: level.location_id === 'id-LEEDS' ? 9 : 0.1 }))
    expect(from(plan(short, { model: { stock_out: { cover_days: 10, percent: 50 } } }))).toEqual(['2 LONDON'])
  })

  test('leaves a unit that is not worth it only where the rule allows that', () => {
    expect(from(plan(EVERYWHERE, { model: { unfilled_cost: 150 } }))).toEqual(['2 LEEDS'])
    const left = plan(EVERYWHERE, { model: { unfilled_cost: 150 }, objective: { leave_unfilled: true } })
    expect(from(left)).toEqual([])
    expect(left.unfilled).toEqual([{ line_id: 'l1', quantity: 2, reason: 'not_worth' }])
    expect(left.decision.cost).toMatchObject({ total: 300, terms: { unfilled: 300 } })
  })

  test('goes by its rankings where there is no cost model', () => {
    const strategy = { id: 's', version: 1, name: 'S', rules: [ruleOf({ rankings: [{ type: 'distance' }], objective: OBJECTIVE })] }
    const result = planOrders([demandOf([lineOf('l1', 'mug', 2)])], [LONDON, LEEDS], createStockView(EVERYWHERE), strategy)[0]!
    expect(from(result)).toEqual(['2 LEEDS'])
    expect(result.decision.cost).toBeUndefined()
  })

  test('adds up, whatever there is', () => {
    fc.assert(fc.property(fc.array(fc.record({ available: fc.nat(4), shadow_price: fc.double({ min: 0, max: 300, noNaN: true }), daily_demand: fc.option(fc.double({ min: 0, max: 3, noNaN: true })) }), { minLength: 3, maxLength: 3 }), fc.integer({ min: 1, max: 6 }), (levels, quantity) => {
      const codes = ['LEEDS', 'LONDON', 'YORK']
      const { decision } = plan(levels.map((level, at) => ({ ...level, variant_id: 'mug', location_id: `id-${codes[at]!}`, safety_stock: 0 })), { quantity, model: { markdown: { after_days: 30, percent: 50 }, stock_out: { cover_days: 10, percent: 50 } } })
      const { cost } = decision
      if (cost === undefined) return
      expect(Object.values(cost.terms).reduce((sum, amount) => sum + amount, 0)).toBe(cost.total)
      expect(cost.lower_bound).toBeLessThanOrEqual(cost.total)
    }))
  })
})
