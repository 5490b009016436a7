import type { Tx } from '../../platform/db.ts'
import { entryOf, eventOf, settleJob, type EntryDraft, type LedgerWork } from './append-entries.ts'
import { add, changeOf, NO_BALANCES, type Tender } from './ledger.ts'
import { insertEntries, insertPayments, type NewEntryRow } from './payments.db.ts'

/** A tender to record. `already_captured` is money that somebody has taken: a shop, a marketplace, a till. */
export type NewPayment = {
  id: string
  order_id: string
  tender: Tender
  gateway: string | null
  token: string | null
  currency: string
  /** Minor units, more than zero. */
  amount: bigint
  reference: string | null
  already_captured: boolean
  at: Date
}

/**
 * Records tenders of orders, for one order and for hundreds: two statements. Money already taken is authorized and
 * captured at once; external money and terms on account are authorized; cash still to be taken authorizes nothing; for
 * the rest the gateway is asked by the jobs in the answer. The caller has checked the input (`tenderErrors`) and holds
 * the orders.
 */
export async function recordPayments(tx: Tx, rows: readonly NewPayment[]): Promise<LedgerWork> {
  if (rows.length === 0) return { jobs: [], events: [] }
  const recorded = rows.map((row) => {
    const entries = firstEntries(row).map(entryOf)
    return { row, entries, balances: entries.reduce((sum, entry) => add(sum, changeOf(entry, null, entry.status)), NO_BALANCES) }
  })
  await insertPayments(tx, recorded.map(({ row, balances }) => ({ ...row, ...balances, created_at: row.at })))
  const entries = recorded.flatMap((payment) => payment.entries)
  if (entries.length > 0) await insertEntries(tx, entries)
  return {
    jobs: entries.filter(({ status }) => status === 'pending').map(({ id }) => settleJob(id)),
    events: recorded.flatMap((payment) => payment.entries.filter((entry) => isNews(entry, payment.entries)).map((entry) => eventOf(payment.row, entry))),
  }
}

function firstEntries(row: NewPayment): EntryDraft[] {
  const draft = { payment: row, amount: row.amount, at: row.at }
  if (row.already_captured) return [{ ...draft, kind: 'authorize', status: 'succeeded' }, { ...draft, kind: 'capture', status: 'succeeded' }]
  if (row.gateway !== null) return [{ ...draft, kind: 'authorize', status: 'pending' }]
  return row.tender === 'cash' ? [] : [{ ...draft, kind: 'authorize', status: 'succeeded' }]
}

/** Money that was taken in one step is one piece of news: its authorization is not told of. */
function isNews(entry: NewEntryRow, entries: readonly NewEntryRow[]): boolean {
  return entry.kind !== 'authorize' || !entries.some(({ kind }) => kind === 'capture')
}
