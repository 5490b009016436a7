import { ids } from '../../kernel/id-kinds.ts'
import { actionsOf, type AllowedActions } from './actions.ts'
import type { ReservationRow, ReservedUnits } from './reservations.db.ts'
import { RESERVATION, type ReservationStatus } from './reservation.ts'

export type ReservationView = {
  id: string; channel: string; status: ReservationStatus; reference: string | null
  expires_at: string; created_at: string; ended_at: string | null; order_id: string | null
  lines: { sku: string; location: string; quantity: number }[]
  actions: AllowedActions
}

/** A reservation as callers see it, with its units in a fixed order. */
export function viewReservation(row: Omit<ReservationRow, 'channel_id'> & { channel: string }, units: readonly Pick<ReservedUnits, 'sku' | 'location' | 'quantity'>[]): ReservationView {
  return {
    id: ids.reservation.show(row.id), channel: row.channel, status: row.status, reference: row.reference,
    expires_at: row.expires_at.toISOString(), created_at: row.created_at.toISOString(), ended_at: row.ended_at?.toISOString() ?? null,
    order_id: row.order_id === null ? null : ids.order.show(row.order_id),
    lines: units.map(({ sku, location, quantity }) => ({ sku, location, quantity })).toSorted((a, b) => compare(a.sku, b.sku) || compare(a.location, b.location)),
    actions: actionsOf(RESERVATION, row.status, ['expire', 'convert']),
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
