import { groupByKey } from '../../kernel/quantity.ts'
import type { SellableStock } from './levels.db.ts'
import { keyOf, sellableAt, type Pair } from './stock.ts'

export type UnitsAt = Pair & { quantity: number }

/** What one reservation asks for. Bundles are exploded; `location_id` is set where the caller insists on a location. */
export type ReservationRequest = {
  lines: readonly { variant_id: string; location_id: string | null; quantity: number }[]
  /** Locations that may serve the channel, and the caller may use. */
  eligible: ReadonlySet<string>
  /** These are taken first, in this order. */
  preferred: readonly string[]
  buffer: number
}

/** What was asked for of a SKU (at a location where the caller insisted on it), and how much of it may be sold. */
export type OutOfStock = { variant_id: string; location_id: string | null; requested: number; sellable: number }

export type ReservationPlan = { units: UnitsAt[]; short: [] } | { units: []; short: OutOfStock[] }

/**
 * Gives each reservation its units, one after the other: all of them or none. A SKU is taken from the preferred
 * locations in their order, then from where most can be sold, so that it is split as little as can be. Same input, same
 * plans.
 */
export function planReservations(requests: readonly ReservationRequest[], stock: SellableStock): ReservationPlan[] {
  const byVariant = new Map<string, Map<string, number>>()
  for (const level of stock.levels) {
    const places = byVariant.get(level.variant_id) ?? new Map<string, number>()
    places.set(level.location_id, sellableAt(level))
    byVariant.set(level.variant_id, places)
  }
  return requests.map((request) => {
    const plan = planOne(request, byVariant, stock.backordered)
    for (const { variant_id, location_id, quantity } of plan.units) {
      const places = byVariant.get(variant_id)!
      places.set(location_id, places.get(location_id)! - quantity)
    }
    return plan
  })
}

function planOne(request: ReservationRequest, byVariant: ReadonlyMap<string, ReadonlyMap<string, number>>, backordered: ReadonlyMap<string, number>): ReservationPlan {
  const units: UnitsAt[] = []
  const short: OutOfStock[] = []
  // Two lines on one SKU are added up before anything is checked.
  for (const [variant_id, lines] of groupByKey(request.lines, (line) => line.variant_id)) {
    const left = new Map([...(byVariant.get(variant_id) ?? [])].filter(([location_id]) => request.eligible.has(location_id)))
    const total = Math.max(0, sum(left.values()) - request.buffer - (backordered.get(variant_id) ?? 0))
    const requested = sum(lines.map(({ quantity }) => quantity))
    if (requested > total) {
      short.push({ variant_id, location_id: null, requested, sellable: total })
      continue
    }
    const lacking = takeNamed(variant_id, lines, left, units)
    if (lacking.length > 0) short.push(...lacking)
    else takeAnywhere(variant_id, sum(lines.map(({ location_id, quantity }) => (location_id === null ? quantity : 0))), request.preferred, left, units)
  }
  return short.length > 0 ? { units: [], short } : { units: merge(units), short: [] }
}

/** Takes what must come from a certain location; answers the locations that have too little. */
function takeNamed(variant_id: string, lines: ReservationRequest['lines'], left: Map<string, number>, units: UnitsAt[]): OutOfStock[] {
  const lacking: OutOfStock[] = []
  for (const [location_id, named] of groupByKey(lines, (line) => line.location_id ?? '')) {
    if (location_id === '') continue
    const requested = sum(named.map(({ quantity }) => quantity))
    const sellable = left.get(location_id) ?? 0
    if (requested > sellable) lacking.push({ variant_id, location_id, requested, sellable })
    else take(variant_id, location_id, requested, left, units)
  }
  return lacking
}

/** There is enough in all: the total was checked, and named lines have taken their share of it. */
function takeAnywhere(variant_id: string, quantity: number, preferred: readonly string[], left: Map<string, number>, units: UnitsAt[]): void {
  const rank = (location_id: string): number => (preferred.includes(location_id) ? preferred.indexOf(location_id) : preferred.length)
  const order = [...left].toSorted(([a, unitsA], [b, unitsB]) => rank(a) - rank(b) || unitsB - unitsA || (a < b ? -1 : 1))
  let wanted = quantity
  for (const [location_id, sellable] of order) {
    const taken = Math.min(wanted, sellable)
    if (taken > 0) take(variant_id, location_id, taken, left, units)
    wanted -= taken
  }
}

function take(variant_id: string, location_id: string, quantity: number, left: Map<string, number>, units: UnitsAt[]): void {
  left.set(location_id, left.get(location_id)! - quantity)
  units.push({ variant_id, location_id, quantity })
}

function merge(units: readonly UnitsAt[]): UnitsAt[] {
  return [...groupByKey(units, keyOf).values()].map((group) => ({ ...group[0]!, quantity: sum(group.map(({ quantity }) => quantity)) }))
}

function sum(values: Iterable<number>): number {
  let total = 0
  for (const value of values) total += value
  return total
}
