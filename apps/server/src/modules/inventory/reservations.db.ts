import { assert } from '../../kernel/assert.ts'
import { groupByKey } from '../../kernel/quantity.ts'
import type { Caller } from '../../platform/caller.ts'
import type { Queryable, Tx } from '../../platform/db.ts'
import { scopeConditions } from '../../platform/scope.ts'
import { arrayOf, rowsOf, sql, type Sql } from '../../platform/sql.ts'
import type { UnitsAt } from './reservation-plan.ts'
import type { ReservationStatus } from './reservation.ts'

export type ReservationRow = {
  id: string; channel_id: string; status: ReservationStatus; reference: string | null
  expires_at: Date; created_at: Date; ended_at: Date | null; order_id: string | null
}

/** Units of a reservation at one location, with the names that callers know. */
export type ReservedUnits = UnitsAt & { sku: string; location: string }

/** Of `reservations r`. */
export const RESERVATION_COLUMNS = sql.raw('r.id, r.channel_id, r.status, r.reference, r.expires_at, r.created_at, r.ended_at, r.order_id')

/** Locations that may serve a channel: active ones that hand goods out, in the channel's groups where it has any. */
export function servingChannel(channelId: Sql): Sql {
  return sql`
    l.active and l.capabilities && '{ship,pickup}'
    and (not exists (select from channel_location_groups c where c.channel_id = ${channelId})
      or exists (select from channel_location_groups c join location_group_members m on m.group_id = c.group_id where c.channel_id = ${channelId} and m.location_id = l.id))`
}

export type EligibleLocation = { channel_id: string; location_id: string; code: string }

export function readEligibleLocations(db: Queryable, channel_ids: readonly string[]): Promise<EligibleLocation[]> {
  return db.rows(sql`
    select input.channel_id, l.id as location_id, l.code
    from ${rowsOf(channel_ids.map((channel_id) => ({ channel_id })), { channel_id: 'uuid' })} cross join locations l
    where ${servingChannel(sql.raw('input.channel_id'))}`)
}

export async function insertReservations(tx: Tx, rows: readonly Pick<ReservationRow, 'id' | 'channel_id' | 'reference' | 'expires_at' | 'created_at'>[], units: readonly (UnitsAt & { reservation_id: string })[]): Promise<void> {
  await tx.run(sql`
    with made as (
      insert into reservations (id, channel_id, status, reference, expires_at, created_at)
      select id, channel_id, 'active', reference, expires_at, created_at
      from ${rowsOf(rows, { id: 'uuid', channel_id: 'uuid', reference: 'text', expires_at: 'timestamptz', created_at: 'timestamptz' })}
    )
    insert into reservation_lines (reservation_id, variant_id, location_id, quantity)
    select reservation_id, variant_id, location_id, quantity
    from ${rowsOf(units, { reservation_id: 'uuid', variant_id: 'uuid', location_id: 'uuid', quantity: 'int' })}`)
}

export type LockedReservation = ReservationRow & { channel: string; reservation_minutes: number; location_ids: string[] }

const LOCKED_COLUMNS = sql`${RESERVATION_COLUMNS}, c.code as channel, c.reservation_minutes,
  array(select rl.location_id from reservation_lines rl where rl.reservation_id = r.id) as location_ids`

/** Locks reservations in id order: whoever ends or extends one does it alone. */
export async function lockReservationRows(tx: Tx, reservation_ids: readonly string[]): Promise<Map<string, LockedReservation>> {
  const rows = await tx.rows<LockedReservation>(sql`
    select ${LOCKED_COLUMNS}
    from reservations r join channels c on c.id = r.channel_id
    where r.id = any(${arrayOf([...new Set(reservation_ids)], 'uuid')}) order by r.id for no key update of r`)
  return new Map(rows.map((row) => [row.id, row]))
}

/** Locks some of the reservations whose time is over, passing by those that somebody is dealing with. */
export async function lockExpired(tx: Tx, now: Date, limit: number): Promise<LockedReservation[]> {
  return tx.rows(sql`
    select ${LOCKED_COLUMNS}
    from reservations r join channels c on c.id = r.channel_id
    where r.status = 'active' and r.expires_at <= ${now} order by r.expires_at, r.id limit ${limit} for no key update of r skip locked`)
}

/** When the next active reservation expires, with the database's clock; null where none is active. */
export function nextExpiry(db: Queryable): Promise<{ now: Date; expires_at: Date | null }> {
  return db.one(sql`select date_trunc('milliseconds', clock_timestamp()) as now, (select min(expires_at) from reservations where status = 'active') as expires_at`)
}

/** The units of each of these reservations, at all locations or at those given. */
export async function readReservedUnits(db: Queryable, reservation_ids: readonly string[], within?: ReadonlySet<string>): Promise<Map<string, ReservedUnits[]>> {
  const rows = await db.rows<ReservedUnits & { reservation_id: string }>(sql`
    select rl.reservation_id, rl.variant_id, rl.location_id, rl.quantity, v.sku, l.code as location
    from reservation_lines rl join variants v on v.id = rl.variant_id join locations l on l.id = rl.location_id
    where rl.reservation_id = any(${arrayOf(reservation_ids, 'uuid')}) ${within === undefined ? sql.empty : sql`and rl.location_id = any(${arrayOf([...within], 'uuid')})`}
    order by v.sku, l.code`)
  return groupByKey(rows, (row) => row.reservation_id)
}

type Ending = { id: string; status: Exclude<ReservationStatus, 'active'>; at: Date; order_id: string | null }

/** Ends reservations that the caller has locked and found active. */
export async function writeEndings(tx: Tx, endings: readonly Ending[]): Promise<void> {
  if (endings.length === 0) return
  const ended = await tx.run(sql`
    update reservations r set status = input.status, ended_at = input.at, order_id = input.order_id
    from ${rowsOf(endings, { id: 'uuid', status: 'text', at: 'timestamptz', order_id: 'uuid' })}
    where r.id = input.id and r.status = 'active'`)
  assert(ended === endings.length, 'a locked active reservation ends once')
}

/** Gives locked active reservations more time. */
export async function writeExpiries(tx: Tx, rows: readonly Pick<ReservationRow, 'id' | 'expires_at'>[]): Promise<void> {
  if (rows.length === 0) return
  const extended = await tx.run(sql`
    update reservations r set expires_at = input.expires_at from ${rowsOf(rows, { id: 'uuid', expires_at: 'timestamptz' })}
    where r.id = input.id and r.status = 'active'`)
  assert(extended === rows.length, 'a locked active reservation is extended')
}

/** The reservations a caller may see: of its channels, and with units at its locations. */
export function reservationsInScope(caller: Caller): Sql[] {
  const conditions = scopeConditions(caller, { channel_id: sql`r.channel_id` })
  if (caller.location_ids !== undefined) conditions.push(sql`exists (select from reservation_lines rl where rl.reservation_id = r.id and rl.location_id = any(${arrayOf([...caller.location_ids], 'uuid')}))`)
  return conditions
}
