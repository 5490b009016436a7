import { machine } from '../../kernel/machine.ts'

export const FULFILLMENT_ORDER_STATUSES = ['open', 'accepted', 'picking', 'packed', 'shipped', 'ready_for_pickup', 'picked_up', 'rejected', 'no_show', 'canceled'] as const
export type FulfillmentOrderStatus = (typeof FULFILLMENT_ORDER_STATUSES)[number]
export type FulfillmentOrderAction = 'accept' | 'pick' | 'reject' | 'pack' | 'unpack' | 'ship' | 'ready' | 'hand_over' | 'no_show' | 'cancel'

/**
 * What one location does for one order. `reject` and `cancel` are the ends where nothing is left; giving back or canceling
 * some units leaves the state as it is, or leads from `packed` back to `picking`, because the boxes are opened again.
 */
export const fulfillmentOrderMachine = machine<FulfillmentOrderStatus, FulfillmentOrderAction>({
  name: 'fulfillment order',
  initial: 'open',
  states: FULFILLMENT_ORDER_STATUSES,
  actions: {
    accept: { from: ['open'], to: 'accepted' },
    pick: { from: ['open', 'accepted', 'picking'], to: 'picking' },
    reject: { from: ['open', 'accepted', 'picking'], to: 'rejected' },
    pack: { from: ['picking'], to: 'packed' },
    unpack: { from: ['packed'], to: 'picking' },
    ship: { from: ['packed'], to: 'shipped' },
    ready: { from: ['packed'], to: 'ready_for_pickup' },
    hand_over: { from: ['ready_for_pickup'], to: 'picked_up' },
    no_show: { from: ['ready_for_pickup'], to: 'no_show' },
    cancel: { from: ['open', 'accepted', 'picking', 'packed', 'ready_for_pickup', 'no_show'], to: 'canceled' },
  },
})

/** Why a location gives units back. The first two write a stock variance. */
export const REJECTION_REASONS = ['not_found', 'damaged', 'display_piece', 'no_capacity', 'other'] as const
export type RejectionReason = (typeof REJECTION_REASONS)[number]
