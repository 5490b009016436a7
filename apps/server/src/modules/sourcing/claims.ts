import { assert } from '../../kernel/assert.ts'
import { groupByKey } from '../../kernel/quantity.ts'
import type { Tx } from '../../platform/db.ts'
import type { NewEvent } from '../../platform/events.ts'
import { applyMovements, lockLevels, readLevels, stockEvents, type Levels, type Movement } from '../inventory/index.ts'
import type { UnclaimUnits } from '../orders/index.ts'
import { deleteClaims, lockClaims, releaseAllClaims, shrinkClaims, type AllocationRow } from './sourcing.db.ts'

export type By = { at: Date; caller_id: string }
/** Units of a line that a location is working on. */
export type ClaimedUnits = { order_id: string; order_line_id: string; location_id: string; quantity: number }
type ClaimedStock = ClaimedUnits & { variant_id: string }
export type RejectionReason = 'not_found' | 'damaged' | 'display_piece' | 'no_capacity' | 'other'

/**
 * Ends claims: the units are available again where they were. Units of unknown location are taken from claims that
 * nobody works on. The caller holds the orders.
 */
export async function unclaim(tx: Tx, units: readonly UnclaimUnits[], by: By & { reason: string }): Promise<NewEvent[]> {
  if (units.length === 0) return []
  const claims = groupByKey(await lockClaims(tx, [...new Set(units.map(({ order_line_id }) => order_line_id))]), ({ order_line_id }) => order_line_id)
  const taken = units.flatMap((wanted) => takeUnits(claims.get(wanted.order_line_id) ?? [], wanted))
  await shrinkClaims(tx, sumTaken(taken))
  return move(tx, taken, by, () => ({ to_state: 'available', reason: by.reason }))
}

type Taken = ClaimedUnits & { variant_id: string; released: number }

function takeUnits(claims: readonly AllocationRow[], wanted: UnclaimUnits): Taken[] {
  let rest = wanted.quantity
  const taken: Taken[] = []
  for (const claim of claims) {
    const room = wanted.location_id === null ? claim.quantity - claim.released : claim.location_id === wanted.location_id ? claim.released : 0
    const quantity = Math.min(rest, room)
    if (quantity === 0) continue
    const released = wanted.location_id === null ? 0 : quantity
    claim.quantity -= quantity
    claim.released -= released
    rest -= quantity
    taken.push({ order_id: wanted.order_id, order_line_id: wanted.order_line_id, location_id: claim.location_id, variant_id: claim.variant_id, quantity, released })
  }
  assert(rest === 0, 'units whose claim ends are claimed')
  return taken
}

function sumTaken(taken: readonly Taken[]): Taken[] {
  return [...groupByKey(taken, ({ order_line_id, location_id }) => `${order_line_id} ${location_id}`).values()].map((group) => ({
    ...group[0]!, quantity: group.reduce((sum, { quantity }) => sum + quantity, 0), released: group.reduce((sum, { released }) => sum + released, 0),
  }))
}

/** Hands all claims of these orders over to their locations; answers the units that were not handed over before. */
export function releaseClaims(tx: Tx, orderIds: readonly string[]): Promise<ClaimedStock[]> {
  return releaseAllClaims(tx, orderIds)
}

/** Ends all claims of these orders and answers them; `shipClaimed` takes their units out of stock. Only for orders nobody works on: no claim has been released. */
export function takeAllClaims(tx: Tx, orderIds: readonly string[]): Promise<ClaimedStock[]> {
  return deleteClaims(tx, orderIds)
}

/** Units whose claims have ended leave the stock. */
export function shipClaimed(tx: Tx, units: readonly ClaimedStock[], by: By): Promise<NewEvent[]> {
  return move(tx, units.map((claim) => ({ ...claim, released: 0 })), by, () => ({ to_state: null, reason: 'shipment' }))
}

/** Units leave: their claims end and the stock is gone. */
export async function consumeClaims(tx: Tx, units: readonly ClaimedUnits[], by: By): Promise<NewEvent[]> {
  return units.length === 0 ? [] : move(tx, await takeReleased(tx, units), by, () => ({ to_state: null, reason: 'shipment' }))
}

/**
 * A location gives units back. What it could not find is gone from its books, what is damaged is set aside, the rest is
 * available for others. Locks every level of these SKUs: the units are sourced again in the same transaction, and a
 * level locked then could meet a rival that gives back there what it seeks here.
 */
export async function rejectClaims(tx: Tx, units: readonly (ClaimedUnits & { reason: RejectionReason })[], by: By): Promise<NewEvent[]> {
  if (units.length === 0) return []
  const taken = await takeReleased(tx, units)
  const levels = await lockLevels(tx, await readLevels(tx, [...new Set(taken.map(({ variant_id }) => variant_id))]), by.at)
  return move(tx, taken, by, ({ wanted: { reason } }) => {
    if (reason === 'not_found') return { to_state: null, reason: 'lost', missing: true }
    return reason === 'damaged' ? { to_state: 'damaged', reason: 'damaged' } : { to_state: 'available', reason: 'rejection' }
  }, levels)
}

type Destination = Pick<Movement, 'to_state' | 'reason'> & { missing?: boolean }

/** Takes units that locations are working on out of their claims. */
async function takeReleased<Units extends ClaimedUnits>(tx: Tx, units: readonly Units[]): Promise<(Taken & { wanted: Units })[]> {
  const claims = groupByKey(await lockClaims(tx, [...new Set(units.map(({ order_line_id }) => order_line_id))]), ({ order_line_id }) => order_line_id)
  const taken = units.flatMap((wanted) => takeUnits(claims.get(wanted.order_line_id) ?? [], wanted).map((part) => ({ ...part, wanted })))
  await shrinkClaims(tx, sumTaken(taken))
  return taken
}

async function move<T extends Taken>(tx: Tx, taken: readonly T[], by: By, destination: (units: T) => Destination, locked?: Levels): Promise<NewEvent[]> {
  const applied = await applyMovements(tx, taken.map((units) => ({
    variant_id: units.variant_id, location_id: units.location_id, from_state: 'allocated' as const, quantity: units.quantity, cause_kind: 'order', cause_id: units.order_id, caller_id: by.caller_id, at: by.at,
    ...destination(units),
  })), locked)
  return (await stockEvents(tx, applied)).map(({ event }) => event)
}
