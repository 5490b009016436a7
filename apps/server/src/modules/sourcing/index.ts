export { consumeClaims, rejectClaims, releaseClaims, shipClaimed, takeAllClaims, unclaim, type ClaimedUnits } from './claims.ts'
export { planStock } from './plan-stock.ts'
export { resourceOrders } from './resource-orders.ts'
