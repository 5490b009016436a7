import { freightOf } from './items.ts'
import type { Tariff } from './problem.ts'

/** What orders cost from each location, where orders are many and only their kind matters. Tables are by location. */
export type CostNetwork = {
  count: number
  tariffs: readonly Tariff[]
  parcel_labor: ArrayLike<number>
  unit_labor: ArrayLike<number>
  /** By destination, however coarse: regions will do. `unit_freight` is what a unit costs beside its parcel's tariff; null for nothing. */
  destinations: readonly { tariff: ArrayLike<number>; unit_freight: ArrayLike<number> | null }[]
  /** Of one unit, by variant. */
  weight_grams: ArrayLike<number>
}

/** An order that may come again: one of the past. */
export type ExpectedOrder = {
  destination: number
  lines: readonly { variant: number; quantity: number }[]
  /** Of a unit that nobody gives; what a unit is worth at most. */
  unfilled_cost: number
}

/** Pairs of variant and location that hold stock: those of variant `v` are `start[v]` up to `start[v + 1]`. */
export type Cells = { count: number; start: Int32Array; place: Int32Array; stock: Int32Array }

/**
 * Orders laid out in flat tables, so that all of them are answered in one run. An order of many lines may be divided
 * into pieces that are answered apart.
 */
export type ExpectedDemand = {
  network: CostNetwork
  cells: Cells
  /** The pieces of order `i` are `pieces[i]` up to `pieces[i + 1]`. */
  pieces: Int32Array
  /** Of each piece where it begins in `shape` and in `base`, and what it costs to leave one of its units. */
  shape_at: Int32Array
  base_at: Int32Array
  unfilled_cost: Float64Array
  /**
   * A single unit: 0, its first cell, its cells. Any other piece: its items, its states, its locations, the copies of each item, then for each location the
   * location, its items there, four figures for each of them (step, cell, copies it can give, radix), and its parts.
   */
  shape: Int32Array
  /** What each part costs without shadow prices. */
  base: Float64Array
  /** Of each order: the cost of units that no location has. */
  lost: Float64Array
  /** States of the largest piece. */
  largest: number
}

/** Pieces of up to so many states are small enough to be answered often. */
export const LEARNING_STATES = 64

export function listCells(count: number, stock: ArrayLike<number>): Cells {
  const variants = stock.length / count
  const start = new Int32Array(variants + 1)
  const cells: number[] = []
  for (let cell = 0; cell < stock.length; cell++) {
    if (stock[cell]! > 0) cells.push(cell)
    if ((cell + 1) % count === 0) start[(cell + 1) / count] = cells.length
  }
  return { count: cells.length, start, place: Int32Array.from(cells, (cell) => cell % count), stock: Int32Array.from(cells, (cell) => stock[cell]!) }
}

type Item = { variant: number; copies: number; step: number }

type Growing<T extends Int32Array | Float64Array> = { table: T; length: number }

/** What is being laid out, and room for the parts of one location. */
type Layout = {
  network: CostNetwork; cells: Cells; shape: Growing<Int32Array>; base: Growing<Float64Array>; shape_at: number[]; base_at: number[]; unfilled_cost: number[]
  code: Int32Array; weight: Float64Array; cost: Float64Array; largest: number
}

/** Lays out orders for the stock in `cells`; no piece gets more states than `most_states`, but for one line of its own. */
export function layOutDemand(network: CostNetwork, cells: Cells, orders: readonly ExpectedOrder[], most_states: number): ExpectedDemand {
  const layout: Layout = {
    network, cells, shape: { table: new Int32Array(1024), length: 0 }, base: { table: new Float64Array(1024), length: 0 }, shape_at: [], base_at: [], unfilled_cost: [],
    code: new Int32Array(64), weight: new Float64Array(64), cost: new Float64Array(64), largest: 1,
  }
  const pieces = new Int32Array(orders.length + 1)
  const lost = new Float64Array(orders.length)
  orders.forEach((order, index) => {
    let items: Item[] = []
    let size = 1
    for (const { variant, quantity } of order.lines) {
      const copies = Math.min(quantity, unitsOf(cells, variant))
      lost[index]! += (quantity - copies) * order.unfilled_cost
      if (copies === 0) continue
      if (items.length > 0 && size * (copies + 1) > most_states) {
        addPiece(layout, order, items, size)
        items = []
        size = 1
      }
      items.push({ variant, copies, step: size })
      size *= copies + 1
    }
    if (items.length > 0) addPiece(layout, order, items, size)
    pieces[index + 1] = layout.shape_at.length
  })
  const { shape, base, shape_at, base_at, unfilled_cost, largest } = layout
  return {
    network, cells, pieces, shape_at: Int32Array.from(shape_at), base_at: Int32Array.from(base_at), unfilled_cost: Float64Array.from(unfilled_cost),
    shape: shape.table.slice(0, shape.length), base: base.table.slice(0, base.length), lost, largest,
  }
}

function unitsOf({ start, stock }: Cells, variant: number): number {
  let units = 0
  for (let cell = start[variant]!; cell < start[variant + 1]!; cell++) units += stock[cell]!
  return units
}

function addPiece(layout: Layout, { destination, unfilled_cost }: ExpectedOrder, items: readonly Item[], size: number): void {
  layout.shape_at.push(layout.shape.length)
  layout.base_at.push(layout.base.length)
  layout.unfilled_cost.push(unfilled_cost)
  layout.largest = Math.max(layout.largest, size)
  const to = layout.network.destinations[destination]!
  if (size === 2) addUnit(layout, to, items[0]!.variant)
  else addPlaces(layout, to, items, size)
}

type Destination = CostNetwork['destinations'][number]

function addUnit({ network, cells: { start, place }, shape, base }: Layout, { tariff, unit_freight }: Destination, variant: number): void {
  const first = start[variant]!
  const count = start[variant + 1]! - first
  const table = grow(shape, 3)
  const costs = grow(base, count)
  table.set([0, first, count], shape.length)
  for (let index = 0; index < count; index++) {
    const at = place[first + index]!
    costs[base.length + index] = freightOf(network.tariffs[tariff[at]!]!, network.weight_grams[variant]!) + network.parcel_labor[at]! + network.unit_labor[at]! + (unit_freight?.[at] ?? 0)
  }
  shape.length += 3
  base.length += count
}

function addPlaces(layout: Layout, to: Destination, items: readonly Item[], size: number): void {
  const { network, cells: { start, place: placeOf, stock }, shape } = layout
  if (layout.code.length < size) Object.assign(layout, { code: new Int32Array(2 * size), weight: new Float64Array(2 * size), cost: new Float64Array(2 * size) })
  const head = shape.length
  grow(shape, 3 + items.length).set([items.length, size, 0, ...items.map(({ copies }) => copies)], head)
  shape.length += 3 + items.length
  const next = items.map(({ variant }) => start[variant]!)
  for (let place = 0, places = 0; place < network.count; place++) {
    const here: number[] = []
    items.forEach(({ variant, copies, step }, item) => {
      const cell = next[item]!
      if (cell === start[variant + 1]! || placeOf[cell]! !== place) return
      next[item]!++
      here.push(step, cell, Math.min(copies, stock[cell]!), copies + 1)
    })
    if (here.length === 0) continue
    shape.table[head + 2] = ++places
    addParts(layout, to, items, place, here)
  }
}

/** The parts of one location, each after the part that it has one copy more than. */
function addParts({ network, shape, base, code, weight, cost }: Layout, { tariff, unit_freight }: Destination, items: readonly Item[], place: number, here: readonly number[]): void {
  const each = network.unit_labor[place]! + (unit_freight?.[place] ?? 0)
  const table = network.tariffs[tariff[place]!]!
  code[0] = weight[0] = 0
  cost[0] = network.parcel_labor[place]!
  let length = 1
  for (let at = 0; at < here.length; at += 4) {
    const grams = network.weight_grams[items.find(({ step }) => step === here[at])!.variant]!
    const end = length * (here[at + 2]! + 1)
    for (let part = length, from = 0; part < end; part++, from++) {
      code[part] = code[from]! + here[at]!
      weight[part] = weight[from]! + grams
      cost[part] = cost[from]! + each
    }
    length = end
  }
  const shapes = grow(shape, 2 + here.length + length - 1)
  shapes.set([place, here.length / 4, ...here], shape.length)
  shape.length += 2 + here.length
  const costs = grow(base, length - 1)
  for (let part = 1; part < length; part++) {
    shapes[shape.length++] = code[part]!
    costs[base.length++] = cost[part]! + freightOf(table, weight[part]!)
  }
}

function grow<T extends Int32Array | Float64Array>(growing: Growing<T>, more: number): T {
  const { table, length } = growing
  if (length + more <= table.length) return table
  const larger = new (table.constructor as new (size: number) => T)(2 * (length + more))
  larger.set(table)
  growing.table = larger
  return larger
}
