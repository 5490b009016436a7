/**
 * Which modules a module may call, and only through their `index.ts`. Everything may use the kernel and the platform.
 * Upward there are events, loops and ports that the wiring hands in.
 */
export const MODULE_GRAPH: Readonly<Record<string, readonly string[]>> = {
  identity: [],
  catalog: [],
  customers: [],
  locations: [],
  payments: [],
  channels: ['catalog', 'locations'],
  inventory: ['catalog', 'locations', 'channels'],
  shipping: ['catalog', 'locations', 'channels', 'inventory'],
  orders: ['identity', 'catalog', 'customers', 'locations', 'payments', 'channels', 'inventory', 'shipping'],
  sourcing: ['catalog', 'customers', 'locations', 'payments', 'channels', 'inventory', 'shipping', 'orders'],
  fulfillment: ['catalog', 'customers', 'locations', 'payments', 'channels', 'inventory', 'shipping', 'orders', 'sourcing'],
  returns: ['catalog', 'customers', 'locations', 'payments', 'channels', 'inventory', 'shipping', 'orders', 'sourcing', 'fulfillment'],
  integrations: ['catalog', 'customers', 'locations', 'payments', 'channels', 'inventory', 'shipping', 'orders', 'sourcing', 'fulfillment', 'returns'],
}
