import { coordinatesOf, kilometersTo } from '../delivery.ts'
import type { NetworkLocation } from '../network.ts'
import { addTo, type Book, type World } from './world.ts'

/** What a world came to. Amounts are minor units of the retailer's own currency. */
export type Tally = {
  orders: number
  units: number
  refused_orders: number
  /** Orders that came from more than one location. */
  split_orders: number
  parcels: number
  handling_cost: number
  /** From the locations to the customers, summed over parcels whose both ends are known. */
  distance_km: number
  parcels_without_distance: number
  promised_orders: number
  promises_kept: number
  unfilled_units: number
  backordered_units: number
  locations: { location: string; orders: number; units: number }[]
}

/** Sums up the orders that were placed within the period. */
export function tally(world: World, locationOf: (id: string) => NetworkLocation | undefined, inScope: (channelId: string) => boolean): Tally {
  const sums: Tally = { orders: 0, units: 0, refused_orders: 0, split_orders: 0, parcels: 0, handling_cost: 0, distance_km: 0, parcels_without_distance: 0, promised_orders: 0, promises_kept: 0, unfilled_units: 0, backordered_units: 0, locations: [] }
  const loads = new Map<string, { orders: number; units: number }>()
  let cost = 0n
  for (const book of world.books.values()) {
    if (book.inherited || !inScope(book.demand.channel_id)) continue
    sums.orders++
    if (book.refused) sums.refused_orders++
    const given = unitsByLocation(book)
    sums.parcels += given.size
    if (given.size > 1) sums.split_orders++
    if (book.promised && given.size > 0) sums.promised_orders++
    if (book.promised && given.size > 0 && book.promise_kept) sums.promises_kept++
    for (const { open, backordered } of book.lines.values()) {
      sums.unfilled_units += open
      sums.backordered_units += backordered
    }
    for (const [id, units] of given) {
      sums.units += units
      const location = locationOf(id)
      const load = loads.get(location?.code ?? id) ?? { orders: 0, units: 0 }
      loads.set(location?.code ?? id, { orders: load.orders + 1, units: load.units + units })
      if (location === undefined) continue
      cost += location.handling_cost
      const { destination } = book.demand
      const km = destination === null ? null : kilometersTo(destination, coordinatesOf(location))
      if (km === null) sums.parcels_without_distance++
      else sums.distance_km += km
    }
  }
  const locations = [...loads].map(([location, load]) => ({ location, ...load })).toSorted((a, b) => b.orders - a.orders || (a.location < b.location ? -1 : 1))
  return { ...sums, handling_cost: Number(cost), distance_km: Math.round(sums.distance_km), locations }
}

function unitsByLocation({ lines }: Book): Map<string, number> {
  const given = new Map<string, number>()
  for (const { claims, shipped } of lines.values()) for (const units of [claims, shipped]) for (const [id, quantity] of units) addTo(given, id, quantity)
  return given
}
