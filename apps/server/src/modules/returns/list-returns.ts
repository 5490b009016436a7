import { Type } from 'typebox'
import { ids } from '../../kernel/id-kinds.ts'
import { showMoney } from '../../kernel/money.ts'
import type { Caller } from '../../platform/caller.ts'
import type { Queryable } from '../../platform/db.ts'
import { readPage, type ListQuery, type ListSpec, type Page } from '../../platform/http/listing.ts'
import { closed, Money, Nullable } from '../../platform/http/schemas.ts'
import { arrayOf, sql, type Sql } from '../../platform/sql.ts'
import { RETURN_STATUSES } from './return.ts'

export const ReturnSummary = Type.Object({
  id: Type.String(), number: Type.String(), order_id: Type.String(), order_number: Type.String(), channel: Type.String(), location: Nullable(Type.String()), external_id: Nullable(Type.String()),
  status: Type.String(), requested_at: Type.String(), received_at: Nullable(Type.String()), units: Type.Integer(), units_received: Type.Integer(), refund_total: Money,
}, closed)

export const RETURNS: ListSpec = {
  id: ids.return,
  id_sql: 'r.id',
  default_sort: '-requested_at',
  fields: {
    requested_at: { sql: 'r.requested_at', type: 'timestamptz', sortable: true },
    status: { sql: 'r.status', type: 'text', values: RETURN_STATUSES },
    channel: { sql: 'c.code', type: 'text' },
    location: { sql: 'p.code', type: 'text' },
    order_id: { sql: 'r.order_id', type: 'text', id: ids.order },
    number: { sql: 'r.number', type: 'text' },
    external_id: { sql: 'r.external_id', type: 'text' },
  },
  search: searchReturns,
}

/** What stands on the label or in the customer's mail: the number of the return, of the order, or the channel's own. */
function searchReturns(q: string): Sql {
  const text = q.trim()
  return sql`r.id in (
    select id from returns where number = ${text.toUpperCase()}
    union all select id from returns where external_id = ${text}
    union all select f.id from returns f join orders o on o.id = f.order_id where o.number = ${text.toUpperCase()} or o.external_id = ${text})`
}

type SummaryRow = {
  cursor_id: string; cursor_value: string; number: string; order_id: string; order_number: string; channel: string; location: string | null; external_id: string | null
  status: string; requested_at: Date; received_at: Date | null; units: number; units_received: number; refund_total: bigint; refund_currency: string
}

/** One page of the returns that the caller may see: those of its channels, which sold the goods or take them back, at its locations or at none yet. */
export async function listReturns(db: Queryable, query: ListQuery, caller: Caller): Promise<Page<ReturnType<typeof viewSummary>>> {
  const scope = [
    ...(caller.channel_ids === undefined ? [] : [sql`(o.channel_id = any(${arrayOf([...caller.channel_ids], 'uuid')}) or r.channel_id = any(${arrayOf([...caller.channel_ids], 'uuid')}))`]),
    ...(caller.location_ids === undefined ? [] : [sql`(r.location_id is null or r.location_id = any(${arrayOf([...caller.location_ids], 'uuid')}))`]),
  ]
  const page = await readPage<SummaryRow>(db, RETURNS, query, (cursor) => sql`
    select ${cursor}, r.number, r.order_id, o.number as order_number, c.code as channel, p.code as location, r.external_id, r.status, r.requested_at, r.received_at, r.refund_total, r.refund_currency,
      (select coalesce(sum(l.quantity), 0)::int from return_lines l where l.return_id = r.id) as units,
      (select coalesce(sum(l.received), 0)::int from return_lines l where l.return_id = r.id) as units_received
    from returns r join orders o on o.id = r.order_id join channels c on c.id = r.channel_id left join locations p on p.id = r.location_id`, scope)
  return { ...page, data: page.data.map(viewSummary) }
}

function viewSummary(row: SummaryRow) {
  return {
    id: ids.return.show(row.cursor_id), number: row.number, order_id: ids.order.show(row.order_id), order_number: row.order_number, channel: row.channel, location: row.location, external_id: row.external_id,
    status: row.status, requested_at: row.requested_at.toISOString(), received_at: row.received_at?.toISOString() ?? null, units: row.units, units_received: row.units_received,
    refund_total: showMoney(row.refund_total, row.refund_currency),
  }
}
