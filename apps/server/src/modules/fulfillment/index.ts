export { finishOrders, type Finish } from './finish-orders.ts'
export { releaseOrders } from './release.ts'
