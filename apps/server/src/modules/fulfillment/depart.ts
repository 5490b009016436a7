import { groupByKey } from '../../kernel/quantity.ts'
import { newId } from '../../kernel/ids.ts'
import { ids } from '../../kernel/id-kinds.ts'
import { localTime } from '../../kernel/time.ts'
import type { Tx } from '../../platform/db.ts'
import type { NewEvent } from '../../platform/events.ts'
import type { NewJob } from '../../platform/jobs.ts'
import type { Address } from '../../platform/http/schemas.ts'
import { findVariants } from '../catalog/index.ts'
import { shipsOn, type Location } from '../locations/index.ts'
import { linesOfOrders, waitingAmount, type OrderRow } from '../orders/index.ts'
import { paymentsOf, requestCaptures } from '../payments/index.ts'
import { chooseService, createShipments, findRateTable, IN_HOUSE, planParcels, priceShipment, routeBetween, unpriced, type NewShipment, type PlannedParcel } from '../shipping/index.ts'
import { present } from '../../kernel/assert.ts'

/** Most grams in a box that nobody packed by hand. */
const MAX_PARCEL_GRAMS = 30_000

export type Departure = {
  order: OrderRow
  fulfillment_order_id: string
  location: Location
  units: readonly { order_line_id: string; variant_id: string; quantity: number }[]
  /** Boxes as somebody packed them; left out they are filled by weight. */
  packages?: readonly PlannedParcel[]
  at: Date
  departed: boolean
}

/** Prepares departures: boxes, prices, labels. A fixed number of statements for one and for hundreds. */
export async function prepareShipments(tx: Tx, departures: readonly Departure[]): Promise<NewShipment[]> {
  const table = present(await findRateTable(tx, IN_HOUSE), 'the in-house carrier has a rate table').definition
  const variants = await findVariants(tx, [...new Set(departures.flatMap(({ units }) => units.map(({ variant_id }) => variant_id)))])
  return createShipments(tx, departures.map((departure) => {
    const { order, location, units, at } = departure
    const ship_to = order.shipping_address ?? unknownAddress(location)
    const weighed = units.map(({ order_line_id, variant_id, quantity }) => ({ order_line_id, quantity, weight_grams: variants.get(variant_id)?.weight_grams ?? 0 }))
    const packages = departure.packages ?? planParcels(weighed, MAX_PARCEL_GRAMS)
    const service = chooseService(table, order.shipping_method)
    const priced = priceShipment(table, service, routeBetween(location, ship_to), packages)
    return {
      id: newId(at.getTime()), order_id: order.id, fulfillment_order_id: departure.fulfillment_order_id, location_id: location.id, ship_from: location.address, ship_to,
      ship_on: shipsOn(location, at) ?? localTime(at, location.time_zone).date, price: priced.outcome === 'priced' ? priced : unpriced(table, service), packages, created_at: at, departed: departure.departed,
    }
  }))
}

/** Imported orders may lack even the country. */
function unknownAddress(location: Location): Address {
  return { line1: 'Not recorded', city: 'Not recorded', country: location.country }
}

/**
 * Asks for the money of what has left: the order without what was canceled and what still waits, so that shipping comes
 * with the first departure; less what was taken before. Tenders that are paid already need nothing.
 */
export async function collect(tx: Tx, orders: readonly OrderRow[], at: Date): Promise<{ events: NewEvent[]; jobs: NewJob[] }> {
  const payments = await paymentsOf(tx, orders.map(({ id }) => id))
  const takenOf = ({ id }: OrderRow): bigint => (payments.get(id) ?? []).reduce((sum, payment) => sum + payment.captured + payment.capturing, 0n)
  const due = orders.filter((order) => payments.has(order.id) && takenOf(order) < order.total - order.canceled_total)
  if (due.length === 0) return { events: [], jobs: [] }
  const lines = groupByKey(await linesOfOrders(tx, due.map(({ id }) => id)), ({ order_id }) => order_id)
  const requests = due.flatMap((order) => {
    const waiting = (lines.get(order.id) ?? []).reduce((sum, line) => sum + waitingAmount(line, order.prices_include_tax), 0n)
    const amount = order.total - order.canceled_total - waiting - takenOf(order)
    return amount > 0n ? [{ order_id: order.id, amount, at, reason: 'shipped' }] : []
  })
  return requests.length === 0 ? { events: [], jobs: [] } : requestCaptures(tx, requests)
}

export function showShipment(shipment: NewShipment): Record<string, unknown> {
  return {
    shipment_id: ids.shipment.show(shipment.id), order_id: ids.order.show(shipment.order_id), fulfillment_order_id: ids.fulfillment_order.show(shipment.fulfillment_order_id),
    carrier: shipment.carrier, service: shipment.service, tracking_numbers: shipment.packages.flatMap(({ tracking_number }) => (tracking_number === null ? [] : [tracking_number])), promised_by: shipment.promised_by,
  }
}
