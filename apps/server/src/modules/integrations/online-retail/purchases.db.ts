import type { Queryable } from '../../../platform/db.ts'
import { arrayOf, rowsOf, sql } from '../../../platform/sql.ts'
import type { PaidOrder, Purchase } from './match-returns.ts'

export type Bought = { purchases: Purchase[]; orders: PaidOrder[] }

/**
 * What customers of a channel have bought, and what of it could still come back or be refunded, by what the channel calls
 * them. All their orders, but only lines of the SKUs wanted of each. Two statements; each begins with the customers, whose
 * orders are few, because the planner would rather read all orders of the channel.
 */
export async function findPurchases(db: Queryable, channel: { id: string; code: string }, wanted: readonly { customer_ref: string; sku: string }[]): Promise<Map<string, Bought>> {
  const customerRefs = [...new Set(wanted.map(({ customer_ref }) => customer_ref))]
  const theirs = sql`theirs as materialized (
      select i.external_id as customer_ref, o.id as order_id, o.channel_id, o.placed_at, o.shipping_total
      from customer_identities i join orders o on o.customer_id = i.customer_id where i.source = ${channel.code} and i.external_id = any(${arrayOf(customerRefs, 'text')}))`
  const orders = await db.rows<PaidOrder & { customer_ref: string }>(sql`
    with ${theirs}
    select o.customer_ref, o.order_id, o.placed_at, p.refundable as refundable_amount, least(o.shipping_total - r.shipping_refunded, p.refundable) as refundable_shipping_amount
    from theirs o
      cross join lateral (select coalesce(sum(captured - refunded - refunding), 0)::bigint as refundable from payments where order_id = o.order_id) p
      cross join lateral (select coalesce(sum(shipping_refunded), 0)::bigint as shipping_refunded from returns where order_id = o.order_id) r
    where o.channel_id = ${channel.id}`)
  const lines = await db.rows<Purchase & { customer_ref: string }>(sql`
    with ${theirs}
    select o.customer_ref, o.order_id, l.id as order_line_id, l.sku, l.unit_price, o.placed_at, l.shipped + l.delivered as quantity_returnable,
      l.unit_price * l.quantity - l.discount - coalesce((select sum(r.refunded) from return_lines r where r.order_line_id = l.id), 0)::bigint as refundable_amount
    from ${rowsOf(wanted, { customer_ref: 'text', sku: 'text' })} join variants v on v.sku = input.sku
      join theirs o on o.customer_ref = input.customer_ref join order_lines l on l.variant_id = v.id and l.order_id = o.order_id
    where o.channel_id = ${channel.id}`)
  const bought = new Map(customerRefs.map((ref): [string, Bought] => [ref, { purchases: [], orders: [] }]))
  for (const { customer_ref, ...order } of orders) bought.get(customer_ref)!.orders.push(order)
  for (const { customer_ref, ...line } of lines) bought.get(customer_ref)!.purchases.push(line)
  return bought
}

/** Orders of the channel that have units whose way is not at its end: what this import has still to ship. */
export function findUnfinished(db: Queryable, channelId: string, orderIds: readonly string[]): Promise<{ order_id: string }[]> {
  return db.rows(sql`select id as order_id from orders where channel_id = ${channelId} and id = any(${arrayOf(orderIds, 'uuid')}) and units_allocated + units_released + units_picked + units_packed + units_shipped > 0 order by id`)
}

/** Orders of the channel that have waited for units of these SKUs since before then, the longest waiting first. */
export function findWaiting(db: Queryable, channelId: string, skus: readonly string[], before: Date): Promise<{ order_id: string }[]> {
  return db.rows(sql`
    with short as materialized (
      select distinct l.order_id from variants v join order_lines l on l.variant_id = v.id where v.sku = any(${arrayOf(skus, 'text')}) and l.backordered > 0)
    select o.id as order_id from short s join orders o on o.id = s.order_id
    where o.channel_id = ${channelId} and o.status = 'placed' and o.placed_at <= ${before}
    order by o.placed_at, o.id`)
}
