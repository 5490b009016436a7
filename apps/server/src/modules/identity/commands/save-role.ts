import { invalid, refuse } from '../../../kernel/problem.ts'
import { command } from '../../../platform/command.ts'
import { requireGrantable } from '../grants.ts'
import { lockRole, saveRole as save } from '../identity.db.ts'

export type SaveRole = { code: string; name: string; permissions: string[]; known_permissions: readonly string[] }

/** Adds or changes a role of the installation's own, which may no more than the caller, before and after. Built-in roles stay as they are. */
export const saveRole = command('identity.save_role', 'identity:manage', async ({ tx, caller, emit }, input: SaveRole) => {
  const unknown = input.permissions.filter((permission) => !input.known_permissions.includes(permission))
  if (unknown.length > 0) throw invalid([{ pointer: '/permissions', code: 'unknown_permission', detail: `There is no permission ${unknown.join(', ')}.` }])
  const existing = await lockRole(tx, input.code)
  if (existing?.built_in === true) throw refuse('role_built_in', `The role ${input.code} is built in. Make one of your own beside it.`)
  requireGrantable(caller, [...new Set([...input.permissions, ...(existing?.permissions ?? [])])], { channel_ids: null, location_ids: null })
  await save(tx, { code: input.code, name: input.name, permissions: input.permissions, built_in: false })
  emit({ type: 'role.saved', data: { role: input.code, permissions: input.permissions, before: existing?.permissions ?? [] } })
  return { code: input.code, name: input.name, permissions: input.permissions, built_in: false }
})
