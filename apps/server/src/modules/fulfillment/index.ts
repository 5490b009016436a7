export { finishOrders } from './finish-orders.ts'
export { withdrawUnits } from './withdraw-units.ts'
export { fulfillmentOrderMachine } from './fulfillment-order.ts'
