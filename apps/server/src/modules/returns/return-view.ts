import { Type, type Static } from 'typebox'
import { ids } from '../../kernel/id-kinds.ts'
import { showMoney } from '../../kernel/money.ts'
import { groupByKey } from '../../kernel/quantity.ts'
import type { Queryable } from '../../platform/db.ts'
import { AllowedAction, closed, Money, Nullable, OneOf } from '../../platform/http/schemas.ts'
import { findChannels } from '../channels/index.ts'
import { findLocations } from '../locations/index.ts'
import { findOrders } from '../orders/index.ts'
import { refundsByCause } from '../payments/index.ts'
import { sumRefunds, type RefundEntry } from './refund.ts'
import { allowedActions, dueAmount, RETURN_REASONS, RETURN_STATUSES } from './return.ts'
import { findReturns, linesOfReturns, type ReturnLineRow, type ReturnRow } from './returns.db.ts'

const LineView = Type.Object({
  id: Type.String(), line_id: Type.String({ description: 'The line of the order; the actions of a return name its lines by it' }), sku: Type.String(), description: Type.String(), kind: OneOf(['goods', 'service']),
  quantity: Type.Integer(), reason: OneOf(RETURN_REASONS), received: Type.Integer(),
  restocked: Type.Integer(), damaged: Type.Integer(), quality_control: Type.Integer(), scrapped: Type.Integer(),
  refundable: Money, refunded: Money, withheld: Money, due: Money,
}, closed)

const RefundView = Type.Object({
  due: Money,
  goods_refunded: Money, shipping_refunded: Money, other_refunded: Money, total: Money,
  paid: Money, pending: Money, failed: Money, waits_for_capture: Type.Boolean(),
}, { ...closed, description: '`waits_for_capture`: what was wished for is paid by itself as soon as the customer\'s money is captured. `total` is what is paid back in all; `paid` has arrived, `pending` is on its way, `failed` was refused by the gateway: try its payment entry again' })

export const ReturnSchema = Type.Object({
  id: Type.String(), number: Type.String(), order_id: Type.String(), order_number: Type.String(),
  channel: Type.String(), location: Nullable(Type.String()), external_id: Nullable(Type.String()),
  status: OneOf(RETURN_STATUSES), note: Type.String(), outcome_note: Type.String(),
  requested_at: Type.String(), approved_at: Nullable(Type.String()), received_at: Nullable(Type.String()), closed_at: Nullable(Type.String()),
  lines: Type.Array(LineView), refund: RefundView, version: Type.Integer(), allowed_actions: Type.Array(AllowedAction),
}, { ...closed, title: 'Return' })
export type ReturnView = Static<typeof ReturnSchema>

/** Complete returns as the API shows them, in a fixed number of statements whatever their number. */
export async function readReturnViews(db: Queryable, returnIds: readonly string[]): Promise<Map<string, ReturnView>> {
  if (returnIds.length === 0) return new Map()
  const returns = await findReturns(db, returnIds)
  const lines = groupByKey(await linesOfReturns(db, returnIds), ({ return_id }) => return_id)
  const orders = new Map((await findOrders(db, unique(returns.map(({ order_id }) => order_id)))).map((order) => [order.id, order]))
  const channels = await findChannels(db, unique(returns.map(({ channel_id }) => channel_id)))
  const locationIds = unique(returns.flatMap(({ location_id }) => location_id ?? []))
  const locations = locationIds.length === 0 ? new Map<string, { code: string }>() : await findLocations(db, locationIds)
  const refunds = await refundsByCause(db, returnIds)
  return new Map(returns.map((row) => [row.id, viewReturn(row, {
    order_number: orders.get(row.order_id)!.number, channel: channels.get(row.channel_id)!.code,
    location: row.location_id === null ? null : locations.get(row.location_id)!.code,
    lines: lines.get(row.id) ?? [], entries: refunds.get(row.id) ?? [],
  })]))
}

type Parts = { order_number: string; channel: string; location: string | null; lines: readonly ReturnLineRow[]; entries: readonly RefundEntry[] }

function viewReturn(row: ReturnRow, { order_number, channel, location, lines, entries }: Parts): ReturnView {
  const money = (amount: bigint) => showMoney(amount, row.refund_currency)
  const sum = (of: (line: ReturnLineRow) => bigint): bigint => lines.reduce((total, line) => total + of(line), 0n)
  const { paid, pending, failed } = sumRefunds(entries)
  return {
    id: ids.return.show(row.id), number: row.number, order_id: ids.order.show(row.order_id), order_number, channel, location, external_id: row.external_id,
    status: row.status, note: row.note, outcome_note: row.outcome_note,
    requested_at: row.requested_at.toISOString(), approved_at: row.approved_at?.toISOString() ?? null, received_at: row.received_at?.toISOString() ?? null, closed_at: row.closed_at?.toISOString() ?? null,
    lines: lines.map((line) => ({
      id: ids.return_line.show(line.id), line_id: ids.line.show(line.order_line_id), sku: line.sku, description: line.description, kind: line.kind, quantity: line.quantity, reason: line.reason,
      received: line.received, restocked: line.restocked, damaged: line.damaged, quality_control: line.quality_control, scrapped: line.scrapped,
      refundable: money(line.refundable), refunded: money(line.refunded), withheld: money(line.withheld), due: money(dueAmount(line)),
    })),
    refund: {
      due: money(sum(dueAmount)), goods_refunded: money(sum(({ refunded }) => refunded)), shipping_refunded: money(row.shipping_refunded), other_refunded: money(row.other_refunded), total: money(row.refund_total),
      paid: money(paid), pending: money(pending), failed: money(failed), waits_for_capture: row.refund_wish !== null,
    },
    version: row.version, allowed_actions: allowedActions(row.status, lines, failed > 0n),
  }
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)]
}
