import { sumByKey } from '../../kernel/quantity.ts'
import { keyOf, sellableAt, type Levels } from '../inventory/index.ts'
import { isBetter, sumOf, type Move } from './improve.ts'
import type { Allocation } from './plan.ts'

/** What is locked: claims by order, places left in the day of locations with a limit, levels. */
export type Held = { claims: ReadonlyMap<string, readonly { line_id: string; location_id: string; quantity: number; released: number }[]>; room: ReadonlyMap<string, number>; levels: Levels }

/**
 * Of moves that were planned together those that may still be made together: no order has changed, no location gives more
 * than it has beside what is given back there, no day gets too full, and all of them still cost less. A move that may not
 * be made gives nothing back, which may leave too little for another one: what is short is looked for until nothing is.
 */
export function chooseMoves(moves: readonly Move[], held: Held): Move[] {
  let left = moves.filter((move) => isUnchanged(move, held) && isSound(move, held))
  for (let before = -1; before !== left.length; ) {
    before = left.length
    left = dropShort(left, held)
  }
  return isBetter(sumOf(left.map(({ cost_after }) => cost_after)), sumOf(left.map(({ cost_before }) => cost_before))) ? left : []
}

function isUnchanged({ order_id, before }: Move, { claims }: Held): boolean {
  const now = claims.get(order_id) ?? []
  return now.length === before.length && now.every(({ line_id, location_id, quantity, released }) =>
    released === 0 && before.some((claim) => claim.line_id === line_id && claim.location_id === location_id && claim.quantity === quantity))
}

/** Promised units that a count took away are an affair of that location: what is owed there is not sent elsewhere. */
function isSound({ before }: Move, { levels }: Held): boolean {
  return before.every((claim) => levels.get(keyOf(claim))?.deficit === 0)
}

/** Leaves out the last move that takes what is not there, or a place that is not free. */
function dropShort(moves: readonly Move[], { levels, room }: Held): Move[] {
  const units = sumByKey(moves.flatMap(changesOf), keyOf, ({ quantity }) => quantity)
  const orders = sumByKey(moves.flatMap(newPlaces), ({ location_id }) => location_id, () => 1)
  const isShort = (move: Move): boolean =>
    changesOf(move).some((change) => change.quantity > 0 && units.get(keyOf(change))! > Math.max(0, sellableAt(levels.get(keyOf(change))!)))
    || newPlaces(move).some(({ location_id }) => orders.get(location_id)! > (room.get(location_id) ?? Infinity))
  const last = moves.findLastIndex(isShort)
  return moves.filter((_, index) => index !== last)
}

/** Units that a move takes from levels (positive) or gives back to them. */
export function changesOf({ before, after }: Pick<Move, 'before' | 'after'>): (Pick<Allocation, 'variant_id' | 'location_id' | 'quantity'>)[] {
  const units = sumByKey([...after, ...before.map((claim) => ({ ...claim, quantity: -claim.quantity }))], keyOf, ({ quantity }) => quantity)
  return [...units].flatMap(([key, quantity]) => {
    const [variant_id, location_id] = key.split(' ') as [string, string]
    return quantity === 0 ? [] : [{ variant_id, location_id, quantity }]
  })
}

/** Locations that the order has not been at. */
export function newPlaces({ before, after }: Pick<Move, 'before' | 'after'>): { location_id: string }[] {
  const known = new Set(before.map(({ location_id }) => location_id))
  return [...new Set(after.map(({ location_id }) => location_id))].filter((id) => !known.has(id)).map((location_id) => ({ location_id }))
}
