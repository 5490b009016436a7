export { applyMovements, insufficientStock, stockEvents, tryMovements, workOn, type Applied, type StockEvent } from './apply-movements.ts'
export { lockLevels, readLevels, readSellable } from './levels.db.ts'
export type { Movement, MovementGroup, Shortage } from './movements.ts'
export { onHand, sellableAt, type Level, type Levels, type Pair } from './stock.ts'
