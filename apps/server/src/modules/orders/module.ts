import type { Module } from '../../platform/module.ts'
import { bulkRoutes } from './bulk.routes.ts'
import { draftRoutes } from './drafts.routes.ts'
import { holdLoops } from './hold-loops.ts'
import { orderRoutes } from './orders.routes.ts'
import type { OrderPorts } from './ports.ts'

export function ordersModule(ports: OrderPorts): Module {
  return {
    name: 'orders',
    routes: [...orderRoutes(ports), ...draftRoutes(ports), ...bulkRoutes(ports)],
    permissions: {
      'orders:read': 'See orders and their story',
      'orders:create': 'Place orders, write drafts, change addresses, notes and tags',
      'orders:price': 'Set prices, discounts, taxes and the time of placing oneself (integrations)',
      'orders:cancel': 'Cancel orders or parts of them',
      'orders:hold': 'Put orders on hold and release them',
      'orders:source': 'Choose the location of waiting units again',
    },
    problems: {
      out_of_stock: { status: 409, title: 'Out of stock' },
      external_id_conflict: { status: 409, title: 'The channel sent this number with another content' },
      order_not_placed: { status: 409, title: 'The order is not open' },
      order_not_cancelable: { status: 409, title: 'Too few units are left to cancel' },
      address_fixed: { status: 409, title: 'The address can no longer change' },
      no_open_hold: { status: 409, title: 'No open hold' },
      draft_placed: { status: 409, title: 'The draft has become an order' },
    },
    loops: holdLoops,
  }
}
