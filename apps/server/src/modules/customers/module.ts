import type { Module } from '../../platform/module.ts'
import { customerRoutes } from './customers.routes.ts'

export const customersModule: Module = {
  name: 'customers',
  routes: customerRoutes,
  permissions: { 'customers:read': 'See customers with their contact data', 'customers:write': 'Add and change customers' },
  problems: { identity_taken: { status: 409, title: 'Another customer has this identity' } },
}
