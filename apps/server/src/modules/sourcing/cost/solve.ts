import { searchExactly } from './exact.ts'
import { NEVER, readItems, type Items } from './items.ts'
import type { CostProblem, CostSolution } from './problem.ts'
import { addUp } from './terms.ts'

/** Finds which location gives how many units so that the sum of all costs is least; units that are never to be left come first. */
export function solveCost(problem: CostProblem): CostSolution {
  const items = readItems(problem)
  const { space, choice, lower_bound } = searchExactly(items)
  const units = new Int32Array(problem.needs.length * items.width)
  for (const { place, state } of choice.parts) {
    let rest = state
    for (let item = items.count - 1; item >= 0; item--) {
      const copies = Math.floor(rest / space.step[item]!)
      rest -= copies * space.step[item]!
      if (copies > 0) giveCopies(items, item, place, copies, units)
    }
  }
  const { terms, cost, unfilled, left } = addUp(problem, units)
  const bound = lower_bound + items.lost - left * NEVER
  return { units, unfilled, terms, cost, lower_bound: bound, is_exact: bound === cost }
}

function giveCopies({ problem: { needs }, needs: members, width }: Items, item: number, place: number, copies: number, units: Int32Array): void {
  for (const need of members[item]!) units[need * width + place]! += needs[need]!.set === null ? copies : needs[need]!.quantity
}
