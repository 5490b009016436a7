import { groupByKey, sumByKey } from '../../kernel/quantity.ts'
import type { Candidate, Demand } from './demand.ts'
import type { Economics } from './economics.ts'
import { planOrder, type Plan } from './plan.ts'
import { copyStockView, sellableAt, type StockView } from './stock-view.ts'
import type { Strategy } from './strategy.ts'

/** What decided about an order: everything as it was before the order was planned. */
export type Question = { demand: Demand; candidates: readonly Candidate[]; stock: StockView; strategy: Strategy; economics?: Economics | undefined }

/** Another state of one location, and what would have come of it. */
export type SmallestChange = {
  /** Its code, as in the decision. */
  location: string
  /** Units more or, below zero, fewer that it would have had for sale; none where it would have had room for one more order. */
  units: { variant_id: string; quantity: number }[]
  effect: 'fills_order' | 'avoids_split' | 'moves_order' | 'leaves_short'
  /** Codes of the locations that would have been chosen. */
  chosen: string[]
}

export type SmallestChanges = {
  /** What would have filled the order, or shipped it from fewer locations; null where nothing is to be wished, or nothing helps. */
  improvement: SmallestChange | null
  /** What would have led to any other choice. */
  alteration: SmallestChange | null
}

/** Each try is a run of the planner. */
const MAX_TRIES = 80

type Change = Pick<SmallestChange, 'location' | 'units'> & { id: string }

/**
 * The changes at a single location with the fewest units, each proved by planning again with it. Nothing that was given
 * changes. For the screen that shows a decision, not for capture.
 */
export function findSmallestChanges(question: Question): SmallestChanges {
  const before = planWith(question, undefined)
  const wish = before.shortage !== null ? 'fills_order' : countLocations(before) > 1 ? 'avoids_split' : null
  const more = question.candidates.flatMap((candidate) => moreUnits(question, candidate, before))
  const others = question.candidates.flatMap((candidate) => [...fewerUnits(question, candidate, before), ...moreRoom(question, candidate)])
  const grants = (after: Plan): boolean => after.shortage === null && (wish === 'fills_order' || countLocations(after) < countLocations(before))
  const improvement = wish === null ? undefined : search(question, more, grants)
  const alteration = search(question, [...more, ...others], (after) => choiceOf(after) !== choiceOf(before))
  const describe = ({ change, after }: Found, effect: SmallestChange['effect']): SmallestChange => ({ location: change.location, units: change.units, effect, chosen: codesOf(question, after) })
  return {
    improvement: improvement === undefined ? null : describe(improvement, wish!),
    alteration: alteration === undefined ? null : describe(alteration, wish !== null && grants(alteration.after) ? wish : before.shortage === null && alteration.after.shortage !== null ? 'leaves_short' : 'moves_order'),
  }
}

type Found = { change: Change; after: Plan }

const sizeOf = ({ units }: Change): number => (units.length === 0 ? 1 : units.reduce((sum, { quantity }) => sum + Math.abs(quantity), 0))

/** The smallest of the changes that does it, of equal ones one that needs fewer locations. What does it with fewer units at the same place is tried, too. */
function search(question: Question, changes: readonly Change[], does: (after: Plan) => boolean): Found | undefined {
  const ordered = changes.toSorted((a, b) => sizeOf(a) - sizeOf(b) || (a.location < b.location ? -1 : 1))
  let tries = 0
  let found: Found | undefined
  const attempt = (change: Change): boolean => {
    if (++tries > MAX_TRIES) return false
    const after = planWith(question, change)
    if (!does(after)) return false
    if (found === undefined || sizeOf(change) < sizeOf(found.change) || (sizeOf(change) === sizeOf(found.change) && countLocations(after) < countLocations(found.after))) found = { change, after }
    return true
  }
  for (const change of ordered) {
    if (found !== undefined && sizeOf(change) > sizeOf(found.change)) break
    if (attempt(change)) shrink(change, attempt)
  }
  return found
}

/** Takes away from a change what it does not need, a unit at a time. */
function shrink(change: Change, attempt: (smaller: Change) => boolean): void {
  let current = change
  for (let at = 0; at < current.units.length; at++) {
    for (;;) {
      const quantity = current.units[at]!.quantity
      const smaller = { ...current, units: current.units.flatMap((part, index) => (index !== at ? [part] : Math.abs(quantity) === 1 ? [] : [{ ...part, quantity: quantity - Math.sign(quantity) }])) }
      if (smaller.units.length === 0 || !attempt(smaller)) break
      const isGone = smaller.units.length < current.units.length
      current = smaller
      if (isGone) {
        at--
        break
      }
    }
  }
}

/** What the candidate lacks to serve the order alone and, for an order that is short, what it would add to the rest. */
function moreUnits({ demand, stock }: Question, candidate: Candidate, before: Plan): Change[] {
  const wanted = sumByKey(demand.lines, (line) => line.variant_id, (line) => line.quantity)
  const alone = Array.from(wanted, ([variant_id, quantity]) => ({ variant_id, quantity: quantity - sellableAt(stock, variant_id, candidate.id) }))
  const missing = new Map(before.unfilled.filter(({ reason }) => reason !== 'refused').map(({ line_id, quantity }) => [line_id, quantity]))
  const short = sumByKey(demand.lines, (line) => line.variant_id, ({ line_id }) => missing.get(line_id) ?? 0)
  const rest = Array.from(short, ([variant_id, quantity]) => ({ variant_id, quantity }))
  return [alone, rest].flatMap((parts) => {
    const units = parts.filter(({ quantity }) => quantity > 0)
    return units.length === 0 ? [] : [{ id: candidate.id, location: candidate.code, units }]
  })
}

/** What a chosen location would have had to lack, so that it could not give what it gave. */
function fewerUnits({ stock }: Question, candidate: Candidate, before: Plan): Change[] {
  const given = groupByKey(before.allocations.filter(({ location_id }) => location_id === candidate.id), ({ variant_id }) => variant_id)
  return [...given].map(([variant_id, parts]) => {
    const quantity = parts.reduce((sum, part) => sum + part.quantity, 0)
    return { id: candidate.id, location: candidate.code, units: [{ variant_id, quantity: quantity - 1 - sellableAt(stock, variant_id, candidate.id) }] }
  })
}

function moreRoom({ demand }: Question, { id, code, capacity_left }: Candidate): Change[] {
  return capacity_left !== null && capacity_left < 1 && !demand.serving_location_ids.includes(id) ? [{ id, location: code, units: [] }] : []
}

function planWith({ demand, candidates, stock, strategy, economics }: Question, change: Change | undefined): Plan {
  if (change === undefined) return planOrder(demand, candidates, copyStockView(stock), strategy, undefined, economics)
  const hasRoom = change.units.length === 0
  const changed = candidates.map((candidate) => (hasRoom && candidate.id === change.id ? Object.defineProperty(Object.create(candidate) as Candidate, 'capacity_left', { value: 1 }) : candidate))
  return planOrder(demand, changed, withUnits(stock, change), strategy, undefined, economics)
}

/** A copy with these units; a location that had no level there gets one. */
function withUnits(stock: StockView, { id, units }: Change): StockView {
  const columns = new Map(stock.columns)
  const rows = new Map(stock.rows)
  if (units.length > 0 && !columns.has(id)) columns.set(id, columns.size)
  for (const { variant_id } of units) if (!rows.has(variant_id)) rows.set(variant_id, rows.size)
  const spread = (figures: Float64Array, nothing: number): Float64Array => {
    const wide = new Float64Array(rows.size * columns.size).fill(nothing)
    for (let row = 0; row < stock.rows.size; row++) wide.set(figures.subarray(row * stock.columns.size, (row + 1) * stock.columns.size), row * columns.size)
    return wide
  }
  const changed: StockView = {
    rows, columns, sellable: spread(stock.sellable, 0), read: spread(stock.read, 0), daily_demand: spread(stock.daily_demand, Number.NaN),
    age_hours: stock.age_hours === null ? null : spread(stock.age_hours, Number.NaN), shadow_price: spread(stock.shadow_price, 0), queued: new Map(stock.queued),
  }
  for (const { variant_id, quantity } of units) {
    const cell = rows.get(variant_id)! * columns.size + columns.get(id)!
    changed.sellable[cell] = Math.max(0, changed.sellable[cell]! + quantity)
    changed.read[cell] = Math.max(0, changed.read[cell]! + quantity)
  }
  return changed
}

function countLocations({ allocations }: Plan): number {
  return new Set(allocations.map(({ location_id }) => location_id)).size
}

/** What came of it, whatever the reasons. */
function choiceOf({ allocations, decision }: Plan): string {
  return `${decision.outcome} ${allocations.map(({ line_id, location_id, quantity }) => `${line_id} ${location_id} ${quantity}`).toSorted().join()}`
}

function codesOf({ candidates }: Question, { allocations }: Plan): string[] {
  const used = new Set(allocations.map(({ location_id }) => location_id))
  return candidates.flatMap(({ id, code }) => (used.has(id) ? [code] : []))
}
