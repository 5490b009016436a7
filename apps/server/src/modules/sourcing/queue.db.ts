import { ids } from '../../kernel/id-kinds.ts'
import type { Queryable, Tx } from '../../platform/db.ts'
import type { NewEvent } from '../../platform/events.ts'
import { arrayOf, rowsOf, sql, type Sql } from '../../platform/sql.ts'

export type Queued = { order_id: string; queue: string; rule: string | null; entered_at: Date; cancel_at: Date | null }

/** An order stands in a queue as long as some of its units have no location. Of `sourcing_queue q join orders o`. */
export const STILL_WAITING: Sql = sql`o.status = 'placed' and o.units_open + o.units_backordered > 0`

/** Puts accepted orders where people find them; one that stood somewhere else moves, and keeps the earlier date of its cancellation. Answers what to tell. */
export async function enqueueOrders(tx: Tx, orders: readonly Queued[]): Promise<NewEvent[]> {
  if (orders.length === 0) return []
  await tx.run(sql`
    insert into sourcing_queue as q (order_id, queue, rule, entered_at, cancel_at)
    select order_id, queue, rule, entered_at, cancel_at from ${rowsOf(orders, { order_id: 'uuid', queue: 'text', rule: 'text', entered_at: 'timestamptz', cancel_at: 'timestamptz' })} order by order_id
    on conflict (order_id) do update set queue = excluded.queue, rule = excluded.rule, cancel_at = least(q.cancel_at, excluded.cancel_at),
      entered_at = case when q.queue = excluded.queue then q.entered_at else excluded.entered_at end`)
  return orders.map(({ order_id, queue, rule, cancel_at }) => ({
    type: 'order.queued', order_id, data: { order_id: ids.order.show(order_id), queue, rule, cancel_at: cancel_at?.toISOString() ?? null },
  }))
}

export type QueueRow = { queue: string; orders: number; oldest_at: Date }

/** The queues that somebody stands in, among the orders under these conditions. */
export function listQueues(db: Queryable, where: readonly Sql[]): Promise<QueueRow[]> {
  return db.rows(sql`
    select q.queue, count(*)::int as orders, min(q.entered_at) as oldest_at from sourcing_queue q join orders o on o.id = q.order_id
    where ${sql.join([STILL_WAITING, ...where], ' and ')} group by q.queue order by q.queue`)
}

/** Orders whose time has come and that still miss something, the longest overdue first. */
export function overdueOrders(db: Queryable, now: Date, limit: number): Promise<{ order_id: string }[]> {
  return db.rows(sql`
    select q.order_id from sourcing_queue q join orders o on o.id = q.order_id
    where q.cancel_at <= ${now} and ${STILL_WAITING} order by q.cancel_at, q.order_id limit ${limit}`)
}

/** Orders in a queue that miss nothing any more. */
export async function settledInQueue(db: Queryable, limit: number): Promise<string[]> {
  return (await db.rows<{ order_id: string }>(sql`select q.order_id from sourcing_queue q join orders o on o.id = q.order_id where not (${STILL_WAITING}) order by q.order_id limit ${limit}`)).map(({ order_id }) => order_id)
}

/** Takes those of the orders out that miss nothing any more. */
export function removeFromQueue(tx: Tx, orderIds: readonly string[]): Promise<number> {
  return tx.run(sql`
    delete from sourcing_queue q using orders o where q.order_id = any(${arrayOf(orderIds, 'uuid')}) and o.id = q.order_id and not (${STILL_WAITING})`)
}
