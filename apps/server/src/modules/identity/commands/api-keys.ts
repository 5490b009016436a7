import { ids } from '../../../kernel/id-kinds.ts'
import { newId } from '../../../kernel/ids.ts'
import { invalid, refuse } from '../../../kernel/problem.ts'
import { command } from '../../../platform/command.ts'
import { requireGrantable, resolveScope, type ScopeInput } from '../grants.ts'
import { insertKey, lockKey, revokeKey as revoke } from '../identity.db.ts'
import { secretHash } from '../secrets.ts'

/** The key itself is made by the caller of the command, so that it is neither stored nor replayed. */
export type CreateApiKey = ScopeInput & { name: string; permissions: string[]; expires_at?: string; secret_hash: string; prefix: string }

/** Adds an API key. It may no more than its maker, and nowhere else. */
export const createApiKey = command('identity.create_api_key', 'identity:keys', async ({ tx, now, caller, emit, audit }, input: CreateApiKey) => {
  const expires_at = input.expires_at === undefined ? null : new Date(input.expires_at)
  if (expires_at !== null && expires_at <= now) throw invalid([{ pointer: '/expires_at', code: 'in_the_past', detail: 'The key would have ended already.' }])
  const scope = await resolveScope(tx, caller, input, '')
  requireGrantable(caller, input.permissions, scope)
  const id = newId(now.getTime())
  await insertKey(tx, {
    id, name: input.name, prefix: input.prefix, key_hash: Buffer.from(input.secret_hash, 'base64'), permissions: input.permissions, ...scope,
    created_at: now, created_by: caller.id, expires_at,
  })
  audit({ subject_id: id, changes: { permissions: { before: [], after: input.permissions } } })
  emit({ type: 'api_key.created', subject_id: id, data: { api_key_id: ids.api_key.show(id), name: input.name, permissions: input.permissions } })
  return { id: ids.api_key.show(id), prefix: input.prefix }
}, ({ secret_hash: _hash, prefix: _prefix, ...rest }) => rest)

/** Ends a key that may no more than the caller. */
export const revokeApiKey = command('identity.revoke_api_key', 'identity:keys', async ({ tx, now, caller, emit, audit }, input: { key_id: string }) => {
  const key = await lockKey(tx, caller, input.key_id)
  if (key === undefined) throw refuse('not_found', 'There is no such key, or it is revoked already.')
  requireGrantable(caller, key.permissions, key)
  await revoke(tx, key.id, now)
  audit({ subject_id: input.key_id })
  emit({ type: 'api_key.revoked', subject_id: input.key_id, data: { api_key_id: ids.api_key.show(input.key_id) } })
  return { id: ids.api_key.show(input.key_id) }
})

export function hashForStorage(secret: string): string {
  return secretHash(secret).toString('base64')
}
