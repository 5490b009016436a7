import { ids } from '../../../kernel/id-kinds.ts'
import { showMoney } from '../../../kernel/money.ts'
import { invalid, refuse } from '../../../kernel/problem.ts'
import { inScope, requirePermission } from '../../../platform/caller.ts'
import { command, type Context } from '../../../platform/command.ts'
import { findLocations, findLocationsByCode, type Location } from '../../locations/index.ts'
import { finishWork, lockWork, unknownLines, wrongState } from '../access.ts'
import { decideInspection, decideReceipt, type ReceiptAsk, type ReceiptDecision, type Received } from '../receipt.ts'
import { receiveBlocked, type Disposition } from '../return.ts'
import { readReturnViews, type ReturnView } from '../return-view.ts'
import { gradeUnits, receiveUnits, returnEvent, showGrades, showLines, type ReturnWork } from '../work.ts'
import { payDue } from './refund-return.ts'

type ReceiveReturn = {
  return_id: string
  location: string
  /** Left out means everything that is missing. */
  lines: ReceiptAsk[] | undefined
  /** For everything that is missing. */
  disposition: Disposition | undefined
  /** Left out means: where all that arrives is graded in the same call. */
  refund: boolean | undefined
  /** Also what was paid for shipping; a refund is wished for then. */
  include_shipping: boolean
}

/**
 * Takes goods in, as many as there are, as often as they come. Graded in the same call they go where they belong and are
 * paid back, as soon as what was paid for them is captured. Refuses with `receipt_exceeds_return`, `return_at_other_location` and `return_state`.
 */
export const receiveReturn = command('returns.receive', 'returns:receive', async (context, input: ReceiveReturn): Promise<ReturnView> => {
  const { tx, now, caller } = context
  if (input.include_shipping) requirePermission(caller, 'payments:refund')
  if (input.include_shipping && input.refund === false) throw invalid([{ pointer: '/include_shipping', code: 'not_allowed', detail: 'Shipping is paid back with the goods. Leave it out, or let `refund` be true.' }])
  const work = await lockWork(tx, caller, input.return_id)
  const before = work.row.status
  const blocked = receiveBlocked(before)
  if (blocked !== undefined) throw wrongState(work.row, blocked)
  const location = await locationFor(context, work, input.location)
  const received = accept(decideReceipt(work.lines, input.lines, input.disposition), 'receipt_exceeds_return', 'More units than are missing')
  work.row.location_id = location.id
  if (!receiveUnits(work, received, { at: now, caller_id: caller.id })) throw refuse('return_not_allowed', 'The order has too few units out: they came back otherwise.')
  work.events.push(returnEvent(work.row, 'received', { location: location.code, lines: showLines(received) }))
  const graded = received.filter((line) => line.graded.length > 0)
  if (graded.length > 0) grade(context, work, graded)
  if (input.refund ?? (input.include_shipping || isGraded(received, work))) {
    const { waiting } = await payDue(context, work, input.include_shipping)
    if (waiting > 0n) work.events.push(returnEvent(work.row, 'refund_waiting', { amount: showMoney(waiting, work.order.currency) }))
  }
  await finishWork(context, work, before, { received: { before: null, after: received.reduce((sum, { quantity }) => sum + quantity, 0) } })
  return (await readReturnViews(tx, [work.row.id])).get(work.row.id)!
})

/** Says where received units go. Refuses with `inspection_exceeds_receipt`. */
export const inspectReturn = command('returns.inspect', 'returns:receive', async (context, input: { return_id: string; lines: ReceiptAsk[] }): Promise<ReturnView> => {
  const work = await lockWork(context.tx, context.caller, input.return_id)
  const before = work.row.status
  const graded = accept(decideInspection(work.lines, input.lines), 'inspection_exceeds_receipt', 'More units than wait to be graded')
  grade(context, work, graded)
  await finishWork(context, work, before, { graded: { before: null, after: graded.reduce((sum, { quantity }) => sum + quantity, 0) } })
  return (await readReturnViews(context.tx, [work.row.id])).get(work.row.id)!
})

function grade({ now, caller }: Context, work: ReturnWork, graded: readonly Received[]): void {
  gradeUnits(work, graded, { at: now, caller_id: caller.id })
  work.events.push(returnEvent(work.row, 'inspected', { lines: showGrades(graded) }))
}

function isGraded(received: readonly Received[], work: ReturnWork): boolean {
  const goods = new Set(work.lines.filter(({ kind }) => kind === 'goods').map(({ order_line_id }) => order_line_id))
  return received.every(({ line_id, quantity, graded }) => !goods.has(line_id) || graded.reduce((sum, part) => sum + part.quantity, 0) === quantity)
}

/** All goods of one return arrive at one place, so that what waits to be graded is in one place. */
async function locationFor({ tx, caller }: Context, { row, lines }: ReturnWork, code: string): Promise<Location> {
  const location = (await findLocationsByCode(tx, [code])).get(code)
  if (location === undefined || !inScope(caller, { location_id: location.id })) throw invalid([{ pointer: '/location', code: 'unknown_location', detail: `There is no location ${code}.` }])
  if (!location.capabilities.includes('receive_returns')) throw invalid([{ pointer: '/location', code: 'receives_no_returns', detail: `${code} takes no returns. Choose a location with the capability receive_returns.` }])
  if (row.location_id !== null && row.location_id !== location.id && lines.some(({ received }) => received > 0)) {
    const first = (await findLocations(tx, [row.location_id])).get(row.location_id)!
    throw refuse('return_at_other_location', `The first units of this return arrived at ${first.code}. Receive the others there, or close this return and take another one for them.`, { location: first.code })
  }
  return location
}

/** The decided lines, or the refusal that names those of which there are too few. */
function accept(decision: ReceiptDecision, code: string, problem: string): Received[] {
  if (decision.ok) return decision.received
  if (decision.kind === 'unknown') throw unknownLines(decision.line_ids)
  const lines = decision.lines.map(({ line_id, asked, possible }) => ({ line_id: ids.line.show(line_id), asked, possible }))
  throw refuse(code, `${problem}: ${lines.map(({ line_id, asked, possible }) => `${asked} instead of at most ${possible} of ${line_id}`).join(', ')}. Nothing was changed.`, { lines })
}
