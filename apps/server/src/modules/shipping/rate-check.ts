import { isCountry } from '../../kernel/country.ts'
import { isCurrency } from '../../kernel/money.ts'
import { pointerTo, type FieldError } from '../../kernel/problem.ts'
import type { RateTable, WeightStep } from './rates.ts'

type Report = (path: readonly (string | number)[], code: string, detail: string) => void

/**
 * What is wrong with a rate table that has the right shape. A table without errors prices every parcel up to its
 * `max_weight_grams` in every zone of every service, and a heavier parcel is never cheaper.
 */
export function validateRateTable(table: RateTable): FieldError[] {
  const errors: FieldError[] = []
  const report: Report = (path, code, detail) => void errors.push({ pointer: pointerTo(path), code, detail })
  checkHead(table, report)
  checkCalendar(table, report)
  const zones = checkZones(table, report)
  checkDistances(table, zones, report)
  checkCountries(table, zones, report)
  if (table.services.length === 0) report(['services'], 'empty', 'A rate table has at least one service.')
  const common = new Set<string>()
  for (const [index, service] of table.services.entries()) {
    checkService(table, index, zones, report)
    if (service.weight_steps === null) for (const zone of Object.keys(service.transit_days)) common.add(zone)
  }
  if (table.services.some(({ weight_steps }) => weight_steps === null)) checkSteps(table, table.weight_steps, common, zones, ['weight_steps'], report)
  return errors
}

function checkHead(table: RateTable, report: Report): void {
  if (!isCurrency(table.currency)) report(['currency'], 'unknown_currency', `${table.currency} is not an ISO 4217 currency.`)
  if (!isCountry(table.origin_country)) report(['origin_country'], 'not_a_country', 'Give the ISO 3166-1 code in two capital letters, such as GB.')
  if (!isPositive(table.max_weight_grams)) report(['max_weight_grams'], 'not_positive', 'The maximum weight is a whole number of grams above zero.')
  if (table.dimensional_divisor !== null && !isPositive(table.dimensional_divisor)) {
    report(['dimensional_divisor'], 'not_positive', 'The divisor is a whole number above zero, usually 5000; leave it out to bill the weight alone.')
  }
}

function checkCalendar({ calendar }: RateTable, report: Report): void {
  if (calendar === undefined) return
  const days = new Set<string>()
  for (const [index, { date, countries }] of calendar.holidays.entries()) {
    for (const [position, country] of countries.entries()) {
      if (!isCountry(country)) report(['calendar', 'holidays', index, 'countries', position], 'not_a_country', 'Give the ISO 3166-1 code in two capital letters, such as GB.')
    }
    if (days.has(date)) report(['calendar', 'holidays', index, 'date'], 'duplicate', `${date} is there twice. Name all its countries once, or none for everywhere.`)
    days.add(date)
  }
}

function checkZones(table: RateTable, report: Report): Set<string> {
  const zones = new Set<string>()
  for (const [index, { code }] of table.zones.entries()) {
    if (code.trim() === '') report(['zones', index, 'code'], 'empty', 'A zone has a code.')
    if (zones.has(code)) report(['zones', index, 'code'], 'duplicate', `The zone ${code} is there twice.`)
    zones.add(code)
  }
  if (table.distance_bands.length === 0 && table.country_groups.length === 0) {
    report(['distance_bands'], 'empty', 'A rate table goes somewhere: it has distance bands or country groups.')
  }
  return zones
}

function checkDistances(table: RateTable, zones: ReadonlySet<string>, report: Report): void {
  let last = 0
  for (const [index, { max_km, zone }] of table.distance_bands.entries()) {
    if (!(Number.isFinite(max_km) && max_km > last)) report(['distance_bands', index, 'max_km'], 'not_ascending', `The band reaches farther than ${last} km.`)
    last = Math.max(last, Number.isFinite(max_km) ? max_km : last)
    checkZone(zone, zones, ['distance_bands', index, 'zone'], report)
  }
}

function checkCountries(table: RateTable, zones: ReadonlySet<string>, report: Report): void {
  const seen = new Set<string>()
  for (const [index, { zone, countries }] of table.country_groups.entries()) {
    checkZone(zone, zones, ['country_groups', index, 'zone'], report)
    for (const [position, country] of countries.entries()) {
      const path = ['country_groups', index, 'countries', position]
      if (country !== '*' && !isCountry(country)) report(path, 'not_a_country', 'Give the ISO 3166-1 code in two capital letters, or * for all other countries.')
      if (seen.has(country)) report(path, 'duplicate', `${country} is in two groups or twice in one.`)
      if (country === table.origin_country && table.distance_bands.length > 0) report(path, 'origin_by_distance', `${country} is priced by distance and cannot be in a group.`)
      seen.add(country)
    }
  }
}

function checkService(table: RateTable, index: number, zones: ReadonlySet<string>, report: Report): void {
  const service = table.services[index]!
  const path = ['services', index]
  if (service.code.trim() === '') report([...path, 'code'], 'empty', 'A service has a code.')
  if (table.services.findIndex(({ code }) => code === service.code) !== index) report([...path, 'code'], 'duplicate', `The service ${service.code} is there twice.`)
  if (!isPositive(service.factor_percent)) report([...path, 'factor_percent'], 'not_positive', 'The factor is a whole number of percent above zero; 100 leaves the amounts as they are.')
  const served = Object.entries(service.transit_days)
  if (served.length === 0) report([...path, 'transit_days'], 'empty', 'A service goes to at least one zone.')
  for (const [zone, { min, max }] of served) {
    checkZone(zone, zones, [...path, 'transit_days', zone], report)
    if (!(isCount(min) && isCount(max) && min <= max)) report([...path, 'transit_days', zone], 'not_a_range', 'Transit days are whole numbers, the least first.')
  }
  if (service.weight_steps !== null) {
    checkSteps(table, service.weight_steps, new Set(Object.keys(service.transit_days)), zones, [...path, 'weight_steps'], report)
  }
}

/** `priced` are the zones that every step must have an amount for. */
function checkSteps(table: RateTable, steps: readonly WeightStep[], priced: ReadonlySet<string>, zones: ReadonlySet<string>, path: readonly (string | number)[], report: Report): void {
  let heaviest = 0
  const highest = new Map<string, number>()
  for (const [index, { max_grams, amounts }] of steps.entries()) {
    if (!(Number.isSafeInteger(max_grams) && max_grams > heaviest)) report([...path, index, 'max_grams'], 'not_ascending', `The step is a whole number of grams above ${heaviest}.`)
    else heaviest = max_grams
    for (const zone of priced) {
      if (!Object.hasOwn(amounts, zone)) report([...path, index, 'amounts'], 'amount_missing', `The step has no amount for zone ${zone}.`)
    }
    for (const [zone, amount] of Object.entries(amounts)) {
      const place = [...path, index, 'amounts', zone]
      checkZone(zone, zones, place, report)
      if (!isCount(amount)) report(place, 'not_an_amount', 'An amount is a whole number of minor units, not below zero.')
      else if (amount < (highest.get(zone) ?? 0)) report(place, 'cheaper_when_heavier', `A heavier parcel costs at least ${highest.get(zone)}, as the step before.`)
      else highest.set(zone, amount)
    }
  }
  if (heaviest < table.max_weight_grams) report(path, 'weight_not_covered', `The steps reach ${heaviest} g and the carrier takes ${table.max_weight_grams} g.`)
}

function checkZone(zone: string, zones: ReadonlySet<string>, path: readonly (string | number)[], report: Report): void {
  if (!zones.has(zone)) report(path, 'unknown_zone', `There is no zone ${zone}.`)
}

function isPositive(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}
