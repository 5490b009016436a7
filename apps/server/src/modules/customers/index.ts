export { customersMatching } from './customers.db.ts'
export { resolveCustomers } from './resolve-customers.ts'
