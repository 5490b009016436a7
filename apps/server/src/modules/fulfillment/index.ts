export { deliverBatch, trackShipments } from './commands/track-shipments.ts'
export { finishOrders, type Finish } from './finish-orders.ts'
export { fulfillmentOrderMachine } from './fulfillment-order.ts'
export { withdrawUnits } from './withdraw-units.ts'
