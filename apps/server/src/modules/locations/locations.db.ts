import { addDays, type PlainDate } from '../../kernel/time.ts'
import type { Queryable, Tx } from '../../platform/db.ts'
import { arrayOf, rowsOf, sql, type Sql } from '../../platform/sql.ts'
import type { Location, LocationRow } from './location.ts'

const OWN_COLUMNS = sql.raw(`
  l.id, l.code, l.name, l.kind, l.address, l.country, l.latitude, l.longitude, l.time_zone, l.active, l.capabilities, l.priority, l.handling_cost,
  l.daily_capacity, l.cut_off, l.method_cut_offs, l.processing_days, l.processing_minutes, l.opening_hours, l.custom_fields, l.created_at, l.version, l.field_versions`)

/** Of `locations l`, as `LocationRow` has them. */
export const LOCATION_COLUMNS = sql`${OWN_COLUMNS},
  array(select m.group_id from location_group_members m join location_groups g on g.id = m.group_id where m.location_id = l.id order by g.code) as group_ids,
  array(select g.code from location_group_members m join location_groups g on g.id = m.group_id where m.location_id = l.id order by g.code) as groups`

/** How many days of closures `loadLocations` reads: longer than any order stays unreleased for want of a departure. */
const CLOSURE_DAYS = 60

type RowWithClosures = LocationRow & { closures: PlainDate[] }
const withSet = (row: RowWithClosures): Location => ({ ...row, closures: new Set(row.closures) })

/**
 * All active locations in the order of their codes, with the closures from the date on, for 60 days. One query. The date may
 * be today's in UTC: closures of the day before are there, too, for zones where it is still yesterday.
 */
export async function loadLocations(db: Queryable, from: PlainDate): Promise<Location[]> {
  // Groups and closures of all locations are put together once; a look-up for each location takes several times as long.
  const rows = await db.rows<RowWithClosures>(sql`
    select ${OWN_COLUMNS}, coalesce(g.group_ids, '{}') as group_ids, coalesce(g.groups, '{}') as groups, coalesce(c.closures, '{}') as closures
    from locations l
      left join (
        select m.location_id, array_agg(g.id order by g.code) as group_ids, array_agg(g.code order by g.code) as groups
        from location_group_members m join location_groups g on g.id = m.group_id group by m.location_id
      ) g on g.location_id = l.id
      left join (
        select location_id, array_agg(closed_on::text) as closures from location_closures
        where closed_on between ${addDays(from, -1)}::date and ${addDays(from, CLOSURE_DAYS)}::date group by location_id
      ) c on c.location_id = l.id
    where l.active order by l.code`)
  return rows.map(withSet)
}

async function readLocations(db: Queryable, where: Sql): Promise<Location[]> {
  const rows = await db.rows<RowWithClosures>(sql`
    select ${LOCATION_COLUMNS}, array(select c.closed_on::text from location_closures c where c.location_id = l.id) as closures
    from locations l where ${where} order by l.code`)
  return rows.map(withSet)
}

/** The locations of these codes, active or not, with all their closures. */
export async function findLocationsByCode(db: Queryable, codes: readonly string[]): Promise<Map<string, Location>> {
  const found = await readLocations(db, sql`l.code = any(${arrayOf(codes, 'text')})`)
  return new Map(found.map((location) => [location.code, location]))
}

/** The locations of these ids, active or not, with all their closures. */
export async function findLocations(db: Queryable, location_ids: readonly string[]): Promise<Map<string, Location>> {
  const found = await readLocations(db, sql`l.id = any(${arrayOf(location_ids, 'uuid')})`)
  return new Map(found.map((location) => [location.id, location]))
}

export function findLocation(db: Queryable, code: string): Promise<LocationRow | undefined> {
  return db.maybe(sql`select ${LOCATION_COLUMNS} from locations l where l.code = ${code}`)
}

/** `no key update`: rows that refer to the location are written meanwhile. */
export function lockLocation(tx: Tx, code: string): Promise<LocationRow | undefined> {
  return tx.maybe(sql`select ${LOCATION_COLUMNS} from locations l where l.code = ${code} for no key update of l`)
}

export async function insertLocation(tx: Tx, location: Omit<LocationRow, 'version' | 'field_versions' | 'group_ids' | 'groups'>): Promise<boolean> {
  const inserted = await tx.run(sql`
    insert into locations (id, code, name, kind, address, country, latitude, longitude, time_zone, active, capabilities, priority, handling_cost,
      daily_capacity, cut_off, method_cut_offs, processing_days, processing_minutes, opening_hours, custom_fields, created_at)
    values (${location.id}, ${location.code}, ${location.name}, ${location.kind}, ${JSON.stringify(location.address)}, ${location.country}, ${location.latitude},
      ${location.longitude}, ${location.time_zone}, ${location.active}, ${[...location.capabilities]}::text[], ${location.priority}, ${location.handling_cost},
      ${location.daily_capacity}, ${location.cut_off}, ${JSON.stringify(location.method_cut_offs)}, ${location.processing_days}, ${location.processing_minutes}, ${JSON.stringify(location.opening_hours)}, ${JSON.stringify(location.custom_fields)}, ${location.created_at})
    on conflict (code) do nothing`)
  return inserted === 1
}

/** The columns that `applyPatch` may write. */
export const EDITABLE = {
  name: 'text', kind: 'text', address: 'jsonb', country: 'text', latitude: 'float8', longitude: 'float8', time_zone: 'text', active: 'boolean', capabilities: 'text[]',
  priority: 'int', handling_cost: 'bigint', daily_capacity: 'int', cut_off: 'text', method_cut_offs: 'jsonb', processing_days: 'int', processing_minutes: 'int', opening_hours: 'jsonb', custom_fields: 'jsonb',
}

export type Closure = { closed_on: PlainDate; reason: string }

export function closuresOf(db: Queryable, location_id: string): Promise<Closure[]> {
  return db.rows(sql`select closed_on, reason from location_closures where location_id = ${location_id} order by closed_on`)
}

/** Makes these the location's closures and counts up its version. The caller holds the location's lock. */
export async function writeClosures(tx: Tx, location_id: string, closures: readonly Closure[]): Promise<void> {
  await tx.run(sql`delete from location_closures where location_id = ${location_id}`)
  await tx.run(sql`
    insert into location_closures (location_id, closed_on, reason)
    select ${location_id}, closed_on, reason from ${rowsOf(closures, { closed_on: 'date', reason: 'text' })}`)
  await tx.run(sql`
    update locations set version = version + 1, field_versions = field_versions || jsonb_build_object('closures', version + 1) where id = ${location_id}`)
}

/** The codes of all locations, active or not. */
export async function listLocationCodes(db: Queryable): Promise<string[]> {
  return (await db.rows<{ code: string }>(sql`select code from locations order by code`)).map(({ code }) => code)
}
