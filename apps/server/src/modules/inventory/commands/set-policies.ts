import { command } from '../../../platform/command.ts'
import { stockEvents } from '../apply-movements.ts'
import { lockLevels, writeBins, writeSafetyStock } from '../levels.db.ts'
import { createFinder, resolveCodes } from '../resolve.ts'
import { keyOf, sellableAt, type Pair } from '../stock.ts'

type PolicyLine = { sku: string; location: string }
export type SetSafetyStock = { lines: (PolicyLine & { quantity: number })[] }
export type SetBins = { location: string; lines: { sku: string; bin: string | null }[] }

/** Sets how many available units are held back from sale at a level. Raising it can make what is for sale run out. */
export const setSafetyStock = command('inventory.set_safety_stock', 'inventory:adjust', async ({ tx, now, caller, emit, audit }, input: SetSafetyStock) => {
  const codes = await resolveCodes(tx, { skus: input.lines.map(({ sku }) => sku), locations: input.lines.map(({ location }) => location) })
  const finder = createFinder(codes, caller)
  const rows = input.lines.map(({ sku, location, quantity }, i) => ({
    variant_id: finder.goods(sku, `/lines/${i}/sku`)?.id ?? '', location_id: finder.location(location, `/lines/${i}/location`)?.id ?? '', safety_stock: quantity,
  }))
  refuseDuplicates(rows, finder)
  const levels = await lockLevels(tx, rows, now)
  await writeSafetyStock(tx, rows, now)
  const changed = rows.map((row) => ({ before: levels.get(keyOf(row))!, after: { ...levels.get(keyOf(row))!, safety_stock: row.safety_stock } }))
  const crossings = changed.filter(({ before, after }) => (sellableAt(before) > 0) !== (sellableAt(after) > 0)).map(({ after }) => ({ ...after, group: 0, sellable: sellableAt(after) }))
  const lines = input.lines.map((line, i) => ({ ...line, before: changed[i]!.before.safety_stock }))
  for (const [i, { variant_id }] of rows.entries()) audit({ subject_id: variant_id, changes: { [`safety_stock at ${lines[i]!.location}`]: { before: lines[i]!.before, after: lines[i]!.quantity } } })
  emit({ type: 'stock.safety_stock_set', data: { lines } }, ...(await stockEvents(tx, { deficits: [], crossings })).map(({ event }) => event))
  return { lines }
})

/** Notes where in the location SKUs lie; null forgets it. */
export const setBins = command('inventory.set_bins', 'inventory:adjust', async ({ tx, now, caller, emit, audit }, input: SetBins) => {
  const codes = await resolveCodes(tx, { skus: input.lines.map(({ sku }) => sku), locations: [input.location] })
  const finder = createFinder(codes, caller)
  const location = finder.location(input.location, '/location')
  const rows = input.lines.map(({ sku, bin }, i) => ({ variant_id: finder.goods(sku, `/lines/${i}/sku`)?.id ?? '', location_id: location?.id ?? '', bin }))
  refuseDuplicates(rows, finder)
  await lockLevels(tx, rows, now)
  await writeBins(tx, rows)
  audit({ subject_id: location!.id })
  emit({ type: 'stock.bins_set', subject_id: location!.id, data: { location: input.location, lines: input.lines } })
  return { lines: input.lines }
})

/** Two values for one level contradict each other. Throws what is wrong with the input, if anything is. */
function refuseDuplicates(rows: readonly Pair[], finder: ReturnType<typeof createFinder>): void {
  const seen = new Set<string>()
  for (const [i, row] of rows.entries()) {
    if (row.variant_id !== '' && seen.has(keyOf(row))) finder.wrong({ pointer: `/lines/${i}`, code: 'duplicate', detail: 'This SKU stands here twice for the location.' })
    seen.add(keyOf(row))
  }
  const refusal = finder.refusal()
  if (refusal !== undefined) throw refusal
}
