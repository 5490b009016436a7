import type { Module } from '../../platform/module.ts'
import { channelSkuRoutes } from './channel-skus.routes.ts'
import { channelRoutes } from './channels.routes.ts'
import { orderFormRoutes } from './order-forms.routes.ts'

export const channelsModule: Module = {
  name: 'channels',
  routes: [...channelRoutes, ...channelSkuRoutes, ...orderFormRoutes],
  permissions: {
    'channels:read': 'See channels, their policies, SKU mappings and order forms',
    'channels:write': 'Add and change channels, their policies, SKU mappings and order forms',
  },
  problems: {},
}
