import { ids } from '../../../kernel/id-kinds.ts'
import { refuse } from '../../../kernel/problem.ts'
import type { Caller } from '../../../platform/caller.ts'
import { command } from '../../../platform/command.ts'
import type { Tx } from '../../../platform/db.ts'
import { applyPatch, changedFields, requireSeen } from '../../../platform/edit.ts'
import { endSessions, grantsOf, lockUser, replaceGrants, touchRoles, type RoleGrant, type UserRow } from '../identity.db.ts'
import { requireGrantable, resolveGrants, type GrantInput } from '../grants.ts'

export type UpdateUser = {
  user_id: string
  seen_version: number | undefined
  patch: { name?: string; active?: boolean; locale?: string; time_zone?: string; password_hash?: string }
  roles?: GrantInput[]
}

const EDITABLE = { name: 'text', active: 'boolean', locale: 'text', time_zone: 'text', password_hash: 'text' }

/** Changes a member of staff, who may no more than the caller, before and after. Switching somebody off, or a new password, ends their sessions. */
export const updateUser = command('identity.update_user', 'identity:manage', async ({ tx, now, caller, emit, audit }, input: UpdateUser) => {
  const user = await lockUser(tx, caller, input.user_id)
  if (user === undefined) throw refuse('not_found', 'There is no such user.')
  const grants = await grantsOf(tx, [user.id])
  for (const grant of grants) requireGrantable(caller, grant.permissions, grant)
  // Ahead of the patch, whose refusal shows the values of the fields.
  if (input.patch.password_hash !== undefined) requireSeen(user, 'password_hash', input.seen_version)
  const note = await applyPatch(tx, 'users', EDITABLE, user, input.patch, input.seen_version)
  const fields = Object.fromEntries(Object.entries(note?.changes ?? {}).map(([field, change]) => [field, field === 'password_hash' ? { before: null, after: null } : change]))
  const changes = { ...fields, ...(await changeRoles(tx, caller, user, grants, input)) }
  if (input.patch.active === false || input.patch.password_hash !== undefined) await endSessions(tx, { user_id: user.id }, now)
  audit({ subject_id: user.id, changes })
  if (Object.keys(changes).length > 0) emit({ type: 'user.updated', subject_id: user.id, data: { user_id: ids.user.show(user.id), changed: Object.keys(changes) } })
  return { id: ids.user.show(user.id) }
}, ({ patch: { password_hash, ...patch }, ...rest }) => ({ ...rest, patch, sets_password: password_hash !== undefined }))

async function changeRoles(tx: Tx, caller: Caller, user: UserRow, before: readonly RoleGrant[], { roles, seen_version }: UpdateUser): Promise<ReturnType<typeof changedFields>> {
  if (roles === undefined) return {}
  const after = await resolveGrants(tx, caller, roles)
  const changes = changedFields({ roles: listed(before) }, { roles: listed(after) })
  if (Object.keys(changes).length === 0) return {}
  requireSeen(user, 'roles', seen_version)
  await replaceGrants(tx, user.id, after)
  await touchRoles(tx, user.id)
  return changes
}

function listed(grants: readonly RoleGrant[]): RoleGrant[] {
  return grants.map(({ role_code, channel_ids, location_ids }) => ({ role_code, channel_ids, location_ids })).toSorted((a, b) => (a.role_code < b.role_code ? -1 : 1))
}
