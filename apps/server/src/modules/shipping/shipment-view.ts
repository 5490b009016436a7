import { Type, type Static } from 'typebox'
import { ids } from '../../kernel/id-kinds.ts'
import { showMoney } from '../../kernel/money.ts'
import { groupByKey } from '../../kernel/quantity.ts'
import type { Queryable } from '../../platform/db.ts'
import { Address, AllowedAction, closed, Money, Nullable, OneOf } from '../../platform/http/schemas.ts'
import { contentsOfShipments, findShipments, nameShipments, packagesOfShipments, trackingOfShipments, type PackageRow, type ShipmentNames, type ShipmentRow, type TrackingEventRow } from './shipping.db.ts'
import { SHIPMENT_STATES, shipmentMachine } from './tracking.ts'

const PackageView = Type.Object({
  id: Type.String(), package_number: Type.Integer(), weight_grams: Type.Integer(), length_mm: Nullable(Type.Integer()), width_mm: Nullable(Type.Integer()), height_mm: Nullable(Type.Integer()),
  tracking_number: Nullable(Type.String()), label_status: OneOf(['none', 'active', 'voided']),
  lines: Type.Array(Type.Object({ line_id: Type.String(), sku: Type.String(), quantity: Type.Integer() }, closed)),
}, closed)

export const ShipmentSchema = Type.Object({
  id: Type.String(), order_id: Type.String(), order_number: Type.String(), fulfillment_order_id: Type.String(), location: Type.String(),
  carrier: Type.String(), service: Type.String(), service_name: Type.String(), zone: Nullable(Type.String()), status: OneOf(SHIPMENT_STATES),
  ship_to: Address, ship_on: Type.String(), cost: Nullable(Money), promised_by: Nullable(Type.String()),
  created_at: Type.String(), shipped_at: Nullable(Type.String()), delivered_at: Nullable(Type.String()),
  packages: Type.Array(PackageView),
  tracking_events: Type.Array(Type.Object({ at: Type.String(), status: Type.String(), carrier_status: Type.String(), place: Type.String() }, closed)),
  allowed_actions: Type.Array(AllowedAction),
}, { ...closed, title: 'Shipment' })
export type ShipmentView = Static<typeof ShipmentSchema>

/** Shipments as the API shows them, in a fixed number of statements, in the order of the ids asked for. */
export async function readShipmentViews(db: Queryable, shipmentIds: readonly string[]): Promise<ShipmentView[]> {
  if (shipmentIds.length === 0) return []
  const rows = new Map((await findShipments(db, shipmentIds)).map((row) => [row.id, row]))
  const names = await nameShipments(db, shipmentIds)
  const packages = groupByKey(await packagesOfShipments(db, shipmentIds), ({ shipment_id }) => shipment_id)
  const contents = groupByKey(await contentsOfShipments(db, shipmentIds), ({ package_id }) => package_id)
  const events = groupByKey(await trackingOfShipments(db, shipmentIds), ({ shipment_id }) => shipment_id)
  return shipmentIds.flatMap((id) => {
    const row = rows.get(id)
    return row === undefined ? [] : [viewShipment(row, names.get(id)!, packages.get(id) ?? [], contents, events.get(id) ?? [])]
  })
}

type Contents = ReadonlyMap<string, Awaited<ReturnType<typeof contentsOfShipments>>>

function viewShipment(row: ShipmentRow, names: ShipmentNames, packages: readonly PackageRow[], contents: Contents, events: readonly TrackingEventRow[]): ShipmentView {
  return {
    id: ids.shipment.show(row.id), order_id: ids.order.show(row.order_id), order_number: names.order_number, fulfillment_order_id: ids.fulfillment_order.show(row.fulfillment_order_id), location: names.location,
    carrier: row.carrier, service: row.service, service_name: row.service_name, zone: row.zone, status: row.status,
    ship_to: row.ship_to, ship_on: row.ship_on, cost: row.cost === null ? null : showMoney(row.cost, row.cost_currency!), promised_by: row.promised_by,
    created_at: row.created_at.toISOString(), shipped_at: row.shipped_at?.toISOString() ?? null, delivered_at: row.delivered_at?.toISOString() ?? null,
    packages: packages.map(({ id, package_number, weight_grams, length_mm, width_mm, height_mm, tracking_number, label_status }) => ({
      id: ids.package.show(id), package_number, weight_grams, length_mm, width_mm, height_mm, tracking_number, label_status,
      lines: (contents.get(id) ?? []).map(({ order_line_id, sku, quantity }) => ({ line_id: ids.line.show(order_line_id), sku, quantity })),
    })),
    tracking_events: events.map(({ at, status, carrier_status, place }) => ({ at: at.toISOString(), status, carrier_status, place })),
    allowed_actions: allowedActions(row),
  }
}

function allowedActions({ status, shipped_at }: Pick<ShipmentRow, 'status' | 'shipped_at'>): ShipmentView['allowed_actions'] {
  const action = (name: string, allowed: boolean, reason: string) => (allowed ? { action: name, allowed } : { action: name, allowed, reason })
  return [
    action('print_label', status !== 'voided' && status !== 'pending', status === 'voided' ? 'The label is voided.' : 'There is no label yet.'),
    action('void_label', shipmentMachine.can('void_label', status), status === 'voided' ? 'The label is voided already.' : 'The shipment has left.'),
    action('deliver', shipped_at !== null && shipmentMachine.can('deliver', status), status === 'label_purchased' ? 'The shipment has not been handed over to the carrier.' : `The shipment is ${status.replaceAll('_', ' ')}.`),
  ]
}
