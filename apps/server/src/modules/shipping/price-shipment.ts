import { distanceKm, type Coordinates } from '../../kernel/geo.ts'
import type { Address } from '../../platform/http/schemas.ts'
import { MONDAY_TO_FRIDAY, type CarrierCalendar } from './carrier-calendar.ts'
import { quoteRate, type RateRefusal, type RateRequest, type RateTable } from './rates.ts'

/** A box as the carrier measures it. Dimensions count only where all three are known. */
export type Parcel = { weight_grams: number; length_mm: number | null; width_mm: number | null; height_mm: number | null }

/** Where a shipment goes, for its price. `distance_km` is null where one of the two places has no coordinates. */
export type Route = { country: string; distance_km: number | null }

export type ShipmentPrice = {
  outcome: 'priced'
  service: string
  service_name: string
  zone: string | null
  /** All parcels together, in minor units; null where the carrier has no price. */
  cost: bigint | null
  currency: string | null
  transit_days: { min: number; max: number } | null
  /** In whose working days it travels. */
  calendar: CarrierCalendar
}

export function routeBetween(from: { latitude: number | null; longitude: number | null }, to: Pick<Address, 'country' | 'latitude' | 'longitude'>): Route {
  const start = coordinatesOf(from.latitude, from.longitude)
  const end = coordinatesOf(to.latitude, to.longitude)
  return { country: to.country, distance_km: start === undefined || end === undefined ? null : distanceKm(start, end) }
}

function coordinatesOf(latitude: number | null | undefined, longitude: number | null | undefined): Coordinates | undefined {
  return typeof latitude === 'number' && typeof longitude === 'number' ? { latitude, longitude } : undefined
}

/** Methods are codes, which have hyphens: the method of the service `next_day` is `next-day`. */
export function shippingMethods(table: RateTable): string[] {
  return table.services.map(({ code }) => code.replaceAll('_', '-'))
}

/** The service that an order's shipping method asks for; a method that the carrier has given up since travels as standard. */
export function chooseService(table: RateTable, shipping_method: string): string {
  const code = shipping_method.replaceAll('-', '_')
  const known = table.services.find((service) => service.code === code) ?? table.services.find((service) => service.code === 'standard')
  return (known ?? table.services[0])?.code ?? code
}

/** The price of all parcels of a shipment with one service, or why the carrier does not take it. */
export function priceShipment(table: RateTable, service: string, route: Route, parcels: readonly Parcel[]): ShipmentPrice | RateRefusal {
  let cost = 0n
  let zone: string | null = null
  let transit_days = { min: 0, max: 0 }
  for (const parcel of parcels) {
    const quote = quoteParcel(table, service, route, parcel)
    if (quote.outcome === 'refused') return quote
    cost += quote.amount
    zone = quote.zone
    transit_days = quote.transit_days
  }
  return { outcome: 'priced', service, service_name: nameService(table, service), zone, cost, currency: table.currency, transit_days, calendar: calendarOf(table) }
}

/** What stands on the label of a departure that the carrier has no price for. */
export function unpriced(table: RateTable, service: string): ShipmentPrice {
  return { outcome: 'priced', service, service_name: nameService(table, service), zone: null, cost: null, currency: null, transit_days: null, calendar: calendarOf(table) }
}

export function calendarOf({ calendar }: RateTable): CarrierCalendar {
  return calendar ?? MONDAY_TO_FRIDAY
}

function nameService(table: RateTable, code: string): string {
  return table.services.find((service) => service.code === code)?.name ?? code
}

/** An unknown distance within the country is priced as the farthest that the service goes: never too cheap. */
function quoteParcel(table: RateTable, service: string, { country, distance_km }: Route, parcel: Parcel) {
  const { weight_grams, length_mm, width_mm, height_mm } = parcel
  const dimensions_mm = length_mm === null || width_mm === null || height_mm === null ? null : { length: length_mm, width: width_mm, height: height_mm }
  const request: RateRequest = { service, country, distance_km, weight_grams, dimensions_mm }
  let quote = quoteRate(table, request)
  for (const { max_km } of table.distance_bands.toReversed()) {
    if (quote.outcome === 'quoted' || (quote.code !== 'distance_needed' && quote.code !== 'service_not_in_zone') || distance_km !== null) break
    quote = quoteRate(table, { ...request, distance_km: max_km })
  }
  return quote
}

/** Boxes of a departure that nobody packed by hand never become more than this. */
const MAX_PARCELS = 100

export type PackUnits = { order_line_id: string; quantity: number; weight_grams: number }
export type PlannedParcel = Parcel & { lines: { order_line_id: string; quantity: number }[] }

/**
 * Fills boxes with the units in their order, each up to the weight that the carrier takes. A unit that is heavier gets a
 * box of its own.
 */
export function planParcels(units: readonly PackUnits[], max_weight_grams: number): PlannedParcel[] {
  const parcels: PlannedParcel[] = []
  let current = openParcel()
  for (const { order_line_id, quantity, weight_grams } of units) {
    for (let left = quantity; left > 0;) {
      const room = weight_grams === 0 || parcels.length === MAX_PARCELS - 1 ? left : Math.floor((max_weight_grams - current.weight_grams) / weight_grams)
      const count = Math.min(left, current.lines.length === 0 ? Math.max(1, room) : room)
      if (count > 0) {
        current.lines.push({ order_line_id, quantity: count })
        current.weight_grams += count * weight_grams
        left -= count
      }
      if (left > 0) {
        parcels.push(current)
        current = openParcel()
      }
    }
  }
  return current.lines.length === 0 ? parcels : [...parcels, current]
}

function openParcel(): PlannedParcel {
  return { weight_grams: 0, length_mm: null, width_mm: null, height_mm: null, lines: [] }
}
