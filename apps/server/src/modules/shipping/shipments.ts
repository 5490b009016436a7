import { assert } from '../../kernel/assert.ts'
import { newId } from '../../kernel/ids.ts'
import type { PlainDate } from '../../kernel/time.ts'
import type { Tx } from '../../platform/db.ts'
import type { Address } from '../../platform/http/schemas.ts'
import { arrivalDate } from './carrier-calendar.ts'
import { IN_HOUSE } from './carrier.ts'
import type { PlannedParcel, ShipmentPrice } from './price-shipment.ts'
import {
  insertShipments, insertTrackingEvents, markDeparted, markVoided, takeTrackingSequence, updateTracking, type PackageLineRow, type PackageRow, type ShipmentRow,
} from './shipping.db.ts'
import { decideTrackingEvent, makeTrackingNumber, type IgnoreReason, type TrackingStatus } from './tracking.ts'

/** A departure to prepare. Its price was asked before (`priceShipment`). */
export type ShipmentDraft = {
  id: string
  order_id: string
  fulfillment_order_id: string
  location_id: string
  ship_from: Address
  ship_to: Address
  ship_on: PlainDate
  price: ShipmentPrice
  packages: readonly PlannedParcel[]
  created_at: Date
  /** It has left already: an import of what happened. */
  departed: boolean
}

export type NewShipment = ShipmentRow & { packages: readonly PackageRow[] }

/** Stores departures with their boxes and buys the in-house carrier's labels for them: four statements, whatever the number. */
export async function createShipments(tx: Tx, drafts: readonly ShipmentDraft[]): Promise<NewShipment[]> {
  if (drafts.length === 0) return []
  const sequence = await takeTrackingSequence(tx, drafts.reduce((sum, { packages }) => sum + packages.length, 0))
  const lines: PackageLineRow[] = []
  let taken = 0
  const shipments = drafts.map((draft): NewShipment => {
    assert(draft.packages.length > 0, 'a shipment has a box')
    const packages = draft.packages.map(({ lines: contents, ...parcel }, index): PackageRow => {
      const id = newId(draft.created_at.getTime())
      for (const line of contents) lines.push({ package_id: id, ...line })
      return { ...parcel, id, shipment_id: draft.id, package_number: index + 1, tracking_number: makeTrackingNumber(sequence[taken++]!), label_status: 'active' }
    })
    return { ...rowOf(draft), packages }
  })
  await insertShipments(tx, shipments, shipments.flatMap(({ packages }) => packages), lines)
  return shipments
}

function rowOf(draft: ShipmentDraft): ShipmentRow {
  const { id, order_id, fulfillment_order_id, location_id, ship_from, ship_to, ship_on, price, created_at, departed } = draft
  return {
    id, order_id, fulfillment_order_id, location_id, carrier: IN_HOUSE, service: price.service, service_name: price.service_name, zone: price.zone,
    status: departed ? 'in_transit' : 'label_purchased', ship_from, ship_to, ship_on, cost: price.cost, cost_currency: price.currency,
    promised_by: price.transit_days === null ? null : arrivalDate(price.calendar, ship_on, price.transit_days.max, { from_country: ship_from.country, to_country: ship_to.country }),
    created_at, shipped_at: departed ? created_at : null, delivered_at: null, last_event_at: departed ? created_at : null,
  }
}

/** The carrier has taken the boxes. The shipments have labels and have not left. */
export async function departShipments(tx: Tx, shipmentIds: readonly string[], at: Date): Promise<void> {
  if (shipmentIds.length === 0) return
  assert((await markDeparted(tx, shipmentIds, at)) === shipmentIds.length, 'shipments that depart have labels and have not left')
}

/** Gives the labels back. The shipments have not left. */
export async function voidShipments(tx: Tx, shipmentIds: readonly string[]): Promise<void> {
  if (shipmentIds.length === 0) return
  assert((await markVoided(tx, shipmentIds)) === shipmentIds.length, 'shipments whose labels are voided have not left')
}

/** What a carrier says of a shipment. `carrier_status` is its own word. */
export type TrackingReport = { shipment_id: string; status: TrackingStatus; at: Date; carrier_status: string; place: string }
export type TrackingOutcome = { moved_to: TrackingStatus } | { ignored: IgnoreReason }

/**
 * Records reports on locked shipments and moves those whose state they change; the rows carry their new state afterwards.
 * Answers what became of each report, in order. Reports that come twice are stored once.
 */
export async function recordTracking(tx: Tx, shipments: readonly ShipmentRow[], reports: readonly TrackingReport[]): Promise<TrackingOutcome[]> {
  if (reports.length === 0) return []
  const byId = new Map(shipments.map((shipment) => [shipment.id, shipment]))
  const moved = new Set<ShipmentRow>()
  const outcomes = reports.map(({ shipment_id, status, at }): TrackingOutcome => {
    const shipment = byId.get(shipment_id)
    assert(shipment !== undefined, 'reports are about locked shipments')
    const decision = decideTrackingEvent(shipment, { status, occurred_at: at })
    if ('ignored' in decision) return decision
    shipment.status = decision.next
    shipment.last_event_at = decision.last_event_at
    shipment.shipped_at ??= at
    // Clocks differ a little: nothing arrives before it has left.
    if (status === 'delivered') shipment.delivered_at = at < shipment.shipped_at ? shipment.shipped_at : at
    moved.add(shipment)
    return { moved_to: status }
  })
  await insertTrackingEvents(tx, reports.map((report) => ({ id: newId(report.at.getTime()), ...report })))
  await updateTracking(tx, [...moved])
  return outcomes
}
