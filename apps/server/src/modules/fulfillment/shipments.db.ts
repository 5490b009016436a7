import type { Queryable } from '../../platform/db.ts'
import { arrayOf, sql } from '../../platform/sql.ts'

/** Which order and fulfillment order shipments belong to; this never changes, so it is read before anything is locked. */
export function findShipmentOrders(db: Queryable, shipmentIds: readonly string[]): Promise<{ id: string; order_id: string; fulfillment_order_id: string }[]> {
  return db.rows(sql`select id, order_id, fulfillment_order_id from shipments where id = any(${arrayOf(shipmentIds, 'uuid')})`)
}
