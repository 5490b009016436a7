import { present } from '../../kernel/assert.ts'
import type { RateTable } from '../shipping/index.ts'
import type { AllocationProblem, Allocator, Assignment } from './allocator.ts'
import { freightOf } from './cost/items.ts'
import type { CostProblem, CostSolution, CostTerms, Tariff as ParcelCosts } from './cost/problem.ts'
import { solveCost } from './cost/solve.ts'
import { addUp } from './cost/terms.ts'
import { siteOf, type CostModel } from './cost-model.ts'
import type { DecisionCost } from './decision.ts'
import type { Destination } from './demand.ts'
import { distanceTo, type Network, type OrderView } from './order-view.ts'
import { markdownCost, stockOutCost } from './risk.ts'
import { isByLine } from './split.ts'
import type { Objective, Rule } from './strategy.ts'
import { readTariff, spellPostalCode, tariffOfRates, zoneColumn, type Tariff } from './tariff.ts'

/** A cost model made ready for planning. It does not change: a new version is a new one. */
export type Economics = {
  cost_version: number
  model: CostModel
  /** The run that the shadow prices in the stock view are of; null where there are none, or too old ones. */
  price_run: string | null
  tariffs: readonly Tariff[]
  /** Where the zones of each tariff begin in `parcels`. */
  starts: readonly number[]
  parcels: readonly ParcelCosts[]
}

export function prepareEconomics(cost_version: number, model: CostModel, rateTables: ReadonlyMap<string, RateTable>, price_run: string | null = null): Economics {
  const tariffs = model.tariffs.map((tariff) => readTariff('carrier' in tariff ? present(carrierTable(tariff, rateTables), 'the carrier of a tariff has a rate table') : tariff))
  let start = 0
  const starts = tariffs.map(({ steps }) => (start += steps.length) - steps.length)
  return { cost_version, model, price_run, tariffs, starts, parcels: tariffs.flatMap(({ steps }) => steps) }
}

/** A service that the carrier has given up since costs what its first one costs. */
function carrierTable({ carrier, service, percent }: { carrier: string; service: string; percent: number }, rateTables: ReadonlyMap<string, RateTable>) {
  const table = rateTables.get(carrier)
  return table === undefined ? undefined : (tariffOfRates(table, service, percent) ?? tariffOfRates(table, present(table.services[0], 'a rate table has a service').code, percent))
}

/** What the locations of a batch cost, by their position in the network. */
export type Sites = { economics: Economics; codes: readonly string[]; tariff: Int32Array; parcel_labor: Float64Array; unit_labor: Float64Array }

export function viewSites(economics: Economics, { candidates }: Pick<Network, 'candidates'>): Sites {
  const tariffs = economics.model.tariffs.map(({ code }) => code)
  const sites = candidates.map((candidate) => siteOf(economics.model, candidate))
  return {
    economics, codes: candidates.map(({ code }) => code), tariff: Int32Array.from(sites, ({ tariff }) => tariffs.indexOf(tariff)), unit_labor: Float64Array.from(sites, ({ unit_labor }) => unit_labor),
    parcel_labor: Float64Array.from(sites, ({ parcel_labor }, at) => parcel_labor ?? Number(candidates[at]!.handling_cost)),
  }
}

/** What a rule placed costs. `lower_bound`: nothing that leaves no more units unfilled costs less. */
export type CostAccount = { terms: CostTerms; cost: number; lower_bound: number }

/** Chooses by cost for one rule of one batch. */
export type CostAllocator = {
  allocate: Allocator
  /** What an assignment costs; of the problem as it was asked, whatever was tried for the assignment. */
  account: (problem: AllocationProblem, assignment: Assignment) => CostAccount
  /** What it would cost to have everything from one location; null where that has not all of it. */
  alone: (problem: AllocationProblem, location: number) => number | null
}

/** The accounts of all rules as one record. */
export function recordCost({ cost_version, price_run, model: { currency } }: Economics, accounts: readonly CostAccount[]): DecisionCost {
  const terms: Partial<CostTerms> = {}
  for (const account of accounts) {
    for (const [term, amount] of Object.entries(account.terms)) if (amount !== 0) terms[term as keyof CostTerms] = (terms[term as keyof CostTerms] ?? 0) + amount
  }
  const sum = (of: (account: CostAccount) => number): number => accounts.reduce((total, account) => total + of(account), 0)
  return { cost_version, price_run, currency, total: sum(({ cost }) => cost), lower_bound: sum(({ lower_bound }) => lower_bound), terms }
}

export function createCostAllocator(rule: Rule, objective: Objective, sites: Sites): CostAllocator {
  let last: { problem: AllocationProblem; asked: CostProblem; solution: CostSolution } | undefined
  const solve = (problem: AllocationProblem) => {
    if (last?.problem !== problem) {
      const asked = poseCost(problem, rule, objective, sites)
      last = { problem, asked, solution: solveCost(asked) }
    }
    return last
  }
  return {
    allocate: (problem) => Array.from(solve(problem).solution.units),
    account: (problem, assignment) => {
      const { asked, solution } = solve(problem)
      const { terms, cost } = addUp(asked, assignment)
      return { terms, cost, lower_bound: Math.min(cost, solution.lower_bound) }
    },
    alone: (problem, location) => costAlone(solve(problem).asked, location),
  }
}

function costAlone({ needs, places, tariffs, supply, unit_costs: { scarcity, markdown, stock_out } }: CostProblem, place: number): number | null {
  let cost = places.parcel_labor[place]!
  let weight = 0
  for (let need = 0; need < needs.length; need++) {
    const { quantity, weight_grams } = needs[need]!
    const cell = need * places.count + place
    if (supply[cell]! < quantity) return null
    weight += quantity * weight_grams
    cost += quantity * (places.unit_labor[place]! + (scarcity?.[cell] ?? 0) + (markdown?.[cell] ?? 0) + (stock_out?.[cell] ?? 0))
  }
  return cost + freightOf(tariffs[places.tariff[place]!]!, weight)
}

/** One rule's question for one order, in amounts. */
function poseCost(problem: AllocationProblem, rule: Rule, objective: Objective, sites: Sites): CostProblem {
  const { order, locations, needs, supply, max_locations } = problem
  const { model } = sites.economics
  const weighs = (term: Objective['weigh'][number]): boolean => objective.weigh.includes(term)
  const pick = (column: ArrayLike<number>): number[] => locations.map((candidate) => column[candidate]!)
  const labor = (column: Float64Array): number[] => (weighs('labor') ? pick(column) : locations.map(() => 0))
  const { columns, rows, shadow_price, read, daily_demand } = order.network.stock
  const cost = (of: (cell: number, price: number) => number): number[] => needs.flatMap(({ variant }) => {
    const row = rows.get(order.variant_ids[variant]!)
    const price = unitPrice(order, variant, model.currency)
    return locations.map((candidate) => {
      const column = order.network.columns[candidate]!
      return row === undefined || column < 0 ? 0 : of(row * columns.size + column, price)
    })
  })
  const { markdown, stock_out } = model
  return {
    needs: needs.map(({ variant, quantity }, need) => ({
      variant, quantity, weight_grams: unitWeight(order, variant) || model.default_weight_grams, value: unitPrice(order, variant, model.currency),
      set: isByLine(rule.split) ? need : null, unfilled_cost: objective.leave_unfilled ? model.unfilled_cost : null,
    })),
    places: { count: locations.length, tariff: parcelColumns(sites, order.demand.destination, locations, (candidate) => distanceTo(order, candidate)), parcel_labor: labor(sites.parcel_labor), unit_labor: labor(sites.unit_labor), capacity_cost: null, serving: null },
    tariffs: sites.economics.parcels, supply,
    stock: isByLine(rule.split) ? order.variant_ids.flatMap((_, variant) => locations.map((candidate) => order.stock[variant * order.network.candidates.length + candidate]!)) : null,
    unit_costs: {
      scarcity: weighs('scarcity') ? cost((cell) => Math.round(shadow_price[cell]!)) : null,
      markdown: weighs('markdown') && markdown !== null ? cost((cell, price) => markdownCost(markdown, read[cell]!, daily_demand[cell]!, price)) : null,
      stock_out: weighs('stock_out') && stock_out !== null ? cost((cell, price) => stockOutCost(stock_out, read[cell]!, daily_demand[cell]!, price)) : null,
    },
    split_cost: model.split_cost, max_locations, min_part_value: 0,
  }
}

/** By which of `parcels` each of the candidates is priced for the destination; `km` tells how far it is. */
export function parcelColumns({ economics: { tariffs, starts }, codes, tariff }: Sites, destination: Destination | null, candidates: readonly number[], km: (candidate: number) => number): number[] {
  const postal_code = spellPostalCode(destination?.postal_code ?? null)
  return candidates.map((candidate) => {
    const own = tariff[candidate]!
    return starts[own]! + zoneColumn(tariffs[own]!, codes[candidate]!, destination, postal_code, km(candidate))
  })
}

function unitWeight({ demand, variants }: OrderView, variant: number): number {
  return demand.lines[variants.indexOf(variant)]!.weight_grams
}

/** The most that a unit of the variant is sold for in this order; nothing where that is in another currency. */
function unitPrice({ demand, variants }: OrderView, variant: number, currency: string): number {
  if (demand.order_value?.currency !== currency) return 0
  let most = 0
  demand.lines.forEach(({ unit_price }, line) => { if (variants[line] === variant) most = Math.max(most, Number(unit_price)) })
  return most
}
