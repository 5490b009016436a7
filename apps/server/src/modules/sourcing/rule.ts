import { assert } from '../../kernel/assert.ts'
import type { AllocationProblem, Allocator, Assignment } from './allocator.ts'
import { ranksBefore } from './allocator.ts'
import { type PreparedCondition, prepareConditions } from './conditions.ts'
import { createCostAllocator, type CostAccount, type CostAllocator, type Sites } from './economics.ts'
import { findFailure, type PreparedFilter, prepareFilters } from './filters.ts'
import { shareOne, type OrderView } from './order-view.ts'
import { type PreparedRankings, prepareRankings, scoreCandidates } from './rankings.ts'
import { divide, isByLine, type Opened, type RefusedSplit } from './split.ts'
import type { Rule } from './strategy.ts'
import { countHad, giveVerdict, judgeUnused, OUTSIDE_GROUP, rankedVerdict, STAGE, type Verdict } from './verdicts.ts'

/** A rule with its settings resolved, once for a batch. */
export type PreparedRule = {
  rule: Rule; conditions: PreparedCondition[]; filters: PreparedFilter[]; rankings: PreparedRankings
  /** Where the rule chooses by cost. */
  costs?: CostAllocator
}

/** Units of one line at one candidate. Lines and candidates are named by their positions. */
export type Placement = { line: number; candidate: number; quantity: number; rule: string }

/** An order on its way through the rules. */
export type Draft = { order: OrderView; placements: Placement[]; verdicts: Verdict[]; accounts: CostAccount[] }

/** What a rule did: `passed` are the candidates that stood all its filters. */
export type RuleRun = {
  rule: Rule
  passed: readonly number[]
  placements: Placement[]
  /** Lines that the split policy left without units that a location had. */
  refused?: ReadonlyMap<number, RefusedSplit>
  accounts: CostAccount[]
}

/** Without `sites` a rule that would choose by cost goes by its rankings. */
export function prepareRule(rule: Rule, sites?: Sites): PreparedRule {
  const { objective } = rule
  return {
    rule, conditions: prepareConditions(rule.conditions), filters: prepareFilters(rule.filters), rankings: prepareRankings(rule.rankings),
    ...(objective === undefined || sites === undefined ? {} : { costs: createCostAllocator(rule, objective, sites) }),
  }
}

/**
 * Filter → rank → allocate. Places what the rule can place of the order's rest, writes down why the other candidates
 * were not chosen, and lowers `order.rest` and `order.stock` by the placements it returns.
 */
export function runRule(draft: Draft, prepared: PreparedRule, allocate: Allocator): RuleRun {
  const { order } = draft
  const withheld = withhold(order, prepared)
  const run = runOnSpare(draft, prepared, allocate)
  withheld?.forEach((units, cell) => (order.stock[cell]! += units))
  order.withheld = undefined
  return run
}

/** Takes out of `order.stock` what the filters keep back at each location, for as long as the rule runs. */
function withhold(order: OrderView, { filters }: PreparedRule): number[] | undefined {
  const keepers = filters.filter(({ filter }) => filter.withholds !== undefined)
  if (keepers.length === 0) return undefined
  const width = order.network.candidates.length
  order.withheld = order.stock.map((units, cell) => {
    const kept = keepers.reduce((most, { filter, settings }) => Math.max(most, filter.withholds!(order, cell % width, Math.floor(cell / width), settings)), 0)
    return Math.min(units, kept)
  })
  order.withheld.forEach((units, cell) => (order.stock[cell]! -= units))
  return order.withheld
}

function runOnSpare(draft: Draft, prepared: PreparedRule, allocate: Allocator): RuleRun {
  const { order, placements, verdicts } = draft
  const { rule } = prepared
  const needs = listNeeds(order, rule)
  const passed = filterCandidates(order, prepared, needs, verdicts)
  const opened = new Set([...order.serving, ...placements.map(({ candidate }) => candidate)])
  const limit = Math.min(rule.split.max_locations ?? Infinity, order.demand.max_locations ?? Infinity) - opened.size
  if (opened.size === 0) return { rule, passed, ...place(draft, prepared, allocate, passed, limit) }
  // A location that an earlier rule chose, or that serves the order already, gives what it can first: it costs no further split.
  const again = place(draft, prepared, allocate, passed.filter((candidate) => opened.has(candidate)), Infinity)
  const before = again.placements
  const rest = listNeeds(order, rule)
  const fresh: number[] = []
  for (const candidate of passed) {
    if (opened.has(candidate)) continue
    if (canSupply(order, rule, rest, candidate)) fresh.push(candidate)
    else giveVerdict(verdicts, candidate, rankedVerdict('covered', { order, needs }, candidate))
  }
  const more = place({ ...draft, placements: [...placements, ...before] }, prepared, allocate, fresh, Math.max(0, limit))
  return { rule, passed, placements: [...before, ...more.placements], refused: new Map([...again.refused, ...more.refused]), accounts: [...again.accounts, ...more.accounts] }
}

export function isFilled({ rest }: OrderView): boolean {
  return rest.every((units) => units === 0)
}

/** Takes back what the rule placed: it is all or nothing. Its candidates are told by what they had. */
export function undoRule({ order, verdicts }: Draft, run: RuleRun): void {
  for (const { line, candidate, quantity } of run.placements) {
    order.rest[line]! += quantity
    order.stock[order.variants[line]! * order.network.candidates.length + candidate]! += quantity
  }
  const needs = listNeeds(order, run.rule)
  for (const candidate of run.passed) giveVerdict(verdicts, candidate, shortOf(order, needs, candidate, STAGE.ranked))
}

function filterCandidates(order: OrderView, { rule, filters }: PreparedRule, needs: AllocationProblem['needs'], verdicts: Verdict[]): number[] {
  const passed: number[] = []
  for (let candidate = 0; candidate < order.network.candidates.length; candidate++) {
    if (rule.location_groups.length > 0 && !shareOne(order.network.candidates[candidate]!.group_codes, rule.location_groups)) {
      giveVerdict(verdicts, candidate, OUTSIDE_GROUP)
      continue
    }
    const failed = findFailure(filters, order, candidate)
    if (failed !== undefined) {
      const { code, filter, settings } = failed
      const limit = filter.limit?.(order, candidate, settings)
      const value = filter.value?.(order, candidate, settings)
      giveVerdict(verdicts, candidate, { stage: STAGE.filter, code, limit, value, than: undefined })
    } else if (canSupply(order, rule, needs, candidate)) passed.push(candidate)
    else giveVerdict(verdicts, candidate, shortOf(order, needs, candidate, STAGE.stock))
  }
  return passed
}

function shortOf(order: OrderView, needs: AllocationProblem['needs'], candidate: number, stage: number): Verdict {
  const { wanted, had } = countHad({ order, needs }, candidate)
  if (had === 0 && order.excluded[candidate] === 1) return { stage, code: 'excluded', limit: undefined, value: undefined, than: undefined }
  return { stage, code: 'stock', limit: wanted, value: had, than: undefined }
}

/** By variant or, where lines are kept whole, alone or in sets, by line: the position of a need is that of its variant or line. */
function listNeeds({ variants, variant_ids, rest }: OrderView, rule: Rule): AllocationProblem['needs'] {
  if (isByLine(rule.split)) return rest.map((quantity, line) => ({ variant: variants[line]!, quantity }))
  const needs = variant_ids.map((_, variant) => ({ variant, quantity: 0 }))
  rest.forEach((quantity, line) => (needs[variants[line]!]!.quantity += quantity))
  return needs
}

function supplyOf({ stock, network }: OrderView, rule: Rule, { variant, quantity }: AllocationProblem['needs'][number], candidate: number): number {
  const there = stock[variant * network.candidates.length + candidate]!
  if (there >= quantity) return quantity
  return isByLine(rule.split) ? 0 : there
}

function canSupply(order: OrderView, rule: Rule, needs: AllocationProblem['needs'], candidate: number): boolean {
  for (const need of needs) if (supplyOf(order, rule, need, candidate) > 0) return true
  return false
}

function place({ order, placements, verdicts }: Draft, prepared: PreparedRule, allocate: Allocator, candidates: readonly number[], limit: number): Required<Pick<RuleRun, 'placements' | 'refused' | 'accounts'>> {
  if (candidates.length === 0) return { placements: [], refused: new Map(), accounts: [] }
  const problem = poseProblem(order, prepared, candidates, limit)
  const { assignment, refused } = divide(problem, prepared.rule.split, openedBy(order, placements), prepared.costs?.allocate ?? allocate)
  const account = prepared.costs?.account(problem, assignment)
  judgeUnused(problem, assignment, prepared, verdicts)
  return { placements: applyAssignment(problem, assignment, prepared.rule), refused, accounts: account === undefined ? [] : [account] }
}

/** The candidates that serve the order already, each with the lines that it is known to give units of. */
function openedBy({ serving }: OrderView, placements: readonly Placement[]): Opened {
  const opened = new Map<number, Set<number>>(serving.map((candidate) => [candidate, new Set()]))
  for (const { candidate, line } of placements) opened.set(candidate, (opened.get(candidate) ?? new Set()).add(line))
  return opened
}

function poseProblem(order: OrderView, { rule, rankings }: PreparedRule, locations: readonly number[], limit: number): AllocationProblem {
  const needs = listNeeds(order, rule)
  const supply: number[] = []
  for (const need of needs) for (const candidate of locations) supply.push(supplyOf(order, rule, need, candidate))
  return {
    order,
    locations,
    needs,
    supply,
    contested: isByLine(rule.split) && order.variant_ids.length < order.variants.length,
    scores: scoreCandidates(rankings, order, locations),
    before_splits: rankings.before_splits,
    max_locations: limit,
  }
}

/** What units of the order cost under the rule, wherever a plan has put them. */
export function priceUnits(order: OrderView, prepared: PreparedRule, given: readonly { line_id: string; location_id: string; quantity: number }[]): CostAccount | undefined {
  const { candidates } = order.network
  const locations = [...new Set(given.map(({ location_id }) => candidates.findIndex(({ id }) => id === location_id)))]
  if (locations.includes(-1)) return undefined
  const problem = poseProblem(order, prepared, locations, Infinity)
  const assignment: Assignment = problem.supply.map(() => 0)
  for (const { line_id, location_id, quantity } of given) {
    const line = order.demand.lines.findIndex((one) => one.line_id === line_id)
    const need = isByLine(prepared.rule.split) ? line : order.variants[line]!
    assignment[need * locations.length + locations.findIndex((candidate) => candidates[candidate]!.id === location_id)]! += quantity
  }
  return prepared.costs?.account(problem, assignment)
}

/** Hands the units of each need to its lines in their order. Whatever the allocator answers, stock and limit hold. */
function applyAssignment(problem: AllocationProblem, assignment: Assignment, rule: Rule): Placement[] {
  const { order, locations, needs, supply } = problem
  const used = locations.flatMap((_, location) => (needs.some((__, need) => assignment[need * locations.length + location]! > 0) ? [location] : []))
  assert(used.length <= problem.max_locations, 'an allocator keeps to the number of locations')
  used.sort((a, b) => (ranksBefore(problem, a, b) ? -1 : 1))
  const placements: Placement[] = []
  needs.forEach(({ variant }, need) => {
    for (const location of used) {
      const units = assignment[need * locations.length + location]!
      assert(units >= 0 && units <= supply[need * locations.length + location]!, 'an allocator gives no more than there is')
      handToLines(order, rule, { need, variant, candidate: locations[location]!, units }, placements)
    }
  })
  return placements
}

type Share = { need: number; variant: number; candidate: number; units: number }

function handToLines(order: OrderView, rule: Rule, given: Share, placements: Placement[]): void {
  let { units } = given
  for (let line = 0; line < order.rest.length && units > 0; line++) {
    const mine = isByLine(rule.split) ? line === given.need : order.variants[line] === given.variant
    const quantity = mine ? Math.min(units, order.rest[line]!) : 0
    if (quantity === 0) continue
    order.rest[line]! -= quantity
    units -= quantity
    const cell = given.variant * order.network.candidates.length + given.candidate
    order.stock[cell]! -= quantity
    assert(order.stock[cell]! >= 0, 'units are given once')
    placements.push({ line, candidate: given.candidate, quantity, rule: rule.id })
  }
  assert(units === 0, 'an allocator gives no more than is needed')
}
