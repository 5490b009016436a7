import { type AllocationProblem, ranksBefore } from './allocator.ts'
import { packWhole } from './whole-lines.ts'

/**
 * How many sets of one size are tried. All sets of up to 12 locations fit (924 of size 6), so the result is exact
 * there; so are pairs of up to 100 locations and triples of up to 31.
 */
const MAX_SETS = 5_000

/** The same where every set has to be packed to know what it fills. */
const MAX_SETS_PACKED = 1_000

type Choice = { set: number[]; units: number }

/** The part of a problem that one tier has to solve. */
type Search = { problem: AllocationProblem; rest: readonly number[]; limit: number }

/**
 * The set of at most `limit` members that fills most of `rest`; of such sets the smallest; of those the one with
 * the lowest sums of scores, ranking by ranking. In rank order. Exact as long as `MAX_SETS` allows, then greedy
 * with improvement, never worse than greedy.
 */
export function findSmallestSet(problem: AllocationProblem, members: readonly number[], rest: readonly number[], limit: number): number[] {
  const search = { problem, rest, limit }
  const single = findBestSingle(search, members)
  if (single.units === 0) return []
  if (limit === 1 || members.length === 1 || single.units === sum(rest)) return single.set
  const goal = reachableUnits(search, members)
  if (single.units === goal) return single.set
  const useful = members.filter((member) => countUnits(search, [member]) > 0).sort((a, b) => (ranksBefore(problem, a, b) ? -1 : 1))
  const greedy = chooseGreedily(search, useful)
  const set = searchBySize(search, useful, single, greedy, goal).set
  return set.sort((a, b) => (ranksBefore(problem, a, b) ? -1 : 1))
}

function findBestSingle(search: Search, members: readonly number[]): Choice {
  let best = -1
  let most = 0
  for (const member of members) {
    const units = countSingle(search, member)
    if (units > most || (units === most && units > 0 && ranksBefore(search.problem, member, best))) {
      best = member
      most = units
    }
  }
  return { set: best < 0 ? [] : [best], units: most }
}

function countSingle(search: Search, member: number): number {
  const { problem, rest } = search
  if (problem.contested) return packWhole(problem, [member], rest).units
  const width = problem.locations.length
  let units = 0
  for (let need = 0; need < rest.length; need++) units += Math.min(rest[need]!, problem.supply[need * width + member]!)
  return units
}

/** Units that the set fills. */
function countUnits({ problem, rest }: Search, set: readonly number[]): number {
  if (problem.contested) return packWhole(problem, set, rest).units
  const width = problem.locations.length
  let units = 0
  for (let need = 0; need < rest.length; need++) {
    let there = 0
    for (const member of set) there += problem.supply[need * width + member]!
    units += Math.min(rest[need]!, there)
  }
  return units
}

/** What all members together can fill; where whole lines contest stock, perhaps too much. */
function reachableUnits({ problem, rest }: Search, members: readonly number[]): number {
  const width = problem.locations.length
  return rest.reduce((units, wanted, need) => units + Math.min(wanted, sum(members.map((member) => problem.supply[need * width + member]!))), 0)
}

function chooseGreedily(search: Search, useful: readonly number[]): Choice {
  let choice: Choice = { set: [], units: 0 }
  while (choice.set.length < search.limit) {
    let next = choice
    for (const member of useful) {
      if (choice.set.includes(member)) continue
      const set = [...choice.set, member]
      const units = countUnits(search, set)
      if (units > next.units) next = { set, units }
    }
    if (next === choice) break
    choice = next
  }
  return choice
}

/** Size by size, so that the first size that fills everything is the smallest. */
function searchBySize(search: Search, useful: readonly number[], single: Choice, greedy: Choice, goal: number): Choice {
  const complete = greedy.units === goal
  const largest = complete ? greedy.set.length : Math.min(search.limit, useful.length)
  const { contested } = search.problem
  const most = contested ? MAX_SETS_PACKED : MAX_SETS
  const members = contested ? useful : dropDominated(search, useful, largest)
  let best = single
  for (let size = 2; size <= Math.min(largest, members.length); size++) {
    if (countSets(members.length, size) > most) return better(search.problem, improve(search, useful, greedy), best)
    const found = searchSize(search, members, size, complete ? goal : best.units + 1)
    if (found !== undefined) best = found
    if (best.units === goal) return best
  }
  return best
}

/**
 * Leaves out members without which no set of up to `largest` gets worse. A member can be exchanged for a better
 * ranked one that has at least as much of everything, unless the set holds that one already: so `largest` of these
 * are enough to find one outside the set. One alone is enough if beside it the member adds nothing.
 */
function dropDominated({ problem, rest }: Search, useful: readonly number[], largest: number): number[] {
  const width = problem.locations.length
  const kept: number[] = []
  for (const member of useful) {
    let stronger = 0
    for (const other of kept) {
      let covers = true
      let saturates = true
      for (let need = 0; need < rest.length; need++) {
        const mine = Math.min(rest[need]!, problem.supply[need * width + member]!)
        const its = problem.supply[need * width + other]!
        if (mine > its) covers = false
        if (mine > 0 && its < rest[need]!) saturates = false
      }
      if (saturates) stronger = largest
      else if (covers) stronger++
      if (stronger >= largest) break
    }
    if (stronger < largest) kept.push(member)
  }
  return kept
}

/** The best set of exactly that size which fills at least `required` units, by trying all that can. */
function searchSize(search: Search, members: readonly number[], size: number, required: number): Choice | undefined {
  const { problem } = search
  const width = problem.locations.length
  const needs = search.rest.length
  const peaks = findPeaks(search, members)
  const rest = Array.from({ length: size + 1 }, () => search.rest.slice())
  const set: number[] = []
  let best: Choice | undefined
  const pick = (depth: number, from: number, units: number): void => {
    const later = size - depth - 1
    for (let at = from; at < members.length - later; at++) {
      const member = members[at]!
      let filled = units
      let possible = 0
      for (let need = 0; need < needs; need++) {
        const open = rest[depth]![need]!
        const given = Math.min(open, problem.supply[need * width + member]!)
        filled += given
        rest[depth + 1]![need] = open - given
        possible += Math.min(open - given, later * peaks[need * (members.length + 1) + at + 1]!)
      }
      if (filled + possible < (best?.units ?? required)) continue
      set[depth] = member
      if (later > 0) pick(depth + 1, at + 1, filled)
      else best = considerSet(search, set, filled, best, required)
    }
  }
  pick(0, 0, 0)
  return best
}

function considerSet(search: Search, set: readonly number[], filled: number, best: Choice | undefined, required: number): Choice | undefined {
  const units = search.problem.contested ? countUnits(search, set) : filled
  if (units < required) return best
  const choice = { set: set.slice(), units }
  return best === undefined ? choice : better(search.problem, best, choice)
}

/** Per need and position the largest supply from there on: bounds what members still to come can give. */
function findPeaks({ problem, rest }: Search, members: readonly number[]): number[] {
  const row = members.length + 1
  const peaks: number[] = Array.from({ length: rest.length * row }, () => 0)
  for (let need = 0; need < rest.length; need++)
    for (let at = members.length - 1; at >= 0; at--)
      peaks[need * row + at] = Math.max(peaks[need * row + at + 1]!, problem.supply[need * problem.locations.length + members[at]!]!)
  return peaks
}

/** Takes single steps as long as one makes the choice better: leave one out, put one for one, put one for two. */
function improve(search: Search, useful: readonly number[], greedy: Choice): Choice {
  let choice = greedy
  for (;;) {
    const before = choice
    for (const set of neighbors(before.set, useful)) choice = better(search.problem, choice, { set, units: countUnits(search, set) })
    if (choice === before) return choice
  }
}

function* neighbors(set: readonly number[], useful: readonly number[]): Generator<number[]> {
  const outside = useful.filter((member) => !set.includes(member))
  for (let a = 0; a < set.length; a++) {
    const without = set.filter((_, index) => index !== a)
    yield without
    for (const member of outside) yield [...without, member]
    for (let b = a; b < without.length; b++) {
      const withoutTwo = without.filter((_, index) => index !== b)
      for (const member of outside) yield [...withoutTwo, member]
    }
  }
}

/** The choice with more units, then fewer members, then lower scores; `a` where they are equal. */
function better(problem: AllocationProblem, a: Choice, b: Choice): Choice {
  if (a.units !== b.units) return a.units > b.units ? a : b
  if (a.set.length !== b.set.length) return a.set.length < b.set.length ? a : b
  for (const score of problem.scores) {
    let difference = 0
    for (let index = 0; index < a.set.length; index++) difference += score[b.set[index]!]! - score[a.set[index]!]!
    if (difference !== 0) return difference > 0 ? a : b
  }
  return a
}

function countSets(members: number, size: number): number {
  let count = 1
  for (let k = 1; k <= size; k++) count = (count * (members - size + k)) / k
  return count
}

function sum(numbers: readonly number[]): number {
  let total = 0
  for (const number of numbers) total += number
  return total
}
