import { Type } from 'typebox'
import { ids } from '../../kernel/id-kinds.ts'
import type { Command } from '../../platform/command.ts'
import { route, type Route } from '../../platform/http/route.ts'
import { closed, Id, OneOf } from '../../platform/http/schemas.ts'
import { MEDIA_TYPES, renderPickList } from '../shipping/index.ts'
import { bulkPack, bulkPick, bulkShip, type BulkItem } from './commands/work.ts'
import { FulfillmentOrderParams } from './fulfillment.routes.ts'
import { fulfillmentOrderId, requireFulfillmentOrders } from './list.ts'
import { pickListOf } from './pick-lists.ts'

const FulfillmentOrderIds = Type.Array(Id(ids.fulfillment_order), { minItems: 1, maxItems: 200, uniqueItems: true })
const BulkView = Type.Object({
  data: Type.Array(Type.Object({
    fulfillment_order_id: Type.String(), ok: Type.Boolean(), code: Type.Optional(Type.String({ description: 'Why not, as the single call would answer' })), detail: Type.Optional(Type.String()),
  }, closed)),
}, closed)

function bulk(verb: string, command: Command<{ fulfillment_order_ids: readonly string[] }, BulkItem[]>, summary: string): Route {
  return route({
    operation_id: `bulk${verb[0]!.toUpperCase()}${verb.slice(1)}`, method: 'POST', url: `/v1/fulfillment-orders/bulk/${verb}`, tag: 'fulfillment', permission: command.permission, summary,
    description: 'One outcome for each, in the order given; a refused one harms no other.',
    body: Type.Object({ fulfillment_order_ids: FulfillmentOrderIds }, closed), reply: { status: 200, schema: BulkView },
    handle: async ({ body, run }) => {
      const data = await run(command, { fulfillment_order_ids: body.fulfillment_order_ids.map((id) => ids.fulfillment_order.parse(id)!) })
      return { data: data.map((item) => ({ ...item, fulfillment_order_id: ids.fulfillment_order.show(item.fulfillment_order_id) })) }
    },
  })
}

const PaperOption = { size: Type.Optional(OneOf(['a4', 'letter'], { default: 'a4' })) }

const getPickList = route({
  operation_id: 'getPickList', method: 'GET', url: '/v1/fulfillment-orders/:fulfillment_order_id/pick-list', tag: 'fulfillment', permission: 'fulfillment:read', summary: 'What is still to be picked, on paper',
  params: FulfillmentOrderParams, query: Type.Object(PaperOption, closed), reply: { status: 200 }, sends: 'application/pdf', problems: ['not_found', 'nothing_to_pick'],
  handle: async ({ params, query, db, caller, header }) => {
    const works = await requireFulfillmentOrders(db, caller, [await fulfillmentOrderId(db, params.fulfillment_order_id)])
    const list = await pickListOf(db, works, new Date())
    header('content-type', MEDIA_TYPES.pdf)
    return renderPickList(list, query.size ?? 'a4')
  },
})

const printPickList = route({
  operation_id: 'printPickList', method: 'POST', url: '/v1/pick-lists', tag: 'fulfillment', permission: 'fulfillment:read', summary: 'One walk for many fulfillment orders of a location, sorted by bin',
  body: Type.Object({ fulfillment_order_ids: FulfillmentOrderIds, ...PaperOption }, closed), reply: { status: 200 }, sends: 'application/pdf', problems: ['nothing_to_pick'],
  handle: async ({ body, db, caller, header }) => {
    const works = await requireFulfillmentOrders(db, caller, body.fulfillment_order_ids.map((id) => ids.fulfillment_order.parse(id)!), '/fulfillment_order_ids')
    const list = await pickListOf(db, works, new Date())
    header('content-type', MEDIA_TYPES.pdf)
    return renderPickList(list, body.size ?? 'a4')
  },
})

export const bulkRoutes: Route[] = [
  bulk('pick', bulkPick, 'Pick everything of many fulfillment orders'),
  bulk('pack', bulkPack, 'Pack everything of many fulfillment orders'),
  bulk('ship', bulkShip, 'Hand the boxes of many fulfillment orders over to the carrier'),
  getPickList, printPickList,
]
