import { newId } from '../kernel/ids.ts'
import type { Caller } from './caller.ts'
import type { Tx } from './db.ts'
import { arrayOf, rowsOf, sql } from './sql.ts'

/**
 * Something that happened, as other systems see it: ids in `data` are the shown ones, amounts decimal strings.
 * Events of one order carry its id and are numbered 1, 2, … without a gap.
 */
export type NewEvent = {
  type: string
  order_id?: string
  /** What the event is about where that is not an order, for example a variant or a location. */
  subject_id?: string
  data: Record<string, unknown>
}

export type EventContext = { at: Date; caller: Caller; request_id: string }

/** Locks the orders whose events are about to be written, in id order, so that their numbers follow each other. */
export async function lockOrderStreams(tx: Tx, orderIds: readonly string[]): Promise<void> {
  await tx.rows(sql`select id from orders where id = any(${arrayOf(orderIds, 'uuid')}) order by id for update`)
}

/**
 * Writes events beside the change they tell of, in the same commit. The numbers of an order's events come from
 * what is already there, so the caller holds the lock of the order's row; the unique index catches one who does not.
 */
export async function writeEvents(tx: Tx, events: readonly (NewEvent & EventContext)[]): Promise<void> {
  if (events.length === 0) return
  const rows = events.map((event) => ({
    id: newId(),
    type: event.type,
    at: event.at,
    order_id: event.order_id ?? null,
    subject_id: event.subject_id ?? null,
    data: event.data,
    caller_id: event.caller.id,
    caller_name: event.caller.name,
    request_id: event.request_id,
  }))
  await tx.run(sql`
    insert into events (id, type, at, order_id, order_sequence, subject_id, data, caller_id, caller_name, request_id)
    select id, type, at, order_id,
      case when order_id is not null then
        row_number() over (partition by order_id order by ordinal)
        + coalesce((select e.order_sequence from events e where e.order_id = input.order_id order by e.order_sequence desc limit 1), 0)
      end,
      subject_id, data, caller_id, caller_name, request_id
    from ${rowsOf(rows, { id: 'uuid', type: 'text', at: 'timestamptz', order_id: 'uuid', subject_id: 'uuid', data: 'json', caller_id: 'uuid', caller_name: 'text', request_id: 'text' })}`)
}
