import { NEVER } from './items.ts'
import { listParts, listWithin, type States } from './states.ts'

/** What locations taken one after the other give: `row * size + state`, by how many parcels they open and what they take. */
export type Sequence = {
  places: readonly number[]
  rows: number
  cost: Float64Array
  /** Of each location in turn the part that it gives on the cheapest way to a row and state. */
  taken: Int32Array[]
  opens: (place: number) => 0 | 1
}

/**
 * The cheapest way to take every state from the locations given, each of which gives one part or none: exact where
 * the same location would have to give twice. At most `limit` of those that `opens` counts give anything.
 */
export function sequence(space: States, places: readonly number[], limit: number, opens: Sequence['opens']): Sequence {
  const { size } = space
  const counted = places.filter((place) => opens(place) === 1).length
  const rows = Math.min(limit, counted) + 1
  let cost = new Float64Array(rows * size).fill(Number.POSITIVE_INFINITY)
  for (let row = 0; row < rows; row++) cost[row * size] = 0
  const taken: Int32Array[] = []
  const within = new Int32Array(size)
  for (const place of places) {
    const after = cost.slice()
    const choice = new Int32Array(rows * size)
    const { count, code, cost: costs } = listParts(space, place)
    const up = opens(place) * size
    for (let at = 1; at < count; at++) {
      const part = code[at]!
      const each = costs[at]!
      if (each >= NEVER) continue
      const length = listWithin(space, size - 1 - part, within)
      for (let from = 0, to = up; to < rows * size; from += size, to += size) {
        for (let index = 0; index < length; index++) {
          const state = within[index]!
          const total = cost[from + state]! + each
          const reached = to + state + part
          if (total >= after[reached]!) continue
          after[reached] = total
          choice[reached] = part
        }
      }
    }
    cost = after
    taken.push(choice)
  }
  return { places, rows, cost, taken, opens }
}

/** Calls back with the part of each location on the way to a state. */
export function followSequence({ places, taken, opens }: Sequence, size: number, row: number, state: number, give: (place: number, part: number) => void): void {
  let cell = row * size + state
  for (let index = places.length - 1; index >= 0; index--) {
    const part = taken[index]![cell]!
    if (part === 0) continue
    give(places[index]!, part)
    cell -= part + opens(places[index]!) * size
  }
}
