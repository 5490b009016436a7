import { beforeAll, describe, expect, test } from 'vitest'
import { violatedConstraint } from '../src/platform/db.ts'
import { sql } from '../src/platform/sql.ts'
import { useApp } from './harness/app.ts'
import { openShop } from './harness/shop.ts'

const app = useApp()

/** One row, at least, of everything that is guarded. */
beforeAll(async () => {
  const shop = await openShop(app())
  await shop.stock('leeds', { TEA: 9 })
  const call = async (method: 'POST' | 'PUT', url: string, body: object = {}, headers: Record<string, string> = {}): Promise<Record<string, unknown>> => {
    const answer = await app().call(method, url, body, { headers })
    if (answer.status >= 300) throw new Error(`${url}: ${answer.text}`)
    return answer.body
  }
  await call('POST', '/v1/variants', { sku: 'SET', name: 'Set', kind: 'bundle', price: { amount: '9.00', currency: 'GBP' } })
  await call('PUT', '/v1/variants/SET/bundle', { components: [{ sku: 'TEA', quantity: 2 }] })
  await call('PUT', '/v1/channels/web/order-form', { fields: [{ key: 'gift', label: 'Gift', type: 'boolean', applies_to: 'order' }] })
  await call('POST', '/v1/reservations', { channel: 'web', lines: [{ sku: 'TEA', quantity: 1 }] })
  await call('POST', '/v1/stock-counts', { location: 'leeds', skus: ['TEA'] })
  const order = await call('POST', '/v1/orders', { channel: 'web', external_id: 'W-1', shipping_address: { name: 'Ada', line1: '1', city: 'Leeds', country: 'GB' }, lines: [{ sku: 'TEA', quantity: 2 }], payments: [{ tender: 'external', reference: 'x' }] }, { 'idempotency-key': 'once' })
  await app().application.settle()
  const work = ((await app().get('/v1/fulfillment-orders')).body.data as { id: string }[])[0]!
  for (const verb of ['pick', 'pack', 'ship']) await call('POST', `/v1/fulfillment-orders/${work.id}/${verb}`)
  await call('POST', `/v1/orders/${String(order['id'])}/returns`, { channel: 'web', location: 'leeds', lines: [{ sku: 'TEA', quantity: 1 }] })
  // Another order, which is not released: its units are claimed.
  await call('POST', '/v1/orders', { channel: 'web', shipping_address: { name: 'Ada', line1: '1', city: 'Leeds', country: 'GB' }, lines: [{ sku: 'TEA', quantity: 1 }] })
})

/** A second row like the first, but for these columns. */
const copyOf = (table: string, changes: Readonly<Record<string, string>>): string => {
  const changed = Object.entries(changes).map(([column, value]) => `'${column}', ${value}`).join(', ')
  return `insert into ${table} select copy.* from (select * from ${table} limit 1) x, jsonb_populate_record(null::${table}, to_jsonb(x) || jsonb_build_object(${changed})) copy`
}

/** Statements that no command runs, by the constraint that refuses them. Commands rely on these where two of them meet. */
const REFUSED: Readonly<Record<string, string>> = {
  idempotency_keys_pkey: copyOf('idempotency_keys', {}),
  events_order: "insert into events (id, type, at, order_id, order_sequence, data, caller_id, caller_name, request_id) select gen_random_uuid(), type, at, order_id, order_sequence, data, caller_id, caller_name, request_id from events where order_id is not null limit 1",
  events_check: 'update events set order_sequence = null where order_id is not null',
  event_positions_pkey: copyOf('event_positions', { event_id: 'gen_random_uuid()' }),
  locations_check: 'update locations set latitude = null',
  ...Object.fromEntries(['available', 'reserved', 'allocated', 'damaged', 'quality_control', 'quarantine', 'on_order', 'in_transit', 'deficit'].map((state) => [`stock_levels_${state}_check`, `update stock_levels set ${state} = -1`])),
  stock_movements_quantity_check: 'update stock_movements set quantity = 0',
  stock_movements_check: "update stock_movements set from_state = 'available', to_state = 'available'",
  reservations_check: "update reservations set ended_at = now() where status = 'active'",
  stock_count_lines_check: 'update stock_count_lines set counted = 1',
  order_lines_counters_add_up: 'update order_lines set open = open + 1',
  ...Object.fromEntries(['open', 'backordered', 'allocated', 'released', 'picked', 'packed', 'shipped', 'delivered', 'returned', 'canceled'].flatMap((state) => [
    [`order_lines_${state}_check`, `update order_lines set ${state} = -1, ${state === 'open' ? 'backordered' : 'open'} = ${state} + 1`],
    [`orders_units_${state}_check`, `update orders set units_${state} = -1`],
  ])),
  order_lines_discount_bounded: 'update order_lines set discount = unit_price * quantity + 1',
  orders_open_holds_check: 'update orders set open_holds = -1',
  orders_total_adds_up: 'update orders set total = total + 1',
  orders_canceled_bounded: 'update orders set canceled_total = total + 1',
  orders_returned_total_check: 'update orders set returned_total = -1',
  orders_external_id: "insert into orders (id, channel_id, external_id, status, currency, on_shortage, prices_include_tax, subtotal, discount_total, shipping_total, tax_total, total, placed_at, created_at) select gen_random_uuid(), channel_id, external_id, status, currency, on_shortage, prices_include_tax, 0, 0, 0, 0, 0, placed_at, created_at from orders where external_id is not null",
  payments_captured_bounded: 'update payments set capturing = authorized',
  payments_refunded_bounded: 'update payments set refunding = captured + 1',
  payment_entries_retry_of_key: "insert into payment_entries (id, payment_id, kind, amount, status, retry_of, created_at) select gen_random_uuid(), payment_id, kind, amount, 'pending', id, created_at from payment_entries, generate_series(1, 2)",
  payment_entries_check: "update payment_entries set status = 'pending' where settled_at is not null",
  allocations_check: 'update allocations set released = quantity + 1',
  allocations_order_line_id_fkey: copyOf('allocations', { order_line_id: 'gen_random_uuid()' }),
  fulfillment_order_lines_check: 'update fulfillment_order_lines set shipped = packed + 1',
  packages_tracking: copyOf('packages', { id: 'gen_random_uuid()', package_number: '9' }),
  packages_check: "update packages set tracking_number = null where label_status = 'active'",
  return_lines_check: 'update return_lines set received = quantity + 1',
  return_lines_check1: 'update return_lines set restocked = received + 1',
  return_lines_check2: 'update return_lines set refunded = refundable + 1',
  return_lines_return_id_order_line_id_key: copyOf('return_lines', { id: 'gen_random_uuid()' }),
  order_forms_pkey: copyOf('order_forms', {}),
  bundle_components_check: 'update bundle_components set component_id = bundle_id',
}

describe('the database refuses what no command writes', () => {
  test.each(Object.entries(REFUSED))('%s', async (constraint, statement) => {
    // Commits nothing, whatever happens: the next statement finds what this one found.
    const outcome = app().application.db.transaction(async (tx) => {
      throw new Error(`${await tx.run(sql.raw(statement))} rows were changed`)
    }).catch((error: unknown) => violatedConstraint(error) ?? String(error))
    expect(await outcome).toBe(constraint)
  })

  test('a key without its outcome', async () => {
    await expect(app().application.db.run(sql`update idempotency_keys set outcome = null`)).rejects.toMatchObject({ code: '23502', column: 'outcome' })
  })
})
