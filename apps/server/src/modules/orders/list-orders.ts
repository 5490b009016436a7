import { Type } from 'typebox'
import { ids } from '../../kernel/id-kinds.ts'
import { showMoney } from '../../kernel/money.ts'
import type { Caller } from '../../platform/caller.ts'
import type { Queryable } from '../../platform/db.ts'
import { readPage, type ListQuery, type ListSpec, type Page } from '../../platform/http/listing.ts'
import { closed, Money, Nullable } from '../../platform/http/schemas.ts'
import { orderScope } from '../../platform/scope.ts'
import { sql } from '../../platform/sql.ts'
import { FULFILLMENT_STATUSES, ORDER_STATUSES } from './order.ts'
import { searchOrders } from './search-orders.ts'

export const OrderSummary = Type.Object({
  id: Type.String(), number: Type.String(), channel: Type.String(), external_id: Nullable(Type.String()), status: Type.String(), fulfillment_status: Type.String(), open_holds: Type.Integer(),
  customer_id: Nullable(Type.String()), customer_name: Nullable(Type.String()), email: Nullable(Type.String()), placed_at: Type.String(), total: Money, units: Type.Integer(), delivery: Type.String(),
}, { ...closed, title: 'OrderSummary' })

export const ORDERS: ListSpec = {
  id: ids.order,
  id_sql: 'o.id',
  default_sort: '-placed_at',
  fields: {
    placed_at: { sql: 'o.placed_at', type: 'timestamptz', sortable: true },
    status: { sql: 'o.status', type: 'text', values: ORDER_STATUSES },
    fulfillment_status: { sql: 'o.fulfillment_status', type: 'text', values: FULFILLMENT_STATUSES },
    channel: { sql: 'c.code', type: 'text' },
    customer_id: { sql: 'o.customer_id', type: 'text', id: ids.customer },
    external_id: { sql: 'o.external_id', type: 'text' },
    email: { sql: 'lower(o.email)', type: 'text' },
    number: { sql: 'o.number', type: 'text' },
    open_holds: { sql: 'o.open_holds', type: 'int' },
    delivery: { sql: 'o.delivery', type: 'text', values: ['ship', 'pickup'] },
  },
  search: searchOrders,
}

type SummaryRow = {
  cursor_id: string; cursor_value: string; number: string; channel: string; external_id: string | null; status: string; fulfillment_status: string; open_holds: number
  customer_id: string | null; customer_name: string | null; email: string | null; placed_at: Date; total: bigint; currency: string; units: number; delivery: string
}

export async function listOrders(db: Queryable, query: ListQuery, caller: Caller): Promise<Page<ReturnType<typeof viewSummary>>> {
  const scope = orderScope(caller, { channel_id: sql`o.channel_id`, order_id: sql`o.id` })
  const page = await readPage<SummaryRow>(db, ORDERS, query, (cursor) => sql`
    select ${cursor}, o.number, c.code as channel, o.external_id, o.status, o.fulfillment_status, o.open_holds, o.customer_id, o.customer_name, o.email, o.placed_at, o.total, o.currency, o.delivery,
      o.units_open + o.units_backordered + o.units_allocated + o.units_released + o.units_picked + o.units_packed + o.units_shipped + o.units_delivered + o.units_returned + o.units_canceled as units
    from orders o join channels c on c.id = o.channel_id`, scope)
  return { ...page, data: page.data.map(viewSummary) }
}

function viewSummary(row: SummaryRow) {
  return {
    id: ids.order.show(row.cursor_id), number: row.number, channel: row.channel, external_id: row.external_id, status: row.status, fulfillment_status: row.fulfillment_status, open_holds: row.open_holds,
    customer_id: row.customer_id === null ? null : ids.customer.show(row.customer_id), customer_name: row.customer_name, email: row.email, placed_at: row.placed_at.toISOString(),
    total: showMoney(row.total, row.currency), units: row.units, delivery: row.delivery,
  }
}

