import { Type } from 'typebox'
import { ids } from '../../kernel/id-kinds.ts'
import { listQuery, pageOf, readPage, type ListSpec } from '../../platform/http/listing.ts'
import { route, type Route } from '../../platform/http/route.ts'
import { closed, Code, OneOf, Sku } from '../../platform/http/schemas.ts'
import { sql } from '../../platform/sql.ts'
import { findChannel } from './channels.db.ts'
import { mapSkus, unmapSku } from './commands/channel-skus.ts'
import { requireChannel } from './scope.ts'

const ByCode = Type.Object({ code: Code }, closed)
const ChannelSku = Type.String({ minLength: 1, maxLength: 128, description: 'What the channel calls the variant' })
const Mapping = Type.Object({ channel_sku: ChannelSku, sku: Sku }, closed)

/** Within one channel its SKUs are unique, so that the variant makes the order total. */
const MAPPINGS: ListSpec = {
  id: ids.variant, id_sql: 's.variant_id', default_sort: 'channel_sku',
  fields: {
    channel_sku: { sql: 's.channel_sku', type: 'text', sortable: true },
    sku: { sql: 'v.sku', type: 'text' },
  },
  search: (q) => {
    const pattern = `%${q.replaceAll(/[\\%_]/g, '\\$&')}%`
    return sql`(s.channel_sku ilike ${pattern} or v.sku ilike ${pattern})`
  },
}

const listSkus = route({
  operation_id: 'listChannelSkus', method: 'GET', url: '/v1/channels/:code/skus', tag: 'channels', permission: 'channels:read', summary: 'List what a channel calls its articles',
  params: ByCode,
  query: listQuery(MAPPINGS),
  reply: { status: 200, schema: pageOf(Mapping) }, problems: ['not_found'],
  handle: async ({ params, query, caller, db }) => {
    const channel = requireChannel(caller, params.code, await findChannel(db, params.code))
    const page = await readPage<{ channel_sku: string; sku: string; cursor_id: string; cursor_value: string }>(
      db, MAPPINGS, query, (cursor) => sql`select ${cursor}, s.channel_sku, v.sku from channel_skus s join variants v on v.id = s.variant_id`, [sql`s.channel_id = ${channel.id}`],
    )
    return { ...page, data: page.data.map(({ channel_sku, sku }) => ({ channel_sku, sku })) }
  },
})

const putSkus = route({
  operation_id: 'mapChannelSkus', method: 'PUT', url: '/v1/channels/:code/skus', tag: 'channels', permission: mapSkus.permission, summary: 'Map what a channel calls its articles to SKUs',
  description: 'Adds and changes the mappings given and leaves all others. Each has its own outcome, in the order of the call.',
  params: ByCode,
  body: Type.Object({ skus: Type.Array(Mapping, { minItems: 1, maxItems: 1_000 }) }, closed),
  reply: {
    status: 200,
    schema: Type.Object({
      data: Type.Array(Type.Object({
        channel_sku: Type.String(), sku: Type.String(), outcome: OneOf(['created', 'changed', 'unchanged', 'refused']),
        errors: Type.Array(Type.Object({ pointer: Type.String(), code: Type.String(), detail: Type.String() }, closed)),
      }, closed)),
    }, closed),
  },
  problems: ['not_found'],
  handle: ({ params, body, run }) => run(mapSkus, { code: params.code, skus: body.skus }),
})

const deleteSku = route({
  operation_id: 'unmapChannelSku', method: 'DELETE', url: '/v1/channels/:code/skus', tag: 'channels', permission: unmapSku.permission, summary: 'Forget one mapping',
  description: 'The channel\'s SKU stands in the query: as a part of the path, texts such as `..` or `a/b` would not arrive.',
  params: ByCode,
  query: Type.Object({ channel_sku: ChannelSku }, closed),
  reply: { status: 204 }, problems: ['not_found'],
  handle: ({ params, query, run }) => run(unmapSku, { code: params.code, channel_sku: query.channel_sku }),
})

export const channelSkuRoutes: Route[] = [listSkus, putSkus, deleteSku]
