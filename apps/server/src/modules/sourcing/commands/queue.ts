import { HOUR_MS } from '../../../kernel/time.ts'
import { SYSTEM } from '../../../platform/caller.ts'
import { command } from '../../../platform/command.ts'
import type { LoopDefinition } from '../../../platform/module.ts'
import { cancelOrder, lockOrder, waitingLinesOfOrders, type OrderPorts } from '../../orders/index.ts'
import { renewDemands } from '../demands.db.ts'
import { overdueOrders, removeFromQueue, settledInQueue } from '../queue.db.ts'
import { usesInRules } from '../strategies.db.ts'

const BATCH = 50

const tidyQueue = command('sourcing.tidy_queue', 'sourcing:write', async ({ tx }, input: { order_ids: string[] }) => ({ cleared: await removeFromQueue(tx, input.order_ids) }))
const tellDemands = command('sourcing.tell_demands', 'sourcing:write', async ({ tx, now }, _input: object) => ({ pairs: await renewDemands(tx, now) }))

/** Cancels units of an order that have no location by the date that the rule set. Those that have found one by now stay. */
function cancelOverdue(ports: OrderPorts) {
  const cancel = cancelOrder(ports)
  return command('sourcing.cancel_overdue', 'orders:cancel', async (context, { order_id }: { order_id: string }) => {
    await lockOrder(context.tx, context.caller, order_id)
    const lines = await waitingLinesOfOrders(context.tx, [order_id])
    if (lines.length === 0) return {}
    await cancel.handle(context, {
      order_id, reason: 'inventory', note: 'No location was found by the date that the routing rule set.',
      // Waiting units have the least work done, so they are the first that a cancellation takes.
      lines: lines.map(({ id, open, backordered }) => ({ line_id: id, quantity: open + backordered })),
    })
    return {}
  })
}

/** Cancels what has waited for a location until its date, and takes out of queues what waits no more. */
export function queueLoop(ports: OrderPorts): LoopDefinition {
  const cancel = cancelOverdue(ports)
  return {
    name: 'sourcing.cancel_overdue',
    interval_ms: 2_000,
    round: async ({ db, executor, clock }) => {
      const request = { caller: SYSTEM, request_id: 'loop:sourcing.cancel_overdue' }
      const due = await overdueOrders(db, clock.now(new Date()), BATCH)
      for (const { order_id } of due) await executor.run(cancel, { order_id }, request)
      const settled = await settledInQueue(db, BATCH)
      if (settled.length > 0) await executor.run(tidyQueue, { order_ids: settled }, request)
      return due.length + settled.length
    },
  }
}

/** Tells every hour what is sold where, while rules in use ask for days of cover. */
export function demandLoop(): LoopDefinition {
  let told = Number.NEGATIVE_INFINITY
  return {
    name: 'sourcing.tell_demands',
    interval_ms: 60_000,
    round: async ({ db, executor, clock }) => {
      const now = clock.now(new Date())
      if (now.getTime() - told < HOUR_MS || !(await usesInRules(db, now, ['"days"']))) return 0
      told = now.getTime()
      await executor.run(tellDemands, {}, { caller: SYSTEM, request_id: 'loop:sourcing.tell_demands' })
      return 1
    },
  }
}
