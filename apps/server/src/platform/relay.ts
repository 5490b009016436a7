import type { Database } from './db.ts'
import { sql } from './sql.ts'

/** Events given positions in one round; a round is one short statement. */
const BATCH = 5_000

/**
 * Gives each committed event its position. The order is that of transaction ids, and only transactions below the oldest
 * one still running are touched: none of them can add an event any more, so no reader ever misses one.
 * The row lock on `relay_state` lets relays of several processes take turns, and is taken only where there is something to
 * do. Answers how many events it moved.
 */
export async function relayOnce(db: Database, limit = BATCH): Promise<number> {
  const { count } = await db.one<{ count: number }>(sql`
    with state as (
      select last_position, last_transaction_id, last_event_id from relay_state s
      where exists (select from events e where (e.transaction_id, e.id) > (s.last_transaction_id, s.last_event_id) and e.transaction_id < pg_snapshot_xmin(pg_current_snapshot()))
      for update skip locked
    ), due as (
      select e.id, e.transaction_id, state.last_position from state cross join lateral (
        select id, transaction_id from events
        where (transaction_id, id) > (state.last_transaction_id, state.last_event_id) and transaction_id < pg_snapshot_xmin(pg_current_snapshot())
        order by transaction_id, id limit ${limit}
      ) e
    ), numbered as (
      select id, transaction_id, last_position + row_number() over (order by transaction_id, id) as position from due
    ), positioned as (
      insert into event_positions (position, event_id) select position, id from numbered
    ), last as (
      select * from numbered order by position desc limit 1
    ), advanced as (
      update relay_state set last_position = last.position, last_transaction_id = last.transaction_id, last_event_id = last.id from last
    )
    select count(*)::int as count from numbered`)
  return count
}

/** How long the oldest event has been waiting, in milliseconds; a long-running transaction anywhere in the database holds events up. */
export async function relayLagMs(db: Database): Promise<number> {
  const row = await db.one<{ lag_ms: number }>(sql`
    select coalesce(extract(epoch from clock_timestamp() - min(e.at)) * 1000, 0)::float8 as lag_ms
    from (select e.at from events e, relay_state s
      where (e.transaction_id, e.id) > (s.last_transaction_id, s.last_event_id)
      order by e.transaction_id, e.id limit 1) e`)
  return Math.max(0, row.lag_ms)
}
