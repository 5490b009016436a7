import type { Module } from '../../platform/module.ts'
import { productRoutes } from './products.routes.ts'
import { variantRoutes } from './variants.routes.ts'

export const catalogModule: Module = {
  name: 'catalog',
  routes: [...productRoutes, ...variantRoutes],
  permissions: { 'catalog:read': 'See products, variants and bundles', 'catalog:write': 'Add and change products, variants, identifiers and bundles' },
  problems: {
    not_a_bundle: { status: 409, title: 'The variant is not a bundle' },
    identifier_taken: { status: 409, title: 'Another variant has this identifier' },
  },
}
