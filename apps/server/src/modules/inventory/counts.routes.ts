import { Type } from 'typebox'
import { ids } from '../../kernel/id-kinds.ts'
import { refuse } from '../../kernel/problem.ts'
import { inScope, type Caller } from '../../platform/caller.ts'
import type { Queryable } from '../../platform/db.ts'
import { listQuery, pageOf, readPage, type ListSpec } from '../../platform/http/listing.ts'
import { route, type Route } from '../../platform/http/route.ts'
import { closed, Code, Id, Nullable, OneOf, Sku } from '../../platform/http/schemas.ts'
import { sql } from '../../platform/sql.ts'
import { cancelCount, openCount, postCount, recordCounts } from './commands/counts.ts'
import { COUNT, MAX_COUNT_LINES, viewCount, viewCountHead, type CountView } from './count.ts'
import { COUNT_COLUMNS, countLines, countsInScope, findCount, type CountRow } from './counts.db.ts'
import { Actions, Note } from './schemas.ts'

const head = {
  id: Type.String(), location: Type.String(), status: OneOf(COUNT.states), note: Type.String(), created_at: Type.String(), closed_at: Nullable(Type.String()), actions: Actions,
}
const Count = Type.Object({
  ...head,
  lines: Type.Array(Type.Object({ sku: Type.String(), counted: Nullable(Type.Integer()), expected: Nullable(Type.Integer({ description: 'Hidden while the count is open from those who may not adjust stock' })), variance: Nullable(Type.Integer()), counted_at: Nullable(Type.String()) }, closed)),
}, closed)
const CountParams = Type.Object({ count_id: Id(ids.count) }, closed)

const postCountRoute = route({
  operation_id: 'openStockCount', method: 'POST', url: '/v1/stock-counts', tag: 'inventory', permission: openCount.permission, summary: 'Begin a count',
  body: Type.Object({ location: Code, skus: Type.Optional(Type.Array(Sku, { maxItems: MAX_COUNT_LINES, uniqueItems: true })), note: Type.Optional(Note) }, closed), reply: { status: 201, schema: Count },
  handle: async ({ body, run }) => run(openCount, body),
})

const postLines = route({
  operation_id: 'recordStockCount', method: 'POST', url: '/v1/stock-counts/:count_id/lines', tag: 'inventory', permission: recordCounts.permission, summary: 'Record what was counted',
  params: CountParams, body: Type.Object({ lines: Type.Array(Type.Object({ sku: Sku, counted: Type.Integer({ minimum: 0, maximum: 10_000_000 }) }, closed), { minItems: 1, maxItems: 1_000 }) }, closed),
  reply: { status: 200, schema: Count }, problems: ['not_found', 'count_closed', 'count_too_large'],
  handle: async ({ params, body, run }) => run(recordCounts, { count_id: ids.count.parse(params.count_id)!, ...body }),
})

const post = route({
  operation_id: 'postStockCount', method: 'POST', url: '/v1/stock-counts/:count_id/post', tag: 'inventory', permission: postCount.permission, summary: 'Book the variances of a count',
  params: CountParams, body: Type.Object({}, closed), reply: { status: 200, schema: Count }, problems: ['not_found', 'count_closed', 'count_empty', 'insufficient_stock'],
  handle: async ({ params, run }) => run(postCount, { count_id: ids.count.parse(params.count_id)! }),
})

const cancel = route({
  operation_id: 'cancelStockCount', method: 'POST', url: '/v1/stock-counts/:count_id/cancel', tag: 'inventory', permission: cancelCount.permission, summary: 'Throw a count away',
  params: CountParams, body: Type.Object({}, closed), reply: { status: 200, schema: Count }, problems: ['not_found', 'count_closed'],
  handle: async ({ params, db, caller, run }) => {
    await run(cancelCount, { count_id: ids.count.parse(params.count_id)! })
    return readCount(db, caller, params.count_id)
  },
})

const get = route({
  operation_id: 'getStockCount', method: 'GET', url: '/v1/stock-counts/:count_id', tag: 'inventory', permission: 'inventory:read', summary: 'One count',
  params: CountParams, reply: { status: 200, schema: Count }, problems: ['not_found'],
  handle: async ({ params, db, caller }) => readCount(db, caller, params.count_id),
})

async function readCount(db: Queryable, caller: Caller, shown: string): Promise<CountView> {
  const row = await findCount(db, ids.count.parse(shown)!)
  if (row === undefined || !inScope(caller, { location_id: row.location_id })) throw refuse('not_found', 'There is no such count.')
  return viewCount(row, await countLines(db, row.id), caller)
}

const COUNTS: ListSpec = {
  id: ids.count, id_sql: 'c.id', default_sort: '-created_at',
  fields: { created_at: { sql: 'c.created_at', type: 'timestamptz', sortable: true }, status: { sql: 'c.status', type: 'text', values: COUNT.states }, location: { sql: 'l.code', type: 'text' } },
}

const listCounts = route({
  operation_id: 'listStockCounts', method: 'GET', url: '/v1/stock-counts', tag: 'inventory', permission: 'inventory:read', summary: 'List counts',
  query: listQuery(COUNTS), reply: { status: 200, schema: pageOf(Type.Object(head, closed)) },
  handle: async ({ query, db, caller }) => {
    const page = await readPage<CountRow & { cursor_id: string; cursor_value: string }>(db, COUNTS, query, (cursor) => sql`select ${cursor}, ${COUNT_COLUMNS} from stock_counts c join locations l on l.id = c.location_id`, countsInScope(caller))
    return { ...page, data: page.data.map(viewCountHead) }
  },
})

export const countRoutes: Route[] = [postCountRoute, postLines, post, cancel, get, listCounts]
