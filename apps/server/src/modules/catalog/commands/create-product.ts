import { ids } from '../../../kernel/id-kinds.ts'
import { newId } from '../../../kernel/ids.ts'
import { refuse } from '../../../kernel/problem.ts'
import { command } from '../../../platform/command.ts'
import { findProduct, insertProduct } from '../products.db.ts'
import { viewProduct } from '../queries/views.ts'
import { present } from '../../../kernel/assert.ts'

export type CreateProduct = { handle: string; name: string; description?: string; brand?: string | null; product_type?: string | null; tags?: string[]; active?: boolean }

/** Adds a product without variants. Refuses a handle that another product has (`already_exists`). */
export const createProduct = command('catalog.create_product', 'catalog:write', async ({ tx, now, emit, audit }, input: CreateProduct) => {
  const id = newId(now.getTime())
  const inserted = await insertProduct(tx, { description: '', brand: null, product_type: null, tags: [], active: true, ...input, id, created_at: now })
  if (!inserted) throw refuse('already_exists', `There is a product with the handle "${input.handle}". Choose another handle, or change that product.`, { field: 'handle' })
  audit({ subject_id: id })
  emit(productCreated(id, input.handle, input.name))
  return viewProduct(tx, present(await findProduct(tx, id), 'what was inserted is there'))
})

export function productCreated(id: string, handle: string, name: string) {
  return { type: 'product.created', subject_id: id, data: { product_id: ids.product.show(id), handle, name } }
}
