import { Type, type Static } from 'typebox'
import { ids } from '../../kernel/id-kinds.ts'
import type { BatchCommand } from '../../platform/command.ts'
import { listQuery, pageOf } from '../../platform/http/listing.ts'
import { route, type Route } from '../../platform/http/route.ts'
import { closed, Id, IdOrNumber, OneOf } from '../../platform/http/schemas.ts'
import { OrderParams, requireOrder, type OrderPorts } from '../orders/index.ts'
import { noShow } from './commands/no-show.ts'
import { releaseOrdersNow } from './commands/release-orders.ts'
import { deliverBatch } from './commands/track-shipments.ts'
import { accept, handOver, pack, pick, ready, reject, ship, unpack } from './commands/work.ts'
import { FULFILLMENT_ORDERS, fulfillmentOrderId, listFulfillmentOrders, requireFulfillmentOrders } from './list.ts'
import { REJECTION_REASONS } from './fulfillment-order.ts'
import type { Done, Work } from './run-verb.ts'
import { FulfillmentOrderSchema, readFulfillmentOrderViews } from './view.ts'

export const FulfillmentOrderParams = Type.Object({ fulfillment_order_id: IdOrNumber(ids.fulfillment_order) }, closed)

const Units = { line_id: Id(ids.line), quantity: Type.Integer({ minimum: 1, maximum: 1_000_000 }) }
const Lines = Type.Array(Type.Object(Units, closed), { minItems: 1, maxItems: 5_000 })
const Note = Type.Optional(Type.String({ maxLength: 500 }))
const Reason = OneOf(REJECTION_REASONS, { description: '`not_found` takes the units out of stock as lost, `damaged` sets them aside; the others leave them available' })

type Unit = { line_id: string; quantity: number }
const unitOf = ({ line_id, quantity }: Unit) => ({ order_line_id: ids.line.parse(line_id)!, quantity })

const list = route({
  operation_id: 'listFulfillmentOrders', method: 'GET', url: '/v1/fulfillment-orders', tag: 'fulfillment', permission: 'fulfillment:read', summary: 'The work of locations, oldest first',
  description: '`q` is the number of a fulfillment order or an order, or a tracking number.',
  query: listQuery(FULFILLMENT_ORDERS), reply: { status: 200, schema: pageOf(FulfillmentOrderSchema) },
  handle: async ({ query, db, caller }) => listFulfillmentOrders(db, query, caller),
})

const get = route({
  operation_id: 'getFulfillmentOrder', method: 'GET', url: '/v1/fulfillment-orders/:fulfillment_order_id', tag: 'fulfillment', permission: 'fulfillment:read', summary: 'One fulfillment order, with what may be done with it now',
  params: FulfillmentOrderParams, reply: { status: 200, schema: FulfillmentOrderSchema }, problems: ['not_found'],
  handle: async ({ params, db, caller }) => {
    const [work] = await requireFulfillmentOrders(db, caller, [await fulfillmentOrderId(db, params.fulfillment_order_id)])
    return (await readFulfillmentOrderViews(db, [work!.id]))[0]!
  },
})

type Action<Input, Body> = {
  command: BatchCommand<Work<Input>, Done>
  operation_id: string; verb: string; summary: string; description?: string; problems?: readonly string[]
  input: (body: Body) => Input
}

/** Every action on a fulfillment order answers with it as it is afterwards. */
function action<const Body extends ReturnType<typeof Type.Object>, Input>(body: Body, { command, verb, problems = [], input, ...about }: Action<Input, Static<Body>>): Route {
  return route({
    ...about, method: 'POST', url: `/v1/fulfillment-orders/:fulfillment_order_id/${verb}`, tag: 'fulfillment', permission: command.permission,
    params: FulfillmentOrderParams, body, reply: { status: 200, schema: FulfillmentOrderSchema }, problems: ['not_found', 'fulfillment_action_not_allowed', ...problems],
    handle: async ({ params, body: given, db, submit }) => {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the schema is a type parameter here, which the compiler does not look into
      const asked = input(given as Static<Body>)
      const { fulfillment_order_id } = await submit(command, { fulfillment_order_id: await fulfillmentOrderId(db, params.fulfillment_order_id), ...asked })
      return (await readFulfillmentOrderViews(db, [fulfillment_order_id]))[0]!
    },
  })
}

const Nothing = Type.Object({}, closed)
const nothing = (): object => ({})

const postAccept = action(Nothing, { command: accept, operation_id: 'acceptFulfillmentOrder', verb: 'accept', summary: 'Take the work on', input: nothing })

const postReject = action(Type.Object({ reason: Reason, note: Note, lines: Type.Optional(Lines) }, closed), {
  command: reject, operation_id: 'rejectFulfillmentOrder', verb: 'reject', summary: 'Give units back', problems: ['too_few_units'],
  description: 'All units, or those of `lines`. They find another location at once; this one is left out.',
  input: ({ reason, note, lines }) => ({ reason, note: note ?? '', lines: lines?.map(unitOf) }),
})

const Short = Type.Array(Type.Object({ ...Units, reason: OneOf(REJECTION_REASONS, { default: 'not_found' }), note: Note }, closed), { minItems: 1, maxItems: 5_000 })

const postPick = action(Type.Object({ lines: Type.Optional(Lines), short: Type.Optional(Short) }, closed), {
  command: pick, operation_id: 'pickFulfillmentOrder', verb: 'pick', summary: 'Report picked units', problems: ['too_few_units'],
  description: 'All units that are not picked yet, or those of `lines`. `short` ones are given back and find another location at once.',
  input: ({ lines, short }) => ({ lines: lines?.map(unitOf), short: short?.map(({ reason, note, ...unit }) => ({ ...unitOf(unit), reason, note: note ?? '' })) }),
})

const Millimeters = Type.Integer({ minimum: 1, maximum: 100_000 })
const Box = Type.Object({
  weight_grams: Type.Optional(Type.Integer({ minimum: 0, maximum: 100_000_000, description: 'The sum of the units\' weights unless it was weighed' })),
  length_mm: Type.Optional(Millimeters), width_mm: Type.Optional(Millimeters), height_mm: Type.Optional(Millimeters), lines: Lines,
}, closed)

const postPack = action(Type.Object({ packages: Type.Optional(Type.Array(Box, { minItems: 1, maxItems: 100 })), service: Type.Optional(Type.String({ pattern: '^[a-z][a-z0-9_]{0,39}$' })) }, closed), {
  command: pack, operation_id: 'packFulfillmentOrder', verb: 'pack', summary: 'Pack what is picked and buy the labels', problems: ['too_few_units', 'no_rate', 'no_ship_to', 'address_not_printable'],
  description: 'Boxes hold exactly what is picked; without `packages` there are as few as the carrier\'s weight limit allows. Goods that are picked up get no label.',
  input: ({ packages, service }) => ({ service, packages: packages?.map(({ lines, ...box }) => ({ ...box, lines: lines.map(unitOf) })) }),
})

const postUnpack = action(Nothing, { command: unpack, operation_id: 'unpackFulfillmentOrder', verb: 'unpack', summary: 'Open the boxes again; their labels are voided', input: nothing })
const postShip = action(Nothing, {
  command: ship, operation_id: 'shipFulfillmentOrder', verb: 'ship', summary: 'Hand the boxes over to the carrier', description: 'The stock leaves, and what is due for the units is collected.', input: nothing,
})
const postReady = action(Nothing, {
  command: ready, operation_id: 'readyFulfillmentOrder', verb: 'ready', summary: 'The goods wait for their customer',
  description: 'For seven days. The customer\'s code is in the event `fulfillment_order.ready_for_pickup`.', input: nothing,
})
const postHandOver = action(Type.Object({ code: Type.String({ pattern: '^[0-9]{6}$', description: 'What the customer shows' }) }, closed), {
  command: handOver, operation_id: 'handOverFulfillmentOrder', verb: 'hand-over', summary: 'The customer takes the goods', problems: ['wrong_pickup_code'], input: ({ code }) => ({ code }),
})
const postDeliver = action(Nothing, { command: deliverBatch, operation_id: 'deliverFulfillmentOrder', verb: 'deliver', summary: 'Everything it has shipped has arrived', input: nothing })

function postNoShow(ports: OrderPorts): Route {
  const command = noShow(ports)
  return route({
    operation_id: 'noShowFulfillmentOrder', method: 'POST', url: '/v1/fulfillment-orders/:fulfillment_order_id/no-show', tag: 'fulfillment', permission: command.permission, summary: 'Nobody came: back to stock, canceled and paid back',
    params: FulfillmentOrderParams, body: Nothing, reply: { status: 200, schema: FulfillmentOrderSchema }, problems: ['not_found', 'fulfillment_action_not_allowed'],
    handle: async ({ params, db, run }) => {
      const { fulfillment_order_id } = await run(command, { fulfillment_order_id: await fulfillmentOrderId(db, params.fulfillment_order_id) })
      return (await readFulfillmentOrderViews(db, [fulfillment_order_id]))[0]!
    },
  })
}

const postRelease = route({
  operation_id: 'releaseOrder', method: 'POST', url: '/v1/orders/:order_id/release', tag: 'fulfillment', permission: releaseOrdersNow.permission, summary: 'Hand an order over to its locations now',
  params: OrderParams, body: Nothing, reply: { status: 200, schema: Type.Object({ fulfillment_order_ids: Type.Array(Type.String()) }, closed) }, problems: ['not_found', 'order_not_releasable'],
  handle: async ({ params, db, caller, submit }) => {
    const order = await requireOrder(db, caller, params.order_id)
    const { fulfillment_order_ids } = await submit(releaseOrdersNow, { order_id: order.id })
    return { fulfillment_order_ids: fulfillment_order_ids.map((id) => ids.fulfillment_order.show(id)) }
  },
})

export function fulfillmentRoutes(ports: OrderPorts): Route[] {
  return [list, get, postAccept, postReject, postPick, postPack, postUnpack, postShip, postReady, postHandOver, postDeliver, postNoShow(ports), postRelease]
}
