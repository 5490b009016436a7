import { keyOf } from '../inventory/index.ts'
import type { Candidate, Demand } from './demand.ts'
import type { Decision } from './decision.ts'
import type { Economics } from './economics.ts'
import { openPlanning, type Allocation, type Plan, type Planning } from './plan.ts'
import { createStockView, giveBackStock, takeStock, type StockLevel } from './stock-view.ts'
import type { Objective, Strategy } from './strategy.ts'

/** An order that nobody works on yet: what it asks for, and the claims that it has for that. */
export type PendingOrder = { demand: Demand; claims: readonly Allocation[] }

/** `stock` is what is sellable beside the claims; `wanted` says of which rules' orders are to be looked at. */
export type PendingWorld = {
  orders: readonly PendingOrder[]; candidates: readonly Candidate[]; stock: readonly StockLevel[]; strategy: Strategy; economics: Economics; wanted: (objective: Objective) => boolean
}

/** Minor units: `total` with the worth of scarce stock, `spent` without. */
export type Cost = { total: number; spent: number }

/** An order that is better served from elsewhere. */
export type Move = { order_id: string; before: readonly Allocation[]; after: readonly Allocation[]; cost_before: Cost; cost_after: Cost; decision: Decision }

export type Improvement = { /** That were looked at. */ orders: number; moves: Move[]; cost_before: Cost; cost_after: Cost }

/** An order on its way; `claims`, `cost` and `decision` change as it moves. */
type Served = { pending: PendingOrder; before: Cost; claims: readonly Allocation[]; cost: Cost; decision: Decision | undefined }

/** How often single orders are tried again after all groups were: one that moved makes room for others. */
const PASSES = 3
/** How often a group is planned again without those that would be worse off. */
const ATTEMPTS = 5
/** Orders after which the process may do something else. */
const SLICE = 20

/**
 * Plans pending orders again: first those together that share variants, since what one gives back another may need,
 * then each by itself on what the others leave. Neither the sum of their costs nor what is spent ever rises; orders keep
 * their claims where nothing better is found. Yields now and then, so that the process may do something else.
 */
export function* improvePlans(world: PendingWorld): Generator<undefined, Improvement> {
  const planning = open(world)
  const served = world.orders.flatMap((pending): Served[] => {
    const cost = priceOf(planning, pending, pending.claims)
    return cost === undefined ? [] : [{ pending, before: cost, claims: pending.claims, cost, decision: undefined }]
  })
  for (const { claims } of world.orders) take(planning, claims)
  for (const group of groupsOf(served)) yield* planGroup(planning, group)
  let moved = true
  for (let pass = 0; moved && pass < PASSES; pass++) {
    moved = false
    for (const [index, one] of served.entries()) {
      if (yield* planGroup(planning, [one])) moved = true
      if (index % SLICE === 0) yield
    }
  }
  const moves = served.flatMap(({ pending: { demand, claims }, before: cost_before, claims: after, cost: cost_after, decision }): Move[] =>
    decision === undefined || isSame(claims, after) ? [] : [{ order_id: demand.order_id, before: claims, after, cost_before, cost_after, decision }])
  return { orders: served.length, moves, cost_before: sumOf(served.map(({ before }) => before)), cost_after: sumOf(served.map(({ cost }) => cost)) }
}

/** With all claims given back. */
function open({ orders, stock, ...world }: PendingWorld): Planning {
  const known = new Set(stock.map(keyOf))
  const claimed = orders.flatMap(({ claims }) => claims)
  const empty = new Map(claimed.filter((claim) => !known.has(keyOf(claim))).map(({ variant_id, location_id }) => [keyOf({ variant_id, location_id }), { variant_id, location_id, available: 0, safety_stock: 0, daily_demand: null }]))
  const view = createStockView([...stock, ...empty.values()])
  const planning = openPlanning(world, view)
  for (const { claims } of orders) giveBack(planning, claims)
  return planning
}

function take(planning: Planning, claims: readonly Allocation[]): void {
  for (const { variant_id, location_id, quantity } of claims) takeStock(planning.network.stock, variant_id, location_id, quantity)
  addRoom(planning, claims, -1)
}

function giveBack(planning: Planning, claims: readonly Allocation[]): void {
  giveBackStock(planning.network.stock, claims)
  addRoom(planning, claims, 1)
}

/** An order takes one place of the day of each of its locations. */
function addRoom({ network }: Planning, claims: readonly Allocation[], orders: 1 | -1): void {
  const places = new Set(claims.map(({ location_id }) => location_id))
  network.candidates.forEach(({ id }, candidate) => (network.capacity_left[candidate]! += places.has(id) ? orders : 0))
}

/** Orders that share variants, directly or by way of others. */
function groupsOf(served: readonly Served[]): Served[][] {
  const groups = new Map<string, Served[]>()
  for (const one of served) {
    const variants = one.claims.map(({ variant_id }) => variant_id)
    const joined = [...new Set(variants.flatMap((variant) => (groups.has(variant) ? [groups.get(variant)!] : [])))].flat()
    joined.push(one)
    for (const { claims } of joined) for (const { variant_id } of claims) groups.set(variant_id, joined)
  }
  return [...new Set(groups.values())].filter(({ length }) => length > 1)
}

/**
 * Gives back the claims of a group and plans its orders one after the other; those that would be worse off for want of
 * stock keep their claims, and the others are planned once more. Answers whether the group is better off; if not, it is
 * as it was.
 */
function* planGroup(planning: Planning, group: readonly Served[]): Generator<undefined, boolean> {
  const staying = new Set<Served>()
  for (let attempt = 0; attempt < ATTEMPTS && staying.size < group.length; attempt++) {
    const going = group.filter((one) => !staying.has(one))
    for (const { claims } of going) giveBack(planning, claims)
    const plans: { one: Served; plan: Plan; cost: Cost | undefined }[] = []
    for (const one of going) {
      const plan = planning.plan(one.pending.demand)
      plans.push({ one, plan, cost: plan.shortage === null ? priceOf(planning, one.pending, plan.allocations) : undefined })
      if (plans.length % SLICE === 0) yield
    }
    const short = plans.filter(({ cost }) => cost === undefined)
    if (short.length === 0 && isBetter(sumOf(plans.map(({ cost }) => cost!)), sumOf(going.map(({ cost }) => cost)))) {
      for (const { one, plan, cost } of plans) Object.assign(one, { claims: plan.allocations, cost, decision: plan.decision })
      return true
    }
    for (const { plan } of plans) giveBack(planning, plan.allocations)
    for (const { claims } of going) take(planning, claims)
    if (short.length === 0) return false
    for (const { one } of short) staying.add(one)
  }
  return false
}

function priceOf(planning: Planning, { demand }: PendingOrder, claims: readonly Allocation[]): Cost | undefined {
  const account = planning.price(demand, claims)
  return account === undefined ? undefined : { total: account.cost, spent: account.cost - account.terms.scarcity }
}

export function isBetter(cost: Cost, than: Cost): boolean {
  return cost.total < than.total && cost.spent <= than.spent
}

export function sumOf(costs: readonly Cost[]): Cost {
  return costs.reduce((sum, cost) => ({ total: sum.total + cost.total, spent: sum.spent + cost.spent }), { total: 0, spent: 0 })
}

function isSame(a: readonly Allocation[], b: readonly Allocation[]): boolean {
  const spell = (claims: readonly Allocation[]): string => claims.map(({ line_id, location_id, quantity }) => `${line_id} ${location_id} ${quantity}`).sort().join()
  return spell(a) === spell(b)
}
