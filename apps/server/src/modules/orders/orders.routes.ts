import { Type } from 'typebox'
import { ids } from '../../kernel/id-kinds.ts'
import { readOrderEvents } from '../../platform/event-feed.ts'
import { listQuery, pageOf } from '../../platform/http/listing.ts'
import { route, type Route } from '../../platform/http/route.ts'
import { Address, Anything, closed, Id, IdOrNumber, Instant, OneOf } from '../../platform/http/schemas.ts'
import { EventSchema } from '../../platform/platform.routes.ts'
import { requireOrder } from './access.ts'
import { CaptureBody, Tags, type CaptureInput } from './capture-input.ts'
import { cancelOrder } from './commands/cancel-order.ts'
import { captureOrders } from './commands/capture-orders.ts'
import { placeHold, releaseHolds } from './commands/holds.ts'
import { updateOrder } from './commands/update-order.ts'
import { listOrders, ORDERS, OrderSummary } from './list-orders.ts'
import { CANCEL_REASONS, HOLD_TYPES } from './order.ts'
import { OrderSchema, readOrderViews } from './order-view.ts'
import type { OrderPorts } from './ports.ts'

export const OrderParams = Type.Object({ order_id: IdOrNumber(ids.order) }, closed)

const list = route({
  operation_id: 'listOrders', method: 'GET', url: '/v1/orders', tag: 'orders', permission: 'orders:read', summary: 'List and search orders',
  description: '`q` finds order number, the channel\'s number, e-mail, customer name or phone, SKU and tracking number.',
  query: listQuery(ORDERS), reply: { status: 200, schema: pageOf(OrderSummary) },
  handle: async ({ query, db, caller }) => listOrders(db, query, caller),
})

const get = route({
  operation_id: 'getOrder', method: 'GET', url: '/v1/orders/:order_id', tag: 'orders', permission: 'orders:read', summary: 'One order, with what may be done with it now',
  params: OrderParams, reply: { status: 200, schema: OrderSchema }, problems: ['not_found'],
  handle: async ({ params, db, caller, etag }) => {
    const order = await requireOrder(db, caller, params.order_id)
    etag(order.version)
    return (await readOrderViews(db, [order.id])).get(order.id)!
  },
})

const timeline = route({
  operation_id: 'listOrderEvents', method: 'GET', url: '/v1/orders/:order_id/timeline', tag: 'orders', permission: 'orders:read', summary: 'The story of an order: everything that happened, in order',
  params: OrderParams,
  query: Type.Object({ after: Type.Optional(Type.Integer({ minimum: 0, maximum: 2_000_000_000, default: 0, description: 'The last `sequence` you have' })), limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 200 })) }, closed),
  reply: { status: 200, schema: Type.Object({ data: Type.Array(EventSchema), page: Type.Object({ next: Type.Integer(), has_more: Type.Boolean() }, closed) }, closed) }, problems: ['not_found'],
  handle: async ({ params, query, db, caller }) => {
    const order = await requireOrder(db, caller, params.order_id)
    const limit = query.limit ?? 200
    const data = await readOrderEvents(db, order.id, query.after ?? 0, limit)
    return { data, page: { next: data.at(-1)?.sequence ?? query.after ?? 0, has_more: data.length === limit } }
  },
})

const patch = route({
  operation_id: 'updateOrder', method: 'PATCH', url: '/v1/orders/:order_id', tag: 'orders', permission: updateOrder.permission, summary: 'Change the shipping address, the note, the tags or custom fields',
  description: 'The address may change until the goods are packed. A `bad_address` hold stays until somebody releases it.',
  params: OrderParams,
  body: Type.Object({
    shipping_address: Type.Optional(Address), note: Type.Optional(Type.String({ maxLength: 2_000 })), tags: Type.Optional(Tags),
    custom_fields: Type.Optional(Type.Unsafe<Record<string, unknown>>({ ...Anything, description: 'All answers, checked by the form that the order was placed with' })),
  }, closed),
  reply: { status: 200, schema: OrderSchema }, problems: ['not_found', 'address_fixed'],
  handle: async ({ params, body, db, caller, seen_version, run, etag }) => {
    const order = await requireOrder(db, caller, params.order_id)
    const view = await run(updateOrder, { order_id: order.id, patch: body, seen_version })
    etag(view.version)
    return view
  },
})

const postHold = route({
  operation_id: 'holdOrder', method: 'POST', url: '/v1/orders/:order_id/holds', tag: 'orders', permission: placeHold.permission, summary: 'Put an order on hold',
  params: OrderParams,
  body: Type.Object({ type: OneOf(HOLD_TYPES), note: Type.Optional(Type.String({ maxLength: 1_000 })), owner_id: Type.Optional(Id(ids.user)), release_at: Type.Optional(Instant) }, closed),
  reply: { status: 201, schema: OrderSchema }, problems: ['not_found', 'order_not_placed'],
  handle: async ({ params, body, db, caller, run }) => {
    const order = await requireOrder(db, caller, params.order_id)
    return run(placeHold, { order_id: order.id, type: body.type, note: body.note ?? '', owner_id: body.owner_id === undefined ? null : ids.user.parse(body.owner_id)!, release_at: body.release_at ?? null })
  },
})

const releaseHold = route({
  operation_id: 'releaseOrderHolds', method: 'POST', url: '/v1/orders/:order_id/release-holds', tag: 'orders', permission: releaseHolds.permission, summary: 'End one hold or all of them',
  params: OrderParams, body: Type.Object({ hold_id: Type.Optional(Id(ids.hold)) }, closed),
  reply: { status: 200, schema: OrderSchema }, problems: ['not_found', 'no_open_hold'],
  handle: async ({ params, body, db, caller, run }) => {
    const order = await requireOrder(db, caller, params.order_id)
    return run(releaseHolds, { order_id: order.id, hold_id: body.hold_id === undefined ? undefined : ids.hold.parse(body.hold_id) })
  },
})

/** Capture and cancellation need the modules above orders, which the wiring hands in. */
export function orderRoutes(ports: OrderPorts): Route[] {
  const capture = captureOrders(ports)
  const cancel = cancelOrder(ports)
  const post = route({
    operation_id: 'createOrder', method: 'POST', url: '/v1/orders', tag: 'orders', permission: capture.permission, summary: 'Place an order',
    description: 'Prices, taxes, claims stock and answers when all of it is durable. Goods that are shipped need a `shipping_address`. An order sent again by its channel (same `external_id`, same content) answers with the order that exists.',
    body: CaptureBody, reply: { status: 201, schema: OrderSchema }, problems: ['out_of_stock', 'external_id_conflict', 'reservation_not_active'],
    handle: async ({ body, submit }) => submit(capture, body as CaptureInput),
  })
  const postCancel = route({
    operation_id: 'cancelOrder', method: 'POST', url: '/v1/orders/:order_id/cancel', tag: 'orders', permission: cancel.permission, summary: 'Cancel an order or some of its units',
    params: OrderParams,
    body: Type.Object({
      reason: OneOf(CANCEL_REASONS), note: Type.Optional(Type.String({ maxLength: 1_000 })),
      lines: Type.Optional(Type.Array(Type.Object({ line_id: Id(ids.line), quantity: Type.Integer({ minimum: 1, maximum: 1_000_000 }) }, closed), { minItems: 1, maxItems: 500, description: 'Left out means everything that has not left' })),
    }, closed),
    reply: { status: 200, schema: OrderSchema }, problems: ['not_found', 'order_not_cancelable'],
    handle: async ({ params, body, db, caller, run }) => {
      const order = await requireOrder(db, caller, params.order_id)
      return run(cancel, { order_id: order.id, reason: body.reason, note: body.note ?? '', lines: body.lines?.map(({ line_id, quantity }) => ({ line_id: ids.line.parse(line_id)!, quantity })) })
    },
  })
  return [list, post, get, patch, timeline, postHold, releaseHold, postCancel]
}
