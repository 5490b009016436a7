import { asSystem, type Answer, type TestApp } from '../../../test/harness/app.ts'
import { command } from '../../platform/command.ts'
import { ids } from '../../kernel/id-kinds.ts'
import { linesOfOrders, lockOrders, moveUnits } from '../orders/index.ts'
import { consumeClaims, releaseClaims } from '../sourcing/index.ts'

type Shipping = { order_id: string; deliver: boolean }

/** Everything allocated leaves, and arrives if it is to: what fulfillment does, in one step. */
const ship = command('test.ship', 'public', async ({ tx, now, caller, emit }, { order_id, deliver }: Shipping) => {
  await lockOrders(tx, [order_id])
  const released = await releaseClaims(tx, [order_id])
  emit(...(await consumeClaims(tx, released, { at: now, caller_id: caller.id })))
  const lines = await linesOfOrders(tx, [order_id])
  const moves = lines.flatMap((line) => {
    const allocated = line.allocated === 0 ? [] : [{ order_id, order_line_id: line.id, from: 'allocated' as const, to: deliver ? 'delivered' as const : 'shipped' as const, quantity: line.allocated }]
    return deliver && line.shipped > 0 ? [...allocated, { order_id, order_line_id: line.id, from: 'shipped' as const, to: 'delivered' as const, quantity: line.shipped }] : allocated
  })
  await moveUnits(tx, moves, now)
  emit({ type: 'order.shipped', order_id, data: { order_id: ids.order.show(order_id) } })
  return {}
})

/** Ships what is allocated of an order, and delivers what is shipped. */
export async function shipOrder(app: TestApp, order: Answer, deliver = true): Promise<void> {
  await app.application.executor.run(ship, { order_id: ids.order.parse(String(order.body['id']))!, deliver }, asSystem)
}

export type Line = { id: string; line_id: string; sku: string; quantity: number; received: number; units: Record<string, number> }
export const linesOf = (answer: Answer): Line[] => answer.body['lines'] as Line[]
export const gbp = (amount: string) => ({ amount, currency: 'GBP' })
