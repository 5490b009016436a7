import { ids } from '../../../kernel/id-kinds.ts'
import { newId } from '../../../kernel/ids.ts'
import { refuse } from '../../../kernel/problem.ts'
import { inScope, type Caller } from '../../../platform/caller.ts'
import { command } from '../../../platform/command.ts'
import type { Tx } from '../../../platform/db.ts'
import { applyMovements, stockEvents } from '../apply-movements.ts'
import { COUNT, MAX_COUNT_LINES, varianceOf, viewCount, viewCountHead } from '../count.ts'
import { closeCount, countLines, insertCount, lockCount, writeCounted, type CountLine, type CountRow } from '../counts.db.ts'
import { lockLevels, writeCountedAt } from '../levels.db.ts'
import type { Movement } from '../movements.ts'
import { createFinder, resolveCodes } from '../resolve.ts'
import { keyOf, onHand } from '../stock.ts'

export type OpenCount = { location: string; skus?: string[]; note?: string }

/** Begins a count at a location: of these SKUs, or of whatever will be recorded. Nothing is frozen meanwhile. */
export const openCount = command('inventory.open_count', 'inventory:count', async ({ tx, now, caller, emit, audit }, input: OpenCount) => {
  const codes = await resolveCodes(tx, { skus: input.skus ?? [], locations: [input.location] })
  const finder = createFinder(codes, caller)
  const location = finder.location(input.location, '/location')
  const variant_ids = [...new Set((input.skus ?? []).map((sku, i) => finder.goods(sku, `/skus/${i}`)?.id ?? ''))]
  const refusal = finder.refusal()
  if (refusal !== undefined) throw refusal
  const count: CountRow = { id: newId(now.getTime()), location_id: location!.id, location: location!.code, status: COUNT.initial, note: input.note ?? '', created_at: now, closed_at: null }
  await insertCount(tx, { ...count, created_by: caller.id }, variant_ids)
  audit({ subject_id: count.id })
  emit({ type: 'stock_count.opened', subject_id: count.id, data: { stock_count_id: ids.count.show(count.id), location: location!.code, skus: input.skus ?? null } })
  return viewCount(count, await countLines(tx, count.id), caller)
})

export type RecordCounts = { count_id: string; lines: { sku: string; counted: number }[] }

/**
 * Records what somebody counted, beside what the books say at this moment: sales and receipts between counting and
 * posting are not mistaken for a variance. Counting a SKU again replaces the line.
 */
export const recordCounts = command('inventory.record_counts', 'inventory:count', async ({ tx, now, caller, emit, audit }, input: RecordCounts) => {
  const count = await requireOpen(tx, input.count_id, caller, 'record')
  const codes = await resolveCodes(tx, { skus: input.lines.map(({ sku }) => sku) })
  const finder = createFinder(codes, caller)
  const rows = input.lines.map(({ sku, counted }, i) => ({ variant_id: finder.goods(sku, `/lines/${i}/sku`)?.id ?? '', location_id: count.location_id, counted }))
  const seen = new Set<string>()
  for (const [i, { variant_id }] of rows.entries()) {
    if (variant_id !== '' && seen.has(variant_id)) finder.wrong({ pointer: `/lines/${i}/sku`, code: 'duplicate', detail: 'This SKU stands here twice. Add up what lies in several places.' })
    seen.add(variant_id)
  }
  const refusal = finder.refusal()
  if (refusal !== undefined) throw refusal
  const levels = await lockLevels(tx, rows, now)
  await writeCounted(tx, count.id, rows.map(({ variant_id, location_id, counted }) => ({
    variant_id, counted, expected: onHand(levels.get(keyOf({ variant_id, location_id }))!), counted_at: now, counted_by: caller.id,
  })))
  const lines = await countLines(tx, count.id)
  if (lines.length > MAX_COUNT_LINES) throw refuse('count_too_large', `A count has at most ${MAX_COUNT_LINES} lines. Post this one and open another.`, { max_lines: MAX_COUNT_LINES })
  audit({ subject_id: count.id })
  emit({ type: 'stock_count.recorded', subject_id: count.id, data: { stock_count_id: ids.count.show(count.id), location: count.location, lines: input.lines } })
  return viewCount(count, lines, caller)
})

/**
 * Puts the variances into the books. Missing units are taken from what is available first and from promised ones last
 * (`stock.deficit`). Lines that nobody counted stay as they are.
 */
export const postCount = command('inventory.post_count', 'inventory:adjust', async ({ tx, now, caller, emit, audit }, input: { count_id: string }) => {
  const count = await requireOpen(tx, input.count_id, caller, 'post')
  const lines = await countLines(tx, count.id)
  const counted = lines.filter((line) => line.counted !== null)
  if (counted.length === 0) throw refuse('count_empty', 'Nothing has been counted yet. Record lines, or cancel the count.')
  const levels = await lockLevels(tx, counted.map(({ variant_id }) => ({ variant_id, location_id: count.location_id })), now)
  const applied = await applyMovements(tx, counted.flatMap((line) => varianceMovement(line, count, caller.id, now)), levels)
  await writeCountedAt(tx, counted.map(({ variant_id, counted_at }) => ({ variant_id, location_id: count.location_id, counted_at: counted_at! })))
  await closeCount(tx, count.id, 'posted', now)
  audit({ subject_id: count.id })
  emit({
    type: 'stock.counted', subject_id: count.location_id,
    data: { stock_count_id: ids.count.show(count.id), location: count.location, lines: counted.map((line) => ({ sku: line.sku, counted: line.counted, expected: line.expected, variance: varianceOf(line) })) },
  }, ...(await stockEvents(tx, applied)).map(({ event }) => event))
  return viewCount({ ...count, status: 'posted', closed_at: now }, lines, caller)
})

function varianceMovement(line: CountLine, { id, location_id }: CountRow, caller_id: string, at: Date): Movement[] {
  const variance = varianceOf(line) ?? 0
  if (variance === 0) return []
  const base = { variant_id: line.variant_id, location_id, quantity: Math.abs(variance), reason: 'count', cause_kind: 'count', cause_id: id, caller_id, at }
  return [variance > 0 ? { ...base, from_state: null, to_state: 'available' } : { ...base, from_state: 'available', to_state: null, takes_promised: true }]
}

export const cancelCount = command('inventory.cancel_count', 'inventory:count', async ({ tx, now, caller, emit, audit }, input: { count_id: string }) => {
  const count = await requireOpen(tx, input.count_id, caller, 'cancel')
  await closeCount(tx, count.id, 'canceled', now)
  audit({ subject_id: count.id })
  emit({ type: 'stock_count.canceled', subject_id: count.id, data: { stock_count_id: ids.count.show(count.id), location: count.location } })
  return viewCountHead({ ...count, status: 'canceled', closed_at: now })
})

async function requireOpen(tx: Tx, count_id: string, caller: Caller, action: string): Promise<CountRow> {
  const count = await lockCount(tx, count_id)
  if (count === undefined || !inScope(caller, { location_id: count.location_id })) throw refuse('not_found', 'There is no such stock count.')
  if (count.status !== 'open') throw refuse('count_closed', `The count is ${count.status}; it is too late to ${action} it. Open another one.`, { count_status: count.status })
  return count
}
