import type { Module } from '../../platform/module.ts'
import { locationGroupRoutes } from './location-groups.routes.ts'
import { postalAreaRoutes } from './postal-areas.routes.ts'
import { locationRoutes } from './locations.routes.ts'

export const locationsModule: Module = {
  name: 'locations',
  routes: [...locationRoutes, ...locationGroupRoutes, ...postalAreaRoutes],
  permissions: {
    'locations:read': 'See locations, their calendars and location groups',
    'locations:write': 'Add and change locations, their opening hours and closures, and location groups',
  },
  problems: {},
}
