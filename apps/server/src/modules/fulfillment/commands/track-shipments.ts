import { present } from '../../../kernel/assert.ts'
import { ids } from '../../../kernel/id-kinds.ts'
import { Refusal, refuse } from '../../../kernel/problem.ts'
import { groupByKey } from '../../../kernel/quantity.ts'
import { addMs, MINUTE_MS } from '../../../kernel/time.ts'
import { inScope, type Caller } from '../../../platform/caller.ts'
import { batchCommand, type BatchContext, type BatchItem, type Outcome } from '../../../platform/command.ts'
import type { Tx } from '../../../platform/db.ts'
import type { NewEvent } from '../../../platform/events.ts'
import { linesOfOrders, lockOrders, moveUnits, type OrderRow, type UnitMove } from '../../orders/index.ts'
import { contentsOfShipments, findShipmentsOfFulfillmentOrders, lockShipments, recordTracking, shipmentMachine, type ShipmentRow, type TrackingReport, type TrackingStatus } from '../../shipping/index.ts'
import { findFulfillmentOrders } from '../fulfillment.db.ts'
import { orderEvents } from '../journal.ts'
import { withoutInput, type Done, type Work } from '../run-verb.ts'
import { findShipmentOrders } from '../shipments.db.ts'

type TrackShipment = { shipment_id: string; status: TrackingStatus; occurred_at?: Date | undefined; carrier_status: string; place: string }
type Tracked = { shipment_id: string; moved: boolean; ignored?: string }

type Locked = { shipments: Map<string, ShipmentRow>; orders: Map<string, OrderRow> }

/** Locks orders, then shipments. */
async function lockTracked(tx: Tx, shipmentIds: readonly string[]): Promise<Locked> {
  const known = await findShipmentOrders(tx, shipmentIds)
  const orders = await lockOrders(tx, [...new Set(known.map(({ order_id }) => order_id))])
  const shipments = await lockShipments(tx, known.map(({ id }) => id))
  return { shipments: new Map(shipments.map((shipment) => [shipment.id, shipment])), orders: new Map(orders.map((order) => [order.id, order])) }
}

function visible({ shipments, orders }: Locked, caller: Caller, shipmentId: string): ShipmentRow | undefined {
  const shipment = shipments.get(shipmentId)
  const order = shipment === undefined ? undefined : orders.get(shipment.order_id)
  return shipment !== undefined && order !== undefined && inScope(caller, { channel_id: order.channel_id, location_id: shipment.location_id }) ? shipment : undefined
}

/**
 * What carriers report. Reports that tell nothing new are stored and move nothing; a delivery moves the units of the
 * shipment in the same transaction. Refuses a report on a shipment that has not been handed over, and one of a time before that.
 */
export const trackShipments = batchCommand('fulfillment.track_shipments', 'shipping:ship', async (context, items: readonly BatchItem<TrackShipment>[]) => {
  const locked = await lockTracked(context.tx, [...new Set(items.map(({ input }) => input.shipment_id))])
  const outcomes: Outcome<Tracked>[] = []
  const groups = groupByKey(items.map((item, index) => ({ item, index })), ({ item }) => String(item.now.getTime()))
  for (const group of groups.values()) {
    const accepted = group.filter(({ item, index }) => {
      const refusal = refusalOf(visible(locked, item.caller, item.input.shipment_id), item)
      if (refusal !== undefined) outcomes[index] = { ok: false, refusal }
      return refusal === undefined
    })
    const reports = accepted.map(({ item: { input, now } }): TrackingReport => ({ shipment_id: input.shipment_id, status: input.status, at: input.occurred_at ?? now, carrier_status: input.carrier_status, place: input.place }))
    const results = await applyReports(context, locked, accepted.map(({ item }) => item), reports)
    accepted.forEach(({ item, index }, i) => {
      const result = results[i]!
      outcomes[index] = { ok: true, output: { shipment_id: item.input.shipment_id, ...('ignored' in result ? { moved: false, ignored: result.ignored } : { moved: true }) }, subject_id: item.input.shipment_id }
    })
  }
  return outcomes
})

/** How far the clocks of carriers may be behind ours. */
const CLOCK_SKEW_MS = 15 * MINUTE_MS

function refusalOf(shipment: ShipmentRow | undefined, { input, now }: BatchItem<TrackShipment>): Refusal | undefined {
  if (shipment === undefined) return refuse('not_found', 'There is no such shipment.')
  if (shipment.shipped_at === null) return refuse('shipment_not_handed_over', `The shipment is ${shipment.status.replaceAll('_', ' ')}; hand it over to the carrier first.`)
  if (input.occurred_at !== undefined && input.occurred_at > now) return refuse('shipment_report_in_future', 'The report tells of what has not happened yet.')
  if (input.occurred_at !== undefined && input.occurred_at < addMs(shipment.shipped_at, -CLOCK_SKEW_MS)) return refuse('shipment_report_before_departure', 'The report tells of a time before the shipment left.', { shipped_at: shipment.shipped_at.toISOString() })
  return undefined
}

/** Records reports, moves the units of what was delivered, tells of both. */
async function applyReports(context: BatchContext, locked: Locked, items: readonly BatchItem<unknown>[], reports: readonly TrackingReport[]) {
  if (reports.length === 0) return []
  const results = await recordTracking(context.tx, [...locked.shipments.values()], reports)
  const delivered: ShipmentRow[] = []
  const itemOf = new Map<string, BatchItem<never>>()
  results.forEach((result, i) => {
    if ('ignored' in result) return
    const shipment = locked.shipments.get(reports[i]!.shipment_id)!
    if (result.moved_to === 'delivered') delivered.push(shipment)
    itemOf.set(shipment.order_id, withoutInput(items[i]!))
    context.emit(withoutInput(items[i]!), shipmentEvent(shipment, reports[i]!))
  })
  if (delivered.length === 0) return results
  const moved = await moveUnits(context.tx, await deliveredMoves(context.tx, delivered), items[0]!.now)
  for (const { id, status, fulfillment_status } of moved) context.emit(itemOf.get(id)!, ...orderEvents(locked.orders.get(id)!, status, fulfillment_status))
  return results
}

function shipmentEvent(shipment: ShipmentRow, report: TrackingReport): NewEvent {
  return {
    type: `shipment.${report.status}`, order_id: shipment.order_id, subject_id: shipment.id,
    data: {
      shipment_id: ids.shipment.show(shipment.id), order_id: ids.order.show(shipment.order_id), fulfillment_order_id: ids.fulfillment_order.show(shipment.fulfillment_order_id),
      occurred_at: report.at.toISOString(), carrier: shipment.carrier, carrier_status: report.carrier_status, place: report.place,
    },
  }
}

/** Units in the boxes that are still under way: some may have come back before the carrier reported the delivery. */
async function deliveredMoves(tx: Tx, shipments: readonly ShipmentRow[]): Promise<UnitMove[]> {
  const orderOf = new Map(shipments.map(({ id, order_id }) => [id, order_id]))
  const contents = await contentsOfShipments(tx, shipments.map(({ id }) => id))
  const under_way = new Map((await linesOfOrders(tx, [...new Set(orderOf.values())])).map((line) => [line.id, line.shipped]))
  return contents.flatMap(({ shipment_id, order_line_id, quantity }): UnitMove[] => {
    const left = present(under_way.get(order_line_id), 'boxes hold lines of their order')
    const units = Math.min(quantity, left)
    under_way.set(order_line_id, left - units)
    return units === 0 ? [] : [{ order_id: orderOf.get(shipment_id)!, order_line_id, from: 'shipped', to: 'delivered', quantity: units }]
  })
}

/** Everything that a fulfillment order has shipped has arrived, at the time of the item. Who says it again is refused, in the same batch too. */
export const deliverBatch = batchCommand('fulfillment.deliver', 'shipping:ship', async (context, items: readonly BatchItem<Work<object>>[]) => {
  const wanted = items.map(({ input }) => input.fulfillment_order_id)
  const works = new Map((await findFulfillmentOrders(context.tx, wanted)).map((work) => [work.id, work]))
  const shipments = groupByKey(await findShipmentsOfFulfillmentOrders(context.tx, wanted), ({ fulfillment_order_id }) => fulfillment_order_id)
  const locked = await lockTracked(context.tx, [...shipments.values()].flat().map(({ id }) => id))
  const taken = new Set<string>()
  const outcomes = items.map((item): Outcome<Done> => {
    const work = works.get(item.input.fulfillment_order_id)
    if (work === undefined || !inScope(item.caller, work)) return { ok: false, refusal: refuse('not_found', 'There is no such fulfillment order.') }
    if (taken.has(work.id) || underWay(locked, shipments.get(work.id) ?? []).length === 0) return { ok: false, refusal: refuse('fulfillment_action_not_allowed', 'Nothing of it is under way.', { action: 'deliver', status: work.status }) }
    taken.add(work.id)
    return { ok: true, output: { fulfillment_order_id: work.id }, subject_id: work.id }
  })
  const accepted = items.flatMap((item, index) => (outcomes[index]!.ok ? underWay(locked, shipments.get(item.input.fulfillment_order_id) ?? []).map(({ id }) => ({ item, shipment_id: id })) : []))
  for (const group of groupByKey(accepted, ({ item }) => String(item.now.getTime())).values()) {
    const reports = group.map(({ item, shipment_id }): TrackingReport => ({ shipment_id, status: 'delivered', at: item.now, carrier_status: 'delivered', place: '' }))
    await applyReports(context, locked, group.map(({ item }) => item), reports)
  }
  return outcomes
}, 1_000)

function underWay(locked: Locked, shipments: readonly ShipmentRow[]): ShipmentRow[] {
  return shipments.flatMap(({ id }) => locked.shipments.get(id) ?? []).filter(({ status, shipped_at }) => shipped_at !== null && shipmentMachine.can('deliver', status))
}
