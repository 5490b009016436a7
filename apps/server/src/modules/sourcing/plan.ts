import type { Candidate, Demand } from './demand.ts'
import { allocateByRank } from './allocate.ts'
import type { Allocator } from './allocator.ts'
import { type Decision, type RuleTrace, type Unfilled, type UnfilledReason, writeDecision } from './decision.ts'
import { type CostAccount, recordCost, viewSites, type Economics } from './economics.ts'
import { type Network, type OrderView, viewNetwork, viewOrder } from './order-view.ts'
import { type Draft, isFilled, type PreparedRule, prepareRule, priceUnits, type RuleRun, runRule, undoRule } from './rule.ts'
import { isByLine } from './split.ts'
import { type StockView, takeStock } from './stock-view.ts'
import type { Fallback, Objective, Shortage, Strategy } from './strategy.ts'
import { NO_RULE, NOT_KEPT } from './verdicts.ts'

/** What is to be done with one order. Allocations and unfilled units of a line add up to the line. */
export type Plan = {
  order_id: string
  allocations: Allocation[]
  unfilled: Unfilled[]
  /** What becomes of the unfilled units; null where there are none. */
  shortage: Shortage | null
  decision: Decision
}

/** A plan that nobody asks why. */
export type TriedPlan = Omit<Plan, 'decision'>

export type Allocation = { line_id: string; variant_id: string; location_id: string; quantity: number }

/**
 * Plans the orders one after the other: the first takes from `stock` and from the candidates' capacity what the next
 * finds gone. A refused order takes nothing. Same input, same plans. The plans are proposals until the database has
 * confirmed them with conditional updates; an order that lost such a race is planned again on fresh figures.
 */
export function planOrders(
  demands: readonly Demand[],
  candidates: readonly Candidate[],
  stock: StockView,
  strategy: Strategy,
  allocate: Allocator = allocateByRank,
  economics?: Economics,
): Plan[] {
  const network = viewNetwork(candidates, stock)
  const rules = prepareRules(strategy, network, economics)
  return demands.map((demand) => {
    const plan = planNext(viewOrder(demand, network), strategy, rules, allocate, economics)
    consume(plan, demand, network)
    if (plan.shortage?.action === 'backorder') queueUp(plan, demand, network)
    return plan
  })
}

/** One order; takes from `stock` like `planOrders`. */
export function planOrder(demand: Demand, candidates: readonly Candidate[], stock: StockView, strategy: Strategy, allocate?: Allocator, economics?: Economics): Plan {
  return planOrders([demand], candidates, stock, strategy, allocate, economics)[0]!
}

/** Plans orders that nobody has placed: each finds all the stock and takes nothing of it, and nobody asks why. */
export function createTrials(candidates: readonly Candidate[], stock: StockView, strategy: Strategy, allocate: Allocator = allocateByRank, economics?: Economics): (demand: Demand) => TriedPlan {
  const network = viewNetwork(candidates, stock)
  const rules = prepareRules(strategy, network, economics)
  return (demand) => {
    const { draft, shortage, unfilled } = decideNext(viewOrder(demand, network), rules, allocate, NOT_KEPT)
    return { order_id: demand.order_id, allocations: shortage?.action === 'refuse' ? [] : listAllocations(draft), unfilled, shortage }
  }
}

/** Planning of orders one by one on stock that is given back between them. */
export type Planning = {
  network: Network
  /** Takes from the stock like `planOrders`. */
  plan: (demand: Demand) => Plan
  /** What these units cost under the first rule for the order that chooses by cost; undefined where none does, or another one is wanted. */
  price: (demand: Demand, allocations: readonly Allocation[]) => CostAccount | undefined
}

export function openPlanning({ candidates, strategy, economics, wanted }: { candidates: readonly Candidate[]; strategy: Strategy; economics: Economics; wanted: (objective: Objective) => boolean }, stock: StockView): Planning {
  const network = viewNetwork(candidates, stock)
  const rules = prepareRules(strategy, network, economics)
  return {
    network,
    plan: (demand) => {
      const plan = planNext(viewOrder(demand, network), strategy, rules, allocateByRank, economics)
      consume(plan, demand, network)
      return plan
    },
    price: (demand, allocations) => {
      const order = viewOrder(demand, network)
      const rule = rules.find(({ costs, conditions }) => costs !== undefined && conditions.every(({ holds }) => holds(order)))
      return rule?.rule.objective === undefined || !wanted(rule.rule.objective) ? undefined : priceUnits(order, rule, allocations)
    },
  }
}

function prepareRules({ rules }: Strategy, network: Network, economics: Economics | undefined): PreparedRule[] {
  const sites = economics === undefined ? undefined : viewSites(economics, network)
  return rules.map((rule) => prepareRule(rule, sites))
}

function planNext(order: OrderView, strategy: Strategy, rules: readonly PreparedRule[], allocate: Allocator, economics: Economics | undefined): Plan {
  const { draft, traces, shortage, unfilled } = decideNext(order, rules, allocate, order.network.candidates.map(() => NO_RULE))
  const outcome = shortage?.action ?? 'filled'
  const decision = writeDecision({ order, strategy, outcome, shortage, rules: traces, placements: draft.placements, verdicts: draft.verdicts, unfilled, ...(economics === undefined || outcome === 'refuse' || draft.accounts.length === 0 ? {} : { cost: recordCost(economics, draft.accounts) }) })
  return { order_id: order.demand.order_id, allocations: outcome === 'refuse' ? [] : listAllocations(draft), unfilled, shortage, decision }
}

function decideNext(order: OrderView, rules: readonly PreparedRule[], allocate: Allocator, verdicts: Draft['verdicts']): { draft: Draft; traces: RuleTrace[]; shortage: Shortage | null; unfilled: Unfilled[] } {
  const draft: Draft = { order, placements: [], verdicts, accounts: [] }
  const { traces, last, fallback } = tryRules(draft, rules, allocate)
  const shortage = isFilled(order) && order.held_back.every((units) => units === 0) ? null : resolveFallback(fallback, order.demand)
  return { draft, traces, shortage, unfilled: listUnfilled(draft, last, shortage) }
}

type Trial = {
  traces: RuleTrace[]
  /** The last rule that was for the order. */
  last: RuleRun | undefined
  fallback: Fallback
}

/** Rules in order until the order is filled or a rule says what becomes of the rest. */
function tryRules(draft: Draft, rules: readonly PreparedRule[], allocate: Allocator): Trial {
  const trial: Trial = { traces: [], last: undefined, fallback: { action: 'channel_policy' } }
  let settled = false
  for (const prepared of rules) {
    const { rule, conditions } = prepared
    const unmet = settled ? undefined : conditions.find(({ holds }) => !holds(draft.order))
    if (settled) trial.traces.push({ rule: rule.id, result: 'not_reached' })
    else if (unmet !== undefined) trial.traces.push({ rule: rule.id, result: 'not_matched', because: unmet.type })
    else {
      trial.last = runRule(draft, prepared, allocate)
      const { trace, fallback } = keepOrUndo(draft, trial.last)
      trial.traces.push(trace)
      trial.fallback = fallback
      settled = isFilled(draft.order) || fallback.action !== 'next_rule'
    }
  }
  return trial
}

function keepOrUndo(draft: Draft, run: RuleRun): { trace: RuleTrace; fallback: Fallback } {
  const { id: rule, fallback } = run.rule
  const units = run.placements.reduce((sum, { quantity }) => sum + quantity, 0)
  if (!isFilled(draft.order) && isAllOrNothing(fallback)) {
    undoRule(draft, run)
    return { trace: { rule, result: 'put_aside', units }, fallback }
  }
  for (const placement of run.placements) addPlacement(draft, placement)
  draft.accounts.push(...run.accounts)
  return { trace: { rule, result: 'applied', units }, fallback }
}

/** One placement for a line and a candidate, also where two rules agree on it. */
function addPlacement({ placements }: Draft, placement: RuleRun['placements'][number]): void {
  const same = placements.find(({ line, candidate }) => line === placement.line && candidate === placement.candidate)
  if (same === undefined) placements.push(placement)
  else same.quantity += placement.quantity
}

function isAllOrNothing(fallback: Fallback): boolean {
  return fallback.action === 'next_rule' && !fallback.keep_partial
}

/** A rule that passes on where no further rule is for the order leaves the rest to the channel, and so does one that would refuse an order that was accepted before. */
function resolveFallback(fallback: Fallback, demand: Demand): Shortage {
  const leaves = fallback.action === 'next_rule' || fallback.action === 'channel_policy' || (fallback.action === 'refuse' && demand.buffer === null)
  return leaves ? { action: demand.on_shortage } : fallback
}

function listAllocations({ order, placements }: Draft): Allocation[] {
  return placements.map(({ line, candidate, quantity }) => {
    const { line_id, variant_id } = order.demand.lines[line]!
    return { line_id, variant_id, location_id: order.network.candidates[candidate]!.id, quantity }
  })
}

function listUnfilled({ order, placements }: Draft, last: RuleRun | undefined, shortage: Shortage | null): Unfilled[] {
  if (shortage === null) return []
  const short = order.demand.lines.flatMap(({ line_id }, line) => {
    const held = order.held_back[line] ?? 0
    const quantity = order.rest[line]! + held
    return quantity === 0 ? [] : [{ line_id, quantity, reason: held > 0 ? 'held_back' as const : findReason(order, line, last) }]
  })
  if (shortage.action !== 'refuse') return short
  const refused = order.demand.lines.flatMap(({ line_id }, line) => {
    const quantity = placements.reduce((sum, placement) => sum + (placement.line === line ? placement.quantity : 0), 0)
    return quantity === 0 ? [] : [{ line_id, quantity, reason: 'refused' as const }]
  })
  return [...short, ...refused]
}

function findReason(order: OrderView, line: number, last: RuleRun | undefined): UnfilledReason {
  if (last === undefined) return 'no_rule'
  const stockAt = (candidate: number): number => order.stock[order.variants[line]! * order.network.candidates.length + candidate]!
  const anywhere = order.network.candidates.some((_, candidate) => stockAt(candidate) > 0)
  if (!last.passed.some((candidate) => stockAt(candidate) > 0)) return anywhere ? 'ruled_out' : 'no_stock'
  if (isAllOrNothing(last.rule.fallback)) return 'put_aside'
  const refusedSplit = last.refused?.get(line)
  if (refusedSplit !== undefined) return refusedSplit
  if (last.rule.objective?.leave_unfilled === true) return 'not_worth'
  const divided = isByLine(last.rule.split) && !last.passed.some((candidate) => stockAt(candidate) >= order.rest[line]!)
  return divided ? 'line_whole' : 'split_limit'
}

function queueUp({ unfilled }: Plan, { buffer, lines }: Demand, { stock: { queued } }: Network): void {
  if (buffer === null) return
  for (const { line_id, quantity } of unfilled) {
    const { variant_id } = lines.find((line) => line.line_id === line_id)!
    queued.set(variant_id, (queued.get(variant_id) ?? 0) + quantity)
  }
}

function consume({ allocations }: Plan, { serving_location_ids }: Demand, network: Network): void {
  for (const { variant_id, location_id, quantity } of allocations) takeStock(network.stock, variant_id, location_id, quantity)
  // A location that serves the order already has it among the orders of its day.
  const used = new Set(allocations.map(({ location_id }) => location_id).filter((id) => !serving_location_ids.includes(id)))
  if (used.size > 0) network.candidates.forEach(({ id }, candidate) => (network.capacity_left[candidate]! -= used.has(id) ? 1 : 0))
}
