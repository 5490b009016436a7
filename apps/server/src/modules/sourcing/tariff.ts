import { assert } from '../../kernel/assert.ts'
import { scale } from '../../kernel/money.ts'
import type { RateTable } from '../shipping/index.ts'
import type { TariffTable, ZoneRule } from './cost-model.ts'
import type { Destination } from './demand.ts'

/** Amounts by weight for each zone, in numbers that are quick to read. */
export type Tariff = {
  zones: readonly ZoneRule[]
  /** Of each rule its position in `steps`. */
  columns: readonly number[]
  steps: readonly { max_grams: Float64Array; amounts: Float64Array }[]
  /** Where no rule fits. */
  dearest: number
}

/** Orders heavier than so many of a tariff's heaviest parcels are priced as that many. */
const MAX_PARCELS = 20

/** Makes a table ready for use. The table has been validated. */
export function readTariff({ zones, weight_steps }: TariffTable): Tariff {
  const codes = [...new Set(zones.map(({ zone }) => zone))]
  const steps = codes.map((zone) => {
    const own = weight_steps.flatMap(({ max_grams, amounts }) => (Object.hasOwn(amounts, zone) ? [{ max_grams, amount: amounts[zone]! }] : []))
    const heaviest = own.at(-1)!
    // What no parcel can hold goes in as many full ones as it takes, and one for the rest.
    const all = Array.from({ length: MAX_PARCELS }, (_, full) => own.map(({ max_grams, amount }) => ({ max_grams: full * heaviest.max_grams + max_grams, amount: full * heaviest.amount + amount }))).flat()
    all.at(-1)!.max_grams = Number.MAX_SAFE_INTEGER
    return { max_grams: Float64Array.from(all, ({ max_grams }) => max_grams), amounts: Float64Array.from(all, ({ amount }) => amount) }
  })
  const last = steps.map(({ amounts }) => amounts.at(-1)!)
  return { zones, columns: zones.map(({ zone }) => codes.indexOf(zone)), steps, dearest: last.indexOf(Math.max(...last)) }
}

/** The column of `steps` that a parcel from the location to the destination is priced by. Called for every order and candidate: it allocates nothing. */
export function zoneColumn({ zones, columns, dearest }: Tariff, location: string, destination: Destination | null, postal_code: string, km: number): number {
  let farthest = -1
  for (let at = 0; at < zones.length; at++) {
    const rule = zones[at]!
    if (rule.locations !== undefined && !rule.locations.includes(location)) continue
    if (rule.countries !== undefined && (destination === null || !(rule.countries.includes(destination.country) || rule.countries.includes('*')))) continue
    if (rule.postal_prefixes !== undefined && !startsWithAny(postal_code, rule.postal_prefixes)) continue
    if (rule.max_km === undefined ? farthest < 0 : km <= rule.max_km) return columns[at]!
    if (rule.max_km === undefined) break
    if (km === Number.POSITIVE_INFINITY && (farthest < 0 || rule.max_km > zones[farthest]!.max_km!)) farthest = at
  }
  return farthest < 0 ? dearest : columns[farthest]!
}

/** How postal codes are compared: capitals, without spaces and hyphens. */
export function spellPostalCode(postal_code: string | null): string {
  return postal_code === null ? '' : postal_code.replaceAll(/[\s-]/g, '').toUpperCase()
}

function startsWithAny(text: string, prefixes: readonly string[]): boolean {
  for (const prefix of prefixes) if (text.startsWith(prefix)) return true
  return false
}

/** A service of a carrier's rate table as a table of costs: `percent` of what it charges. Undefined where the carrier has no such service. */
export function tariffOfRates(table: RateTable, service_code: string, percent: number): TariffTable | undefined {
  const service = table.services.find(({ code }) => code === service_code)
  if (service === undefined) return undefined
  const served = new Set(Object.keys(service.transit_days))
  const bands = table.distance_bands.filter(({ zone }) => served.has(zone))
  const zones: ZoneRule[] = [
    ...bands.map(({ max_km, zone }) => ({ zone, countries: [table.origin_country], max_km })),
    // Where the carrier does not go somebody else does, for no less.
    ...bands.slice(-1).map(({ zone }) => ({ zone, countries: [table.origin_country] })),
    // All other countries come last: the first rule that fits counts.
    ...table.country_groups.filter(({ zone }) => served.has(zone)).toSorted((a, b) => Number(a.countries.includes('*')) - Number(b.countries.includes('*'))),
  ]
  assert(zones.length > 0, 'a service goes somewhere')
  const factor = BigInt(service.factor_percent) * BigInt(percent)
  const weight_steps = (service.weight_steps ?? table.weight_steps).map(({ max_grams, amounts }) => ({
    max_grams, amounts: Object.fromEntries(Object.entries(amounts).map(([zone, amount]) => [zone, Number(scale(BigInt(amount), factor, 10_000n))])),
  }))
  return { zones, weight_steps }
}
