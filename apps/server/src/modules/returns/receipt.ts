import { GRADE_COUNTERS, ungradedUnits, type Disposition, type ReturnUnits } from './return.ts'

/** A line of a return that can be received and graded; `order_line_id` is how callers name it. */
type CountedLine = Omit<ReturnUnits, 'refundable' | 'refunded' | 'withheld'> & { id: string; order_line_id: string }

/** Units handed over, with where they go if somebody has looked at them at once. */
export type ReceiptAsk = { line_id: string; quantity: number; disposition: Disposition | undefined }
export type Received = { line_id: string; quantity: number; graded: Graded[] }
export type Graded = { disposition: Disposition; quantity: number }

export type ReceiptDecision =
  | { ok: true; received: Received[] }
  | { ok: false; kind: 'unknown'; line_ids: string[] }
  | { ok: false; kind: 'too_many'; lines: { line_id: string; asked: number; possible: number }[] }

/** What is received now: per line never more than is missing. Without asks everything that is missing arrives, graded as said. */
export function decideReceipt(lines: readonly CountedLine[], asks: readonly ReceiptAsk[] | undefined, disposition: Disposition | undefined): ReceiptDecision {
  const all = lines.filter(({ quantity, received }) => received < quantity)
    .map((line): ReceiptAsk => ({ line_id: line.order_line_id, quantity: line.quantity - line.received, disposition }))
  return sumAsks(lines, asks ?? all, (line) => line.quantity - line.received)
}

/** Where received units go: per line never more than wait to be graded. */
export function decideInspection(lines: readonly CountedLine[], asks: readonly ReceiptAsk[]): ReceiptDecision {
  return sumAsks(lines, asks, ungradedUnits)
}

function sumAsks(lines: readonly CountedLine[], asks: readonly ReceiptAsk[], possibleOf: (line: CountedLine) => number): ReceiptDecision {
  const byLine = new Map(lines.map((line) => [line.order_line_id, line]))
  const unknown = asks.filter(({ line_id }) => !byLine.has(line_id)).map(({ line_id }) => line_id)
  if (unknown.length > 0) return { ok: false, kind: 'unknown', line_ids: [...new Set(unknown)] }
  const received = new Map<string, Received>()
  for (const { line_id, quantity, disposition } of asks) {
    const sum = received.get(line_id) ?? { line_id, quantity: 0, graded: [] }
    sum.quantity += quantity
    // What is no goods has no place to go to.
    if (disposition !== undefined && byLine.get(line_id)!.kind === 'goods') sum.graded.push({ disposition, quantity })
    received.set(line_id, sum)
  }
  const tooMany = [...received.values()].map(({ line_id, quantity }) => ({ line_id, asked: quantity, possible: possibleOf(byLine.get(line_id)!) })).filter(({ asked, possible }) => asked > possible)
  return tooMany.length > 0 ? { ok: false, kind: 'too_many', lines: tooMany } : { ok: true, received: [...received.values()] }
}

/** The counters that grading raises. */
export function gradeCounts(graded: readonly Graded[]): Record<(typeof GRADE_COUNTERS)[Disposition], number> {
  const counts = { restocked: 0, damaged: 0, quality_control: 0, scrapped: 0 }
  for (const { disposition, quantity } of graded) counts[GRADE_COUNTERS[disposition]] += quantity
  return counts
}

/**
 * From which state of the order's line the units come back: delivered ones first. What comes back has most likely been
 * delivered, and a parcel that is still under way can so be delivered later. Undefined where too few have left.
 */
export function takeUnits(line: { shipped: number; delivered: number }, quantity: number): { from: 'shipped' | 'delivered'; quantity: number }[] | undefined {
  const delivered = Math.min(quantity, line.delivered)
  const shipped = quantity - delivered
  if (shipped > line.shipped) return undefined
  return [{ from: 'delivered' as const, quantity: delivered }, { from: 'shipped' as const, quantity: shipped }].filter((take) => take.quantity > 0)
}
