import { refuse } from '../../kernel/problem.ts'
import { inScope, type Caller } from '../../platform/caller.ts'
import type { Channel } from './channel.ts'

/** The channel, if it exists for this caller. */
export function requireChannel(caller: Caller, code: string, channel: Channel | undefined): Channel {
  if (channel === undefined || !inScope(caller, { channel_id: channel.id })) throw refuse('not_found', `There is no channel ${code}.`)
  return channel
}
