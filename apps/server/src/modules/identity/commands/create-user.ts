import { ids } from '../../../kernel/id-kinds.ts'
import { newId } from '../../../kernel/ids.ts'
import { refuse } from '../../../kernel/problem.ts'
import { command } from '../../../platform/command.ts'
import { insertUser, replaceGrants } from '../identity.db.ts'
import { resolveGrants, type GrantInput } from '../grants.ts'

export type CreateUser = { email: string; name: string; roles: GrantInput[]; password_hash: string | null; locale: string; time_zone: string }

/** Adds a member of staff, who may no more than the caller. Refuses an e-mail address that somebody already has. */
export const createUser = command('identity.create_user', 'identity:manage', async ({ tx, now, caller, emit, audit }, input: CreateUser) => {
  const id = newId(now.getTime())
  const grants = await resolveGrants(tx, caller, input.roles)
  if (!(await insertUser(tx, { ...input, id, created_at: now }))) throw refuse('already_exists', `Somebody already signs in as ${input.email}.`, { field: 'email' })
  await replaceGrants(tx, id, grants)
  audit({ subject_id: id, changes: { roles: { before: [], after: grants.map(({ role_code }) => role_code) } } })
  emit({ type: 'user.created', subject_id: id, data: { user_id: ids.user.show(id), roles: grants.map(({ role_code }) => role_code) } })
  return { id: ids.user.show(id) }
}, ({ password_hash: _salted, ...rest }) => rest)
