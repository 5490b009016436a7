import type { Queryable } from '../../../platform/db.ts'
import type { Address } from '../../../platform/http/schemas.ts'
import { arrayOf, sql } from '../../../platform/sql.ts'

/** Orders that were sent, by how old they are. */
export type History = { orders_seen: number; recent: number; recent_days: number }

/** Days by which the pace of orders is told. */
const RECENT_DAYS = 28

export async function countHistory(db: Queryable, now: Date, history_days: number): Promise<History> {
  const row = await db.one<{ orders_seen: number; recent: number; first_days: number | null }>(sql`
    select count(*)::int as orders_seen, count(*) filter (where placed_at > ${now}::timestamptz - make_interval(days => ${RECENT_DAYS}))::int as recent,
      (extract(epoch from ${now}::timestamptz - min(placed_at)) / 86400)::float8 as first_days
    from orders where delivery = 'ship' and status <> 'canceled' and placed_at > ${now}::timestamptz - make_interval(days => ${history_days}) and placed_at <= ${now}`)
  return { orders_seen: row.orders_seen, recent: row.recent, recent_days: Math.min(RECENT_DAYS, Math.max(1, row.first_days ?? 1)) }
}

export type SampledOrder = { id: string; currency: string; shipping_address: Address | null }

/** Days after which an order counts half. */
const HALF_LIFE_DAYS = 30
/** No more than so many of the newest orders are looked at. */
const MAX_SEEN = 200_000

/** A sample without repetition; the newer an order, the likelier it is in it. */
export function sampleOrders(db: Queryable, now: Date, history_days: number, count: number): Promise<SampledOrder[]> {
  return db.rows(sql`
    select id, currency, shipping_address from (
      select id, currency, shipping_address, extract(epoch from ${now}::timestamptz - placed_at) / 86400 as age from orders
      where delivery = 'ship' and status <> 'canceled' and placed_at > ${now}::timestamptz - make_interval(days => ${history_days}) and placed_at <= ${now}
      order by placed_at desc limit ${MAX_SEEN}
    ) seen order by -ln(1 - random()) * power(2, age / ${HALF_LIFE_DAYS}) limit ${count}`)
}

export type SampledLine = { order_id: string; variant_id: string; quantity: number; unit_price: bigint }

export function linesOfSample(db: Queryable, orderIds: readonly string[]): Promise<SampledLine[]> {
  return db.rows(sql`
    select order_id, variant_id, sum(quantity)::int as quantity, max(unit_price) as unit_price from order_lines
    where order_id = any(${arrayOf(orderIds, 'uuid')}) and kind = 'goods' group by order_id, variant_id order by order_id, variant_id`)
}

export type LearningLevel = { variant_id: string; location_id: string; units: number; price: number | null }

/** What these variants' levels can give until then: what is sellable now and what is expected, with the prices learned before. */
export function levelsUntil(db: Queryable, variantIds: readonly string[], until: Date): Promise<LearningLevel[]> {
  return db.rows(sql`
    select l.variant_id, l.location_id, (greatest(0, l.available - l.safety_stock) + coalesce(i.expected, 0))::int as units, p.price
    from stock_levels l
      left join (
        select variant_id, location_id, sum(quantity - received) as expected from inbound_supplies where status = 'expected' and expected_on <= ${until}::date group by variant_id, location_id
      ) i on i.variant_id = l.variant_id and i.location_id = l.location_id
      left join shadow_prices p on p.variant_id = l.variant_id and p.location_id = l.location_id
    where l.variant_id = any(${arrayOf(variantIds, 'uuid')}) and (l.available > l.safety_stock or i.expected > 0)`)
}
