import { isDeepStrictEqual } from 'node:util'
import { ids } from '../../../kernel/id-kinds.ts'
import { invalid, refuse, type FieldError } from '../../../kernel/problem.ts'
import { command } from '../../../platform/command.ts'
import { requireSeen } from '../../../platform/edit.ts'
import { componentsOf, replaceComponents } from '../bundles.db.ts'
import { viewLocked } from '../queries/views.ts'
import type { Variant } from '../variant.ts'
import { findVariantsBySku, lockVariantRow, touchVariant } from '../variants.db.ts'

export type ComponentInput = { sku: string; quantity: number }
export type SaveBundle = { sku: string; seen_version: number | undefined; components: ComponentInput[] }

/** Says what a bundle explodes into. Orders that were placed keep what they were placed with. */
export const saveBundle = command('catalog.save_bundle', 'catalog:write', async ({ tx, emit, audit }, input: SaveBundle) => {
  const bundle = await lockVariantRow(tx, input.sku)
  if (bundle === undefined) throw refuse('not_found', `There is no SKU "${input.sku}".`)
  if (bundle.kind !== 'bundle') throw refuse('not_a_bundle', `SKU "${input.sku}" is of kind ${bundle.kind}. Only a variant made with kind bundle has components.`, { kind: bundle.kind })
  requireSeen(bundle, 'components', input.seen_version)
  // Kinds are fixed, so that what is goods now stays goods without a lock.
  const known = await findVariantsBySku(tx, input.components.map(({ sku }) => sku))
  const errors = checkComponents(input, known)
  if (errors.length > 0) throw invalid(errors)
  const before = listed(await componentsOf(tx, [bundle.id]))
  const after = listed(input.components)
  if (!isDeepStrictEqual(before, after)) {
    await replaceComponents(tx, bundle.id, after.map(({ sku, quantity }) => ({ bundle_id: bundle.id, component_id: known.get(sku)!.id, quantity })))
    await touchVariant(tx, bundle, 'components')
    audit({ subject_id: bundle.id, changes: { components: { before, after } } })
    emit({ type: 'variant.updated', subject_id: bundle.id, data: { variant_id: ids.variant.show(bundle.id), sku: bundle.sku, changed: ['components'], components: after } })
  }
  return viewLocked(tx, bundle.sku)
})

function listed(components: readonly ComponentInput[]): ComponentInput[] {
  return components.map(({ sku, quantity }) => ({ sku, quantity })).toSorted((a, b) => (a.sku < b.sku ? -1 : 1))
}

/** Why components cannot be: unknown, twice, the bundle itself, another bundle, a service. */
export function checkComponents(bundle: Pick<SaveBundle, 'sku' | 'components'>, known: ReadonlyMap<string, Pick<Variant, 'kind'>>): FieldError[] {
  const seen = new Set<string>()
  return bundle.components.flatMap(({ sku }, index) => {
    const refused = (code: string, detail: string) => [{ pointer: `/components/${index}/sku`, code, detail }]
    const component = known.get(sku)
    if (sku === bundle.sku) return refused('contains_itself', 'A bundle cannot contain itself.')
    if (component === undefined) return refused('unknown_sku', `There is no SKU "${sku}". Add the variant first.`)
    if (component.kind === 'bundle') return refused('nested_bundle', `SKU "${sku}" is a bundle. Name its components instead.`)
    if (component.kind === 'service') return refused('not_goods', `SKU "${sku}" is a service. A bundle consists of goods; sell the service as a line of its own.`)
    if (seen.has(sku)) return refused('duplicate_sku', `SKU "${sku}" stands here twice. Add the quantities up.`)
    seen.add(sku)
    return []
  })
}
