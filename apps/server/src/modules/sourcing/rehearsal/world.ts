import type { Demand, DemandLine } from '../demand.ts'
import { addFigure, createFigures, type Figures, type Places } from './figures.ts'

/**
 * A past as it would have been: the stock of every location and what became of every order. The past itself is one, and
 * each candidate strategy makes another.
 */
export type World = {
  /** Units that may be sold. Below zero where the past took what the candidate had sold. */
  available: Figures
  books: Map<string, Book>
  /** Orders that limited locations took, by location and local day. */
  loads: Map<string, number>
  /** Units that wait as backorders since the period began, by variant. */
  queued: Map<string, number>
  /** Orders with units that wait, by variant. */
  waiting: Map<string, Set<string>>
}

/** What became of one order. */
export type Book = {
  /** The order as it was asked when it was first seen. */
  demand: Demand
  placed_at: Date
  /** Placed before the period began: where its other units are is not known. */
  inherited: boolean
  refused: boolean
  lines: Map<string, LineBook>
  /** Locations that ever had a claim of it. */
  served: Set<string>
  promised: boolean
  promise_kept: boolean
}

/** Units of a line: claimed, shipped, or waiting in one of two ways. */
export type LineBook = { line: DemandLine; open: number; backordered: number; claims: Map<string, number>; shipped: Map<string, number> }

export function createWorld(places: Places): World {
  return { available: createFigures(places), books: new Map(), loads: new Map(), queued: new Map(), waiting: new Map() }
}

/** The past and what each strategy makes of it. */
export function worldsOf({ past, trials }: { past: World; trials: readonly { world: World }[] }): World[] {
  return [past, ...trials.map(({ world }) => world)]
}

export function addTo<Key>(sums: Map<Key, number>, key: Key, quantity: number): void {
  sums.set(key, (sums.get(key) ?? 0) + quantity)
}

export function changeAvailable({ available }: World, variant_id: string, location_id: string, quantity: number): void {
  addFigure(available, variant_id, location_id, quantity)
}

export function openBook(world: World, demand: Demand, placed_at: Date, inherited: boolean): Book {
  const book: Book = { demand, placed_at, inherited, refused: false, lines: new Map(), served: new Set(), promised: demand.latest_ship_at !== null, promise_kept: true }
  world.books.set(demand.order_id, book)
  return book
}

export function lineOf(book: Book, line: DemandLine): LineBook {
  let found = book.lines.get(line.line_id)
  if (found === undefined) book.lines.set(line.line_id, (found = { line, open: 0, backordered: 0, claims: new Map(), shipped: new Map() }))
  return found
}

export function waitingUnits({ open, backordered }: LineBook): number {
  return open + backordered
}

/** Changes how many units of a line wait; below zero never. */
export function changeWaiting(world: World, book: Book, line: LineBook, change: { open?: number; backordered?: number }): void {
  const before = waitingUnits(line)
  const backordered = Math.max(0, line.backordered + (change.backordered ?? 0))
  line.open = Math.max(0, line.open + (change.open ?? 0))
  if (backordered !== line.backordered) addTo(world.queued, line.line.variant_id, backordered - line.backordered)
  line.backordered = backordered
  if ((waitingUnits(line) > 0) !== (before > 0)) noteWaiting(world, book, line)
}

function noteWaiting({ waiting }: World, book: Book, line: LineBook): void {
  const { variant_id } = line.line
  const orders = waiting.get(variant_id)
  if (waitingUnits(line) > 0) {
    if (orders === undefined) waiting.set(variant_id, new Set([book.demand.order_id]))
    else orders.add(book.demand.order_id)
  } else if (linesOf(book, variant_id).every((other) => waitingUnits(other) === 0)) orders?.delete(book.demand.order_id)
}

/** Units of a line have a location. */
export function hold(book: Book, line: LineBook, location_id: string, quantity: number): void {
  addTo(line.claims, location_id, quantity)
  book.served.add(location_id)
}

/** Units that waited find a location: first those that were open, then those that were backordered. */
export function claim(world: World, book: Book, line: LineBook, location_id: string, quantity: number): void {
  hold(book, line, location_id, quantity)
  const fromOpen = Math.min(line.open, quantity)
  changeWaiting(world, book, line, { open: -fromOpen, backordered: fromOpen - quantity })
}

/** Takes units of the line out of its claims, at these locations first. Answers how many came from where. */
function takeClaims(line: LineBook, quantity: number, first: readonly string[], only = false): [location_id: string, quantity: number][] {
  const taken: [string, number][] = []
  let rest = quantity
  for (const location_id of [...first, ...(only ? [] : [...line.claims.keys()].toSorted())]) {
    const units = Math.min(rest, line.claims.get(location_id) ?? 0)
    if (units === 0) continue
    const left = line.claims.get(location_id)! - units
    if (left === 0) line.claims.delete(location_id)
    else line.claims.set(location_id, left)
    rest -= units
    taken.push([location_id, units])
  }
  return taken
}

const linesOf = (book: Book, variant_id: string): LineBook[] => [...book.lines.values()].filter(({ line }) => line.variant_id === variant_id)

/** Units of a variant that the order has claimed at the location. */
export function claimedAt({ books }: World, orderId: string, variantId: string, locationId: string): number {
  const book = books.get(orderId)
  return book === undefined ? 0 : linesOf(book, variantId).reduce((units, { claims }) => units + (claims.get(locationId) ?? 0), 0)
}

/** Units of a variant that waited find a location, whichever of the order's lines they are of. */
export function claimAnywhere(world: World, book: Book, variantId: string, locationId: string, quantity: number): void {
  let rest = quantity
  for (const line of linesOf(book, variantId)) {
    const units = Math.min(rest, waitingUnits(line))
    if (units > 0) claim(world, book, line, locationId, units)
    rest -= units
  }
}

/** Units that leave; answers how many of them the book knew at that place. */
export function ship(book: Book, variant_id: string, location_id: string, quantity: number): number {
  let known = 0
  for (const line of linesOf(book, variant_id)) {
    for (const [place, units] of takeClaims(line, quantity - known, [location_id])) {
      addTo(line.shipped, place, units)
      known += units
    }
  }
  return known
}

/** Units that the location gives back wait again; answers how many of them were claimed there. */
export function giveBack(world: World, book: Book, variant_id: string, location_id: string, quantity: number): number {
  let known = 0
  for (const line of linesOf(book, variant_id)) {
    for (const [, units] of takeClaims(line, quantity - known, [location_id], true)) {
      changeWaiting(world, book, line, { open: units })
      known += units
    }
  }
  return known
}

/** Units nobody wants any more: those that wait first, then claims, where the past freed them first. Answers what is free where. */
export function cancel(world: World, book: Book, lineId: string, quantity: number, freed: readonly string[]): [location_id: string, quantity: number][] {
  const line = book.lines.get(lineId)
  if (line === undefined) return []
  const open = Math.min(line.open, quantity)
  const backordered = Math.min(line.backordered, quantity - open)
  changeWaiting(world, book, line, { open: -open, backordered: -backordered })
  return takeClaims(line, quantity - open - backordered, freed)
}
