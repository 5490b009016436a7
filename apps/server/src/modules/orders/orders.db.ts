import { assert } from '../../kernel/assert.ts'
import type { Queryable, Tx } from '../../platform/db.ts'
import type { Address } from '../../platform/http/schemas.ts'
import { arrayOf, rowsOf, sql, type Sql } from '../../platform/sql.ts'
import type { BoughtBundle } from './capture.ts'
import { noUnits, UNIT_STATES, type CancelReason, type HoldType, type OrderStatus, type UnitCounters, type UnitState } from './order.ts'

export type OrderRow = {
  id: string
  number: string
  channel_id: string
  external_id: string | null
  content_hash: string | null
  status: OrderStatus
  currency: string
  customer_id: string | null
  customer_name: string | null
  email: string | null
  phone: string | null
  shipping_address: Address | null
  billing_address: Address | null
  delivery: 'ship' | 'pickup'
  pickup_location_id: string | null
  shipping_method: string
  requested_delivery_date: string | null
  /** When the units with a location arrive, as the customer was told. */
  promised_from: string | null
  promised_by: string | null
  release_at: Date | null
  on_shortage: 'refuse' | 'backorder' | 'hold'
  max_splits: number | null
  prices_include_tax: boolean
  subtotal: bigint
  discount_total: bigint
  shipping_total: bigint
  shipping_tax: bigint
  tax_total: bigint
  total: bigint
  /** What canceled units, and what returns, have given back; `worth` is the rest, before goodwill, and nothing of a canceled order. */
  canceled_total: bigint
  returned_total: bigint
  worth: bigint
  fulfillment_status: string
  open_holds: number
  custom_fields: Record<string, unknown>
  form_version: number
  note: string
  tags: string[]
  placed_at: Date
  created_at: Date
  completed_at: Date | null
  canceled_at: Date | null
  cancel_reason: CancelReason | null
  version: number
  field_versions: Record<string, number>
}

export type OrderLineRow = UnitCounters & {
  id: string
  order_id: string
  line_number: number
  variant_id: string
  sku: string
  description: string
  kind: 'goods' | 'service'
  bundle: BoughtBundle | null
  quantity: number
  unit_price: bigint
  discount: bigint
  tax: bigint
  custom_fields: Record<string, unknown>
  /** Of units that wait: the day on which their supply is expected, and when they then arrive. */
  expected_on: string | null
  promised_from: string | null
  promised_by: string | null
}

const ORDER_COLUMNS = sql.raw(`id, number, channel_id, external_id, content_hash, status, currency, customer_id, customer_name, email, phone, shipping_address, billing_address,
  delivery, pickup_location_id, shipping_method, requested_delivery_date, promised_from, promised_by, release_at, on_shortage, max_splits, prices_include_tax, subtotal, discount_total, shipping_total,
  shipping_tax, tax_total, total, canceled_total, returned_total, worth, fulfillment_status, open_holds, custom_fields, form_version, note, tags, placed_at, created_at, completed_at, canceled_at, cancel_reason, version, field_versions`)
const LINE_COLUMNS = sql.raw(`id, order_id, line_number, variant_id, sku, description, kind, bundle, quantity, unit_price, discount, tax, custom_fields, expected_on, promised_from, promised_by, ${UNIT_STATES.join(', ')}`)

export function findOrder(db: Queryable, id: string): Promise<OrderRow | undefined> {
  return db.maybe(sql`select ${ORDER_COLUMNS} from orders where id = ${id}`)
}

export function findOrders(db: Queryable, orderIds: readonly string[]): Promise<OrderRow[]> {
  return db.rows(sql`select ${ORDER_COLUMNS} from orders where id = any(${arrayOf(orderIds, 'uuid')})`)
}

export function findOrderByNumber(db: Queryable, number: string): Promise<OrderRow | undefined> {
  return db.maybe(sql`select ${ORDER_COLUMNS} from orders where number = ${number}`)
}

/** The orders, locked in id order until the commit. Unknown ids are left out. */
export function lockOrders(tx: Tx, orderIds: readonly string[]): Promise<OrderRow[]> {
  return tx.rows(sql`select ${ORDER_COLUMNS} from orders where id = any(${arrayOf(orderIds, 'uuid')}) order by id for update`)
}

export function linesOfOrders(db: Queryable, orderIds: readonly string[]): Promise<OrderLineRow[]> {
  return db.rows(sql`select ${LINE_COLUMNS} from order_lines where order_id = any(${arrayOf(orderIds, 'uuid')}) order by order_id, line_number`)
}

/** Their lines of goods with units that have no location yet. */
export function waitingLinesOfOrders(db: Queryable, orderIds: readonly string[]): Promise<OrderLineRow[]> {
  return db.rows(sql`
    select ${LINE_COLUMNS} from order_lines
    where order_id = any(${arrayOf(orderIds, 'uuid')}) and kind = 'goods' and open + backordered > 0 order by order_id, line_number`)
}

/** The orders that a channel has sent before, by what it calls them. */
export function findByExternalIds(db: Queryable, keys: readonly { channel_id: string; external_id: string }[]): Promise<OrderRow[]> {
  return db.rows(sql`
    select ${ORDER_COLUMNS} from orders
    where (channel_id, external_id) in (select channel_id, external_id from ${rowsOf(keys, { channel_id: 'uuid', external_id: 'text' })})`)
}

export type NewOrder = Omit<OrderRow, 'number' | 'canceled_total' | 'returned_total' | 'worth' | 'fulfillment_status' | 'status' | 'completed_at' | 'canceled_at' | 'cancel_reason' | 'version' | 'field_versions'> & { units: UnitCounters }

/**
 * Inserts orders and answers them as they are stored, by id. An order whose external id another process has just stored is
 * missing in the answer.
 */
export async function insertOrders(tx: Tx, orders: readonly NewOrder[]): Promise<Map<string, OrderRow>> {
  const rows = orders.map(({ units, ...order }) => ({ ...order, ...Object.fromEntries(UNIT_STATES.map((state) => [`units_${state}`, units[state]])), status: activeUnits(units) === 0 ? 'completed' : 'placed', completed_at: activeUnits(units) === 0 ? order.placed_at : null })) as Record<string, unknown>[]
  const columns = {
    id: 'uuid', channel_id: 'uuid', external_id: 'text', content_hash: 'text', status: 'text', currency: 'text', customer_id: 'uuid', customer_name: 'text', email: 'text', phone: 'text',
    shipping_address: 'jsonb', billing_address: 'jsonb', delivery: 'text', pickup_location_id: 'uuid', shipping_method: 'text', requested_delivery_date: 'date', promised_from: 'date', promised_by: 'date', release_at: 'timestamptz',
    on_shortage: 'text', max_splits: 'int', prices_include_tax: 'boolean', subtotal: 'bigint', discount_total: 'bigint', shipping_total: 'bigint', shipping_tax: 'bigint', tax_total: 'bigint', total: 'bigint',
    units_open: 'int', units_backordered: 'int', units_allocated: 'int', units_delivered: 'int', open_holds: 'int',
    custom_fields: 'jsonb', form_version: 'int', note: 'text', tags: 'jsonb', placed_at: 'timestamptz', created_at: 'timestamptz', completed_at: 'timestamptz',
  } as const
  const names = Object.keys(columns)
  const inserted = await tx.rows<OrderRow>(sql`
    insert into orders (${sql.raw(names.join(', '))})
    select ${sql.raw(names.map((name) => (name === 'tags' ? 'array(select jsonb_array_elements_text(tags))' : name)).join(', '))}
    from ${rowsOf(rows, columns)} order by ordinal
    on conflict (channel_id, external_id) do nothing
    returning ${ORDER_COLUMNS}`)
  return new Map(inserted.map((order) => [order.id, order]))
}

function activeUnits(units: UnitCounters): number {
  return ACTIVE_STATES.reduce((sum, state) => sum + units[state], 0)
}

export async function insertLines(tx: Tx, lines: readonly OrderLineRow[]): Promise<void> {
  const columns = {
    id: 'uuid', order_id: 'uuid', line_number: 'int', variant_id: 'uuid', sku: 'text', description: 'text', kind: 'text', bundle: 'jsonb', quantity: 'int', unit_price: 'bigint', discount: 'bigint', tax: 'bigint',
    open: 'int', backordered: 'int', allocated: 'int', delivered: 'int', custom_fields: 'jsonb',
  } as const
  const names = sql.raw(Object.keys(columns).join(', '))
  await tx.run(sql`insert into order_lines (${names}) select ${names} from ${rowsOf(lines as readonly Record<string, unknown>[], columns)} order by ordinal`)
}

export type UnitMove = { order_id: string; order_line_id: string; from: UnitState; to: UnitState; quantity: number }
export type MovedOrder = { id: string; status: OrderStatus; fulfillment_status: string }

/**
 * Moves units of lines from one state to another and keeps the orders' sums, statuses and what canceled units gave back in
 * the same statement: the only writer of counters. The caller holds the locks of the orders and has seen that the units are there; the database's
 * checks catch one who has not. Answers the orders as they are now.
 */
export async function moveUnits(tx: Tx, moves: readonly UnitMove[], at: Date): Promise<MovedOrder[]> {
  const deltas = new Map<string, UnitCounters & { id: string; order_id: string }>()
  for (const { order_id, order_line_id, from, to, quantity } of moves) {
    assert(quantity > 0 && from !== to, 'units move from one state to another')
    let delta = deltas.get(order_line_id)
    if (delta === undefined) deltas.set(order_line_id, (delta = { id: order_line_id, order_id, ...noUnits() }))
    delta[from] -= quantity
    delta[to] += quantity
  }
  if (deltas.size === 0) return []
  const rows = [...deltas.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
  // Only counters that change are named: the same few statements come again and again.
  const states = UNIT_STATES.filter((state) => rows.some((row) => row[state] !== 0))
  const named = (text: (state: UnitState) => string): Sql => sql.raw(states.map(text).join(', '))
  const after = (state: UnitState): string => (states.includes(state) ? `(o.units_${state} + s.${state})` : `o.units_${state}`)
  const active = sql.raw(ACTIVE_STATES.map(after).join(' + '))
  const kept = sql.raw(`${after('delivered')} + ${after('returned')}`)
  const cancels = states.includes('canceled')
  const columns = { id: 'uuid', order_id: 'uuid', ...Object.fromEntries(states.map((state) => [state, 'int'])) } as { id: 'uuid'; order_id: 'uuid' } & Partial<Record<UnitState, 'int'>>
  return tx.rows<MovedOrder>(sql`
    with delta as (select * from ${rowsOf(rows, columns)}),
    moved as (
      update order_lines l set ${named((state) => `${state} = l.${state} + d.${state}`)} from delta d ${cancels ? sql`join orders o on o.id = d.order_id` : sql.empty} where l.id = d.id
      ${cancels ? sql`returning l.order_id, ${canceledAmount(states.includes('returned'))} as canceled_amount` : sql.empty}
    ),
    sums as (select order_id, ${named((state) => `sum(${state})::int as ${state}`)} from delta group by order_id)
    ${cancels ? sql`, amounts as (select order_id, sum(canceled_amount)::bigint as canceled_amount from moved group by order_id)` : sql.empty}
    update orders o set ${named((state) => `units_${state} = o.units_${state} + s.${state}`)}, ${cancels ? sql`canceled_total = o.canceled_total + a.canceled_amount,` : sql.empty}
      status = case when ${active} > 0 then 'placed' when ${kept} > 0 then 'completed' else 'canceled' end,
      completed_at = case when ${active} = 0 and ${kept} > 0 then coalesce(o.completed_at, ${at}) end,
      canceled_at = case when ${active} = 0 and ${kept} = 0 then coalesce(o.canceled_at, ${at}) end
    from sums s ${cancels ? sql`join amounts a using (order_id)` : sql.empty} where o.id = s.order_id
    returning o.id, o.status, o.fulfillment_status`)
}

/** Units with which something still has to happen. */
const ACTIVE_STATES = ['open', 'backordered', 'allocated', 'released', 'picked', 'packed', 'shipped'] as const satisfies readonly UnitState[]

/** What the units canceled by a delta give back: `unwoundAmount` in amounts.ts. Units returned in the same statement come after those canceled. */
function canceledAmount(returns: boolean): Sql {
  const total = '(l.unit_price * l.quantity - l.discount + case when o.prices_include_tax then 0 else l.tax end)'
  const firstUnits = (units: string): string => `(${total} / l.quantity * (${units}) + least(${units}, ${total} % l.quantity))`
  const unwound = `l.canceled + l.returned${returns ? ' - d.returned' : ''}`
  return sql.raw(`${firstUnits(unwound)} - ${firstUnits(`${unwound} - d.canceled`)}`)
}

/** Adds what returns have given back, or takes from it what they withhold after all. The caller holds the locks of the orders. */
export async function addReturned(tx: Tx, changes: readonly { order_id: string; amount: bigint }[]): Promise<void> {
  if (changes.length === 0) return
  await tx.run(sql`
    update orders o set returned_total = o.returned_total + r.amount
    from (select order_id, sum(amount)::bigint as amount from ${rowsOf(changes, { order_id: 'uuid', amount: 'bigint' })} group by order_id) r where o.id = r.order_id`)
}

export type NewHold = { id: string; order_id: string; type: HoldType; note: string; owner_id: string | null; release_at: Date | null; placed_at: Date; placed_by: string }

/** Places holds; the caller holds the orders' locks. `counted` says that the order was inserted with them counted. */
export async function insertHolds(tx: Tx, holds: readonly NewHold[], counted: boolean): Promise<void> {
  if (holds.length === 0) return
  await tx.run(sql`
    insert into order_holds (id, order_id, type, note, owner_id, release_at, placed_at, placed_by)
    select id, order_id, type, note, owner_id, release_at, placed_at, placed_by
    from ${rowsOf(holds, { id: 'uuid', order_id: 'uuid', type: 'text', note: 'text', owner_id: 'uuid', release_at: 'timestamptz', placed_at: 'timestamptz', placed_by: 'uuid' })}`)
  if (counted) return
  await tx.run(sql`
    update orders o set open_holds = o.open_holds + h.count
    from (select order_id, count(*)::int as count from ${rowsOf(holds, { order_id: 'uuid' })} group by order_id) h where o.id = h.order_id`)
}

/** Ends holds that are still open and answers which; the caller holds the orders' locks. */
export async function endHolds(tx: Tx, holdIds: readonly string[], at: Date, by: string): Promise<{ id: string; order_id: string; type: HoldType }[]> {
  return tx.rows(sql`
    with ended as (
      update order_holds set released_at = ${at}, released_by = ${by}
      where id = any(${arrayOf(holdIds, 'uuid')}) and released_at is null
      returning id, order_id, type
    ), counted as (
      update orders o set open_holds = o.open_holds - e.count
      from (select order_id, count(*)::int as count from ended group by order_id) e where o.id = e.order_id
    )
    select id, order_id, type from ended`)
}

export type HoldRow = NewHold & { released_at: Date | null; released_by: string | null }

export function holdsOfOrders(db: Queryable, orderIds: readonly string[]): Promise<HoldRow[]> {
  return db.rows(sql`
    select id, order_id, type, note, owner_id, release_at, placed_at, placed_by, released_at, released_by
    from order_holds where order_id = any(${arrayOf(orderIds, 'uuid')}) order by order_id, id`)
}

export async function setCancelReason(tx: Tx, orderId: string, reason: CancelReason): Promise<void> {
  await tx.run(sql`update orders set cancel_reason = ${reason} where id = ${orderId}`)
}
