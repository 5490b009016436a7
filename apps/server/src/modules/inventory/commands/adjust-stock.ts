import { refuse, type Refusal } from '../../../kernel/problem.ts'
import { batchCommand, type BatchItem } from '../../../platform/command.ts'
import { changeStock, type ChangeInput, type ChangeKind, type ChangeMovement, type LineToMove } from '../change-stock.ts'
import type { Finder } from '../resolve.ts'
import type { FreeState } from '../stock.ts'

export const ADJUSTMENT_REASONS = ['received', 'found', 'returned', 'damaged', 'lost', 'shrinkage', 'correction', 'promotion', 'other'] as const
export type AdjustmentReason = (typeof ADJUSTMENT_REASONS)[number]

/** Facts about the shelf, which the books follow even where the units were promised. Other reasons are intentions, and may be refused. */
const FACTS: ReadonlySet<AdjustmentReason> = new Set(['damaged', 'lost', 'shrinkage', 'correction'])

/** Either `delta`, or `set_to` with what the caller believes is there now (`expected`; null says that it does not matter). */
export type AdjustmentLine = { sku: string; state?: FreeState; delta?: number; set_to?: number; expected?: number | null }
export type AdjustStock = ChangeInput<AdjustmentLine> & { reason: AdjustmentReason }

const ADJUSTMENT: ChangeKind<AdjustmentLine, AdjustStock> = {
  cause_kind: 'adjustment',
  check: ({ lines }, finder) => {
    const seen = new Set<string>()
    for (const [i, line] of lines.entries()) {
      checkLine(line, `/lines/${i}`, finder)
      const key = `${line.state ?? 'available'} ${line.sku}`
      if (seen.has(key)) finder.wrong({ pointer: `/lines/${i}/sku`, code: 'duplicate', detail: `${line.sku} is adjusted twice. Add the lines up.` })
      seen.add(key)
    }
  },
  movements: ({ reason }, lines) => refuseStale(lines) ?? lines.flatMap(({ line, pair, level }) => {
    const state = line.state ?? 'available'
    const delta = line.delta ?? line.set_to! - level[state]
    if (delta === 0) return []
    const movement: ChangeMovement = delta > 0
      ? { ...pair, from_state: null, to_state: state, quantity: delta, reason }
      : { ...pair, from_state: state, to_state: null, quantity: -delta, reason, takes_promised: FACTS.has(reason) }
    return [movement]
  }),
  event: ({ reason, lines, note }, { levels }) => ({
    type: 'stock.adjusted', reason, note: note ?? null,
    lines: lines.map((line) => ({ ...line, state: line.state ?? 'available' })),
    levels: levels.map(({ sku, available, on_hand }) => ({ sku, available, on_hand })),
  }),
}

function checkLine({ delta, set_to, expected }: AdjustmentLine, pointer: string, finder: Finder): void {
  if ((delta === undefined) === (set_to === undefined)) return finder.wrong({ pointer, code: 'delta_or_set_to', detail: 'Give either `delta` or `set_to`.' })
  if (delta === 0) finder.wrong({ pointer: `${pointer}/delta`, code: 'no_change', detail: 'A `delta` of 0 changes nothing.' })
  if (set_to !== undefined && expected === undefined) {
    finder.wrong({ pointer: `${pointer}/expected`, code: 'required', detail: 'Say with `expected` how many units you believe are there now, so that a change meanwhile is not overwritten; `null` overwrites it.' })
  }
  if (set_to === undefined && expected !== undefined) finder.wrong({ pointer: `${pointer}/expected`, code: 'without_set_to', detail: '`expected` belongs to `set_to`.' })
}

function refuseStale(lines: readonly LineToMove<AdjustmentLine>[]): Refusal | undefined {
  const stale = lines.flatMap(({ line, level, pointer }) => {
    const state = line.state ?? 'available'
    if (line.expected === undefined || line.expected === null || line.expected === level[state]) return []
    return [{ pointer: `${pointer}/expected`, sku: line.sku, state, expected: line.expected, actual: level[state] }]
  })
  if (stale.length === 0) return undefined
  const { sku, expected, actual, state } = stale[0]!
  return refuse('stale_quantity', `${sku} has ${actual} ${state.replace('_', ' ')}, not ${expected}. Nothing was changed; look again and decide.`, { lines: stale })
}

/** Corrects balances with a reason: by a difference, or to a value that is compared first. */
export const adjustStock = batchCommand('inventory.adjust', 'inventory:adjust', (context, items: readonly BatchItem<AdjustStock>[]) => changeStock(context, items, ADJUSTMENT))
