import { ids } from '../../../kernel/id-kinds.ts'
import { newId } from '../../../kernel/ids.ts'
import { invalid, refuse, type Refusal } from '../../../kernel/problem.ts'
import { inScope, type Caller } from '../../../platform/caller.ts'
import { command } from '../../../platform/command.ts'
import type { Tx } from '../../../platform/db.ts'
import { inputHash } from '../../../platform/idempotency.ts'
import { orderInScope } from '../../../platform/scope.ts'
import { findChannelsByCode, type Channel } from '../../channels/index.ts'
import { findLocationsByCode } from '../../locations/index.ts'
import { lockOrders, type OrderLineRow } from '../../orders/index.ts'
import { checkEligibility } from '../eligibility.ts'
import type { DecidedLine, ReturnAsk } from '../return.ts'
import { readReturnViews, type ReturnView } from '../return-view.ts'
import { findByExternalIds, insertReturnLines, insertReturns, type NewReturn, type ReturnLineRow } from '../returns.db.ts'
import { returnEvent } from '../work.ts'

type RequestReturn = {
  order_id: string
  /** The code of the channel through which it comes back. */
  channel: string
  lines: ReturnAsk[]
  location: string | undefined
  external_id: string | undefined
  note: string
}

/**
 * Announces goods that come back, through any channel. Inside the window they may come at once, after it somebody
 * approves. The order may be anybody's: the caller names a channel of its own, or where it is confined to locations alone
 * and the order is none of theirs, a location of its own. A return sent again by its channel (same `external_id`, same
 * content) answers with the one that exists. Refuses with `return_not_allowed` and `external_id_conflict`.
 */
export const requestReturn = command('returns.request', 'returns:create', async (context, input: RequestReturn): Promise<ReturnView> => {
  const { tx, now, caller, emit, audit } = context
  const [order] = await lockOrders(tx, [input.order_id])
  if (order === undefined) throw refuse('not_found', 'There is no such order.')
  const channel = await channelOf(tx, caller, input.channel)
  const location_id = input.location === undefined ? null : await locationOf(tx, caller, input.location)
  if (location_id === null && caller.channel_ids === undefined && !(await orderInScope(tx, caller, order))) {
    throw invalid([{ pointer: '/location', code: 'required', detail: 'The order has nothing to do with your locations so far: say at which of them the goods come back.' }])
  }
  const content_hash = inputHash(input)
  const existing = await findExisting(tx, channel.id, input.external_id, content_hash)
  if (existing !== undefined) return existing
  const { order_lines, decision } = await checkEligibility(tx, order, input.lines, now)
  const row: NewReturn = {
    id: newId(now.getTime()), order_id: order.id, channel_id: channel.id, location_id, external_id: input.external_id ?? null, content_hash: input.external_id === undefined ? null : content_hash,
    status: decision.status, note: input.note, outcome_note: '', refund_total: 0n, shipping_refunded: 0n, other_refunded: 0n, refund_currency: order.currency,
    requested_at: now, approved_at: decision.status === 'approved' ? now : null, received_at: null, closed_at: null,
  }
  const number = (await insertReturns(tx, [row])).get(row.id)
  // Another order's return took the name at the same moment.
  if (number === undefined) throw externalIdConflict(input.external_id!)
  await insertReturnLines(tx, decision.lines.map((line) => newLine(row.id, line, order_lines.find(({ id }) => id === line.line_id)!)))
  const shown = { channel: channel.code, lines: decision.lines.map(({ line_id, ...line }) => ({ line_id: ids.line.show(line_id), ...line })) }
  emit(returnEvent({ ...row, number }, 'requested', shown), ...(decision.status === 'approved' ? [returnEvent({ ...row, number }, 'approved')] : []))
  audit({ subject_id: row.id, changes: { status: { before: null, after: row.status } } })
  return (await readReturnViews(tx, [row.id])).get(row.id)!
})

async function channelOf(tx: Tx, caller: Caller, code: string): Promise<Channel> {
  const channel = (await findChannelsByCode(tx, [code])).get(code)
  if (channel !== undefined && inScope(caller, { channel_id: channel.id })) return channel
  throw invalid([{ pointer: '/channel', code: 'unknown_channel', detail: `There is no channel "${code}".` }])
}

async function locationOf(tx: Tx, caller: Caller, code: string): Promise<string> {
  const location = (await findLocationsByCode(tx, [code])).get(code)
  if (location === undefined || !inScope(caller, { location_id: location.id })) throw invalid([{ pointer: '/location', code: 'unknown_location', detail: `There is no location ${code}.` }])
  if (!location.capabilities.includes('receive_returns')) throw invalid([{ pointer: '/location', code: 'receives_no_returns', detail: `${code} takes no returns. Choose a location with the capability receive_returns.` }])
  return location.id
}

async function findExisting(tx: Tx, channel_id: string, external_id: string | undefined, content_hash: string): Promise<ReturnView | undefined> {
  if (external_id === undefined) return undefined
  const [existing] = await findByExternalIds(tx, [{ channel_id, external_id }])
  if (existing === undefined) return undefined
  if (existing.content_hash !== content_hash) throw externalIdConflict(external_id)
  return (await readReturnViews(tx, [existing.id])).get(existing.id)!
}

export function externalIdConflict(externalId: string): Refusal {
  return refuse('external_id_conflict', `The channel has sent return ${externalId} before, with another content. Nothing was changed.`)
}

/** A line of which nothing has arrived. */
export function newLine(return_id: string, { quantity, reason }: DecidedLine, line: OrderLineRow): ReturnLineRow {
  return {
    id: newId(), return_id, order_line_id: line.id, variant_id: line.variant_id, sku: line.sku, description: line.description, kind: line.kind, quantity, reason,
    received: 0, restocked: 0, damaged: 0, quality_control: 0, scrapped: 0, refundable: 0n, refunded: 0n, withheld: 0n,
  }
}
