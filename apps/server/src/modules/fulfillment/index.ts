export { finishOrders } from './finish-orders.ts'
export { withdrawUnits } from './withdraw-units.ts'
