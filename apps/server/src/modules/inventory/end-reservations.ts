import { ids } from '../../kernel/id-kinds.ts'
import { invalid, type Refusal } from '../../kernel/problem.ts'
import { inScope, type Caller } from '../../platform/caller.ts'
import type { Tx } from '../../platform/db.ts'
import type { NewEvent } from '../../platform/events.ts'
import { stockEvents, tryMovements, type StockEvent } from './apply-movements.ts'
import type { Movement } from './movements.ts'
import type { UnitsAt } from './reservation-plan.ts'
import { refuseEnded, type ReservationStatus } from './reservation.ts'
import { lockReservationRows, readReservedUnits, writeEndings, type LockedReservation, type ReservedUnits } from './reservations.db.ts'
import { keyOf, type Levels } from './stock.ts'

/** A reservation that the transaction has locked, with its units. */
export type HeldReservation = { reservation: LockedReservation; units: readonly ReservedUnits[] }

/** A held reservation that is active, and what is to become of it. */
export type ToEnd = HeldReservation & {
  status: Exclude<ReservationStatus, 'active'>
  order_id: string | null
  /** Units that the order has; the others become available again. */
  kept: readonly UnitsAt[]
  caller_id: string
  at: Date
}

/** Locks these reservations in id order, for whoever ends or extends them. */
export async function holdReservations(tx: Tx, reservation_ids: readonly string[]): Promise<Map<string, HeldReservation>> {
  if (reservation_ids.length === 0) return new Map()
  const rows = await lockReservationRows(tx, reservation_ids)
  const units = await readReservedUnits(tx, [...rows.keys()])
  return new Map([...rows].map(([id, reservation]) => [id, { reservation, units: units.get(id) ?? [] }]))
}

/**
 * Ends reservations: their units become available again, or an order's as far as it keeps them. The levels are locked
 * here unless they are handed in. `stock_events` name the reservation they belong to by its place in the list.
 */
export async function endReservations(tx: Tx, list: readonly ToEnd[], locked?: Levels): Promise<{ events: NewEvent[]; stock_events: StockEvent[] }> {
  if (list.length === 0) return { events: [], stock_events: [] }
  await writeEndings(tx, list.map(({ reservation, status, order_id, at }) => ({ id: reservation.id, status, order_id, at })))
  const moved = await tryMovements(tx, list.map((end) => ({ movements: end.units.flatMap((units) => giveUp(units, end)) })), locked)
  const lost = moved.shortages.find((shortage) => shortage !== undefined)
  if (lost !== undefined) throw new Error(`the units of active reservations are reserved: ${JSON.stringify(lost)}`)
  return { events: list.map(endedEvent), stock_events: await stockEvents(tx, moved) }
}

function giveUp({ variant_id, location_id, quantity }: ReservedUnits, end: ToEnd): Movement[] {
  const kept = keptOf(end, { variant_id, location_id })
  const { reservation, status, order_id, caller_id, at } = end
  const units = { variant_id, location_id, from_state: 'reserved' as const, caller_id, at }
  const back: Movement = { ...units, quantity: quantity - kept, to_state: 'available', reason: status === 'converted' ? 'released' : status, cause_kind: 'reservation', cause_id: reservation.id }
  const taken = (id: string): Movement => ({ ...units, quantity: kept, to_state: 'allocated', reason: 'converted', cause_kind: 'order', cause_id: id })
  return [...(order_id === null || kept === 0 ? [] : [taken(order_id)]), ...(kept === quantity ? [] : [back])]
}

function keptOf({ kept }: ToEnd, pair: Pick<UnitsAt, 'variant_id' | 'location_id'>): number {
  return kept.reduce((sum, units) => sum + (keyOf(units) === keyOf(pair) ? units.quantity : 0), 0)
}

function endedEvent(end: ToEnd): NewEvent {
  const { reservation, status, order_id, units } = end
  const returned = units.flatMap(({ sku, location, quantity, ...pair }) => (quantity === keptOf(end, pair) ? [] : [{ sku, location, quantity: quantity - keptOf(end, pair) }]))
  return {
    type: `reservation.${status}`,
    subject_id: reservation.id,
    ...(order_id === null ? {} : { order_id }),
    data: {
      reservation_id: ids.reservation.show(reservation.id), channel: reservation.channel, reference: reservation.reference,
      lines: units.map(({ sku, location, quantity }) => ({ sku, location, quantity })),
      ...(order_id === null ? {} : { order_id: ids.order.show(order_id), released: returned }),
    },
  }
}

/** Callers see the reservations of their channels that hold units at one of their locations. */
export function isVisible(caller: Caller, { channel_id, location_ids }: LockedReservation): boolean {
  return location_ids.some((location_id) => inScope(caller, { channel_id, location_id }))
}

/** Why an order of this channel cannot have the reservation; undefined where it can. */
export function refuseConversion(held: HeldReservation | undefined, order: { channel_id: string; caller: Caller; now: Date }): Refusal | undefined {
  const visible = held !== undefined && held.reservation.channel_id === order.channel_id && isVisible(order.caller, held.reservation)
  return visible ? refuseEnded(held.reservation, order.now) : invalid([{ pointer: '/reservation_id', code: 'unknown_reservation', detail: 'There is no such reservation of this channel.' }])
}

export type Conversion = Pick<ToEnd, keyof HeldReservation | 'kept' | 'caller_id' | 'at'> & { order_id: string }

/**
 * Turns held reservations into allocated units of orders, on levels that are locked: the caller writes the claims for
 * the units that the order keeps in the same transaction. What it does not keep is available again.
 */
export function convertReservations(tx: Tx, conversions: readonly Conversion[], locked: Levels): Promise<{ events: NewEvent[]; stock_events: StockEvent[] }> {
  return endReservations(tx, conversions.map((conversion) => ({ ...conversion, status: 'converted' })), locked)
}
