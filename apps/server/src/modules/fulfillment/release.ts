import { ids } from '../../kernel/id-kinds.ts'
import { newId } from '../../kernel/ids.ts'
import { groupByKey } from '../../kernel/quantity.ts'
import type { Tx } from '../../platform/db.ts'
import type { NewEvent } from '../../platform/events.ts'
import { departureInstant, findLocations, type Location } from '../locations/index.ts'
import { moveUnits, type OrderRow } from '../orders/index.ts'
import { releaseClaims } from '../sourcing/index.ts'
import { insertFulfillmentOrders, type FulfillmentLineRow, type NewFulfillmentOrder } from './fulfillment.db.ts'

export type Released = { orders: NewFulfillmentOrder[]; lines: FulfillmentLineRow[]; numbers: ReadonlyMap<string, string>; locations: ReadonlyMap<string, Location>; events: NewEvent[] }

type Claims = readonly { order_id: string; order_line_id: string; variant_id: string; location_id: string; quantity: number }[]

/**
 * Hands the claims of locked orders to their locations: one fulfillment order for each order and location. A fixed
 * number of statements for one order and for hundreds.
 */
export async function releaseOrders(tx: Tx, orders: readonly OrderRow[], at: Date): Promise<Released> {
  const claims = await releaseClaims(tx, orders.map(({ id }) => id))
  const released = await storeWork(tx, orders, claims, at)
  await moveUnits(tx, claims.map(({ order_id, order_line_id, quantity }) => ({ order_id, order_line_id, from: 'allocated' as const, to: 'released' as const, quantity })), at)
  return released
}

/** Stores the work that claims mean for their locations; `shipped_at` says that it has been done already. */
export async function storeWork(tx: Tx, orders: readonly OrderRow[], claims: Claims, at: Date, shipped_at?: Date): Promise<Released> {
  if (claims.length === 0) return { orders: [], lines: [], numbers: new Map(), locations: new Map(), events: [] }
  const locations = await findLocations(tx, [...new Set(claims.map(({ location_id }) => location_id))])
  const byId = new Map(orders.map((order) => [order.id, order]))
  const groups = [...groupByKey(claims, ({ order_id, location_id }) => `${order_id} ${location_id}`).values()]
  const made = groups.map((group) => {
    const { order_id, location_id } = group[0]!
    const order = byId.get(order_id)!
    const row: NewFulfillmentOrder = {
      id: newId(at.getTime()), order_id, channel_id: order.channel_id, location_id, kind: order.delivery, status: shipped_at === undefined ? 'open' : 'shipped',
      due_at: departureInstant(locations.get(location_id)!, at) ?? null, pickup_code: null, ready_until: null, created_at: at,
      accepted_at: shipped_at === undefined ? null : at, packed_at: shipped_at ?? null, closed_at: shipped_at ?? null,
    }
    const lines = group.map(({ order_line_id, variant_id, quantity }): FulfillmentLineRow => {
      const done = shipped_at === undefined ? 0 : quantity
      return { fulfillment_order_id: row.id, order_line_id, variant_id, quantity, picked: done, packed: done, shipped: done, rejected: 0, canceled: 0 }
    })
    return { row, lines }
  })
  const lines = made.flatMap((one) => one.lines)
  const numbers = await insertFulfillmentOrders(tx, made.map(({ row }) => row), lines)
  return {
    orders: made.map(({ row }) => row), lines, numbers, locations,
    events: made.map(({ row, lines: own }) => ({ type: 'fulfillment_order.created', order_id: row.order_id, data: { ...shown(row, numbers, locations), lines: showUnits(own) } })),
  }
}

export function shown(row: { id: string; order_id: string; location_id: string; kind: string }, numbers: ReadonlyMap<string, string>, locations: ReadonlyMap<string, Location>): Record<string, unknown> {
  return { fulfillment_order_id: ids.fulfillment_order.show(row.id), number: numbers.get(row.id), order_id: ids.order.show(row.order_id), location: locations.get(row.location_id)?.code, kind: row.kind }
}

export function showUnits(units: readonly { order_line_id: string; quantity: number }[]): { line_id: string; quantity: number }[] {
  return units.map(({ order_line_id, quantity }) => ({ line_id: ids.line.show(order_line_id), quantity }))
}
