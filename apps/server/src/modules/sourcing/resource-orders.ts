import { present } from '../../kernel/assert.ts'
import { ids } from '../../kernel/id-kinds.ts'
import { newId } from '../../kernel/ids.ts'
import { groupByKey } from '../../kernel/quantity.ts'
import type { Tx } from '../../platform/db.ts'
import type { NewEvent } from '../../platform/events.ts'
import { findVariants } from '../catalog/index.ts'
import { findChannels, type Channel } from '../channels/index.ts'
import { demandLine, insertHolds, moveUnits, waitingLinesOfOrders, type OrderLineRow, type OrderRow, type SourcingDemand, type SourcingPlan, type SourcingTrigger, type UnitMove } from '../orders/index.ts'
import { planStock } from './plan-stock.ts'

/**
 * Sources the units of these orders that have no location: open ones and backordered ones, leaving out locations that
 * gave them back. What finds no place waits as the channel says: as a backorder, or on hold for people to see.
 * The caller holds the orders' locks. Answers the events; they belong to the orders.
 */
export async function resourceOrders(tx: Tx, orders: readonly OrderRow[], trigger: SourcingTrigger, by: { at: Date; caller_id: string }): Promise<{ events: NewEvent[]; allocated_units: number }> {
  const lines = groupByKey(await waitingLinesOfOrders(tx, orders.map(({ id }) => id)), ({ order_id }) => order_id)
  const waiting = orders.filter(({ id, status }) => status === 'placed' && lines.has(id))
  if (waiting.length === 0) return { events: [], allocated_units: 0 }
  const channels = await findChannels(tx, [...new Set(waiting.map(({ channel_id }) => channel_id))])
  const variants = await findVariants(tx, [...new Set(waiting.flatMap(({ id }) => lines.get(id)!.map(({ variant_id }) => variant_id)))])
  const demands = waiting.map((order) => demandOf(order, trigger, channels.get(order.channel_id)!, lines.get(order.id)!.map((line) => ({ ...line, units: line.open + line.backordered })), (id) => variants.get(id)?.weight_grams ?? 0))
  const stock = await planStock(tx, demands, by.at, 'locked')
  // A backorder that still finds nothing is no news: no decision is stored for it.
  const useful = stock.plans.filter(({ allocations }) => trigger !== 'backorder' || allocations.length > 0)
  const stockNews = present(await stock.claim(useful.map((plan) => ({ plan, ...by })), trigger), 'what was planned on locked stock is there')
  const moves = useful.flatMap((plan) => movesOf(plan, lines.get(plan.order_id)!))
  await moveUnits(tx, moves, by.at)
  const holds = await holdUnplaced(tx, waiting, useful, trigger, by)
  const allocated_units = useful.reduce((sum, { allocations }) => sum + allocations.reduce((units, { quantity }) => units + quantity, 0), 0)
  return { events: [...useful.flatMap((plan) => eventsOf(plan)), ...holds, ...stockNews], allocated_units }
}

/** What is asked for units of lines of an order that was accepted before. */
export function demandOf(order: OrderRow, trigger: SourcingTrigger, channel: Channel, lines: readonly (OrderLineRow & { units: number })[], weightOf: (variantId: string) => number): SourcingDemand {
  return {
    resourcing: true,
    order_id: order.id, channel_id: order.channel_id, channel: channel.code, group_ids: channel.group_ids, delivery: order.delivery, pickup_location_id: order.pickup_location_id, shipping_address: order.shipping_address,
    shipping_method: order.shipping_method, requested_delivery_date: order.requested_delivery_date, deliver_by: trigger === 'backorder' ? null : order.promised_by, custom_fields: order.custom_fields, tags: order.tags, customer: { customer_id: order.customer_id },
    order_value: { amount: order.total, currency: order.currency },
    // An order that has been accepted is never refused afterwards.
    on_shortage: order.on_shortage === 'refuse' ? 'hold' : order.on_shortage, max_splits: order.max_splits, stock_buffer: channel.stock_buffer,
    lines: lines.map((line) => demandLine(line, line.units, weightOf(line.variant_id))),
  }
}

/** Placed units leave `open` first; the unplaced rest of a backordering channel waits as backorder. */
function movesOf(plan: SourcingPlan, lines: readonly OrderLineRow[]): UnitMove[] {
  const order_id = plan.order_id
  return lines.flatMap((line) => {
    let placed = plan.allocations.filter(({ line_id }) => line_id === line.id).reduce((sum, { quantity }) => sum + quantity, 0)
    const fromOpen = Math.min(line.open, placed)
    placed -= fromOpen
    const moves: UnitMove[] = []
    if (fromOpen > 0) moves.push({ order_id, order_line_id: line.id, from: 'open', to: 'allocated', quantity: fromOpen })
    if (placed > 0) moves.push({ order_id, order_line_id: line.id, from: 'backordered', to: 'allocated', quantity: placed })
    if (plan.shortage === 'backorder' && line.open > fromOpen) moves.push({ order_id, order_line_id: line.id, from: 'open', to: 'backordered', quantity: line.open - fromOpen })
    return moves
  })
}

async function holdUnplaced(tx: Tx, orders: readonly OrderRow[], plans: readonly SourcingPlan[], trigger: SourcingTrigger, by: { at: Date; caller_id: string }): Promise<NewEvent[]> {
  const held = plans.filter(({ order_id, shortage }) => shortage === 'hold' && trigger === 'rejection' && orders.find(({ id }) => id === order_id)!.open_holds === 0)
  const holds = held.map(({ order_id }) => ({
    id: newId(by.at.getTime()), order_id, type: 'out_of_stock' as const, note: 'A location gave units back and no other has them.', owner_id: null, release_at: null, placed_at: by.at, placed_by: by.caller_id,
  }))
  await insertHolds(tx, holds, false)
  return holds.map((hold) => ({ type: 'order.held', order_id: hold.order_id, data: { order_id: ids.order.show(hold.order_id), hold_id: ids.hold.show(hold.id), hold: hold.type } }))
}

function eventsOf(plan: SourcingPlan): NewEvent[] {
  const data = { order_id: ids.order.show(plan.order_id), decision_id: ids.decision.show(plan.decision_id) }
  const placed = plan.allocations.map(({ line_id, location_id, quantity }) => ({ line_id: ids.line.show(line_id), location_id: ids.location.show(location_id), quantity }))
  return [
    ...(placed.length === 0 ? [] : [{ type: 'order.allocated', order_id: plan.order_id, data: { ...data, allocations: placed } }]),
    ...(plan.shortage === 'backorder' && plan.unfilled.length > 0 ? [{ type: 'order.backordered', order_id: plan.order_id, data: { ...data, lines: plan.unfilled.map(({ line_id, quantity }) => ({ line_id: ids.line.show(line_id), quantity })) } }] : []),
  ]
}
