import { ids } from '../../../kernel/id-kinds.ts'
import { refuse } from '../../../kernel/problem.ts'
import { command } from '../../../platform/command.ts'
import { applyPatch } from '../../../platform/edit.ts'
import { endSessions, grantsOf, lockUser, replaceGrants } from '../identity.db.ts'
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
  for (const grant of await grantsOf(tx, [user.id])) requireGrantable(caller, grant.permissions, grant)
  const note = await applyPatch(tx, 'users', EDITABLE, user, input.patch, input.seen_version)
  if (input.roles !== undefined) await replaceGrants(tx, user.id, await resolveGrants(tx, caller, input.roles))
  if (input.patch.active === false || input.patch.password_hash !== undefined) await endSessions(tx, { user_id: user.id }, now)
  const changes = Object.fromEntries(Object.entries(note?.changes ?? {}).map(([field, change]) => [field, field === 'password_hash' ? { before: null, after: null } : change]))
  audit({ subject_id: user.id, changes })
  emit({ type: 'user.updated', subject_id: user.id, data: { user_id: ids.user.show(user.id), changed: [...Object.keys(changes), ...(input.roles === undefined ? [] : ['roles'])] } })
  return { id: ids.user.show(user.id) }
}, ({ patch: { password_hash, ...patch }, ...rest }) => ({ ...rest, patch, sets_password: password_hash !== undefined }))
