import { distanceKm, type Coordinates } from '../../kernel/geo.ts'
import { addDays, instantOf, type PlainDate } from '../../kernel/time.ts'
import type { Location } from '../locations/index.ts'
import type { Arrival } from '../orders/index.ts'
import { arrivalDate, calendarOf, chooseService, latestDeparture, transitTo, type RateTable } from '../shipping/index.ts'
import type { Destination } from './demand.ts'

/** How an order comes to its customer. Of a pickup the method is `pickup` and there is no way to travel. */
export type Delivery = { method: string; destination: Destination | null }

export const PICKUP = 'pickup'

/** The place of a location, as distances are measured from it. */
export function coordinatesOf({ latitude, longitude }: Pick<Location, 'latitude' | 'longitude'>): Coordinates | null {
  return latitude === null || longitude === null ? null : { latitude, longitude }
}

export function kilometersTo({ coordinates }: Destination, from: Coordinates | null): number | null {
  return coordinates === null || from === null ? null : distanceKm(from, coordinates)
}

/** From when to when goods arrive that leave the location on that day; undefined where the carrier does not go there. */
export function arrivalFrom(table: RateTable, { method, destination }: Delivery, location: Location, ships_on: PlainDate): Arrival | undefined {
  if (method === PICKUP) return { earliest: ships_on, latest: ships_on }
  const transit = transitFrom(table, method, destination, location)
  if (transit === undefined) return undefined
  const way = { from_country: location.country, to_country: destination!.country }
  return { earliest: arrivalDate(calendarOf(table), ships_on, transit.min, way), latest: arrivalDate(calendarOf(table), ships_on, transit.max, way) }
}

/** The last day on which goods may leave the location to arrive on the day at the latest; undefined where the carrier does not go there. */
export function shipBy(table: RateTable, { method, destination }: Delivery, location: Location, deliver_by: PlainDate): PlainDate | undefined {
  if (method === PICKUP) return deliver_by
  const transit = transitFrom(table, method, destination, location)
  return transit === undefined ? undefined : latestDeparture(calendarOf(table), deliver_by, transit.max, { from_country: location.country, to_country: destination!.country })
}

/** The end of that day where the location is. */
export function endOfDay({ time_zone }: Location, date: PlainDate): Date {
  return new Date(instantOf(addDays(date, 1), '00:00', time_zone).getTime() - 1)
}

function transitFrom(table: RateTable, method: string, destination: Destination | null, location: Location): { min: number; max: number } | undefined {
  if (destination === null) return undefined
  return transitTo(table, chooseService(table, method), { country: destination.country, distance_km: kilometersTo(destination, coordinatesOf(location)) })
}

/** From the first to the last of several arrivals; null where one of them is not known, or there is none. */
export function arrivalOfAll(arrivals: readonly (Arrival | undefined)[]): Arrival | null {
  const known = arrivals.filter((arrival) => arrival !== undefined)
  if (known.length === 0 || known.length < arrivals.length) return null
  return known.reduce((all, { earliest, latest }) => ({ earliest: earliest < all.earliest ? earliest : all.earliest, latest: latest > all.latest ? latest : all.latest }))
}
