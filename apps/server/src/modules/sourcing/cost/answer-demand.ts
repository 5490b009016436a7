import type { ExpectedDemand } from './expected-demand.ts'

/** Shadow prices of units, by cell, and of a place of capacity, by location. */
export type CellPrices = { units: Float64Array; places: Float64Array }

/** What orders took at those prices. */
export type Taken = { units: Float64Array; places: Float64Array }

/** Room for one piece at a time. */
let best = new Float64Array(64)
let from = new Int32Array(64)
let least = new Float64Array(64)
let next = new Int32Array(64)
let sums = new Float64Array(64)
let codes = new Int32Array(64)

/**
 * Gives every order what is cheapest for it at these prices, as if stock had no end, adds to `taken` what they take,
 * and answers what they pay, prices included. An order that stands several times in `chosen` comes several times.
 */
export function answerDemand(demand: ExpectedDemand, chosen: ArrayLike<number>, prices: CellPrices, taken: Taken): number {
  const { pieces, shape, shape_at, largest, lost } = demand
  if (best.length < largest) makeRoom(2 * largest)
  let total = 0
  for (let index = 0; index < chosen.length; index++) {
    const order = chosen[index]!
    total += lost[order]!
    const end = pieces[order + 1]!
    for (let piece = pieces[order]!; piece < end; piece++) {
      const at = shape_at[piece]!
      total += shape[at] === 0 ? answerUnit(demand, piece, at, prices, taken) : answerPiece(demand, piece, at, prices, taken)
    }
  }
  return total
}

function makeRoom(size: number): void {
  best = new Float64Array(size)
  from = new Int32Array(size)
  least = new Float64Array(size)
  next = new Int32Array(size)
  sums = new Float64Array(size)
  codes = new Int32Array(size)
}

function answerUnit({ shape, base, base_at, unfilled_cost, cells }: ExpectedDemand, piece: number, at: number, { units, places }: CellPrices, taken: Taken): number {
  const first = shape[at + 1]!
  const count = shape[at + 2]!
  const from_base = base_at[piece]!
  const { place } = cells
  let cheapest = unfilled_cost[piece]!
  let cell = -1
  for (let index = 0; index < count; index++) {
    const cost = base[from_base + index]! + units[first + index]! + places[place[first + index]!]!
    if (cost >= cheapest) continue
    cheapest = cost
    cell = first + index
  }
  if (cell >= 0) {
    taken.units[cell]!++
    taken.places[place[cell]!]!++
  }
  return cheapest
}

function answerPiece(demand: ExpectedDemand, piece: number, at: number, prices: CellPrices, taken: Taken): number {
  const { shape, unfilled_cost } = demand
  const size = shape[at + 1]!
  findCheapestParts(demand, piece, at, prices)
  divide(shape, at, unfilled_cost[piece]!)
  for (let state = size - 1; state > 0; ) {
    const part = next[state]!
    if (part < 0) state += part
    else {
      state -= part
      take(shape, from[part]!, part, taken)
    }
  }
  return least[size - 1]!
}

/** Of every state the cheapest location that gives all of it; `from` is where the location stands in `shape`. */
function findCheapestParts({ shape, base, base_at }: ExpectedDemand, piece: number, at: number, { units, places }: CellPrices): void {
  best.fill(Number.POSITIVE_INFINITY, 0, shape[at + 1])
  let cost = base_at[piece]!
  let position = at + 3 + shape[at]!
  for (let left = shape[at + 2]!; left > 0; left--) {
    const place = position
    const items = shape[position + 1]!
    position += 2
    let length = 1
    sums[0] = places[shape[place]!]!
    for (let item = 0; item < items; item++, position += 4) {
      const price = units[shape[position + 1]!]!
      const end = length * (shape[position + 2]! + 1)
      for (let part = length, before = 0; part < end; part++, before++) sums[part] = sums[before]! + price
      length = end
    }
    for (let part = 1; part < length; part++) {
      const code = shape[position++]!
      const total = base[cost++]! + sums[part]!
      if (total >= best[code]!) continue
      best[code] = total
      from[code] = place
    }
  }
}

/** The cheapest division of every state; `next` is its first part, or minus the step of an item of which a copy is left. */
function divide(shape: Int32Array, at: number, unfilled_cost: number): void {
  const items = shape[at]!
  const size = shape[at + 1]!
  least[0] = 0
  for (let state = 1; state < size; state++) {
    // Copies are alike, so that some part has the first item of the state.
    let step = 1
    let item = at + 3
    let rest = state
    for (let each = shape[item]! + 1; rest % each === 0; each = shape[++item]! + 1) {
      rest /= each
      step *= each
    }
    let cheapest = least[state - step]! + unfilled_cost
    let part = -step
    const length = listWithin(shape, at + 3, items, state - step)
    for (let index = 0; index < length; index++) {
      const code = codes[index]! + step
      const total = best[code]! + least[state - code]!
      if (total >= cheapest) continue
      cheapest = total
      part = code
    }
    least[state] = cheapest
    next[state] = part
  }
}

function listWithin(shape: Int32Array, copies: number, items: number, state: number): number {
  let length = 1
  let step = 1
  let rest = state
  codes[0] = 0
  for (let item = 0; rest > 0 && item < items; item++) {
    const each = shape[copies + item]! + 1
    const here = rest % each
    rest = (rest - here) / each
    if (here > 0) {
      const end = length * (here + 1)
      for (let index = length, before = 0; index < end; index++, before++) codes[index] = codes[before]! + step
      length = end
    }
    step *= each
  }
  return length
}

function take(shape: Int32Array, place: number, part: number, taken: Taken): void {
  taken.places[shape[place]!]!++
  const end = place + 2 + 4 * shape[place + 1]!
  for (let item = place + 2; item < end; item += 4) {
    const copies = Math.floor(part / shape[item]!) % shape[item + 3]!
    if (copies > 0) taken.units[shape[item + 1]!]! += copies
  }
}
