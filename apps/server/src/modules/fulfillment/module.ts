import type { Module } from '../../platform/module.ts'
import type { OrderPorts } from '../orders/index.ts'
import { bulkRoutes } from './bulk.routes.ts'
import { expirePickupsLoop } from './commands/no-show.ts'
import { releaseLoop } from './commands/release-orders.ts'
import { fulfillmentRoutes } from './fulfillment.routes.ts'
import { trackingRoutes } from './tracking.routes.ts'

export function fulfillmentModule(ports: OrderPorts): Module {
  return {
    name: 'fulfillment',
    routes: [...fulfillmentRoutes(ports), ...bulkRoutes, ...trackingRoutes],
    permissions: {
      'fulfillment:read': 'See the work of locations and print pick lists',
      'fulfillment:work': 'Release orders to locations; accept, reject, pick, pack, ship and hand over',
    },
    problems: {
      fulfillment_action_not_allowed: { status: 409, title: 'The fulfillment order does not allow this now' },
      too_few_units: { status: 409, title: 'Too few units are left' },
      no_rate: { status: 409, title: 'The carrier does not take this' },
      no_ship_to: { status: 409, title: 'No shipping address' },
      address_not_printable: { status: 409, title: 'Labels cannot show the address', remedy: 'Write the shipping address of the order in Latin letters (`PATCH /v1/orders/{order_id}`) and pack again.' },
      wrong_pickup_code: { status: 409, title: 'Wrong pickup code' },
      nothing_to_pick: { status: 409, title: 'Nothing is left to pick' },
      order_not_releasable: { status: 409, title: 'The order may not be released' },
      shipment_not_handed_over: { status: 409, title: 'The shipment has not left' },
      shipment_report_before_departure: { status: 422, title: 'The report tells of a time before the departure' },
      shipment_report_in_future: { status: 422, title: 'The report tells of the future' },
    },
    loops: [releaseLoop, expirePickupsLoop(ports)],
  }
}
