import { groupByKey } from '../../kernel/quantity.ts'
import type { Queryable, Tx } from '../../platform/db.ts'
import { arrayOf, rowsOf, sql } from '../../platform/sql.ts'
import type { GivenBack, LineCounters, WorkLine, WorkOrder } from './work.ts'

type Row = Omit<WorkOrder, 'lines' | 'on_hold'>
type LineRow = WorkLine & { fulfillment_order_id: string }

/** Of `fulfillment_orders f`. */
const COLUMNS = sql.raw(`f.id, f.number, f.order_id, f.channel_id, f.location_id, f.kind, f.status, f.assigned_to, f.due_at, f.pickup_code, f.ready_until, f.created_at, f.accepted_at, f.packed_at,
  f.closed_at, f.version`)

/** Only missing stock does not stop the work on units that are there. */
const ON_HOLD = sql.raw(`exists (select from order_holds h where h.order_id = f.order_id and h.released_at is null and h.type <> 'out_of_stock') as on_hold`)

export function ordersOf(db: Queryable, ids: readonly string[]): Promise<{ id: string; order_id: string }[]> {
  return db.rows(sql`select id, order_id from fulfillment_orders where id = any(${arrayOf(ids, 'uuid')})`)
}

export function workOfOrder(db: Queryable, orderId: string): Promise<{ id: string }[]> {
  return db.rows(sql`select id from fulfillment_orders where order_id = ${orderId} and status in ('open', 'accepted', 'picking', 'packed', 'ready_for_pickup') order by id`)
}

export function findFulfillmentOrderByNumber(db: Queryable, number: string): Promise<{ id: string } | undefined> {
  return db.maybe(sql`select id from fulfillment_orders where number = ${number}`)
}

/** The fulfillment orders with their lines, locked in id order. The caller holds the orders. */
export async function lockFulfillmentOrders(tx: Tx, ids: readonly string[]): Promise<WorkOrder[]> {
  const rows = await tx.rows<Row>(sql`select ${COLUMNS} from fulfillment_orders f where f.id = any(${arrayOf(ids, 'uuid')}) order by f.id for update`)
  const held = new Set((await tx.rows<{ id: string; on_hold: boolean }>(sql`select f.id, ${ON_HOLD} from fulfillment_orders f join orders o on o.id = f.order_id and o.open_holds > 0 where f.id = any(${arrayOf(ids, 'uuid')})`))
    .filter(({ on_hold }) => on_hold).map(({ id }) => id))
  return withLines(tx, rows.map((row) => ({ ...row, on_hold: held.has(row.id) })))
}

export async function findFulfillmentOrders(db: Queryable, ids: readonly string[]): Promise<WorkOrder[]> {
  return withLines(db, await db.rows(sql`select ${COLUMNS}, ${ON_HOLD} from fulfillment_orders f where f.id = any(${arrayOf(ids, 'uuid')}) order by f.id`))
}

/** Lines are looked up one by one, whatever plan their empty tables got. */
async function withLines(db: Queryable, rows: readonly Omit<WorkOrder, 'lines'>[]): Promise<WorkOrder[]> {
  if (rows.length === 0) return []
  const lines = await db.rows<LineRow>(sql`
    select fl.fulfillment_order_id, fl.order_line_id, fl.variant_id, fl.quantity, fl.picked, fl.packed, fl.shipped, fl.rejected, fl.canceled, ol.sku, ol.description,
      (select v.weight_grams from variants v where v.id = fl.variant_id) as weight_grams
    from ${rowsOf(rows, { id: 'uuid' })}
      cross join lateral (select * from fulfillment_order_lines l where l.fulfillment_order_id = input.id offset 0) fl
      cross join lateral (select sku, description, line_number from order_lines l where l.id = fl.order_line_id offset 0) ol
    order by fl.fulfillment_order_id, ol.line_number`)
  const byOrder = groupByKey(lines, ({ fulfillment_order_id }) => fulfillment_order_id)
  return rows.map((row) => ({ ...row, lines: byOrder.get(row.id) ?? [] }))
}

/** Writes what has changed in locked fulfillment orders. */
export async function writeFulfillmentOrders(tx: Tx, works: readonly WorkOrder[]): Promise<void> {
  if (works.length === 0) return
  await tx.run(sql`
    update fulfillment_orders f set status = input.status, assigned_to = input.assigned_to, pickup_code = input.pickup_code, ready_until = input.ready_until, accepted_at = input.accepted_at,
      packed_at = input.packed_at, closed_at = input.closed_at, version = f.version + 1
    from ${rowsOf(works, {
      id: 'uuid', status: 'text', assigned_to: 'uuid', pickup_code: 'text', ready_until: 'timestamptz', accepted_at: 'timestamptz', packed_at: 'timestamptz', closed_at: 'timestamptz',
    })} where f.id = input.id`)
  const lines = works.flatMap((work) => work.lines.map((line) => ({ fulfillment_order_id: work.id, ...line })))
  await tx.run(sql`
    update fulfillment_order_lines l set picked = input.picked, packed = input.packed, shipped = input.shipped, rejected = input.rejected, canceled = input.canceled
    from ${rowsOf(lines, { fulfillment_order_id: 'uuid', order_line_id: 'uuid', picked: 'int', packed: 'int', shipped: 'int', rejected: 'int', canceled: 'int' })}
    where l.fulfillment_order_id = input.fulfillment_order_id and l.order_line_id = input.order_line_id
      and (l.picked, l.packed, l.shipped, l.rejected, l.canceled) is distinct from (input.picked, input.packed, input.shipped, input.rejected, input.canceled)`)
}

export async function insertRejections(tx: Tx, rejections: readonly (GivenBack & { id: string; fulfillment_order_id: string; at: Date; caller_id: string })[]): Promise<void> {
  if (rejections.length === 0) return
  await tx.run(sql`
    insert into fulfillment_rejections (id, fulfillment_order_id, order_line_id, quantity, reason, note, at, caller_id)
    select id, fulfillment_order_id, order_line_id, quantity, reason, note, at, caller_id
    from ${rowsOf(rejections, { id: 'uuid', fulfillment_order_id: 'uuid', order_line_id: 'uuid', quantity: 'int', reason: 'text', note: 'text', at: 'timestamptz', caller_id: 'uuid' })}`)
}

export type NewFulfillmentOrder = Omit<Row, 'number' | 'assigned_to' | 'version'>
export type FulfillmentLineRow = LineCounters & { fulfillment_order_id: string; order_line_id: string; variant_id: string; quantity: number }

const LINE_TYPES = { fulfillment_order_id: 'uuid', order_line_id: 'uuid', variant_id: 'uuid', quantity: 'int', picked: 'int', packed: 'int', shipped: 'int', rejected: 'int', canceled: 'int' } as const

/** Inserts fulfillment orders with their lines and answers their numbers by id. */
export async function insertFulfillmentOrders(tx: Tx, orders: readonly NewFulfillmentOrder[], lines: readonly FulfillmentLineRow[]): Promise<Map<string, string>> {
  const columns = {
    id: 'uuid', order_id: 'uuid', channel_id: 'uuid', location_id: 'uuid', kind: 'text', status: 'text', due_at: 'timestamptz', pickup_code: 'text', ready_until: 'timestamptz', created_at: 'timestamptz',
    accepted_at: 'timestamptz', packed_at: 'timestamptz', closed_at: 'timestamptz',
  } as const
  const names = sql.raw(Object.keys(columns).join(', '))
  const inserted = await tx.rows<{ id: string; number: string }>(sql`insert into fulfillment_orders (${names}) select ${names} from ${rowsOf(orders, columns)} order by ordinal returning id, number`)
  const line_names = sql.raw(Object.keys(LINE_TYPES).join(', '))
  await tx.run(sql`insert into fulfillment_order_lines (${line_names}) select ${line_names} from ${rowsOf(lines, LINE_TYPES)} order by ordinal`)
  return new Map(inserted.map(({ id, number }) => [id, number]))
}

/** Orders whose time to be handed over has come; those that somebody else is working on are left for the next round. */
export function lockDueOrders(tx: Tx, at: Date, limit: number): Promise<{ id: string }[]> {
  return tx.rows(sql`
    with due as (
      select id from orders where status = 'placed' and open_holds = 0 and units_allocated > 0 and release_at <= ${at} order by release_at limit ${limit}
    )
    select o.id from orders o join due on due.id = o.id
    where o.status = 'placed' and o.open_holds = 0 and o.units_allocated > 0
    order by o.id for update of o skip locked`)
}

export async function hasDueOrders(db: Queryable, at: Date): Promise<boolean> {
  return (await db.rows(sql`select from orders where status = 'placed' and open_holds = 0 and units_allocated > 0 and release_at <= ${at} limit 1`)).length > 0
}

/** Goods that waited for their customer long enough, the longest first. */
export function expiredPickups(db: Queryable, at: Date, limit: number): Promise<{ id: string }[]> {
  return db.rows(sql`select id from fulfillment_orders where status = 'ready_for_pickup' and ready_until <= ${at} order by ready_until, id limit ${limit}`)
}

export const binKey = (location_id: string, variant_id: string): string => `${location_id} ${variant_id}`

/** Where the SKUs of these fulfillment orders lie in their locations, by `binKey`. */
export async function binsOf(db: Queryable, works: readonly WorkOrder[]): Promise<Map<string, string>> {
  const levels = works.flatMap(({ location_id, lines }) => lines.map(({ variant_id }) => ({ location_id, variant_id })))
  const rows = await db.rows<{ location_id: string; variant_id: string; bin: string }>(sql`
    select s.location_id, s.variant_id, s.bin from ${rowsOf(levels, { location_id: 'uuid', variant_id: 'uuid' })}
    join stock_levels s on s.variant_id = input.variant_id and s.location_id = input.location_id where s.bin is not null`)
  return new Map(rows.map(({ location_id, variant_id, bin }) => [binKey(location_id, variant_id), bin]))
}
