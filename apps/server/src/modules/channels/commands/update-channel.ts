import type { Static } from 'typebox'
import { present } from '../../../kernel/assert.ts'
import { ids } from '../../../kernel/id-kinds.ts'
import { invalid, refuse } from '../../../kernel/problem.ts'
import { requireChannelWide } from '../../../platform/caller.ts'
import { command } from '../../../platform/command.ts'
import type { Tx } from '../../../platform/db.ts'
import { applyPatch, changedFields, conflictingFields } from '../../../platform/edit.ts'
import { findGroupsByCode } from '../../locations/index.ts'
import { unknownGroups, type Channel, type Policies } from '../channel.ts'
import { viewChannel, type ChannelView } from '../channel-view.ts'
import { bumpField, EDITABLE, findChannel, lockChannel, writeGroups } from '../channels.db.ts'
import { requireChannel } from '../scope.ts'

export type UpdateChannel = {
  code: string
  seen_version: number | undefined
  patch: Partial<Policies & { name: string; active: boolean; location_groups: readonly string[] | null }>
}

/** Changes a channel and its policies. Orders that are placed already keep what held for them. */
export const updateChannel = command('channels.update_channel', 'channels:write', async ({ tx, caller, emit, audit }, input: UpdateChannel): Promise<Static<typeof ChannelView>> => {
  requireChannelWide(caller)
  const channel = requireChannel(caller, input.code, await lockChannel(tx, input.code))
  const { location_groups, ...patch } = input.patch
  const note = await applyPatch(tx, 'channels', EDITABLE, channel, patch, input.seen_version)
  const changes = { ...note?.changes, ...(await changeGroups(tx, channel, location_groups, input.seen_version)) }
  audit({ subject_id: channel.id, changes })
  if (Object.keys(changes).length > 0) {
    emit({ type: 'channel.updated', subject_id: channel.id, data: { channel_id: ids.channel.show(channel.id), channel: channel.code, changed: Object.keys(changes) } })
  }
  return viewChannel(present(await findChannel(tx, channel.code), 'the locked channel is there'))
})

async function changeGroups(tx: Tx, channel: Channel, wanted: readonly string[] | null | undefined, seenVersion: number | undefined): Promise<ReturnType<typeof changedFields>> {
  if (wanted === undefined) return {}
  const groups = await findGroupsByCode(tx, wanted ?? [])
  const errors = unknownGroups(wanted ?? [], groups)
  if (errors.length > 0) throw invalid(errors)
  const changes = changedFields({ location_groups: channel.location_groups }, { location_groups: wanted?.toSorted() ?? null })
  if (Object.keys(changes).length === 0) return {}
  if (conflictingFields(channel, ['location_groups'], seenVersion).length > 0) {
    throw refuse('stale_version', 'Somebody else changed location_groups meanwhile. Look at the current values and decide again.', { current_version: channel.version, conflicts: { location_groups: channel.location_groups } })
  }
  await writeGroups(tx, channel.id, [...groups.values()])
  await bumpField(tx, channel.id, 'location_groups')
  return changes
}
