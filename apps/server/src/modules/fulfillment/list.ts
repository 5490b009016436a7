import { ids } from '../../kernel/id-kinds.ts'
import { invalid, refuse } from '../../kernel/problem.ts'
import { inScope, type Caller } from '../../platform/caller.ts'
import type { Queryable } from '../../platform/db.ts'
import { readPage, type ListQuery, type ListSpec, type Page } from '../../platform/http/listing.ts'
import { scopeConditions } from '../../platform/scope.ts'
import { sql } from '../../platform/sql.ts'
import { findFulfillmentOrderByNumber, findFulfillmentOrders } from './fulfillment.db.ts'
import { FULFILLMENT_ORDER_STATUSES } from './fulfillment-order.ts'
import { readFulfillmentOrderViews, type FulfillmentOrderView } from './view.ts'
import type { WorkOrder } from './work.ts'

/** Oldest first: a list of work is a queue. */
export const FULFILLMENT_ORDERS: ListSpec = {
  id: ids.fulfillment_order, id_sql: 'f.id', default_sort: 'created_at',
  fields: {
    created_at: { sql: 'f.created_at', type: 'timestamptz', sortable: true },
    status: { sql: 'f.status', type: 'text', values: FULFILLMENT_ORDER_STATUSES },
    location: { sql: 'l.code', type: 'text' },
    channel: { sql: 'c.code', type: 'text' },
    kind: { sql: 'f.kind', type: 'text', values: ['ship', 'pickup'] },
    order_id: { sql: 'f.order_id', type: 'text', id: ids.order },
    assigned_to: { sql: 'f.assigned_to', type: 'text', id: ids.user },
    due_at: { sql: 'f.due_at', type: 'timestamptz' },
    number: { sql: 'f.number', type: 'text' },
  },
  search: (q) => {
    const text = q.trim().toUpperCase()
    return sql`f.id in (
      select id from fulfillment_orders where number = ${text}
      union all select w.id from fulfillment_orders w join orders o on o.id = w.order_id where o.number = ${text}
      union all select s.fulfillment_order_id from packages p join shipments s on s.id = p.shipment_id where p.tracking_number = ${text.replaceAll(/[\s-]/g, '')})`
  },
}

export async function listFulfillmentOrders(db: Queryable, query: ListQuery, caller: Caller): Promise<Page<FulfillmentOrderView>> {
  const scope = scopeConditions(caller, { channel_id: sql`f.channel_id`, location_id: sql`f.location_id` })
  const page = await readPage<{ cursor_id: string; cursor_value: string }>(
    db, FULFILLMENT_ORDERS, query, (cursor) => sql`select ${cursor} from fulfillment_orders f join locations l on l.id = f.location_id join channels c on c.id = f.channel_id`, scope,
  )
  return { ...page, data: await readFulfillmentOrderViews(db, page.data.map(({ cursor_id }) => cursor_id)) }
}

/** The id behind what a path says, an id or a number. Whether the caller sees it is not asked yet. */
export async function fulfillmentOrderId(db: Queryable, idOrNumber: string): Promise<string> {
  const id = ids.fulfillment_order.parse(idOrNumber) ?? (await findFulfillmentOrderByNumber(db, idOrNumber))?.id
  if (id === undefined) throw refuse('not_found', 'There is no such fulfillment order.')
  return id
}

/** The fulfillment orders of a request in its order; outside the caller's channels and locations they do not exist. */
export async function requireFulfillmentOrders(db: Queryable, caller: Caller, fulfillmentOrderIds: readonly string[], pointer?: string): Promise<WorkOrder[]> {
  const works = new Map((await findFulfillmentOrders(db, fulfillmentOrderIds)).map((work) => [work.id, work]))
  return fulfillmentOrderIds.map((id, index) => {
    const work = works.get(id)
    if (work !== undefined && inScope(caller, work)) return work
    if (pointer === undefined) throw refuse('not_found', 'There is no such fulfillment order.')
    throw invalid([{ pointer: `${pointer}/${index}`, code: 'unknown_fulfillment_order', detail: `There is no fulfillment order ${ids.fulfillment_order.show(id)}.` }])
  })
}
