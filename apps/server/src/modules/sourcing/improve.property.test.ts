import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { chooseMoves } from './commit-moves.ts'
import { DEFAULT_COST_MODEL, type CostModel } from './cost-model.ts'
import { prepareEconomics } from './economics.ts'
import { candidateOf, demandOf, lineOf, strategyOf } from './fixtures.ts'
import { improvePlans, isBetter, sumOf, type Improvement, type PendingOrder, type PendingWorld } from './improve.ts'
import { planOrders } from './plan.ts'
import { createStockView, type StockLevel } from './stock-view.ts'

const CODES = ['A', 'B', 'C', 'D']
const MODEL: CostModel = {
  ...DEFAULT_COST_MODEL,
  tariffs: [{ code: 'own', name: 'Own', zones: [{ zone: 'near', max_km: 100 }, { zone: 'mid', max_km: 300 }, { zone: 'far' }], weight_steps: [{ max_grams: 300, amounts: { near: 200, mid: 260, far: 340 } }, { max_grams: 30_000, amounts: { near: 300, mid: 390, far: 500 } }] }],
  sites: [{ tariff: 'own', parcel_labor: 100, unit_labor: 40 }], markdown: { after_days: 30, percent: 20 }, stock_out: { cover_days: 10, percent: 20 },
}
const CANDIDATES = CODES.map((code, at) => candidateOf(code, { coordinates: { latitude: 50 + at * 1.5, longitude: 0 }, capacity_left: code === 'B' ? 2 : null }))
const STRATEGY = strategyOf({ rankings: [], objective: { minimize: 'cost', weigh: ['labor', 'scarcity', 'markdown', 'stock_out'], leave_unfilled: false } })

function finish(world: PendingWorld): Improvement {
  const work = improvePlans(world)
  for (let step = work.next(); ; step = work.next()) if (step.done === true) return step.value
}

const levelArbitrary = fc.record({ available: fc.nat(5), shadow_price: fc.option(fc.double({ min: 0, max: 200, noNaN: true })), daily_demand: fc.option(fc.double({ min: 0, max: 2, noNaN: true })) })
const worldArbitrary = fc.record({
  levels: fc.array(levelArbitrary, { minLength: 12, maxLength: 12 }),
  later: fc.array(fc.nat(3), { minLength: 12, maxLength: 12 }),
  orders: fc.array(fc.record({ latitude: fc.double({ min: 49, max: 56, noNaN: true }), lines: fc.array(fc.record({ variant: fc.nat(2), quantity: fc.integer({ min: 1, max: 3 }) }), { minLength: 1, maxLength: 3 }) }), { minLength: 1, maxLength: 8 }),
})

/** Orders that were placed one after the other on stock without prices; then more stock came in, and prices. */
function worldOf({ levels, later, orders }: typeof worldArbitrary extends fc.Arbitrary<infer T> ? T : never): PendingWorld {
  const at = (index: number): Pick<StockLevel, 'variant_id' | 'location_id' | 'safety_stock'> => ({ variant_id: `v${Math.floor(index / 4)}`, location_id: `id-${CODES[index % 4]!}`, safety_stock: 0 })
  const economics = prepareEconomics(1, MODEL, new Map())
  const demands = orders.map(({ latitude, lines }, order) => demandOf(lines.map(({ variant, quantity }, line) => lineOf(`${order}-${line}`, `v${variant}`, quantity)), {
    order_id: String(order), buffer: null, order_value: { amount: 1_000n, currency: 'GBP' }, destination: { country: 'GB', region: null, postal_code: null, po_box: false, coordinates: { latitude, longitude: 0 } },
  }))
  const stock = createStockView(levels.map((level, index) => ({ ...level, ...at(index), shadow_price: 0 })))
  const plans = planOrders(demands, CANDIDATES, stock, STRATEGY, undefined, economics)
  const pending = demands.map((demand, index): PendingOrder => {
    const claims = plans[index]!.allocations
    const lines = demand.lines.flatMap((line) => { const quantity = claims.reduce((sum, claim) => sum + (claim.line_id === line.line_id ? claim.quantity : 0), 0); return quantity === 0 ? [] : [{ ...line, quantity }] })
    return { demand: { ...demand, lines }, claims }
  }).filter(({ claims }) => claims.length > 0)
  const rest = levels.map((level, index) => ({ ...level, ...at(index), available: stock.sellable[stock.rows.get(at(index).variant_id)! * stock.columns.size + stock.columns.get(at(index).location_id)!]! + later[index]! }))
  return { orders: pending, candidates: CANDIDATES, stock: rest, strategy: STRATEGY, economics, wanted: () => true }
}

test('no sum of costs rises, every order keeps its units, and no unit is given twice', () => {
  fc.assert(fc.property(worldArbitrary, (given) => {
    const world = worldOf(given)
    const { moves, cost_before, cost_after } = finish(world)
    expect(moves.length === 0 || isBetter(cost_after, cost_before)).toBe(true)
    expect(cost_after.total - cost_before.total).toBe(sumOf(moves.map(({ cost_after: cost }) => cost)).total - sumOf(moves.map(({ cost_before: cost }) => cost)).total)
    const after = new Map(moves.map((move) => [move.order_id, move.after]))
    const taken = new Map<string, number>()
    const places = new Map<string, number>()
    for (const { demand, claims } of world.orders) {
      const now = after.get(demand.order_id) ?? claims
      for (const { line_id, quantity } of demand.lines) expect(now.reduce((sum, claim) => sum + (claim.line_id === line_id ? claim.quantity : 0), 0)).toBe(quantity)
      for (const claim of [...now.map((one) => ({ ...one, sign: 1 })), ...claims.map((one) => ({ ...one, sign: -1 }))]) {
        const key = `${claim.variant_id} ${claim.location_id}`
        taken.set(key, (taken.get(key) ?? 0) + claim.sign * claim.quantity)
      }
      for (const [sign, list] of [[1, now], [-1, claims]] as const) for (const id of new Set(list.map(({ location_id }) => location_id))) places.set(id, (places.get(id) ?? 0) + sign)
    }
    for (const { variant_id, location_id, available } of world.stock) expect(taken.get(`${variant_id} ${location_id}`) ?? 0).toBeLessThanOrEqual(available)
    expect(places.get('id-B') ?? 0).toBeLessThanOrEqual(2)
  }), { numRuns: 300 })
})

test('what was planned may be made in part, and then costs less, too', () => {
  fc.assert(fc.property(worldArbitrary, fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }), fc.array(fc.nat(3), { minLength: 12, maxLength: 12 }), (given, gone, sold) => {
    const world = worldOf(given)
    const { moves } = finish(world)
    const levels = new Map(world.orders.flatMap(({ claims }) => claims).map(({ variant_id, location_id }) => [`${variant_id} ${location_id}`, { variant_id, location_id, available: 0 }]))
    world.stock.forEach(({ variant_id, location_id, available }, index) => levels.set(`${variant_id} ${location_id}`, { variant_id, location_id, available: Math.max(0, available - sold[index]!) }))
    const claims = new Map(world.orders.filter((_, index) => !gone[index]).map(({ demand, claims: own }) => [demand.order_id, own.map((claim) => ({ ...claim, released: 0 }))]))
    const full = new Map([...levels].map(([key, level]) => [key, { ...level, reserved: 0, allocated: 0, damaged: 0, quality_control: 0, quarantine: 0, on_order: 0, in_transit: 0, deficit: 0, safety_stock: 0, counted_at: null }]))
    const chosen = chooseMoves(moves, { claims, room: new Map([['id-B', 1]]), levels: full })
    if (chosen.length === 0) return
    expect(isBetter(sumOf(chosen.map(({ cost_after }) => cost_after)), sumOf(chosen.map(({ cost_before }) => cost_before)))).toBe(true)
    const left = new Map([...levels].map(([key, { available }]) => [key, available]))
    for (const { order_id, before, after } of chosen) {
      expect(claims.has(order_id)).toBe(true)
      for (const claim of before) left.set(`${claim.variant_id} ${claim.location_id}`, left.get(`${claim.variant_id} ${claim.location_id}`)! + claim.quantity)
      for (const claim of after) left.set(`${claim.variant_id} ${claim.location_id}`, left.get(`${claim.variant_id} ${claim.location_id}`)! - claim.quantity)
    }
    for (const units of left.values()) expect(units).toBeGreaterThanOrEqual(0)
    expect(chosen.filter(({ before, after }) => after.some(({ location_id }) => location_id === 'id-B') && !before.some(({ location_id }) => location_id === 'id-B')).length).toBeLessThanOrEqual(1)
  }), { numRuns: 300 })
})
