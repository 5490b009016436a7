import type { Static } from 'typebox'
import { present } from '../../../kernel/assert.ts'
import { ids } from '../../../kernel/id-kinds.ts'
import { invalid } from '../../../kernel/problem.ts'
import { command } from '../../../platform/command.ts'
import { applyPatch } from '../../../platform/edit.ts'
import { checkFields, columnsOf, spellAddress, type LocationFields } from '../location.ts'
import { viewDetail, type LocationDetail } from '../location-view.ts'
import { closuresOf, EDITABLE, findLocation, lockLocation } from '../locations.db.ts'
import { requireLocation } from '../scope.ts'

export type UpdateLocation = { code: string; seen_version: number | undefined; patch: Partial<LocationFields> }

/** Changes a location. Switching it off keeps new orders away; what it has been given stays with it. */
export const updateLocation = command('locations.update_location', 'locations:write', async ({ tx, caller, emit, audit }, input: UpdateLocation): Promise<Static<typeof LocationDetail>> => {
  const row = requireLocation(caller, input.code, await lockLocation(tx, input.code))
  const errors = checkFields(input.patch)
  if (errors.length > 0) throw invalid(errors)
  const current = { ...row, address: spellAddress(row.address) }
  const note = await applyPatch(tx, 'locations', EDITABLE, current, columnsOf(input.patch), input.seen_version)
  audit(note ?? { subject_id: row.id })
  if (note !== undefined) {
    emit({ type: 'location.updated', subject_id: row.id, data: { location_id: ids.location.show(row.id), location: row.code, changed: Object.keys(note.changes ?? {}) } })
  }
  return viewDetail(present(await findLocation(tx, row.code), 'the locked location is there'), await closuresOf(tx, row.id))
})
