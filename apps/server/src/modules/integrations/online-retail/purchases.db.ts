import type { Queryable } from '../../../platform/db.ts'
import { arrayOf, sql } from '../../../platform/sql.ts'
import type { PaidOrder, Purchase } from './match-returns.ts'

export type Bought = { purchases: Purchase[]; orders: PaidOrder[] }

/**
 * What customers of a channel have bought, and what of it could still come back or be refunded, by what the channel calls
 * them. Only lines of the SKUs given, but all orders. Two statements.
 */
export async function findPurchases(db: Queryable, channel: { id: string; code: string }, customerRefs: readonly string[], skus: readonly string[]): Promise<Map<string, Bought>> {
  const orders = await db.rows<PaidOrder & { customer_ref: string }>(sql`
    select i.external_id as customer_ref, o.id as order_id, o.placed_at, p.refundable as refundable_amount, least(o.shipping_total - r.shipping_refunded, p.refundable) as refundable_shipping_amount
    from customer_identities i join orders o on o.customer_id = i.customer_id and o.channel_id = ${channel.id}
      cross join lateral (select coalesce(sum(captured - refunded - refunding), 0)::bigint as refundable from payments where order_id = o.id) p
      cross join lateral (select coalesce(sum(shipping_refunded), 0)::bigint as shipping_refunded from returns where order_id = o.id) r
    where i.source = ${channel.code} and i.external_id = any(${arrayOf(customerRefs, 'text')})`)
  const lines = await db.rows<Purchase & { customer_ref: string }>(sql`
    select i.external_id as customer_ref, o.id as order_id, l.id as order_line_id, l.sku, l.unit_price, o.placed_at, l.shipped + l.delivered as quantity_returnable,
      l.unit_price * l.quantity - l.discount - coalesce((select sum(r.refunded) from return_lines r where r.order_line_id = l.id), 0)::bigint as refundable_amount
    from customer_identities i join orders o on o.customer_id = i.customer_id and o.channel_id = ${channel.id} join order_lines l on l.order_id = o.id
    where i.source = ${channel.code} and i.external_id = any(${arrayOf(customerRefs, 'text')}) and l.sku = any(${arrayOf(skus, 'text')})`)
  const bought = new Map(customerRefs.map((ref): [string, Bought] => [ref, { purchases: [], orders: [] }]))
  for (const { customer_ref, ...order } of orders) bought.get(customer_ref)!.orders.push(order)
  for (const { customer_ref, ...line } of lines) bought.get(customer_ref)!.purchases.push(line)
  return bought
}

/** Orders of the channel that have units whose way is not at its end: what this import has still to ship. */
export function findUnfinished(db: Queryable, channelId: string, orderIds: readonly string[]): Promise<{ order_id: string }[]> {
  return db.rows(sql`select id as order_id from orders where channel_id = ${channelId} and id = any(${arrayOf(orderIds, 'uuid')}) and units_allocated + units_released + units_picked + units_packed + units_shipped > 0 order by id`)
}

/** Orders of the channel with backordered units of these SKUs, the longest waiting first. */
export function findWaiting(db: Queryable, channelId: string, skus: readonly string[]): Promise<{ order_id: string }[]> {
  return db.rows(sql`
    select o.id as order_id from orders o
    where o.channel_id = ${channelId} and o.status = 'placed' and o.units_backordered > 0 and exists (
      select from variants v join order_lines l on l.variant_id = v.id where v.sku = any(${arrayOf(skus, 'text')}) and l.order_id = o.id and l.backordered > 0)
    order by o.placed_at, o.id`)
}
