import type { Static } from 'typebox'
import { present } from '../../../kernel/assert.ts'
import { ids } from '../../../kernel/id-kinds.ts'
import { newId } from '../../../kernel/ids.ts'
import { invalid, refuse } from '../../../kernel/problem.ts'
import { requireChannelWide } from '../../../platform/caller.ts'
import { command } from '../../../platform/command.ts'
import { findGroupsByCode } from '../../locations/index.ts'
import { checkCurrency, DEFAULT_FIELDS, unknownGroups, type Channel, type Policies } from '../channel.ts'
import { viewChannel, type ChannelView } from '../channel-view.ts'
import { findChannel, insertChannel, writeGroups } from '../channels.db.ts'

export type CreateChannel = Pick<Channel, 'code' | 'name' | 'kind' | 'currency'> & Partial<Policies & { active: boolean; location_groups: readonly string[] | null }>

/** Adds a channel. Refuses a code that is taken, and callers who are confined. */
export const createChannel = command('channels.create_channel', 'channels:write', async ({ tx, now, caller, emit, audit }, input: CreateChannel): Promise<Static<typeof ChannelView>> => {
  requireChannelWide(caller)
  if (caller.channel_ids !== undefined) throw refuse('forbidden', 'You are confined to some channels. Ask somebody who is responsible for all of them.')
  const { location_groups, ...fields } = input
  const groups = await findGroupsByCode(tx, location_groups ?? [])
  const errors = [...checkCurrency(input.currency), ...unknownGroups(location_groups ?? [], groups)]
  if (errors.length > 0) throw invalid(errors)
  const id = newId(now.getTime())
  if (!(await insertChannel(tx, { ...DEFAULT_FIELDS, ...fields, id, created_at: now }))) throw refuse('already_exists', `There is a channel ${input.code} already. Choose another code or change that channel.`, { field: 'code' })
  await writeGroups(tx, id, [...groups.values()])
  audit({ subject_id: id })
  emit({ type: 'channel.created', subject_id: id, data: { channel_id: ids.channel.show(id), channel: input.code, kind: input.kind, currency: input.currency } })
  return viewChannel(present(await findChannel(tx, input.code), 'the new channel is there'))
})
