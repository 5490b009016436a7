import { present } from '../../kernel/assert.ts'
import { invalid, refuse } from '../../kernel/problem.ts'
import type { Queryable } from '../../platform/db.ts'
import { gtinsOf } from '../catalog/index.ts'
import { findLocations } from '../locations/index.ts'
import { findOrders, type OrderRow } from '../orders/index.ts'
import type { PickList, PickOrder } from '../shipping/index.ts'
import { binKey, binsOf } from './fulfillment.db.ts'
import { unpickedUnits, type WorkOrder } from './work.ts'

/** What is still to be picked for these fulfillment orders of one location, as one walk. */
export async function pickListOf(db: Queryable, works: readonly WorkOrder[], created_at: Date): Promise<PickList> {
  const location_id = works[0]!.location_id
  const elsewhere = works.findIndex((work) => work.location_id !== location_id)
  if (elsewhere >= 0) throw invalid([{ pointer: `/fulfillment_order_ids/${elsewhere}`, code: 'another_location', detail: 'A pick list is for one location. Make one for each.' }])
  const open = works.filter((work) => work.lines.some((line) => unpickedUnits(line) > 0))
  if (open.length === 0) throw refuse('nothing_to_pick', 'Everything is picked, given back or canceled.')
  const location = present((await findLocations(db, [location_id])).get(location_id), 'locations stay')
  const orders = new Map((await findOrders(db, [...new Set(open.map(({ order_id }) => order_id))])).map((order) => [order.id, order]))
  const variantIds = [...new Set(open.flatMap(({ lines }) => lines.map(({ variant_id }) => variant_id)))]
  const bins = await binsOf(db, open)
  const gtins = await gtinsOf(db, variantIds)
  return {
    location_name: location.name, time_zone: location.time_zone, created_at,
    pick_list_number: open.length === 1 ? open[0]!.number : `${open[0]!.number}+${open.length - 1}`,
    orders: open.map((work) => orderOf(work, orders.get(work.order_id)!, bins, gtins)),
  }
}

function orderOf(work: WorkOrder, order: OrderRow, bins: ReadonlyMap<string, string>, gtins: ReadonlyMap<string, string>): PickOrder {
  return {
    order_number: order.number, service_name: order.shipping_method, ship_by: work.due_at,
    lines: work.lines.flatMap((line) => (unpickedUnits(line) === 0 ? [] : [{
      sku: line.sku, description: line.description, quantity: unpickedUnits(line), bin: bins.get(binKey(work.location_id, line.variant_id)) ?? null, gtin: gtins.get(line.variant_id) ?? null,
    }])),
  }
}
