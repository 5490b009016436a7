import { freightOf, hasAll, type Items } from './items.ts'
import { addedFreight } from './terms.ts'

/**
 * The states of an exact search: how many copies of each item are still to be placed, as one number in a mixed radix.
 * Taking a part away is a subtraction.
 */
export type States = {
  items: Items
  /** Number of states; the last one is everything. */
  size: number
  /** What one copy of an item counts in a state. */
  step: Int32Array
  weight: Float64Array
  value: Float64Array
  /** Cost of leaving all of a state unfilled. */
  leave: Float64Array
  /** What a part must at least be worth; 0 for anything. */
  min_value: number
  /** Freight by tariff and state: `tariff * size + state`; a row is there once it is asked for. */
  freight: Float64Array
  has_row: Uint8Array
}

const states: States = {
  items: undefined as unknown as Items, size: 0, step: new Int32Array(16), weight: new Float64Array(64), value: new Float64Array(64), leave: new Float64Array(64), min_value: 0,
  freight: new Float64Array(1024), has_row: new Uint8Array(16),
}

/** Parts of one location that are looked at together: states, and what the location would cost with them. */
export type Parts = { count: number; code: Int32Array; cost: Float64Array }

const parts: Parts = { count: 0, code: new Int32Array(64), cost: new Float64Array(64) }

/** How many states the items have, and how many steps from state to state the search takes. */
export function countStates({ count, copies }: Items): { size: number; steps: number } {
  let size = 1
  let steps = 1
  for (let item = 0; item < count; item++) {
    const each = copies[item]! + 1
    size *= each
    steps *= (each * (each + 1)) / 2
  }
  return { size, steps }
}

/** Lays the states out in the shared room. */
export function layOut(items: Items): States {
  const { count, copies } = items
  const { size } = countStates(items)
  makeRoom(count, size, items.problem.tariffs.length)
  states.items = items
  states.size = size
  states.has_row.fill(0)
  states.min_value = 0
  const { step, weight, value, leave } = states
  weight[0] = value[0] = leave[0] = 0
  let length = 1
  for (let item = 0; item < count; item++) {
    step[item] = length
    const end = length * (copies[item]! + 1)
    for (let state = length; state < end; state++) {
      const before = state - length
      weight[state] = weight[before]! + items.weight[item]!
      value[state] = value[before]! + items.value[item]!
      leave[state] = leave[before]! + items.leave[item]!
    }
    length = end
  }
  return states
}

function makeRoom(count: number, size: number, tariffs: number): void {
  if (states.step.length < count) states.step = new Int32Array(2 * count)
  if (states.weight.length < size) {
    states.weight = new Float64Array(2 * size)
    states.value = new Float64Array(2 * size)
    states.leave = new Float64Array(2 * size)
    parts.code = new Int32Array(2 * size)
    parts.cost = new Float64Array(2 * size)
  }
  if (states.freight.length < tariffs * size) states.freight = new Float64Array(2 * tariffs * size)
  if (states.has_row.length < tariffs) states.has_row = new Uint8Array(2 * tariffs)
}

/** Where the freight of a tariff begins in `freight`. */
function freightRow({ items: { problem }, size, weight, freight, has_row }: States, tariff: number): number {
  const row = tariff * size
  if (has_row[tariff] === 1) return row
  has_row[tariff] = 1
  const table = problem.tariffs[tariff]!
  for (let state = 0; state < size; state++) freight[row + state] = freightOf(table, weight[state]!)
  return row
}

/** All parts but the empty one that the location could give, with their whole cost. What it cannot give together is left out. */
export function listParts(space: States, place: number): Parts {
  const { items: { problem, can, cost, count, width }, step } = space
  const { code, cost: costs } = parts
  let length = 1
  code[0] = 0
  costs[0] = fixedCost(space.items, place)
  for (let item = 0; item < count; item++) {
    const copies = can[item * width + place]!
    if (copies === 0) continue
    const one = step[item]!
    const each = cost[item * width + place]!
    // Each copy more is the block before, moved by one.
    const end = length * (copies + 1)
    for (let at = length, from = 0; at < end; at++, from++) {
      code[at] = code[from]! + one
      costs[at] = costs[from]! + each
    }
    length = end
  }
  parts.count = length
  if (problem.places.serving?.serves[place] === 1) addToParcel(space, place)
  else {
    const row = freightRow(space, problem.places.tariff[place]!)
    const { freight } = space
    for (let at = 1; at < length; at++) costs[at]! += freight[row + code[at]!]!
  }
  if (space.items.contested) dropContested(space, place)
  if (space.min_value > 0) dropSmall(space, place)
  return parts
}

/** What the location costs before the first unit: a location beyond the first is a split. */
export function fixedCost({ problem: { places, split_cost } }: Items, place: number): number {
  if (places.serving?.serves[place] === 1) return 0
  return places.parcel_labor[place]! + (places.capacity_cost === null ? 0 : places.capacity_cost[place]!) + split_cost
}

function addToParcel({ items: { problem }, weight }: States, place: number): void {
  for (let at = 1; at < parts.count; at++) parts.cost[at]! += addedFreight(problem, place, weight[parts.code[at]!]!)
}

function dropContested({ items, step }: States, place: number): void {
  const { can, count, width } = items
  if (hasAll(items, place, Array.from({ length: count }, (_, item) => can[item * width + place]!))) return
  const taken = new Int32Array(count)
  for (let at = 1; at < parts.count; at++) {
    let rest = parts.code[at]!
    for (let item = count - 1; item >= 0; item--) {
      taken[item] = Math.floor(rest / step[item]!)
      rest -= taken[item]! * step[item]!
    }
    if (!hasAll(items, place, taken)) parts.cost[at] = Number.POSITIVE_INFINITY
  }
}

function dropSmall({ items: { problem: { places: { serving } } }, value, min_value }: States, place: number): void {
  const there = serving?.serves[place] === 1 ? serving.value[place]! : 0
  for (let at = 1; at < parts.count; at++) if (there + value[parts.code[at]!]! < min_value) parts.cost[at] = Number.POSITIVE_INFINITY
}

/** Lists into `codes` all states that are part of `state`, the empty one first, and answers how many. */
export function listWithin({ items: { count, copies }, step }: States, state: number, codes: Int32Array): number {
  let length = 1
  let rest = state
  codes[0] = 0
  for (let item = 0; item < count; item++) {
    const each = copies[item]! + 1
    const here = rest % each
    rest = (rest - here) / each
    if (here === 0) continue
    const one = step[item]!
    const end = length * (here + 1)
    for (let at = length, from = 0; at < end; at++, from++) codes[at] = codes[from]! + one
    length = end
  }
  return length
}
