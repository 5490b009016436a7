import { newId } from '../../kernel/ids.ts'
import { SYSTEM } from '../../platform/caller.ts'
import type { Module } from '../../platform/module.ts'
import { IN_HOUSE } from './carrier.ts'
import { DEFAULT_RATE_TABLE } from './default-rates.ts'
import { installRateTable } from './rate-tables.db.ts'
import { rateRoutes } from './rates.routes.ts'
import { shipmentRoutes } from './shipments.routes.ts'

export const shippingModule: Module = {
  name: 'shipping',
  routes: [...rateRoutes, ...shipmentRoutes],
  permissions: {
    'shipping:read': 'See shipments and rates, print labels and packing slips',
    'shipping:ship': 'Report what became of shipments',
    'shipping:rates': 'Change what the in-house carrier charges',
  },
  problems: { label_voided: { status: 409, title: 'The label is voided' } },
  prepare: async ({ db, clock }) => {
    const created_at = clock.now(new Date())
    await installRateTable(db, { id: newId(), carrier: IN_HOUSE, table_version: 1, definition: DEFAULT_RATE_TABLE, created_at, created_by: SYSTEM.id })
  },
}
