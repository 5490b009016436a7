import { ids } from '../../../kernel/id-kinds.ts'
import { newId } from '../../../kernel/ids.ts'
import { invalid, refuse } from '../../../kernel/problem.ts'
import { inScope, requireChannelWide, type Caller } from '../../../platform/caller.ts'
import { command, type BatchItem, type Command } from '../../../platform/command.ts'
import type { Tx } from '../../../platform/db.ts'
import { applyPatch } from '../../../platform/edit.ts'
import { findChannels, findChannelsByCode } from '../../channels/index.ts'
import { requireDraft } from '../access.ts'
import { captureBatch } from '../capture-batch.ts'
import type { CaptureInput } from '../capture-input.ts'
import { deleteDraft, insertDraft, lockDraft, setDraftOrder, touchDraft, type DraftRow } from '../drafts.db.ts'
import { readOrderViews, type OrderView } from '../order-view.ts'
import type { OrderPorts } from '../ports.ts'

/** Begins a draft. It claims no stock; whoever wants units kept aside makes a reservation beside it. */
export const createDraft = command('orders.create_draft', 'orders:create', async ({ tx, now, caller, emit, audit }, { channel: code, input }: { channel: string; input: object }) => {
  requireChannelWide(caller)
  const channel = (await findChannelsByCode(tx, [code])).get(code)
  if (channel === undefined || !inScope(caller, { channel_id: channel.id })) throw invalid([{ pointer: '/channel', code: 'unknown_channel', detail: `There is no channel "${code}".` }])
  const id = newId(now.getTime())
  await insertDraft(tx, { id, channel_id: channel.id, input, at: now, by: caller.id })
  audit({ subject_id: id })
  emit({ type: 'draft_order.created', subject_id: id, data: { draft_id: ids.draft.show(id), channel: code } })
  return { id: ids.draft.show(id) }
})

export const updateDraft = command('orders.update_draft', 'orders:create', async ({ tx, now, caller, emit, audit }, input: { draft_id: string; input: object; seen_version: number | undefined }) => {
  const draft = await lockOpenDraft(tx, caller, input.draft_id)
  const note = await applyPatch(tx, 'draft_orders', { input: 'jsonb' }, draft, { input: input.input }, input.seen_version)
  if (note === undefined) return {}
  await touchDraft(tx, draft.id, now)
  audit({ subject_id: draft.id })
  emit({ type: 'draft_order.updated', subject_id: draft.id, data: { draft_id: ids.draft.show(draft.id) } })
  return {}
})

export const discardDraft = command('orders.discard_draft', 'orders:create', async ({ tx, caller, emit, audit }, input: { draft_id: string }) => {
  const draft = await lockOpenDraft(tx, caller, input.draft_id)
  await deleteDraft(tx, draft.id)
  audit({ subject_id: draft.id })
  emit({ type: 'draft_order.discarded', subject_id: draft.id, data: { draft_id: ids.draft.show(draft.id) } })
  return { id: ids.draft.show(draft.id) }
})

async function lockOpenDraft(tx: Tx, caller: Caller, id: string): Promise<DraftRow> {
  const draft = requireDraft(caller, await lockDraft(tx, id))
  if (draft.order_id !== null) throw refuse('draft_placed', 'The draft has become an order; change that one.', { order_id: ids.order.show(draft.order_id) })
  return draft
}

/** Captures the order that a draft describes, like any other; a refusal leaves the draft as it is. */
export function placeDraft(ports: OrderPorts): Command<{ draft_id: string }, OrderView> {
  return command('orders.place_draft', 'orders:create', async (context, input) => {
    const { tx, now, caller, request_id, emit, audit, enqueue } = context
    const draft = await lockOpenDraft(tx, caller, input.draft_id)
    const channel = (await findChannels(tx, [draft.channel_id])).get(draft.channel_id)!
    const stated = draft.input as Partial<CaptureInput>
    if (stated.lines === undefined || stated.lines.length === 0) throw invalid([{ pointer: '/input/lines', code: 'required', detail: 'An order needs a line.' }])
    const item: BatchItem<CaptureInput> = { input: { ...stated, lines: stated.lines, channel: channel.code }, now, caller, request_id }
    const { outcomes: [outcome] } = await captureBatch({ tx, enqueue, emit: (_item, ...events) => { emit(...events) } }, ports, [item])
    if (outcome === undefined || !outcome.ok) throw outcome?.refusal ?? refuse('busy', 'Try again.')
    await setDraftOrder(tx, draft.id, outcome.output.order_id, now)
    audit({ subject_id: outcome.output.order_id })
    return (await readOrderViews(tx, [outcome.output.order_id])).get(outcome.output.order_id)!
  })
}
