import { listParts, listWithin, type States } from './states.ts'

/** Of every state the cheapest location that could give all of it in one parcel, and what that costs. */
export type Cheapest = { cost: Float64Array; place: Int32Array }

/** The cheapest way to divide every state into parcels, by how many parcels there may be: `row * size + state`. */
export type Divided = {
  cost: Float64Array
  /** The part that is sent next, or `-1 - item` where one copy of the item is left. */
  next: Int32Array
  /** The row for the most parcels. */
  top: number
  /** How many rows a parcel goes down: 0 where any number of parcels may go. */
  down: 0 | 1
}

const cheapest: Cheapest = { cost: new Float64Array(64), place: new Int32Array(64) }
const divided: Divided = { cost: new Float64Array(64), next: new Int32Array(64), top: 0, down: 0 }
let codes = new Int32Array(64)

/** Looks at all parts of the locations given; equal ones go to the location that comes first. */
export function findCheapest(space: States, places: ArrayLike<number>, count: number): Cheapest {
  const { size } = space
  if (cheapest.cost.length < size) {
    cheapest.cost = new Float64Array(2 * size)
    cheapest.place = new Int32Array(2 * size)
  }
  const { cost, place } = cheapest
  cost.fill(Number.POSITIVE_INFINITY, 0, size)
  for (let index = 0; index < count; index++) {
    const parts = listParts(space, places[index]!)
    for (let at = 1; at < parts.count; at++) {
      const state = parts.code[at]!
      if (parts.cost[at]! >= cost[state]!) continue
      cost[state] = parts.cost[at]!
      place[state] = places[index]!
    }
  }
  return cheapest
}

/**
 * Divides every state into parcels, each the cheapest for what it holds, and units that are left. Two parcels may turn
 * out to be of one location: then the cost is a lower bound only, and the caller has to look closer.
 */
export function divide(space: States, parts: Cheapest, limit: number): Divided {
  const { size, items: { count }, leave } = space
  const rows = limit === Number.POSITIVE_INFINITY ? 1 : limit + 1
  if (divided.cost.length < rows * size) {
    divided.cost = new Float64Array(2 * rows * size)
    divided.next = new Int32Array(2 * rows * size)
  }
  if (codes.length < size) codes = new Int32Array(2 * size)
  divided.top = rows - 1
  divided.down = rows === 1 && limit > 0 ? 0 : 1
  const { cost, next, down } = divided
  const single = space.items.copies.subarray(0, count).every((copies) => copies === 1)
  for (let row = 0; row < rows; row++) {
    const from = row * size
    const below = from - down * size
    cost[from] = 0
    for (let state = 1; state < size; state++) {
      const item = lowestItem(space, state)
      const one = space.step[item]!
      let least = cost[from + state - one]! + leave[one]!
      let part = -1 - item
      if (below >= 0) {
        const rest = state - one
        const length = single ? listBits(rest) : listWithin(space, rest, codes)
        for (let at = 0; at < length; at++) {
          const code = codes[at]! + one
          const total = parts.cost[code]! + cost[below + state - code]!
          if (total >= least) continue
          least = total
          part = code
        }
      }
      cost[from + state] = least
      next[from + state] = part
    }
  }
  return divided
}

/** With one copy of each item a state is a set of bits. */
function listBits(set: number): number {
  let length = 0
  for (let some = set; ; some = (some - 1) & set) {
    codes[length++] = some
    if (some === 0) return length
  }
}

/** Copies are alike, so that some part has the first item of a state. */
function lowestItem({ items: { count, copies } }: States, state: number): number {
  let rest = state
  for (let item = 0; item < count; item++) {
    const each = copies[item]! + 1
    if (rest % each !== 0) return item
    rest /= each
  }
  return -1
}
