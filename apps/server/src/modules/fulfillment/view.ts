import { Type, type Static } from 'typebox'
import { ids } from '../../kernel/id-kinds.ts'
import { groupByKey } from '../../kernel/quantity.ts'
import type { Queryable } from '../../platform/db.ts'
import { Address, AllowedAction, closed, Nullable, OneOf } from '../../platform/http/schemas.ts'
import { findChannels } from '../channels/index.ts'
import { findLocations } from '../locations/index.ts'
import { findOrders, type OrderRow } from '../orders/index.ts'
import { findShipmentsOfFulfillmentOrders, packagesOfShipments, shipmentMachine } from '../shipping/index.ts'
import { binKey, binsOf, findFulfillmentOrders } from './fulfillment.db.ts'
import { FULFILLMENT_ORDER_STATUSES, type FulfillmentOrderAction } from './fulfillment-order.ts'
import { remainingUnits, whyNot, type WorkOrder } from './work.ts'

const LineView = Type.Object({
  line_id: Type.String(), sku: Type.String(), description: Type.String(), bin: Nullable(Type.String()), quantity: Type.Integer(), picked: Type.Integer(), packed: Type.Integer(), shipped: Type.Integer(),
  rejected: Type.Integer(), canceled: Type.Integer(), remaining: Type.Integer(),
}, closed)

const ShipmentSummary = Type.Object({ id: Type.String(), status: Type.String(), service: Type.String(), tracking_numbers: Type.Array(Type.String()) }, closed)

export const FulfillmentOrderSchema = Type.Object({
  id: Type.String(), number: Type.String(), order_id: Type.String(), order_number: Type.String(), channel: Type.String(), location: Type.String(), kind: OneOf(['ship', 'pickup']),
  status: OneOf(FULFILLMENT_ORDER_STATUSES), on_hold: Type.Boolean(), assigned_to: Nullable(Type.String()), due_at: Nullable(Type.String()), ready_until: Nullable(Type.String()),
  customer_name: Nullable(Type.String()), shipping_method: Type.String(), ship_to: Nullable(Address), note: Type.String(),
  created_at: Type.String(), accepted_at: Nullable(Type.String()), packed_at: Nullable(Type.String()), closed_at: Nullable(Type.String()), version: Type.Integer(),
  lines: Type.Array(LineView), shipments: Type.Array(ShipmentSummary), allowed_actions: Type.Array(AllowedAction),
}, { ...closed, title: 'FulfillmentOrder' })
export type FulfillmentOrderView = Static<typeof FulfillmentOrderSchema>

type Names = { order: OrderRow; channel: string; location: string; bins: ReadonlyMap<string, string>; shipments: Static<typeof ShipmentSummary>[] }

/** Fulfillment orders as the API shows them, in a fixed number of statements, in the order of the ids asked for. */
export async function readFulfillmentOrderViews(db: Queryable, fulfillmentOrderIds: readonly string[]): Promise<FulfillmentOrderView[]> {
  const works = await findFulfillmentOrders(db, fulfillmentOrderIds)
  if (works.length === 0) return []
  const orders = new Map((await findOrders(db, [...new Set(works.map(({ order_id }) => order_id))])).map((order) => [order.id, order]))
  const channels = await findChannels(db, [...new Set(works.map(({ channel_id }) => channel_id))])
  const locations = await findLocations(db, [...new Set(works.map(({ location_id }) => location_id))])
  const shipments = await findShipmentsOfFulfillmentOrders(db, works.map(({ id }) => id))
  const packages = groupByKey(await packagesOfShipments(db, shipments.map(({ id }) => id)), ({ shipment_id }) => shipment_id)
  const summaries = groupByKey(shipments, ({ fulfillment_order_id }) => fulfillment_order_id)
  const bins = await binsOf(db, works)
  const views = new Map(works.map((work) => [work.id, viewWork(work, {
    order: orders.get(work.order_id)!, channel: channels.get(work.channel_id)!.code, location: locations.get(work.location_id)!.code, bins,
    shipments: (summaries.get(work.id) ?? []).map(({ id, status, service }) => ({
      id: ids.shipment.show(id), status, service, tracking_numbers: (packages.get(id) ?? []).flatMap(({ tracking_number }) => (tracking_number === null ? [] : [tracking_number])),
    })),
  })]))
  return fulfillmentOrderIds.flatMap((id) => views.get(id) ?? [])
}

function viewWork(work: WorkOrder, { order, channel, location, bins, shipments }: Names): FulfillmentOrderView {
  return {
    id: ids.fulfillment_order.show(work.id), number: work.number, order_id: ids.order.show(work.order_id), order_number: order.number, channel, location, kind: work.kind,
    status: work.status, on_hold: work.on_hold, assigned_to: work.assigned_to === null ? null : ids.user.show(work.assigned_to), due_at: work.due_at?.toISOString() ?? null,
    ready_until: work.ready_until?.toISOString() ?? null, customer_name: order.customer_name, shipping_method: order.shipping_method, ship_to: work.kind === 'ship' ? order.shipping_address : null, note: order.note,
    created_at: work.created_at.toISOString(), accepted_at: work.accepted_at?.toISOString() ?? null, packed_at: work.packed_at?.toISOString() ?? null, closed_at: work.closed_at?.toISOString() ?? null,
    version: work.version,
    lines: work.lines.map((line) => ({
      line_id: ids.line.show(line.order_line_id), sku: line.sku, description: line.description, bin: bins.get(binKey(work.location_id, line.variant_id)) ?? null, quantity: line.quantity, picked: line.picked, packed: line.packed, shipped: line.shipped,
      rejected: line.rejected, canceled: line.canceled, remaining: remainingUnits(line),
    })),
    shipments, allowed_actions: allowedActions(work, shipments),
  }
}

const SHOWN: readonly FulfillmentOrderAction[] = ['accept', 'pick', 'reject', 'pack', 'unpack', 'ship', 'ready', 'hand_over', 'no_show']

function allowedActions(work: WorkOrder, shipments: readonly { status: string }[]): FulfillmentOrderView['allowed_actions'] {
  const under_way = work.status === 'shipped' && shipments.some(({ status }) => shipmentMachine.actions.deliver.from.some((from) => from === status))
  return [
    ...SHOWN.map((action) => {
      const reason = whyNot(work, action)
      return reason === undefined ? { action, allowed: true } : { action, allowed: false, reason }
    }),
    under_way ? { action: 'deliver', allowed: true } : { action: 'deliver', allowed: false, reason: 'Nothing of it is under way.' },
  ]
}
