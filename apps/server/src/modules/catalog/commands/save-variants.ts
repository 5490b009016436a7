import { present } from '../../../kernel/assert.ts'
import { normalizeGtin } from '../../../kernel/gtin.ts'
import { ids } from '../../../kernel/id-kinds.ts'
import { newId } from '../../../kernel/ids.ts'
import { showMoney } from '../../../kernel/money.ts'
import { groupByKey } from '../../../kernel/quantity.ts'
import { invalid, refuse, type FieldError } from '../../../kernel/problem.ts'
import { command, type Context } from '../../../platform/command.ts'
import { changedFields } from '../../../platform/edit.ts'
import { identifiersOf, ownersOf, replaceIdentifiers, type Identifier } from '../identifiers.db.ts'
import { findProductIds, insertProducts, type NewProduct } from '../products.db.ts'
import { viewLocked } from '../queries/views.ts'
import { checkVariant, columnsOf, differences, distinctHandleOfSku, fieldsOf, handleOfSku, NEW_VARIANT, type VariantInput, type VariantRow } from '../variant.ts'
import { insertVariants, lockVariantRows, updateVariants } from '../variants.db.ts'
import { productCreated } from './create-product.ts'

export type SavedVariant =
  | { sku: string; outcome: 'created' | 'updated' | 'unchanged'; id: string }
  | { sku: string; outcome: 'refused'; errors: FieldError[] }

/**
 * Inserts or updates many variants by SKU, with their products and GTINs, in about ten statements whatever their number.
 * A wrong item is refused alone, with pointers relative to it; outcomes come in the order of the items.
 */
export const saveVariants = command('catalog.save_variants', 'catalog:write', async (context, input: { variants: VariantInput[] }) => ({
  outcomes: await saveAll(context, input.variants, () => []),
}))

/** Adds one variant. Refuses a SKU that exists (`already_exists`). */
export const createVariant = command('catalog.create_variant', 'catalog:write', async (context, input: VariantInput) => {
  const [saved] = await saveAll(context, [input], () => [{ pointer: '/sku', code: 'already_exists', detail: `SKU "${input.sku}" exists already. Change it, or choose another SKU.` }])
  if (saved?.outcome === 'refused') {
    const exists = saved.errors.find(({ code }) => code === 'already_exists')
    throw exists === undefined ? invalid(saved.errors) : refuse('already_exists', exists.detail, { field: 'sku' })
  }
  return viewLocked(context.tx, input.sku)
})

/** An item on its way: what it was given, what is there, what will be there. */
type Draft = { index: number; input: VariantInput; gtin: string | undefined; current: VariantRow | undefined }

async function saveAll(context: Context, inputs: readonly VariantInput[], objectTo: (current: VariantRow) => FieldError[]): Promise<SavedVariant[]> {
  const outcomes: (SavedVariant | undefined)[] = inputs.map(() => undefined)
  const refuseItem = (index: number, errors: FieldError[]): void => { outcomes[index] = { sku: inputs[index]!.sku, outcome: 'refused', errors } }
  const checked = checkAll(inputs, refuseItem)
  const current = await lockVariantRows(context.tx, checked.map(({ input }) => input.sku))
  const found = checked.map((draft) => ({ ...draft, current: current.get(draft.input.sku) }))
  const allowed = found.filter((draft) => {
    const errors = draft.current === undefined ? [] : [...objectTo(draft.current), ...checkKind(draft.input, draft.current)]
    if (errors.length > 0) refuseItem(draft.index, errors)
    return errors.length === 0
  })
  const { drafts, regtined } = await checkGtins(context, allowed, refuseItem)
  const productIds = await ensureProducts(context, drafts)
  const { created, updated } = decideRows(context.now, drafts, productIds, regtined)
  await insertVariants(context.tx, created.map(({ row }) => row))
  await updateVariants(context.tx, updated.map(({ row }) => row))
  await writeGtins(context, regtined, new Map(created.map(({ draft, row }) => [draft.input.sku, row.id])))
  record(context, created, updated)

  for (const { index, input, current: row } of drafts) if (row !== undefined) outcomes[index] = { sku: input.sku, outcome: 'unchanged', id: ids.variant.show(row.id) }
  for (const { draft, row } of created) outcomes[draft.index] = { sku: row.sku, outcome: 'created', id: ids.variant.show(row.id) }
  for (const { draft, row } of updated) outcomes[draft.index] = { sku: row.sku, outcome: 'updated', id: ids.variant.show(row.id) }
  return outcomes.map((outcome) => present(outcome, 'every item has an outcome'))
}

function checkAll(inputs: readonly VariantInput[], refuseItem: (index: number, errors: FieldError[]) => void): Omit<Draft, 'current'>[] {
  const skus = new Set<string>()
  return inputs.flatMap((input, index) => {
    const errors = checkVariant(input)
    if (skus.has(input.sku)) errors.push({ pointer: '/sku', code: 'duplicate_sku', detail: `SKU "${input.sku}" stands in this call twice. Send it once.` })
    skus.add(input.sku)
    if (errors.length === 0) return [{ index, input, gtin: input.gtin === undefined ? undefined : normalizeGtin(input.gtin) }]
    refuseItem(index, errors)
    return []
  })
}

function checkKind(input: VariantInput, current: VariantRow): FieldError[] {
  if (input.kind === undefined || input.kind === current.kind) return []
  return [{ pointer: '/kind', code: 'kind_fixed', detail: `SKU "${input.sku}" is of kind ${current.kind} for good. Make a new SKU for another kind.` }]
}

/** Refuses items whose GTIN another variant has, or another item of this call; answers the others, and the GTINs that those have whose GTIN changes. */
async function checkGtins({ tx }: Context, drafts: readonly Draft[], refuseItem: (index: number, errors: FieldError[]) => void): Promise<{ drafts: Draft[]; regtined: Map<Draft, string[]> }> {
  const regtined = new Map<Draft, string[]>()
  const given = drafts.filter(({ gtin }) => gtin !== undefined)
  if (given.length === 0) return { drafts: [...drafts], regtined }
  const owners = new Map((await ownersOf(tx, given.map(({ gtin }): Identifier => ({ kind: 'gtin', value: gtin! })))).map(({ value, sku }) => [value, sku]))
  const known = await identifiersOf(tx, given.flatMap(({ current }) => (current === undefined ? [] : [current.id])))
  const gtins = groupByKey(known.filter(({ kind }) => kind === 'gtin'), ({ variant_id }) => variant_id)
  const kept = drafts.filter((draft) => {
    if (draft.gtin === undefined) return true
    const owner = owners.get(draft.gtin)
    if (owner !== undefined && owner !== draft.input.sku) {
      refuseItem(draft.index, [{ pointer: '/gtin', code: 'identifier_taken', detail: `The GTIN ${draft.gtin} belongs to SKU "${owner}". Take it away there first.` }])
      return false
    }
    owners.set(draft.gtin, draft.input.sku)
    const before = (gtins.get(draft.current?.id ?? '') ?? []).map(({ value }) => value)
    if (before.length !== 1 || before[0] !== draft.gtin) regtined.set(draft, before)
    return true
  })
  return { drafts: kept, regtined }
}

/** The ids of the products that the items name, by SKU. Products that do not exist are made: as named, or one for the SKU. */
async function ensureProducts({ tx, now, emit }: Context, drafts: readonly Draft[]): Promise<Map<string, string>> {
  const made: NewProduct[] = []
  const make = async (wanted: ReadonlyMap<string, VariantInput>): Promise<Set<string>> => {
    const products = [...wanted].map(([handle, input]) => ({ id: newId(now.getTime()), handle, name: input.product_name ?? input.name ?? input.sku, created_at: now }))
    const inserted = await insertProducts(tx, products)
    made.push(...products.filter(({ handle }) => inserted.has(handle)))
    return inserted
  }
  const named = drafts.filter(({ input }) => input.product !== undefined)
  const own = drafts.filter(({ input, current }) => input.product === undefined && current === undefined)
  const handles = new Map(named.map(({ input }) => [input.sku, input.product!]))
  const namedHandles = await findProductIds(tx, [...new Set(handles.values())])
  await make(new Map(named.filter(({ input }) => !namedHandles.has(input.product!)).toReversed().map(({ input }) => [input.product!, input])))
  // Of two SKUs that lead to the same handle, and where another product has it, each gets one of its own.
  const firsts = new Map(own.toReversed().map(({ input }) => [handleOfSku(input.sku), input]))
  const free = await make(firsts)
  const others = new Map<string, VariantInput>()
  for (const { input } of own) {
    const handle = handleOfSku(input.sku)
    const isOurs = free.has(handle) && firsts.get(handle) === input
    if (!isOurs) others.set(distinctHandleOfSku(input.sku), input)
    handles.set(input.sku, isOurs ? handle : distinctHandleOfSku(input.sku))
  }
  await make(others)
  for (const { id, handle, name } of made) emit(productCreated(id, handle, name))
  const productIds = await findProductIds(tx, [...new Set(handles.values())])
  return new Map([...handles].map(([sku, handle]) => [sku, present(productIds.get(handle), 'a product that was made is there')]))
}

type Change = { draft: Draft; row: VariantRow; changes: Record<string, { before: unknown; after: unknown }> }

function decideRows(now: Date, drafts: readonly Draft[], productIds: ReadonlyMap<string, string>, regtined: ReadonlyMap<Draft, string[]>): { created: Change[]; updated: Change[] } {
  const created: Change[] = []
  const updated: Change[] = []
  for (const draft of drafts) {
    const { input, current } = draft
    const product_id = productIds.get(input.sku)
    if (current === undefined) {
      const row: VariantRow = {
        id: newId(now.getTime()), sku: input.sku, kind: input.kind ?? 'goods', created_at: now, version: 1, field_versions: {},
        ...NEW_VARIANT, name: input.name ?? input.product_name ?? input.sku, product_id: present(product_id, 'a new variant has a product'), ...columnsOf(input),
      }
      created.push({ draft, row, changes: {} })
      continue
    }
    const different = differences(current, { ...columnsOf(input), ...(product_id === undefined ? {} : { product_id }) })
    const changes = changedFields(current, different)
    const gtins = regtined.get(draft)
    if (gtins !== undefined) changes['identifiers'] = { before: gtins, after: [draft.gtin] }
    const fields = Object.keys(changes)
    if (fields.length === 0) continue
    const version = current.version + 1
    const field_versions = { ...current.field_versions, ...Object.fromEntries(fields.map((field) => [field, version])) }
    updated.push({ draft, row: { ...current, ...different, version, field_versions }, changes })
  }
  return { created, updated }
}

async function writeGtins({ tx }: Context, regtined: ReadonlyMap<Draft, string[]>, newIds: ReadonlyMap<string, string>): Promise<void> {
  const rows = [...regtined.keys()].map(({ input, gtin, current }) => ({ kind: 'gtin' as const, value: gtin!, variant_id: present(current?.id ?? newIds.get(input.sku), 'the variant is written') }))
  if (rows.length === 0) return
  const lost = await replaceIdentifiers(tx, rows.map(({ variant_id }) => variant_id), rows, 'gtin')
  if (lost.length > 0) throw refuse('busy', `Another call gave away the GTIN ${lost[0]!.value} meanwhile. Nothing was changed; try again.`)
}

function record({ emit, audit }: Context, created: readonly Change[], updated: readonly Change[]): void {
  for (const { draft, row } of created) {
    audit({ subject_id: row.id })
    emit({
      type: 'variant.created', subject_id: row.id,
      data: {
        variant_id: ids.variant.show(row.id), sku: row.sku, product_id: ids.product.show(row.product_id), name: row.name, kind: row.kind,
        price: row.price === null ? null : showMoney(row.price, present(row.price_currency, 'a price has a currency')), gtin: draft.gtin ?? null,
      },
    })
  }
  for (const { row, changes } of updated) {
    audit({ subject_id: row.id, changes })
    emit({ type: 'variant.updated', subject_id: row.id, data: { variant_id: ids.variant.show(row.id), sku: row.sku, changed: fieldsOf(Object.keys(changes)) } })
  }
}
