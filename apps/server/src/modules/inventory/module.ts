import type { Module } from '../../platform/module.ts'
import { expireDueReservations } from './commands/end-reservations.ts'
import { countRoutes } from './counts.routes.ts'
import { inboundRoutes } from './inbound.routes.ts'
import { reservationRoutes } from './reservations.routes.ts'
import { stockListRoutes } from './stock-lists.routes.ts'
import { stockRoutes } from './stock.routes.ts'

export const inventoryModule: Module = {
  name: 'inventory',
  routes: [...stockRoutes, ...stockListRoutes, ...reservationRoutes, ...countRoutes, ...inboundRoutes],
  permissions: {
    'inventory:read': 'See stock, movements, reservations and counts',
    'inventory:adjust': 'Receive, adjust and move stock, set policies, announce supplies, book counts',
    'inventory:count': 'Count stock',
    'inventory:reserve': 'Reserve stock for checkouts and drafts',
  },
  problems: {
    insufficient_stock: { status: 409, title: 'Too little stock', remedy: 'Nothing was moved. `shortages` says what is there: look at the level and decide again.' },
    stale_quantity: { status: 409, title: 'The quantity has changed meanwhile', remedy: '`lines` has the actual quantities: compare them with the shelf and send the value again.' },
    count_empty: { status: 409, title: 'Nothing has been counted' },
    count_too_large: { status: 409, title: 'The count has too many SKUs' },
    count_closed: { status: 409, title: 'The count is closed' },
    inbound_closed: { status: 409, title: 'The supply is closed' },
    reservation_not_active: { status: 409, title: 'The reservation has ended', remedy: 'Reserve again.' },
  },
  // A unit is back for sale long before a minute has passed.
  loops: [{ name: 'inventory.expire_reservations', interval_ms: 5_000, round: expireDueReservations }],
}
