import { ids } from '../../../kernel/id-kinds.ts'
import { refuse } from '../../../kernel/problem.ts'
import { requirePermission } from '../../../platform/caller.ts'
import { command } from '../../../platform/command.ts'
import { appendEntries, settleJob } from '../append-entries.ts'
import { roomFor, type EntryKind, type Payment } from '../ledger.ts'
import { findEntry } from '../payments.db.ts'
import { lockPaymentForCaller } from './change-payment.ts'

/** Who may ask for something may ask again. */
const PERMISSIONS: Record<EntryKind, string> = { authorize: 'payments:take', capture: 'payments:take', refund: 'payments:refund', void: 'payments:refund' }

/**
 * Tries again what failed, by a new entry, once; and has an entry without an outcome looked up now. Refuses with
 * `entry_settled`, `entry_retried` and `no_room_to_retry`.
 */
export const retryEntry = command('payments.retry_entry', 'payments:read', async ({ tx, now, caller, emit, enqueue, audit }, input: { payment_id: string; entry_id: string }) => {
  const payment = await lockPaymentForCaller(tx, input.payment_id, caller)
  const entry = await findEntry(tx, input.entry_id)
  if (entry === undefined || entry.payment_id !== payment.id) throw refuse('not_found', 'The payment has no such entry.')
  requirePermission(caller, PERMISSIONS[entry.kind])
  audit({ subject_id: payment.id, changes: { [entry.kind]: { before: entry.status, after: 'pending' } } })
  if (entry.status === 'succeeded') throw refuse('entry_settled', 'This has succeeded; there is nothing to try again.')
  if (entry.status !== 'failed') {
    // Something may have happened already, so the job looks it up first.
    enqueue(settleJob(entry.id, 1))
    return { id: ids.payment.show(payment.id) }
  }
  if (entry.retried) throw refuse('entry_retried', 'This was tried again already. Look at the newer entry.')
  if (!hasRoom(entry, payment, now)) throw refuse('no_room_to_retry', 'The balances of this payment have changed since: the amount is not available any more.')
  const { jobs, events } = await appendEntries(tx, [{ payment, kind: entry.kind, amount: entry.amount, status: 'pending', at: now, reason: entry.reason, cause_id: entry.cause_id, retry_of: entry.id }])
  enqueue(...jobs)
  emit(...events)
  return { id: ids.payment.show(payment.id) }
})

function hasRoom(entry: { kind: EntryKind; amount: bigint }, payment: Payment, at: Date): boolean {
  if (entry.kind === 'authorize') return !payment.abandoned && payment.authorized === 0n && payment.authorizing === 0n
  return entry.amount <= roomFor(entry.kind, payment, at)
}
