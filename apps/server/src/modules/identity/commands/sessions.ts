import { ids } from '../../../kernel/id-kinds.ts'
import { newId } from '../../../kernel/ids.ts'
import { addMs, DAY_MS } from '../../../kernel/time.ts'
import { command } from '../../../platform/command.ts'
import { endSessions, insertSession } from '../identity.db.ts'

export const SESSION_DAYS = 14

/** Opens a session for a user whose password has been checked. */
export const signIn = command('identity.sign_in', 'public', async ({ tx, now, emit, audit }, input: { user_id: string; token_hash: string }) => {
  const id = newId(now.getTime())
  await insertSession(tx, { id, user_id: input.user_id, token_hash: Buffer.from(input.token_hash, 'base64'), created_at: now, expires_at: addMs(now, SESSION_DAYS * DAY_MS) })
  audit({ subject_id: input.user_id })
  emit({ type: 'user.signed_in', subject_id: input.user_id, data: { user_id: ids.user.show(input.user_id) } })
  return {}
})

export const signOut = command('identity.sign_out', 'signed_in', async ({ tx, now, caller, audit }, input: { token_hash: string }) => {
  await endSessions(tx, { token_hash: Buffer.from(input.token_hash, 'base64') }, now)
  audit({ subject_id: caller.id })
  return {}
})
