import { present } from '../../kernel/assert.ts'
import { ids } from '../../kernel/id-kinds.ts'
import { showMoney } from '../../kernel/money.ts'
import type { NewEvent } from '../../platform/events.ts'
import type { Movement } from '../inventory/index.ts'
import type { OrderLineRow, OrderRow, UnitMove } from '../orders/index.ts'
import { gradeCounts, takeUnits, type Graded, type Received } from './receipt.ts'
import { receivedShare } from './refund.ts'
import type { Disposition } from './return.ts'
import type { ReturnLineRow, ReturnRow } from './returns.db.ts'

/**
 * A return being worked on in memory: what happens to it is noted here and written at once by `storeWork`, for one return
 * and for hundreds. The order is locked, so nobody else works on it.
 */
export type ReturnWork = {
  order: OrderRow
  /** The lines of the order, by id; counters move along. */
  order_lines: ReadonlyMap<string, OrderLineRow>
  /** What returns of the order were granted for each of its lines. */
  granted: Map<string, bigint>
  row: ReturnRow
  lines: ReturnLineRow[]
  moves: UnitMove[]
  movements: Movement[]
  /** What is asked of the payment ledger. */
  refund: { goods: bigint; shipping: bigint; total: bigint } | undefined
  /** By how much the order is worth less: shares of units and shipping, less what is withheld. */
  given_back: bigint
  /** In the order in which things happened. */
  events: NewEvent[]
}

export function openWork(parts: Pick<ReturnWork, 'order' | 'order_lines' | 'granted' | 'row' | 'lines'>): ReturnWork {
  return { ...parts, row: { ...parts.row }, lines: parts.lines.map((line) => ({ ...line })), moves: [], movements: [], refund: undefined, given_back: 0n, events: [] }
}

export function returnEvent(row: Pick<ReturnRow, 'id' | 'order_id' | 'number'>, type: string, data: Record<string, unknown> = {}): NewEvent {
  return { type: `return.${type}`, order_id: row.order_id, subject_id: row.id, data: { return_id: ids.return.show(row.id), number: row.number, order_id: ids.order.show(row.order_id), ...data } }
}

type By = { at: Date; caller_id: string }

/**
 * Units arrive at the location of the return: they leave their states in the order, get their share, and stand in quality
 * control. `fixed_share` is for imports, whose file says what was paid back. False where the order has too few units out.
 */
export function receiveUnits(work: ReturnWork, received: readonly Received[], by: By, fixed_share?: ReadonlyMap<string, bigint>): boolean {
  const { order, row } = work
  const location_id = present(row.location_id, 'units arrive somewhere')
  for (const { line_id, quantity } of received) {
    const line = lineOf(work, line_id)
    const orderLine = present(work.order_lines.get(line_id), 'a return is of lines of its order')
    const takes = takeUnits(orderLine, quantity)
    if (takes === undefined) return false
    const granted = work.granted.get(line_id) ?? 0n
    const share = fixed_share?.get(line_id) ?? receivedShare(orderLine, order.prices_include_tax, quantity, granted)
    work.granted.set(line_id, granted + share)
    line.refundable += share
    work.given_back += share
    line.received += quantity
    for (const take of takes) {
      orderLine[take.from] -= take.quantity
      work.moves.push({ order_id: order.id, order_line_id: line_id, from: take.from, to: 'returned', quantity: take.quantity })
    }
    orderLine.returned += quantity
    if (line.kind === 'goods') work.movements.push(movementOf(work, line, { from_state: null, to_state: 'quality_control', quantity, reason: 'return', location_id }, by))
  }
  row.received_at ??= by.at
  return true
}

const GRADED_STATE = { restock: 'available', damaged: 'damaged', scrap: null } as const

/** Received units go where they are sent; those that stay in quality control only count as looked at. */
export function gradeUnits(work: ReturnWork, graded: readonly { line_id: string; graded: readonly Graded[] }[], by: By): void {
  const location_id = present(work.row.location_id, 'graded units stand somewhere')
  for (const { line_id, graded: parts } of graded) {
    const line = lineOf(work, line_id)
    const counts = gradeCounts(parts)
    line.restocked += counts.restocked
    line.damaged += counts.damaged
    line.quality_control += counts.quality_control
    line.scrapped += counts.scrapped
    for (const [disposition, quantity] of sumParts(parts)) {
      if (disposition === 'quality_control') continue
      work.movements.push(movementOf(work, line, { from_state: 'quality_control', to_state: GRADED_STATE[disposition], quantity, reason: `return_${disposition}`, location_id }, by))
    }
  }
}

function sumParts(parts: readonly Graded[]): Map<Disposition, number> {
  const sums = new Map<Disposition, number>()
  for (const { disposition, quantity } of parts) sums.set(disposition, (sums.get(disposition) ?? 0) + quantity)
  return sums
}

function movementOf(work: ReturnWork, line: ReturnLineRow, move: Pick<Movement, 'from_state' | 'to_state' | 'quantity' | 'reason' | 'location_id'>, by: By): Movement {
  return { ...move, variant_id: line.variant_id, cause_kind: 'return', cause_id: work.row.id, caller_id: by.caller_id, at: by.at }
}

/** Notes a decided refund: the ledger is asked for it when the work is stored. */
export function refundUnits(work: ReturnWork, refund: { parts: readonly { id: string; refunded: bigint; withheld: bigint }[]; goods: bigint; shipping: bigint; total: bigint }): void {
  for (const part of refund.parts) {
    const line = present(work.lines.find(({ id }) => id === part.id), 'a refund is for lines of the return')
    line.refunded += part.refunded
    line.withheld += part.withheld
    work.given_back -= part.withheld
  }
  work.row.refund_total += refund.total
  work.row.shipping_refunded += refund.shipping
  work.given_back += refund.shipping
  work.refund = refund
}

export function showLines(received: readonly Received[]): Record<string, unknown>[] {
  return received.map(({ line_id, quantity }) => ({ line_id: ids.line.show(line_id), quantity }))
}

export function showGrades(graded: readonly { line_id: string; graded: readonly Graded[] }[]): Record<string, unknown>[] {
  return graded.flatMap(({ line_id, graded: parts }) => parts.map(({ disposition, quantity }) => ({ line_id: ids.line.show(line_id), disposition, quantity })))
}

export function refundEvent(work: ReturnWork): NewEvent {
  const refund = present(work.refund, 'the work has a refund')
  const money = (amount: bigint) => showMoney(amount, work.order.currency)
  return returnEvent(work.row, 'refunded', { amount: money(refund.total), goods: money(refund.goods), shipping: money(refund.shipping) })
}

function lineOf(work: Pick<ReturnWork, 'lines'>, lineId: string): ReturnLineRow {
  return present(work.lines.find(({ order_line_id }) => order_line_id === lineId), 'the return has this line')
}
