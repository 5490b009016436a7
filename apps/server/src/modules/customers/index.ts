export type { Customer } from './customer.ts'
export { customersMatching, findCustomers } from './customers.db.ts'
export type { CustomerRef } from './match.ts'
export { resolveCustomers, type ResolvedCustomers } from './resolve-customers.ts'
