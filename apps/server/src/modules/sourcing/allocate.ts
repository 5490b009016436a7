import { type AllocationProblem, type Allocator, type Assignment, ranksBefore } from './allocator.ts'
import { findSmallestSet } from './smallest-set.ts'
import { packWhole } from './whole-lines.ts'

/**
 * Fills as much as it can and, among the ways to do so, follows the rankings as `Rule.rankings` says: tier by tier,
 * in each tier the smallest set of locations. Where the limit on locations cuts the tiers short, filling the order
 * comes before the order of the tiers.
 */
export const allocateByRank: Allocator = (problem) => {
  const everywhere = problem.locations.map((_, index) => index)
  if (problem.before_splits === 0) return useTiers(problem, [everywhere]).assignment
  const tiers = formTiers(problem, everywhere)
  const tiered = useTiers(problem, tiers)
  if (tiered.rest === 0 || tiered.used < problem.max_locations || tiers.length === 1) return tiered.assignment
  const whole = useTiers(problem, [everywhere])
  return whole.rest < tiered.rest ? whole.assignment : tiered.assignment
}

function formTiers(problem: AllocationProblem, members: readonly number[]): number[][] {
  const sorted = members.toSorted((a, b) => (ranksBefore(problem, a, b) ? -1 : 1))
  const { before_splits, scores } = problem
  if (before_splits === null) return sorted.map((member) => [member])
  const tiers: number[][] = []
  for (const member of sorted) {
    const tier = tiers.at(-1)
    if (tier !== undefined && scores.slice(0, before_splits).every((score) => score[tier[0]!] === score[member])) tier.push(member)
    else tiers.push([member])
  }
  return tiers
}

function useTiers(problem: AllocationProblem, tiers: readonly (readonly number[])[]): { assignment: Assignment; used: number; rest: number } {
  const assignment: Assignment = problem.supply.map(() => 0)
  const rest = problem.needs.map(({ quantity }) => quantity)
  let open = rest.reduce((sum, units) => sum + units, 0)
  let used = 0
  for (const tier of tiers) {
    if (open === 0 || used >= problem.max_locations) break
    const set = findSmallestSet(problem, tier, rest, problem.max_locations - used)
    open -= fillFrom(problem, set, rest, assignment)
    used += set.length
  }
  return { assignment, used, rest: open }
}

/**
 * Gives the units of the set to the needs and lowers `rest`. A need that one location of the set can serve alone is
 * not divided; otherwise better ranked locations give first.
 */
function fillFrom(problem: AllocationProblem, set: readonly number[], rest: number[], assignment: Assignment): number {
  if (problem.contested) return fillWhole(problem, set, rest, assignment)
  const width = problem.locations.length
  let filled = 0
  for (let need = 0; need < rest.length; need++) {
    const alone = set.find((location) => problem.supply[need * width + location]! >= rest[need]!)
    for (const location of alone === undefined ? set : [alone]) {
      const units = Math.min(rest[need]!, problem.supply[need * width + location]!)
      assignment[need * width + location]! += units
      rest[need]! -= units
      filled += units
    }
  }
  return filled
}

function fillWhole(problem: AllocationProblem, set: readonly number[], rest: number[], assignment: Assignment): number {
  const { units, homes } = packWhole(problem, set, rest)
  homes.forEach((location, need) => {
    if (location === null) return
    assignment[need * problem.locations.length + location] = rest[need]!
    rest[need] = 0
  })
  return units
}
