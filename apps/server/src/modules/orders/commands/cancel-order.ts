import { ids } from '../../../kernel/id-kinds.ts'
import { refuse } from '../../../kernel/problem.ts'
import { command, type Command, type Context } from '../../../platform/command.ts'
import { giveBack, requestVoids } from '../../payments/index.ts'
import { lockOrder } from '../access.ts'
import { CANCELABLE_STATES, decideCancel, type CancelReason, type CancelTake } from '../order.ts'
import { readOrderViews, type OrderView } from '../order-view.ts'
import { linesOfOrders, moveUnits, setCancelReason, type OrderLineRow, type OrderRow } from '../orders.db.ts'
import type { OrderPorts, UnclaimUnits } from '../ports.ts'

export type CancelOrder = { order_id: string; reason: CancelReason; note: string; lines: { line_id: string; quantity: number }[] | undefined }

/**
 * Cancels units that have not left, all of them or those asked for: claims go back to stock, locations stop working on
 * them, what was paid for them is refunded or no longer collected. All in one transaction.
 * Refuses with `order_not_cancelable` where fewer units are left than asked for.
 */
export function cancelOrder(ports: OrderPorts): Command<CancelOrder, OrderView> {
  return command('orders.cancel', 'orders:cancel', async (context, input) => {
    const { tx, now, caller, emit, audit } = context
    const order = await lockOrder(tx, caller, input.order_id)
    const lines = await linesOfOrders(tx, [order.id])
    const takes = decideTakes(order, lines, input)
    emit({ type: 'order.units_canceled', order_id: order.id, data: { order_id: ids.order.show(order.id), reason: input.reason, lines: takes.map(({ line_id, quantity }) => ({ line_id: ids.line.show(line_id), quantity })) } })
    const { withdrawn, events } = await ports.fulfillment.withdraw(tx, order.id, takes, now)
    emit(...events, ...(await ports.sourcing.unclaim(tx, claimsOf(order.id, takes, withdrawn), { at: now, caller_id: caller.id, reason: 'cancel' })))
    const [moved] = await moveUnits(tx, takes.flatMap((take) => movesOf(order.id, take)), now)
    if (moved?.status === 'canceled') {
      await setCancelReason(tx, order.id, input.reason)
      emit({ type: 'order.canceled', order_id: order.id, data: { order_id: ids.order.show(order.id), reason: input.reason } })
    }
    if (moved?.status === 'completed' && order.status !== 'completed') emit({ type: 'order.completed', order_id: order.id, data: { order_id: ids.order.show(order.id) } })
    await settle(context, order.id, moved?.status === 'canceled', input.reason)
    audit({ subject_id: order.id, changes: { canceled_units: { before: lines.reduce((sum, line) => sum + line.canceled, 0), after: lines.reduce((sum, line) => sum + line.canceled, 0) + takes.reduce((sum, take) => sum + take.quantity, 0) } } })
    return (await readOrderViews(tx, [order.id])).get(order.id)!
  })
}

function decideTakes(order: OrderRow, lines: readonly OrderLineRow[], input: CancelOrder): CancelTake[] {
  const unknown = input.lines?.find(({ line_id }) => !lines.some(({ id }) => id === line_id))
  if (unknown !== undefined) throw refuse('not_found', 'The order has no such line.', { line_id: ids.line.show(unknown.line_id) })
  const decision = decideCancel(lines, input.lines)
  if (!decision.ok) {
    throw refuse('order_not_cancelable', 'Fewer units are left to cancel than asked for; the others have left already. Take a return for those.', {
      lines: decision.short.map(({ line_id, cancelable }) => ({ line_id: ids.line.show(line_id), cancelable })),
    })
  }
  if (decision.takes.length === 0) throw refuse('order_not_cancelable', order.status === 'canceled' ? 'The order is canceled already.' : 'Everything has left already. Take a return instead.', { order_status: order.status })
  return decision.takes
}

/** Units that hold a claim on stock: those nobody works on yet, wherever they are claimed, and those withdrawn from locations. */
function claimsOf(order_id: string, takes: readonly CancelTake[], withdrawn: readonly { order_line_id: string; location_id: string; quantity: number }[]): UnclaimUnits[] {
  const waiting = takes.flatMap(({ line_id, take }) => (take.allocated === undefined ? [] : [{ order_id, order_line_id: line_id, quantity: take.allocated, location_id: null }]))
  return [...waiting, ...withdrawn.map((units) => ({ order_id, ...units }))]
}

function movesOf(order_id: string, { line_id, take }: CancelTake) {
  return CANCELABLE_STATES.flatMap((from) => (take[from] === undefined ? [] : [{ order_id, order_line_id: line_id, from, to: 'canceled' as const, quantity: take[from] }]))
}

/** What was taken for canceled units is refunded, and authorizations that nothing is left for are given up: all of them where nothing is left at all. */
async function settle({ tx, now, enqueue, emit }: Context, orderId: string, whole: boolean, reason: string): Promise<void> {
  const works = [
    ...(whole ? [await requestVoids(tx, [{ order_id: orderId, at: now }])] : []),
    await giveBack(tx, [orderId], { at: now, reason: `canceled: ${reason}` }),
  ]
  for (const { jobs, events } of works) {
    enqueue(...jobs)
    emit(...events)
  }
}
