import { Type } from 'typebox'
import { ids } from '../../kernel/id-kinds.ts'
import { listQuery, pageOf, readPage, type ListSpec } from '../../platform/http/listing.ts'
import { route, type Route } from '../../platform/http/route.ts'
import { closed, Code, Nullable } from '../../platform/http/schemas.ts'
import { orderScope } from '../../platform/scope.ts'
import type { Caller } from '../../platform/caller.ts'
import { sql, type Sql } from '../../platform/sql.ts'
import { listQueues, STILL_WAITING } from './queue.db.ts'

const scopeOf = (caller: Caller): Sql[] => orderScope(caller, { channel_id: sql`o.channel_id`, order_id: sql`o.id` })

const getQueues = route({
  operation_id: 'listRoutingQueues', method: 'GET', url: '/v1/routing-queues', tag: 'routing', permission: 'sourcing:read', summary: 'Lists of orders that routing could not place',
  description: 'Rules name the queues; `unrouted` holds what a rule or a channel put on hold without naming one, `backorders` what waits for stock until a date.',
  reply: { status: 200, schema: Type.Object({ data: Type.Array(Type.Object({ queue: Type.String(), orders: Type.Integer(), oldest_at: Type.String() }, closed)) }, closed) },
  handle: async ({ db, caller }) => ({ data: (await listQueues(db, scopeOf(caller))).map(({ queue, orders, oldest_at }) => ({ queue, orders, oldest_at: oldest_at.toISOString() })) }),
})

const QUEUED: ListSpec = {
  id: ids.order, id_sql: 'q.order_id', default_sort: 'entered_at',
  fields: { entered_at: { sql: 'q.entered_at', type: 'timestamptz', sortable: true }, rule: { sql: 'q.rule', type: 'text' } },
}
type QueuedRow = { cursor_id: string; cursor_value: string; number: string; rule: string | null; entered_at: Date; cancel_at: Date | null; waiting_units: number; open_holds: number }

const getQueue = route({
  operation_id: 'listRoutingQueueOrders', method: 'GET', url: '/v1/routing-queues/:queue/orders', tag: 'routing', permission: 'sourcing:read', summary: 'Orders in a queue, the longest waiting first',
  description: 'An order leaves its queue when all of its units have a location or are canceled. Source it again, release its hold, or cancel it.',
  params: Type.Object({ queue: Code }, closed), query: listQuery(QUEUED),
  reply: { status: 200, schema: pageOf(Type.Object({
    order_id: Type.String(), number: Type.String(), rule: Nullable(Type.String({ description: 'The rule that put it here' })), entered_at: Type.String(), cancel_at: Nullable(Type.String({ description: 'When units that still have no location are canceled' })), waiting_units: Type.Integer(), on_hold: Type.Boolean(),
  }, closed)) },
  handle: async ({ params, query, db, caller }) => {
    const page = await readPage<QueuedRow>(db, QUEUED, query, (cursor) => sql`
      select ${cursor}, o.number, q.rule, q.entered_at, q.cancel_at, o.units_open + o.units_backordered as waiting_units, o.open_holds from sourcing_queue q join orders o on o.id = q.order_id`,
      [sql`q.queue = ${params.queue}`, STILL_WAITING, ...scopeOf(caller)])
    return { ...page, data: page.data.map(({ cursor_id, number, rule, entered_at, cancel_at, waiting_units, open_holds }) => ({
      order_id: ids.order.show(cursor_id), number, rule, entered_at: entered_at.toISOString(), cancel_at: cancel_at?.toISOString() ?? null, waiting_units, on_hold: open_holds > 0,
    })) }
  },
})

export const queueRoutes: Route[] = [getQueues, getQueue]
