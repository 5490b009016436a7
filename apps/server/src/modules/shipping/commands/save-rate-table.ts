import { newId } from '../../../kernel/ids.ts'
import { invalid, refuse } from '../../../kernel/problem.ts'
import { isDeepStrictEqual } from 'node:util'
import { command } from '../../../platform/command.ts'
import { insertRateTable, lockRateTable, type RateTableRow } from '../rate-tables.db.ts'
import { validateRateTable } from '../rate-check.ts'
import type { RateTable } from '../rates.ts'

export type SaveRateTable = { carrier: string; definition: RateTable; seen_version: number | undefined }

/** Puts a new version of a carrier's rate table in force. Labels that are bought keep their price. */
export const saveRateTable = command('shipping.save_rate_table', 'shipping:rates', async ({ tx, now, caller, emit, audit }, input: SaveRateTable): Promise<Pick<RateTableRow, 'table_version'> & { created_at: string }> => {
  const current = await lockRateTable(tx, input.carrier)
  if (current === undefined) throw refuse('not_found', `There is no carrier ${input.carrier} with a rate table.`)
  if (input.seen_version !== undefined && input.seen_version !== current.table_version) {
    throw refuse('stale_version', 'Somebody else changed the rate table meanwhile. Look at it and decide again.', { current_version: current.table_version })
  }
  const errors = validateRateTable(input.definition)
  if (errors.length > 0) throw invalid(errors)
  if (isDeepStrictEqual(current.definition, input.definition)) return { table_version: current.table_version, created_at: current.created_at.toISOString() }
  const table_version = current.table_version + 1
  const id = newId(now.getTime())
  await insertRateTable(tx, { id, carrier: input.carrier, table_version, definition: input.definition, created_at: now, created_by: caller.id })
  audit({ subject_id: id, changes: { table_version: { before: current.table_version, after: table_version } } })
  emit({ type: 'rate_table.saved', subject_id: id, data: { carrier: input.carrier, table_version } })
  return { table_version, created_at: now.toISOString() }
})
