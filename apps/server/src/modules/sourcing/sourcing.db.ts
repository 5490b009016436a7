import type { PlainDate } from '../../kernel/time.ts'
import type { Queryable, Tx } from '../../platform/db.ts'
import { arrayOf, rowsOf, sql, type Sql } from '../../platform/sql.ts'
import { inUse } from './strategies.db.ts'

/** For statements that read the stamp beside something else. The strategy is part of it: another one may begin without a change. */
export function stampAt(now: Date | Sql): Sql {
  return sql`((select oid from pg_database where datname = current_database()) || '.' || (select last_value from setting_changes) || '.' || coalesce((${inUse(now)})::text, ''))`
}

export type AllocationRow = { order_line_id: string; location_id: string; order_id: string; variant_id: string; quantity: number; released: number }

/** Of `allocations a`. */
export const CLAIM_COLUMNS = sql.raw('a.order_line_id, a.location_id, a.order_id, a.variant_id, a.quantity, a.released')

/** Adds to claims; units of a line at one location are one claim. The caller holds the orders and the stock levels. */
export async function addClaims(tx: Tx, claims: readonly Omit<AllocationRow, 'released'>[]): Promise<void> {
  if (claims.length === 0) return
  await tx.run(sql`
    insert into allocations (order_line_id, location_id, order_id, variant_id, quantity)
    select order_line_id, location_id, order_id, variant_id, quantity
    from ${rowsOf(claims, { order_line_id: 'uuid', location_id: 'uuid', order_id: 'uuid', variant_id: 'uuid', quantity: 'int' })}
    on conflict (order_line_id, location_id) do update set quantity = allocations.quantity + excluded.quantity`)
}

/** The claims of these lines, locked in key order. */
export function lockClaims(tx: Tx, orderLineIds: readonly string[]): Promise<AllocationRow[]> {
  return tx.rows(sql`
    select ${CLAIM_COLUMNS} from allocations a where a.order_line_id = any(${arrayOf(orderLineIds, 'uuid')}) order by a.order_line_id, a.location_id for update`)
}

/** Shrinks claims by these units; a claim without units is gone. `released` of them were being worked on. */
export async function shrinkClaims(tx: Tx, units: readonly { order_line_id: string; location_id: string; quantity: number; released: number }[]): Promise<void> {
  if (units.length === 0) return
  const columns = { order_line_id: 'uuid', location_id: 'uuid', quantity: 'int', released: 'int' } as const
  await tx.run(sql`
    with input as (select order_line_id, location_id, quantity, released from ${rowsOf(units, columns)}),
    ended as (
      delete from allocations a using input i
      where a.order_line_id = i.order_line_id and a.location_id = i.location_id and a.quantity = i.quantity
    )
    update allocations a set quantity = a.quantity - i.quantity, released = a.released - i.released
    from input i where a.order_line_id = i.order_line_id and a.location_id = i.location_id and a.quantity > i.quantity`)
}

/** Marks every claim of these orders as worked on and answers what was not before. */
export function releaseAllClaims(tx: Tx, orderIds: readonly string[]): Promise<Omit<AllocationRow, 'released'>[]> {
  return tx.rows(sql`
    with due as (
      select order_line_id, location_id, quantity - released as newly from allocations
      where order_id = any(${arrayOf(orderIds, 'uuid')}) and released < quantity order by order_line_id, location_id for update
    )
    update allocations a set released = a.quantity from due
    where a.order_line_id = due.order_line_id and a.location_id = due.location_id
    returning a.order_line_id, a.location_id, a.order_id, a.variant_id, due.newly as quantity`)
}

/** Ends all claims of these orders and answers what they were. */
export function deleteClaims(tx: Tx, orderIds: readonly string[]): Promise<Omit<AllocationRow, 'released'>[]> {
  return tx.rows(sql`delete from allocations where order_id = any(${arrayOf(orderIds, 'uuid')}) returning order_line_id, location_id, order_id, variant_id, quantity`)
}

export function claimsOfOrders(db: Queryable, orderIds: readonly string[]): Promise<AllocationRow[]> {
  return db.rows(sql`select ${CLAIM_COLUMNS} from allocations a where a.order_id = any(${arrayOf(orderIds, 'uuid')}) order by a.order_line_id, a.location_id`)
}

/** Locations that gave units of these lines back; re-sourcing leaves them out. */
export function rejectedLocations(db: Queryable, orderLineIds: readonly string[]): Promise<{ order_line_id: string; location_id: string }[]> {
  return db.rows(sql`
    select distinct r.order_line_id, f.location_id from fulfillment_rejections r join fulfillment_orders f on f.id = r.fulfillment_order_id
    where r.order_line_id = any(${arrayOf(orderLineIds, 'uuid')})`)
}

/** Locations that have claims of these orders. */
export function servingLocations(db: Queryable, orderIds: readonly string[]): Promise<{ order_id: string; location_id: string }[]> {
  return db.rows(sql`select distinct order_id, location_id from allocations where order_id = any(${arrayOf(orderIds, 'uuid')})`)
}

/** Orders with backordered units that some location could give by now, the longest waiting first. */
export function fillableBackorders(db: Queryable, limit: number): Promise<{ order_id: string }[]> {
  return db.rows(sql`
    select o.id as order_id from orders o
    where o.status = 'placed' and o.units_backordered > 0 and exists (
      select from order_lines l join stock_levels s on s.variant_id = l.variant_id
      where l.order_id = o.id and l.backordered > 0 and s.available > s.safety_stock)
    order by o.placed_at, o.id limit ${limit}`)
}

/** All locations, also those that are no longer active. */
export function nameLocations(db: Queryable): Promise<{ code: string; name: string }[]> {
  return db.rows(sql`select code, name from locations`)
}

/** A text that is another one when somebody waits for something else, or when something else is on its way. */
export async function supplySignature(db: Queryable, now: Date): Promise<string> {
  const { signature } = await db.one<{ signature: string }>(sql`
    select (select count(*) || '.' || coalesce(sum(hashtextextended(id::text || backordered, 0)::numeric), 0) from order_lines where backordered > 0) || '/' ||
      (select count(*) || '.' || coalesce(sum(hashtextextended(id::text || expected_on || (quantity - received), 0)::numeric), 0) from inbound_supplies where status = 'expected') || '/' || ${stampAt(now)} as signature`)
  return signature
}

export async function variantsWaitedFor(db: Queryable): Promise<string[]> {
  return (await db.rows<{ variant_id: string }>(sql`select distinct variant_id from order_lines where backordered > 0 order by variant_id`)).map(({ variant_id }) => variant_id)
}

/** A text that is another one when a setting has changed, and in another database. */
export async function readStamp(db: Queryable, now: Date): Promise<string> {
  const { stamp } = await db.one<{ stamp: string }>(sql`select ${stampAt(now)} as stamp`)
  return stamp
}

/** Orders that locations with a daily limit have taken on their local day. */
export async function readLoads(db: Queryable, days: readonly { location_id: string; day: PlainDate }[]): Promise<Map<string, number>> {
  if (days.length === 0) return new Map()
  const rows = await db.rows<{ location_id: string; orders: number }>(sql`
    select l.location_id, l.orders from ${rowsOf(days, { location_id: 'uuid', day: 'date' })} join location_loads l on l.location_id = input.location_id and l.day = input.day`)
  return new Map(rows.map(({ location_id, orders }) => [location_id, orders]))
}

/** The same, locked, so that no two batches give out the same place. */
export async function lockLoads(tx: Tx, days: readonly { location_id: string; day: PlainDate }[]): Promise<Map<string, number>> {
  if (days.length === 0) return new Map()
  const input = { location_id: 'uuid', day: 'date' } as const
  await tx.run(sql`insert into location_loads (location_id, day, orders) select location_id, day, 0 from ${rowsOf(days, input)} order by location_id on conflict do nothing`)
  const rows = await tx.rows<{ location_id: string; orders: number }>(sql`
    select location_id, orders from location_loads where (location_id, day) in (select location_id, day from ${rowsOf(days, input)}) order by location_id for update`)
  return new Map(rows.map(({ location_id, orders }) => [location_id, orders]))
}

/** Counts orders against the limits of their locations; false where one has no room for them any more. */
export async function addLoads(tx: Tx, loads: readonly { location_id: string; day: PlainDate; orders: number; capacity: number }[]): Promise<boolean> {
  if (loads.length === 0) return true
  const added = await tx.run(sql`
    insert into location_loads as l (location_id, day, orders)
    select location_id, day, orders from ${rowsOf(loads, { location_id: 'uuid', day: 'date', orders: 'int', capacity: 'int' })} where orders <= capacity order by location_id
    on conflict (location_id, day) do update set orders = l.orders + excluded.orders
      where l.orders + excluded.orders <= (select input.capacity from ${rowsOf(loads, { location_id: 'uuid', capacity: 'int' })} where input.location_id = l.location_id)`)
  return added === loads.length
}

/** Which of these orders' customers have ordered before. */
export async function earlierOrders(db: Queryable, orders: readonly { order_id: string; customer_id: string }[]): Promise<Set<string>> {
  if (orders.length === 0) return new Set()
  // Ids are made in the order of time.
  const rows = await db.rows<{ order_id: string }>(sql`
    select input.order_id from ${rowsOf(orders, { order_id: 'uuid', customer_id: 'uuid' })}
    where exists (select from orders o where o.customer_id = input.customer_id and o.id < input.order_id)`)
  return new Set(rows.map(({ order_id }) => order_id))
}
