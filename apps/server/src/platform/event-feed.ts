import { ids } from '../kernel/id-kinds.ts'
import type { Queryable } from './db.ts'
import { arrayOf, sql } from './sql.ts'

type FeedRow = {
  position: bigint | null; id: string; type: string; at: Date; order_id: string | null; order_sequence: number | null
  data: Record<string, unknown>; caller_name: string; request_id: string
}

export type EventView = {
  position: string | null
  id: string
  type: string
  timestamp: string
  order_id: string | null
  sequence: number | null
  data: Record<string, unknown>
  caller: string
  request_id: string
}

const COLUMNS = sql.raw('e.id, e.type, e.at, e.order_id, e.order_sequence, e.data, e.caller_name, e.request_id')

/** Events after a position, in order. A consumer that keeps the last position it handled misses none. */
export async function readFeed(db: Queryable, after: bigint, limit: number, types: readonly string[] | undefined): Promise<EventView[]> {
  const rows = await db.rows<FeedRow>(sql`
    select p.position, ${COLUMNS}
    from event_positions p join events e on e.id = p.event_id
    where p.position > ${after} ${types === undefined ? sql.empty : sql`and e.type = any(${arrayOf(types, 'text')})`}
    order by p.position limit ${limit}`)
  return rows.map(viewEvent)
}

/** The story of one order, oldest first: also events that the relay has not positioned yet. */
export async function readOrderEvents(db: Queryable, orderId: string, afterSequence: number, limit: number): Promise<EventView[]> {
  const rows = await db.rows<FeedRow>(sql`
    select p.position, ${COLUMNS}
    from events e left join event_positions p on p.event_id = e.id
    where e.order_id = ${orderId} and e.order_sequence > ${afterSequence}
    order by e.order_sequence limit ${limit}`)
  return rows.map(viewEvent)
}

function viewEvent(row: FeedRow): EventView {
  return {
    position: row.position === null ? null : row.position.toString(),
    id: ids.event.show(row.id),
    type: row.type,
    timestamp: row.at.toISOString(),
    order_id: row.order_id === null ? null : ids.order.show(row.order_id),
    sequence: row.order_sequence,
    data: row.data,
    caller: row.caller_name,
    request_id: row.request_id,
  }
}
