import type { Queryable } from '../../../platform/db.ts'
import { arrayOf, rowsOf, sql, type Sql } from '../../../platform/sql.ts'
import { ids } from '../../../kernel/id-kinds.ts'
import type { SourcingDemand } from '../../orders/index.ts'
import type { LineOfOrder } from '../decision-record.ts'
import type { PastDecision } from './replay.ts'
import { parseSnapshot, type PastCancellation, type PastMovement, type PastPolicy, type PastRun } from './timeline.ts'

/** The time that is rehearsed: runs from the one instant to before the other. */
export type Period = { from: Date; to: Date }

type RunRow = Omit<PastRun, 'snapshot'> & { seen: string }

const RUN_COLUMNS = sql.raw('id, at, strategy, strategy_version, network_id, snapshot::text as seen, last_movement_id::float8 as last_movement_id, transaction_id::text::float8 as transaction_id, facts')

/** The runs of the period, as they were stored. */
export async function runsOfPeriod(db: Queryable, { from, to }: Period): Promise<(PastRun & { seen: string })[]> {
  const rows = await db.rows<RunRow>(sql`
    select ${RUN_COLUMNS}
    from sourcing_runs where at >= ${from} and at < ${to}`)
  return rows.map((row) => ({ ...row, snapshot: parseSnapshot(row.seen) }))
}

export function findRun(db: Queryable, id: string): Promise<RunRow | undefined> {
  return db.maybe(sql`
    select ${RUN_COLUMNS}
    from sourcing_runs where id = ${id}`)
}

/** Figures of these variants as a run saw them, with what its own transaction had moved before it looked. */
export function figuresSeen(db: Queryable, beginning: Beginning, transactionId: number, variantIds: readonly string[]): Promise<OpeningRow[]> {
  const { last_movement_id } = beginning
  return db.rows(sql`
    with moved as materialized (
      ${movedSince(beginning, sql`m.variant_id = any(${arrayOf(variantIds, 'uuid')}) and not (m.transaction_id = ${String(transactionId)}::xid8 and m.id <= ${last_movement_id}::bigint)`)}
    ), changed as materialized (
      select distinct on (v.id, p.id) v.id as variant_id, p.id as location_id, x.before
      ${policiesAfter(beginning)} and v.id = any(${arrayOf(variantIds, 'uuid')})
      order by v.id, p.id, e.transaction_id, e.id
    )
    select s.variant_id, s.location_id, s.available - coalesce(m.units, 0) as available, coalesce(c.before, s.safety_stock) as safety_stock
    from stock_levels s left join moved m using (variant_id, location_id) left join changed c using (variant_id, location_id)
    where s.variant_id = any(${arrayOf(variantIds, 'uuid')})`)
}

/** Of `sourcing_decisions d`: those that were made in the period. */
const madeIn = ({ from, to }: Period): Sql => sql`d.run_id in (select id from sourcing_runs where at >= ${from} and at < ${to})`

export async function countDecisions(db: Queryable, period: Period): Promise<number> {
  return (await db.one<{ decisions: number }>(sql`
    select count(*)::int as decisions from sourcing_decisions d where ${madeIn(period)}`)).decisions
}

/** Movements of transactions that ran when somebody looked are among so many before the last one there was: writes take seconds, not minutes. */
const IN_FLIGHT = 200_000

/** Where the period begins: what its first run saw. */
export type Beginning = { snapshot: string; last_movement_id: number }

/** What has moved since the beginning, as a condition on `stock_movements m`. */
const since = ({ snapshot, last_movement_id }: Beginning) => sql`
  (m.id > ${last_movement_id}::bigint or (m.id > ${last_movement_id - IN_FLIGHT}::bigint and not pg_visible_in_snapshot(m.transaction_id, ${snapshot}::pg_snapshot)))`

/** By how much what is available has changed since the beginning. */
const movedSince = (beginning: Beginning, where: Sql): Sql => sql`
  select m.variant_id, m.location_id, sum(case when m.to_state = 'available' then m.quantity else -m.quantity end)::int as units
  from stock_movements m where ${where} and ${since(beginning)} and (m.from_state = 'available' or m.to_state = 'available') group by m.variant_id, m.location_id`

/** Where changes of safety stock since the beginning stand: events `e` with the lines `x`, of variants `v` at locations `p`. */
const policiesAfter = ({ snapshot }: Beginning): Sql => sql`
  from events e, json_to_recordset(e.data -> 'lines') as x(sku text, location text, quantity int, before int) join variants v on v.sku = x.sku join locations p on p.code = x.location
  where e.type = 'stock.safety_stock_set' and e.transaction_id >= pg_snapshot_xmin(${snapshot}::pg_snapshot) and not pg_visible_in_snapshot(e.transaction_id, ${snapshot}::pg_snapshot)`

export async function locationIds(db: Queryable): Promise<string[]> {
  return (await db.rows<{ id: string }>(sql`select id from locations`)).map(({ id }) => id)
}

export type OpeningRow = { variant_id: string; location_id: string; available: number; safety_stock: number }

/** The stock at the beginning of all variants that orders of the period asked for: the balance of now less what has moved since. */
export function openingStock(db: Queryable, beginning: Beginning, period: Period): Promise<OpeningRow[]> {
  return db.rows(sql`
    with wanted as materialized (
      select distinct l.variant_id from sourcing_decisions d join order_lines l on l.order_id = d.order_id
      where ${madeIn(period)} and l.kind = 'goods'
    ), moved as materialized (
      ${movedSince(beginning, sql`true`)}
    )
    select s.variant_id, s.location_id, s.available - coalesce(m.units, 0) as available, s.safety_stock
    from wanted w join stock_levels s on s.variant_id = w.variant_id
      left join moved m on m.variant_id = s.variant_id and m.location_id = s.location_id
    where s.available - coalesce(m.units, 0) <> 0 or s.safety_stock <> 0`)
}

/** The last movement of every transaction that moved units since the beginning, up to the end. */
export async function lastMovements(db: Queryable, beginning: Beginning, end: number | null): Promise<Map<number, number>> {
  const rows = await db.rows<{ transaction_id: number; id: number }>(sql`
    select m.transaction_id::text::float8 as transaction_id, max(m.id)::float8 as id from stock_movements m
    where ${since(beginning)} and (${end}::bigint is null or m.id <= ${end}::bigint) and m.transaction_id is not null group by m.transaction_id`)
  return new Map(rows.map(({ transaction_id, id }) => [transaction_id, id]))
}

/** The first movement that is surely after the period; null where the period reaches into the present. */
export async function endOfPeriod(db: Queryable, { to }: Period): Promise<number | null> {
  const row = await db.maybe<{ last: number }>(sql`select last_movement_id::float8 as last from sourcing_runs where at >= ${to} order by at limit 1`)
  return row?.last ?? null
}

/** Movements that sourcing did not choose, and what became of the claims of orders that were sourced again. In their order. */
export function movementsOfPeriod(db: Queryable, beginning: Beginning, end: number | null, period: Period): Promise<PastMovement[]> {
  return db.rows(sql`
    select m.id::float8 as id, m.transaction_id::text::float8 as transaction_id, m.variant_id, m.location_id, m.from_state, m.to_state, m.quantity, m.reason,
      case when m.cause_kind = 'order' then m.cause_id end as order_id
    from stock_movements m
    where ${since(beginning)} and (${end}::bigint is null or m.id <= ${end}::bigint) and m.transaction_id is not null
      and not (m.cause_kind = 'order' and m.reason = 'allocation')
      and (m.from_state = 'available' or m.to_state = 'available' or (m.from_state = 'allocated' and m.cause_kind = 'order' and (
        m.reason <> 'shipment' or m.cause_id in (
          select d.order_id from sourcing_decisions d where d.trigger <> 'capture' and ${madeIn(period)}))))
    order by m.id`)
}

/** Units that customers no longer wanted, of orders of the period. */
export async function cancellationsOfPeriod(db: Queryable, period: Period): Promise<PastCancellation[]> {
  const rows = await db.rows<{ transaction_id: number; order_id: string; data: { lines: { line_id: string; quantity: number }[] } }>(sql`
    select e.transaction_id::text::float8 as transaction_id, e.order_id, e.data
    from (
      select distinct d.order_id from sourcing_decisions d
      where ${madeIn(period)} and exists (select from order_lines l where l.order_id = d.order_id and l.canceled > 0)
    ) o join events e on e.order_id = o.order_id
    where e.type = 'order.units_canceled'`)
  return rows.map(({ transaction_id, order_id, data }) => ({ transaction_id, order_id, lines: data.lines.map(({ line_id, quantity }) => ({ line_id: ids.line.parse(line_id)!, quantity })) }))
}

/** Changes of safety stock since the beginning, in their order. */
export function policiesSince(db: Queryable, beginning: Beginning): Promise<(PastPolicy & { before: number })[]> {
  return db.rows(sql`
    select e.transaction_id::text::float8 as transaction_id, v.id as variant_id, p.id as location_id, x.quantity as safety_stock, x.before
    ${policiesAfter(beginning)}
    order by e.transaction_id, e.id`)
}

type DecisionRow = Omit<PastDecision, 'lines'> & { run_id: string }

/** The decisions of these runs, by run and in their places. */
export async function decisionsOfRuns(db: Queryable, runs: readonly PastRun[]): Promise<Map<string, PastDecision[]>> {
  const spans = runs.flatMap(({ at, facts }) => facts.span ?? [at.toISOString()]).toSorted()
  const rows = await db.rows<DecisionRow>(sql`
    select d.id, d.run_id, d.order_id, o.channel_id, d.place, d.trigger, d.at, d.outcome, d.decision as record
    from ${rowsOf(runs.map(({ id }) => ({ id })), { id: 'uuid' })} join sourcing_decisions d on d.run_id = input.id join orders o on o.id = d.order_id
    where d.at between ${spans[0]!}::timestamptz and ${spans.at(-1)!}::timestamptz order by d.place`)
  const lines = await linesByNumber(db, [...new Set(rows.map(({ order_id }) => order_id))])
  return Map.groupBy(rows.map((row) => ({ ...row, lines: lines.get(row.order_id) ?? new Map() })), ({ run_id }) => run_id)
}

async function linesByNumber(db: Queryable, orderIds: readonly string[]): Promise<Map<string, PastDecision['lines']>> {
  const rows = await db.rows<LineOfOrder & { order_id: string; line_number: number }>(sql`
    select order_id, line_number, id as line_id, variant_id, sku, unit_price from order_lines where order_id = any(${arrayOf(orderIds, 'uuid')}) and kind = 'goods'`)
  const lines = new Map<string, Map<number, LineOfOrder>>()
  for (const { order_id, line_number, line_id, variant_id, sku, unit_price } of rows) {
    const line = { line_id, variant_id, sku, unit_price }
    const of = lines.get(order_id)
    if (of === undefined) lines.set(order_id, new Map([[line_number, line]]))
    else of.set(line_number, line)
  }
  return lines
}

/** Who placed these orders, for rules that ask. */
export async function customersOf(db: Queryable, orderIds: readonly string[]): Promise<Pick<SourcingDemand, 'order_id' | 'customer'>[]> {
  const rows = await db.rows<{ order_id: string; customer_id: string | null }>(sql`select id as order_id, customer_id from orders where id = any(${arrayOf(orderIds, 'uuid')})`)
  return rows.map(({ order_id, customer_id }) => ({ order_id, customer: { customer_id } }))
}
