import type { Candidate } from './demand.ts'

/**
 * What serving orders costs the retailer and what routing may weigh, as data that the retailer edits. Versions never
 * change. Amounts are whole minor units of one currency, as in rate tables.
 */
export type CostModel = {
  currency: string
  /** What a unit weighs whose variant has no weight. */
  default_weight_grams: number
  tariffs: readonly CostTariff[]
  /** The first entry that fits a location says what it costs to send from there. The last one fits every location. */
  sites: readonly CostSite[]
  /** For each location beyond the first that serves an order, beside its parcel. */
  split_cost: number
  /** What a unit costs that could be had and is left unfilled. Null forbids to leave it, whatever it costs. */
  unfilled_cost: number | null
  /** Null: not weighed. */
  markdown: MarkdownRisk | null
  stock_out: StockOutRisk | null
  learning: Learning
}

/** What a parcel costs: by a table of one's own, or a part of what a carrier's rate table charges for a service. */
export type CostTariff = { code: string; name: string } & (TariffTable | { carrier: string; service: string; percent: number })

export type TariffTable = {
  /** The first that fits the way of the parcel gives its zone; a way that none fits costs what the dearest zone costs. */
  zones: readonly ZoneRule[]
  /** Ascending. The first step that holds the weight gives the amount; what is heavier than the last goes in several parcels. */
  weight_steps: readonly { max_grams: number; amounts: Readonly<Record<string, number>> }[]
}

/** All that is given must hold. */
export type ZoneRule = {
  zone: string
  /** Codes of the locations that it leaves from: carriers number their zones from each origin. */
  locations?: readonly string[]
  countries?: readonly string[]
  /** Of the destination, without spaces. */
  postal_prefixes?: readonly string[]
  /** An unknown distance counts as the farthest of the rules that fit otherwise. */
  max_km?: number
}

/** Locations named one by one or by kind; without either every location. */
export type CostSite = {
  locations?: readonly string[]
  kinds?: readonly Candidate['kind'][]
  tariff: string
  /** Null: the handling cost of the location. */
  parcel_labor: number | null
  unit_labor: number
}

/** Units that will not be sold within these days at the pace of the location lose this part of their price. */
export type MarkdownRisk = { after_days: number; percent: number }

/** A location that has less than these days' sales left loses a sale by giving a unit away; the sale is worth this part of its price. */
export type StockOutRisk = { cover_days: number; percent: number }

export type Learning = {
  /** Demand is looked at until stock is usually replenished. */
  replenishment_days: number
  /** How far back orders are looked at. */
  history_days: number
}

/** What a new installation starts with: parcels cost what the in-house carrier charges, and labor what the locations say. */
export const DEFAULT_COST_MODEL: CostModel = {
  currency: 'GBP',
  default_weight_grams: 500,
  tariffs: [{ code: 'inhouse-standard', name: 'The in-house carrier, standard', carrier: 'inhouse', service: 'standard', percent: 100 }],
  sites: [
    { kinds: ['store'], tariff: 'inhouse-standard', parcel_labor: null, unit_labor: 80 },
    { tariff: 'inhouse-standard', parcel_labor: null, unit_labor: 40 },
  ],
  split_cost: 0,
  unfilled_cost: null,
  markdown: null,
  stock_out: null,
  learning: { replenishment_days: 14, history_days: 365 },
}

/** The entry that says what it costs to send from a location. */
export function siteOf(model: Pick<CostModel, 'sites'>, location: { code: string; kind: Candidate['kind'] }): CostSite {
  return model.sites.find(({ locations, kinds }) => (locations === undefined || locations.includes(location.code)) && (kinds === undefined || kinds.includes(location.kind))) ?? model.sites.at(-1)!
}

