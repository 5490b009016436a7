import { isDeepStrictEqual } from 'node:util'
import { normalizeGtin } from '../../../kernel/gtin.ts'
import { ids } from '../../../kernel/id-kinds.ts'
import { invalid, refuse, type FieldError } from '../../../kernel/problem.ts'
import { command } from '../../../platform/command.ts'
import { requireSeen } from '../../../platform/edit.ts'
import { identifiersOf, ownersOf, replaceIdentifiers, type Identifier } from '../identifiers.db.ts'
import { viewLocked } from '../queries/views.ts'
import { wrongGtin } from '../variant.ts'
import { lockVariantRow, touchVariant } from '../variants.db.ts'

export type SaveIdentifiers = { sku: string; seen_version: number | undefined; identifiers: Identifier[] }

/** Gives a variant exactly these identifiers. Refuses one that another variant has (`identifier_taken`). */
export const saveIdentifiers = command('catalog.save_identifiers', 'catalog:write', async ({ tx, emit, audit }, input: SaveIdentifiers) => {
  const { identifiers, errors } = readIdentifiers(input.identifiers)
  if (errors.length > 0) throw invalid(errors)
  const variant = await lockVariantRow(tx, input.sku)
  if (variant === undefined) throw refuse('not_found', `There is no SKU "${input.sku}".`)
  requireSeen(variant, 'identifiers', input.seen_version)
  const before = listed(await identifiersOf(tx, [variant.id]))
  const after = listed(identifiers)
  if (isDeepStrictEqual(before, after)) return viewLocked(tx, variant.sku)
  const [conflict] = await replaceIdentifiers(tx, [variant.id], after.map((identifier) => ({ ...identifier, variant_id: variant.id })))
  if (conflict !== undefined) {
    const [owner] = await ownersOf(tx, [conflict])
    throw refuse('identifier_taken', `The ${conflict.kind} ${conflict.value} belongs to SKU "${owner?.sku ?? ''}". Take it away there first.`, { kind: conflict.kind, value: conflict.value, sku: owner?.sku ?? null })
  }
  await touchVariant(tx, variant, 'identifiers')
  audit({ subject_id: variant.id, changes: { identifiers: { before, after } } })
  emit({ type: 'variant.updated', subject_id: variant.id, data: { variant_id: ids.variant.show(variant.id), sku: variant.sku, changed: ['identifiers'] } })
  return viewLocked(tx, variant.sku)
})

function listed(identifiers: readonly Identifier[]): Identifier[] {
  return identifiers.map(({ kind, value }) => ({ kind, value })).toSorted((a, b) => (`${a.kind} ${a.value}` < `${b.kind} ${b.value}` ? -1 : 1))
}

/** Identifiers as they are kept: GTINs as 14 digits, the others without spaces around them. */
export function readIdentifiers(inputs: readonly Identifier[]): { identifiers: Identifier[]; errors: FieldError[] } {
  const errors: FieldError[] = []
  const seen = new Set<string>()
  const identifiers = inputs.flatMap((input, index) => {
    const value = input.kind === 'gtin' ? normalizeGtin(input.value) : input.value.trim()
    const pointer = `/identifiers/${index}/value`
    if (value === undefined) errors.push(wrongGtin(pointer, input.value))
    else if (value === '' || /\p{Cc}/u.test(value)) errors.push({ pointer, code: 'wrong_format', detail: 'An identifier is not blank and has no control characters.' })
    else if (seen.has(`${input.kind} ${value}`)) errors.push({ pointer, code: 'duplicate_identifier', detail: `The ${input.kind} ${value} stands here twice.` })
    else {
      seen.add(`${input.kind} ${value}`)
      return [{ kind: input.kind, value }]
    }
    return []
  })
  return { identifiers, errors }
}
