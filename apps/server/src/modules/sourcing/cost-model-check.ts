import { isCountry } from '../../kernel/country.ts'
import { isCurrency } from '../../kernel/money.ts'
import { pointerTo, type FieldError } from '../../kernel/problem.ts'
import type { RateTable } from '../shipping/index.ts'
import type { CostModel, CostTariff, TariffTable } from './cost-model.ts'

type Report = (path: readonly (string | number)[], code: string, detail: string) => void

/** What a cost model refers to: rate tables in force by carrier, and the codes of all locations. */
export type Surroundings = { rate_tables: ReadonlyMap<string, RateTable>; locations: ReadonlySet<string> }

/** What is wrong with a cost model that has the right shape, as JSON pointers. One without errors prices every parcel from every location. */
export function validateCostModel(model: CostModel, around: Surroundings): FieldError[] {
  const errors: FieldError[] = []
  const report: Report = (path, code, detail) => void errors.push({ pointer: pointerTo(path), code, detail })
  if (!isCurrency(model.currency)) report(['currency'], 'unknown_currency', `${model.currency} is not an ISO 4217 currency.`)
  for (const [index, tariff] of model.tariffs.entries()) {
    if (model.tariffs.findIndex(({ code }) => code === tariff.code) !== index) report(['tariffs', index, 'code'], 'duplicate', `The tariff ${tariff.code} is there twice.`)
    if ('carrier' in tariff) checkCarrier(tariff, index, model.currency, around, report)
    else checkTable(tariff, ['tariffs', index], around, report)
  }
  checkSites(model, around, report)
  return errors
}

function checkCarrier({ carrier, service }: Extract<CostTariff, { carrier: string }>, index: number, currency: string, { rate_tables }: Surroundings, report: Report): void {
  const table = rate_tables.get(carrier)
  if (table === undefined) return report(['tariffs', index, 'carrier'], 'unknown_carrier', `There is no carrier ${carrier} with a rate table.`)
  if (!table.services.some(({ code }) => code === service)) report(['tariffs', index, 'service'], 'unknown_service', `${carrier} has no service ${service}.`)
  if (table.currency !== currency) report(['tariffs', index, 'carrier'], 'other_currency', `The table of ${carrier} is in ${table.currency}, and the model in ${currency}.`)
}

function checkTable({ zones, weight_steps }: TariffTable, path: readonly (string | number)[], { locations }: Surroundings, report: Report): void {
  const codes = new Set(zones.map(({ zone }) => zone))
  for (const [index, rule] of zones.entries()) {
    const at = [...path, 'zones', index]
    checkLocations(rule.locations ?? [], locations, [...at, 'locations'], report)
    for (const [position, country] of (rule.countries ?? []).entries()) {
      if (country !== '*' && !isCountry(country)) report([...at, 'countries', position], 'not_a_country', 'Give the ISO 3166-1 code in two capital letters, or * for all countries.')
    }
  }
  let heaviest = 0
  for (const [index, { max_grams, amounts }] of weight_steps.entries()) {
    const at = [...path, 'weight_steps', index]
    if (max_grams <= heaviest) report([...at, 'max_grams'], 'not_ascending', `The step holds more than ${heaviest} g.`)
    heaviest = Math.max(heaviest, max_grams)
    for (const zone of Object.keys(amounts)) if (!codes.has(zone)) report([...at, 'amounts', zone], 'unknown_zone', `No way leads to the zone ${zone}.`)
  }
  for (const zone of codes) {
    if (!weight_steps.some(({ amounts }) => Object.hasOwn(amounts, zone))) report([...path, 'weight_steps'], 'amount_missing', `No step has an amount for the zone ${zone}.`)
  }
}

function checkSites({ sites, tariffs }: CostModel, { locations }: Surroundings, report: Report): void {
  for (const [index, site] of sites.entries()) {
    checkLocations(site.locations ?? [], locations, ['sites', index, 'locations'], report)
    if (!tariffs.some(({ code }) => code === site.tariff)) report(['sites', index, 'tariff'], 'unknown_tariff', `There is no tariff ${site.tariff}.`)
  }
  const last = sites.at(-1)!
  if (last.locations !== undefined || last.kinds !== undefined) report(['sites', sites.length - 1], 'not_for_all', 'The last entry is for every location that no other fits: leave its locations and kinds out.')
}

function checkLocations(codes: readonly string[], known: ReadonlySet<string>, path: readonly (string | number)[], report: Report): void {
  for (const [index, code] of codes.entries()) if (!known.has(code)) report([...path, index], 'unknown_location', `There is no location ${code}.`)
}
