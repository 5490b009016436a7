import { ids } from '../../../kernel/id-kinds.ts'
import { newId } from '../../../kernel/ids.ts'
import { refuse } from '../../../kernel/problem.ts'
import { inScope, type Caller } from '../../../platform/caller.ts'
import { command, type Context } from '../../../platform/command.ts'
import type { Tx } from '../../../platform/db.ts'
import { applyMovements, stockEvents } from '../apply-movements.ts'
import { outstanding, viewInbound, type InboundView } from '../inbound.ts'
import { insertInbound, lockInbound, writeInbound, type InboundRow } from '../inbound.db.ts'
import type { Movement } from '../movements.ts'
import { createFinder, resolveCodes } from '../resolve.ts'

export type ExpectInbound = { location: string; sku: string; quantity: number; expected_on: string; reference?: string }

/** Announces goods that are on their way; they can be promised from the day on which they are expected. */
export const expectInbound = command('inventory.expect_inbound', 'inventory:adjust', async (context, input: ExpectInbound): Promise<InboundView> => {
  const { tx, now, caller, emit, audit } = context
  const finder = createFinder(await resolveCodes(tx, { skus: [input.sku], locations: [input.location] }), caller)
  const variant = finder.goods(input.sku, '/sku')
  const location = finder.location(input.location, '/location')
  const refusal = finder.refusal()
  if (refusal !== undefined) throw refusal
  const row: InboundRow = {
    id: newId(now.getTime()), variant_id: variant!.id, location_id: location!.id, sku: input.sku, location: input.location, quantity: input.quantity, received: 0,
    expected_on: input.expected_on, reference: input.reference ?? '', status: 'expected', created_at: now,
  }
  await applyMovements(tx, [movementOf(row, context, { from_state: null, to_state: 'on_order', quantity: input.quantity, reason: 'ordered' })])
  await insertInbound(tx, row)
  audit({ subject_id: row.id })
  emit({ type: 'inbound_supply.expected', subject_id: row.id, data: eventData(row) })
  return viewInbound(row)
})

/** Books goods of a supply. More may come than was announced; what is still missing stays expected. */
export const receiveInbound = command('inventory.receive_inbound', 'inventory:adjust', async (context, input: { inbound_id: string; quantity: number }): Promise<InboundView> => {
  const { tx, caller, emit, audit } = context
  const row = await requireExpected(tx, input.inbound_id, caller)
  const announced = Math.min(input.quantity, outstanding(row))
  const surplus = input.quantity - announced
  const applied = await applyMovements(tx, [
    movementOf(row, context, { from_state: 'on_order', to_state: 'available', quantity: announced, reason: 'received' }),
    ...(surplus === 0 ? [] : [movementOf(row, context, { from_state: null, to_state: 'available', quantity: surplus, reason: 'received' })]),
  ])
  const received = row.received + input.quantity
  const after: InboundRow = { ...row, received, status: received >= row.quantity ? 'received' : 'expected' }
  await writeInbound(tx, after)
  audit({ subject_id: row.id })
  emit({
    type: 'stock.received', subject_id: row.location_id,
    data: { inbound_supply_id: ids.inbound.show(row.id), location: row.location, reference: row.reference, lines: [{ sku: row.sku, quantity: input.quantity }] },
  }, ...(await stockEvents(tx, applied)).map(({ event }) => event))
  return viewInbound(after)
})

/** The rest of the supply will not come. What was received stays. */
export const cancelInbound = command('inventory.cancel_inbound', 'inventory:adjust', async (context, input: { inbound_id: string }): Promise<InboundView> => {
  const { tx, caller, emit, audit } = context
  const row = await requireExpected(tx, input.inbound_id, caller)
  await applyMovements(tx, [movementOf(row, context, { from_state: 'on_order', to_state: null, quantity: outstanding(row), reason: 'canceled' })])
  const after: InboundRow = { ...row, status: 'canceled' }
  await writeInbound(tx, after)
  audit({ subject_id: row.id })
  emit({ type: 'inbound_supply.canceled', subject_id: row.id, data: eventData(after) })
  return viewInbound(after)
})

/** The supply comes on another day: promises follow. */
export const rescheduleInbound = command('inventory.reschedule_inbound', 'inventory:adjust', async ({ tx, caller, emit, audit }, input: { inbound_id: string; expected_on: string }): Promise<InboundView> => {
  const row = await requireExpected(tx, input.inbound_id, caller)
  const after: InboundRow = { ...row, expected_on: input.expected_on }
  await writeInbound(tx, after)
  audit({ subject_id: row.id, changes: { expected_on: { before: row.expected_on, after: after.expected_on } } })
  emit({ type: 'inbound_supply.rescheduled', subject_id: row.id, data: { ...eventData(after), expected_on_before: row.expected_on } })
  return viewInbound(after)
})

function eventData({ id, location, sku, quantity, received, expected_on, reference }: InboundRow): Record<string, unknown> {
  return { inbound_supply_id: ids.inbound.show(id), location, sku, quantity, received, expected_on, reference }
}

function movementOf({ id, variant_id, location_id, reference }: InboundRow, { caller, now }: Context, move: Pick<Movement, 'from_state' | 'to_state' | 'quantity' | 'reason'>): Movement {
  return { variant_id, location_id, ...move, cause_kind: 'inbound', cause_id: id, caller_id: caller.id, at: now, note: reference || null }
}

async function requireExpected(tx: Tx, inbound_id: string, caller: Caller): Promise<InboundRow> {
  const row = await lockInbound(tx, inbound_id)
  if (row === undefined || !inScope(caller, { location_id: row.location_id })) throw refuse('not_found', 'There is no such inbound supply.')
  if (row.status !== 'expected') throw refuse('inbound_closed', `The supply is ${row.status}. Announce another one.`, { supply_status: row.status })
  return row
}
