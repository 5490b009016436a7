import { machine } from '../../kernel/machine.ts'
import { addMs, DAY_MS } from '../../kernel/time.ts'

export const RETURN_STATUSES = ['requested', 'approved', 'declined', 'in_transit', 'partially_received', 'received', 'inspected', 'resolved', 'closed', 'expired', 'canceled'] as const
export type ReturnStatus = (typeof RETURN_STATUSES)[number]

export const RETURN_REASONS = ['unwanted', 'damaged', 'wrong_item', 'defective', 'not_as_described', 'late', 'other'] as const
export type ReturnReason = (typeof RETURN_REASONS)[number]

/** Where received units go: back for sale, set apart as damaged, kept for a closer look, or thrown away. */
export const DISPOSITIONS = ['restock', 'damaged', 'quality_control', 'scrap'] as const
export type Disposition = (typeof DISPOSITIONS)[number]

/** The counter of a return line that each disposition raises. */
export const GRADE_COUNTERS = { restock: 'restocked', damaged: 'damaged', quality_control: 'quality_control', scrap: 'scrapped' } as const satisfies Record<Disposition, string>

export type ReturnAction = 'approve' | 'decline' | 'mark_in_transit' | 'expire' | 'cancel' | 'receive_part' | 'receive_all' | 'grade' | 'refund' | 'close'

/**
 * The states of a return. People approve, decline, cancel and close; from the first receipt on the state follows from
 * the units and the money (`nextStatus`).
 */
export const returnMachine = machine<ReturnStatus, ReturnAction>({
  name: 'return',
  initial: 'requested',
  states: RETURN_STATUSES,
  actions: {
    approve: { from: ['requested'], to: 'approved' },
    decline: { from: ['requested'], to: 'declined' },
    mark_in_transit: { from: ['approved'], to: 'in_transit' },
    expire: { from: ['approved'], to: 'expired' },
    cancel: { from: ['requested', 'approved', 'in_transit'], to: 'canceled' },
    receive_part: { from: ['approved', 'in_transit'], to: 'partially_received' },
    receive_all: { from: ['approved', 'in_transit', 'partially_received'], to: 'received' },
    grade: { from: ['received'], to: 'inspected' },
    refund: { from: ['inspected'], to: 'resolved' },
    close: { from: ['partially_received', 'received', 'inspected', 'resolved'], to: 'closed' },
  },
})

/** States in which units may still arrive. */
export const RECEIVABLE = returnMachine.actions.receive_all.from
/** States in which units have arrived and may be graded and refunded. */
const HANDLED: readonly ReturnStatus[] = returnMachine.actions.close.from

/** How long an approved return waits for its goods; then its units are free for another one. */
export const EXPIRY_DAYS = 60

/** One line of a return, as far as decisions need it. Services come back without anything to put on a shelf. */
export type ReturnUnits = {
  kind: 'goods' | 'service'
  quantity: number
  received: number
  restocked: number
  damaged: number
  quality_control: number
  scrapped: number
  refundable: bigint
  refunded: bigint
  withheld: bigint
}

/** Received units that nobody has looked at. */
export function ungradedUnits(line: Omit<ReturnUnits, 'refundable' | 'refunded' | 'withheld'>): number {
  return line.kind === 'service' ? 0 : line.received - line.restocked - line.damaged - line.quality_control - line.scrapped
}

/** What received units are still owed: their share, less what was paid back and what was kept by decision. */
export function dueAmount(line: Pick<ReturnUnits, 'refundable' | 'refunded' | 'withheld'>): bigint {
  return line.refundable - line.refunded - line.withheld
}

/**
 * The state that follows from the units and the money, once something has been received. Until then, and where somebody
 * has ended the return, the state stays. `refundsSettled`: everything paid back has arrived.
 */
export function nextStatus(status: ReturnStatus, lines: readonly ReturnUnits[], refundsSettled: boolean): ReturnStatus {
  if (!RECEIVABLE.includes(status) && !HANDLED.includes(status)) return status
  if (lines.every(({ received }) => received === 0)) return status
  if (lines.some(({ received, quantity }) => received < quantity)) return 'partially_received'
  if (lines.some((line) => ungradedUnits(line) > 0)) return 'received'
  if (lines.some((line) => dueAmount(line) > 0n)) return 'inspected'
  return refundsSettled ? 'closed' : 'resolved'
}

/** A line of an order with the units of it that are announced in open returns and not here yet. */
type ReturnableLine = { id: string; sku: string; shipped: number; delivered: number; announced: number }

export function returnableUnits(line: ReturnableLine): number {
  return Math.max(0, line.shipped + line.delivered - line.announced)
}

/** Units that are to come back, of a line or of a SKU wherever the order has it. `index` is the place in the input. */
export type ReturnAsk = { index: number; line_id: string | undefined; sku: string | undefined; quantity: number; reason: ReturnReason }
export type DecidedLine = { line_id: string; quantity: number; reason: ReturnReason }
type Window = { days: number; now: Date; /** When the units of a line arrived at the customer, or left. */ arrived_at: ReadonlyMap<string, Date> }

export type ReturnDecision =
  | { ok: true; lines: DecidedLine[]; status: 'approved' | 'requested'; late_line_ids: string[] }
  | { ok: false; kind: 'unknown'; asks: ReturnAsk[] }
  | { ok: false; kind: 'short'; short: { line_id: string; sku: string; requested: number; returnable: number }[] }

/**
 * Whether units may come back: only those that left and are in no other open return. Asks for one line, or for one SKU on
 * several lines, are added up first. Inside the channel's window the return is approved at once, after it somebody decides.
 */
export function decideReturn(lines: readonly ReturnableLine[], asks: readonly ReturnAsk[], window: Window): ReturnDecision {
  const unknown = asks.filter((ask) => linesFor(lines, ask).length === 0)
  if (unknown.length > 0) return { ok: false, kind: 'unknown', asks: unknown }
  const left = new Map(lines.map((line) => [line.id, returnableUnits(line)]))
  const decided = new Map<string, DecidedLine>()
  const missing = new Map<string, { line: ReturnableLine; units: number }>()
  // Lines named by id first: a SKU takes what they leave.
  for (const ask of asks.toSorted((a, b) => Number(a.line_id === undefined) - Number(b.line_id === undefined))) {
    let rest = ask.quantity
    for (const line of linesFor(lines, ask)) {
      const quantity = Math.min(rest, left.get(line.id)!)
      if (quantity === 0) continue
      rest -= quantity
      left.set(line.id, left.get(line.id)! - quantity)
      const before = decided.get(line.id)
      decided.set(line.id, { line_id: line.id, quantity: quantity + (before?.quantity ?? 0), reason: before?.reason ?? ask.reason })
    }
    if (rest > 0) {
      const line = linesFor(lines, ask)[0]!
      missing.set(line.id, { line, units: rest + (missing.get(line.id)?.units ?? 0) })
    }
  }
  if (missing.size > 0) {
    const short = [...missing.values()].map(({ line, units }) => {
      const requested = (decided.get(line.id)?.quantity ?? 0) + units
      return { line_id: line.id, sku: line.sku, requested, returnable: requested - units }
    })
    return { ok: false, kind: 'short', short }
  }
  const late = [...decided.keys()].filter((id) => isLate(id, window))
  return { ok: true, lines: [...decided.values()], status: late.length === 0 ? 'approved' : 'requested', late_line_ids: late }
}

function linesFor(lines: readonly ReturnableLine[], ask: ReturnAsk): ReturnableLine[] {
  return lines.filter((line) => (ask.line_id === undefined ? line.sku === ask.sku : line.id === ask.line_id))
}

function isLate(lineId: string, { days, now, arrived_at }: Window): boolean {
  const arrived = arrived_at.get(lineId)
  return arrived !== undefined && now > addMs(arrived, days * DAY_MS)
}

export type AllowedAction = { action: string; allowed: boolean; reason?: string }

/** What may be done with the return now, and why something may not: screens show exactly this. */
export function allowedActions(status: ReturnStatus, lines: readonly ReturnUnits[], refundFailed: boolean): AllowedAction[] {
  const is = `The return is ${status.replaceAll('_', ' ')}.`
  const action = (name: string, blocked: string | undefined): AllowedAction => (blocked === undefined ? { action: name, allowed: true } : { action: name, allowed: false, reason: blocked })
  const byMachine = (name: ReturnAction): AllowedAction => action(name, returnMachine.can(name, status) ? undefined : is)
  return [
    byMachine('approve'),
    byMachine('decline'),
    byMachine('mark_in_transit'),
    byMachine('cancel'),
    action('receive', receiveBlocked(status)),
    action('inspect', lines.some((line) => ungradedUnits(line) > 0) && HANDLED.includes(status) ? undefined : 'No received unit is waiting to be graded.'),
    action('refund', refundBlocked(status, lines)),
    action('close', closeBlocked(status, lines, refundFailed)),
  ]
}

/** Why nothing may be received now; undefined where it may. */
export function receiveBlocked(status: ReturnStatus): string | undefined {
  if (RECEIVABLE.includes(status)) return undefined
  return status === 'requested' ? 'The return is not approved yet.' : `The return is ${status.replaceAll('_', ' ')}.`
}

/** Why nothing may be paid back now. */
export function refundBlocked(status: ReturnStatus, lines: readonly ReturnUnits[]): string | undefined {
  if (!HANDLED.includes(status)) return status === 'closed' ? 'The return is closed.' : 'Nothing has been received.'
  return lines.some((line) => dueAmount(line) > 0n) ? undefined : 'Everything that was received is settled.'
}

/** Why the return cannot be closed as it is, without the units that are missing and the money that is due. */
export function closeBlocked(status: ReturnStatus, lines: readonly ReturnUnits[], refundFailed: boolean): string | undefined {
  if (status === 'resolved') return refundFailed ? undefined : 'It closes by itself when the refund has arrived.'
  if (!HANDLED.includes(status)) return `The return is ${status.replaceAll('_', ' ')}.`
  return lines.some((line) => ungradedUnits(line) > 0) ? 'Received units are waiting to be graded.' : undefined
}
