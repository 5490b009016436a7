import { batchCommand, type BatchCommand } from '../../../platform/command.ts'
import { captureBatch, type CaptureItem } from '../capture-batch.ts'
import type { CaptureInput } from '../capture-input.ts'
import { readOrderViews, type OrderView } from '../order-view.ts'
import type { OrderPorts } from '../ports.ts'

/**
 * Takes orders of any channel. Everything an order owes is in the one transaction: customer, prices, taxes, claims on
 * stock with their decision, tenders, holds, events, audit. Refuses single orders with `invalid_input`,
 * `out_of_stock` or `external_id_conflict`.
 */
export function captureOrders(ports: OrderPorts): BatchCommand<CaptureInput, OrderView> {
  return batchCommand('orders.capture', 'orders:create', async (context, items: readonly CaptureItem[]) => {
    const outcomes = await captureBatch(context, ports, items)
    const views = await readOrderViews(context.tx, outcomes.flatMap((outcome) => (outcome.ok ? [outcome.output.order_id] : [])))
    return outcomes.map((outcome) => (outcome.ok ? { ...outcome, output: views.get(outcome.output.order_id)! } : outcome))
  })
}

/** The same for imports, which ask for nothing but the ids. */
export function importOrders(ports: OrderPorts): BatchCommand<CaptureInput, { order_id: string; created: boolean }> {
  return batchCommand('orders.import', 'orders:create', (context, items: readonly CaptureItem[]) => captureBatch(context, ports, items))
}
