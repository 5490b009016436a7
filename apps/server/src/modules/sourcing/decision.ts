import { sumByKey } from '../../kernel/quantity.ts'
import type { CostTerms } from './cost/problem.ts'
import type { ShortageAction } from './demand.ts'
import type { OrderView } from './order-view.ts'
import type { Placement } from './rule.ts'
import type { Fact } from './settings.ts'
import type { Shortage, Strategy } from './strategy.ts'
import { STAGE, type Verdict } from './verdicts.ts'

/**
 * The record of one run: enough to say of every candidate why it was chosen or not. Stored with each order, so it is
 * short: locations by code, candidates with the same reason in one group.
 */
export type Decision = {
  strategy_id: string
  strategy_version: number
  outcome: 'filled' | ShortageAction | 'queue'
  /** The list in which people find what could not be placed, and when that is canceled. */
  queue?: string
  cancel_after_days?: number
  /** Units asked for. */
  units: number
  rules: RuleTrace[]
  /** Units that were held for the order before it was placed, and stay where they are. */
  reserved?: ReservedAt[]
  /** Locations that served the order already. */
  serving?: string[]
  /** `seen` is what was sellable there when the order was planned. */
  chosen: { location: string; rule: string; lines: { line_id: string; quantity: number; seen: number }[] }[]
  /** Failed a filter, or had nothing that was wanted. */
  excluded: CandidateGroup[]
  /** Could have served the order, but others were better. `code` is a ranking or a `RankedCode`. */
  below: CandidateGroup[]
  unfilled: Unfilled[]
  /** Where a rule chose by cost. */
  cost?: DecisionCost
}

/**
 * What the plan costs by the cost model of that version, in minor units of its currency. The terms add up to the total;
 * those that are nothing are left out. No plan that leaves no more units unfilled costs less than the lower bound.
 */
export type DecisionCost = { cost_version: number; price_run: string | null; currency: string; total: number; lower_bound: number; terms: Partial<CostTerms>; /** Of the claims that this plan replaced. */ before?: number }

export type ReservedAt = { location: string; lines: { line_id: string; quantity: number }[] }

/** `limit` is what was asked or what the chosen location `than` had; `values` is what each of the locations had. */
export type CandidateGroup = { code: string; limit?: Fact; than?: string; locations: string[]; values?: Fact[] }

export type RuleTrace =
  | { rule: string; result: 'not_matched'; because: string }
  /** Placed these units. */
  | { rule: string; result: 'applied'; units: number }
  /** Could have placed these units only, which was not enough to keep them. */
  | { rule: string; result: 'put_aside'; units: number }
  | { rule: string; result: 'not_reached' }

export type UnfilledReason =
  | 'no_stock'
  /** Only locations that were ruled out have some. */
  | 'ruled_out'
  /** The channel's buffer and the orders that wait have a claim on what is left. */
  | 'held_back'
  | 'split_limit'
  /** No location has all units of a line that is to be kept whole. */
  | 'line_whole'
  /** No location has all of a set that is to be kept together. */
  | 'set_whole'
  /** Costs more than leaving it. */
  | 'not_worth'
  /** Part of a split that would have been worth too little. */
  | 'split_value'
  /** The last rule is all or nothing. */
  | 'put_aside'
  | 'no_rule'
  /** Could have been placed, but the order was refused for other units. */
  | 'refused'

export type Unfilled = { line_id: string; quantity: number; reason: UnfilledReason }

export type DecisionParts = {
  order: OrderView
  strategy: Strategy
  outcome: Decision['outcome']
  shortage: Shortage | null
  rules: RuleTrace[]
  placements: readonly Placement[]
  verdicts: readonly Verdict[]
  unfilled: Unfilled[]
  cost?: DecisionCost
}

export function writeDecision({ order, strategy, outcome, shortage, rules, placements, verdicts, unfilled, cost }: DecisionParts): Decision {
  const decision: Decision = {
    strategy_id: strategy.id,
    strategy_version: strategy.version,
    outcome,
    ...(shortage === null || !('queue' in shortage) || shortage.queue === undefined ? {} : { queue: shortage.queue }),
    ...(shortage === null || !('cancel_after_days' in shortage) || shortage.cancel_after_days === undefined ? {} : { cancel_after_days: shortage.cancel_after_days }),
    units: order.demand.lines.reduce((units, { quantity }) => units + quantity, 0),
    rules,
    ...(order.serving.length === 0 ? {} : { serving: order.serving.map((candidate) => order.network.candidates[candidate]!.code) }),
    chosen: [],
    excluded: [],
    below: [],
    unfilled,
    ...(cost === undefined ? {} : { cost }),
  }
  const refused = outcome === 'refuse'
  const given = sumByKey(placements, ({ candidate }) => String(candidate), ({ quantity }) => quantity)
  if (!refused) for (const placement of placements) addChosen(decision, order, placement)
  for (let candidate = 0; candidate < verdicts.length; candidate++) {
    const { code } = order.network.candidates[candidate]!
    const units = given.size === 0 ? undefined : given.get(String(candidate))
    if (units === undefined) addVerdict(decision, order, code, verdicts[candidate]!)
    else if (refused) addToGroup(decision.excluded, { code: 'refused', limit: decision.units }, code, units)
  }
  return decision
}

function addChosen({ chosen }: Decision, order: OrderView, { candidate, line, quantity, rule }: Placement): void {
  const { code, id } = order.network.candidates[candidate]!
  let entry = chosen.find(({ location }) => location === code)
  if (entry === undefined) chosen.push((entry = { location: code, rule, lines: [] }))
  const { line_id, variant_id } = order.demand.lines[line]!
  const { rows, columns, sellable } = order.network.stock
  entry.lines.push({ line_id, quantity, seen: sellable[rows.get(variant_id)! * columns.size + columns.get(id)!]! })
}

function addVerdict(decision: Decision, order: OrderView, location: string, { stage, code, limit, value, than }: Verdict): void {
  const chosen = than === undefined ? undefined : order.network.candidates[than]!.code
  const ranked = stage === STAGE.ranked && code !== 'stock' && code !== 'excluded'
  const key = { code, ...(limit === undefined ? {} : { limit }), ...(chosen === undefined ? {} : { than: chosen }) }
  addToGroup(ranked ? decision.below : decision.excluded, key, location, value)
}

function addToGroup(groups: CandidateGroup[], key: Pick<CandidateGroup, 'code' | 'limit' | 'than'>, location: string, value: Fact | undefined): void {
  let group = groups.find(({ code, limit, than }) => code === key.code && limit === key.limit && than === key.than)
  if (group === undefined) groups.push((group = { ...key, locations: [] }))
  group.locations.push(location)
  if (value !== undefined) (group.values ??= []).push(value)
}
