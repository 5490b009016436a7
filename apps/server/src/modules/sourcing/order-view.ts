import { assert } from '../../kernel/assert.ts'
import { distanceKm } from '../../kernel/geo.ts'
import type { Candidate, Demand } from './demand.ts'
import type { StockView } from './stock-view.ts'

/** The candidates of a batch, in the order of their codes, with what earlier orders of the batch left of them. */
export type Network = {
  candidates: readonly Candidate[]
  stock: StockView
  /** Of each candidate its column in the stock view; -1 where it has no stock level at all. */
  columns: readonly number[]
  capacity_left: number[]
  /** Room for the distances of one order: allocated once for the batch. */
  distances: Float64Array
}

export function viewNetwork(candidates: readonly Candidate[], stock: StockView): Network {
  // Sorted by code, so that plans do not depend on the order in which a query returned the rows.
  const sorted = candidates.toSorted((a, b) => (a.code < b.code ? -1 : a.code > b.code ? 1 : 0))
  for (let i = 1; i < sorted.length; i++) assert(sorted[i]!.code !== sorted[i - 1]!.code, 'candidates have different codes')
  return {
    candidates: sorted,
    stock,
    columns: sorted.map(({ id }) => stock.columns.get(id) ?? -1),
    capacity_left: sorted.map(({ capacity_left }) => capacity_left ?? Number.POSITIVE_INFINITY),
    distances: new Float64Array(sorted.length),
  }
}

/** One order against the network, as numbers. Candidates and variants are named by their positions. */
export type OrderView = {
  demand: Demand
  network: Network
  variant_ids: readonly string[]
  /** Of each line the position of its variant. */
  variants: readonly number[]
  /** Units of each line that have no location yet and may have one. */
  rest: number[]
  /** Units of each line that are not for sale: the channel's buffer and the orders that wait have a claim on them. */
  held_back: readonly number[]
  /** Units that a candidate can still give to this order: `variant * candidates.length + candidate`. */
  stock: number[]
  /** Of those in `stock` before, what the rule at work keeps back at each location; undefined where it keeps back nothing. */
  withheld: number[] | undefined
  /** Candidates that serve the order already. */
  serving: readonly number[]
  /** Per candidate: 1 where at least one line excludes it. */
  excluded: readonly number[]
}

/** Two lines on one variant are one variant here: they are added up before anything is checked. */
export function viewOrder(demand: Demand, network: Network): OrderView {
  const variant_ids: string[] = []
  const variants: number[] = []
  const rest: number[] = []
  for (const { variant_id, quantity } of demand.lines) {
    assert(Number.isInteger(quantity) && quantity >= 0, 'lines ask for whole units')
    let position = variant_ids.indexOf(variant_id)
    if (position < 0) position = variant_ids.push(variant_id) - 1
    variants.push(position)
    rest.push(quantity)
  }
  const serving = demand.serving_location_ids.map((id) => network.candidates.findIndex((one) => one.id === id)).filter((candidate) => candidate >= 0)
  const order = { demand, network, variant_ids, variants, rest, held_back: [], stock: readStock(network, variant_ids), withheld: undefined, serving, excluded: [] }
  network.distances.fill(Number.NaN)
  return holdBack(demand.lines.some((line) => line.excluded_location_ids.length > 0) ? withExclusions(order) : order)
}

/** Takes out of `rest` what would leave less than the buffer and the queue need, the last lines first. */
function holdBack(order: OrderView): OrderView {
  const { demand: { buffer }, network: { stock: { queued } }, variant_ids, variants, rest } = order
  if (buffer === null || (buffer === 0 && queued.size === 0)) return order
  const held_back = rest.map(() => 0)
  variant_ids.forEach((id, variant) => {
    const kept = buffer + (queued.get(id) ?? 0)
    if (kept === 0) return
    let over = rest.reduce((units, wanted, line) => units + (variants[line] === variant ? wanted : 0), 0) - Math.max(0, unitsForChannel(order, variant) - kept)
    for (let line = rest.length - 1; line >= 0 && over > 0; line--) {
      if (variants[line] !== variant) continue
      const units = Math.min(over, rest[line]!)
      held_back[line] = units
      rest[line]! -= units
      over -= units
    }
  })
  return { ...order, held_back }
}

/** Units of a variant at the locations that serve the channel, whatever the rules say about them. */
function unitsForChannel({ demand: { location_groups }, network: { candidates }, stock }: OrderView, variant: number): number {
  return candidates.reduce((units, { active, groups, capabilities }, candidate) => {
    const serves = active && (capabilities.includes('ship') || capabilities.includes('pickup')) && servesChannel(location_groups, groups)
    return serves ? units + stock[variant * candidates.length + candidate]! : units
  }, 0)
}

/** A channel without location groups of its own is served by all locations. Called for every order and candidate: it allocates nothing. */
export function servesChannel(channelGroups: readonly string[] | null, locationGroups: readonly string[]): boolean {
  return channelGroups === null || shareOne(locationGroups, channelGroups)
}

export function shareOne(some: readonly string[], others: readonly string[]): boolean {
  for (const one of some) if (others.includes(one)) return true
  return false
}

function readStock({ stock, columns }: Network, variant_ids: readonly string[]): number[] {
  const read: number[] = []
  for (const variant_id of variant_ids) {
    const row = stock.rows.get(variant_id)
    const start = row === undefined ? 0 : row * stock.columns.size
    for (const column of columns) read.push(row === undefined || column < 0 ? 0 : stock.sellable[start + column]!)
  }
  return read
}

function withExclusions(order: OrderView): OrderView {
  const { demand, network, variants, stock } = order
  const excluded = network.candidates.map(() => 0)
  demand.lines.forEach((line, index) => {
    for (const id of line.excluded_location_ids) {
      const candidate = network.candidates.findIndex((one) => one.id === id)
      if (candidate < 0) continue
      excluded[candidate] = 1
      stock[variants[index]! * network.candidates.length + candidate] = 0
    }
  })
  return { ...order, excluded }
}

/** Kilometers from the candidate to the destination; infinite where one of the two has no coordinates. */
export function distanceTo(order: OrderView, candidate: number): number {
  const known = order.network.distances[candidate]!
  if (!Number.isNaN(known)) return known
  const from = order.network.candidates[candidate]!.coordinates
  const to = order.demand.destination?.coordinates ?? null
  const km = from === null || to === null ? Number.POSITIVE_INFINITY : distanceKm(from, to)
  order.network.distances[candidate] = km
  return km
}
