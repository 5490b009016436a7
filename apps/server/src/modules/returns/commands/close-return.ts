import { least } from '../../../kernel/money.ts'
import { command } from '../../../platform/command.ts'
import type { Tx } from '../../../platform/db.ts'
import { refundsByCause } from '../../payments/index.ts'
import { finishWork, lockWork, wrongState } from '../access.ts'
import { overpaidAmount } from '../queries/held-amount.ts'
import { sumRefunds } from '../refund.ts'
import { closeBlocked, dueAmount } from '../return.ts'
import { readReturnViews, type ReturnView } from '../return-view.ts'
import { returnEvent, type ReturnWork } from '../work.ts'

/**
 * Ends a return as it is: nothing more arrives and nothing more is paid back. Units that did not come may be announced in
 * another return. Refuses with `return_state`.
 */
export const closeReturn = command('returns.close', 'returns:approve', async (context, input: { return_id: string; note: string }): Promise<ReturnView> => {
  const work = await lockWork(context.tx, context.caller, input.return_id)
  const { row } = work
  const before = row.status
  const { failed } = sumRefunds((await refundsByCause(context.tx, [row.id])).get(row.id) ?? [])
  const blocked = closeBlocked(row.status, work.lines, failed > 0n)
  if (blocked !== undefined) throw wrongState(row, blocked)
  await keepDue(context.tx, work)
  row.status = 'closed'
  row.closed_at = context.now
  row.refund_wish = null
  if (input.note !== '') row.outcome_note = input.note
  work.events.push(returnEvent(row, 'closed'))
  await finishWork(context, work, before)
  return (await readReturnViews(context.tx, [row.id])).get(row.id)!
})

/** What is due of what the customer paid is kept for good: the order is worth it again. What was never paid is owed by nobody. */
async function keepDue(tx: Tx, work: ReturnWork): Promise<void> {
  let held = await overpaidAmount(tx, work, 0n)
  for (const line of work.lines) {
    const kept = least(dueAmount(line), held)
    line.withheld += kept
    work.given_back -= kept
    held -= kept
  }
}
