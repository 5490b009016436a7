import type { Static } from 'typebox'
import { present } from '../../../kernel/assert.ts'
import { ids } from '../../../kernel/id-kinds.ts'
import { newId } from '../../../kernel/ids.ts'
import { invalid, refuse } from '../../../kernel/problem.ts'
import { command } from '../../../platform/command.ts'
import { checkFields, columnsOf, DEFAULT_FIELDS, type LocationFields } from '../location.ts'
import { viewDetail, type LocationDetail } from '../location-view.ts'
import { findLocation, insertLocation } from '../locations.db.ts'
import { requireUnconfined } from '../scope.ts'

export type CreateLocation = Pick<LocationFields, 'name' | 'kind' | 'address' | 'time_zone'> & Partial<LocationFields> & { code: string }

/** Adds a location. Refuses a code that is taken, and callers who are confined to some locations. */
export const createLocation = command('locations.create_location', 'locations:write', async ({ tx, now, caller, emit, audit }, input: CreateLocation): Promise<Static<typeof LocationDetail>> => {
  requireUnconfined(caller)
  const { code, ...given } = input
  const errors = checkFields(given)
  if (errors.length > 0) throw invalid(errors)
  const id = newId(now.getTime())
  const columns = columnsOf({ ...DEFAULT_FIELDS, ...given })
  if (!(await insertLocation(tx, { ...columns, id, code, created_at: now }))) throw refuse('already_exists', `There is a location ${code} already. Choose another code or change that location.`, { field: 'code' })
  const row = present(await findLocation(tx, code), 'the new location is there')
  audit({ subject_id: id })
  emit({ type: 'location.created', subject_id: id, data: { location_id: ids.location.show(id), location: code, kind: row.kind, country: row.country } })
  return viewDetail(row, [])
})
