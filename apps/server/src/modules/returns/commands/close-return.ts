import { command } from '../../../platform/command.ts'
import { refundsByCause } from '../../payments/index.ts'
import { finishWork, lockWork, wrongState } from '../access.ts'
import { sumRefunds } from '../refund.ts'
import { closeBlocked } from '../return.ts'
import { readReturnViews, type ReturnView } from '../return-view.ts'
import { returnEvent } from '../work.ts'

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
  row.status = 'closed'
  row.closed_at = context.now
  if (input.note !== '') row.outcome_note = input.note
  work.events.push(returnEvent(row, 'closed'))
  await finishWork(context, work, before)
  return (await readReturnViews(context.tx, [row.id])).get(row.id)!
})
