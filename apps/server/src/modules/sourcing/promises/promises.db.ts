import type { Queryable } from '../../../platform/db.ts'
import { arrayOf, sql, type Sql } from '../../../platform/sql.ts'
import type { Variant } from '../../catalog/index.ts'
import { stampAt } from '../sourcing.db.ts'

/**
 * An article that was asked for, or the part of a bundle that was (`bundle_id`). Stock and supply are texts, because rows of
 * their own cost many times as much to read: `location_id:units,…` and `location_id:date:units,…`, the earliest first.
 */
export type ArticleRow = Pick<Variant, 'id' | 'sku' | 'name' | 'kind' | 'price' | 'price_currency' | 'weight_grams' | 'active'> & {
  bundle_id: string | null
  per_bundle: number | null
  levels: string | null
  queued: number | null
  inbound: string | null
}

export type Articles = { articles: readonly ArticleRow[]; stamp: string; now: Date }

const FACE = sql.raw('v.id, v.sku, v.name, v.kind, v.price, v.price_currency, v.weight_grams, v.active and p.active as active')

/** Levels with something to sell; or all of them with their ages: seconds of the last count, which may be empty, and of the last change. */
export type Levels = 'sellable' | 'aged'

const LEVELS: Record<Levels, Sql> = {
  sellable: sql`string_agg(l.location_id || ':' || (l.available - l.safety_stock), ',') as levels from stock_levels l where l.variant_id = a.id and l.available > l.safety_stock`,
  aged: sql`string_agg(l.location_id || ':' || greatest(0, l.available - l.safety_stock) || ':' || coalesce(extract(epoch from l.counted_at)::bigint::text, '') || ':' || extract(epoch from l.updated_at)::bigint, ',') as levels
    from stock_levels l where l.variant_id = a.id`,
}

/** These articles with what can be sold of them, for whom units wait and what is on its way, all seen at one moment; with the clock and the stamp of the settings. One statement. */
export async function readArticles(db: Queryable, skus: readonly string[], levels: Levels): Promise<Articles> {
  const rows = await db.rows<ArticleRow & { stamp: string | null; now: Date | null }>(sql`
    with asked as materialized (select ${FACE} from variants v join products p on p.id = v.product_id where v.sku = any(${arrayOf(skus, 'text')})),
    parts as (
      select c.bundle_id, c.quantity, ${FACE} from asked a join bundle_components c on c.bundle_id = a.id join variants v on v.id = c.component_id join products p on p.id = v.product_id
      where a.kind = 'bundle'
    ),
    articles as (select null::uuid as bundle_id, null::int as per_bundle, * from asked union all select * from parts)
    select a.*, l.levels, q.queued, i.inbound, null::text as stamp, null::timestamptz as now from articles a
      left join lateral (select ${LEVELS[levels]}) l on a.kind = 'goods'
      left join lateral (select sum(o.backordered)::int as queued from order_lines o where o.variant_id = a.id and o.backordered > 0) q on a.kind = 'goods'
      left join lateral (
        select string_agg(i.location_id || ':' || i.expected_on || ':' || (i.quantity - i.received), ',' order by i.expected_on, i.id) as inbound
        from inbound_supplies i where i.variant_id = a.id and i.status = 'expected' and i.quantity > i.received
      ) i on a.kind = 'goods'
    union all
    select null, null, null, null, null, null, null, null, null, null, null, null, null, ${stampAt(sql.raw('clock_timestamp()'))}, date_trunc('milliseconds', clock_timestamp())`)
  const { stamp, now } = rows.pop()!
  return { articles: rows, stamp: stamp!, now: now! }
}
