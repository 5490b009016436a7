import { present } from '../../kernel/assert.ts'
import { ids } from '../../kernel/id-kinds.ts'
import { refuse, type Refusal } from '../../kernel/problem.ts'
import type { Tx } from '../../platform/db.ts'
import type { NewEvent } from '../../platform/events.ts'
import { stockEvents, tryMovements, type StockEvent } from './apply-movements.ts'
import type { Movement } from './movements.ts'
import { refuseEnded, type ReservationStatus } from './reservation.ts'
import { lockReservationRows, readReservedUnits, writeEndings, type LockedReservation, type ReservedUnits } from './reservations.db.ts'
import type { Levels } from './stock.ts'

/** An active reservation that the transaction has locked, and what is to become of it. */
export type ToEnd = { reservation: LockedReservation; status: Exclude<ReservationStatus, 'active'>; order_id: string | null; caller_id: string; at: Date }

type Ended = { reservation: LockedReservation; units: ReservedUnits[]; event: NewEvent }

/**
 * Ends reservations: their units become available again, or an order's where it is a conversion. The caller has locked
 * the reservations and found them active; the levels are locked here unless they are handed in. `stock_events` name the
 * reservation they belong to by its place in the list.
 */
export async function endReservations(tx: Tx, list: readonly ToEnd[], locked?: Levels): Promise<{ ended: Ended[]; stock_events: StockEvent[] }> {
  if (list.length === 0) return { ended: [], stock_events: [] }
  await writeEndings(tx, list.map(({ reservation, status, order_id, at }) => ({ id: reservation.id, status, order_id, at })))
  const unitsOf = await readReservedUnits(tx, list.map(({ reservation }) => reservation.id))
  const ended = list.map((end) => {
    const units = present(unitsOf.get(end.reservation.id), 'a reservation has units')
    return { reservation: end.reservation, units, event: endedEvent(end, units) }
  })
  const moved = await tryMovements(tx, list.map((end, i) => ({ movements: ended[i]!.units.map((units) => giveUp(units, end)) })), locked)
  const lost = moved.shortages.find((shortage) => shortage !== undefined)
  if (lost !== undefined) throw new Error(`the units of active reservations are reserved: ${JSON.stringify(lost)}`)
  return { ended, stock_events: await stockEvents(tx, moved) }
}

function giveUp({ variant_id, location_id, quantity }: ReservedUnits, { reservation, status, order_id, caller_id, at }: ToEnd): Movement {
  const cause = order_id === null ? { cause_kind: 'reservation', cause_id: reservation.id } : { cause_kind: 'order', cause_id: order_id }
  return { variant_id, location_id, quantity, from_state: 'reserved', to_state: status === 'converted' ? 'allocated' : 'available', reason: status, ...cause, caller_id, at }
}

function endedEvent({ reservation, status, order_id }: ToEnd, units: readonly ReservedUnits[]): NewEvent {
  return {
    type: `reservation.${status}`,
    subject_id: reservation.id,
    data: {
      reservation_id: ids.reservation.show(reservation.id), channel: reservation.channel, reference: reservation.reference,
      ...(order_id === null ? {} : { order_id: ids.order.show(order_id) }),
      lines: units.map(({ sku, location, quantity }) => ({ sku, location, quantity })),
    },
  }
}

export type Conversion = { reservation_id: string; channel_id: string; order_id: string; caller_id: string; at: Date }

/** A reservation's units, allocated to the order now; or why they are not. */
export type Converted = { ok: true; units: ReservedUnits[]; event: NewEvent } | { ok: false; refusal: Refusal }

/**
 * Turns reservations into allocated units of orders, for capture: answers for each conversion its units, for which the
 * caller writes the claims in the same transaction, and the event to emit. Refuses (`not_found`, `reservation_not_active`)
 * what is not an active reservation of that channel; a reservation asked for twice goes to the first. Locks the
 * reservations in id order, then their levels unless `locked` levels contain them.
 */
export async function convertReservations(tx: Tx, conversions: readonly Conversion[], locked?: Levels): Promise<Converted[]> {
  const rows = await lockReservationRows(tx, conversions.map(({ reservation_id }) => reservation_id))
  const taken = new Set<string>()
  const decided = conversions.map((conversion): ToEnd | Refusal => {
    const reservation = rows.get(conversion.reservation_id)
    if (reservation === undefined || reservation.channel_id !== conversion.channel_id) return refuse('not_found', `There is no reservation ${ids.reservation.show(conversion.reservation_id)} of this channel.`)
    const refusal = taken.has(reservation.id) ? refuseEnded({ ...reservation, status: 'converted' }, conversion.at) : refuseEnded(reservation, conversion.at)
    if (refusal !== undefined) return refusal
    taken.add(reservation.id)
    return { reservation, status: 'converted', order_id: conversion.order_id, caller_id: conversion.caller_id, at: conversion.at }
  })
  const toEnd = decided.filter((one): one is ToEnd => 'reservation' in one)
  const { ended } = await endReservations(tx, toEnd, locked)
  const endedOf = new Map(ended.map((one) => [one.reservation.id, one]))
  return decided.map((one) => {
    if (!('reservation' in one)) return { ok: false, refusal: one }
    const { units, event } = endedOf.get(one.reservation.id)!
    return { ok: true, units, event }
  })
}

/** The units of reservations that are locked from now on, so that capture can lock all its levels in one go. */
export async function lockReservedUnits(tx: Tx, reservation_ids: readonly string[]): Promise<Map<string, ReservedUnits[]>> {
  if (reservation_ids.length === 0) return new Map()
  const rows = await lockReservationRows(tx, reservation_ids)
  return readReservedUnits(tx, [...rows.keys()])
}
