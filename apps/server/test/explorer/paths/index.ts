import type { Path } from '../path.ts'
import { FULFILLMENT_PATHS } from './fulfillment.ts'
import { MONEY_PATHS } from './money.ts'
import { ORDER_PATHS } from './orders.ts'
import { RESERVATION_PATHS } from './reservations.ts'
import { ROUTING_PATHS } from './routing.ts'
import { STOCK_PATHS } from './stock.ts'

/** Every way in which calls meet on something scarce. A new one is a line in one of these lists. */
export const PATHS: readonly Path[] = [...STOCK_PATHS, ...RESERVATION_PATHS, ...ORDER_PATHS, ...FULFILLMENT_PATHS, ...MONEY_PATHS, ...ROUTING_PATHS]
