export { findCustomerFacts } from './customers.db.ts'
export { resolveCustomers } from './resolve-customers.ts'
export type { CustomerRef } from './match.ts'
