import { ids } from '../../../kernel/id-kinds.ts'
import { refuse, type Refusal } from '../../../kernel/problem.ts'
import { addMs, MINUTE_MS } from '../../../kernel/time.ts'
import { inScope, SYSTEM } from '../../../platform/caller.ts'
import { batchCommand, command, type BatchItem, type Outcome } from '../../../platform/command.ts'
import type { Runtime } from '../../../platform/module.ts'
import { endReservations, type ToEnd } from '../end-reservations.ts'
import { refuseEnded } from '../reservation.ts'
import { viewReservation, type ReservationView } from '../reservation-view.ts'
import { lockExpired, lockReservationRows, nextExpiry, readReservedUnits, writeExpiries, type LockedReservation } from '../reservations.db.ts'

export type ExtendReservation = { reservation_id: string; minutes?: number }

/** Gives an active reservation more time, counted from now; never less than it had. Refuses with `reservation_not_active`. */
export const extendReservation = batchCommand('inventory.extend_reservation', 'inventory:reserve', async ({ tx, emit }, items: readonly BatchItem<ExtendReservation>[]): Promise<Outcome<ReservationView>[]> => {
  const rows = await lockReservationRows(tx, items.map(({ input }) => input.reservation_id))
  const extended = new Map<string, LockedReservation>()
  const refusals = items.map((item) => {
    const found = requireActive(rows, item)
    if ('code' in found) return found
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
  const units = await readReservedUnits(tx, [...extended.keys()])
  return items.map(({ input }, i) => outcomeOf(refusals[i], input.reservation_id, () => viewReservation(rows.get(input.reservation_id)!, units.get(input.reservation_id)!)))
})

export type ReleaseReservation = { reservation_id: string }

/** Gives a reservation's units back before its time is over. Refuses with `reservation_not_active` where it has ended before. */
export const releaseReservation = batchCommand('inventory.release_reservation', 'inventory:reserve', async ({ tx, emit }, items: readonly BatchItem<ReleaseReservation>[]): Promise<Outcome<ReservationView>[]> => {
  const rows = await lockReservationRows(tx, items.map(({ input }) => input.reservation_id))
  const toEnd: (ToEnd & { item: BatchItem<ReleaseReservation> })[] = []
  const refusals = items.map((item) => {
    const found = requireActive(rows, item)
    if ('code' in found) return found
    toEnd.push({ item, reservation: found, status: 'released', order_id: null, caller_id: item.caller.id, at: item.now })
    // A second call in the same batch finds it released.
    rows.set(found.id, { ...found, status: 'released', ended_at: item.now })
    return undefined
  })
  const { ended, stock_events } = await endReservations(tx, toEnd)
  for (const [i, { event }] of ended.entries()) emit(toEnd[i]!.item as BatchItem<never>, event)
  for (const { group, event } of stock_events) emit(toEnd[group]!.item as BatchItem<never>, event)
  const units = new Map(ended.map((one) => [one.reservation.id, one.units]))
  return items.map(({ input }, i) => outcomeOf(refusals[i], input.reservation_id, () => viewReservation(rows.get(input.reservation_id)!, units.get(input.reservation_id)!)))
})

function requireActive(rows: ReadonlyMap<string, LockedReservation>, { input, caller, now }: BatchItem<{ reservation_id: string }>): LockedReservation | Refusal {
  const found = rows.get(input.reservation_id)
  if (found === undefined || !inScope(caller, { channel_id: found.channel_id }) || !found.location_ids.some((location_id) => inScope(caller, { location_id }))) return refuse('not_found', 'There is no such reservation.')
  return refuseEnded(found, now) ?? found
}

function outcomeOf(refusal: Refusal | undefined, reservation_id: string, view: () => ReservationView): Outcome<ReservationView> {
  return refusal === undefined ? { ok: true, output: view(), subject_id: reservation_id } : { ok: false, refusal }
}

const MAX_EXPIRED_AT_ONCE = 500

/** Gives back the units of reservations whose time is over; answers how many it ended. */
export const expireReservations = command('inventory.expire_reservations', 'inventory:reserve', async ({ tx, now, caller, emit, audit }, _input: object) => {
  const expired = await lockExpired(tx, now, MAX_EXPIRED_AT_ONCE)
  const { ended, stock_events } = await endReservations(tx, expired.map((reservation) => ({ reservation, status: 'expired', order_id: null, caller_id: caller.id, at: now })))
  for (const { reservation } of ended) audit({ subject_id: reservation.id })
  emit(...ended.map(({ event }) => event), ...stock_events.map(({ event }) => event))
  return { expired: ended.length }
})

/** One round of the loop that ends expired reservations. Looks first, so that idle rounds write nothing. */
export async function expireDueReservations({ db, executor, clock }: Runtime): Promise<number> {
  const { now, expires_at } = await nextExpiry(db)
  if (expires_at === null || expires_at > clock.now(now)) return 0
  const { output } = await executor.run(expireReservations, {}, { caller: SYSTEM, request_id: 'expire_reservations' })
  return output.expired
}
