import type { Caller } from '../../platform/caller.ts'
import type { Queryable, Tx } from '../../platform/db.ts'
import { arrayOf, sql, type Sql } from '../../platform/sql.ts'

export type UserRow = {
  id: string; email: string; name: string; password_hash: string | null; active: boolean; locale: string; time_zone: string
  created_at: Date; version: number; field_versions: Record<string, number>
}
/** The only channels and locations; null means all. */
export type Scope = { channel_ids: string[] | null; location_ids: string[] | null }
/** The same by their codes. */
export type ScopeCodes = { channels: string[] | null; locations: string[] | null }
export type RoleGrant = Scope & { role_code: string }
export type RoleRow = { code: string; name: string; permissions: string[]; built_in: boolean }
export type KeyRow = Scope & { id: string; name: string; prefix: string; permissions: string[]; created_at: Date; expires_at: Date | null; revoked_at: Date | null }

const USER_COLUMNS = sql.raw('id, email, name, password_hash, active, locale, time_zone, created_at, version, field_versions')

/** The user, unless something it may reaches beyond the caller's channels and locations. */
export function findUser(db: Queryable, caller: Caller, id: string): Promise<UserRow | undefined> {
  return db.maybe(sql`select ${USER_COLUMNS} from users u where ${sql.join([sql`u.id = ${id}`, ...usersWithin(caller)], ' and ')}`)
}

export function findUserByEmail(db: Queryable, email: string): Promise<UserRow | undefined> {
  return db.maybe(sql`select ${USER_COLUMNS} from users where lower(email) = lower(${email})`)
}

/** The same, locked. */
export function lockUser(tx: Tx, caller: Caller, id: string): Promise<UserRow | undefined> {
  return tx.maybe(sql`select ${USER_COLUMNS} from users u where ${sql.join([sql`u.id = ${id}`, ...usersWithin(caller)], ' and ')} for update`)
}

export function grantsOf(db: Queryable, userIds: readonly string[]): Promise<(RoleGrant & ScopeCodes & { user_id: string; permissions: string[] })[]> {
  return db.rows(sql`
    select g.user_id, g.role_code, g.channel_ids, g.location_ids, ${scopeCodes('g')}, r.permissions
    from user_roles g join roles r on r.code = g.role_code where g.user_id = any(${arrayOf(userIds, 'uuid')}) order by g.role_code`)
}

export async function insertUser(tx: Tx, user: Pick<UserRow, 'id' | 'email' | 'name' | 'password_hash' | 'locale' | 'time_zone' | 'created_at'>): Promise<boolean> {
  const inserted = await tx.run(sql`
    insert into users (id, email, name, password_hash, locale, time_zone, created_at)
    values (${user.id}, ${user.email}, ${user.name}, ${user.password_hash}, ${user.locale}, ${user.time_zone}, ${user.created_at})
    on conflict do nothing`)
  return inserted === 1
}

export async function replaceGrants(tx: Tx, userId: string, grants: readonly RoleGrant[]): Promise<void> {
  await tx.run(sql`delete from user_roles where user_id = ${userId}`)
  for (const grant of grants) {
    await tx.run(sql`
      insert into user_roles (user_id, role_code, channel_ids, location_ids)
      values (${userId}, ${grant.role_code}, ${grant.channel_ids}::uuid[], ${grant.location_ids}::uuid[])`)
  }
}

/** Counts the change of a locked user's roles as an edit of the user. */
export async function touchRoles(tx: Tx, userId: string): Promise<void> {
  await tx.run(sql`update users set version = version + 1, field_versions = field_versions || jsonb_build_object('roles', version + 1) where id = ${userId}`)
}

export function knownRoles(db: Queryable): Promise<RoleRow[]> {
  return db.rows(sql`select code, name, permissions, built_in from roles order by built_in desc, code`)
}

export function lockRole(tx: Tx, code: string): Promise<RoleRow | undefined> {
  return tx.maybe(sql`select code, name, permissions, built_in from roles where code = ${code} for update`)
}

/** Inserts a role or brings it up to date; a built-in one is never turned into a custom one. */
export async function saveRole(tx: Queryable, role: Omit<RoleRow, 'permissions'> & { permissions: readonly string[] }): Promise<void> {
  await tx.run(sql`
    insert into roles (code, name, permissions, built_in) values (${role.code}, ${role.name}, ${[...role.permissions]}::text[], ${role.built_in})
    on conflict (code) do update set name = excluded.name, permissions = excluded.permissions, version = roles.version + 1
    where roles.built_in = excluded.built_in and (roles.name, roles.permissions) is distinct from (excluded.name, excluded.permissions)`)
}

export async function insertSession(tx: Tx, session: { id: string; user_id: string; token_hash: Buffer; created_at: Date; expires_at: Date }): Promise<void> {
  await tx.run(sql`
    insert into sessions (id, user_id, token_hash, created_at, expires_at)
    values (${session.id}, ${session.user_id}, ${session.token_hash}, ${session.created_at}, ${session.expires_at})`)
}

export async function endSessions(tx: Tx, where: { token_hash?: Buffer; user_id?: string }, at: Date): Promise<void> {
  if (where.token_hash !== undefined) await tx.run(sql`update sessions set ended_at = ${at} where token_hash = ${where.token_hash} and ended_at is null`)
  if (where.user_id !== undefined) await tx.run(sql`update sessions set ended_at = ${at} where user_id = ${where.user_id} and ended_at is null`)
}

/** The active user of a live session, with all that the roles allow. */
export async function callerOfSession(db: Queryable, tokenHash: Buffer, now: Date): Promise<Caller | undefined> {
  const rows = await db.rows<{ id: string; name: string; permissions: string[]; channel_ids: string[] | null; location_ids: string[] | null }>(sql`
    select u.id, u.name, r.permissions, ur.channel_ids, ur.location_ids
    from sessions s join users u on u.id = s.user_id
      left join user_roles ur on ur.user_id = u.id left join roles r on r.code = ur.role_code
    where s.token_hash = ${tokenHash} and s.ended_at is null and s.expires_at > ${now} and u.active`)
  const first = rows[0]
  if (first === undefined) return undefined
  return {
    kind: 'user',
    id: first.id,
    name: first.name,
    permissions: new Set(rows.flatMap((row) => row.permissions ?? [])),
    channel_ids: union(rows.map((row) => row.channel_ids)),
    location_ids: union(rows.map((row) => row.location_ids)),
  }
}

/** Confinements of several roles add up; one role without confinement lifts it. */
function union(lists: readonly (string[] | null)[]): Set<string> | undefined {
  return lists.some((list) => list === null) ? undefined : new Set(lists.flatMap((list) => list ?? []))
}

export async function callerOfKey(db: Queryable, keyHash: Buffer, now: Date): Promise<Caller | undefined> {
  const key = await db.maybe<KeyRow>(sql`
    select id, name, permissions, channel_ids, location_ids from api_keys
    where key_hash = ${keyHash} and revoked_at is null and (expires_at is null or expires_at > ${now})`)
  if (key === undefined) return undefined
  return {
    kind: 'api_key', id: key.id, name: key.name, permissions: new Set(key.permissions),
    channel_ids: key.channel_ids === null ? undefined : new Set(key.channel_ids),
    location_ids: key.location_ids === null ? undefined : new Set(key.location_ids),
  }
}

export async function insertKey(tx: Tx, key: Omit<KeyRow, 'revoked_at'> & { key_hash: Buffer; created_by: string }): Promise<void> {
  await tx.run(sql`
    insert into api_keys (id, name, prefix, key_hash, permissions, channel_ids, location_ids, created_at, created_by, expires_at)
    values (${key.id}, ${key.name}, ${key.prefix}, ${key.key_hash}, ${key.permissions}::text[], ${key.channel_ids}::uuid[], ${key.location_ids}::uuid[],
      ${key.created_at}, ${key.created_by}, ${key.expires_at})`)
}

/** The key, locked, unless it is revoked already or reaches beyond the caller's channels and locations. */
export function lockKey(tx: Tx, caller: Caller, id: string): Promise<Pick<KeyRow, 'id' | 'permissions' | 'channel_ids' | 'location_ids'> | undefined> {
  const where = sql.join([sql`k.id = ${id}`, sql`k.revoked_at is null`, ...confinedWithin(caller, 'k')], ' and ')
  return tx.maybe(sql`select k.id, k.permissions, k.channel_ids, k.location_ids from api_keys k where ${where} for update`)
}

/** Revokes a locked key. */
export async function revokeKey(tx: Tx, id: string, at: Date): Promise<void> {
  await tx.run(sql`update api_keys set revoked_at = ${at} where id = ${id}`)
}

/** The columns that name what keys `k` or grants `g` are confined to, as `ScopeCodes`. */
export function scopeCodes(table: 'k' | 'g'): Sql {
  return sql.raw(['channels', 'locations'].map((kind) => {
    const ids = `${table}.${kind.slice(0, -1)}_ids`
    return `case when ${ids} is not null then array(select code from ${kind} where id = any(${ids}) order by code) end as ${kind}`
  }).join(', '))
}

/** What a caller sees of keys `k` or grants `g`: those confined to channels and locations of its own. A null is confined to nothing. */
export function confinedWithin(caller: Caller, table: 'k' | 'g'): Sql[] {
  const within = (column: string, ids: ReadonlySet<string> | undefined): Sql[] => (ids === undefined ? [] : [sql`coalesce(${sql.raw(`${table}.${column}`)} <@ ${arrayOf([...ids], 'uuid')}, false)`])
  return [...within('channel_ids', caller.channel_ids), ...within('location_ids', caller.location_ids)]
}

/** The condition on users `u` under which they exist for the caller: all that they may is confined to what the caller is. */
export function usersWithin(caller: Caller): Sql[] {
  const within = confinedWithin(caller, 'g')
  return within.length === 0 ? [] : [sql`not exists (select from user_roles g where g.user_id = u.id and not (${sql.join(within, ' and ')}))`]
}

/** The ids of the codes that exist. Roles and keys name channels and locations by code. */
export async function idsByCode(db: Queryable, table: 'channels' | 'locations', codes: readonly string[]): Promise<Map<string, string>> {
  const found = await db.rows<{ id: string; code: string }>(sql`select id, code from ${sql.raw(table)} where code = any(${arrayOf(codes, 'text')})`)
  return new Map(found.map(({ id, code }) => [code, id]))
}
