import { batchCommand, type BatchCommand } from '../../../platform/command.ts'
import { captureBatch, type CaptureItem } from '../capture-batch.ts'
import type { CaptureInput } from '../capture-input.ts'
import { readOrderViews, viewStored, type OrderView } from '../order-view.ts'
import type { OrderPorts } from '../ports.ts'

/**
 * Takes orders of any channel. Everything an order owes is in the one transaction: customer, prices, taxes, claims on
 * stock with their decision, tenders, holds, events, audit. Refuses single orders with `invalid_input`,
 * `out_of_stock` or `external_id_conflict`.
 */
export function captureOrders(ports: OrderPorts): BatchCommand<CaptureInput, OrderView> {
  return batchCommand('orders.capture', 'orders:create', async (context, items: readonly CaptureItem[]) => {
    const { outcomes, stored } = await captureBatch(context, ports, items)
    const views = await viewStored(context.tx, stored)
    const repeated = outcomes.flatMap((outcome) => (outcome.ok && !views.has(outcome.output.order_id) ? [outcome.output.order_id] : []))
    for (const [id, view] of await readOrderViews(context.tx, repeated)) views.set(id, view)
    return outcomes.map((outcome) => (outcome.ok ? { ...outcome, output: views.get(outcome.output.order_id)! } : outcome))
  })
}

/** The same for imports, which ask for nothing but the ids. */
export function importOrders(ports: OrderPorts): BatchCommand<CaptureInput, { order_id: string; created: boolean }> {
  return batchCommand('orders.import', 'orders:create', async (context, items: readonly CaptureItem[]) => (await captureBatch(context, ports, items)).outcomes)
}
