import { Type } from 'typebox'
import { ids } from '../../kernel/id-kinds.ts'
import { invalid, refuse } from '../../kernel/problem.ts'
import { containsPattern } from '../../kernel/search.ts'
import { isTimeZone } from '../../kernel/time.ts'
import type { Caller } from '../../platform/caller.ts'
import type { Database } from '../../platform/db.ts'
import { listQuery, pageOf, readPage, type ListSpec } from '../../platform/http/listing.ts'
import { route, type Route } from '../../platform/http/route.ts'
import { closed, Code, Email, Id, Instant, Nullable } from '../../platform/http/schemas.ts'
import { sql } from '../../platform/sql.ts'
import { createApiKey, hashForStorage, revokeApiKey } from './commands/api-keys.ts'
import { createUser } from './commands/create-user.ts'
import { saveRole } from './commands/save-role.ts'
import { updateUser } from './commands/update-user.ts'
import { confinedWithin, findUser, grantsOf, knownRoles, scopeCodes, usersWithin, type ScopeCodes, type UserRow } from './identity.db.ts'
import { hashPassword, newSecret } from './secrets.ts'

const RoleCode = Type.String({ pattern: '^[a-z][a-z0-9_]{1,62}$' })
const confinement = {
  channels: Type.Optional(Nullable(Type.Array(Code, { maxItems: 200, description: 'Codes of the only channels; left out means all of yours' }))),
  locations: Type.Optional(Nullable(Type.Array(Code, { maxItems: 1_000, description: 'Codes of the only locations; left out means all of yours' }))),
}
const Grant = Type.Object({ role: RoleCode, ...confinement }, closed)
const confinedTo = {
  channels: Nullable(Type.Array(Type.String(), { description: 'Codes of the only channels; null means all' })),
  locations: Nullable(Type.Array(Type.String(), { description: 'Codes of the only locations; null means all' })),
}
const Password = Type.String({ minLength: 10, maxLength: 200 })

const User = Type.Object({
  id: Type.String(), email: Type.String(), name: Type.String(), active: Type.Boolean(), locale: Type.String(), time_zone: Type.String(),
  roles: Type.Array(Type.Object({ role: Type.String(), ...confinedTo }, closed)), created_at: Type.String(), version: Type.Integer(),
}, closed)

const USERS: ListSpec = {
  id: ids.user, id_sql: 'u.id', default_sort: '-created_at',
  fields: {
    created_at: { sql: 'u.created_at', type: 'timestamptz', sortable: true },
    email: { sql: 'u.email', type: 'text', sortable: true },
    active: { sql: 'u.active', type: 'boolean' },
  },
  search: (q) => sql`(u.email ilike ${containsPattern(q)} or u.name ilike ${containsPattern(q)})`,
}

type UserListRow = Omit<UserRow, 'id' | 'password_hash' | 'field_versions'> & { cursor_id: string; cursor_value: string }

function viewUser(row: Omit<UserRow, 'password_hash' | 'field_versions'>, grants: Awaited<ReturnType<typeof grantsOf>>) {
  return {
    id: ids.user.show(row.id), email: row.email, name: row.name, active: row.active, locale: row.locale, time_zone: row.time_zone,
    roles: grants.filter(({ user_id }) => user_id === row.id).map(({ role_code, channels, locations }) => ({ role: role_code, channels, locations })),
    created_at: row.created_at.toISOString(), version: row.version,
  }
}

/** The user as it is now: commands answer ids alone. */
async function readUser(db: Database, caller: Caller, shownId: string) {
  const user = await findUser(db, caller, ids.user.parse(shownId)!)
  if (user === undefined) throw refuse('not_found', 'There is no such user.')
  return viewUser(user, await grantsOf(db, [user.id]))
}

const listUsers = route({
  operation_id: 'listUsers', method: 'GET', url: '/v1/users', tag: 'identity', permission: 'identity:manage', summary: 'List staff',
  description: 'Callers who are confined to some channels or locations see those who are confined to nothing else.',
  query: listQuery(USERS),
  reply: { status: 200, schema: pageOf(User) },
  handle: async ({ query, db, caller }) => {
    const page = await readPage<UserListRow>(db, USERS, query, (cursor) => sql`select ${cursor}, u.email, u.name, u.active, u.locale, u.time_zone, u.created_at, u.version from users u`, usersWithin(caller))
    const grants = await grantsOf(db, page.data.map(({ cursor_id }) => cursor_id))
    return { ...page, data: page.data.map((row) => viewUser({ ...row, id: row.cursor_id }, grants)) }
  },
})

const postUser = route({
  operation_id: 'createUser', method: 'POST', url: '/v1/users', tag: 'identity', permission: createUser.permission, summary: 'Add a member of staff',
  body: Type.Object({
    email: Email, name: Type.String({ minLength: 1, maxLength: 200 }), password: Password, roles: Type.Array(Grant, { minItems: 1, maxItems: 20 }),
    locale: Type.Optional(Type.String({ maxLength: 35 })), time_zone: Type.Optional(Type.String({ maxLength: 64 })),
  }, closed),
  reply: { status: 201, schema: User }, problems: ['already_exists'],
  handle: async ({ body, db, caller, run, etag }) => {
    const { password, ...rest } = body
    requireTimeZone(body.time_zone)
    const { id } = await run(createUser, { locale: 'en', time_zone: 'UTC', ...rest, password_hash: await hashPassword(password) })
    const user = await readUser(db, caller, id)
    etag(user.version)
    return user
  },
})

const UserParams = Type.Object({ user_id: Id(ids.user) }, closed)

const getUser = route({
  operation_id: 'getUser', method: 'GET', url: '/v1/users/:user_id', tag: 'identity', permission: 'identity:manage', summary: 'Show a member of staff',
  params: UserParams, reply: { status: 200, schema: User }, problems: ['not_found'],
  handle: async ({ params, db, caller, etag }) => {
    const user = await readUser(db, caller, params.user_id)
    etag(user.version)
    return user
  },
})

const patchUser = route({
  operation_id: 'updateUser', method: 'PATCH', url: '/v1/users/:user_id', tag: 'identity', permission: updateUser.permission, summary: 'Change a member of staff',
  params: UserParams,
  body: Type.Object({
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })), active: Type.Optional(Type.Boolean()), password: Type.Optional(Password),
    locale: Type.Optional(Type.String({ maxLength: 35 })), time_zone: Type.Optional(Type.String({ maxLength: 64 })), roles: Type.Optional(Type.Array(Grant, { minItems: 1, maxItems: 20 })),
  }, closed),
  reply: { status: 200, schema: User }, problems: ['not_found', 'stale_version'],
  handle: async ({ params, body, db, caller, seen_version, run, etag }) => {
    const { password, roles, ...patch } = body
    requireTimeZone(body.time_zone)
    await run(updateUser, {
      user_id: ids.user.parse(params.user_id)!, seen_version,
      patch: { ...patch, ...(password === undefined ? {} : { password_hash: await hashPassword(password) }) },
      ...(roles === undefined ? {} : { roles }),
    })
    const user = await readUser(db, caller, params.user_id)
    etag(user.version)
    return user
  },
})

function requireTimeZone(zone: string | undefined): void {
  if (zone !== undefined && !isTimeZone(zone)) throw invalid([{ pointer: '/time_zone', code: 'unknown_time_zone', detail: `"${zone}" is not a time zone such as Europe/London.` }])
}

const Role = Type.Object({ code: Type.String(), name: Type.String(), permissions: Type.Array(Type.String()), built_in: Type.Boolean() }, closed)

const listRoles = route({
  operation_id: 'listRoles', method: 'GET', url: '/v1/roles', tag: 'identity', permission: 'identity:manage', summary: 'List roles',
  reply: { status: 200, schema: Type.Object({ data: Type.Array(Role) }, closed) },
  handle: async ({ db }) => ({ data: await knownRoles(db) }),
})

function putRole(permissions: () => readonly string[]): Route {
  return route({
    operation_id: 'saveRole', method: 'PUT', url: '/v1/roles/:code', tag: 'identity', permission: saveRole.permission, summary: 'Add or change a role',
    params: Type.Object({ code: RoleCode }, closed),
    body: Type.Object({ name: Type.String({ minLength: 1, maxLength: 100 }), permissions: Type.Array(Type.String({ maxLength: 80 }), { maxItems: 200, uniqueItems: true }) }, closed),
    reply: { status: 200, schema: Role }, problems: ['role_built_in'],
    handle: async ({ params, body, run }) => run(saveRole, { code: params.code, ...body, known_permissions: permissions() }),
  })
}

const ApiKey = Type.Object({
  id: Type.String(), name: Type.String(), prefix: Type.String({ description: 'How the key begins' }), permissions: Type.Array(Type.String()), ...confinedTo,
  created_at: Type.String(), expires_at: Nullable(Type.String()), revoked_at: Nullable(Type.String()),
}, closed)

const KEYS: ListSpec = {
  id: ids.api_key, id_sql: 'k.id', default_sort: '-created_at',
  fields: { created_at: { sql: 'k.created_at', type: 'timestamptz', sortable: true } },
}

type KeyListRow = ScopeCodes & { cursor_id: string; cursor_value: string; name: string; prefix: string; permissions: string[]; created_at: Date; expires_at: Date | null; revoked_at: Date | null }

const listApiKeys = route({
  operation_id: 'listApiKeys', method: 'GET', url: '/v1/api-keys', tag: 'identity', permission: 'identity:keys', summary: 'List API keys',
  description: 'Callers who are confined to some channels or locations see the keys that are confined to nothing else.',
  query: listQuery(KEYS),
  reply: { status: 200, schema: pageOf(ApiKey) },
  handle: async ({ query, db, caller }) => {
    const page = await readPage<KeyListRow>(
      db, KEYS, query, (cursor) => sql`select ${cursor}, k.name, k.prefix, k.permissions, ${scopeCodes('k')}, k.created_at, k.expires_at, k.revoked_at from api_keys k`, confinedWithin(caller, 'k'),
    )
    return {
      ...page,
      data: page.data.map((row) => ({
        id: ids.api_key.show(row.cursor_id), name: row.name, prefix: row.prefix, permissions: row.permissions, channels: row.channels, locations: row.locations, created_at: row.created_at.toISOString(),
        expires_at: row.expires_at?.toISOString() ?? null, revoked_at: row.revoked_at?.toISOString() ?? null,
      })),
    }
  },
})

function postApiKey(permissions: () => readonly string[]): Route {
  return route({
    operation_id: 'createApiKey', method: 'POST', url: '/v1/api-keys', tag: 'identity', permission: createApiKey.permission, summary: 'Make an API key',
    description: 'The key is in the answer and nowhere else. It may do what it is given here, never more than its maker, and nowhere else.',
    body: Type.Object({
      name: Type.String({ minLength: 1, maxLength: 100 }), permissions: Type.Array(Type.String({ maxLength: 80 }), { minItems: 1, maxItems: 200, uniqueItems: true }),
      ...confinement, expires_at: Type.Optional(Instant),
    }, closed),
    reply: { status: 201, schema: Type.Object({ id: Type.String(), key: Type.String(), prefix: Type.String() }, closed) }, problems: ['key_shown_once'],
    handle: async ({ body, run }) => {
      const unknown = body.permissions.filter((permission) => permission !== '*' && !permissions().includes(permission))
      if (unknown.length > 0) throw invalid([{ pointer: '/permissions', code: 'unknown_permission', detail: `There is no permission ${unknown.join(', ')}.` }])
      const key = newSecret('swy')
      const prefix = key.slice(0, 10)
      const made = await run(createApiKey, { ...body, secret_hash: hashForStorage(key), prefix })
      if (made.prefix !== prefix) throw refuse('key_shown_once', `The key ${made.id} was made by the first request with this Idempotency-Key and shown in its answer.`, { key_id: made.id })
      return { id: made.id, key, prefix }
    },
  })
}

const deleteApiKey = route({
  operation_id: 'revokeApiKey', method: 'DELETE', url: '/v1/api-keys/:key_id', tag: 'identity', permission: revokeApiKey.permission, summary: 'Revoke an API key',
  params: Type.Object({ key_id: Id(ids.api_key) }, closed),
  reply: { status: 200, schema: Type.Object({ id: Type.String() }, closed) }, problems: ['not_found'],
  handle: async ({ params, run }) => run(revokeApiKey, { key_id: ids.api_key.parse(params.key_id)! }),
})

const listPermissions = (permissions: () => Readonly<Record<string, string>>): Route => route({
  operation_id: 'listPermissions', method: 'GET', url: '/v1/permissions', tag: 'identity', permission: 'identity:manage', summary: 'List every permission and what it allows',
  reply: { status: 200, schema: Type.Object({ data: Type.Array(Type.Object({ permission: Type.String(), allows: Type.String() }, closed)) }, closed) },
  handle: async () => ({ data: Object.entries(permissions()).map(([permission, allows]) => ({ permission, allows })) }),
})

/** `permissions` are those of all modules, known when the application is wired. */
export function identityRoutes(permissions: () => Readonly<Record<string, string>>): Route[] {
  const names = () => Object.keys(permissions())
  return [listUsers, postUser, getUser, patchUser, listRoles, putRole(names), listApiKeys, postApiKey(names), deleteApiKey, listPermissions(permissions)]
}

