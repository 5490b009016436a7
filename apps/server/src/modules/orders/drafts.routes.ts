import { Type } from 'typebox'
import { ids } from '../../kernel/id-kinds.ts'
import { refuse } from '../../kernel/problem.ts'
import { requireChannelWide } from '../../platform/caller.ts'
import type { Database } from '../../platform/db.ts'
import { listQuery, pageOf, readPage, type ListSpec } from '../../platform/http/listing.ts'
import { route, type Route } from '../../platform/http/route.ts'
import { Anything, closed, Code, Id, Nullable } from '../../platform/http/schemas.ts'
import { scopeConditions } from '../../platform/scope.ts'
import { sql } from '../../platform/sql.ts'
import { findChannels } from '../channels/index.ts'
import { requireDraft } from './access.ts'
import { CaptureBody } from './capture-input.ts'
import { createDraft, discardDraft, placeDraft, updateDraft } from './commands/drafts.ts'
import { findDraft, type DraftRow } from './drafts.db.ts'
import { OrderSchema } from './order-view.ts'
import type { OrderPorts } from './ports.ts'

/** Everything capture takes, all of it optional but the channel: a draft may be as incomplete as the phone call is. */
const DraftInput = Type.Partial(Type.Omit(CaptureBody, ['channel', 'placed_at']), closed)
const DraftParams = Type.Object({ draft_id: Id(ids.draft) }, closed)
const Draft = Type.Object({
  id: Type.String(), channel: Type.String(), input: Anything, order_id: Nullable(Type.String()), created_at: Type.String(), updated_at: Type.String(), version: Type.Integer(),
}, closed)

const DRAFTS: ListSpec = {
  id: ids.draft, id_sql: 'd.id', default_sort: '-updated_at',
  fields: {
    updated_at: { sql: 'd.updated_at', type: 'timestamptz', sortable: true },
    channel: { sql: 'c.code', type: 'text' },
  },
}

function viewDraft(draft: Omit<DraftRow, 'created_by' | 'field_versions' | 'channel_id'>, channel: string) {
  return {
    id: ids.draft.show(draft.id), channel, input: draft.input, order_id: draft.order_id === null ? null : ids.order.show(draft.order_id),
    created_at: draft.created_at.toISOString(), updated_at: draft.updated_at.toISOString(), version: draft.version,
  }
}

async function readDraft(db: Database, id: string) {
  const draft = await findDraft(db, id)
  if (draft === undefined) throw refuse('not_found', 'There is no such draft.')
  return viewDraft(draft, (await findChannels(db, [draft.channel_id])).get(draft.channel_id)!.code)
}

type DraftListRow = Omit<DraftRow, 'id' | 'created_by' | 'field_versions' | 'channel_id'> & { cursor_id: string; cursor_value: string; channel: string }

const list = route({
  operation_id: 'listDraftOrders', method: 'GET', url: '/v1/draft-orders', tag: 'orders', permission: 'orders:read', summary: 'Orders being written',
  query: listQuery(DRAFTS), reply: { status: 200, schema: pageOf(Draft) },
  handle: async ({ query, db, caller }) => {
    requireChannelWide(caller)
    const scope = scopeConditions(caller, { channel_id: sql`d.channel_id` })
    const page = await readPage<DraftListRow>(db, DRAFTS, query, (cursor) => sql`
      select ${cursor}, c.code as channel, d.input, d.order_id, d.created_at, d.updated_at, d.version from draft_orders d join channels c on c.id = d.channel_id`, [sql`d.order_id is null`, ...scope])
    return { ...page, data: page.data.map((row) => viewDraft({ ...row, id: row.cursor_id }, row.channel)) }
  },
})

const post = route({
  operation_id: 'createDraftOrder', method: 'POST', url: '/v1/draft-orders', tag: 'orders', permission: createDraft.permission, summary: 'Begin an order that is not placed yet',
  body: Type.Object({ channel: Code, input: DraftInput }, closed), reply: { status: 201, schema: Draft },
  handle: async ({ body, db, run }) => readDraft(db, ids.draft.parse((await run(createDraft, body)).id)!),
})

const get = route({
  operation_id: 'getDraftOrder', method: 'GET', url: '/v1/draft-orders/:draft_id', tag: 'orders', permission: 'orders:read', summary: 'One draft',
  params: DraftParams, reply: { status: 200, schema: Draft }, problems: ['not_found'],
  handle: async ({ params, db, caller, etag }) => {
    const draft = requireDraft(caller, await findDraft(db, ids.draft.parse(params.draft_id)!))
    etag(draft.version)
    return readDraft(db, draft.id)
  },
})

const patch = route({
  operation_id: 'updateDraftOrder', method: 'PATCH', url: '/v1/draft-orders/:draft_id', tag: 'orders', permission: updateDraft.permission, summary: 'Replace what the draft says',
  params: DraftParams, body: Type.Object({ input: DraftInput }, closed), reply: { status: 200, schema: Draft }, problems: ['not_found', 'draft_placed'],
  handle: async ({ params, body, db, seen_version, run, etag }) => {
    const draft_id = ids.draft.parse(params.draft_id)!
    await run(updateDraft, { draft_id, input: body.input, seen_version })
    const view = await readDraft(db, draft_id)
    etag(view.version)
    return view
  },
})

const discard = route({
  operation_id: 'discardDraftOrder', method: 'DELETE', url: '/v1/draft-orders/:draft_id', tag: 'orders', permission: discardDraft.permission, summary: 'Throw a draft away',
  params: DraftParams, reply: { status: 200, schema: Type.Object({ id: Type.String() }, closed) }, problems: ['not_found', 'draft_placed'],
  handle: async ({ params, run }) => run(discardDraft, { draft_id: ids.draft.parse(params.draft_id)! }),
})

export function draftRoutes(ports: OrderPorts): Route[] {
  const command = placeDraft(ports)
  const place = route({
    operation_id: 'placeDraftOrder', method: 'POST', url: '/v1/draft-orders/:draft_id/place', tag: 'orders', permission: command.permission, summary: 'Place the order that the draft describes',
    params: DraftParams, body: Type.Object({}, closed), reply: { status: 201, schema: OrderSchema }, problems: ['not_found', 'draft_placed', 'out_of_stock', 'external_id_conflict', 'reservation_not_active'],
    handle: async ({ params, run }) => run(command, { draft_id: ids.draft.parse(params.draft_id)! }),
  })
  return [list, post, get, patch, discard, place]
}
