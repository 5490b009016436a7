import { assert } from '../../kernel/assert.ts'
import type { CancelTake } from '../orders/index.ts'
import { applyChange, move, remainingUnits, unpickedUnits, type Change, type LineUnits, type WorkLine, type WorkOrder } from './work.ts'

/** What canceled units mean for one fulfillment order. */
export type Withdrawal = { work: WorkOrder; change: Change; withdrawn: LineUnits[]; /** Its boxes no longer hold what they should. */ opens_boxes: boolean }

const STATES = ['released', 'picked', 'packed'] as const
type WorkState = (typeof STATES)[number]
type Taken = Record<WorkState, number>

/**
 * Takes canceled units out of the fulfillment orders of their order. The order's command moves the canceled units; the
 * changes here move only those that come out of opened boxes.
 */
export function decideWithdraw(works: readonly WorkOrder[], takes: readonly CancelTake[], at: Date): Withdrawal[] {
  const taken = new Map<WorkOrder, Map<string, Taken>>()
  for (const { line_id, take } of takes) {
    for (const state of STATES) {
      let rest = take[state] ?? 0
      for (const work of works) {
        const line = work.lines.find(({ order_line_id }) => order_line_id === line_id)
        const quantity = line === undefined ? 0 : Math.min(rest, unitsIn(line, state))
        if (quantity === 0) continue
        rest -= quantity
        const lines = taken.get(work) ?? new Map<string, Taken>()
        lines.set(line_id, { ...(lines.get(line_id) ?? { released: 0, picked: 0, packed: 0 }), [state]: quantity })
        taken.set(work, lines)
      }
      assert(rest === 0, 'units that are being worked on are in a fulfillment order')
    }
  }
  return [...taken].map(([work, lines]) => withdraw(work, lines, at))
}

function unitsIn(line: WorkLine, state: WorkState): number {
  if (state === 'released') return unpickedUnits(line)
  return state === 'picked' ? line.picked - line.packed : line.packed - line.shipped
}

function withdraw(work: WorkOrder, taken: ReadonlyMap<string, Taken>, at: Date): Withdrawal {
  const opens_boxes = work.kind === 'ship' && work.status === 'packed'
  const lines = work.lines.flatMap((line) => {
    const { released, picked, packed } = taken.get(line.order_line_id) ?? { released: 0, picked: 0, packed: 0 }
    const unpacked = opens_boxes ? line.packed - line.shipped - packed : 0
    if (released + picked + packed + unpacked === 0) return []
    return [{ order_line_id: line.order_line_id, picked: -(picked + packed), packed: -(packed + unpacked), canceled: released + picked + packed, unpacked }]
  })
  const change: Change = {
    status: opens_boxes ? 'picking' : work.status,
    lines: lines.map(({ order_line_id, picked, packed, canceled }) => ({ order_line_id, picked, packed, canceled })),
    moves: lines.flatMap(({ order_line_id, unpacked }) => move(order_line_id, 'packed', 'picked', unpacked)),
    stamps: opens_boxes ? { packed_at: null } : {},
  }
  const left = applyChange(work, change).lines.reduce((sum, line) => sum + remainingUnits(line), 0)
  return {
    work, opens_boxes,
    change: left > 0 ? change : { ...change, status: 'canceled', stamps: { ...change.stamps, closed_at: at } },
    withdrawn: lines.flatMap(({ order_line_id, canceled }) => (canceled === 0 ? [] : [{ order_line_id, quantity: canceled }])),
  }
}
