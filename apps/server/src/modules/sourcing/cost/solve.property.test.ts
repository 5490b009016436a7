import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { problemArbitrary } from './fixtures.ts'
import type { CostProblem, Tariff } from './problem.ts'
import { solveCost } from './solve.ts'

/** What is compared: units that are never to be left, then the cost. */
type Weighed = { left: number; cost: number }

const isLess = (a: Weighed, b: Weighed): boolean => a.left < b.left || (a.left === b.left && a.cost < b.cost)

function freight({ max_grams, amounts }: Tariff, grams: number): number {
  for (let step = 0; step < max_grams.length; step++) if (grams <= max_grams[step]!) return amounts[step]!
  return Number.POSITIVE_INFINITY
}

/** The definition once more, written plainly; null where a hard rule is broken. */
function weigh(problem: CostProblem, units: ArrayLike<number>): Weighed | null {
  const { needs, places: { count, serving, ...places }, supply, stock, unit_costs, split_cost, max_locations, min_part_value, tariffs } = problem
  let left = 0
  let cost = 0
  needs.forEach(({ quantity, unfilled_cost }, need) => {
    let rest = quantity
    for (let place = 0; place < count; place++) rest -= units[need * count + place]!
    if (rest < 0) cost = Number.NaN
    if (unfilled_cost === null) left += rest
    else cost += rest * unfilled_cost
  })
  if (Number.isNaN(cost)) return null
  const used = Array.from({ length: count }, (_, place) => place).filter((place) => needs.some((_, need) => units[need * count + place]! > 0))
  const serves = Array.from({ length: count }, (_, place) => place).filter((place) => serving?.serves[place] === 1)
  const opened = used.filter((place) => !serves.includes(place))
  if (opened.length > max_locations) return null
  const all = new Set([...used, ...serves])
  cost += split_cost * Math.max(0, all.size - 1 - Math.max(0, serves.length - 1))
  for (const place of used) {
    let value = serving?.serves[place] === 1 ? serving.value[place]! : 0
    let weight = 0
    for (let need = 0; need < needs.length; need++) {
      const { quantity, weight_grams, value: each, set, variant } = needs[need]!
      const cell = need * count + place
      const given = units[cell]!
      if (given > supply[cell]!) return null
      value += given * each
      weight += given * weight_grams
      cost += given * (places.unit_labor[place]! + (unit_costs.scarcity?.[cell] ?? 0) + (unit_costs.markdown?.[cell] ?? 0) + (unit_costs.stock_out?.[cell] ?? 0))
      if (set !== null && given > 0) for (let other = 0; other < needs.length; other++) if (needs[other]!.set === set && units[other * count + place] !== needs[other]!.quantity) return null
      if (set !== null && given > 0 && given !== quantity) return null
      let together = 0
      for (let other = 0; other < needs.length; other++) if (needs[other]!.variant === variant) together += units[other * count + place]!
      if (stock !== null && together > stock[variant * count + place]!) return null
    }
    if (all.size > 1 && value < min_part_value) return null
    const tariff = tariffs[places.tariff[place]!]!
    const there = serves.includes(place) ? serving!.weight_grams[place]! : 0
    const before = there > 0 ? freight(tariff, there) : 0
    cost += Number.isFinite(before) ? freight(tariff, there + weight) - before : freight(tariff, weight)
    if (!serves.includes(place)) cost += places.parcel_labor[place]! + (places.capacity_cost?.[place] ?? 0)
  }
  return cost === Number.POSITIVE_INFINITY ? null : { left, cost }
}

/** Tries everything. */
function bestByForce(problem: CostProblem): Weighed {
  const { needs, places: { count }, supply } = problem
  const units = new Int32Array(needs.length * count)
  let best: Weighed = { left: Infinity, cost: Infinity }
  const place = (cell: number, rest: number): void => {
    if (cell === units.length) {
      const weighed = weigh(problem, units)
      if (weighed !== null && isLess(weighed, best)) best = weighed
      return
    }
    const need = Math.floor(cell / count)
    const open = cell % count === 0 ? needs[need]!.quantity : rest
    for (let some = 0; some <= Math.min(open, supply[cell]!); some++) {
      units[cell] = some
      place(cell + 1, open - some)
    }
    units[cell] = 0
  }
  place(0, 0)
  return best
}

function check(problem: CostProblem): void {
  const solution = solveCost(problem)
  const best = bestByForce(problem)
  expect(weigh(problem, solution.units)).toEqual({ left: best.left, cost: solution.cost })
  expect(solution.cost).toBe(best.cost)
  expect(solution.lower_bound).toBe(best.cost)
  expect(Object.values(solution.terms).reduce((a, b) => a + b, 0)).toBe(solution.cost)
}

describe('the cheapest way to serve an order', () => {
  it('is the best of all ways', () => {
    fc.assert(fc.property(problemArbitrary({ needs: 3, quantity: 2, places: 4, sets: false, serving: false }), check), { numRuns: 3_000 })
  })

  it('keeps sets whole and adds to what is sent already', () => {
    fc.assert(fc.property(problemArbitrary({ needs: 4, quantity: 2, places: 3, sets: true, serving: true }), check), { numRuns: 3_000 })
  })

  it('is right where many units are asked for', () => {
    fc.assert(fc.property(problemArbitrary({ needs: 2, quantity: 5, places: 3, sets: false, serving: true }), check), { numRuns: 1_500 })
  })
})
