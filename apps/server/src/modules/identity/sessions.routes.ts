import { Type } from 'typebox'
import { ids } from '../../kernel/id-kinds.ts'
import { refuse } from '../../kernel/problem.ts'
import { DAY_MS, MINUTE_MS } from '../../kernel/time.ts'
import { route, type Route } from '../../platform/http/route.ts'
import { closed, Nullable } from '../../platform/http/schemas.ts'
import { SESSION_COOKIE } from './authenticate.ts'
import { hashForStorage } from './commands/api-keys.ts'
import { SESSION_DAYS, signIn, signOut } from './commands/sessions.ts'
import { findUserByEmail } from './identity.db.ts'
import { newSecret, passwordMatches } from './secrets.ts'

/** After this many failures within the window, sign-ins of that address are turned away for the rest of it. */
const MAX_FAILURES = 10
const WINDOW_MS = 15 * MINUTE_MS
const failures = new Map<string, { count: number; until: number }>()

function requireFewFailures(email: string): void {
  const failed = failures.get(email)
  if (failed !== undefined && failed.until > Date.now() && failed.count >= MAX_FAILURES) throw refuse('too_many_attempts', 'Too many failed sign-ins. Wait a quarter of an hour.')
}

function recordFailure(email: string): void {
  const failed = failures.get(email)
  if (failures.size > 10_000) failures.clear()
  failures.set(email, failed !== undefined && failed.until > Date.now() ? { ...failed, count: failed.count + 1 } : { count: 1, until: Date.now() + WINDOW_MS })
}

const Me = Type.Object({
  kind: Type.String(), id: Type.String(), name: Type.String(), permissions: Type.Array(Type.String()),
  channel_ids: Nullable(Type.Array(Type.String())), location_ids: Nullable(Type.Array(Type.String())),
}, closed)

const postSession = route({
  operation_id: 'signIn', method: 'POST', url: '/v1/sessions', tag: 'identity', permission: 'public', summary: 'Sign in',
  description: 'Sets the session cookie of a browser. Programs use API keys.',
  body: Type.Object({ email: Type.String({ maxLength: 254 }), password: Type.String({ maxLength: 200 }) }, closed),
  reply: { status: 201, schema: Type.Object({ user_id: Type.String(), name: Type.String() }, closed) }, problems: ['wrong_credentials', 'too_many_attempts'],
  handle: async ({ body, db, run, raw }) => {
    const email = body.email.toLowerCase()
    requireFewFailures(email)
    const user = await findUserByEmail(db, email)
    const matches = await passwordMatches(user?.password_hash ?? null, body.password)
    if (user === undefined || !matches || !user.active) {
      recordFailure(email)
      throw refuse('wrong_credentials', 'The e-mail address or the password is wrong.')
    }
    failures.delete(email)
    const token = newSecret('swyses')
    await run(signIn, { user_id: user.id, token_hash: hashForStorage(token) })
    void raw.reply.setCookie(SESSION_COOKIE, token, { path: '/', httpOnly: true, sameSite: 'lax', secure: raw.request.protocol === 'https', maxAge: (SESSION_DAYS * DAY_MS) / 1_000 })
    return { user_id: ids.user.show(user.id), name: user.name }
  },
})

const deleteSession = route({
  operation_id: 'signOut', method: 'DELETE', url: '/v1/sessions/current', tag: 'identity', permission: 'signed_in', summary: 'Sign out',
  reply: { status: 204 },
  handle: async ({ run, raw }) => {
    const token = raw.request.cookies[SESSION_COOKIE]
    if (token !== undefined) await run(signOut, { token_hash: hashForStorage(token) })
    void raw.reply.clearCookie(SESSION_COOKIE, { path: '/' })
  },
})

const getMe = route({
  operation_id: 'getMe', method: 'GET', url: '/v1/me', tag: 'identity', permission: 'signed_in', summary: 'Who I am and what I may do',
  reply: { status: 200, schema: Me },
  handle: async ({ caller }) => ({
    kind: caller.kind, id: caller.kind === 'user' ? ids.user.show(caller.id) : ids.api_key.show(caller.id), name: caller.name, permissions: [...caller.permissions].sort(),
    channel_ids: caller.channel_ids === undefined ? null : [...caller.channel_ids].map(ids.channel.show),
    location_ids: caller.location_ids === undefined ? null : [...caller.location_ids].map(ids.location.show),
  }),
})

export const sessionRoutes: Route[] = [postSession, deleteSession, getMe]
