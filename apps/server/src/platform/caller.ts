import { refuse } from '../kernel/problem.ts'

/** Who asks: a staff member, an API key or the system itself, with what they may do and where. */
export type Caller = {
  kind: 'user' | 'api_key' | 'system'
  id: string
  name: string
  permissions: ReadonlySet<string>
  /** The channels and locations the caller is confined to; undefined means all. */
  channel_ids: ReadonlySet<string> | undefined
  location_ids: ReadonlySet<string> | undefined
}

/** The system acts for jobs, imports and the demo. Its id is fixed, so that the audit can name it. */
export const SYSTEM: Caller = {
  kind: 'system',
  id: '00000000-0000-7000-8000-000000000001',
  name: 'system',
  permissions: new Set(['*']),
  channel_ids: undefined,
  location_ids: undefined,
}

/** `public` and `signed_in` are settled at the door. */
export function may(caller: Caller, permission: string): boolean {
  return permission === 'public' || permission === 'signed_in' || caller.permissions.has('*') || caller.permissions.has(permission)
}

export function requirePermission(caller: Caller, permission: string): void {
  if (!may(caller, permission)) throw refuse('forbidden', `This needs the permission ${permission}, which ${caller.name} does not have.`, { permission })
}

/** Whole channels, with their drafts, are for those who are responsible for them: not for callers confined to locations alone. */
export function requireChannelWide(caller: Caller): void {
  if (caller.location_ids !== undefined && caller.channel_ids === undefined) throw refuse('forbidden', 'You are confined to some locations. Ask somebody who is responsible for the channel.')
}

/** Events, audit and jobs tell of every channel and location, so they are not for callers confined to some. Refuses with `forbidden`. */
export function requireUnconfined(caller: Caller): void {
  if (caller.channel_ids !== undefined || caller.location_ids !== undefined) throw refuse('forbidden', 'Events, audit and jobs are not offered to callers confined to some channels or locations.')
}

/** Outside the caller's channels or locations things do not exist: the answer never tells more. */
export function inScope(caller: Caller, where: { channel_id?: string | null; location_id?: string | null }): boolean {
  const channelOk = where.channel_id === undefined || caller.channel_ids === undefined || (where.channel_id !== null && caller.channel_ids.has(where.channel_id))
  const locationOk = where.location_id === undefined || caller.location_ids === undefined || (where.location_id !== null && caller.location_ids.has(where.location_id))
  return channelOk && locationOk
}
