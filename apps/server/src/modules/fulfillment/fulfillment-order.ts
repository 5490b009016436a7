import { machine } from '../../kernel/machine.ts'

export const FULFILLMENT_ORDER_STATUSES = ['scheduled', 'open', 'accepted', 'picking', 'packed', 'shipped', 'ready_for_pickup', 'picked_up', 'rejected', 'no_show', 'canceled'] as const
export type FulfillmentOrderStatus = (typeof FULFILLMENT_ORDER_STATUSES)[number]

export type FulfillmentAction = 'open' | 'accept' | 'reject' | 'pick' | 'pack' | 'ship' | 'ready' | 'hand_over' | 'no_show' | 'cancel'

/** What a location may do with its work, and where that leads. */
export const fulfillmentOrderMachine = machine<FulfillmentOrderStatus, FulfillmentAction>({
  name: 'fulfillment order',
  initial: 'scheduled',
  states: FULFILLMENT_ORDER_STATUSES,
  actions: {
    open: { from: ['scheduled'], to: 'open' },
    accept: { from: ['open'], to: 'accepted' },
    reject: { from: ['open', 'accepted', 'picking'], to: 'rejected' },
    pick: { from: ['open', 'accepted', 'picking'], to: 'picking' },
    pack: { from: ['picking'], to: 'packed' },
    ship: { from: ['packed'], to: 'shipped' },
    ready: { from: ['packed'], to: 'ready_for_pickup' },
    hand_over: { from: ['ready_for_pickup'], to: 'picked_up' },
    no_show: { from: ['ready_for_pickup'], to: 'no_show' },
    cancel: { from: ['scheduled', 'open', 'accepted', 'picking', 'packed', 'ready_for_pickup', 'no_show'], to: 'canceled' },
  },
})

export type FulfillmentUnits = { quantity: number; picked: number; packed: number; shipped: number; rejected: number; canceled: number }

/** Units that are still to be picked. */
export function unpicked(line: FulfillmentUnits): number {
  return line.quantity - line.rejected - line.canceled - line.picked
}

export type AllowedAction = { action: string; allowed: boolean; reason?: string }

const FOR_SHIPMENTS: readonly FulfillmentAction[] = ['ship']
const FOR_PICKUPS: readonly FulfillmentAction[] = ['ready', 'hand_over', 'no_show']

/** What may be done now, and why something may not. */
export function allowedActions(work: { status: FulfillmentOrderStatus; kind: 'ship' | 'pickup'; on_hold: boolean }): AllowedAction[] {
  const offered = (['accept', 'reject', 'pick', 'pack', ...(work.kind === 'ship' ? FOR_SHIPMENTS : FOR_PICKUPS)] as const)
  return offered.map((action) => {
    if (work.on_hold) return { action, allowed: false, reason: 'The order is on hold.' }
    if (fulfillmentOrderMachine.can(action, work.status)) return { action, allowed: true }
    return { action, allowed: false, reason: `It is ${work.status.replaceAll('_', ' ')}; this needs ${fulfillmentOrderMachine.actions[action].from.join(' or ').replaceAll('_', ' ')}.` }
  })
}
