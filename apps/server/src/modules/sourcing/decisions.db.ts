import type { Queryable, Tx } from '../../platform/db.ts'
import { arrayOf, rowsOf, sql, type Sql } from '../../platform/sql.ts'
import type { SourcingTrigger } from '../orders/index.ts'
import type { Decision } from './decision.ts'
import { facetsText, type DecisionRecord } from './decision-record.ts'
import type { StoredNetwork } from './network.ts'
import type { RunRecord } from './record-run.ts'

/** Writes a run and its decisions, in one statement; the network that they saw where nobody has stored it before. */
export async function storeRun(tx: Tx, { run, network, decisions }: RunRecord): Promise<void> {
  if (decisions.length === 0) return
  const { known } = await tx.one<{ known: boolean }>(sql`
    with run as (
      insert into sourcing_runs (id, at, strategy, strategy_version, network_id, snapshot, last_movement_id, facts)
      values (${run.id}, ${run.at}, ${run.strategy}, ${run.strategy_version}, ${run.network_id}, ${run.snapshot}::pg_snapshot, ${run.last_movement_id}, ${JSON.stringify(run.facts)}::json)
    ), decided as (
      insert into sourcing_decisions (id, order_id, run_id, at, place, trigger, outcome, facets, decision)
      select id, order_id, ${run.id}, at, place::smallint, trigger, outcome, facets::text[], decision
      from ${rowsOf(decisions, { id: 'uuid', order_id: 'uuid', at: 'timestamptz', place: 'int', trigger: 'text', outcome: 'text', facets: 'text', decision: 'json' })}
    )
    select exists (select from sourcing_networks where id = ${run.network_id}) as known`)
  if (!known) await tx.run(sql`insert into sourcing_networks (id, first_at, content) values (${network.id}, ${run.at}, ${JSON.stringify(network.stored)}::json) on conflict do nothing`)
}

/** Decisions that no run made: claims that were moved. They name their locations and lines themselves. */
export async function insertDecisions(tx: Tx, decisions: readonly { id: string; order_id: string; at: Date; trigger: SourcingTrigger; decision: Decision }[]): Promise<void> {
  if (decisions.length === 0) return
  const rows = decisions.map((one) => ({ ...one, outcome: one.decision.outcome, facets: facetsText(one.decision, one.trigger) }))
  await tx.run(sql`
    insert into sourcing_decisions (id, order_id, at, place, trigger, outcome, facets, decision)
    select id, order_id, at, 0, trigger, outcome, facets::text[], decision
    from ${rowsOf(rows, { id: 'uuid', order_id: 'uuid', at: 'timestamptz', trigger: 'text', outcome: 'text', facets: 'text', decision: 'json' })}`)
}

/** A decision with the run it belongs to; those from before runs were kept have none and tell their strategy themselves. */
export type DecisionRow = {
  id: string; order_id: string; at: Date; place: number; trigger: string; outcome: Decision['outcome']; decision: DecisionRecord | Decision
  run_id: string | null; strategy: string | null; strategy_version: number | null; network_id: string | null
}

const DECISION_COLUMNS = sql.raw('d.id, d.order_id, d.at, d.place, d.trigger, d.outcome, d.decision, d.run_id, r.strategy, r.strategy_version, r.network_id')

export function decisionsOfOrder(db: Queryable, orderId: string): Promise<DecisionRow[]> {
  return db.rows(sql`select ${DECISION_COLUMNS} from sourcing_decisions d left join sourcing_runs r on r.id = d.run_id where d.order_id = ${orderId} order by d.id`)
}

/** The decisions of these ids and times. */
export function decisionsByKey(db: Queryable, keys: readonly { id: string; at: Date }[]): Promise<DecisionRow[]> {
  return db.rows(sql`
    select ${DECISION_COLUMNS} from ${rowsOf(keys, { id: 'uuid', at: 'timestamptz' })} join sourcing_decisions d on d.id = input.id and d.at = input.at
      left join sourcing_runs r on r.id = d.run_id`)
}

export function findDecision(db: Queryable, orderId: string, id: string): Promise<DecisionRow | undefined> {
  return db.maybe(sql`select ${DECISION_COLUMNS} from sourcing_decisions d left join sourcing_runs r on r.id = d.run_id where d.order_id = ${orderId} and d.id = ${id}`)
}

export type NetworkRow = { id: string; content: StoredNetwork }

export function findNetworks(db: Queryable, networkIds: readonly string[]): Promise<NetworkRow[]> {
  return db.rows(sql`select id, content from sourcing_networks where id = any(${arrayOf(networkIds, 'uuid')})`)
}

export type ListedDecision = { cursor_id: string; cursor_value: string; order_number: string; facets: string[] } & Pick<DecisionRow, 'id' | 'order_id' | 'at' | 'outcome'> & { trigger: SourcingTrigger }

export function selectDecisions(cursorColumns: Sql): Sql {
  return sql`select ${cursorColumns}, d.id, d.order_id, d.at, d.trigger, d.outcome, d.facets, o.number as order_number from sourcing_decisions d join orders o on o.id = d.order_id`
}

export function versionsOf(db: Queryable, codes: readonly string[]): Promise<{ code: string; strategy_version: number }[]> {
  return db.rows(sql`select code, strategy_version from sourcing_strategies where code = any(${arrayOf(codes, 'text')})`)
}
