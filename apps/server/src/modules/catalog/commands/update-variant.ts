import { ids } from '../../../kernel/id-kinds.ts'
import { invalid, refuse } from '../../../kernel/problem.ts'
import { command } from '../../../platform/command.ts'
import { applyPatch } from '../../../platform/edit.ts'
import { findProductIds } from '../products.db.ts'
import { viewLocked } from '../queries/views.ts'
import { checkPrice, columnsOf, differences, fieldsOf, type VariantColumns, type VariantFields } from '../variant.ts'
import { lockVariantRow, VARIANT_COLUMNS } from '../variants.db.ts'

export type UpdateVariant = { sku: string; seen_version: number | undefined; patch: VariantFields; product?: string }

/** Changes one variant. Its SKU and kind are fixed: stock, orders and bundles build on them. */
export const updateVariant = command('catalog.update_variant', 'catalog:write', async ({ tx, emit, audit }, input: UpdateVariant) => {
  const errors = checkPrice(input.patch.price)
  if (errors.length > 0) throw invalid(errors)
  const variant = await lockVariantRow(tx, input.sku)
  if (variant === undefined) throw refuse('not_found', `There is no SKU "${input.sku}".`)
  const patch: Partial<VariantColumns> = columnsOf(input.patch)
  if (input.product !== undefined) {
    const product_id = (await findProductIds(tx, [input.product])).get(input.product)
    if (product_id === undefined) throw invalid([{ pointer: '/product', code: 'unknown_product', detail: `There is no product "${input.product}". Make it first.` }])
    patch.product_id = product_id
  }
  const note = await applyPatch(tx, 'variants', VARIANT_COLUMNS, variant, differences(variant, patch), input.seen_version)
  if (note !== undefined) {
    audit(note)
    emit({ type: 'variant.updated', subject_id: variant.id, data: { variant_id: ids.variant.show(variant.id), sku: variant.sku, changed: fieldsOf(Object.keys(note.changes ?? {})) } })
  }
  return viewLocked(tx, variant.sku)
})
