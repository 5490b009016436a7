import type { Static } from 'typebox'
import { present } from '../../../kernel/assert.ts'
import { ids } from '../../../kernel/id-kinds.ts'
import { invalid, refuse } from '../../../kernel/problem.ts'
import { command } from '../../../platform/command.ts'
import { conflictingFields } from '../../../platform/edit.ts'
import { viewDetail, type LocationDetail } from '../location-view.ts'
import { closuresOf, findLocation, lockLocation, writeClosures, type Closure } from '../locations.db.ts'
import { requireLocation } from '../scope.ts'

export type ReplaceClosures = { code: string; seen_version: number | undefined; closures: Closure[] }

/** Makes these all the days on which the location is closed beside its weekly rhythm. Each date stands once. */
export const replaceClosures = command('locations.replace_closures', 'locations:write', async ({ tx, caller, emit, audit }, input: ReplaceClosures): Promise<Static<typeof LocationDetail>> => {
  const row = requireLocation(caller, input.code, await lockLocation(tx, input.code))
  const days = new Set<string>()
  const errors = input.closures.flatMap(({ closed_on }, index) => {
    const again = days.has(closed_on)
    days.add(closed_on)
    return again ? [{ pointer: `/closures/${index}/closed_on`, code: 'duplicate', detail: `${closed_on} is listed twice. List each day once.` }] : []
  })
  if (errors.length > 0) throw invalid(errors)
  const before = await closuresOf(tx, row.id)
  const after = input.closures.toSorted((a, b) => (a.closed_on < b.closed_on ? -1 : 1))
  if (JSON.stringify(before) !== JSON.stringify(after)) {
    if (conflictingFields(row, ['closures'], input.seen_version).length > 0) {
      throw refuse('stale_version', 'Somebody else changed the closures meanwhile. Look at the current ones and decide again.', { current_version: row.version, conflicts: { closures: before } })
    }
    await writeClosures(tx, row.id, after)
    audit({ subject_id: row.id, changes: { closures: { before, after } } })
    emit({ type: 'location.closures_changed', subject_id: row.id, data: { location_id: ids.location.show(row.id), location: row.code, closures: after } })
  }
  return viewDetail(present(await findLocation(tx, row.code), 'the locked location is there'), after)
})
