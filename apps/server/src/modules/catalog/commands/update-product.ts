import { ids } from '../../../kernel/id-kinds.ts'
import { refuse } from '../../../kernel/problem.ts'
import { present } from '../../../kernel/assert.ts'
import { command } from '../../../platform/command.ts'
import { applyPatch } from '../../../platform/edit.ts'
import { findProduct, lockProduct } from '../products.db.ts'
import { viewProduct } from '../queries/views.ts'

export type UpdateProduct = {
  product_id: string
  seen_version: number | undefined
  patch: { name?: string; description?: string; brand?: string | null; product_type?: string | null; tags?: string[]; active?: boolean }
}

const EDITABLE = { name: 'text', description: 'text', brand: 'text', product_type: 'text', tags: 'text[]', active: 'boolean' }

/** Changes a product. Switching it off takes all of its variants off sale; their own switches stay as they are. */
export const updateProduct = command('catalog.update_product', 'catalog:write', async ({ tx, emit, audit }, input: UpdateProduct) => {
  const product = await lockProduct(tx, input.product_id)
  if (product === undefined) throw refuse('not_found', 'There is no such product.')
  const note = await applyPatch(tx, 'products', EDITABLE, product, input.patch, input.seen_version)
  if (note !== undefined) {
    audit(note)
    emit({ type: 'product.updated', subject_id: product.id, data: { product_id: ids.product.show(product.id), handle: product.handle, changed: Object.keys(note.changes ?? {}) } })
  }
  return viewProduct(tx, present(await findProduct(tx, product.id), 'what is locked is there'))
})
