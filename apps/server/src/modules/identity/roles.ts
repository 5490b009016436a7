/** The roles every installation has. Administrators may add others; these are kept as the program has them. */
export const BUILT_IN_ROLES: Readonly<Record<string, { name: string; permissions: readonly string[] }>> = {
  administrator: { name: 'Administrator', permissions: ['*'] },
  customer_service: {
    name: 'Customer service',
    permissions: [
      'catalog:read', 'channels:read', 'customers:read', 'customers:write', 'fulfillment:read', 'inventory:read', 'inventory:reserve', 'locations:read',
      'orders:read', 'orders:create', 'orders:cancel', 'orders:hold', 'payments:read', 'payments:take', 'payments:refund', 'promises:read', 'returns:read', 'returns:create', 'returns:approve',
      'shipping:read', 'sourcing:read', 'events:read',
    ],
  },
  warehouse: {
    name: 'Warehouse',
    permissions: ['catalog:read', 'fulfillment:read', 'fulfillment:work', 'inventory:read', 'inventory:adjust', 'inventory:count', 'locations:read', 'orders:read', 'returns:read', 'returns:receive', 'shipping:read', 'shipping:ship'],
  },
  store: {
    name: 'Store',
    permissions: [
      'catalog:read', 'channels:read', 'customers:read', 'fulfillment:read', 'fulfillment:work', 'inventory:read', 'inventory:count', 'locations:read', 'orders:read', 'orders:create',
      'promises:read', 'returns:read', 'returns:create', 'returns:receive', 'shipping:read', 'shipping:ship',
    ],
  },
  inventory_manager: {
    name: 'Inventory manager',
    permissions: [
      'catalog:read', 'catalog:write', 'channels:read', 'fulfillment:read', 'inventory:read', 'inventory:adjust', 'inventory:count', 'inventory:reserve', 'locations:read', 'locations:write',
      'orders:read', 'orders:source', 'promises:read', 'returns:read', 'shipping:read', 'sourcing:read', 'sourcing:write', 'events:read',
    ],
  },
  developer: {
    name: 'Integration developer',
    permissions: [
      'audit:read', 'catalog:read', 'catalog:write', 'channels:read', 'channels:write', 'customers:read', 'customers:write', 'events:read', 'fulfillment:read', 'inventory:read', 'inventory:adjust', 'inventory:reserve',
      'locations:read', 'orders:read', 'orders:create', 'orders:cancel', 'orders:price', 'payments:read', 'promises:read', 'returns:read', 'returns:create', 'shipping:read', 'sourcing:read',
    ],
  },
  viewer: {
    name: 'Viewer',
    permissions: ['catalog:read', 'channels:read', 'customers:read', 'fulfillment:read', 'inventory:read', 'locations:read', 'orders:read', 'payments:read', 'promises:read', 'returns:read', 'shipping:read', 'sourcing:read'],
  },
}
