import { assert } from '../../kernel/assert.ts'
import { scale } from '../../kernel/money.ts'
import type { CarrierCalendar } from './carrier-calendar.ts'

/**
 * The prices of the in-house carrier (own vans, a local courier, a contract without an API), as data that a retailer
 * edits. Zones come from the distance within the country of origin and from the country elsewhere.
 */
export type RateTable = {
  currency: string
  /** ISO 3166-1 alpha-2. */
  origin_country: string
  zones: readonly RateZone[]
  /** Ascending; a distance belongs to the first band that reaches it. Apply within the country of origin. */
  distance_bands: readonly { max_km: number; zone: string }[]
  /** A country in no group is not served, unless one group holds `*`, all others. */
  country_groups: readonly { zone: string; countries: readonly string[] }[]
  /** Ascending; a parcel is billed by the first step that holds its weight. */
  weight_steps: readonly WeightStep[]
  /** Cubic centimeters that count as a kilogram (5000 is usual); null bills the scale's weight alone. */
  dimensional_divisor: number | null
  max_weight_grams: number
  /** Monday to Friday without holidays where it is left out. */
  calendar?: CarrierCalendar
  services: readonly RateService[]
}

export type RateZone = { code: string; name: string }

/** Minor units for each zone that the step is offered in. Plain integers: the table is stored and edited as JSON. */
export type WeightStep = { max_grams: number; amounts: Readonly<Record<string, number>> }

export type RateService = {
  code: string
  name: string
  /** Where it goes and in how many working days; a zone that is absent is not served. */
  transit_days: Readonly<Record<string, { min: number; max: number }>>
  /** Percent of the table's amounts: 100 is the table itself. */
  factor_percent: number
  /** A table of its own instead of the common one; the factor applies to it too. */
  weight_steps: readonly WeightStep[] | null
}

/** `distance_km` decides within the country of origin, `country` elsewhere; without a country it is the origin's. */
export type RateRequest = {
  service: string
  country: string | null
  distance_km: number | null
  weight_grams: number
  dimensions_mm: { length: number; width: number; height: number } | null
}

export type RateQuote = {
  outcome: 'quoted'
  service: string
  amount: bigint
  currency: string
  zone: string
  billed_weight_grams: number
  transit_days: { min: number; max: number }
}

export type RateRefusalCode = 'unknown_service' | 'distance_needed' | 'destination_not_served' | 'service_not_in_zone' | 'too_heavy'

export type RateRefusal = { outcome: 'refused'; code: RateRefusalCode; detail: string }

/**
 * The price of one parcel with one service. Pure arithmetic on the table: the amount is rounded once, half up, after
 * the factor. Refuses an unknown service, a destination outside all zones, a zone the service does not go to, and weight
 * beyond the table; the billed weight is the greater of the scale's and the dimensional weight.
 */
export function quoteRate(table: RateTable, request: RateRequest): RateQuote | RateRefusal {
  const service = table.services.find(({ code }) => code === request.service)
  if (service === undefined) return refused('unknown_service', `There is no service ${request.service}.`)
  const zone = findZone(table, request)
  if (typeof zone !== 'string') return zone
  const transit_days = lookUp(service.transit_days, zone)
  if (transit_days === undefined) return refused('service_not_in_zone', `${service.name} does not go to zone ${zone}.`)
  const billed_weight_grams = billWeight(table, request)
  if (billed_weight_grams > table.max_weight_grams) {
    return refused('too_heavy', `The parcel counts as ${billed_weight_grams} g; the carrier takes up to ${table.max_weight_grams} g.`)
  }
  const step = (service.weight_steps ?? table.weight_steps).find(({ max_grams }) => max_grams >= billed_weight_grams)
  const base = step === undefined ? undefined : lookUp(step.amounts, zone)
  if (base === undefined) return refused('too_heavy', `${service.name} has no price for ${billed_weight_grams} g to zone ${zone}.`)
  const amount = scale(BigInt(base), BigInt(service.factor_percent), 100n)
  return { outcome: 'quoted', service: service.code, amount, currency: table.currency, zone, billed_weight_grams, transit_days: { ...transit_days } }
}

/** All services that take the parcel, the cheapest first; of equal ones the faster first. */
export function quoteAllRates(table: RateTable, request: Omit<RateRequest, 'service'>): RateQuote[] {
  return table.services
    .map(({ code }) => quoteRate(table, { ...request, service: code }))
    .filter((quote) => quote.outcome === 'quoted')
    .sort((a, b) => (a.amount === b.amount ? a.transit_days.max - b.transit_days.max : a.amount < b.amount ? -1 : 1))
}

/** How many of the carrier's working days a service takes to a place; undefined where it does not go there. An unknown distance takes as long as the farthest that the service goes. */
export function transitTo(table: RateTable, service: string, to: Pick<RateRequest, 'country' | 'distance_km'>): { min: number; max: number } | undefined {
  const days = table.services.find(({ code }) => code === service)?.transit_days
  if (days === undefined) return undefined
  const zone = findZone(table, to)
  if (typeof zone === 'string') return lookUp(days, zone)
  if (zone.code !== 'distance_needed') return undefined
  const inCountry = table.distance_bands.flatMap((band) => lookUp(days, band.zone) ?? [])
  return inCountry.length === 0 ? undefined : { min: Math.min(...inCountry.map(({ min }) => min)), max: Math.max(...inCountry.map(({ max }) => max)) }
}

function findZone(table: RateTable, { country, distance_km }: Pick<RateRequest, 'country' | 'distance_km'>): string | RateRefusal {
  const destination = (country ?? table.origin_country).toUpperCase()
  if (destination === table.origin_country && table.distance_bands.length > 0) {
    if (distance_km === null) return refused('distance_needed', 'The price within the country depends on the distance; the address has no coordinates yet.')
    assert(distance_km >= 0, 'a distance is not negative')
    const band = table.distance_bands.find(({ max_km }) => max_km >= distance_km)
    return band?.zone ?? refused('destination_not_served', `The carrier does not go as far as ${Math.round(distance_km)} km.`)
  }
  const group =
    table.country_groups.find(({ countries }) => countries.includes(destination)) ??
    table.country_groups.find(({ countries }) => countries.includes('*'))
  return group?.zone ?? refused('destination_not_served', `The carrier does not go to ${destination}.`)
}

function billWeight(table: RateTable, { weight_grams, dimensions_mm }: RateRequest): number {
  assert(weight_grams >= 0, 'a weight is not negative')
  const scale_grams = Math.ceil(weight_grams)
  if (table.dimensional_divisor === null || dimensions_mm === null) return scale_grams
  const { length, width, height } = dimensions_mm
  assert(length >= 0 && width >= 0 && height >= 0, 'dimensions are not negative')
  // cm³ per kg is mm³ per gram: both units are a thousandth.
  return Math.max(scale_grams, Math.ceil((length * width * height) / table.dimensional_divisor))
}

/** Own keys alone: a zone named `constructor` is no zone. */
function lookUp<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined
}

function refused(code: RateRefusalCode, detail: string): RateRefusal {
  return { outcome: 'refused', code, detail }
}
