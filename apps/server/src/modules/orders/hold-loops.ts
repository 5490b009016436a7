import { ids } from '../../kernel/id-kinds.ts'
import { SYSTEM } from '../../platform/caller.ts'
import { command } from '../../platform/command.ts'
import type { LoopDefinition } from '../../platform/module.ts'
import { duePaymentHolds, dueTimedHolds } from './hold-queries.db.ts'
import { endHolds, lockOrders } from './orders.db.ts'

const BATCH = 200

/** Ends holds whose time has come, and payment holds of orders whose money is promised by now. */
const releaseDueHolds = command('orders.release_due_holds', 'orders:hold', async ({ tx, now, emit, caller }, _input: object): Promise<{ released: number }> => {
  const due = [...(await dueTimedHolds(tx, now, BATCH)), ...(await duePaymentHolds(tx, BATCH))]
  if (due.length === 0) return { released: 0 }
  await lockOrders(tx, due.map(({ order_id }) => order_id))
  const ended = await endHolds(tx, due.map(({ id }) => id), now, caller.id)
  emit(...ended.map((hold) => ({ type: 'order.hold_released', order_id: hold.order_id, data: { order_id: ids.order.show(hold.order_id), hold_id: ids.hold.show(hold.id), hold: hold.type } })))
  return { released: ended.length }
})

export const holdLoops: readonly LoopDefinition[] = [{
  name: 'orders.release_due_holds',
  interval_ms: 500,
  round: async ({ db, executor, clock }) => {
    // A look without a transaction first: nearly always there is nothing to do.
    const now = clock.now(new Date())
    if ((await dueTimedHolds(db, now, 1)).length === 0 && (await duePaymentHolds(db, 1)).length === 0) return 0
    const { output } = await executor.run(releaseDueHolds, {}, { caller: SYSTEM, request_id: 'loop:orders.release_due_holds' })
    return output.released
  },
}]
