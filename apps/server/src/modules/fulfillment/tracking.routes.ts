import { Type } from 'typebox'
import { present } from '../../kernel/assert.ts'
import { ids } from '../../kernel/id-kinds.ts'
import { route, type Route } from '../../platform/http/route.ts'
import { closed, Instant, OneOf } from '../../platform/http/schemas.ts'
import { readShipmentViews, requireShipments, ShipmentParams, ShipmentSchema } from '../shipping/index.ts'
import { trackShipments } from './commands/track-shipments.ts'
import { unpack } from './commands/work.ts'

const REPORTED = ['in_transit', 'out_for_delivery', 'delayed', 'attempted', 'delivered', 'failed', 'returned_to_sender', 'lost'] as const

const postTracking = route({
  operation_id: 'trackShipment', method: 'POST', url: '/v1/shipments/:shipment_id/tracking-events', tag: 'shipping', permission: trackShipments.permission, summary: 'Report what became of a shipment',
  description: 'Reports may come twice, late and out of order; only news moves the shipment. What happened before the shipment left (by more than a quarter of an hour, for clocks that differ) is refused. A delivery moves the units of the order too.',
  params: ShipmentParams,
  body: Type.Object({
    status: OneOf(REPORTED), occurred_at: Type.Optional(Instant), carrier_status: Type.Optional(Type.String({ minLength: 1, maxLength: 100, description: 'The carrier\'s own word' })), place: Type.Optional(Type.String({ maxLength: 200 })),
  }, closed),
  reply: { status: 201, schema: ShipmentSchema }, problems: ['not_found', 'shipment_not_handed_over', 'shipment_report_in_future', 'shipment_report_before_departure'],
  handle: async ({ params, body, db, submit }) => {
    const { shipment_id } = await submit(trackShipments, {
      shipment_id: ids.shipment.parse(params.shipment_id)!, status: body.status, occurred_at: body.occurred_at === undefined ? undefined : new Date(body.occurred_at),
      carrier_status: body.carrier_status ?? body.status, place: body.place ?? '',
    })
    return present((await readShipmentViews(db, [shipment_id]))[0], 'the shipment is there')
  },
})

const postVoid = route({
  operation_id: 'voidShipment', method: 'POST', url: '/v1/shipments/:shipment_id/void', tag: 'shipping', permission: unpack.permission, summary: 'Void the labels of a shipment that has not left',
  description: 'Its fulfillment order is picked again and can be packed anew.',
  params: ShipmentParams, body: Type.Object({}, closed), reply: { status: 200, schema: ShipmentSchema }, problems: ['not_found', 'fulfillment_action_not_allowed'],
  handle: async ({ params, db, caller, submit }) => {
    const [shipment] = await requireShipments(db, caller, [ids.shipment.parse(params.shipment_id)!])
    const { id, fulfillment_order_id, status } = present(shipment, 'it was found')
    if (status !== 'voided') await submit(unpack, { fulfillment_order_id })
    return present((await readShipmentViews(db, [id]))[0], 'the shipment is there')
  },
})

export const trackingRoutes: Route[] = [postTracking, postVoid]
