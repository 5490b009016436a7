import { Type } from 'typebox'
import { ids } from '../../kernel/id-kinds.ts'
import { listQuery, pageOf, readPage, type ListSpec } from '../../platform/http/listing.ts'
import { route, type Route } from '../../platform/http/route.ts'
import { closed, Code } from '../../platform/http/schemas.ts'
import { scopeConditions } from '../../platform/scope.ts'
import { sql } from '../../platform/sql.ts'
import { KINDS, type Channel } from './channel.ts'
import { ChannelFieldSchemas as Field, ChannelView, viewChannel } from './channel-view.ts'
import { CHANNEL_COLUMNS, findChannel } from './channels.db.ts'
import { createChannel } from './commands/create-channel.ts'
import { updateChannel } from './commands/update-channel.ts'
import { requireChannel } from './scope.ts'

const ByCode = Type.Object({ code: Code }, closed)
/** Everything that has a default, and may be changed. */
const OPTIONAL = {
  active: Type.Optional(Field.active), on_shortage: Type.Optional(Field.on_shortage), max_splits: Type.Optional(Field.max_splits), reservation_minutes: Type.Optional(Field.reservation_minutes),
  payment_expectation: Type.Optional(Field.payment_expectation), stock_buffer: Type.Optional(Field.stock_buffer), prices_include_tax: Type.Optional(Field.prices_include_tax),
  tax_rate_basis_points: Type.Optional(Field.tax_rate_basis_points), release_delay_minutes: Type.Optional(Field.release_delay_minutes),
  return_window_days: Type.Optional(Field.return_window_days), location_groups: Type.Optional(Field.location_groups),
}

const CHANNELS: ListSpec = {
  id: ids.channel, id_sql: 'c.id', default_sort: 'code',
  fields: {
    code: { sql: 'c.code', type: 'text', sortable: true },
    name: { sql: 'c.name', type: 'text', sortable: true, filterable: false },
    kind: { sql: 'c.kind', type: 'text', values: KINDS },
    active: { sql: 'c.active', type: 'boolean' },
    currency: { sql: 'c.currency', type: 'text' },
  },
  search: (q) => {
    const pattern = `%${q.replaceAll(/[\\%_]/g, '\\$&')}%`
    return sql`(c.code ilike ${pattern} or c.name ilike ${pattern})`
  },
}

const listChannels = route({
  operation_id: 'listChannels', method: 'GET', url: '/v1/channels', tag: 'channels', permission: 'channels:read', summary: 'List channels',
  query: listQuery(CHANNELS),
  reply: { status: 200, schema: pageOf(ChannelView) },
  handle: async ({ query, caller, db }) => {
    const where = scopeConditions(caller, { channel_id: sql`c.id` })
    const page = await readPage<Channel & { cursor_id: string; cursor_value: string }>(db, CHANNELS, query, (cursor) => sql`select ${cursor}, ${CHANNEL_COLUMNS} from channels c`, where)
    return { ...page, data: page.data.map(({ cursor_id: _id, cursor_value: _value, ...channel }) => viewChannel(channel)) }
  },
})

const postChannel = route({
  operation_id: 'createChannel', method: 'POST', url: '/v1/channels', tag: 'channels', permission: createChannel.permission, summary: 'Add a channel',
  description: 'The code, the kind and the currency stay as they are.',
  body: Type.Object({ code: Code, name: Field.name, kind: Field.kind, currency: Field.currency, ...OPTIONAL }, closed),
  reply: { status: 201, schema: ChannelView }, problems: ['already_exists'],
  handle: async ({ body, run, etag }) => {
    const channel = await run(createChannel, body)
    etag(channel.version)
    return channel
  },
})

const getChannel = route({
  operation_id: 'getChannel', method: 'GET', url: '/v1/channels/:code', tag: 'channels', permission: 'channels:read', summary: 'Look at a channel',
  params: ByCode,
  reply: { status: 200, schema: ChannelView }, problems: ['not_found'],
  handle: async ({ params, caller, db, etag }) => {
    const channel = requireChannel(caller, params.code, await findChannel(db, params.code))
    etag(channel.version)
    return viewChannel(channel)
  },
})

const patchChannel = route({
  operation_id: 'updateChannel', method: 'PATCH', url: '/v1/channels/:code', tag: 'channels', permission: updateChannel.permission, summary: 'Change a channel and its policies',
  params: ByCode,
  body: Type.Object({ name: Type.Optional(Field.name), ...OPTIONAL }, closed),
  reply: { status: 200, schema: ChannelView }, problems: ['not_found', 'stale_version'],
  handle: async ({ params, body, seen_version, run, etag }) => {
    const channel = await run(updateChannel, { code: params.code, seen_version, patch: body })
    etag(channel.version)
    return channel
  },
})

export const channelRoutes: Route[] = [listChannels, postChannel, getChannel, patchChannel]
