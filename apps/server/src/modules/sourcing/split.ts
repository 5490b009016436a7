import { parseAmount } from '../../kernel/money.ts'
import type { AllocationProblem, Allocator, Assignment } from './allocator.ts'
import type { OrderView } from './order-view.ts'
import type { KeepTogether, SplitPolicy } from './strategy.ts'

/** Why the policy left a line out that a location had. */
export type RefusedSplit = 'set_whole' | 'split_value'

/** What of the order has a place already, by candidate: the lines it gives units of. */
export type Opened = ReadonlyMap<number, ReadonlySet<number>>

/** An assignment that keeps to the policy, and the lines that would have more units without it. */
export type Divided = { assignment: Assignment; refused: ReadonlyMap<number, RefusedSplit> }

/** At most so many homes are tried for one set, the best ranked first. */
const MAX_HOMES = 12

/** Whether each need is a line of its own: lines that are kept whole, alone or in a set, are not added up by variant. */
export function isByLine({ keep_lines_whole, keep_together }: SplitPolicy): boolean {
  return keep_lines_whole || keep_together !== undefined
}

/**
 * Asks the allocator, and again with fewer choices as long as its answer divides a set or makes a parcel that is worth
 * too little. The answer never breaks the policy; that no other answer would have placed more is not promised.
 */
export function divide(problem: AllocationProblem, policy: SplitPolicy, opened: Opened, allocate: Allocator): Divided {
  const refused = new Map<number, RefusedSplit>()
  const { keep_together } = policy
  const whole = keep_together === undefined ? allocate : wholeSets(listSets(problem.order, keep_together), opened, allocate, refused)
  const least = leastValue(problem.order, policy)
  if (least === undefined) return { assignment: whole(problem), refused }
  const free = whole(problem)
  const assignment = worthwhile(problem, least, policy, opened, whole, free)
  if (assignment !== free) {
    for (const line of linesBehind(problem, policy)) if (given(problem, assignment, line.need) < given(problem, free, line.need)) refused.set(line.line, 'split_value')
  }
  return { assignment, refused }
}

function leastValue({ demand: { order_value } }: OrderView, { min_value }: SplitPolicy): bigint | undefined {
  return min_value === undefined || order_value?.currency !== min_value.currency ? undefined : parseAmount(min_value.amount, min_value.currency)
}

/** Takes away the location with the least worth until every part is worth enough; one location alone where that places more. */
function worthwhile(problem: AllocationProblem, least: bigint, policy: SplitPolicy, opened: Opened, allocate: Allocator, free: Assignment): Assignment {
  let asked = problem
  let assignment = free
  for (;;) {
    const used = usedLocations(asked, assignment)
    if (used.length + opened.size < 2) break
    const values = used.map((location) => ({ location, value: valueAt(asked, policy, assignment, location) })).filter(({ location, value }) => value < least && !opened.has(asked.locations[location]!))
    const poorest = values.toSorted((a, b) => (a.value < b.value ? -1 : a.value > b.value ? 1 : b.location - a.location))[0]
    if (poorest === undefined) break
    asked = without(asked, (_need, location) => location === poorest.location)
    assignment = allocate(asked)
  }
  if (assignment === free || opened.size > 0) return assignment
  const alone = allocate({ ...problem, max_locations: Math.min(1, problem.max_locations) })
  return total(alone) > total(assignment) ? alone : assignment
}

function valueAt(problem: AllocationProblem, policy: SplitPolicy, assignment: Assignment, location: number): bigint {
  const { demand, variants } = problem.order
  return problem.needs.reduce((sum, { variant }, need) => {
    const units = assignment[need * problem.locations.length + location]!
    if (units === 0) return sum
    // Of lines that share a variant at different prices the lowest counts.
    const prices = demand.lines.flatMap(({ unit_price }, line) => ((isByLine(policy) ? line === need : variants[line] === variant) ? [unit_price] : []))
    return sum + BigInt(units) * prices.reduce((lowest, price) => (price < lowest ? price : lowest))
  }, 0n)
}

/** Lines that belong together, by their positions. Lines that belong to two sets join them. */
export function listSets({ demand: { lines } }: OrderView, { bundles, tags = [] }: KeepTogether): number[][] {
  const marks = lines.map(({ set, tags: tagged }) => [...(bundles && set !== null ? [`set ${set}`] : []), ...tags.filter((tag) => tagged.includes(tag)).map((tag) => `tag ${tag}`)])
  const sets: { marks: Set<string>; lines: number[] }[] = []
  marks.forEach((mine, line) => {
    if (mine.length === 0) return
    const joined = { marks: new Set(mine), lines: [line] }
    for (const other of sets.filter((set) => mine.some((mark) => set.marks.has(mark)))) {
      for (const mark of other.marks) joined.marks.add(mark)
      joined.lines.unshift(...other.lines)
      sets.splice(sets.indexOf(other), 1)
    }
    sets.push(joined)
  })
  return sets.map((set) => set.lines)
}

function wholeSets(sets: readonly (readonly number[])[], opened: Opened, allocate: Allocator, refused: Map<number, RefusedSplit>): Allocator {
  return (problem) => {
    let asked = problem
    for (const set of sets) asked = atAnchor(asked, set, opened)
    let assignment = allocate(asked)
    const settled = new Set<readonly number[]>()
    for (;;) {
      const broken = sets.find((set) => isBroken(asked, assignment, set))
      if (broken === undefined) return assignment
      const homes = settled.has(broken) ? [] : homesOf(asked, broken)
      settled.add(broken)
      const tries = homes.map((home) => without(asked, (need, location) => broken.includes(need) && location !== home)).map((tried) => ({ tried, answer: allocate(tried) }))
      const best = tries.filter(({ tried, answer }) => !isBroken(tried, answer, broken)).reduce<(typeof tries)[number] | undefined>((a, b) => (a === undefined || isBetter(b.tried, b.answer, a.answer) ? b : a), undefined)
      if (best === undefined) for (const line of broken) if (problem.needs[line]!.quantity > 0) refused.set(line, 'set_whole')
      asked = best?.tried ?? without(asked, (need) => broken.includes(need))
      assignment = best?.answer ?? allocate(asked)
    }
  }
}

/** What is left of a set goes where the rest of it is; where that is in several places by now, it stays. */
function atAnchor(problem: AllocationProblem, set: readonly number[], opened: Opened): AllocationProblem {
  const anchors = [...opened].filter(([, lines]) => set.some((line) => lines.has(line))).map(([candidate]) => candidate)
  if (anchors.length === 0) return problem
  return without(problem, (need, location) => set.includes(need) && (anchors.length > 1 || problem.locations[location] !== anchors[0]))
}

/** Some units of the set have a place, and not all of them the same. */
function isBroken(problem: AllocationProblem, assignment: Assignment, set: readonly number[]): boolean {
  const wanted = set.reduce((sum, need) => sum + problem.needs[need]!.quantity, 0)
  const units = problem.locations.map((_, location) => set.reduce((sum, need) => sum + assignment[need * problem.locations.length + location]!, 0))
  return units.some((count) => count > 0) && !units.includes(wanted)
}

/** Locations that have the whole set, the best ranked first. */
function homesOf(problem: AllocationProblem, set: readonly number[]): number[] {
  const width = problem.locations.length
  const { stock, network, variant_ids } = problem.order
  const hasAll = (location: number): boolean => set.every((need) => problem.needs[need]!.quantity <= problem.supply[need * width + location]!)
    && variant_ids.every((_, variant) => set.reduce((sum, need) => sum + (problem.needs[need]!.variant === variant ? problem.needs[need]!.quantity : 0), 0) <= stock[variant * network.candidates.length + problem.locations[location]!]!)
  const homes = problem.locations.flatMap((_, location) => (hasAll(location) ? [location] : []))
  return homes.toSorted((a, b) => rank(problem, a, b)).slice(0, MAX_HOMES)
}

function rank({ scores }: AllocationProblem, a: number, b: number): number {
  for (const score of scores) if (score[a] !== score[b]) return score[a]! - score[b]!
  return a - b
}

function isBetter(problem: AllocationProblem, assignment: Assignment, than: Assignment): boolean {
  const more = total(assignment) - total(than)
  return more > 0 || (more === 0 && usedLocations(problem, assignment).length < usedLocations(problem, than).length)
}

function without(problem: AllocationProblem, isForbidden: (need: number, location: number) => boolean): AllocationProblem {
  const width = problem.locations.length
  return { ...problem, supply: problem.supply.map((units, cell) => (isForbidden(Math.floor(cell / width), cell % width) ? 0 : units)) }
}

function usedLocations({ locations, needs }: AllocationProblem, assignment: Assignment): number[] {
  return locations.flatMap((_, location) => (needs.some((__, need) => assignment[need * locations.length + location]! > 0) ? [location] : []))
}

function given({ locations }: AllocationProblem, assignment: Assignment, need: number): number {
  return locations.reduce((sum, _, location) => sum + assignment[need * locations.length + location]!, 0)
}

function linesBehind({ needs, order: { variants } }: AllocationProblem, policy: SplitPolicy): { line: number; need: number }[] {
  return variants.map((variant, line) => ({ line, need: isByLine(policy) ? line : needs.findIndex((need) => need.variant === variant) }))
}

function total(assignment: Assignment): number {
  return assignment.reduce((sum, units) => sum + units, 0)
}
