import { ids } from '../../../kernel/id-kinds.ts'
import { invalid, refuse } from '../../../kernel/problem.ts'
import { command } from '../../../platform/command.ts'
import type { Tx } from '../../../platform/db.ts'
import { applyPatch } from '../../../platform/edit.ts'
import type { Address } from '../../../platform/http/schemas.ts'
import { checkAnswers, orderForms } from '../../channels/index.ts'
import { lockOrder } from '../access.ts'
import { readOrderViews, type OrderView } from '../order-view.ts'
import { whyNotReaddress } from '../order.ts'
import { linesOfOrders, type OrderRow } from '../orders.db.ts'

export type UpdateOrder = { order_id: string; patch: { shipping_address?: Address; note?: string; tags?: string[]; custom_fields?: Record<string, unknown> }; seen_version: number | undefined }

const EDITABLE = { shipping_address: 'jsonb', note: 'text', tags: 'text[]', custom_fields: 'jsonb' }
/** What people wrote about people: that it changed is kept for good, what it said is not. */
const PERSONAL = ['shipping_address', 'note', 'custom_fields']

/** Changes what may change without touching the deal: the address while the goods are not packed, note, tags and custom fields. Releases no hold. */
export const updateOrder = command('orders.update', 'orders:create', async ({ tx, caller, emit, audit }, input: UpdateOrder): Promise<OrderView> => {
  const order = await lockOrder(tx, caller, input.order_id)
  const refusal = input.patch.shipping_address === undefined ? undefined : whyNotReaddress(await linesOfOrders(tx, [order.id]))
  if (refusal !== undefined) throw refuse('address_fixed', refusal)
  const { custom_fields } = input.patch
  const patch = custom_fields === undefined ? input.patch : { ...input.patch, custom_fields: await checkedAnswers(tx, order, custom_fields) }
  const note = await applyPatch(tx, 'orders', EDITABLE, order, patch, input.seen_version)
  if (note !== undefined) {
    audit({ subject_id: order.id, changes: Object.fromEntries(Object.entries(note.changes ?? {}).map(([field, change]) => [field, PERSONAL.includes(field) ? { before: null, after: null } : change])) })
    emit({ type: 'order.updated', order_id: order.id, data: { order_id: ids.order.show(order.id), changed: Object.keys(note.changes ?? {}) } })
  }
  return (await readOrderViews(tx, [order.id])).get(order.id)!
})

/** The answers as they are stored, checked by the version of the form that the order was placed with. */
async function checkedAnswers(tx: Tx, { channel_id, form_version }: OrderRow, answers: Record<string, unknown>): Promise<Record<string, unknown>> {
  const form = (await orderForms(tx, [{ channel_id, form_version }])).get(channel_id) ?? []
  const { values, errors } = checkAnswers(form.filter(({ applies_to }) => applies_to === 'order'), answers, '/custom_fields')
  if (errors.length > 0) throw invalid(errors)
  return values
}
