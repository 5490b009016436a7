import type { OrderView } from './order-view.ts'

/**
 * One order under one rule: which of the locations that passed gives how many units. Needs and locations are named
 * by their positions in this problem.
 */
export type AllocationProblem = {
  order: OrderView
  /** Positions in `order.network.candidates`. */
  locations: readonly number[]
  /** One need per variant or, where lines are kept whole, one per line. `variant` is a position in `order.variant_ids`. */
  needs: readonly { variant: number; quantity: number }[]
  /** Units of a need that a location can give: `need * locations.length + location`. Of a whole line all or 0. */
  supply: readonly number[]
  /** Two whole lines compete for the units of one variant: `supply` is right for each of them, not for both. */
  contested: boolean
  /** Per ranking the score of each location; lower is better. */
  scores: readonly (readonly number[])[]
  /** How many rankings stand before `fewest_splits`; null where splits do not matter. */
  before_splits: number | null
  max_locations: number
}

/** Units that each location gives to each need, laid out like `supply`. */
export type Assignment = number[]

/**
 * The place where ways to choose locations plug in. An allocator gives no more than `supply`, uses at most
 * `max_locations`, and the planner asserts both. One that knows tariffs closes over them.
 */
export type Allocator = (problem: AllocationProblem) => Assignment

/** Whether location `a` ranks before `b`; the order of the codes decides where all rankings tie. */
export function ranksBefore({ scores }: AllocationProblem, a: number, b: number): boolean {
  for (const score of scores) if (score[a] !== score[b]) return score[a]! < score[b]!
  return a < b
}
