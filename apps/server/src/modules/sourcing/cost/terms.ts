import { freightOf } from './items.ts'
import type { CostProblem, CostTerms, UnitTerm } from './problem.ts'

const UNIT_TERMS: readonly UnitTerm[] = ['scarcity', 'markdown', 'stock_out']

/** The parts of what a choice of units costs, and the units that are left although they are never to be. */
export function addUp(problem: CostProblem, units: ArrayLike<number>): { terms: CostTerms; cost: number; unfilled: Int32Array; left: number } {
  const { needs, places: { count, parcel_labor, unit_labor, capacity_cost, serving }, unit_costs, split_cost } = problem
  const terms: CostTerms = { freight: 0, labor: 0, capacity: 0, split: 0, unfilled: 0, scarcity: 0, markdown: 0, stock_out: 0 }
  const unfilled = Int32Array.from(needs, ({ quantity }) => quantity)
  let opened = 0
  for (let place = 0; place < count; place++) {
    let weight = 0
    let given = 0
    for (let need = 0, cell = place; need < needs.length; need++, cell += count) {
      const some = units[cell]!
      if (some === 0) continue
      given += some
      weight += some * needs[need]!.weight_grams
      unfilled[need]! -= some
      for (const term of UNIT_TERMS) terms[term] += some * (unit_costs[term]?.[cell] ?? 0)
    }
    if (given === 0) continue
    terms.labor += given * unit_labor[place]!
    const serves = serving?.serves[place] === 1
    terms.freight += serves ? addedFreight(problem, place, weight) : freightOf(problem.tariffs[problem.places.tariff[place]!]!, weight)
    if (serves) continue
    opened++
    terms.labor += parcel_labor[place]!
    terms.capacity += capacity_cost?.[place] ?? 0
  }
  const served = serving !== null && Array.prototype.includes.call(serving.serves, 1)
  terms.split = split_cost * Math.max(0, opened - (served ? 0 : 1))
  let left = 0
  unfilled.forEach((some, need) => {
    const { unfilled_cost } = needs[need]!
    if (unfilled_cost === null) left += some
    else terms.unfilled += some * unfilled_cost
  })
  let cost = 0
  for (const amount of Object.values(terms)) cost += amount
  return { terms, cost, unfilled, left }
}

/** What a heavier parcel costs more at a location that serves the order already; priced as if the units went alone where the tariff does not know the parcel. */
export function addedFreight({ tariffs, places: { tariff, serving } }: CostProblem, place: number, weight_grams: number): number {
  const table = tariffs[tariff[place]!]!
  const there = serving!.weight_grams[place]!
  const before = there > 0 ? freightOf(table, there) : 0
  return Number.isFinite(before) ? freightOf(table, there + weight_grams) - before : freightOf(table, weight_grams)
}
