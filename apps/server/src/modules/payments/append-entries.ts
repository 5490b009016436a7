import { ids } from '../../kernel/id-kinds.ts'
import { newId } from '../../kernel/ids.ts'
import { showMoney } from '../../kernel/money.ts'
import type { Tx } from '../../platform/db.ts'
import type { NewEvent } from '../../platform/events.ts'
import type { NewJob } from '../../platform/jobs.ts'
import { add, changeOf, NO_BALANCES, type Balances, type EntryKind, type EntryStatus, type Payment } from './ledger.ts'
import { addToBalances, insertEntries, type NewEntryRow } from './payments.db.ts'

export const SETTLE_JOB = 'payments.settle'

/** An event of the ledger; it always belongs to an order. */
export type LedgerEvent = NewEvent & { order_id: string }
/** What is left to do for the caller, who owns the transaction: enqueue the jobs and emit the events. */
export type LedgerWork = { jobs: NewJob[]; events: LedgerEvent[] }

export type EntryDraft = {
  payment: Pick<Payment, 'id' | 'order_id' | 'tender' | 'currency'>
  kind: EntryKind
  amount: bigint
  status: 'pending' | 'succeeded'
  at: Date
  reason?: string
  cause_id?: string | null
  retry_of?: string | null
}

/** Appends entries to locked payments and keeps their balances: two statements, whatever the number. */
export async function appendEntries(tx: Tx, drafts: readonly EntryDraft[]): Promise<LedgerWork & { entries: NewEntryRow[] }> {
  if (drafts.length === 0) return { entries: [], jobs: [], events: [] }
  const entries = drafts.map(entryOf)
  await insertEntries(tx, entries)
  await addToBalances(tx, sumByPayment(entries))
  return {
    entries,
    jobs: entries.filter(({ status }) => status === 'pending').map(({ id }) => settleJob(id)),
    events: entries.map((entry, index) => eventOf(drafts[index]!.payment, entry)),
  }
}

export function entryOf(draft: EntryDraft): NewEntryRow {
  return {
    id: newId(draft.at.getTime()), payment_id: draft.payment.id, kind: draft.kind, amount: draft.amount, status: draft.status, reason: draft.reason ?? '',
    cause_id: draft.cause_id ?? null, retry_of: draft.retry_of ?? null, created_at: draft.at, settled_at: draft.status === 'succeeded' ? draft.at : null,
  }
}

function sumByPayment(entries: readonly NewEntryRow[]): (Balances & { id: string })[] {
  const sums = new Map<string, Balances>()
  for (const entry of entries) {
    const change = changeOf(entry, null, entry.status)
    // A failed entry that is tried again needs nobody's attention any more.
    if (entry.retry_of !== null) change.failed_entries -= 1
    sums.set(entry.payment_id, add(sums.get(entry.payment_id) ?? NO_BALANCES, change))
  }
  return [...sums].map(([id, change]) => ({ id, ...change }))
}

/** The job that asks the gateway about an entry; `attempt` counts how often it was asked before. */
export function settleJob(entry_id: string, attempt = 0, run_after?: Date): NewJob {
  return { name: SETTLE_JOB, data: { entry_id, attempt }, ...(run_after === undefined ? {} : { run_after }) }
}

const EVENT_TYPES: Record<EntryKind, Record<EntryStatus, string>> = {
  authorize: { pending: 'payment.authorization_requested', unknown: 'payment.outcome_unknown', succeeded: 'payment.authorized', failed: 'payment.declined' },
  capture: { pending: 'payment.capture_requested', unknown: 'payment.outcome_unknown', succeeded: 'payment.captured', failed: 'payment.capture_failed' },
  refund: { pending: 'payment.refund_requested', unknown: 'payment.outcome_unknown', succeeded: 'payment.refunded', failed: 'payment.refund_failed' },
  void: { pending: 'payment.void_requested', unknown: 'payment.outcome_unknown', succeeded: 'payment.voided', failed: 'payment.void_failed' },
}

/** What an entry's status tells other systems. */
export function eventOf(
  payment: Pick<Payment, 'id' | 'order_id' | 'tender' | 'currency'>,
  entry: Pick<NewEntryRow, 'id' | 'kind' | 'amount' | 'status' | 'reason'> & { failure?: string | null },
  type = EVENT_TYPES[entry.kind][entry.status],
): LedgerEvent {
  return {
    type, order_id: payment.order_id, subject_id: payment.id,
    data: {
      payment_id: ids.payment.show(payment.id), payment_entry_id: ids.payment_entry.show(entry.id), kind: entry.kind, tender: payment.tender,
      amount: showMoney(entry.amount, payment.currency), ...(entry.reason === '' ? {} : { reason: entry.reason }), ...(typeof entry.failure === 'string' ? { failure: entry.failure } : {}),
    },
  }
}
