import { type AllocationProblem, type Assignment, ranksBefore } from './allocator.ts'
import { showScore } from './rankings.ts'
import type { PreparedRule } from './rule.ts'
import type { Fact } from './settings.ts'

/**
 * Why a candidate was not chosen. `stage` tells how far it came; of several rules the one that it came furthest
 * under gives the reason, the later one where it came equally far.
 */
export type Verdict = {
  stage: number
  code: string
  limit: Fact | undefined
  value: Fact | undefined
  /** Position of the candidate that was chosen instead. */
  than: number | undefined
}

export const STAGE = { no_rule: 0, group: 1, filter: 2, stock: 3, ranked: 4 } as const

export const NO_RULE: Verdict = { stage: STAGE.no_rule, code: 'no_rule', limit: undefined, value: undefined, than: undefined }
export const OUTSIDE_GROUP: Verdict = { ...NO_RULE, stage: STAGE.group, code: 'group' }

/** Where nobody will ask why, verdicts are not kept. */
export const NOT_KEPT: Verdict[] = []

export function giveVerdict(verdicts: Verdict[], candidate: number, verdict: Verdict): void {
  if (verdicts === NOT_KEPT) return
  if (verdict.stage >= verdicts[candidate]!.stage) verdicts[candidate] = verdict
}

/** Codes of verdicts on candidates that passed every filter, beside the names of rankings. */
export type RankedCode = 'split_limit' | 'fewest_splits' | 'covered' | 'cost' | 'tie'

/** Says of each location that the assignment leaves unused what decided against it. */
export function judgeUnused(problem: AllocationProblem, assignment: Assignment, rule: PreparedRule, verdicts: Verdict[]): void {
  if (verdicts === NOT_KEPT) return
  const width = problem.locations.length
  const given = problem.locations.map(() => 0)
  const rest = problem.needs.map(({ quantity }) => quantity)
  for (let need = 0; need < rest.length; need++) {
    for (let location = 0; location < width; location++) {
      given[location]! += assignment[need * width + location]!
      rest[need]! -= assignment[need * width + location]!
    }
  }
  const used = given.flatMap((units, location) => (units > 0 ? [location] : [])).sort((a, b) => (ranksBefore(problem, a, b) ? -1 : 1))
  const cost = used.length === 0 ? undefined : rule.costs?.account(problem, assignment).cost
  for (let location = 0; location < width; location++) {
    if (given[location] !== 0) continue
    giveVerdict(verdicts, problem.locations[location]!, cost === undefined ? judge(problem, assignment, rule, used, rest, location) : judgeCost(problem, rule, cost, rest, location))
  }
}

function judge(
  problem: AllocationProblem,
  assignment: Assignment,
  rule: PreparedRule,
  used: readonly number[],
  rest: readonly number[],
  location: number,
): Verdict {
  const last = used.at(-1)
  if (last === undefined || couldGive(problem, rest, location)) return rankedVerdict('split_limit', problem, problem.locations[location]!)
  const tiers = problem.before_splits ?? problem.scores.length
  const behind = firstDifference(problem, location, last)
  if (behind !== undefined && behind < tiers && ranksBefore(problem, last, location)) return worse(problem, rule, behind, location, last)
  for (let index = used.length - 1; index >= 0; index--) {
    const other = used[index]!
    if (!canReplace(problem, assignment, location, other)) continue
    const ranking = firstDifference(problem, location, other)
    if (ranking === undefined) return { stage: STAGE.ranked, code: 'tie', limit: undefined, value: undefined, than: problem.locations[other] }
    if (ranksBefore(problem, other, location)) return worse(problem, rule, ranking, location, other)
  }
  return rankedVerdict(problem.before_splits === null ? 'covered' : 'fewest_splits', problem, problem.locations[location]!)
}

function judgeCost(problem: AllocationProblem, { costs }: PreparedRule, cost: number, rest: readonly number[], location: number): Verdict {
  if (couldGive(problem, rest, location)) return rankedVerdict('split_limit', problem, problem.locations[location]!)
  return { stage: STAGE.ranked, code: 'cost', limit: cost, value: costs?.alone(problem, location), than: undefined }
}

function worse({ scores, locations }: AllocationProblem, rule: PreparedRule, ranking: number, location: number, than: number): Verdict {
  const score = scores[ranking]!
  const { code } = rule.rankings.entries[ranking]!
  return { stage: STAGE.ranked, code, limit: showScore(score[than]!), value: showScore(score[location]!), than: locations[than] }
}

export function rankedVerdict(code: RankedCode, asked: Pick<AllocationProblem, 'order' | 'needs'>, candidate: number): Verdict {
  const { wanted, had } = countHad(asked, candidate)
  return { stage: STAGE.ranked, code, limit: wanted, value: had, than: undefined }
}

/** Units wanted, and how many of them the candidate had, whether or not they could be used. */
export function countHad({ order, needs }: Pick<AllocationProblem, 'order' | 'needs'>, candidate: number): { wanted: number; had: number } {
  let wanted = 0
  let had = 0
  for (let variant = 0; variant < order.variant_ids.length; variant++) {
    let units = 0
    for (const need of needs) if (need.variant === variant) units += need.quantity
    wanted += units
    had += Math.min(units, order.stock[variant * order.network.candidates.length + candidate]!)
  }
  return { wanted, had }
}

function couldGive({ supply, locations }: AllocationProblem, rest: readonly number[], location: number): boolean {
  return rest.some((units, need) => units > 0 && supply[need * locations.length + location]! > 0)
}

function canReplace({ supply, locations }: AllocationProblem, assignment: Assignment, location: number, other: number): boolean {
  for (let at = 0; at < supply.length; at += locations.length) if (supply[at + location]! < assignment[at + other]!) return false
  return true
}

function firstDifference({ scores }: AllocationProblem, a: number, b: number): number | undefined {
  const index = scores.findIndex((score) => score[a] !== score[b])
  return index < 0 ? undefined : index
}
