import { sumByKey } from '../../kernel/quantity.ts'
import type { Candidate, Demand } from './demand.ts'
import { type Plan, planOrder } from './plan.ts'
import { copyStockView, giveBackStock, sellableAt, type StockView } from './stock-view.ts'
import type { Strategy } from './strategy.ts'

/** More stock at one location that would have filled the order or shipped it from fewer locations. */
export type SmallestChange = {
  /** Its code, as in the decision. */
  location: string
  units: number
  additions: { variant_id: string; location_id: string; quantity: number }[]
  effect: 'fills_order' | 'avoids_split'
}

/** Each try is a run of the planner. */
const MAX_TRIES = 50

/**
 * The change of stock at a single location with the fewest units, proved by planning again with it; null where the
 * order needs none or none helps. `stock` is as it was before the order was planned and stays as it is. Takes up to
 * `MAX_TRIES` runs, so it is for the screen that shows a decision, not for capture.
 */
export function findSmallestChange(demand: Demand, candidates: readonly Candidate[], stock: StockView, strategy: Strategy): SmallestChange | null {
  const before = planOrder(demand, candidates, copyStockView(stock), strategy)
  if (before.shortage === null && countLocations(before) < 2) return null
  const effect = before.shortage === null ? 'avoids_split' : 'fills_order'
  const changes = candidates.flatMap((candidate) => proposeChanges(demand, candidate, stock, before, effect))
  changes.sort((a, b) => a.units - b.units || (a.location < b.location ? -1 : 1))
  for (const change of changes.slice(0, MAX_TRIES)) {
    const changed = copyStockView(stock)
    giveBackStock(changed, change.additions)
    const after = planOrder(demand, candidates, changed, strategy)
    if (after.shortage === null && (effect === 'fills_order' || countLocations(after) < countLocations(before))) return change
  }
  return null
}

/** What the candidate lacks to serve the order alone and, for an order that is short, what it would add to the rest. */
function proposeChanges(demand: Demand, candidate: Candidate, stock: StockView, before: Plan, effect: SmallestChange['effect']): SmallestChange[] {
  const wanted = sumByKey(demand.lines, (line) => line.variant_id, (line) => line.quantity)
  const alone = Array.from(wanted, ([variant_id, quantity]) => ({ variant_id, quantity: quantity - sellableAt(stock, variant_id, candidate.id) }))
  const missing = new Map(before.unfilled.filter(({ reason }) => reason !== 'refused').map(({ line_id, quantity }) => [line_id, quantity]))
  const short = sumByKey(demand.lines, (line) => line.variant_id, ({ line_id }) => missing.get(line_id) ?? 0)
  const rest = Array.from(short, ([variant_id, quantity]) => ({ variant_id, quantity }))
  return (effect === 'fills_order' ? [alone, rest] : [alone]).flatMap((parts) => {
    const additions = parts.filter(({ quantity }) => quantity > 0).map((part) => ({ ...part, location_id: candidate.id }))
    const known = additions.every(({ variant_id, location_id }) => stock.rows.has(variant_id) && stock.columns.has(location_id))
    const units = additions.reduce((sum, { quantity }) => sum + quantity, 0)
    return known && units > 0 ? [{ location: candidate.code, units, additions, effect }] : []
  })
}

function countLocations({ allocations }: Plan): number {
  return new Set(allocations.map(({ location_id }) => location_id)).size
}
