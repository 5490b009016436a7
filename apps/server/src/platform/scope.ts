import { inScope, type Caller } from './caller.ts'
import type { Queryable } from './db.ts'
import { arrayOf, sql, type Sql } from './sql.ts'

/** What a list shows to the caller, as conditions: `inScope` for rows that the database filters. The columns hold the ids. */
export function scopeConditions(caller: Caller, columns: { channel_id?: Sql; location_id?: Sql }): Sql[] {
  return [...confined(columns.channel_id, caller.channel_ids), ...confined(columns.location_id, caller.location_ids)]
}

function confined(column: Sql | undefined, ids: ReadonlySet<string> | undefined): Sql[] {
  return column === undefined || ids === undefined ? [] : [sql`${column} = any(${arrayOf([...ids], 'uuid')})`]
}

/**
 * The conditions under which orders exist for the caller: sold by one of its channels, and with something to do with one
 * of its locations. The channel is left out where it is known to be one of them.
 */
export function orderScope(caller: Caller, columns: { channel_id?: Sql; order_id: Sql }): Sql[] {
  return [...confined(columns.channel_id, caller.channel_ids), ...atLocations(columns.order_id, caller.location_ids)]
}

/**
 * Orders with work, a claim, a return or a pickup at one of the locations, now or earlier. The database looks a few orders
 * up one by one, and many in the orders of the locations, which indexes hold.
 */
function atLocations(order_id: Sql, ids: ReadonlySet<string> | undefined): Sql[] {
  if (ids === undefined) return []
  const here = arrayOf([...ids], 'uuid')
  return [sql`(
    exists (select from fulfillment_orders s where s.order_id = ${order_id} and s.location_id = any(${here}))
    or exists (select from allocations s where s.order_id = ${order_id} and s.location_id = any(${here}))
    or exists (select from returns s where s.order_id = ${order_id} and s.location_id = any(${here}))
    or exists (select from orders s where s.id = ${order_id} and s.pickup_location_id = any(${here})))`]
}

type Order = { id: string; channel_id: string }

/** Those of the orders that exist for the caller, by id. */
export async function ordersInScope(db: Queryable, caller: Caller, orders: readonly Order[]): Promise<ReadonlySet<string>> {
  const sold = orders.filter(({ channel_id }) => inScope(caller, { channel_id })).map(({ id }) => id)
  if (sold.length === 0 || caller.location_ids === undefined) return new Set(sold)
  const conditions = sql.join([sql`o.id = any(${arrayOf(sold, 'uuid')})`, ...orderScope(caller, { order_id: sql`o.id` })], ' and ')
  return new Set((await db.rows<{ id: string }>(sql`select o.id from orders o where ${conditions}`)).map(({ id }) => id))
}

export async function orderInScope(db: Queryable, caller: Caller, order: Order): Promise<boolean> {
  return (await ordersInScope(db, caller, [order])).has(order.id)
}
