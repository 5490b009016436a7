import type { Queryable, Tx } from '../../platform/db.ts'
import { arrayOf, rowsOf, sql } from '../../platform/sql.ts'
import type { FulfillmentOrderStatus, FulfillmentUnits } from './fulfillment-order.ts'

export type FulfillmentOrderRow = {
  id: string; number: string; order_id: string; channel_id: string; location_id: string; kind: 'ship' | 'pickup'; status: FulfillmentOrderStatus; on_hold: boolean
  due_at: Date | null; pickup_code: string | null; ready_until: Date | null; created_at: Date; accepted_at: Date | null; packed_at: Date | null; closed_at: Date | null; version: number
}
export type FulfillmentLineRow = FulfillmentUnits & { fulfillment_order_id: string; order_line_id: string; variant_id: string }

const COLUMNS = sql.raw('id, number, order_id, channel_id, location_id, kind, status, on_hold, due_at, pickup_code, ready_until, created_at, accepted_at, packed_at, closed_at, version')
const LINE_COLUMNS = sql.raw('fulfillment_order_id, order_line_id, variant_id, quantity, picked, packed, shipped, rejected, canceled')

export type NewFulfillmentOrder = Omit<FulfillmentOrderRow, 'number' | 'on_hold' | 'version'>

/** Inserts fulfillment orders with their lines and answers their numbers. */
export async function insertFulfillmentOrders(tx: Tx, orders: readonly NewFulfillmentOrder[], lines: readonly FulfillmentLineRow[]): Promise<Map<string, string>> {
  const columns = {
    id: 'uuid', order_id: 'uuid', channel_id: 'uuid', location_id: 'uuid', kind: 'text', status: 'text', due_at: 'timestamptz', pickup_code: 'text', ready_until: 'timestamptz', created_at: 'timestamptz',
    accepted_at: 'timestamptz', packed_at: 'timestamptz', closed_at: 'timestamptz',
  } as const
  const names = sql.raw(Object.keys(columns).join(', '))
  const inserted = await tx.rows<{ id: string; number: string }>(sql`insert into fulfillment_orders (${names}) select ${names} from ${rowsOf(orders, columns)} order by ordinal returning id, number`)
  const lineColumns = { fulfillment_order_id: 'uuid', order_line_id: 'uuid', variant_id: 'uuid', quantity: 'int', picked: 'int', packed: 'int', shipped: 'int', rejected: 'int', canceled: 'int' } as const
  await tx.run(sql`insert into fulfillment_order_lines (${LINE_COLUMNS}) select ${LINE_COLUMNS} from ${rowsOf(lines, lineColumns)} order by ordinal`)
  return new Map(inserted.map(({ id, number }) => [id, number]))
}

export function findFulfillmentOrder(db: Queryable, id: string): Promise<FulfillmentOrderRow | undefined> {
  return db.maybe(sql`select ${COLUMNS} from fulfillment_orders where id = ${id}`)
}

export function findFulfillmentOrders(db: Queryable, ids: readonly string[]): Promise<FulfillmentOrderRow[]> {
  return db.rows(sql`select ${COLUMNS} from fulfillment_orders where id = any(${arrayOf(ids, 'uuid')}) order by id`)
}

/** Locked in id order; the caller holds their orders. */
export function lockFulfillmentOrders(tx: Tx, ids: readonly string[]): Promise<FulfillmentOrderRow[]> {
  return tx.rows(sql`select ${COLUMNS} from fulfillment_orders where id = any(${arrayOf(ids, 'uuid')}) order by id for update`)
}

/** The work of an order that is not at its end, locked. */
export function lockOpenWork(tx: Tx, orderId: string): Promise<FulfillmentOrderRow[]> {
  return tx.rows(sql`select ${COLUMNS} from fulfillment_orders where order_id = ${orderId} and status not in ('shipped', 'picked_up', 'rejected', 'canceled') order by id for update`)
}

export function linesOfFulfillmentOrders(db: Queryable, ids: readonly string[]): Promise<FulfillmentLineRow[]> {
  return db.rows(sql`select ${LINE_COLUMNS} from fulfillment_order_lines where fulfillment_order_id = any(${arrayOf(ids, 'uuid')}) order by fulfillment_order_id, order_line_id`)
}

export type LineDelta = { fulfillment_order_id: string; order_line_id: string } & Partial<Omit<FulfillmentUnits, 'quantity'>>

/** Adds to the counters of lines; the table's checks refuse what cannot be. */
export async function addToLines(tx: Tx, deltas: readonly LineDelta[]): Promise<void> {
  if (deltas.length === 0) return
  const rows = deltas.map((delta) => ({ picked: 0, packed: 0, shipped: 0, rejected: 0, canceled: 0, ...delta }))
  await tx.run(sql`
    update fulfillment_order_lines l set picked = l.picked + input.picked, packed = l.packed + input.packed, shipped = l.shipped + input.shipped, rejected = l.rejected + input.rejected, canceled = l.canceled + input.canceled
    from ${rowsOf(rows, { fulfillment_order_id: 'uuid', order_line_id: 'uuid', picked: 'int', packed: 'int', shipped: 'int', rejected: 'int', canceled: 'int' })}
    where l.fulfillment_order_id = input.fulfillment_order_id and l.order_line_id = input.order_line_id`)
}

/** Moves fulfillment orders to a state, with the time that belongs to it. */
export async function setStatus(tx: Tx, ids: readonly string[], status: FulfillmentOrderStatus, at: Date): Promise<void> {
  if (ids.length === 0) return
  const closed = ['shipped', 'picked_up', 'rejected', 'canceled'].includes(status)
  await tx.run(sql`
    update fulfillment_orders set status = ${status}, version = version + 1,
      accepted_at = case when ${status} in ('accepted', 'picking') then coalesce(accepted_at, ${at}) else accepted_at end,
      packed_at = case when ${status} = 'packed' then ${at} else packed_at end,
      closed_at = case when ${closed} then ${at} else closed_at end
    where id = any(${arrayOf(ids, 'uuid')})`)
}

export async function setReady(tx: Tx, id: string, code: string, until: Date): Promise<void> {
  await tx.run(sql`update fulfillment_orders set pickup_code = ${code}, ready_until = ${until} where id = ${id}`)
}

export async function insertRejections(tx: Tx, rejections: readonly { id: string; fulfillment_order_id: string; order_line_id: string; quantity: number; reason: string; note: string; at: Date; caller_id: string }[]): Promise<void> {
  if (rejections.length === 0) return
  await tx.run(sql`
    insert into fulfillment_rejections (id, fulfillment_order_id, order_line_id, quantity, reason, note, at, caller_id)
    select id, fulfillment_order_id, order_line_id, quantity, reason, note, at, caller_id
    from ${rowsOf(rejections, { id: 'uuid', fulfillment_order_id: 'uuid', order_line_id: 'uuid', quantity: 'int', reason: 'text', note: 'text', at: 'timestamptz', caller_id: 'uuid' })}`)
}

/** Orders whose time has come, the longest due first. */
export function releasableOrders(db: Queryable, now: Date, limit: number): Promise<{ order_id: string }[]> {
  return db.rows(sql`
    select id as order_id from orders where status = 'placed' and open_holds = 0 and units_allocated > 0 and release_at is not null and release_at <= ${now}
    order by release_at limit ${limit}`)
}

export function expiredPickups(db: Queryable, now: Date, limit: number): Promise<{ id: string }[]> {
  return db.rows(sql`select id from fulfillment_orders where status = 'ready_for_pickup' and ready_until <= ${now} order by ready_until limit ${limit}`)
}

/** Where the units of these lines lie in their locations. */
export function binsOf(db: Queryable, fulfillmentOrderIds: readonly string[]): Promise<{ fulfillment_order_id: string; order_line_id: string; bin: string | null }[]> {
  return db.rows(sql`
    select l.fulfillment_order_id, l.order_line_id, s.bin from fulfillment_order_lines l join fulfillment_orders f on f.id = l.fulfillment_order_id
      join stock_levels s on s.variant_id = l.variant_id and s.location_id = f.location_id
    where l.fulfillment_order_id = any(${arrayOf(fulfillmentOrderIds, 'uuid')})`)
}
