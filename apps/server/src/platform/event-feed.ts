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

/** At most so many positions are looked at in one read, however few of them are of the types asked for. */
const WINDOW = 5_000n

export type FeedPage = {
  events: EventView[]
  /** How far the read has looked: what is asked next comes after it. Further than the last event where others were skipped. */
  position: bigint
  has_more: boolean
}

/** Events after a position, in order. A consumer that goes on after the position it is given misses none. */
export async function readFeed(db: Queryable, after: bigint, limit: number, types: readonly string[] | undefined): Promise<FeedPage> {
  // Positions first, then each its event: for a rare type the planner would rather read all events there are.
  const rows = await db.rows<FeedRow & { last_position: bigint }>(sql`
    select s.last_position, p.*
    from relay_state s left join lateral (
      select p.position, ${COLUMNS}
      from event_positions p cross join lateral (select * from events where events.id = p.event_id offset 0) e
      where p.position > ${after} and p.position <= least(s.last_position, ${after + WINDOW}) ${types === undefined ? sql.empty : sql`and e.type = any(${arrayOf(types, 'text')})`}
      order by p.position limit ${limit}
    ) p on true`)
  const { last_position } = rows[0]!
  if (last_position <= after) return { events: [], position: after, has_more: false }
  const events = rows.flatMap((row) => (row.position === null ? [] : [viewEvent(row)]))
  const end = last_position - after > WINDOW ? after + WINDOW : last_position
  const position = events.length === limit ? rows.at(-1)!.position! : end
  return { events, position, has_more: position < last_position }
}

/** Tells those who follow the feed in this process that it has grown. What other processes relay is seen by looking. */
export type FeedGrowth = {
  tell: () => void
  /** How often it was told. Asked before a look, so that what comes during the look is not slept through. */
  told: () => number
  /** Resolves when it is told more often than `told`, or after this time. */
  wait: (told: number, timeoutMs: number) => Promise<void>
}

export function createFeedGrowth(): FeedGrowth {
  let count = 0
  const waiting = new Set<() => void>()
  return {
    tell: () => {
      count++
      for (const wake of waiting) wake()
    },
    told: () => count,
    wait: async (told, timeoutMs) => {
      if (told !== count) return
      await new Promise<void>((resolve) => {
        const timer = setTimeout(() => { wake() }, timeoutMs)
        const wake = (): void => {
          clearTimeout(timer)
          waiting.delete(wake)
          resolve()
        }
        waiting.add(wake)
      })
    },
  }
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
