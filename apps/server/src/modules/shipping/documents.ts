import { assert } from '../../kernel/assert.ts'
import { groupByKey } from '../../kernel/quantity.ts'
import { localTime } from '../../kernel/time.ts'
import type { Queryable } from '../../platform/db.ts'
import type { Address } from '../../platform/http/schemas.ts'
import type { PrintedAddress } from './address.ts'
import { IN_HOUSE_NAME } from './carrier.ts'
import type { Label, LabelSize } from './label.ts'
import type { PackingSlip } from './packing-slip.ts'
import { nameShipments, packagesOfShipments, slipHeads, slipLines, findShipments, type PackageRow, type ShipmentRow } from './shipping.db.ts'

// Fonts, PDF and barcodes weigh tens of megabytes: they are loaded when somebody prints for the first time.

export type LabelFormat = { format: 'pdf'; size: LabelSize } | { format: 'zpl'; size: LabelSize; dpi: 203 | 300 }
export type PaperSize = 'a4' | 'letter'

export const MEDIA_TYPES = { pdf: 'application/pdf', zpl: 'application/zpl' } as const

/** Labels as they were bought, for the boxes of these shipments in the order given: every print is the same. */
export async function labelsOf(db: Queryable, shipments: readonly ShipmentRow[]): Promise<(Label & { package_id: string; voided: boolean })[]> {
  const shipmentIds = shipments.map(({ id }) => id)
  const packages = groupByKey(await packagesOfShipments(db, shipmentIds), ({ shipment_id }) => shipment_id)
  const names = await nameShipments(db, shipmentIds)
  return shipments.flatMap((shipment) => {
    const boxes = packages.get(shipment.id) ?? []
    return boxes.flatMap((box) => (box.tracking_number === null ? [] : [labelOf(shipment, box, box.tracking_number, boxes.length, names.get(shipment.id)!.order_number)]))
  })
}

function labelOf(shipment: ShipmentRow, box: PackageRow, tracking_number: string, package_count: number, order_number: string) {
  return {
    package_id: box.id, voided: box.label_status === 'voided',
    carrier_name: IN_HOUSE_NAME, service_name: shipment.service_name, from: printed(shipment.ship_from), to: printed(shipment.ship_to), weight_grams: box.weight_grams,
    package_number: box.package_number, package_count, tracking_number, order_number, references: [], routing_zone: shipment.zone, ship_date: shipment.ship_on, note: null, created_at: shipment.created_at,
  }
}

function printed(address: Address): PrintedAddress {
  return {
    name: address.name ?? address.company ?? '', company: address.company ?? null, lines: [address.line1, address.line2 ?? ''].filter((line) => line !== ''), city: address.city,
    region: address.region ?? null, postal_code: address.postal_code ?? null, country: address.country, phone: address.phone ?? null,
  }
}

export async function renderLabels(labels: readonly Label[], options: LabelFormat): Promise<Buffer> {
  const [first, ...others] = labels
  assert(first !== undefined, 'something is printed')
  if (options.format === 'zpl') {
    const { renderLabelZpl } = await import('./label-zpl.ts')
    return Buffer.from(renderLabelZpl([first, ...others], options))
  }
  const { renderLabelPdf } = await import('./label-pdf.ts')
  return Buffer.from(await renderLabelPdf([first, ...others], options))
}

/** One slip for each box of these shipments, in the order given. */
export async function renderSlips(db: Queryable, shipmentIds: readonly string[], size: PaperSize): Promise<Buffer> {
  const slips = await slipsOf(db, shipmentIds)
  const [first, ...others] = slips
  assert(first !== undefined, 'a shipment has a box')
  const { renderPackingSlips } = await import('./packing-slip.ts')
  return Buffer.from(await renderPackingSlips([first, ...others], { size }))
}

async function slipsOf(db: Queryable, shipmentIds: readonly string[]): Promise<PackingSlip[]> {
  const shipments = new Map((await findShipments(db, shipmentIds)).map((shipment) => [shipment.id, shipment]))
  const heads = await slipHeads(db, shipmentIds)
  const packages = groupByKey(await packagesOfShipments(db, shipmentIds), ({ shipment_id }) => shipment_id)
  const lines = groupByKey(await slipLines(db, shipmentIds), ({ package_id }) => package_id)
  return shipmentIds.flatMap((id) => {
    const shipment = shipments.get(id)!
    const head = heads.get(id)!
    const boxes = packages.get(id) ?? []
    return boxes.map((box): PackingSlip => ({
      brand_name: head.channel_name, brand_lines: [], order_number: head.order_number, order_date: localTime(head.placed_at, head.time_zone).date, ship_date: shipment.ship_on,
      channel_name: head.channel_name, origin_country: head.country, ship_to: printed(shipment.ship_to),
      lines: (lines.get(box.id) ?? []).map(({ sku, description, quantity_ordered, quantity_in_package, quantity_so_far }) => ({
        sku, description, quantity_ordered, quantity_in_package, quantity_to_follow: Math.max(0, quantity_ordered - quantity_so_far),
      })),
      package: { package_number: box.package_number, package_count: boxes.length, carrier_name: IN_HOUSE_NAME, service_name: shipment.service_name, tracking_number: box.tracking_number, weight_grams: box.weight_grams },
      gift_note: null, customer_note: null, returns_hint: null, created_at: shipment.created_at,
    }))
  })
}
