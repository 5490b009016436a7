import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { distanceKm } from '../../kernel/geo.ts'
import { sumByKey } from '../../kernel/quantity.ts'
import type { Candidate, Demand } from './demand.ts'
import { candidateOf, demandOf, lineOf, ruleOf } from './fixtures.ts'
import { type Plan, planOrders } from './plan.ts'
import { createStockView, giveBackStock, snapshotStock, type StockLevel } from './stock-view.ts'
import type { Rule, Strategy } from './strategy.ts'

const CODES = ['A', 'B', 'C', 'D', 'E', 'F', 'G']
const VARIANTS = ['mug', 'plate', 'bowl']
const groups = fc.subarray(['north', 'south'])
const coordinates = fc.option(fc.record({ latitude: fc.integer({ min: 50, max: 58 }), longitude: fc.integer({ min: -5, max: 2 }) }))

const candidateArbitrary = (code: string): fc.Arbitrary<Candidate> =>
  fc
    .record({
      kind: fc.constantFrom('warehouse' as const, 'store' as const), groups, coordinates, country: fc.constantFrom('GB', 'GB', 'IE'),
      capabilities: fc.subarray(['ship', 'pickup', 'gift_wrap'], { minLength: 1 }), active: fc.boolean().map((flag) => flag || code < 'E'),
      priority: fc.integer({ min: 1, max: 3 }), capacity_left: fc.option(fc.integer({ min: 0, max: 3 })), handling_cost: fc.bigInt(0n, 2n),
      ships_today: fc.boolean(),
    })
    .map((given) => candidateOf(code, { ...given, capabilities: ['ship', ...given.capabilities] }))

const stockArbitrary: fc.Arbitrary<StockLevel[]> = fc
  .array(fc.record({ available: fc.integer({ min: 0, max: 5 }), safety_stock: fc.constantFrom(0, 0, 1), daily_demand: fc.option(fc.integer({ min: 0, max: 3 })), stock_age_hours: fc.option(fc.integer({ min: 0, max: 40 })) }), { minLength: 21, maxLength: 21 })
  .map((cells) => cells.map((cell, index) => ({ ...cell, variant_id: VARIANTS[index % 3]!, location_id: `id-${CODES[Math.floor(index / 3)]}` })))

const demandArbitrary: fc.Arbitrary<Demand> = fc
  .record({
    lines: fc.array(fc.record({ variant: fc.constantFrom(...VARIANTS), quantity: fc.integer({ min: 1, max: 5 }), excluded: fc.subarray(CODES, { maxLength: 1 }), set: fc.constantFrom(null, null, 'tea for two'), unit_price: fc.constantFrom(300n, 900n) }), { minLength: 1, maxLength: 4 }),
    location_groups: fc.option(groups), max_locations: fc.option(fc.integer({ min: 1, max: 3 })), on_shortage: fc.constantFrom('refuse' as const, 'backorder' as const, 'hold' as const),
    buffer: fc.option(fc.constantFrom(0, 0, 1, 3)),
    requires: fc.subarray(['gift_wrap'], { maxLength: 1 }).map((list) => (list.length > 0 ? list : [])), channel: fc.constantFrom('web', 'phone'), order_value: fc.constant({ amount: 5_000n, currency: 'GBP' }),
  })
  .map(({ lines, ...given }) => demandOf(lines.map(({ variant, quantity, excluded, set, unit_price }, index) => lineOf(`l${index}`, variant, quantity, { set, unit_price, excluded_location_ids: excluded.map((code) => `id-${code}`) })), given))

const rankings = fc.shuffledSubarray([
  { type: 'fewest_splits' as const }, { type: 'distance' as const }, { type: 'priority' as const }, { type: 'capacity' as const }, { type: 'handling_cost' as const },
  { type: 'overstock' as const, measure: 'days' as const },
])
const ruleArbitrary: fc.Arbitrary<Partial<Rule>> = fc.record({
  conditions: fc.constantFrom([], [], [{ type: 'channel' as const, any_of: ['web'] }]), location_groups: fc.constantFrom([], [], ['north']),
  filters: fc.subarray([{ type: 'same_country' as const }, { type: 'ships_today' as const }, { type: 'distance' as const, max_km: 300 }, { type: 'stock_age' as const, max_hours: 24 }, { type: 'stock_above' as const, units: 2 }], { maxLength: 2 }),
  rankings,
  split: fc.record({ max_locations: fc.option(fc.integer({ min: 1, max: 3 })), keep_lines_whole: fc.boolean(), together: fc.boolean(), worth: fc.boolean() }).map(({ together, worth, ...split }) => ({
    ...split, ...(together ? { keep_together: { bundles: true } } : {}), ...(worth ? { min_value: { currency: 'GBP', amount: '10' } } : {}),
  })),
  fallback: fc.constantFrom({ action: 'channel_policy' as const }, { action: 'next_rule' as const, keep_partial: true }, { action: 'next_rule' as const, keep_partial: false }, { action: 'hold' as const }),
})

type World = { candidates: Candidate[]; levels: StockLevel[]; demands: Demand[]; strategy: Strategy }

const worldArbitrary: fc.Arbitrary<World> = fc.record({
  candidates: fc.tuple(...CODES.map(candidateArbitrary)),
  levels: stockArbitrary,
  demands: fc.array(demandArbitrary, { minLength: 1, maxLength: 5 }).map((demands) => demands.map((demand, index) => ({ ...demand, order_id: `order-${index}` }))),
  strategy: fc.array(ruleArbitrary, { minLength: 1, maxLength: 3 }).map((rules) => ({ id: 's', version: 1, name: 's', rules: rules.map((rule, index) => ruleOf({ ...rule, id: `r${index}` })) })),
})

function holds(check: (world: World, plans: Plan[], stock: ReturnType<typeof createStockView>) => void): void {
  fc.assert(
    fc.property(worldArbitrary, (world) => {
      const stock = createStockView(world.levels)
      check(world, planOrders(world.demands, world.candidates, stock, world.strategy), stock)
    }),
    { numRuns: 1_000 },
  )
}

const cellOf = ({ variant_id, location_id }: { variant_id: string; location_id: string }): string => `${variant_id} ${location_id}`
const locationsOf = ({ allocations }: Plan): Set<string> => new Set(allocations.map(({ location_id }) => location_id))

describe('every plan', () => {
  it('takes no more than there is, and the view keeps the rest', () => {
    holds(({ levels }, plans, stock) => {
      const taken = sumByKey(plans.flatMap(({ allocations }) => allocations), cellOf, ({ quantity }) => quantity)
      const left = sumByKey(snapshotStock(stock), cellOf, ({ sellable }) => sellable)
      for (const level of levels) {
        const units = taken.get(cellOf(level)) ?? 0
        expect(units).toBeLessThanOrEqual(Math.max(0, level.available - level.safety_stock))
        expect(units + (left.get(cellOf(level)) ?? 0)).toBe(Math.max(0, level.available - level.safety_stock))
      }
      for (const { allocations } of plans) giveBackStock(stock, allocations)
      expect(snapshotStock(stock)).toEqual(snapshotStock(createStockView(levels)))
    })
  })

  it('leaves the buffer of the channel and what orders wait for, unless the order was accepted before', () => {
    holds(({ demands, candidates, levels }, plans) => {
      const left = new Map(levels.map((level) => [cellOf(level), Math.max(0, level.available - level.safety_stock)]))
      const queued = new Map<string, number>()
      plans.forEach(({ allocations, unfilled, shortage }, index) => {
        const { buffer, location_groups, lines } = demands[index]!
        for (const [variant, units] of sumByKey(allocations, ({ variant_id }) => variant_id, ({ quantity }) => quantity)) {
          const serving = candidates.filter((one) => one.active && (location_groups === null || one.groups.some((group) => location_groups.includes(group))))
          const there = serving.reduce((sum, { id }) => sum + (left.get(`${variant} ${id}`) ?? 0), 0)
          if (buffer !== null) expect(units).toBeLessThanOrEqual(Math.max(0, there - buffer - (queued.get(variant) ?? 0)))
        }
        for (const allocation of allocations) left.set(cellOf(allocation), left.get(cellOf(allocation))! - allocation.quantity)
        if (buffer === null || shortage?.action !== 'backorder') return
        for (const { line_id, quantity } of unfilled) {
          const variant = lines.find((line) => line.line_id === line_id)!.variant_id
          queued.set(variant, (queued.get(variant) ?? 0) + quantity)
        }
      })
    })
  })

  it('accounts for every unit of every line, and once for a line and a location', () => {
    holds(({ demands }, plans) => {
      plans.forEach(({ allocations, unfilled, shortage }, index) => {
        const units = sumByKey([...allocations, ...unfilled], ({ line_id }) => line_id, ({ quantity }) => quantity)
        for (const { line_id, quantity } of demands[index]!.lines) expect(units.get(line_id)).toBe(quantity)
        expect(new Set(allocations.map(({ line_id, location_id }) => `${line_id} ${location_id}`)).size).toBe(allocations.length)
        for (const { quantity } of [...allocations, ...unfilled]) expect(quantity).toBeGreaterThan(0)
        expect(shortage === null).toBe(unfilled.length === 0)
        if (shortage?.action === 'refuse') expect(allocations).toEqual([])
      })
    })
  })

  it('uses only locations that pass the filters of the rule that chose them', () => {
    holds(({ demands, candidates, strategy, levels }, plans) => {
      plans.forEach(({ allocations, decision }, index) => {
        for (const { location_id, line_id } of allocations) {
          const demand = demands[index]!
          const candidate = candidates.find(({ id }) => id === location_id)!
          const rule = strategy.rules.find(({ id }) => id === decision.chosen.find(({ location }) => location === candidate.code)!.rule)!
          expect(findViolation(demand, candidate, rule, line_id, levels)).toBeUndefined()
        }
      })
    })
  })

  it('keeps to limits on locations and capacity, and divides no line that is whole', () => {
    holds(({ demands, candidates, strategy }, plans) => {
      plans.forEach((plan, index) => {
        const rules = strategy.rules.filter(({ id }) => plan.decision.rules.some((trace) => trace.rule === id && trace.result === 'applied'))
        const limits = rules.map(({ split }) => split.max_locations ?? Infinity)
        expect(locationsOf(plan).size).toBeLessThanOrEqual(Math.min(demands[index]!.max_locations ?? Infinity, Math.max(0, ...limits)))
        if (rules.every(({ split }) => split.keep_lines_whole || split.keep_together !== undefined)) expect(new Set(plan.allocations.map(({ line_id }) => line_id)).size).toBe(plan.allocations.length)
      })
      for (const { id, capacity_left } of candidates) expect(plans.filter((plan) => locationsOf(plan).has(id)).length).toBeLessThanOrEqual(capacity_left ?? Infinity)
    })
  })

  it('divides no set that is kept together', () => {
    holds(({ demands, strategy }, plans) => {
      if (!strategy.rules.every(({ split }) => split.keep_together !== undefined)) return
      plans.forEach(({ allocations, shortage }, index) => {
        const set = demands[index]!.lines.filter((line) => line.set !== null)
        const given = allocations.filter(({ line_id }) => set.some((line) => line.line_id === line_id))
        expect(new Set(given.map(({ location_id }) => location_id)).size).toBeLessThanOrEqual(1)
        // Units that the channel's buffer holds back are no part of what is divided.
        if (demands[index]!.buffer !== null || shortage?.action === 'refuse' || given.length === 0) return
        expect(given.reduce((sum, { quantity }) => sum + quantity, 0)).toBe(set.reduce((sum, { quantity }) => sum + quantity, 0))
      })
    })
  })

  it('splits only where every part is worth what the rule asks', () => {
    holds(({ demands, strategy }, plans) => {
      if (strategy.rules.length > 1 || strategy.rules[0]!.split.min_value === undefined) return
      plans.forEach((plan, index) => {
        const prices = new Map(demands[index]!.lines.map(({ line_id, unit_price }) => [line_id, Number(unit_price)]))
        const parts = sumByKey(plan.allocations, ({ location_id }) => location_id, ({ line_id, quantity }) => quantity * prices.get(line_id)!)
        if (parts.size > 1) for (const worth of parts.values()) expect(worth).toBeGreaterThanOrEqual(1_000)
      })
    })
  })

  it('leaves at each location what the rule keeps back', () => {
    holds(({ levels, strategy }, plans, stock) => {
      if (!strategy.rules.every(({ filters }) => filters.some(({ type }) => type === 'stock_above'))) return
      const left = sumByKey(snapshotStock(stock), cellOf, ({ sellable }) => sellable)
      const taken = new Set(plans.flatMap(({ allocations }) => allocations).map(cellOf))
      for (const level of levels) if (taken.has(cellOf(level))) expect(left.get(cellOf(level)) ?? 0).toBeGreaterThanOrEqual(2)
    })
  })

  it('explains every candidate once, in a record that survives JSON', () => {
    holds(({ candidates }, plans) => {
      for (const plan of plans) {
        const { chosen, excluded, below } = plan.decision
        const named = [...chosen.map(({ location }) => location), ...[...excluded, ...below].flatMap(({ locations }) => locations)]
        expect(named.toSorted()).toEqual(candidates.map(({ code }) => code))
        for (const { values, locations } of [...excluded, ...below]) if (values !== undefined) expect(values.length).toBe(locations.length)
        expect(new Set(chosen.map(({ location }) => `id-${location}`))).toEqual(locationsOf(plan))
        expect(JSON.parse(JSON.stringify(plan.decision))).toEqual(plan.decision)
      }
    })
  })

  it('is the same for the same input, in whatever order the candidates come', () => {
    holds((world, plans) => {
      const again = planOrders(world.demands, world.candidates.toReversed(), createStockView(world.levels.toReversed()), world.strategy)
      expect(again).toEqual(plans)
    })
  })

  it('names a reason that is true', () => {
    holds(({ candidates, demands, strategy }, plans) => {
      plans.forEach(({ decision }, index) => {
        for (const { code, than, limit, locations, values } of decision.below) {
          if (than === undefined || code === 'tie') continue
          const lower = code !== 'capacity' && code !== 'overstock'
          for (const value of values!) {
            const [mine, chosen] = [value ?? Infinity, limit ?? Infinity] as [number, number]
            expect(lower ? mine > chosen : mine < chosen).toBe(true)
          }
          if (code === 'priority') locations.forEach((one, at) => expect(candidates.find((candidate) => candidate.code === one)!.priority).toBe(values![at]))
        }
        for (const group of decision.excluded.filter(({ code }) => code === 'stock')) for (const value of group.values!) expect(value as number).toBeLessThanOrEqual(group.limit as number)
        expect(decision.units).toBe(demands[index]!.lines.reduce((sum, { quantity }) => sum + quantity, 0))
        expect(decision.rules.length).toBe(strategy.rules.length)
      })
    })
  })
})

/** The rules of eligibility once more, written plainly; the first that is broken. */
function findViolation(demand: Demand, candidate: Candidate, rule: Rule, line_id: string, levels: readonly StockLevel[]): string | undefined {
  const line = demand.lines.find((one) => one.line_id === line_id)!
  const from = candidate.coordinates
  const to = demand.destination!.coordinates!
  const broken: Record<string, boolean> = {
    active: !candidate.active,
    excluded: line.excluded_location_ids.includes(candidate.id),
    channel: demand.location_groups !== null && !demand.location_groups.some((group) => candidate.groups.includes(group)),
    group: rule.location_groups.length > 0 && !rule.location_groups.some((group) => candidate.groups.includes(group)),
    capability: ['ship', ...demand.requires].some((capability) => !candidate.capabilities.includes(capability)),
    condition: rule.conditions.length > 0 && demand.channel !== 'web',
    same_country: candidate.country !== 'GB',
    ships_today: !candidate.ships_today,
    distance: from !== null && distanceKm(from, to) > 300,
    stock_age: (levels.find(({ variant_id, location_id }) => variant_id === line.variant_id && location_id === candidate.id)?.stock_age_hours ?? Infinity) > 24,
  }
  const always = ['active', 'excluded', 'channel', 'group', 'capability', 'condition']
  return [...always, ...rule.filters.map(({ type }) => type)].find((name) => broken[name])
}
