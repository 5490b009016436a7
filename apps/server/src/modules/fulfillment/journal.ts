import { present } from '../../kernel/assert.ts'
import { ids } from '../../kernel/id-kinds.ts'
import { newId } from '../../kernel/ids.ts'
import { groupByKey } from '../../kernel/quantity.ts'
import type { Tx } from '../../platform/db.ts'
import type { NewEvent } from '../../platform/events.ts'
import type { NewJob } from '../../platform/jobs.ts'
import { lockOrders, moveUnits, type OrderRow, type UnitMove } from '../orders/index.ts'
import { createShipments, departShipments, voidShipments, type NewShipment, type ShipmentDraft } from '../shipping/index.ts'
import { consumeClaims, rejectClaims, resourceOrders, type ClaimedUnits } from '../sourcing/index.ts'
import { collect, showShipment } from './depart.ts'
import { insertRejections, lockFulfillmentOrders, ordersOf, writeFulfillmentOrders } from './fulfillment.db.ts'
import { applyChange, type Change, type GivenBack, type WorkOrder } from './work.ts'

/** Fulfillment orders and their orders, locked until the commit. */
export type Locked = { works: Map<string, WorkOrder>; orders: Map<string, OrderRow> }

/** Locks orders by id, then fulfillment orders by id, then their lines. Unknown ids are left out. */
export async function lockWork(tx: Tx, fulfillmentOrderIds: readonly string[]): Promise<Locked> {
  const found = await ordersOf(tx, fulfillmentOrderIds)
  const orders = await lockOrders(tx, [...new Set(found.map(({ order_id }) => order_id))])
  const works = await lockFulfillmentOrders(tx, found.map(({ id }) => id))
  return { works: new Map(works.map((work) => [work.id, work])), orders: new Map(orders.map((order) => [order.id, order])) }
}

/**
 * What a transaction does to fulfillment orders, collected in memory while decisions are made and then written for all
 * of them at once (`writeJournal`). Each decision sees what those before it left.
 */
export type Journal = Locked & {
  at: Date
  caller_id: string
  touched: Set<string>
  moves: UnitMove[]
  left: ClaimedUnits[]
  given_back: (ClaimedUnits & GivenBack & { fulfillment_order_id: string })[]
  /** To be created, by fulfillment order. */
  shipments: Map<string, ShipmentDraft>
  departing: NewShipment[]
  voided: string[]
  events: NewEvent[]
}

export function openJournal(locked: Locked, by: { at: Date; caller_id: string }): Journal {
  return { ...locked, ...by, touched: new Set(), moves: [], left: [], given_back: [], shipments: new Map(), departing: [], voided: [], events: [] }
}

/** Takes a decision into the journal; answers the fulfillment order as it is now. */
export function record(journal: Journal, work: WorkOrder, change: Change): WorkOrder {
  const after = applyChange(work, change)
  const { order_id, location_id } = work
  journal.works.set(work.id, after)
  journal.touched.add(work.id)
  journal.moves.push(...(change.moves ?? []).map((move) => ({ order_id, ...move })))
  journal.left.push(...(change.left ?? []).map((units) => ({ order_id, location_id, ...units })))
  journal.given_back.push(...(change.given_back ?? []).map((units) => ({ order_id, location_id, fulfillment_order_id: work.id, ...units })))
  return after
}

/** Notes an event of a fulfillment order; `type` without its prefix. */
export function tell(journal: Journal, work: WorkOrder, type: string, data: Record<string, unknown> = {}): void {
  journal.events.push(workEvent(work, type, data))
}

export function workEvent(work: WorkOrder, type: string, data: Record<string, unknown>): NewEvent {
  return {
    type: `fulfillment_order.${type}`, order_id: work.order_id, subject_id: work.id,
    data: { fulfillment_order_id: ids.fulfillment_order.show(work.id), number: work.number, order_id: ids.order.show(work.order_id), location_id: ids.location.show(work.location_id), ...data },
  }
}

export type Written = { events: NewEvent[]; jobs: NewJob[] }

/**
 * Writes everything in a fixed number of statements: fulfillment orders, shipments, units, claims with their stock, new
 * locations for what was given back (`resource`), money. Answers what to tell and to enqueue.
 */
export async function writeJournal(tx: Tx, journal: Journal, options: { resource: boolean }): Promise<Written> {
  const { at } = journal
  await writeFulfillmentOrders(tx, [...journal.touched].map((id) => journal.works.get(id)!))
  await voidShipments(tx, journal.voided)
  const created = await createShipments(tx, [...journal.shipments.values()])
  await departShipments(tx, journal.departing.map(({ id }) => id), at)
  const moved = await moveUnits(tx, journal.moves, at)
  const orderNews = moved.flatMap(({ id, status, fulfillment_status }) => orderEvents(present(journal.orders.get(id), 'orders of moved units are locked'), status, fulfillment_status))
  const stockNews = [...(await consumeClaims(tx, journal.left, journal)), ...(await rejectClaims(tx, journal.given_back, journal))]
  const sourced = options.resource ? await findOtherLocations(tx, journal) : []
  const leaving = new Set(journal.left.map(({ order_id }) => order_id))
  const money = leaving.size === 0 ? { jobs: [], events: [] } : await collect(tx, [...leaving].map((id) => journal.orders.get(id)!), at)
  const shipmentNews = [
    ...created.map((shipment) => shipmentEvent('shipment.created', shipment)),
    ...journal.departing.map((shipment) => shipmentEvent('shipment.shipped', shipment)),
  ]
  return { jobs: money.jobs, events: [...journal.events, ...shipmentNews, ...orderNews, ...sourced, ...stockNews, ...money.events] }
}

/** Stores who gave what back and why, which rules the location out, and sources those units again at once. */
async function findOtherLocations(tx: Tx, journal: Journal): Promise<NewEvent[]> {
  const { given_back, at, caller_id } = journal
  if (given_back.length === 0) return []
  await insertRejections(tx, given_back.map((units) => ({ id: newId(at.getTime()), at, caller_id, ...units })))
  const rejected = [...groupByKey(given_back, ({ fulfillment_order_id }) => fulfillment_order_id)].map(([id, units]): NewEvent => ({
    type: 'allocation.rejected', order_id: units[0]!.order_id, subject_id: id,
    data: {
      order_id: ids.order.show(units[0]!.order_id), fulfillment_order_id: ids.fulfillment_order.show(id), location_id: ids.location.show(units[0]!.location_id),
      lines: units.map(({ order_line_id, quantity, reason }) => ({ line_id: ids.line.show(order_line_id), quantity, reason })),
    },
  }))
  const orders = [...new Set(given_back.map(({ order_id }) => order_id))].map((id) => journal.orders.get(id)!)
  const { events } = await resourceOrders(tx, orders, 'rejection', { at, caller_id })
  return [...rejected, ...events]
}

function shipmentEvent(type: string, shipment: NewShipment): NewEvent {
  return { type, order_id: shipment.order_id, subject_id: shipment.id, data: showShipment(shipment) }
}

/** What moved units mean for their order: it is shipped or delivered whole, it is complete. */
export function orderEvents(before: OrderRow, status: string, fulfillment_status: string): NewEvent[] {
  const types = [
    ...(fulfillment_status !== before.fulfillment_status && (fulfillment_status === 'shipped' || fulfillment_status === 'delivered') ? [`order.${fulfillment_status}`] : []),
    ...(status === 'completed' && before.status !== 'completed' ? ['order.completed'] : []),
  ]
  return types.map((type) => ({ type, order_id: before.id, data: { order_id: ids.order.show(before.id) } }))
}
