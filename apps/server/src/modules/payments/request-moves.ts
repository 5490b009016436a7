import type { Tx } from '../../platform/db.ts'
import { appendEntries, type LedgerWork } from './append-entries.ts'
import { planMoves, type MoveKind, type MoveRequest } from './ledger.ts'
import { lockPaymentsOfOrders, markAbandoned, type NewEntryRow } from './payments.db.ts'

type Because = { reason?: string; cause_id?: string | null }
export type CaptureRequest = Pick<MoveRequest, 'order_id' | 'amount' | 'at' | 'immediate'> & Because
export type RefundRequest = Pick<MoveRequest, 'order_id' | 'at' | 'immediate'> & Because & { amount: bigint; reason: string }
export type VoidRequest = Pick<MoveRequest, 'order_id' | 'at'> & Because

type Moved = LedgerWork & { accepted: bigint[]; entries: NewEntryRow[] }

/** Requests of many orders in four statements at most. Answers how much of each request found room. */
async function requestMoves(tx: Tx, kind: MoveKind, requests: readonly (MoveRequest & Because)[]): Promise<Moved> {
  const payments = await lockPaymentsOfOrders(tx, [...new Set(requests.map(({ order_id }) => order_id))])
  if (kind === 'void') await markAbandoned(tx, payments.map(({ id }) => id))
  const { moves, accepted } = planMoves(kind, payments, requests)
  const work = await appendEntries(tx, moves.map((move) => {
    const { at, reason, cause_id } = requests[move.request]!
    return { ...move, at, ...(reason === undefined ? {} : { reason }), cause_id: cause_id ?? null }
  }))
  return { ...work, accepted }
}

/**
 * Captures what is authorized, the oldest tender first; without `amount` all of it. `captured` tells per request how much
 * of it found an authorization (gateways still have to confirm); the rest is for the caller to collect otherwise.
 */
export async function requestCaptures(tx: Tx, requests: readonly CaptureRequest[]): Promise<LedgerWork & { captured: bigint[] }> {
  const { accepted, jobs, events } = await requestMoves(tx, 'capture', requests)
  return { captured: accepted, jobs, events }
}

/**
 * Pays back, the oldest tender first. `refunded` tells per request how much is paid back or on its way: never more than
 * was captured and is neither refunded nor being refunded. Tenders without a gateway settle at once.
 */
export async function requestRefunds(tx: Tx, requests: readonly RefundRequest[]): Promise<LedgerWork & { refunded: bigint[]; entries: NewEntryRow[] }> {
  const { accepted, jobs, events, entries } = await requestMoves(tx, 'refund', requests)
  return { refunded: accepted, jobs, events, entries }
}

/** Gives up the authorizations of orders that need them no more, now and where one still arrives. Captured money stays: refund it. */
export async function requestVoids(tx: Tx, requests: readonly VoidRequest[]): Promise<LedgerWork & { voided: bigint[] }> {
  const { accepted, jobs, events } = await requestMoves(tx, 'void', requests)
  return { voided: accepted, jobs, events }
}
