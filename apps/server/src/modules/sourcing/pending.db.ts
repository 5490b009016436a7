import type { Queryable, Tx } from '../../platform/db.ts'
import { arrayOf, sql, type Sql } from '../../platform/sql.ts'
import { CLAIM_COLUMNS, type AllocationRow } from './sourcing.db.ts'

/** Of `orders o`: goods to be sent that have their locations, and that nobody works on. */
const PENDING = sql.raw(`o.status = 'placed' and o.delivery = 'ship' and o.units_allocated > 0 and o.units_released + o.units_picked + o.units_packed = 0`)

/** Pending orders in the order of their ids, after one of them; with `until` only those that are handed over by then. */
export function pendingOrders(db: Queryable, { after, until, limit }: { after: string | null; until?: Date | undefined; limit: number }): Promise<{ id: string }[]> {
  const due: Sql = until === undefined ? sql.empty : sql`and o.open_holds = 0 and o.release_at <= ${until}`
  return db.rows(sql`select o.id from orders o where ${PENDING} ${due} ${after === null ? sql.empty : sql`and o.id > ${after}`} order by o.id limit ${limit}`)
}

/** The claims of those of these orders that are still pending, locked in key order. The caller holds the orders. */
export function lockPendingClaims(tx: Tx, orderIds: readonly string[]): Promise<AllocationRow[]> {
  return tx.rows(sql`
    select ${CLAIM_COLUMNS} from allocations a join orders o on o.id = a.order_id
    where a.order_id = any(${arrayOf(orderIds, 'uuid')}) and ${PENDING} order by a.order_line_id, a.location_id for update of a`)
}
