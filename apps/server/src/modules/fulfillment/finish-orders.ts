import { ids } from '../../kernel/id-kinds.ts'
import type { Caller } from '../../platform/caller.ts'
import type { Tx } from '../../platform/db.ts'
import type { NewEvent } from '../../platform/events.ts'
import type { NewJob } from '../../platform/jobs.ts'
import { groupByKey } from '../../kernel/quantity.ts'
import { lockOrders, moveUnits } from '../orders/index.ts'
import { shipClaimed, takeAllClaims } from '../sourcing/index.ts'
import { lockShipments, recordTracking } from '../shipping/index.ts'
import { collect, prepareShipments, showShipment } from './depart.ts'
import { storeWork } from './release.ts'

export type Finish = { caller: Caller; released_at: Date; shipped_at: Date; delivered_at: Date }

/**
 * Takes everything allocated of these orders through its whole way (released, picked, packed, shipped, delivered) at the
 * times given: how imports tell of orders that arrived long ago. Set-based; the caller emits the events at their times.
 */
export async function finishOrders(tx: Tx, orderIds: readonly string[], by: Finish): Promise<{ events: (NewEvent & { at: Date })[]; jobs: NewJob[] }> {
  const orders = await lockOrders(tx, orderIds)
  const before = new Map(orders.map(({ id, status }) => [id, status]))
  const units = await takeAllClaims(tx, orderIds)
  if (units.length === 0) return { events: [], jobs: [] }
  const released = await storeWork(tx, orders, units, by.released_at, by.shipped_at)
  const byId = new Map(orders.map((order) => [order.id, order]))
  const linesOf = groupByKey(released.lines, ({ fulfillment_order_id }) => fulfillment_order_id)
  const shipments = await prepareShipments(tx, released.orders.map((work) => ({
    order: byId.get(work.order_id)!, fulfillment_order_id: work.id, location: released.locations.get(work.location_id)!, units: linesOf.get(work.id)!, at: by.shipped_at, departed: true,
  })))
  const moved = await moveUnits(tx, units.map(({ order_id, order_line_id, quantity }) => ({ order_id, order_line_id, from: 'allocated' as const, to: 'delivered' as const, quantity })), by.delivered_at)
  await recordTracking(tx, await lockShipments(tx, shipments.map(({ id }) => id)), shipments.map(({ id }) => ({ shipment_id: id, status: 'delivered' as const, at: by.delivered_at, carrier_status: 'delivered', place: '' })))
  // Last, because everybody wants the levels: those who capture at the same time wait for them no longer than they must.
  const stockNews = await shipClaimed(tx, units, { at: by.shipped_at, caller_id: by.caller.id })
  const money = await collect(tx, orders, by.shipped_at)
  const completed = moved.filter(({ id, status }) => status === 'completed' && before.get(id) !== 'completed')
  const dated = (at: Date, events: readonly NewEvent[]): (NewEvent & { at: Date })[] => events.map((event) => ({ ...event, at }))
  return {
    jobs: money.jobs,
    events: [
      ...dated(by.released_at, released.events),
      ...dated(by.shipped_at, [...shipments.map((shipment) => ({ type: 'shipment.shipped', order_id: shipment.order_id, data: showShipment(shipment) })), ...money.events, ...stockNews]),
      ...dated(by.delivered_at, [
        ...shipments.map((shipment) => ({ type: 'shipment.delivered', order_id: shipment.order_id, data: showShipment(shipment) })),
        ...completed.map(({ id }) => ({ type: 'order.completed', order_id: id, data: { order_id: ids.order.show(id) } })),
      ]),
    ],
  }
}
