import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { SYSTEM, type Caller } from '../../platform/caller.ts'
import type { Runtime } from '../../platform/module.ts'
import { callerOfKey, callerOfSession } from './identity.db.ts'
import { secretHash } from './secrets.ts'

export const SESSION_COOKIE = 'switchyard_session'

/** Known callers are remembered this long, so that a request costs no look-up; a revocation takes effect as late as that. */
const REMEMBER_MS = 5_000
const MAX_REMEMBERED = 10_000

/** Tells who sent a request: an API key in `Authorization`, or a session cookie. */
export function createAuthenticator({ db, clock }: Pick<Runtime, 'db' | 'clock'>, adminKey: string | undefined): (request: FastifyRequest) => Promise<Caller | undefined> {
  const remembered = new Map<string, { caller: Caller; until: number }>()
  const adminHash = adminKey === undefined ? undefined : secretHash(adminKey)
  const administrator: Caller = { ...SYSTEM, kind: 'api_key', id: '00000000-0000-7000-8000-000000000002', name: 'administrator key' }

  const lookUp = async (kind: 'key' | 'session', secret: string): Promise<Caller | undefined> => {
    const hash = secretHash(secret)
    if (kind === 'key' && adminHash !== undefined && timingSafeEqual(hash, adminHash)) return administrator
    const now = clock.now(new Date())
    return kind === 'key' ? callerOfKey(db, hash, now) : callerOfSession(db, hash, now)
  }

  return async (request) => {
    const credential = credentialOf(request)
    if (credential === undefined) return undefined
    const id = createHash('sha256').update(credential.secret).digest('base64')
    const known = remembered.get(id)
    if (known !== undefined && known.until > Date.now()) return known.caller
    const caller = await lookUp(credential.kind, credential.secret)
    if (remembered.size >= MAX_REMEMBERED) remembered.clear()
    if (caller === undefined) remembered.delete(id)
    else remembered.set(id, { caller, until: Date.now() + REMEMBER_MS })
    return caller
  }
}

function credentialOf(request: FastifyRequest): { kind: 'key' | 'session'; secret: string } | undefined {
  const header = request.headers.authorization
  if (header !== undefined) {
    const match = /^Bearer (\S{1,512})$/i.exec(header)
    return match === null ? undefined : { kind: 'key', secret: match[1]! }
  }
  const cookie = request.cookies[SESSION_COOKIE]
  return cookie === undefined ? undefined : { kind: 'session', secret: cookie }
}
