import { machine } from '../../kernel/machine.ts'
import { refuse, type Refusal } from '../../kernel/problem.ts'

/** An expiring claim on stock: of a checkout, or of a clerk who is still talking to the customer. */
export const RESERVATION = machine({
  name: 'reservation',
  initial: 'active',
  states: ['active', 'converted', 'released', 'expired'],
  actions: {
    extend: { from: ['active'], to: 'active' },
    convert: { from: ['active'], to: 'converted' },
    release: { from: ['active'], to: 'released' },
    expire: { from: ['active'], to: 'expired' },
  },
})
export type ReservationStatus = (typeof RESERVATION.states)[number]

type Claim = { status: ReservationStatus; expires_at: Date }

/** The status as of now: a claim whose time is over has expired, even if nobody has swept it up yet. */
function statusAt({ status, expires_at }: Claim, now: Date): ReservationStatus {
  return status === 'active' && expires_at <= now ? 'expired' : status
}

/** Why the reservation can no longer be extended, released or converted; undefined where it can. */
export function refuseEnded(claim: Claim, now: Date): Refusal | undefined {
  const status = statusAt(claim, now)
  if (status === 'active') return undefined
  return refuse('reservation_not_active', `The reservation is ${status}. ${status === 'converted' ? 'An order has its units.' : 'Its units are no longer held for it.'}`, { reservation_status: status })
}
