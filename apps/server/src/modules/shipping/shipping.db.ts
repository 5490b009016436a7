import type { PlainDate } from '../../kernel/time.ts'
import type { Queryable, Tx } from '../../platform/db.ts'
import type { Address } from '../../platform/http/schemas.ts'
import { arrayOf, rowsOf, sql } from '../../platform/sql.ts'
import type { ShipmentStatus } from './tracking.ts'

export type ShipmentRow = {
  id: string; order_id: string; fulfillment_order_id: string; location_id: string; carrier: string; service: string; service_name: string; zone: string | null
  status: ShipmentStatus; ship_from: Address; ship_to: Address; ship_on: PlainDate; cost: bigint | null; cost_currency: string | null; promised_by: PlainDate | null
  created_at: Date; shipped_at: Date | null; delivered_at: Date | null; last_event_at: Date | null
}

export type PackageRow = {
  id: string; shipment_id: string; package_number: number; weight_grams: number; length_mm: number | null; width_mm: number | null; height_mm: number | null
  tracking_number: string | null; label_status: 'none' | 'active' | 'voided'
}

export type PackageLineRow = { package_id: string; order_line_id: string; quantity: number }

const SHIPMENT_TYPES = {
  id: 'uuid', order_id: 'uuid', fulfillment_order_id: 'uuid', location_id: 'uuid', carrier: 'text', service: 'text', service_name: 'text', zone: 'text', status: 'text',
  ship_from: 'jsonb', ship_to: 'jsonb', ship_on: 'date', cost: 'bigint', cost_currency: 'text', promised_by: 'date', created_at: 'timestamptz', shipped_at: 'timestamptz',
  delivered_at: 'timestamptz', last_event_at: 'timestamptz',
} as const
const PACKAGE_TYPES = { id: 'uuid', shipment_id: 'uuid', package_number: 'int', weight_grams: 'int', length_mm: 'int', width_mm: 'int', height_mm: 'int', tracking_number: 'text', label_status: 'text' } as const
const PACKAGE_LINE_TYPES = { package_id: 'uuid', order_line_id: 'uuid', quantity: 'int' } as const

const names = (columns: object, alias: string) => sql.raw(Object.keys(columns).map((column) => `${alias}.${column}`).join(', '))
/** Of `shipments s`. */
const SHIPMENT_COLUMNS = names(SHIPMENT_TYPES, 's')

/** The next numbers of the in-house carrier's labels. */
export async function takeTrackingSequence(tx: Tx, count: number): Promise<bigint[]> {
  const taken = await tx.rows<{ next: bigint }>(sql`select nextval('tracking_numbers') as next from generate_series(1, ${count})`)
  return taken.map(({ next }) => next)
}

export async function insertShipments(tx: Tx, shipments: readonly ShipmentRow[], packages: readonly PackageRow[], lines: readonly PackageLineRow[]): Promise<void> {
  await tx.run(sql`insert into shipments (${sql.raw(Object.keys(SHIPMENT_TYPES).join(', '))}) select ${names(SHIPMENT_TYPES, 'input')} from ${rowsOf(shipments, SHIPMENT_TYPES)} order by ordinal`)
  await tx.run(sql`insert into packages (${sql.raw(Object.keys(PACKAGE_TYPES).join(', '))}) select ${names(PACKAGE_TYPES, 'input')} from ${rowsOf(packages, PACKAGE_TYPES)} order by ordinal`)
  await tx.run(sql`insert into package_lines (${sql.raw(Object.keys(PACKAGE_LINE_TYPES).join(', '))}) select ${names(PACKAGE_LINE_TYPES, 'input')} from ${rowsOf(lines, PACKAGE_LINE_TYPES)} order by ordinal`)
}

export function findShipments(db: Queryable, ids: readonly string[]): Promise<ShipmentRow[]> {
  return db.rows(sql`select ${SHIPMENT_COLUMNS} from shipments s where s.id = any(${arrayOf(ids, 'uuid')}) order by s.id`)
}

/** The shipments, locked in id order. The caller holds the orders and fulfillment orders. */
export function lockShipments(tx: Tx, ids: readonly string[]): Promise<ShipmentRow[]> {
  return tx.rows(sql`select ${SHIPMENT_COLUMNS} from shipments s where s.id = any(${arrayOf(ids, 'uuid')}) order by s.id for update`)
}

/** Departures of fulfillment orders that were not voided. */
export function findShipmentsOfFulfillmentOrders(db: Queryable, fulfillmentOrderIds: readonly string[]): Promise<ShipmentRow[]> {
  return db.rows(sql`select ${SHIPMENT_COLUMNS} from shipments s where s.fulfillment_order_id = any(${arrayOf(fulfillmentOrderIds, 'uuid')}) and s.status <> 'voided' order by s.id`)
}

export function packagesOfShipments(db: Queryable, shipmentIds: readonly string[]): Promise<PackageRow[]> {
  return db.rows(sql`select ${names(PACKAGE_TYPES, 'p')} from packages p where p.shipment_id = any(${arrayOf(shipmentIds, 'uuid')}) order by p.shipment_id, p.package_number`)
}

export function findPackage(db: Queryable, id: string): Promise<PackageRow | undefined> {
  return db.maybe(sql`select ${names(PACKAGE_TYPES, 'p')} from packages p where p.id = ${id}`)
}

/** What lies in the boxes of these shipments, with the names of things. */
export function contentsOfShipments(db: Queryable, shipmentIds: readonly string[]): Promise<(PackageLineRow & { shipment_id: string; sku: string })[]> {
  return db.rows(sql`
    select p.shipment_id, l.package_id, l.order_line_id, l.quantity, ol.sku
    from packages p join package_lines l on l.package_id = p.id join order_lines ol on ol.id = l.order_line_id
    where p.shipment_id = any(${arrayOf(shipmentIds, 'uuid')}) order by l.package_id, ol.line_number`)
}

export async function markDeparted(tx: Tx, shipmentIds: readonly string[], at: Date): Promise<number> {
  return tx.run(sql`
    update shipments set status = 'in_transit', shipped_at = ${at}, last_event_at = ${at} where id = any(${arrayOf(shipmentIds, 'uuid')}) and status = 'label_purchased'`)
}

export async function markVoided(tx: Tx, shipmentIds: readonly string[]): Promise<number> {
  await tx.run(sql`update packages set label_status = 'voided' where shipment_id = any(${arrayOf(shipmentIds, 'uuid')}) and label_status = 'active'`)
  return tx.run(sql`update shipments set status = 'voided' where id = any(${arrayOf(shipmentIds, 'uuid')}) and status = 'label_purchased'`)
}

export type TrackingEventRow = { id: string; shipment_id: string; at: Date; status: string; carrier_status: string; place: string }

export async function insertTrackingEvents(tx: Tx, events: readonly TrackingEventRow[]): Promise<void> {
  await tx.run(sql`
    insert into tracking_events (id, shipment_id, at, status, carrier_status, place)
    select id, shipment_id, at, status, carrier_status, place
    from ${rowsOf(events, { id: 'uuid', shipment_id: 'uuid', at: 'timestamptz', status: 'text', carrier_status: 'text', place: 'text' })} order by ordinal
    on conflict (shipment_id, at, carrier_status) do nothing`)
}

export async function updateTracking(tx: Tx, shipments: readonly Pick<ShipmentRow, 'id' | 'status' | 'last_event_at' | 'shipped_at' | 'delivered_at'>[]): Promise<void> {
  await tx.run(sql`
    update shipments s set status = input.status, last_event_at = input.last_event_at, shipped_at = input.shipped_at, delivered_at = input.delivered_at
    from ${rowsOf(shipments, { id: 'uuid', status: 'text', last_event_at: 'timestamptz', shipped_at: 'timestamptz', delivered_at: 'timestamptz' })} where s.id = input.id`)
}

export function trackingOfShipments(db: Queryable, shipmentIds: readonly string[]): Promise<TrackingEventRow[]> {
  return db.rows(sql`
    select id, shipment_id, at, status, carrier_status, place from tracking_events
    where shipment_id = any(${arrayOf(shipmentIds, 'uuid')}) order by shipment_id, at, id`)
}

/** How shipments, their orders and their places are called outside, and whose they are. */
export type ShipmentNames = { id: string; order_number: string; channel_id: string; location: string; location_name: string }

export async function nameShipments(db: Queryable, shipmentIds: readonly string[]): Promise<Map<string, ShipmentNames>> {
  const rows = await db.rows<ShipmentNames>(sql`
    select s.id, o.number as order_number, o.channel_id, l.code as location, l.name as location_name
    from shipments s join orders o on o.id = s.order_id join locations l on l.id = s.location_id where s.id = any(${arrayOf(shipmentIds, 'uuid')})`)
  return new Map(rows.map((row) => [row.id, row]))
}

export type SlipLineRow = {
  shipment_id: string; package_id: string; sku: string; description: string; quantity_in_package: number; quantity_ordered: number
  /** Units of the line in all boxes up to this one. */
  quantity_so_far: number
}

/** What packing slips say of each box. Canceled units count as not ordered. */
export function slipLines(db: Queryable, shipmentIds: readonly string[]): Promise<SlipLineRow[]> {
  return db.rows(sql`
    select p.shipment_id, l.package_id, ol.sku, ol.description, l.quantity as quantity_in_package, ol.quantity - ol.canceled as quantity_ordered,
      (select coalesce(sum(e.quantity), 0)::int from package_lines e join packages ep on ep.id = e.package_id join shipments es on es.id = ep.shipment_id
        where e.order_line_id = l.order_line_id and (ep.shipment_id, ep.package_number) <= (p.shipment_id, p.package_number)
          and (es.status <> 'voided' or es.id = p.shipment_id)) as quantity_so_far
    from packages p join package_lines l on l.package_id = p.id join order_lines ol on ol.id = l.order_line_id
    where p.shipment_id = any(${arrayOf(shipmentIds, 'uuid')}) order by p.shipment_id, p.package_number, ol.line_number`)
}

/** What packing slips say of the order of each shipment. */
export type SlipHead = { id: string; order_number: string; placed_at: Date; order_note: string; channel_name: string; time_zone: string; country: string }

export async function slipHeads(db: Queryable, shipmentIds: readonly string[]): Promise<Map<string, SlipHead>> {
  const rows = await db.rows<SlipHead>(sql`
    select s.id, o.number as order_number, o.placed_at, o.note as order_note, c.name as channel_name, l.time_zone, l.country
    from shipments s join orders o on o.id = s.order_id join channels c on c.id = o.channel_id join locations l on l.id = s.location_id
    where s.id = any(${arrayOf(shipmentIds, 'uuid')})`)
  return new Map(rows.map((row) => [row.id, row]))
}
