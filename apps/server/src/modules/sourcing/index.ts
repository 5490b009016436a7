export { consumeClaims, rejectClaims, releaseClaims, shipClaimed, takeAllClaims, unclaim, type By, type ClaimedUnits, type RejectionReason } from './claims.ts'
export { fillBackorders } from './commands/source-order.ts'
export { planStock } from './plan-stock.ts'
export { resourceOrders } from './resource-orders.ts'
