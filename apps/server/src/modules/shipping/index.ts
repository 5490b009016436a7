export { unprintableCharacters } from './address.ts'
export { arrivalDate, latestDeparture } from './carrier-calendar.ts'
export { IN_HOUSE } from './carrier.ts'
export { MEDIA_TYPES } from './documents.ts'
export type { PickList, PickOrder } from './pick-list.ts'
export { calendarOf, chooseService, planParcels, priceShipment, routeBetween, shippingMethods, unpriced, type Parcel, type PlannedParcel } from './price-shipment.ts'
export { activeRateTables, findRateTable } from './rate-tables.db.ts'
export { transitTo, type RateTable } from './rates.ts'
export { createShipments, departShipments, recordTracking, voidShipments, type NewShipment, type ShipmentDraft, type TrackingReport } from './shipments.ts'
export { requireShipments, ShipmentParams } from './shipments.routes.ts'
export { readShipmentViews, ShipmentSchema } from './shipment-view.ts'
export { contentsOfShipments, findShipmentsOfFulfillmentOrders, lockShipments, packagesOfShipments, type ShipmentRow } from './shipping.db.ts'
export { shipmentMachine, type TrackingStatus } from './tracking.ts'

/** Draws a pick list. Fonts and PDF are loaded when the first one is printed. */
export async function renderPickList(list: import('./pick-list.ts').PickList, size: 'a4' | 'letter'): Promise<Buffer> {
  const { renderPickList: render } = await import('./pick-list.ts')
  return Buffer.from(await render(list, { size }))
}
