import type { Queryable } from '../../platform/db.ts'
import { sql } from '../../platform/sql.ts'

type DueHold = { id: string; order_id: string }

/** Open holds that end by themselves at or before `now`. */
export function dueTimedHolds(db: Queryable, now: Date, limit: number): Promise<DueHold[]> {
  return db.rows(sql`select id, order_id from order_holds where released_at is null and release_at is not null and release_at <= ${now} order by release_at limit ${limit}`)
}

/** Open payment holds of orders whose tenders have promised all that it is worth. */
export function duePaymentHolds(db: Queryable, limit: number): Promise<DueHold[]> {
  return db.rows(sql`
    select h.id, h.order_id from order_holds h join orders o on o.id = h.order_id
    where h.released_at is null and h.type = 'awaiting_payment'
      and (select coalesce(sum(p.authorized - p.voided - p.refunded), 0) from payments p where p.order_id = o.id) >= o.worth
    order by h.placed_at limit ${limit}`)
}
