import type { Queryable, Tx } from '../../platform/db.ts'
import type { Editable } from '../../platform/edit.ts'
import { arrayOf, rowsOf, sql, type Sql } from '../../platform/sql.ts'

/** A group with the codes of its members, sorted. */
export type GroupRow = Editable & { code: string; name: string; locations: string[] }

/** Of `location_groups g`. Members outside the scope do not exist for whoever asks; undefined is everywhere. */
export function groupColumns(scope: ReadonlySet<string> | undefined): Sql {
  const within = scope === undefined ? sql.empty : sql`and l.id = any(${arrayOf([...scope], 'uuid')})`
  return sql`
    g.id, g.code, g.name, g.version, g.field_versions,
    array(select l.code from location_group_members m join locations l on l.id = m.location_id where m.group_id = g.id ${within} order by l.code) as locations`
}

/** The condition under which somebody confined to these locations sees the group. */
export function groupsWithin(scope: ReadonlySet<string> | undefined): Sql {
  return scope === undefined ? sql`true` : sql`exists (select 1 from location_group_members m where m.group_id = g.id and m.location_id = any(${arrayOf([...scope], 'uuid')}))`
}

export function findGroup(db: Queryable, code: string, scope: ReadonlySet<string> | undefined): Promise<GroupRow | undefined> {
  return db.maybe(sql`select ${groupColumns(scope)} from location_groups g where g.code = ${code} and ${groupsWithin(scope)}`)
}

/** Locks the group, then reads it: a statement that waited for the lock would still see the members of before. */
export async function lockGroup(tx: Tx, code: string): Promise<GroupRow | undefined> {
  await tx.rows(sql`select id from location_groups where code = ${code} for no key update`)
  return findGroup(tx, code, undefined)
}

/** The ids of these groups by code; a code nobody knows is not in the map. */
export async function findGroupsByCode(db: Queryable, codes: readonly string[]): Promise<Map<string, string>> {
  const found = await db.rows<{ id: string; code: string }>(sql`select id, code from location_groups where code = any(${arrayOf(codes, 'text')})`)
  return new Map(found.map(({ id, code }) => [code, id]))
}

export async function insertGroup(tx: Tx, group: Pick<GroupRow, 'id' | 'code' | 'name'>): Promise<boolean> {
  return (await tx.run(sql`insert into location_groups (id, code, name) values (${group.id}, ${group.code}, ${group.name}) on conflict (code) do nothing`)) === 1
}

/** The codes that no location has. */
export async function unknownLocations(db: Queryable, codes: readonly string[]): Promise<string[]> {
  const known = await db.rows<{ code: string }>(sql`select code from locations where code = any(${arrayOf(codes, 'text')})`)
  const found = new Set(known.map(({ code }) => code))
  return codes.filter((code) => !found.has(code))
}

/** Adds and removes members by code. */
export async function changeMembers(tx: Tx, group_id: string, change: { added: readonly string[]; removed: readonly string[] }): Promise<void> {
  await tx.run(sql`
    delete from location_group_members m using locations l
    where m.group_id = ${group_id} and l.id = m.location_id and l.code = any(${arrayOf(change.removed, 'text')})`)
  await tx.run(sql`
    insert into location_group_members (group_id, location_id)
    select ${group_id}, l.id from ${rowsOf(change.added.map((code) => ({ code })), { code: 'text' })} join locations l on l.code = input.code order by l.code`)
}

/** Counts up the version for a change of members. */
export async function bumpMembers(tx: Tx, group_id: string): Promise<void> {
  await tx.run(sql`
    update location_groups set version = version + 1, field_versions = field_versions || jsonb_build_object('locations', version + 1) where id = ${group_id}`)
}

/** All groups with the codes of their members. */
export function listGroupMembers(db: Queryable): Promise<{ code: string; locations: string[] }[]> {
  return db.rows(sql`select g.code, array(select l.code from location_group_members m join locations l on l.id = m.location_id where m.group_id = g.id order by l.code) as locations from location_groups g order by g.code`)
}
