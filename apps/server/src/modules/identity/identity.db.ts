import type { Caller } from '../../platform/caller.ts'
import type { Queryable, Tx } from '../../platform/db.ts'
import { rowsOf, sql } from '../../platform/sql.ts'

export type UserRow = {
  id: string; email: string; name: string; password_hash: string | null; active: boolean; locale: string; time_zone: string
  created_at: Date; version: number; field_versions: Record<string, number>
}
export type RoleGrant = { role_code: string; channel_ids: string[] | null; location_ids: string[] | null }
export type KeyRow = {
  id: string; name: string; prefix: string; permissions: string[]; channel_ids: string[] | null; location_ids: string[] | null
  created_at: Date; expires_at: Date | null; revoked_at: Date | null
}

const USER_COLUMNS = sql.raw('id, email, name, password_hash, active, locale, time_zone, created_at, version, field_versions')

export function findUser(db: Queryable, id: string): Promise<UserRow | undefined> {
  return db.maybe(sql`select ${USER_COLUMNS} from users where id = ${id}`)
}

export function findUserByEmail(db: Queryable, email: string): Promise<UserRow | undefined> {
  return db.maybe(sql`select ${USER_COLUMNS} from users where lower(email) = lower(${email})`)
}

export function lockUser(tx: Tx, id: string): Promise<UserRow | undefined> {
  return tx.maybe(sql`select ${USER_COLUMNS} from users where id = ${id} for update`)
}

export function grantsOf(db: Queryable, userIds: readonly string[]): Promise<(RoleGrant & { user_id: string })[]> {
  return db.rows(sql`select user_id, role_code, channel_ids, location_ids from user_roles where user_id = any(${[...userIds]}::uuid[]) order by role_code`)
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

export function knownRoles(db: Queryable): Promise<{ code: string; name: string; permissions: string[]; built_in: boolean }[]> {
  return db.rows(sql`select code, name, permissions, built_in from roles order by built_in desc, code`)
}

/** Inserts a role or brings it up to date; a built-in one is never turned into a custom one. */
export async function saveRole(tx: Queryable, role: { code: string; name: string; permissions: readonly string[]; built_in: boolean }): Promise<void> {
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

export async function revokeKey(tx: Tx, id: string, at: Date): Promise<boolean> {
  return (await tx.run(sql`update api_keys set revoked_at = ${at} where id = ${id} and revoked_at is null`)) === 1
}

/** The ids of the codes given, or the codes nobody knows. Roles and keys name channels and locations by code. */
export async function resolveCodes(db: Queryable, table: 'channels' | 'locations', codes: readonly string[]): Promise<{ ids: string[]; unknown: string[] }> {
  const found = await db.rows<{ id: string; code: string }>(sql`
    select t.id, t.code from ${sql.raw(table)} t join ${rowsOf(codes.map((code) => ({ code })), { code: 'text' })} on input.code = t.code`)
  const known = new Set(found.map(({ code }) => code))
  return { ids: found.map(({ id }) => id), unknown: codes.filter((code) => !known.has(code)) }
}
