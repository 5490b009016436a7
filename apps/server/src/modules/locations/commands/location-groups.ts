import type { Static } from 'typebox'
import { present } from '../../../kernel/assert.ts'
import { ids } from '../../../kernel/id-kinds.ts'
import { newId } from '../../../kernel/ids.ts'
import { invalid, refuse } from '../../../kernel/problem.ts'
import { command } from '../../../platform/command.ts'
import type { Tx } from '../../../platform/db.ts'
import { applyPatch, conflictingFields } from '../../../platform/edit.ts'
import { bumpMembers, changeMembers, findGroup, insertGroup, lockGroup, unknownLocations, type GroupRow } from '../location-groups.db.ts'
import { viewGroup, type GroupView } from '../location-view.ts'
import { requireUnconfined } from '../scope.ts'

export type CreateGroup = { code: string; name: string; locations?: string[] }
export type UpdateGroup = { code: string; seen_version: number | undefined; patch: { name?: string; locations?: string[] } }

async function requireLocations(tx: Tx, codes: readonly string[]): Promise<void> {
  const unknown = new Set(await unknownLocations(tx, codes))
  const errors = codes.flatMap((code, index) => (unknown.has(code) ? [{ pointer: `/locations/${index}`, code: 'unknown_location', detail: `There is no location "${code}". Add it first.` }] : []))
  if (errors.length > 0) throw invalid(errors)
}

/** Adds a group, with members if wanted. Refuses a code that is taken. */
export const createGroup = command('locations.create_group', 'locations:write', async ({ tx, now, caller, emit, audit }, input: CreateGroup): Promise<Static<typeof GroupView>> => {
  requireUnconfined(caller)
  const added = input.locations ?? []
  await requireLocations(tx, added)
  const id = newId(now.getTime())
  if (!(await insertGroup(tx, { id, code: input.code, name: input.name }))) throw refuse('already_exists', `There is a location group ${input.code} already.`, { field: 'code' })
  await changeMembers(tx, id, { added, removed: [] })
  audit({ subject_id: id })
  emit({ type: 'location_group.created', subject_id: id, data: { group_id: ids.group.show(id), group: input.code, locations: added } })
  return viewGroup(present(await findGroup(tx, input.code, undefined), 'the new group is there'))
})

/** Changes the name or the members of a group; `locations` are all its members from then on. */
export const updateGroup = command('locations.update_group', 'locations:write', async ({ tx, caller, emit, audit }, input: UpdateGroup): Promise<Static<typeof GroupView>> => {
  requireUnconfined(caller)
  const group = await lockGroup(tx, input.code)
  if (group === undefined) throw refuse('not_found', `There is no location group ${input.code}.`)
  const { locations, ...patch } = input.patch
  const note = await applyPatch(tx, 'location_groups', { name: 'text' }, group, patch, input.seen_version)
  const members = await writeMembers(tx, group, locations, input.seen_version)
  const changes = { ...note?.changes, ...members?.changes }
  audit({ subject_id: group.id, changes })
  if (Object.keys(changes).length > 0) {
    emit({ type: 'location_group.updated', subject_id: group.id, data: { group_id: ids.group.show(group.id), group: group.code, changed: Object.keys(changes), added: members?.added ?? [], removed: members?.removed ?? [] } })
  }
  return viewGroup(present(await findGroup(tx, group.code, undefined), 'the locked group is there'))
})

async function writeMembers(tx: Tx, group: GroupRow, wanted: readonly string[] | undefined, seenVersion: number | undefined) {
  if (wanted === undefined) return undefined
  await requireLocations(tx, wanted)
  const added = wanted.filter((code) => !group.locations.includes(code))
  const removed = group.locations.filter((code) => !wanted.includes(code))
  if (added.length === 0 && removed.length === 0) return undefined
  if (conflictingFields(group, ['locations'], seenVersion).length > 0) {
    throw refuse('stale_version', 'Somebody else changed the members meanwhile. Look at the current ones and decide again.', { current_version: group.version, conflicts: { locations: group.locations } })
  }
  await changeMembers(tx, group.id, { added, removed })
  await bumpMembers(tx, group.id)
  return { added, removed, changes: { locations: { before: group.locations, after: wanted.toSorted() } } }
}
