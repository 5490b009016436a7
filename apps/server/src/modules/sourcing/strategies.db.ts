import type { Queryable, Tx } from '../../platform/db.ts'
import type { Editable } from '../../platform/edit.ts'
import { sql, type Sql } from '../../platform/sql.ts'
import type { Example } from './examples.ts'
import type { Rule, Strategy } from './strategy.ts'

/** What a version says. */
export type Definition = { rules: readonly Rule[]; examples?: readonly Example[] }

/** A version, or a draft where it has no number yet. */
export type StrategyRow = Editable & { code: string; strategy_version: number | null; name: string; definition: Definition; created_at: Date; updated_at: Date | null }

/** What of a draft is edited. */
export const EDITABLE = { name: 'text', definition: 'jsonb' }

const COLUMNS = sql.raw('s.id, s.code, s.strategy_version, s.name, s.definition, s.created_at, s.updated_at, s.version, s.field_versions')

/** All versions and drafts, each draft after the versions of its code. */
export function listStrategies(db: Queryable): Promise<StrategyRow[]> {
  return db.rows(sql`select ${COLUMNS} from sourcing_strategies s order by s.code, s.strategy_version nulls last, s.id`)
}

export function findStrategy(db: Queryable, id: string): Promise<StrategyRow | undefined> {
  return db.maybe(sql`select ${COLUMNS} from sourcing_strategies s where s.id = ${id}`)
}

export function lockStrategy(tx: Tx, id: string): Promise<StrategyRow | undefined> {
  return tx.maybe(sql`select ${COLUMNS} from sourcing_strategies s where s.id = ${id} for update`)
}

/** One change of versions or of what is in use at a time, until its commit: versions count without a gap. */
async function takeTurns(tx: Queryable): Promise<void> {
  await tx.rows(sql`select pg_advisory_xact_lock(hashtextextended('sourcing: strategies', 0))`)
}

const nextVersion = (code: string): Sql => sql`(select coalesce(max(strategy_version), 0) + 1 from sourcing_strategies where code = ${code})`

export type NewStrategy = { id: string; code: string; name: string; definition: Definition; at: Date; by: string }

/** Adds the next version of a strategy, for good. Answers the version. */
export async function insertStrategy(tx: Queryable, { id, code, name, definition, at, by }: NewStrategy): Promise<number> {
  await takeTurns(tx)
  const { strategy_version } = await tx.one<{ strategy_version: number }>(sql`
    insert into sourcing_strategies (id, code, strategy_version, name, definition, created_at, created_by)
    values (${id}, ${code}, ${nextVersion(code)}, ${name}, ${JSON.stringify(definition)}::jsonb, ${at}, ${by})
    returning strategy_version`)
  return strategy_version
}

export async function insertStrategyDraft(tx: Tx, { id, code, name, definition, at, by }: NewStrategy): Promise<void> {
  await tx.run(sql`
    insert into sourcing_strategies (id, code, name, definition, created_at, updated_at, created_by)
    values (${id}, ${code}, ${name}, ${JSON.stringify(definition)}::jsonb, ${at}, ${at}, ${by})`)
}

export async function touchStrategyDraft(tx: Tx, id: string, at: Date): Promise<void> {
  await tx.run(sql`update sourcing_strategies set updated_at = ${at} where id = ${id}`)
}

/** Makes a locked draft the next version of its strategy. Answers the version. */
export async function numberStrategy(tx: Tx, id: string, code: string, at: Date): Promise<number> {
  await takeTurns(tx)
  const { strategy_version } = await tx.one<{ strategy_version: number }>(sql`
    update sourcing_strategies set strategy_version = ${nextVersion(code)}, updated_at = ${at} where id = ${id} and strategy_version is null returning strategy_version`)
  return strategy_version
}

export async function deleteStrategyDraft(tx: Tx, id: string): Promise<void> {
  await tx.run(sql`delete from sourcing_strategies where id = ${id} and strategy_version is null`)
}

/** Of those activations that hold at the time, the one that began last routes. */
export const inUse = (now: Date | Sql): Sql => sql`
  select a.strategy_id from sourcing_activations a
  where a.canceled_at is null and a.from_at <= ${now} and (a.until_at is null or a.until_at > ${now})
  order by a.from_at desc, a.position desc limit 1`

export async function strategyIdAt(db: Queryable, now: Date): Promise<string | undefined> {
  return (await db.maybe<{ strategy_id: string }>(inUse(now)))?.strategy_id
}

/** Versions that this process has read: they never change, so only their ids are asked for again. */
const READ = new Map<string, Strategy>()
const MOST_READ = 100

/** The strategy that routes at the time. */
export async function strategyAt(db: Queryable, now: Date): Promise<Strategy | undefined> {
  const id = await strategyIdAt(db, now)
  if (id === undefined) return undefined
  const known = READ.get(id)
  if (known !== undefined) return known
  const row = await findStrategy(db, id)
  if (row === undefined || row.strategy_version === null) return undefined
  const strategy: Strategy = { id: row.code, version: row.strategy_version, name: row.name, rules: row.definition.rules }
  if (READ.size >= MOST_READ) READ.clear()
  READ.set(id, strategy)
  return strategy
}

export type NewActivation = { id: string; strategy_id: string; from_at: Date | null; until_at: Date | null; at: Date; by: string }

/** Routes by a version from a time on, or from now on where none is given: then it comes after every other that began. */
export async function insertActivation(tx: Queryable, { id, strategy_id, from_at, until_at, at, by }: NewActivation): Promise<{ from_at: Date }> {
  await takeTurns(tx)
  return tx.one(sql`
    insert into sourcing_activations (id, strategy_id, from_at, until_at, created_at, created_by)
    select ${id}, ${strategy_id}, coalesce(${from_at}::timestamptz, now_at), ${until_at}, now_at, ${by}
    from (select greatest(${at}::timestamptz, max(from_at) filter (where from_at <= created_at)) as now_at from sourcing_activations) latest
    returning from_at`)
}

export type ActivationRow = { id: string; strategy_id: string; code: string; strategy_version: number; name: string; from_at: Date; until_at: Date | null; created_at: Date; canceled_at: Date | null }

export const ACTIVATION_COLUMNS = sql.raw('a.id, a.strategy_id, s.code, s.strategy_version, s.name, a.from_at, a.until_at, a.created_at, a.canceled_at')

/** Locked against other changes of what is in use. */
export async function lockActivation(tx: Tx, id: string): Promise<ActivationRow | undefined> {
  await takeTurns(tx)
  return tx.maybe(sql`select ${ACTIVATION_COLUMNS} from sourcing_activations a join sourcing_strategies s on s.id = a.strategy_id where a.id = ${id}`)
}

/** Takes an activation back; answers whether one without an end still holds, so that there is always a strategy. */
export async function endActivation(tx: Tx, id: string, at: Date): Promise<boolean> {
  await tx.run(sql`update sourcing_activations set canceled_at = ${at} where id = ${id}`)
  const { held } = await tx.one<{ held: boolean }>(sql`select exists (select from sourcing_activations where canceled_at is null and until_at is null and from_at <= ${at}) as held`)
  return held
}

/** Whether a strategy that is in use, or will be, has one of these words in its rules. */
export async function usesInRules(db: Queryable, now: Date, words: readonly string[]): Promise<boolean> {
  const { used } = await db.one<{ used: boolean }>(sql`
    select exists (
      select from sourcing_activations a join sourcing_strategies s on s.id = a.strategy_id
      where a.canceled_at is null and (a.until_at is null or a.until_at > ${now}) and ${sql.join(words.map((word) => sql`strpos(s.definition::text, ${word}) > 0`), ' or ')}) as used`)
  return used
}
