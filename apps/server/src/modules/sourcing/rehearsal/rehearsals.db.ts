import type { Queryable, Tx } from '../../../platform/db.ts'
import { arrayOf, rowsOf, sql, type Sql } from '../../../platform/sql.ts'
import { writeRecord, type DecisionRecord } from '../decision-record.ts'
import type { Strategy } from '../strategy.ts'
import type { Rehearsed } from './rehearse.ts'
import type { Flip } from './replay.ts'

export const STATUSES = ['queued', 'running', 'done', 'canceled', 'failed'] as const

/** The `version` of a strategy is 0 where its rules are not saved. */
export type RehearsalRow = {
  id: string; status: (typeof STATUSES)[number]; period_from: Date; period_to: Date; channel_ids: string[] | null; strategies: Strategy[]; decisions_total: number | null; decisions_done: number
  result: Rehearsed | null; error: string | null; created_at: Date; started_at: Date | null; finished_at: Date | null
}

const COLUMNS = sql.raw('r.id, r.status, r.period_from, r.period_to, r.channel_ids, r.strategies, r.decisions_total, r.decisions_done, r.result, r.error, r.created_at, r.started_at, r.finished_at')

export async function insertRehearsal(tx: Tx, rehearsal: Pick<RehearsalRow, 'id' | 'period_from' | 'period_to' | 'channel_ids' | 'strategies' | 'created_at'> & { created_by: string }): Promise<void> {
  await tx.run(sql`
    insert into sourcing_rehearsals (id, status, period_from, period_to, channel_ids, strategies, created_at, created_by)
    values (${rehearsal.id}, 'queued', ${rehearsal.period_from}, ${rehearsal.period_to}, ${rehearsal.channel_ids === null ? null : [...rehearsal.channel_ids]}::uuid[], ${JSON.stringify(rehearsal.strategies)}::json, ${rehearsal.created_at}, ${rehearsal.created_by})`)
}

export function findRehearsal(db: Queryable, id: string): Promise<RehearsalRow | undefined> {
  return db.maybe(sql`select ${COLUMNS} from sourcing_rehearsals r where r.id = ${id}`)
}

export function selectRehearsals(cursorColumns: Sql): Sql {
  return sql`select ${cursorColumns}, ${COLUMNS} from sourcing_rehearsals r`
}

/** Begins, or begins again where a worker died: what it had found is forgotten. False where it is canceled or over. */
export async function beginRehearsal(db: Queryable, id: string, at: Date): Promise<boolean> {
  const begun = await db.run(sql`update sourcing_rehearsals set status = 'running', started_at = ${at}, decisions_done = 0 where id = ${id} and status in ('queued', 'running')`)
  if (begun === 1) await db.run(sql`delete from sourcing_rehearsal_flips where rehearsal_id = ${id}`)
  return begun === 1
}

/** Notes how far it has come; false where it has been canceled meanwhile. */
export async function noteProgress(db: Queryable, id: string, done: number, total: number): Promise<boolean> {
  return (await db.run(sql`update sourcing_rehearsals set decisions_done = ${done}, decisions_total = ${total} where id = ${id} and status = 'running'`)) === 1
}

/** `result` where it is done, `error` where it failed. */
export async function endRehearsal(db: Queryable, id: string, end: { status: 'done' | 'failed' | 'canceled'; result?: Rehearsed; error?: string; at: Date }): Promise<boolean> {
  const result = end.result === undefined ? null : JSON.stringify(end.result)
  return (await db.run(sql`
    update sourcing_rehearsals set status = ${end.status}, result = ${result}::json, error = ${end.error ?? null}, finished_at = ${end.at},
      decisions_done = case when ${end.status} = 'done' then coalesce(decisions_total, 0) else decisions_done end
    where id = ${id} and status in ('queued', 'running')`)) === 1
}

export async function insertFlips(db: Queryable, rehearsalId: string, candidate: number, first: number, flips: readonly Flip[]): Promise<void> {
  const rows = flips.map(({ decision, network, plan }, i) => {
    const positions = new Map(network.locations.map(({ code }, position) => [code, position]))
    const numbers = new Map([...decision.lines].map(([number, { line_id }]) => [line_id, number]))
    const names = { location: (code: string) => positions.get(code) ?? code, line: (lineId: string) => numbers.get(lineId)! }
    return {
      position: first + i, decision_id: decision.id, decided_at: decision.at, order_id: decision.order_id, network_id: network.id,
      outcome: plan?.decision.outcome ?? null, decision: plan === undefined ? null : writeRecord(plan.decision, names, undefined),
    }
  })
  await db.run(sql`
    insert into sourcing_rehearsal_flips (rehearsal_id, candidate, position, decision_id, decided_at, order_id, network_id, outcome, decision)
    select ${rehearsalId}, ${candidate}, position, decision_id, decided_at, order_id, network_id, outcome, decision
    from ${rowsOf(rows, { position: 'int', decision_id: 'uuid', decided_at: 'timestamptz', order_id: 'uuid', network_id: 'uuid', outcome: 'text', decision: 'json' })}`)
}

export type FlipRow = {
  cursor_id: string; cursor_value: string; position: number; decision_id: string; decided_at: Date; order_id: string; order_number: string; network_id: string; outcome: Strategy['id'] | null; decision: DecisionRecord | null
}

export function selectFlips(cursorColumns: Sql): Sql {
  return sql`
    select ${cursorColumns}, f.position, f.decision_id, f.decided_at, f.order_id, o.number as order_number, f.network_id, f.outcome, f.decision
    from sourcing_rehearsal_flips f join orders o on o.id = f.order_id`
}

/** The named versions, by `code@version`; a code alone is its latest version. */
export function findVersions(db: Queryable, names: readonly string[]): Promise<{ name: string; code: string; strategy_version: number; title: string; definition: { rules: Strategy['rules'] } }[]> {
  return db.rows(sql`
    select w.name, s.code, s.strategy_version, s.name as title, s.definition
    from unnest(${arrayOf(names, 'text')}) as w(name) cross join lateral (
      select code, strategy_version, name, definition from sourcing_strategies s
      where s.code = split_part(w.name, '@', 1) and (position('@' in w.name) = 0 or s.strategy_version::text = split_part(w.name, '@', 2))
      order by s.strategy_version desc limit 1
    ) s`)
}
