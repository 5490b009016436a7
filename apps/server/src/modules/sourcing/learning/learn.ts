import { layOutDemand, LEARNING_STATES, listCells } from '../cost/expected-demand.ts'
import { climb, startAscent } from '../cost/shadow-prices.ts'
import type { LearningTask } from './sample.ts'

/** Prices by variant and location, where they are anything; `lower_bound`: no way to serve these orders from this stock costs less. */
export type Learned = { prices: { variant_id: string; location_id: string; price: number }[]; lower_bound: number }

const ROUNDS = 120
/** What is worth less than this part of a minor unit is worth nothing. */
const LEAST_PRICE = 0.5

/** Climbs from the prices that are known. */
export function learnPrices({ variants, locations, network, orders, stock, known, step }: LearningTask): Learned {
  if (orders.length === 0) return { prices: [], lower_bound: 0 }
  const cells = listCells(locations.length, stock)
  const ascent = startAscent(layOutDemand(network, cells, orders, LEARNING_STATES))
  for (let variant = 0; variant < variants.length; variant++) {
    for (let cell = cells.start[variant]!; cell < cells.start[variant + 1]!; cell++) ascent.prices.units[cell] = known[variant * locations.length + cells.place[cell]!]!
  }
  const lower_bound = climb(ascent, { orders: Int32Array.from(orders, (_, index) => index), stock: cells.stock, capacity: null }, ROUNDS, step)
  const prices: Learned['prices'] = []
  for (let variant = 0; variant < variants.length; variant++) {
    for (let cell = cells.start[variant]!; cell < cells.start[variant + 1]!; cell++) {
      const price = ascent.prices.units[cell]!
      if (price >= LEAST_PRICE) prices.push({ variant_id: variants[variant]!, location_id: locations[cells.place[cell]!]!, price: Math.round(price * 100) / 100 })
    }
  }
  return { prices, lower_bound: Math.round(lower_bound) }
}
