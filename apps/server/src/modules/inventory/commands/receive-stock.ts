import { batchCommand, type BatchItem } from '../../../platform/command.ts'
import { changeStock, type ChangeInput, type ChangeKind } from '../change-stock.ts'
import type { FreeState } from '../stock.ts'

/** `state` is where the units go; available where it is left out. */
export type ReceiptLine = { sku: string; quantity: number; state?: FreeState }
export type ReceiveStock = ChangeInput<ReceiptLine> & { reference?: string }

const RECEIPT: ChangeKind<ReceiptLine, ReceiveStock> = {
  cause_kind: 'receipt',
  movements: (_input, lines) => lines.map(({ line: { quantity, state }, pair }) => ({ ...pair, from_state: null, to_state: state ?? 'available', quantity, reason: 'received' })),
  note: ({ reference, note }) => [reference, note].filter((text) => text !== undefined).join(': ') || null,
  event: ({ reference, lines, note }) => ({ type: 'stock.received', reference: reference ?? null, note: note ?? null, lines }),
}

/** Books goods that came in without having been announced. Units that are owed (`deficit`) are made good first. */
export const recordReceipts = batchCommand('inventory.receive', 'inventory:adjust', (context, items: readonly BatchItem<ReceiveStock>[]) => changeStock(context, items, RECEIPT))
