import { ids } from '../../kernel/id-kinds.ts'
import { machine } from '../../kernel/machine.ts'
import { actionsOf, type AllowedActions } from './actions.ts'
import type { InboundRow, InboundStatus } from './inbound.db.ts'

export const INBOUND = machine({
  name: 'inbound supply',
  initial: 'expected',
  states: ['expected', 'received', 'canceled'],
  actions: {
    // A partial receipt leaves the rest expected.
    receive: { from: ['expected'], to: 'received' },
    reschedule: { from: ['expected'], to: 'expected' },
    cancel: { from: ['expected'], to: 'canceled' },
  },
})

export type InboundView = {
  id: string; location: string; sku: string; quantity: number; received: number; outstanding: number; expected_on: string; reference: string; status: InboundStatus; created_at: string; actions: AllowedActions
}

/** Units still to come. More may have come than was announced. */
export function outstanding({ status, quantity, received }: Pick<InboundRow, 'status' | 'quantity' | 'received'>): number {
  return status === 'expected' ? Math.max(0, quantity - received) : 0
}

export function viewInbound(row: InboundRow): InboundView {
  const { id, location, sku, quantity, received, expected_on, reference, status, created_at } = row
  return { id: ids.inbound.show(id), location, sku, quantity, received, outstanding: outstanding(row), expected_on, reference, status, created_at: created_at.toISOString(), actions: actionsOf(INBOUND, status) }
}
