import { ids } from '../../../kernel/id-kinds.ts'
import { refuse, type Refusal } from '../../../kernel/problem.ts'
import { addMs, MINUTE_MS } from '../../../kernel/time.ts'
import { SYSTEM } from '../../../platform/caller.ts'
import { batchCommand, command, type BatchItem, type Outcome } from '../../../platform/command.ts'
import type { Runtime } from '../../../platform/module.ts'
import { endReservations, holdReservations, isVisible, type HeldReservation, type ToEnd } from '../end-reservations.ts'
import { refuseEnded } from '../reservation.ts'
import { viewReservation, type ReservationView } from '../reservation-view.ts'
import { lockExpired, nextExpiry, readReservedUnits, writeExpiries, type LockedReservation } from '../reservations.db.ts'

export type ExtendReservation = { reservation_id: string; minutes?: number }

/** Gives an active reservation more time, counted from now; never less than it had. Refuses with `reservation_not_active`. */
export const extendReservation = batchCommand('inventory.extend_reservation', 'inventory:reserve', async ({ tx, emit }, items: readonly BatchItem<ExtendReservation>[]): Promise<Outcome<ReservationView>[]> => {
  const held = await holdReservations(tx, items.map(({ input }) => input.reservation_id))
  const extended = new Map<string, LockedReservation>()
  const refusals = items.map((item) => {
    const active = requireActive(held, item)
    if ('code' in active) return active
    const found = active.reservation
    const until = addMs(item.now, (item.input.minutes ?? found.reservation_minutes) * MINUTE_MS)
    if (until > found.expires_at) found.expires_at = until
    extended.set(found.id, found)
    emit(item as BatchItem<never>, {
      type: 'reservation.extended', subject_id: found.id,
      data: { reservation_id: ids.reservation.show(found.id), channel: found.channel, reference: found.reference, expires_at: found.expires_at.toISOString() },
    })
    return undefined
  })
  await writeExpiries(tx, [...extended.values()])
  return outcomesOf(items, refusals, held)
})

export type ReleaseReservation = { reservation_id: string }

/** Gives a reservation's units back before its time is over. Refuses with `reservation_not_active` where it has ended before. */
export const releaseReservation = batchCommand('inventory.release_reservation', 'inventory:reserve', async ({ tx, emit }, items: readonly BatchItem<ReleaseReservation>[]): Promise<Outcome<ReservationView>[]> => {
  const held = await holdReservations(tx, items.map(({ input }) => input.reservation_id))
  const toEnd: (ToEnd & { item: BatchItem<ReleaseReservation> })[] = []
  const refusals = items.map((item) => {
    const active = requireActive(held, item)
    if ('code' in active) return active
    toEnd.push({ item, ...active, status: 'released', order_id: null, kept: [], caller_id: item.caller.id, at: item.now })
    // A second call in the same batch finds it released.
    held.set(active.reservation.id, { ...active, reservation: { ...active.reservation, status: 'released', ended_at: item.now } })
    return undefined
  })
  const { events, stock_events } = await endReservations(tx, toEnd)
  for (const [i, event] of events.entries()) emit(toEnd[i]!.item as BatchItem<never>, event)
  for (const { group, event } of stock_events) emit(toEnd[group]!.item as BatchItem<never>, event)
  return outcomesOf(items, refusals, held)
})

function requireActive(held: ReadonlyMap<string, HeldReservation>, { input, caller, now }: BatchItem<{ reservation_id: string }>): HeldReservation | Refusal {
  const found = held.get(input.reservation_id)
  if (found === undefined || !isVisible(caller, found.reservation)) return refuse('not_found', 'There is no such reservation.')
  return refuseEnded(found.reservation, now) ?? found
}

function outcomesOf(items: readonly BatchItem<{ reservation_id: string }>[], refusals: readonly (Refusal | undefined)[], held: ReadonlyMap<string, HeldReservation>): Outcome<ReservationView>[] {
  return items.map(({ input: { reservation_id } }, i) => {
    const refusal = refusals[i]
    if (refusal !== undefined) return { ok: false, refusal }
    const { reservation, units } = held.get(reservation_id)!
    return { ok: true, output: viewReservation(reservation, units), subject_id: reservation_id }
  })
}

const MAX_EXPIRED_AT_ONCE = 500

/** Gives back the units of reservations whose time is over; answers how many it ended. */
export const expireReservations = command('inventory.expire_reservations', 'inventory:reserve', async ({ tx, now, caller, emit, audit }, _input: object) => {
  const expired = await lockExpired(tx, now, MAX_EXPIRED_AT_ONCE)
  const units = await readReservedUnits(tx, expired.map(({ id }) => id))
  const { events, stock_events } = await endReservations(tx, expired.map((reservation) => ({ reservation, units: units.get(reservation.id) ?? [], status: 'expired', order_id: null, kept: [], caller_id: caller.id, at: now })))
  for (const { id } of expired) audit({ subject_id: id })
  emit(...events, ...stock_events.map(({ event }) => event))
  return { expired: expired.length }
})

/** One round of the loop that ends expired reservations. Looks first, so that idle rounds write nothing. */
export async function expireDueReservations({ db, executor, clock }: Runtime): Promise<number> {
  const { now, expires_at } = await nextExpiry(db)
  if (expires_at === null || expires_at > clock.now(now)) return 0
  const { output } = await executor.run(expireReservations, {}, { caller: SYSTEM, request_id: 'expire_reservations' })
  return output.expired
}
