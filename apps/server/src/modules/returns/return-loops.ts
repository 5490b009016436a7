import { SYSTEM } from '../../platform/caller.ts'
import { command, type Context } from '../../platform/command.ts'
import type { LoopDefinition } from '../../platform/module.ts'
import { addMs, DAY_MS, MINUTE_MS, SECOND_MS } from '../../kernel/time.ts'
import { lockOrders } from '../orders/index.ts'
import { payWaiting } from './commands/refund-return.ts'
import { EXPIRY_DAYS, type ReturnStatus } from './return.ts'
import { findArrived, findExpired, findPayable, findReturns, updateReturns } from './returns.db.ts'
import { returnEvent } from './work.ts'

const BATCH = 200

type Due = { id: string; order_id: string }

/** Ends those of the found returns that are still in that state once their orders are locked. */
async function endAll({ tx, now, emit }: Context, due: readonly Due[], from: ReturnStatus, to: 'expired' | 'closed'): Promise<number> {
  if (due.length === 0) return 0
  await lockOrders(tx, [...new Set(due.map(({ order_id }) => order_id))])
  const rows = (await findReturns(tx, due.map(({ id }) => id))).filter(({ status }) => status === from)
  if (rows.length === 0) return 0
  await updateReturns(tx, rows.map((row) => ({ ...row, status: to, closed_at: to === 'closed' ? now : null })), [])
  emit(...rows.map((row) => returnEvent(row, to)))
  return rows.length
}

const expireReturns = command('returns.expire', 'returns:approve', async (context, _input: object) => ({
  ended: await endAll(context, await findExpired(context.tx, addMs(context.now, -EXPIRY_DAYS * DAY_MS), BATCH), 'approved', 'expired'),
}))

const closeReturns = command('returns.close_resolved', 'returns:approve', async (context, _input: object) => ({
  ended: await endAll(context, await findArrived(context.tx, BATCH), 'resolved', 'closed'),
}))

export const returnLoops: readonly LoopDefinition[] = [
  {
    // Approved goods that nobody sends.
    name: 'returns.expire',
    interval_ms: MINUTE_MS,
    round: async ({ db, executor, clock }) => {
      if ((await findExpired(db, addMs(clock.now(new Date()), -EXPIRY_DAYS * DAY_MS), 1)).length === 0) return 0
      return (await executor.run(expireReturns, {}, { caller: SYSTEM, request_id: 'loop:returns.expire' })).output.ended
    },
  },
  {
    // Refunds whose capture has been answered by now.
    name: 'returns.pay_waiting',
    interval_ms: SECOND_MS,
    round: async ({ db, executor }) => {
      let paid = 0
      for (const { id } of await findPayable(db, BATCH)) {
        const { output } = await executor.run(payWaiting, { return_id: id }, { caller: SYSTEM, request_id: 'loop:returns.pay_waiting' })
        paid += Number(output.paid)
      }
      return paid
    },
  },
  {
    // Refunds that a gateway has paid by now.
    name: 'returns.close_resolved',
    interval_ms: 2 * SECOND_MS,
    round: async ({ db, executor }) => {
      if ((await findArrived(db, 1)).length === 0) return 0
      return (await executor.run(closeReturns, {}, { caller: SYSTEM, request_id: 'loop:returns.close_resolved' })).output.ended
    },
  },
]
