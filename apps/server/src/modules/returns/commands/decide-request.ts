import { command, type Command } from '../../../platform/command.ts'
import { act, finishWork, lockWork } from '../access.ts'
import type { ReturnAction } from '../return.ts'
import { readReturnViews, type ReturnView } from '../return-view.ts'
import { returnEvent } from '../work.ts'

export type DecideRequest = { return_id: string; note: string }

/** A step that a person takes by hand. Refuses with `return_state` where the state does not allow it. */
function step(name: string, permission: string, action: ReturnAction, event: string): Command<DecideRequest, ReturnView> {
  return command(name, permission, async (context, { return_id, note }) => {
    const work = await lockWork(context.tx, context.caller, return_id)
    const before = work.row.status
    act(work.row, action)
    if (action === 'approve') work.row.approved_at = context.now
    if (note !== '') work.row.outcome_note = note
    // Notes may name people, so they stay out of events, which are kept for good.
    work.events.push(returnEvent(work.row, event))
    await finishWork(context, work, before)
    return (await readReturnViews(context.tx, [work.row.id])).get(work.row.id)!
  })
}

/** Lets goods come back although the window has passed. */
export const approveReturn = step('returns.approve', 'returns:approve', 'approve', 'approved')
export const declineReturn = step('returns.decline', 'returns:approve', 'decline', 'declined')
/** Gives a return up before anything has arrived; its units may be returned otherwise. */
export const cancelReturn = step('returns.cancel', 'returns:create', 'cancel', 'canceled')
/** The customer has handed the goods to a carrier: the return does not expire any more. */
export const markInTransit = step('returns.mark_in_transit', 'returns:create', 'mark_in_transit', 'in_transit')
