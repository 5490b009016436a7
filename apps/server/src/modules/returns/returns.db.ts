import type { Queryable, Tx } from '../../platform/db.ts'
import { arrayOf, rowsOf, sql } from '../../platform/sql.ts'
import { RECEIVABLE, type ReturnReason, type ReturnStatus, type ReturnUnits } from './return.ts'

export type ReturnRow = {
  id: string
  number: string
  order_id: string
  channel_id: string
  location_id: string | null
  external_id: string | null
  content_hash: string | null
  status: ReturnStatus
  note: string
  outcome_note: string
  refund_total: bigint
  shipping_refunded: bigint
  other_refunded: bigint
  refund_currency: string
  /** A refund that somebody wished for and that waits until the money of the order is captured. */
  refund_wish: 'goods' | 'goods_and_shipping' | null
  requested_at: Date
  approved_at: Date | null
  received_at: Date | null
  closed_at: Date | null
  version: number
}

/** A line with what its order line says about it. Goods and services are told apart by the order. */
export type ReturnLineRow = ReturnUnits & {
  id: string
  return_id: string
  order_line_id: string
  variant_id: string
  reason: ReturnReason
  sku: string
  description: string
}

const RETURN_COLUMNS = sql.raw(['id', 'number', 'order_id', 'channel_id', 'location_id', 'external_id', 'content_hash', 'status', 'note', 'outcome_note', 'refund_total', 'shipping_refunded', 'other_refunded',
  'refund_currency', 'refund_wish', 'requested_at', 'approved_at', 'received_at', 'closed_at', 'version'].map((column) => `r.${column}`).join(', '))
const LINE_COLUMNS = sql.raw(`l.id, l.return_id, l.order_line_id, l.variant_id, l.quantity, l.reason, l.received, l.restocked, l.damaged, l.quality_control, l.scrapped,
  l.refundable, l.refunded, l.withheld, o.sku, o.description, o.kind`)

export function findReturn(db: Queryable, id: string): Promise<ReturnRow | undefined> {
  return db.maybe(sql`select ${RETURN_COLUMNS} from returns r where r.id = ${id}`)
}

export function findReturnByNumber(db: Queryable, number: string): Promise<ReturnRow | undefined> {
  return db.maybe(sql`select ${RETURN_COLUMNS} from returns r where r.number = ${number}`)
}

export function findReturns(db: Queryable, ids: readonly string[]): Promise<ReturnRow[]> {
  return db.rows(sql`select ${RETURN_COLUMNS} from returns r where r.id = any(${arrayOf(ids, 'uuid')}) order by r.id`)
}

export function returnsOfOrder(db: Queryable, orderId: string): Promise<ReturnRow[]> {
  return db.rows(sql`select ${RETURN_COLUMNS} from returns r where r.order_id = ${orderId} order by r.id`)
}

/** The returns that a channel has announced before, by what it calls them. */
export function findByExternalIds(db: Queryable, keys: readonly { channel_id: string; external_id: string }[]): Promise<ReturnRow[]> {
  return db.rows(sql`
    select ${RETURN_COLUMNS} from returns r
    where (r.channel_id, r.external_id) in (select channel_id, external_id from ${rowsOf(keys, { channel_id: 'uuid', external_id: 'text' })})`)
}

export function linesOfReturns(db: Queryable, returnIds: readonly string[]): Promise<ReturnLineRow[]> {
  return db.rows(sql`
    select ${LINE_COLUMNS} from return_lines l join order_lines o on o.id = l.order_line_id
    where l.return_id = any(${arrayOf(returnIds, 'uuid')}) order by l.return_id, o.line_number`)
}

/** What the returns of orders hold of each order line: units announced and not here yet, and money granted and paid back. */
export type LineClaims = { order_line_id: string; announced: number; granted: bigint; refunded: bigint }

export async function claimsOfOrders(db: Queryable, orderIds: readonly string[]): Promise<Map<string, LineClaims>> {
  const claims = await db.rows<LineClaims>(sql`
    select l.order_line_id, coalesce(sum(l.quantity - l.received) filter (where r.status in ('requested', ${sql.raw(RECEIVABLE.map((status) => `'${status}'`).join(', '))})), 0)::int as announced,
      sum(l.refundable)::bigint as granted, sum(l.refunded)::bigint as refunded
    from returns r join return_lines l on l.return_id = r.id
    where r.order_id = any(${arrayOf(orderIds, 'uuid')}) group by l.order_line_id`)
  return new Map(claims.map((claim) => [claim.order_line_id, claim]))
}

/** Shipping that returns of these orders have paid back. */
export async function shippingRefundedOf(db: Queryable, orderIds: readonly string[]): Promise<Map<string, bigint>> {
  const sums = await db.rows<{ order_id: string; amount: bigint }>(sql`
    select order_id, sum(shipping_refunded)::bigint as amount from returns where order_id = any(${arrayOf(orderIds, 'uuid')}) group by order_id`)
  return new Map(sums.map(({ order_id, amount }) => [order_id, amount]))
}

/**
 * When units of order lines reached the customer: the last parcel with any of them, by its delivery or else its departure,
 * or the handing over in a store. Lines of which nothing is known are left out.
 */
export async function arrivalsOf(db: Queryable, orderLineIds: readonly string[]): Promise<Map<string, Date>> {
  const arrivals = await db.rows<{ order_line_id: string; arrived_at: Date }>(sql`
    select order_line_id, max(arrived_at) as arrived_at from (
      select l.order_line_id, coalesce(s.delivered_at, s.shipped_at) as arrived_at
      from package_lines l join packages p on p.id = l.package_id join shipments s on s.id = p.shipment_id
      where l.order_line_id = any(${arrayOf(orderLineIds, 'uuid')}) and s.status <> 'voided'
      union all
      select l.order_line_id, f.closed_at
      from fulfillment_order_lines l join fulfillment_orders f on f.id = l.fulfillment_order_id
      where l.order_line_id = any(${arrayOf(orderLineIds, 'uuid')}) and f.status = 'picked_up'
    ) known where arrived_at is not null group by order_line_id`)
  return new Map(arrivals.map(({ order_line_id, arrived_at }) => [order_line_id, arrived_at]))
}

export type NewReturn = Omit<ReturnRow, 'number' | 'version' | 'refund_wish'>

const RETURN_TYPES = {
  id: 'uuid', order_id: 'uuid', channel_id: 'uuid', location_id: 'uuid', external_id: 'text', content_hash: 'text', status: 'text', note: 'text', outcome_note: 'text',
  refund_total: 'bigint', shipping_refunded: 'bigint', other_refunded: 'bigint', refund_currency: 'text', requested_at: 'timestamptz', approved_at: 'timestamptz', received_at: 'timestamptz', closed_at: 'timestamptz',
} as const

/** Inserts returns and answers their numbers by id. One whose external id is taken is left out. */
export async function insertReturns(tx: Tx, returns: readonly NewReturn[]): Promise<Map<string, string>> {
  const names = sql.raw(Object.keys(RETURN_TYPES).join(', '))
  const inserted = await tx.rows<{ id: string; number: string }>(sql`
    insert into returns (${names}) select ${names} from ${rowsOf(returns, RETURN_TYPES)} order by ordinal
    on conflict (channel_id, external_id) do nothing returning id, number`)
  return new Map(inserted.map(({ id, number }) => [id, number]))
}

const COUNTER_TYPES = {
  received: 'int', restocked: 'int', damaged: 'int', quality_control: 'int', scrapped: 'int', refundable: 'bigint', refunded: 'bigint', withheld: 'bigint',
} as const

export async function insertReturnLines(tx: Tx, lines: readonly ReturnLineRow[]): Promise<void> {
  const types = { id: 'uuid', return_id: 'uuid', order_line_id: 'uuid', variant_id: 'uuid', quantity: 'int', reason: 'text', ...COUNTER_TYPES } as const
  const names = sql.raw(Object.keys(types).join(', '))
  await tx.run(sql`insert into return_lines (${names}) select ${names} from ${rowsOf(lines, types)} order by ordinal`)
}

/** Writes what has become of returns and their lines. The caller holds the locks of the orders. */
export async function updateReturns(tx: Tx, returns: readonly ReturnRow[], lines: readonly ReturnLineRow[]): Promise<void> {
  await tx.run(sql`
    update returns r set location_id = input.location_id, status = input.status, outcome_note = input.outcome_note, refund_total = input.refund_total, shipping_refunded = input.shipping_refunded, refund_wish = input.refund_wish,
      approved_at = input.approved_at, received_at = input.received_at, closed_at = input.closed_at, version = r.version + 1
    from ${rowsOf(returns, {
      id: 'uuid', location_id: 'uuid', status: 'text', outcome_note: 'text', refund_total: 'bigint', shipping_refunded: 'bigint', refund_wish: 'text', approved_at: 'timestamptz', received_at: 'timestamptz', closed_at: 'timestamptz',
    })} where r.id = input.id`)
  if (lines.length === 0) return
  const assignments = sql.raw(Object.keys(COUNTER_TYPES).map((name) => `${name} = input.${name}`).join(', '))
  await tx.run(sql`update return_lines l set ${assignments} from ${rowsOf(lines, { id: 'uuid', ...COUNTER_TYPES })} where l.id = input.id`)
}

/** Approved returns whose goods did not come by then, the oldest first. */
export function findExpired(db: Queryable, approvedBefore: Date, limit: number): Promise<{ id: string; order_id: string }[]> {
  return db.rows(sql`select id, order_id from returns where status = 'approved' and approved_at <= ${approvedBefore} order by approved_at limit ${limit}`)
}

/** Resolved returns whose refunds have all arrived. */
export function findArrived(db: Queryable, limit: number): Promise<{ id: string; order_id: string }[]> {
  return db.rows(sql`
    select r.id, r.order_id from returns r
    where r.status = 'resolved' and r.refund_wish is null and not exists (
      select from payment_entries e where e.cause_id = r.id and e.status <> 'succeeded'
        and not (e.status = 'failed' and exists (select from payment_entries n where n.retry_of = e.id)))
    order by r.id limit ${limit}`)
}

/**
 * Returns whose refund was waiting and may be paid now, at least a part: the shop holds more of their order than the
 * customer owes for what left and stayed. `overpaidAmount` is the same rule.
 */
export function findPayable(db: Queryable, limit: number): Promise<{ id: string }[]> {
  return db.rows(sql`
    select r.id from returns r join orders o on o.id = r.order_id
    cross join lateral (select coalesce(sum(p.captured - p.refunded - p.refunding), 0) as amount from payments p where p.order_id = o.id) held
    cross join lateral (
      select coalesce(sum(e.amount), 0) as amount from payments p join payment_entries e on e.payment_id = p.id
      where p.order_id = o.id and e.kind = 'refund' and e.cause_id is null and e.status <> 'failed') goodwill
    cross join lateral (
      select sum(c.total - c.total / l.quantity * c.gone - least(c.gone, c.total % l.quantity)) as amount
      from order_lines l cross join lateral (
        select l.unit_price * l.quantity - l.discount + case when o.prices_include_tax then 0 else l.tax end as total, l.shipped + l.delivered + l.returned + l.canceled as gone) c
      where l.order_id = o.id) waiting
    cross join lateral (
      select case when r.refund_wish = 'goods' then 0 else o.shipping_total + case when o.prices_include_tax then 0 else o.shipping_tax end - sum(s.shipping_refunded) end as amount
      from returns s where s.order_id = o.id) shipping
    where r.refund_wish is not null and held.amount > greatest(o.worth - goodwill.amount - waiting.amount - shipping.amount, 0)
    order by r.id limit ${limit}`)
}
