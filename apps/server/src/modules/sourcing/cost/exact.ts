import type { Items } from './items.ts'
import { divide, findCheapest, type Divided } from './partition.ts'
import { followSequence, sequence, type Sequence } from './sequence.ts'
import { countStates, layOut, listParts, type States } from './states.ts'

/** What each location gives, as a state, and the cost of that and of what is left. */
export type Choice = { cost: number; parts: { place: number; state: number }[] }

/** A search without limits of its own. `serving` can add to their parcels, `fresh` can send one more. */
type Search = { space: States; serving: readonly number[]; fresh: Int32Array; fresh_count: number; limit: number; refund: number }

/** More steps than that are not worth the wait: the choice found so far stands, with the bound. */
const MAX_STEPS = 100_000_000

/**
 * The cheapest choice of all, and a lower bound that equals its cost unless the search would have been too long: the
 * cheapest location for every set of units, then the cheapest division into such sets and, only where a location would
 * have to give twice, the locations one after the other.
 */
export function searchExactly(items: Items): { space: States; choice: Choice; lower_bound: number } {
  const space = layOut(items)
  const { problem: { places, min_part_value, max_locations, split_cost }, useful, useful_count } = items
  const { serving: there } = places
  const search: Search = { space, serving: NOBODY, fresh: useful, fresh_count: useful_count, limit: max_locations, refund: split_cost }
  let served = 0
  if (there !== null) {
    served = Array.from(there.serves).filter((serves) => serves === 1).length
    search.serving = Array.from(useful.subarray(0, useful_count)).filter((place) => there.serves[place] === 1)
    search.fresh = useful.slice(0, useful_count).filter((place) => there.serves[place] !== 1)
    search.fresh_count = search.fresh.length
    // Whoever serves the order already is its first location.
    if (served > 0) search.refund = 0
  }
  if (min_part_value === 0) return { space, ...searchDivisions(search) }
  const alone = served > 1 ? undefined : searchAlone(search, served)
  space.min_value = min_part_value
  const apart = searchDivisions(search)
  if (alone === undefined || alone.cost >= apart.choice.cost) return { space, ...apart }
  return { space, choice: alone, lower_bound: Math.min(alone.cost, apart.lower_bound) }
}

const NOBODY: readonly number[] = []

/** The best choice of one location, where the order has none yet or just that one. */
function searchAlone({ space, serving, fresh, fresh_count, limit, refund }: Search, served: number): Choice | undefined {
  const last = space.size - 1
  let best: Choice | undefined
  const places = served === 1 ? serving : limit > 0 ? fresh.subarray(0, fresh_count) : NOBODY
  for (const place of places) {
    const parts = listParts(space, place)
    for (let at = 1; at < parts.count; at++) {
      const state = parts.code[at]!
      const cost = parts.cost[at]! + space.leave[last - state]! - refund
      if (cost < (best?.cost ?? Number.POSITIVE_INFINITY)) best = { cost, parts: [{ place, state }] }
    }
  }
  return best
}

function searchDivisions(search: Search): { choice: Choice; lower_bound: number } {
  const { space, serving, fresh, fresh_count, limit } = search
  const last = space.size - 1
  const cheapest = findCheapest(space, fresh, fresh_count)
  const divided = divide(space, cheapest, limitOf(space, limit))
  const added = serving.length === 0 ? undefined : sequence(space, serving, 0, () => 0)
  const { cost, served } = added === undefined ? pickFirst(search, cheapest.cost, divided) : pickAdded(space, added, divided)
  const parts: Choice['parts'] = []
  if (added !== undefined) followSequence(added, space.size, 0, served, (place, state) => parts.push({ place, state }))
  followDivision(space, cheapest.place, divided, added === undefined ? served : -1, last - (added === undefined ? 0 : served), parts)
  if (!isTwice(parts)) return { choice: { cost, parts }, lower_bound: cost }
  return searchInTurn(search, parts, cost, divided)
}

/** A limit that no division reaches is none. */
function limitOf({ items: { count, copies } }: States, limit: number): number {
  let most = 0
  for (let item = 0; item < count; item++) most += copies[item]!
  return limit >= most ? Number.POSITIVE_INFINITY : limit
}

/** The first parcel is no split: its part is chosen apart. `served` is that part, 0 where all is left. */
function pickFirst({ space: { size, leave }, refund }: Search, parts: Float64Array, { cost, top, down }: Divided): { cost: number; served: number } {
  const last = size - 1
  const from = top * size
  if (refund === 0) return { cost: cost[from + last]!, served: -1 }
  let best = leave[last]!
  let served = 0
  const below = from - down * size
  if (below < 0) return { cost: best, served }
  for (let state = 1; state < size; state++) {
    const total = parts[state]! - refund + cost[below + last - state]!
    if (total >= best) continue
    best = total
    served = state
  }
  return { cost: best, served }
}

/** The cheapest mix of what serving locations add and what others send. */
function pickAdded({ size }: States, added: Sequence, { cost, top }: Divided): { cost: number; served: number } {
  let best = Number.POSITIVE_INFINITY
  let served = 0
  for (let state = 0; state < size; state++) {
    const total = added.cost[state]! + cost[top * size + size - 1 - state]!
    if (total >= best) continue
    best = total
    served = state
  }
  return { cost: best, served }
}

/** Adds the parts of a division of `state`; `first` is the part that was chosen for the first parcel, -1 where none was. */
function followDivision({ size, step }: States, places: Int32Array, { next, top, down }: Divided, first: number, state: number, parts: Choice['parts']): void {
  let row = top
  let rest = state
  if (first === 0) return
  if (first > 0) {
    parts.push({ place: places[first]!, state: first })
    row -= down
    rest -= first
  }
  while (rest > 0) {
    const part = next[row * size + rest]!
    if (part < 0) rest -= step[-1 - part]!
    else {
      parts.push({ place: places[part]!, state: part })
      rest -= part
      row -= down
    }
  }
}

function isTwice(parts: Choice['parts']): boolean {
  for (let a = 1; a < parts.length; a++) for (let b = 0; b < a; b++) if (parts[a]!.place === parts[b]!.place) return true
  return false
}

/**
 * Exact where the cheapest division asks a location twice. A first answer comes from few locations; then only those
 * are tried that could be part of a cheaper one, by what the division of the rest costs at least.
 */
function searchInTurn(search: Search, parts: Choice['parts'], bound: number, divided: Divided): { choice: Choice; lower_bound: number } {
  const { space, serving, fresh, fresh_count, refund, limit } = search
  const { size } = space
  const last = size - 1
  // The shared room is used again below.
  const rest = divided.cost.slice(divided.top * size, (divided.top + 1) * size)
  const least = Array.from(fresh.subarray(0, fresh_count), (place) => {
    const { count, code, cost } = listParts(space, place)
    let total = Number.POSITIVE_INFINITY
    for (let at = 1; at < count; at++) total = Math.min(total, cost[at]! + rest[last - code[at]!]!)
    return { place, total: total - refund }
  }).sort((a, b) => a.total - b.total || a.place - b.place)
  const few = new Set(parts.map(({ place }) => place).filter((place) => !serving.includes(place)))
  for (const { place } of least) if (few.size < parts.length + FEW) few.add(place)
  const first = takeInTurn(search, [...few])
  const able = serving.length > 0 ? least : least.filter(({ total }) => total < first.cost)
  if (able.every(({ place }) => few.has(place))) return { choice: first, lower_bound: first.cost }
  if (able.length * countStates(space.items).steps * (Math.min(limitOf(space, limit), able.length) + 1) > MAX_STEPS) return { choice: first, lower_bound: bound }
  const all = takeInTurn(search, able.map(({ place }) => place))
  const choice = all.cost < first.cost ? all : first
  return { choice, lower_bound: choice.cost }
}

/** Locations beside those of the division that take part in the first answer. */
const FEW = 4

function takeInTurn({ space, serving, limit, refund }: Search, places: readonly number[]): Choice {
  const { size, leave } = space
  const last = size - 1
  const rows = limitOf(space, limit)
  const turn = sequence(space, [...serving, ...places], rows, (place) => (rows === Number.POSITIVE_INFINITY || serving.includes(place) ? 0 : 1))
  let best = { cost: Number.POSITIVE_INFINITY, row: 0, state: 0 }
  for (let row = 0; row < turn.rows; row++) {
    for (let state = 0; state < size; state++) {
      const cost = turn.cost[row * size + state]! + leave[last - state]! - (state > 0 ? refund : 0)
      if (cost < best.cost) best = { cost, row, state }
    }
  }
  const parts: Choice['parts'] = []
  followSequence(turn, size, best.row, best.state, (place, state) => parts.push({ place, state }))
  return { cost: best.cost, parts }
}
