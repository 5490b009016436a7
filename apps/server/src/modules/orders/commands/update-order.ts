import { ids } from '../../../kernel/id-kinds.ts'
import { command } from '../../../platform/command.ts'
import { applyPatch } from '../../../platform/edit.ts'
import { lockOrder } from '../access.ts'
import { readOrderViews, type OrderView } from '../order-view.ts'

export type UpdateOrder = { order_id: string; patch: { note?: string; tags?: string[] }; seen_version: number | undefined }

const EDITABLE = { note: 'text', tags: 'text[]' }

/** Changes what may change without touching the deal: note and tags. */
export const updateOrder = command('orders.update', 'orders:create', async ({ tx, caller, emit, audit }, input: UpdateOrder): Promise<OrderView> => {
  const order = await lockOrder(tx, caller, input.order_id)
  const note = await applyPatch(tx, 'orders', EDITABLE, order, input.patch, input.seen_version)
  if (note !== undefined) {
    audit({ subject_id: order.id, changes: { ...note.changes, ...(note.changes?.['note'] === undefined ? {} : { note: { before: null, after: null } }) } })
    emit({ type: 'order.updated', order_id: order.id, data: { order_id: ids.order.show(order.id), changed: Object.keys(note.changes ?? {}) } })
  }
  return (await readOrderViews(tx, [order.id])).get(order.id)!
})
