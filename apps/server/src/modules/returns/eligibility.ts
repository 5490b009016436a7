import { ids } from '../../kernel/id-kinds.ts'
import { invalid, refuse } from '../../kernel/problem.ts'
import type { Queryable } from '../../platform/db.ts'
import { findChannels } from '../channels/index.ts'
import { linesOfOrders, type OrderLineRow, type OrderRow } from '../orders/index.ts'
import { decideReturn, returnableUnits, type ReturnAsk, type ReturnDecision } from './return.ts'
import { arrivalsOf, claimsOfOrders, type LineClaims } from './returns.db.ts'

type Eligibility = {
  order_lines: OrderLineRow[]
  claims: ReadonlyMap<string, LineClaims>
  decision: ReturnDecision & { ok: true }
}

/**
 * Whether these units of the order may come back now; without asks everything that could. The window is that of the
 * channel that sold the order: its promise was given there. It begins when the units arrived; where nobody knows when that
 * was, when the order was completed or else placed. Refuses with `return_not_allowed`.
 */
export async function checkEligibility(db: Queryable, order: OrderRow, asks: readonly ReturnAsk[] | undefined, now: Date): Promise<Eligibility> {
  const order_lines = await linesOfOrders(db, [order.id])
  const claims = await claimsOfOrders(db, [order.id])
  const arrivals = await arrivalsOf(db, order_lines.map(({ id }) => id))
  const days = (await findChannels(db, [order.channel_id])).get(order.channel_id)!.return_window_days
  const lines = order_lines.map((line) => ({ id: line.id, sku: line.sku, shipped: line.shipped, delivered: line.delivered, announced: claims.get(line.id)?.announced ?? 0 }))
  const wanted = asks ?? lines.flatMap((line, index): ReturnAsk[] => {
    const quantity = returnableUnits(line)
    return quantity === 0 ? [] : [{ index, line_id: line.id, sku: undefined, quantity, reason: 'unwanted' }]
  })
  if (wanted.length === 0) throw refuse('return_not_allowed', 'Nothing of the order can come back: nothing has left, or all of it is in a return already.', { lines: [] })
  const arrived_at = new Map(lines.map(({ id }) => [id, arrivals.get(id) ?? order.completed_at ?? order.placed_at]))
  const decision = decideReturn(lines, wanted, { days, now, arrived_at })
  if (decision.ok) return { order_lines, claims, decision }
  if (decision.kind === 'unknown') throw invalid(decision.asks.map((ask) => unknownAsk(ask, order_lines)))
  const short = decision.short.map(({ line_id, ...line }) => ({ line_id: ids.line.show(line_id), ...line }))
  throw refuse('return_not_allowed', `Fewer units can come back than asked for: ${short.map(({ sku, requested, returnable }) => `${returnable} instead of ${requested} of ${sku}`).join(', ')}. The others have not left, came back, or are in another return.`, { lines: short })
}

function unknownAsk({ index, line_id, sku }: ReturnAsk, lines: readonly OrderLineRow[]) {
  if (line_id !== undefined) return { pointer: `/lines/${index}/line_id`, code: 'unknown_line', detail: `The order has no line ${ids.line.show(line_id)}.` }
  const components = lines.filter(({ bundle }) => bundle?.['sku'] === sku).map((line) => line.sku)
  const detail = components.length === 0 ? `The order has no line of SKU "${sku ?? ''}".` : `"${sku ?? ''}" was sold as a bundle. Name what of it comes back: ${components.join(', ')}.`
  return { pointer: `/lines/${index}/sku`, code: components.length === 0 ? 'unknown_sku' : 'bundle', detail }
}
