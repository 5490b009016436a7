import { answerDemand, type CellPrices, type Taken } from './answer-demand.ts'
import type { ExpectedDemand } from './expected-demand.ts'

/**
 * What one more unit at a location, or one more place of its capacity, would save the orders that are expected. Learned
 * by Lagrangian ascent: at the prices of a round every order takes what is cheapest for it, as if stock had no end; what
 * is taken more often than it is there grows dearer, what is left over cheaper. No solver is needed, and prices that
 * were right a while ago are a good start.
 */
export type Ascent = {
  demand: ExpectedDemand
  prices: CellPrices
  /** The step of each price follows how much it was wrong lately, and in which direction. */
  momentum: CellPrices
  spread: CellPrices
  rounds: number
}

/** How long a price remembers what was wrong with it: in which direction, and how much. */
const REMEMBER = 0.8
const REMEMBER_SPREAD = 0.95
/** Keeps steps short where hardly anything was wrong. */
const CALM = 0.1

export function startAscent(demand: ExpectedDemand): Ascent {
  const zeros = (): CellPrices => ({ units: new Float64Array(demand.cells.count), places: new Float64Array(demand.network.count) })
  return { demand, prices: zeros(), momentum: zeros(), spread: zeros(), rounds: 0 }
}

/** Orders that are expected, by their positions in the demand, and what there is for them: by cell and by location. */
export type Expected = { orders: ArrayLike<number>; stock: ArrayLike<number>; capacity: ArrayLike<number> | null }

/**
 * Makes the prices better in so many rounds, whose steps shrink from `step` minor units. Answers the greatest lower
 * bound that was met: no assignment of these orders to this stock costs less.
 */
export function climb(ascent: Ascent, { orders, stock, capacity }: Expected, rounds: number, step: number): number {
  const { demand, prices, momentum, spread } = ascent
  const taken: Taken = { units: new Float64Array(prices.units.length), places: new Float64Array(prices.places.length) }
  let bound = Number.NEGATIVE_INFINITY
  for (let round = 1; round <= rounds; round++) {
    taken.units.fill(0)
    taken.places.fill(0)
    let paid = answerDemand(demand, orders, prices, taken)
    for (let cell = 0; cell < stock.length; cell++) paid -= prices.units[cell]! * stock[cell]!
    if (capacity !== null) for (let place = 0; place < capacity.length; place++) if (prices.places[place]! > 0) paid -= prices.places[place]! * capacity[place]!
    bound = Math.max(bound, paid)
    ascent.rounds++
    const now = { length: step / (1 + round / SHRINK), known: 1 - REMEMBER_SPREAD ** ascent.rounds }
    correct(prices.units, taken.units, stock, momentum.units, spread.units, now)
    if (capacity !== null) correct(prices.places, taken.places, capacity, momentum.places, spread.places, now)
  }
  return bound
}

/** Rounds after which a step is half as long as the first. */
const SHRINK = 15

function correct(prices: Float64Array, taken: Float64Array, there: ArrayLike<number>, momentum: Float64Array, spread: Float64Array, now: { length: number; known: number }): void {
  for (let index = 0; index < prices.length; index++) {
    const wrong = (taken[index]! - there[index]!) / (there[index]! + 1)
    momentum[index] = REMEMBER * momentum[index]! + (1 - REMEMBER) * wrong
    spread[index] = REMEMBER_SPREAD * spread[index]! + (1 - REMEMBER_SPREAD) * wrong * wrong
    const price = prices[index]! + (now.length * momentum[index]!) / (Math.sqrt(spread[index]! / now.known) + CALM)
    prices[index] = price > 0 ? price : 0
  }
}
