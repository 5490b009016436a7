import { present } from '../../../kernel/assert.ts'
import type { CostNetwork, ExpectedOrder } from '../cost/expected-demand.ts'
import type { Candidate, Destination } from '../demand.ts'
import { kilometersTo } from '../delivery.ts'
import { parcelColumns, viewSites, type Economics } from '../economics.ts'
import { spellPostalCode } from '../tariff.ts'

/** An order of the past that may come again. `unit_price` is in minor units of the cost model's currency; 0 where it is in another one. */
export type PastOrder = { destination: Destination | null; lines: readonly { variant_id: string; quantity: number; unit_price: number }[] }

/** What shadow prices are learned from: plain data, so that another thread can do it. Stock is laid out `variant * locations + location`. */
export type LearningTask = {
  variants: readonly string[]
  locations: readonly string[]
  network: CostNetwork
  orders: readonly ExpectedOrder[]
  stock: Int32Array
  /** Prices learned before, laid out like the stock. */
  known: Float64Array
  /** The first step of the ascent, in minor units. */
  step: number
}

/** `share` of the expected orders were sampled: stock is scaled down to them. */
export type LearningWorld = {
  economics: Economics; candidates: readonly Candidate[]; orders: readonly PastOrder[]; share: number
  weight_grams: ReadonlyMap<string, number>
  levels: readonly { variant_id: string; location_id: string; units: number; price: number | null }[]
}

/** A unit that nobody gives is worth its price, and at least so many parcels. */
const LEAST_WORTH = 5
/** The first step of the ascent as a part of an ordinary parcel. */
const STEP = 0.1

/** Poses the past as the question what one more unit here or there would save. */
export function poseLearning({ economics, candidates, orders, share, weight_grams, levels }: LearningWorld): LearningTask {
  const variants = [...new Set(orders.flatMap(({ lines }) => lines.map(({ variant_id }) => variant_id)))]
  const row = new Map(variants.map((id, index) => [id, index]))
  const column = new Map(candidates.map(({ id }, index) => [id, index]))
  const stock = new Int32Array(variants.length * candidates.length)
  const known = new Float64Array(stock.length)
  for (const { variant_id, location_id, units, price } of levels) {
    const [at, place] = [row.get(variant_id), column.get(location_id)]
    if (at === undefined || place === undefined) continue
    stock[at * candidates.length + place] = Math.round(units * share)
    known[at * candidates.length + place] = price ?? 0
  }
  const { network, positions } = describeNetwork(economics, candidates, orders)
  const parcel = network.tariffs.reduce((sum, { amounts }) => sum + amounts[0]!, 0) / network.tariffs.length
  return {
    variants, locations: candidates.map(({ id }) => id), stock, known, step: Math.max(1, parcel * STEP),
    network: { ...network, weight_grams: Float64Array.from(variants, (id) => weight_grams.get(id) || economics.model.default_weight_grams) },
    orders: orders.map(({ lines }, index) => ({
      destination: positions[index]!, unfilled_cost: economics.model.unfilled_cost ?? Math.max(meanPrice(lines), parcel * LEAST_WORTH),
      lines: lines.map(({ variant_id, quantity }) => ({ variant: present(row.get(variant_id), 'every variant of an order has a row'), quantity })),
    })),
  }
}

function meanPrice(lines: PastOrder['lines']): number {
  const units = lines.reduce((sum, { quantity }) => sum + quantity, 0)
  return Math.round(lines.reduce((sum, { quantity, unit_price }) => sum + quantity * unit_price, 0) / Math.max(1, units))
}

/** Destinations within some kilometers and with one postal code are one. */
function describeNetwork(economics: Economics, candidates: readonly Candidate[], orders: readonly PastOrder[]): { network: Omit<CostNetwork, 'weight_grams'>; positions: number[] } {
  const sites = viewSites(economics, { candidates })
  const places = candidates.map((_, candidate) => candidate)
  const destinations: CostNetwork['destinations'][number][] = []
  const known = new Map<string, number>()
  const positions = orders.map(({ destination }) => {
    const key = keyOf(destination)
    let position = known.get(key)
    if (position === undefined) {
      const columns = parcelColumns(sites, destination, places, (candidate) => (destination === null ? null : kilometersTo(destination, candidates[candidate]!.coordinates)) ?? Number.POSITIVE_INFINITY)
      position = destinations.push({ tariff: Int32Array.from(columns), unit_freight: null }) - 1
      known.set(key, position)
    }
    return position
  })
  return { network: { count: candidates.length, tariffs: economics.parcels, parcel_labor: sites.parcel_labor, unit_labor: sites.unit_labor, destinations }, positions }
}

function keyOf(destination: Destination | null): string {
  if (destination === null) return ''
  const { country, postal_code, coordinates } = destination
  return `${country} ${spellPostalCode(postal_code)} ${coordinates === null ? '' : `${coordinates.latitude.toFixed(1)} ${coordinates.longitude.toFixed(1)}`}`
}
