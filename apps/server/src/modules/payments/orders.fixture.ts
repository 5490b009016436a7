import { ids } from '../../kernel/id-kinds.ts'
import { newId } from '../../kernel/ids.ts'
import { SYSTEM } from '../../platform/caller.ts'
import { command } from '../../platform/command.ts'
import type { Queryable } from '../../platform/db.ts'
import type { Executor } from '../../platform/executor.ts'
import { rowsOf, sql } from '../../platform/sql.ts'

// Channels and bare orders for tests of the ledger alone, which stands below orders and cannot capture any.

const asSystem = { caller: SYSTEM, request_id: 'fixture' }

export async function insertTestChannel(db: Queryable, code: string): Promise<string> {
  const id = newId()
  await db.run(sql`insert into channels (id, code, name, kind, currency, created_at) values (${id}, ${code}, ${code}, 'web', 'GBP', now())`)
  return id
}

/** Orders over these amounts of pence, each of one unit that waits for a location. */
export async function insertTestOrders(executor: Executor, channel_id: string, totals: readonly bigint[]): Promise<string[]> {
  const orders = totals.map((total) => ({ id: newId(), line_id: newId(), channel_id, total }))
  await executor.run(insertOrders, orders, asSystem)
  return orders.map(({ id }) => id)
}

/** One order, by its uuid and by the id that callers see. */
export async function insertTestOrder(executor: Executor, channel_id: string, total: bigint): Promise<{ id: string; shown: string }> {
  const [id] = await insertTestOrders(executor, channel_id, [total])
  return { id: id!, shown: ids.order.show(id!) }
}

const insertOrders = command('fixture.insert_orders', 'orders:create', async ({ tx, emit }, orders: readonly { id: string; line_id: string; channel_id: string; total: bigint }[]) => {
  await tx.run(sql`
    insert into orders (id, channel_id, status, currency, on_shortage, prices_include_tax, subtotal, discount_total, shipping_total, tax_total, total, units_open, placed_at, created_at)
    select id, channel_id, 'placed', 'GBP', 'refuse', true, total, 0, 0, 0, total, 1, now(), now() from ${rowsOf(orders, { id: 'uuid', channel_id: 'uuid', total: 'bigint' })}`)
  const variant_id = newId()
  await tx.run(sql`insert into products (id, handle, name, created_at) values (${variant_id}, ${`thing-${variant_id}`}, 'Thing', now())`)
  await tx.run(sql`insert into variants (id, product_id, sku, name, created_at) values (${variant_id}, ${variant_id}, ${variant_id}, 'Thing', now())`)
  await tx.run(sql`
    insert into order_lines (id, order_id, line_number, variant_id, sku, description, kind, quantity, unit_price, open)
    select line_id, id, 1, ${variant_id}, ${variant_id}::uuid::text, 'Thing', 'goods', 1, total, 1 from ${rowsOf(orders, { id: 'uuid', line_id: 'uuid', total: 'bigint' })}`)
  emit(...orders.map(({ id }) => ({ type: 'order.created', order_id: id, data: { order_id: ids.order.show(id) } })))
  return null
})

/** Cancels the only unit of an order. */
export async function cancelTestOrder(db: Queryable, order_id: string): Promise<void> {
  await db.run(sql`
    with line as (update order_lines set open = 0, canceled = 1 where order_id = ${order_id})
    update orders set units_open = 0, units_canceled = 1, canceled_total = total, status = 'canceled' where id = ${order_id}`)
}
