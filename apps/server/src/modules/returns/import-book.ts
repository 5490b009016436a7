import type { Tx } from '../../platform/db.ts'
import { findChannelsByCode, type Channel } from '../channels/index.ts'
import { findLocationsByCode, type Location } from '../locations/index.ts'
import { linesOfOrders, lockOrders, type OrderLineRow, type OrderRow } from '../orders/index.ts'
import { returnablesOf } from './queries/returnables.ts'
import type { Disposition, ReturnReason } from './return.ts'
import { findByExternalIds, type ReturnRow } from './returns.db.ts'

/** A credit note of the past: goods that came back, and money that was paid back without goods, perhaps on several orders. */
export type ImportReturn = {
  /** Codes. */
  channel: string
  location: string
  external_id: string
  reason: ReturnReason
  note: string
  disposition: Disposition
  lines: readonly { order_id: string; order_line_id: string; quantity: number; refund_amount: bigint }[]
  /** `shipping_amount` is the part of `refund_amount` that was paid for shipping. */
  money: readonly { order_id: string; refund_amount: bigint; shipping_amount: bigint }[]
}

/** What the returns of an import may draw on. The amounts and units are taken out as one return after the other is accepted. */
export type ImportBook = {
  channels: ReadonlyMap<string, Channel>
  locations: ReadonlyMap<string, Location>
  orders: ReadonlyMap<string, OrderRow>
  /** Order lines by id. */
  lines: ReadonlyMap<string, OrderLineRow>
  /** By channel id and external id. */
  existing: ReadonlyMap<string, ReturnRow>
  units_left: Map<string, number>
  line_money_left: Map<string, bigint>
  held_left: Map<string, bigint>
  shipping_left: Map<string, bigint>
}

/** Locks the orders of all items and looks up everything they name, in a fixed number of statements. */
export async function importBook(tx: Tx, inputs: readonly ImportReturn[]): Promise<ImportBook> {
  const orderIds = [...new Set(inputs.flatMap(({ lines, money }) => [...lines, ...money].map(({ order_id }) => order_id)))]
  const channels = await findChannelsByCode(tx, [...new Set(inputs.map(({ channel }) => channel))])
  const locations = await findLocationsByCode(tx, [...new Set(inputs.map(({ location }) => location))])
  const orders = await lockOrders(tx, orderIds)
  const lines = await linesOfOrders(tx, orderIds)
  const returnables = await returnablesOf(tx, orderIds)
  const existing = await findByExternalIds(tx, inputs.flatMap((input) => {
    const channel = channels.get(input.channel)
    return channel === undefined ? [] : externalIds(input).map((external_id) => ({ channel_id: channel.id, external_id }))
  }))
  return {
    channels, locations,
    orders: new Map(orders.map((order) => [order.id, order])),
    lines: new Map(lines.map((line) => [line.id, line])),
    existing: new Map(existing.map((row) => [`${row.channel_id} ${row.external_id ?? ''}`, row])),
    units_left: new Map(returnables.flatMap((order) => order.lines.map((line) => [line.order_line_id, line.quantity_returnable]))),
    line_money_left: new Map(returnables.flatMap((order) => order.lines.map((line) => [line.order_line_id, line.refundable_amount]))),
    held_left: new Map(returnables.map((order) => [order.order_id, order.refundable_amount])),
    shipping_left: new Map(returnables.map((order) => [order.order_id, order.refundable_shipping_amount])),
  }
}

/** The names that the returns of one credit note have, one for each of its orders: the first its own, the others numbered. */
export function externalIds({ external_id, lines, money }: Pick<ImportReturn, 'external_id' | 'lines' | 'money'>): string[] {
  const orders = new Set([...lines, ...money].map(({ order_id }) => order_id)).size
  return Array.from({ length: orders }, (_, index) => (index === 0 ? external_id : `${external_id}/${index + 1}`))
}
