import { asSystem, type Answer, type TestApp } from '../../../test/harness/app.ts'
import { command } from '../../platform/command.ts'
import { ids } from '../../kernel/id-kinds.ts'
import { finishOrders } from '../fulfillment/index.ts'
import { linesOfOrders, lockOrders, moveUnits } from '../orders/index.ts'
import { consumeClaims, releaseClaims } from '../sourcing/index.ts'

/** Everything allocated leaves and arrives, with its parcels. */
const deliver = command('test.deliver', 'public', async ({ tx, now, caller, emit, enqueue }, { order_id }: { order_id: string }) => {
  const { events, jobs } = await finishOrders(tx, [order_id], { caller, released_at: now, shipped_at: now, delivered_at: now })
  emit(...events)
  enqueue(...jobs)
  return {}
})

/** Everything allocated leaves and is on its way. */
const depart = command('test.depart', 'public', async ({ tx, now, caller, emit }, { order_id }: { order_id: string }) => {
  await lockOrders(tx, [order_id])
  emit(...(await consumeClaims(tx, await releaseClaims(tx, [order_id]), { at: now, caller_id: caller.id })))
  const lines = (await linesOfOrders(tx, [order_id])).filter(({ allocated }) => allocated > 0)
  await moveUnits(tx, lines.map((line) => ({ order_id, order_line_id: line.id, from: 'allocated' as const, to: 'shipped' as const, quantity: line.allocated })), now)
  emit({ type: 'order.shipped', order_id, data: { order_id: ids.order.show(order_id) } })
  return {}
})

/** Ships what is allocated of an order, and has it arrive. */
export async function shipOrder(app: TestApp, order: Answer, arrives = true): Promise<void> {
  await app.application.executor.run(arrives ? deliver : depart, { order_id: ids.order.parse(String(order.body['id']))! }, asSystem)
}

export type Line = { id: string; line_id: string; sku: string; quantity: number; received: number; units: Record<string, number> }
export const linesOf = (answer: Answer): Line[] => answer.body['lines'] as Line[]
export const gbp = (amount: string) => ({ amount, currency: 'GBP' })
