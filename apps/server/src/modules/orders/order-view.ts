import { Type, type Static } from 'typebox'
import { ids } from '../../kernel/id-kinds.ts'
import { showMoney } from '../../kernel/money.ts'
import { groupByKey } from '../../kernel/quantity.ts'
import type { Queryable } from '../../platform/db.ts'
import { Address, AllowedAction, Anything, closed, Money, Nullable } from '../../platform/http/schemas.ts'
import { findChannels } from '../channels/index.ts'
import { findLocations } from '../locations/index.ts'
import { goodwillOf, owedInAll, paymentsOf, paymentSummary } from '../payments/index.ts'
import { lineTotal } from './amounts.ts'
import type { Stored } from './capture-batch.ts'
import { allowedActions, returnStatus, UNIT_STATES, type UnitCounters } from './order.ts'
import { findOrders, holdsOfOrders, linesOfOrders, type HoldRow, type OrderLineRow, type OrderRow } from './orders.db.ts'

const Units = Type.Object(Object.fromEntries(UNIT_STATES.map((state) => [state, Type.Integer()])), closed)

const BundleView = Type.Object({
  sku: Type.String(), name: Type.String(), quantity: Type.Integer(), unit_price: Money, input_line: Type.Integer({ description: 'The line of the request, counted from 1' }),
}, { ...closed, title: 'BoughtBundle', description: 'What was bought, of which the line is a part' })

const PromiseView = Type.Object({ method: Type.String(), earliest: Type.String(), latest: Type.String() }, { ...closed, title: 'OrderPromise', description: 'When the units with a location arrive, as the customer was told' })

const LinePromise = Type.Object({ expected_on: Type.String(), earliest: Nullable(Type.String()), latest: Nullable(Type.String()) }, {
  ...closed, title: 'LinePromise', description: 'Of units that wait: the day on which their supply is expected, and when they then arrive',
})

const LineView = Type.Object({
  id: Type.String(), line_number: Type.Integer(), sku: Type.String(), description: Type.String(), kind: Type.String(), quantity: Type.Integer(),
  unit_price: Money, discount: Money, tax: Money, total: Money, units: Units, bundle: Nullable(BundleView), custom_fields: Anything,
  promise: Nullable(LinePromise),
}, { ...closed, title: 'OrderLine' })

const HoldView = Type.Object({
  id: Type.String(), type: Type.String(), note: Type.String(), owner_id: Nullable(Type.String()), release_at: Nullable(Type.String()), placed_at: Type.String(), released_at: Nullable(Type.String()),
}, { ...closed, title: 'Hold' })

export const OrderSchema = Type.Object({
  id: Type.String(), number: Type.String(), channel: Type.String(), external_id: Nullable(Type.String()),
  status: Type.String(), payment_status: Type.String(), fulfillment_status: Type.String(), return_status: Type.String(),
  placed_at: Type.String(), created_at: Type.String(), completed_at: Nullable(Type.String()), canceled_at: Nullable(Type.String()), cancel_reason: Nullable(Type.String()),
  customer: Type.Object({ id: Nullable(Type.String()), name: Nullable(Type.String()), email: Nullable(Type.String()), phone: Nullable(Type.String()) }, closed),
  delivery: Type.String(), pickup_location: Nullable(Type.String()), shipping_method: Type.String(), requested_delivery_date: Nullable(Type.String()), promise: Nullable(PromiseView), release_at: Nullable(Type.String()),
  shipping_address: Nullable(Address), billing_address: Nullable(Address),
  currency: Type.String(), prices_include_tax: Type.Boolean(),
  subtotal: Money, discount_total: Money, shipping_total: Money, tax_total: Money, total: Money,
  paid: Type.Object({ authorized: Money, captured: Money, refunded: Money, balance_due: Money, credit_owed: Money }, { ...closed, description: '`balance_due` is what the customer still has to pay, `credit_owed` what is to be paid back, after cancellations, returns and goodwill' }),
  lines: Type.Array(LineView), holds: Type.Array(HoldView),
  custom_fields: Anything, form_version: Type.Integer(), note: Type.String(), tags: Type.Array(Type.String()), version: Type.Integer(),
  allowed_actions: Type.Array(AllowedAction),
}, { ...closed, title: 'Order' })
export type OrderView = Static<typeof OrderSchema>

/** Complete orders as the API shows them, in a fixed number of statements whatever their number. */
export async function readOrderViews(db: Queryable, orderIds: readonly string[]): Promise<Map<string, OrderView>> {
  if (orderIds.length === 0) return new Map()
  const orders = await findOrders(db, orderIds)
  const lines = groupByKey(await linesOfOrders(db, orderIds), ({ order_id }) => order_id)
  const holds = groupByKey(await holdsOfOrders(db, orderIds), ({ order_id }) => order_id)
  const payments = await paymentsOf(db, orderIds)
  // Most orders, and all that were just placed, have had nothing given back.
  const goodwill = await goodwillOf(db, orderIds.filter((id) => payments.get(id)?.some(({ refunded, refunding }) => refunded + refunding > 0n)))
  const channels = await findChannels(db, [...new Set(orders.map(({ channel_id }) => channel_id))])
  const pickups = orders.flatMap(({ pickup_location_id }) => (pickup_location_id === null ? [] : [pickup_location_id]))
  const locations = pickups.length === 0 ? new Map() : await findLocations(db, [...new Set(pickups)])
  return new Map(orders.map((order) => [order.id, viewOrder(order, {
    lines: lines.get(order.id) ?? [],
    holds: holds.get(order.id) ?? [],
    payments: payments.get(order.id) ?? [],
    goodwill: goodwill.get(order.id) ?? 0n,
    channel: channels.get(order.channel_id)!.code,
    pickup_location: order.pickup_location_id === null ? null : locations.get(order.pickup_location_id)?.code ?? null,
  })]))
}

/** Orders as they have just been stored: only what the payments came to is read. */
export async function viewStored(db: Queryable, stored: readonly Stored[]): Promise<Map<string, OrderView>> {
  const payments = stored.length === 0 ? new Map() : await paymentsOf(db, stored.map(({ order }) => order.id))
  return new Map(stored.map(({ order, lines, holds, channel, pickup_location }) => [order.id, viewOrder(order, {
    lines, holds, payments: payments.get(order.id) ?? [], goodwill: 0n, channel: channel.code, pickup_location: pickup_location?.code ?? null,
  })]))
}

type Parts = { lines: readonly OrderLineRow[]; holds: readonly HoldRow[]; payments: Parameters<typeof paymentSummary>[0]; goodwill: bigint; channel: string; pickup_location: string | null }

function viewOrder(order: OrderRow, { lines, holds, payments, goodwill, channel, pickup_location }: Parts): OrderView {
  const money = (amount: bigint) => showMoney(amount, order.currency)
  const paid = paymentSummary(payments, owedInAll(order, { goodwill }))
  const units = sumUnits(lines)
  return {
    id: ids.order.show(order.id), number: order.number, channel, external_id: order.external_id,
    status: order.status, payment_status: paid.payment_status, fulfillment_status: order.fulfillment_status, return_status: returnStatus(units),
    placed_at: order.placed_at.toISOString(), created_at: order.created_at.toISOString(), completed_at: order.completed_at?.toISOString() ?? null,
    canceled_at: order.canceled_at?.toISOString() ?? null, cancel_reason: order.cancel_reason,
    customer: { id: order.customer_id === null ? null : ids.customer.show(order.customer_id), name: order.customer_name, email: order.email, phone: order.phone },
    delivery: order.delivery, pickup_location, shipping_method: order.shipping_method, requested_delivery_date: order.requested_delivery_date, promise: order.promised_from === null || order.promised_by === null ? null : { method: order.delivery === 'pickup' ? 'pickup' : order.shipping_method, earliest: order.promised_from, latest: order.promised_by }, release_at: order.release_at?.toISOString() ?? null,
    shipping_address: order.shipping_address, billing_address: order.billing_address,
    currency: order.currency, prices_include_tax: order.prices_include_tax,
    subtotal: money(order.subtotal), discount_total: money(order.discount_total), shipping_total: money(order.shipping_total), tax_total: money(order.tax_total), total: money(order.total),
    paid: { authorized: money(paid.authorized), captured: money(paid.captured), refunded: money(paid.refunded), balance_due: money(paid.balance_due), credit_owed: money(paid.credit_owed) },
    lines: lines.map((line) => viewLine(line, order)), holds: holds.map(viewHold),
    custom_fields: order.custom_fields, form_version: order.form_version, note: order.note, tags: order.tags, version: order.version,
    allowed_actions: allowedActions(order, lines),
  }
}

function viewLine(line: OrderLineRow, order: OrderRow): OrderView['lines'][number] {
  const money = (amount: bigint) => showMoney(amount, order.currency)
  return {
    id: ids.line.show(line.id), line_number: line.line_number, sku: line.sku, description: line.description, kind: line.kind, quantity: line.quantity,
    unit_price: money(line.unit_price), discount: money(line.discount), tax: money(line.tax), total: money(lineTotal(line, order.prices_include_tax)),
    units: Object.fromEntries(UNIT_STATES.map((state) => [state, line[state]])), bundle: line.bundle === null ? null : { ...line.bundle, unit_price: money(BigInt(line.bundle.unit_price)) }, custom_fields: line.custom_fields,
    promise: line.backordered === 0 || line.expected_on === null ? null : { expected_on: line.expected_on, earliest: line.promised_from, latest: line.promised_by },
  }
}

export function viewHold(hold: HoldRow): OrderView['holds'][number] {
  return {
    id: ids.hold.show(hold.id), type: hold.type, note: hold.note, owner_id: hold.owner_id === null ? null : ids.user.show(hold.owner_id),
    release_at: hold.release_at?.toISOString() ?? null, placed_at: hold.placed_at.toISOString(), released_at: hold.released_at?.toISOString() ?? null,
  }
}

function sumUnits(lines: readonly UnitCounters[]): UnitCounters {
  return Object.fromEntries(UNIT_STATES.map((state) => [state, lines.reduce((sum, line) => sum + line[state], 0)])) as UnitCounters
}
