/** A table with rows of its own for every order, and what two orders cannot share in them. */
export type OrderTable = {
  name: string
  /** Rows of the orders in `pool(order_id, customer_id, external_id)`, called `t`; `pool.order_id` says of which. */
  from: string
  /** Columns with ids of rows that belong to the order. */
  ids: readonly string[]
  /** Columns with texts that are unique. */
  texts?: readonly string[]
  /** Columns that the database fills itself. */
  omit?: readonly string[]
}

/** Everything one captured order consists of, in an order in which it can be inserted. */
export const CAPTURED: readonly OrderTable[] = [
  { name: 'customers', from: 'customers t join pool on pool.customer_id = t.id', ids: ['id'], texts: ['email'] },
  { name: 'orders', from: 'orders t join pool on pool.order_id = t.id', ids: ['id', 'customer_id'], texts: ['external_id', 'email'], omit: ['number'] },
  { name: 'order_lines', from: 'order_lines t join pool on pool.order_id = t.order_id', ids: ['id', 'order_id'] },
  { name: 'sourcing_decisions', from: 'sourcing_decisions t join pool on pool.order_id = t.order_id', ids: ['id', 'order_id'] },
  { name: 'stock_movements', from: `stock_movements t join pool on pool.order_id = t.cause_id`, ids: ['cause_id'] },
  { name: 'allocations', from: 'allocations t join pool on pool.order_id = t.order_id', ids: ['order_line_id', 'order_id'] },
  { name: 'payments', from: 'payments t join pool on pool.order_id = t.order_id', ids: ['id', 'order_id'] },
  { name: 'payment_entries', from: 'payment_entries t join payments p on p.id = t.payment_id join pool on pool.order_id = p.order_id', ids: ['id', 'payment_id'] },
  { name: 'events', from: 'events t join pool on pool.order_id = t.order_id or (t.order_id is null and t.subject_id = pool.customer_id)', ids: ['id', 'order_id', 'subject_id'], omit: ['transaction_id'] },
  { name: 'audit_entries', from: 'audit_entries t join pool on pool.order_id = t.subject_id', ids: ['id', 'subject_id'] },
  { name: 'idempotency_keys', from: `idempotency_keys t join pool on pool.external_id = t.key`, ids: [], texts: ['key'] },
]
