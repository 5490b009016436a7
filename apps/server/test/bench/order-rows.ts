/** A table with rows of its own for every order, and what two orders cannot share in them. */
export type OrderTable = {
  name: string
  /** Rows of the orders in `pool(order_id, customer_id, external_id)`, called `t`; `pool.order_id` says of which. */
  from: string
  /** Columns with ids of rows that belong to the order. */
  ids: readonly string[]
  /** Columns with texts that are unique. */
  texts?: readonly string[]
  /** Columns with times that tell the age of the order. */
  times?: readonly string[]
  /** Columns that the database fills itself. */
  omit?: readonly string[]
}

/** Everything one captured order consists of, in an order in which it can be inserted. */
export const CAPTURED: readonly OrderTable[] = [
  { name: 'customers', from: 'customers t join pool on pool.customer_id = t.id', ids: ['id'], texts: ['email', 'name', 'phone'] },
  { name: 'orders', from: 'orders t join pool on pool.order_id = t.id', ids: ['id', 'customer_id'], texts: ['external_id', 'email', 'customer_name', 'phone'], times: ['placed_at', 'created_at'], omit: ['number'] },
  { name: 'order_lines', from: 'order_lines t join pool on pool.order_id = t.order_id', ids: ['id', 'order_id'] },
  { name: 'sourcing_decisions', from: 'sourcing_decisions t join pool on pool.order_id = t.order_id', ids: ['id', 'order_id'] },
  { name: 'stock_movements', from: `stock_movements t join pool on pool.order_id = t.cause_id`, ids: ['cause_id'], omit: ['transaction_id'] },
  { name: 'allocations', from: 'allocations t join pool on pool.order_id = t.order_id', ids: ['order_line_id', 'order_id'] },
  { name: 'payments', from: 'payments t join pool on pool.order_id = t.order_id', ids: ['id', 'order_id'] },
  { name: 'payment_entries', from: 'payment_entries t join payments p on p.id = t.payment_id join pool on pool.order_id = p.order_id', ids: ['id', 'payment_id'] },
  { name: 'events', from: 'events t join pool on pool.order_id = t.order_id or (t.order_id is null and t.subject_id = pool.customer_id)', ids: ['id', 'order_id', 'subject_id'], omit: ['transaction_id'] },
  { name: 'audit_entries', from: 'audit_entries t join pool on pool.order_id = t.subject_id', ids: ['id', 'subject_id'] },
  { name: 'idempotency_keys', from: `idempotency_keys t join pool on pool.external_id = t.key`, ids: [], texts: ['key'] },
]

/** What work adds to an order: its fulfillment orders, shipments and boxes. */
export const WORKED: readonly OrderTable[] = [
  { name: 'fulfillment_orders', from: 'fulfillment_orders t join pool on pool.order_id = t.order_id', ids: ['id', 'order_id'], times: ['created_at'], omit: ['number'] },
  { name: 'fulfillment_order_lines', from: 'fulfillment_order_lines t join fulfillment_orders f on f.id = t.fulfillment_order_id join pool on pool.order_id = f.order_id', ids: ['fulfillment_order_id', 'order_line_id'] },
  { name: 'shipments', from: 'shipments t join pool on pool.order_id = t.order_id', ids: ['id', 'order_id', 'fulfillment_order_id'], times: ['created_at'] },
  { name: 'packages', from: 'packages t join shipments s on s.id = t.shipment_id join pool on pool.order_id = s.order_id', ids: ['id', 'shipment_id'], texts: ['tracking_number'] },
  { name: 'package_lines', from: 'package_lines t join packages k on k.id = t.package_id join shipments s on s.id = k.shipment_id join pool on pool.order_id = s.order_id', ids: ['package_id', 'order_line_id'] },
]
