import { command } from '../../../platform/command.ts'
import { lockOrderStreams } from '../../../platform/events.ts'
import type { Runtime } from '../../../platform/module.ts'
import { SYSTEM } from '../../../platform/caller.ts'
import { appendEntries, eventOf } from '../append-entries.ts'
import { voidable } from '../ledger.ts'
import { findLapsed, lockPaymentsOfOrders, markExpired } from '../payments.db.ts'

const BATCH = 200

/** Voids what is left of authorizations that have run out: the gateway holds the money no more, so it is not asked. */
const expireAuthorizations = command('payments.expire_authorizations', 'payments:settle', async ({ tx, now, emit }, _input: null) => {
  const orderIds = [...new Set((await findLapsed(tx, now, BATCH)).map(({ order_id }) => order_id))]
  await lockOrderStreams(tx, orderIds)
  const payments = await lockPaymentsOfOrders(tx, orderIds)
  // Looked up again under the locks: a capture may have been faster.
  const lapsed = new Set((await findLapsed(tx, now, BATCH)).map(({ id }) => id))
  const expired = payments.filter(({ id }) => lapsed.has(id))
  await markExpired(tx, expired.map(({ id }) => id))
  const { entries } = await appendEntries(tx, expired.map((payment) => ({ payment, kind: 'void', amount: voidable(payment), status: 'succeeded', at: now, reason: 'The authorization has expired' })))
  emit(...entries.map((entry, index) => eventOf(expired[index]!, entry, 'payment.expired')))
  return { expired: expired.length }
})

/** One round of the loop; it writes nothing where nothing has run out. */
export async function expireRound({ db, executor, clock }: Runtime): Promise<number> {
  if ((await findLapsed(db, clock.now(new Date()), 1)).length === 0) return 0
  const { output } = await executor.run(expireAuthorizations, null, { caller: SYSTEM, request_id: 'payments.expire' })
  return output.expired
}
