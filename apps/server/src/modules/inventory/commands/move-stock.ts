import { batchCommand, type BatchItem } from '../../../platform/command.ts'
import { changeStock, type ChangeInput, type ChangeKind } from '../change-stock.ts'
import type { FreeState } from '../stock.ts'

export const MOVE_REASONS = ['inspection', 'damaged', 'repaired', 'recall', 'correction', 'other'] as const

export type MoveLine = { sku: string; from_state: FreeState; to_state: FreeState; quantity: number }
export type MoveStock = ChangeInput<MoveLine> & { reason: (typeof MOVE_REASONS)[number] }

const MOVE: ChangeKind<MoveLine, MoveStock> = {
  cause_kind: 'move',
  check: ({ lines }, finder) => {
    for (const [i, { from_state, to_state }] of lines.entries()) {
      if (from_state === to_state) finder.wrong({ pointer: `/lines/${i}/to_state`, code: 'same_state', detail: 'Units move to another state than the one they are in.' })
    }
  },
  movements: ({ reason }, lines) => lines.map(({ line: { from_state, to_state, quantity }, pair }) => ({ ...pair, from_state, to_state, quantity, reason })),
  event: ({ reason, lines, note }) => ({ type: 'stock.moved', reason, note: note ?? null, lines }),
}

/** Moves units between states of one location, for example from quality control to available. */
export const moveStock = batchCommand('inventory.move', 'inventory:adjust', (context, items: readonly BatchItem<MoveStock>[]) => changeStock(context, items, MOVE))
