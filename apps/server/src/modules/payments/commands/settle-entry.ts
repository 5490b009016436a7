import { present } from '../../../kernel/assert.ts'
import { addMs, DAY_MS, HOUR_MS, SECOND_MS } from '../../../kernel/time.ts'
import { command, type Context } from '../../../platform/command.ts'
import { lockOrderStreams } from '../../../platform/events.ts'
import { eventOf, settleJob } from '../append-entries.ts'
import type { GatewayOutcome } from '../gateway.ts'
import { giveBack } from '../give-back.ts'
import { changeOf, type EntryStatus } from '../ledger.ts'
import { addToBalances, findEntry, lockPayment, updateAuthorization, updateEntry, type EntryRow } from '../payments.db.ts'

/** `attempt` counts how often the gateway has been asked about the entry before. */
export type SettleEntry = { entry_id: string; attempt: number; outcome: GatewayOutcome | { status: 'unknown'; failure: string } }

/** How long an authorization holds where the gateway does not say: seven days is what card schemes give. */
const AUTHORIZATION_MS = 7 * DAY_MS
/** An unknown outcome is looked up after 2 s, 4 s, … at most every hour, for about half a day; then a person takes over. */
const MAX_ATTEMPTS = 24

/**
 * Records what the gateway answered. An entry that is settled already stays as it is: of two jobs that asked, the faster
 * one has recorded the same. What arrives of money that the order needs no more is given back.
 */
export const settleEntry = command('payments.settle_entry', 'payments:settle', async (context, input: SettleEntry): Promise<{ status: EntryStatus }> => {
  const { tx } = context
  const { order_id, payment_id } = present(await findEntry(tx, input.entry_id), 'the job knows an entry')
  await lockOrderStreams(tx, [order_id])
  const payment = await lockPayment(tx, payment_id)
  const entry = present(await findEntry(tx, input.entry_id), 'entries are never deleted')
  context.audit({ subject_id: payment_id, changes: { [entry.kind]: { before: entry.status, after: input.outcome.status } } })
  if (entry.status !== 'pending' && entry.status !== 'unknown') return { status: entry.status }
  if (input.outcome.status === 'unknown') await lookUpLater(context, entry, input)
  await writeOutcome(context, entry, input.outcome)
  if (input.outcome.status !== entry.status) {
    const failure = 'failure' in input.outcome ? input.outcome.failure : null
    context.emit(eventOf(payment, { ...entry, status: input.outcome.status, failure }))
  }
  // A void that failed is not repeated by itself, or it would fail for ever.
  if (entry.kind !== 'void' && input.outcome.status !== 'unknown') {
    const { jobs, events } = await giveBack(tx, [order_id], { at: context.now, reason: 'canceled' })
    context.enqueue(...jobs)
    context.emit(...events)
  }
  return { status: input.outcome.status }
})

async function writeOutcome({ tx, now }: Context, entry: EntryRow, outcome: SettleEntry['outcome']): Promise<void> {
  await updateEntry(tx, entry.id, {
    status: outcome.status,
    gateway_reference: outcome.status === 'succeeded' ? outcome.gateway_reference : null,
    failure: outcome.status === 'succeeded' ? null : outcome.failure.slice(0, 500),
    settled_at: outcome.status === 'unknown' ? null : now,
  })
  await addToBalances(tx, [{ id: entry.payment_id, ...changeOf(entry, entry.status, outcome.status) }])
  if (entry.kind === 'authorize' && outcome.status === 'succeeded') {
    await updateAuthorization(tx, entry.payment_id, { reference: outcome.gateway_reference, authorization_expires_at: outcome.authorization_expires_at ?? addMs(now, AUTHORIZATION_MS) })
  }
}

async function lookUpLater({ now, enqueue }: Context, entry: EntryRow, { attempt }: SettleEntry): Promise<void> {
  if (attempt >= MAX_ATTEMPTS) return
  enqueue(settleJob(entry.id, attempt + 1, addMs(now, Math.min(2 ** (attempt + 1) * SECOND_MS, HOUR_MS))))
}
