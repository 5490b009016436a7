import { refuse } from '../../../kernel/problem.ts'
import { groupByKey } from '../../../kernel/quantity.ts'
import { SYSTEM } from '../../../platform/caller.ts'
import { batchCommand, command, type BatchContext, type BatchItem, type Outcome } from '../../../platform/command.ts'
import type { LoopDefinition } from '../../../platform/module.ts'
import { ordersInScope } from '../../../platform/scope.ts'
import { lockOrders, type OrderRow } from '../../orders/index.ts'
import { hasDueOrders, lockDueOrders } from '../fulfillment.db.ts'
import { releaseOrders } from '../release.ts'
import { withoutInput } from '../run-verb.ts'

const BATCH = 500

/** Hands over the orders whose time has come and that nothing holds. */
const releaseDueOrders = command('fulfillment.release_due_orders', 'fulfillment:work', async ({ tx, now, emit }, _input: object): Promise<{ released: number }> => {
  const due = await lockDueOrders(tx, now, BATCH)
  if (due.length === 0) return { released: 0 }
  const { events } = await releaseOrders(tx, await lockOrders(tx, due.map(({ id }) => id)), now)
  emit(...events)
  return { released: due.length }
})

export const releaseLoop: LoopDefinition = {
  name: 'fulfillment.release_due_orders',
  interval_ms: 500,
  round: async ({ db, executor, clock }) => {
    // A look without a transaction first: often there is nothing to do.
    if (!(await hasDueOrders(db, clock.now(new Date())))) return 0
    const { output } = await executor.run(releaseDueOrders, {}, { caller: SYSTEM, request_id: 'loop:fulfillment.release_due_orders' })
    return output.released
  },
}

type ReleaseOrder = { order_id: string }
type ReleasedOrder = { fulfillment_order_ids: string[] }

/** Hands orders over now, whenever they were due: by hand, for waves and for imports, which do it at a time in the past. */
export const releaseOrdersNow = batchCommand('fulfillment.release_orders', 'fulfillment:work', async (context, items: readonly BatchItem<ReleaseOrder>[]) => {
  const orders = new Map((await lockOrders(context.tx, [...new Set(items.map(({ input }) => input.order_id))])).map((order) => [order.id, order]))
  const visible = new Map<string, ReadonlySet<string>>()
  for (const group of groupByKey(items, ({ caller }) => caller.id).values()) visible.set(group[0]!.caller.id, await ordersInScope(context.tx, group[0]!.caller, [...orders.values()]))
  const outcomes: Outcome<ReleasedOrder>[] = items.map(({ input, caller }) => {
    const order = orders.get(input.order_id)
    if (order === undefined || visible.get(caller.id)?.has(order.id) !== true) return { ok: false, refusal: refuse('not_found', 'There is no such order.') }
    if (order.status !== 'placed') return { ok: false, refusal: refuse('order_not_releasable', `The order is ${order.status}.`) }
    if (order.open_holds > 0) return { ok: false, refusal: refuse('order_not_releasable', 'The order is on hold. Release its holds first.') }
    return { ok: true, output: { fulfillment_order_ids: [] }, subject_id: order.id }
  })
  const accepted = items.flatMap((item, index) => {
    const outcome = outcomes[index]!
    return outcome.ok ? [{ item, output: outcome.output }] : []
  })
  for (const group of groupByKey(accepted, ({ item }) => String(item.now.getTime())).values()) await releaseGroup(context, orders, group)
  return outcomes
}, BATCH)

async function releaseGroup(context: BatchContext, orders: ReadonlyMap<string, OrderRow>, group: readonly { item: BatchItem<ReleaseOrder>; output: ReleasedOrder }[]): Promise<void> {
  const byOrder = new Map(group.map((entry) => [entry.item.input.order_id, entry]))
  const { orders: made, events } = await releaseOrders(context.tx, [...byOrder.keys()].map((id) => orders.get(id)!), group[0]!.item.now)
  for (const { id, order_id } of made) byOrder.get(order_id)!.output.fulfillment_order_ids.push(id)
  for (const event of events) context.emit(withoutInput(byOrder.get(event.order_id!)!.item), event)
}
