import type { MarkdownRisk, StockOutRisk } from './cost-model.ts'

/**
 * What selling one unit from here saves, as a negative amount: the part of the stock that will not be sold within the
 * days, at the pace of the location, loses `percent` of its price. Nothing is known of a level without a pace.
 */
export function markdownCost({ after_days, percent }: MarkdownRisk, units: number, daily_demand: number, unit_price: number): number {
  if (Number.isNaN(daily_demand) || units <= 0) return 0
  const left = Math.max(0, 1 - (after_days * daily_demand) / units)
  return left === 0 ? 0 : -Math.round((left * percent * unit_price) / 100)
}

/** What giving one unit away from here risks: the less of the days the stock covers, the more of a sale is lost. */
export function stockOutCost({ cover_days, percent }: StockOutRisk, units: number, daily_demand: number, unit_price: number): number {
  if (Number.isNaN(daily_demand) || daily_demand === 0) return 0
  const short = Math.max(0, 1 - units / (cover_days * daily_demand))
  return Math.round((short * percent * unit_price) / 100)
}
