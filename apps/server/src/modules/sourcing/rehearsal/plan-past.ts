import type { Candidate, Demand } from '../demand.ts'
import { createDepartures } from '../departures.ts'
import type { Economics } from '../economics.ts'
import { restoreEconomics, restoreLocations, type NetworkLocation, type StoredNetwork } from '../network.ts'
import { planOrders, type Plan } from '../plan.ts'
import { candidateOf } from '../plan-stock.ts'
import type { StockView } from '../stock-view.ts'
import type { Strategy } from '../strategy.ts'
import type { Figures } from './figures.ts'
import type { World } from './world.ts'

/** The locations of a network as candidates, made once: what depends on the moment is looked up when somebody asks. */
export type PastNetwork = { id: string; locations: readonly NetworkLocation[]; positions: ReadonlyMap<string, number>; moment: Moment; candidates: readonly Candidate[]; economics: Economics | undefined }
type Moment = { now: Date; capacity: Map<number, number> }

/** What of a candidate changes by the hour. */
const OF_THE_MOMENT = ['ships_today', 'next_ship_at', 'leaves_by_method'] as const

export function createNetwork(id: string, stored: StoredNetwork): PastNetwork {
  const locations = restoreLocations(stored)
  const moment: Moment = { now: new Date(0), capacity: new Map() }
  const departures = createDepartures()
  const candidates = locations.map((location, position): Candidate => {
    const atTheMoment = (): Candidate => {
      const left = moment.capacity.get(position)
      return candidateOf(location, moment.now, new Map(left === undefined ? [] : [[location.id, (location.daily_capacity ?? 0) - left]]), { departures })
    }
    const candidate = atTheMoment()
    for (const name of OF_THE_MOMENT) if (candidate[name] !== undefined) Object.defineProperty(candidate, name, { get: () => atTheMoment()[name] })
    return Object.defineProperty(candidate, 'capacity_left', { get: () => moment.capacity.get(position) ?? null })
  })
  return { id, locations, positions: new Map(locations.map((location, position) => [location.id, position])), moment, candidates, economics: restoreEconomics(stored, null) }
}

/** An order to plan; what another order takes before it; or units that begin to wait before it. */
export type Turn = { demand: Demand } | { taken: readonly (readonly [variant_id: string, location_id: string, quantity: number])[]; queued: readonly (readonly [variant_id: string, quantity: number])[]; serving: readonly string[] }

export type LevelFacts = readonly [location_id: string, daily_demand: number | null, stock_age_hours: number | null, shadow_price: number | null]

/** What a batch is planned on. `differences` are added to what is for sale: what was found on locked levels, what was given back just now. */
export type Grounds = {
  world: World
  safety: Figures
  network: PastNetwork
  now: Date
  capacity: ReadonlyMap<number, number>
  queued: (variantId: string) => number
  economics: Economics | undefined
  /** What levels are known by beside their units; undefined where no rule asks. */
  levels: ((variantId: string) => readonly LevelFacts[]) | undefined
  given_back: readonly (readonly [variant_id: string, location_id: string, quantity: number])[]
  locked: readonly (readonly [variant_id: string, location_id: string, quantity: number])[]
}

/** Plans one order after the other, as a batch does. Answers the plans of those turns that have a demand, in order. */
export function planTurns(turns: readonly Turn[], grounds: Grounds, strategy: Strategy): Plan[] {
  return planOn(begin(turns, grounds), turns, grounds, strategy)
}

/** The stock that the last of the turns finds: those before it are no demands, and have taken what they took. */
export function viewTurns(turns: readonly Turn[], grounds: Grounds): StockView {
  const stock = begin(turns, grounds)
  for (const turn of turns) if (!('demand' in turn)) takeTurn(stock, grounds.network, turn)
  return stock
}

/** Sets the network to the moment and answers the stock that the first of the turns finds. */
function begin(turns: readonly Turn[], grounds: Grounds): StockView {
  const { moment } = grounds.network
  moment.now = grounds.now
  moment.capacity = new Map(grounds.capacity)
  return viewStock(turns, grounds)
}

function planOn(stock: StockView, turns: readonly Turn[], grounds: Grounds, strategy: Strategy): Plan[] {
  const { network } = grounds
  const plans: Plan[] = []
  let group: Demand[] = []
  const planGroup = (): void => {
    if (group.length === 0) return
    for (const [i, plan] of planOrders(group, network.candidates, stock, strategy, undefined, grounds.economics).entries()) {
      plans.push(plan)
      useCapacity(network, plan.allocations.map(({ location_id }) => location_id), group[i]!.serving_location_ids)
    }
    group = []
  }
  for (const turn of turns) {
    if ('demand' in turn) group.push(turn.demand)
    else {
      planGroup()
      takeTurn(stock, network, turn)
    }
  }
  planGroup()
  return plans
}

function takeTurn(stock: StockView, network: PastNetwork, { taken, queued, serving }: Exclude<Turn, { demand: Demand }>): void {
  for (const [variant_id, location_id, quantity] of taken) addSellable(stock, variant_id, location_id, -quantity)
  for (const [variant_id, quantity] of queued) stock.queued.set(variant_id, (stock.queued.get(variant_id) ?? 0) + quantity)
  useCapacity(network, taken.map(([, location_id]) => location_id), serving)
}

/** A location that serves the order already has it among the orders of its day. */
function useCapacity({ moment: { capacity }, positions }: PastNetwork, used: readonly string[], serving: readonly string[]): void {
  if (capacity.size === 0) return
  for (const id of new Set(used)) {
    const left = serving.includes(id) ? undefined : capacity.get(positions.get(id)!)
    if (left !== undefined) capacity.set(positions.get(id)!, Math.max(0, left - 1))
  }
}

function viewStock(turns: readonly Turn[], { world: { available }, safety, queued, levels, given_back, locked }: Grounds): StockView {
  const rows = new Map<string, number>()
  for (const turn of turns) if ('demand' in turn) for (const { variant_id } of turn.demand.lines) if (!rows.has(variant_id)) rows.set(variant_id, rows.size)
  const width = available.places.size
  const cells = rows.size * width
  const stock: StockView = {
    rows, columns: available.places, sellable: new Float64Array(cells), read: new Float64Array(0), daily_demand: new Float64Array(cells).fill(Number.NaN), age_hours: null, shadow_price: new Float64Array(cells), queued: new Map(),
  }
  for (const [variant_id, row] of rows) {
    stock.sellable.set(available.rows.get(variant_id) ?? [], row * width)
    safety.rows.get(variant_id)?.forEach((kept, place) => { stock.sellable[row * width + place]! -= kept })
    const waits = queued(variant_id)
    if (waits > 0) stock.queued.set(variant_id, waits)
  }
  for (const [variant_id, location_id, quantity] of given_back) addSellable(stock, variant_id, location_id, quantity, true)
  for (let cell = 0; cell < cells; cell++) if (stock.sellable[cell]! < 0) stock.sellable[cell] = 0
  for (const [variant_id, location_id, quantity] of locked) addSellable(stock, variant_id, location_id, quantity)
  if (levels !== undefined) for (const variantId of rows.keys()) describeLevels(stock, variantId, levels(variantId))
  return { ...stock, read: stock.sellable.slice() }
}

function describeLevels(stock: StockView, variantId: string, levels: readonly LevelFacts[]): void {
  const start = stock.rows.get(variantId)! * stock.columns.size
  for (const [location_id, daily_demand, stock_age_hours, shadow_price] of levels) {
    const column = stock.columns.get(location_id)
    if (column === undefined) continue
    if (daily_demand !== null) stock.daily_demand[start + column] = daily_demand
    if (shadow_price !== null) stock.shadow_price[start + column] = shadow_price
    if (stock_age_hours !== null) (stock.age_hours ??= new Float64Array(stock.sellable.length).fill(Number.NaN))[start + column] = stock_age_hours
  }
}

function addSellable({ rows, columns, sellable }: StockView, variant_id: string, location_id: string, quantity: number, belowZero = false): void {
  const row = rows.get(variant_id)
  const column = columns.get(location_id)
  if (row === undefined || column === undefined) return
  const cell = row * columns.size + column
  sellable[cell] = belowZero ? sellable[cell]! + quantity : Math.max(0, sellable[cell]! + quantity)
}
