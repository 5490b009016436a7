import { DAY_MS } from '../../kernel/time.ts'
import type { Queryable, Tx } from '../../platform/db.ts'
import { rowsOf, sql } from '../../platform/sql.ts'
import { keyOf } from '../inventory/index.ts'
import type { CostModel } from './cost-model.ts'

export type CostModelRow = { cost_version: number; definition: CostModel; created_at: Date }

const COLUMNS = sql.raw('cost_version, definition, created_at')

/** The version in force. */
export function activeCostModel(db: Queryable): Promise<CostModelRow> {
  return db.one(sql`select ${COLUMNS} from cost_models where active`)
}

/** The version in force, until the commit: one change at a time. A lock of its row would end on a row that is out of force. */
export async function lockCostModel(tx: Tx): Promise<CostModelRow> {
  await tx.rows(sql`select pg_advisory_xact_lock(hashtextextended('sourcing: cost model', 0))`)
  return activeCostModel(tx)
}

export function findCostModel(db: Queryable, cost_version: number): Promise<CostModelRow | undefined> {
  return db.maybe(sql`select ${COLUMNS} from cost_models where cost_version = ${cost_version}`)
}

type NewCostModel = CostModelRow & { id: string; created_by: string }

/** Puts a version in force beside those before it. The caller holds the one in force. */
export async function insertCostModel(tx: Tx, model: NewCostModel): Promise<void> {
  await tx.run(sql`update cost_models set active = false where active`)
  await tx.run(insertStatement(model))
}

/** Gives a new installation its first model. */
export async function installCostModel(db: Queryable, model: NewCostModel): Promise<void> {
  await db.run(sql`${insertStatement(model)} on conflict do nothing`)
}

function insertStatement({ id, cost_version, definition, created_at, created_by }: NewCostModel) {
  return sql`
    insert into cost_models (id, cost_version, currency, definition, active, created_at, created_by)
    values (${id}, ${cost_version}, ${definition.currency}, ${JSON.stringify(definition)}, true, ${created_at}, ${created_by})`
}

export type PriceRunRow = { id: string; at: Date; cost_version: number; evidence: PriceEvidence }

/** What shadow prices rest on. */
export type PriceEvidence = {
  /** Orders looked at, of how many days, and how many of them stand for the demand until replenishment. */
  orders_seen: number
  history_days: number
  orders_sampled: number
  replenishment_days: number
  variants: number
  levels_priced: number
  /** Minor units: what the sample costs at least, and what it costs by these prices and without any. */
  lower_bound: number
  milliseconds: number
}

export function newestPriceRun(db: Queryable): Promise<PriceRunRow | undefined> {
  return db.maybe(sql`select id, at, cost_version, evidence from price_runs order by at desc, id desc limit 1`)
}

export type ShadowPrice = { variant_id: string; location_id: string; price: number }

/** Rows that one statement takes. */
const CHUNK = 10_000

/** Puts the prices of a run in place of all others, in one commit; false where somebody has looked later already. */
export async function replacePrices(tx: Tx, run: PriceRunRow, prices: readonly ShadowPrice[]): Promise<boolean> {
  await tx.rows(sql`select pg_advisory_xact_lock(hashtextextended('sourcing: prices', 0))`)
  if (((await newestPriceRun(tx))?.at ?? run.at) > run.at) return false
  await tx.run(sql`insert into price_runs (id, at, cost_version, evidence) values (${run.id}, ${run.at}, ${run.cost_version}, ${JSON.stringify(run.evidence)})`)
  for (let at = 0; at < prices.length; at += CHUNK) {
    const chunk = prices.slice(at, at + CHUNK)
    await tx.run(sql`
      insert into shadow_prices (variant_id, location_id, price, run_id)
      select variant_id, location_id, price, ${run.id}::uuid
      from ${rowsOf(chunk, { variant_id: 'uuid', location_id: 'uuid', price: 'float8' })} order by variant_id, location_id
      on conflict (variant_id, location_id) do update set price = excluded.price, run_id = excluded.run_id`)
  }
  await tx.run(sql`delete from shadow_prices where run_id <> ${run.id}`)
  return true
}

/** Prices that nobody has learned anew for so long say nothing any more. */
export const MAX_PRICE_AGE_MS = 2 * DAY_MS

/** The prices of these variants, by variant and location; none where they are too old. One query. */
export async function pricesOf(db: Queryable, variant_ids: readonly string[], now: Date): Promise<Map<string, number>> {
  if (variant_ids.length === 0) return new Map()
  const rows = await db.rows<ShadowPrice>(sql`
    select p.variant_id, p.location_id, p.price from ${rowsOf(variant_ids.map((variant_id) => ({ variant_id })), { variant_id: 'uuid' })} join shadow_prices p on p.variant_id = input.variant_id
    where (select at from price_runs order by at desc limit 1) >= ${new Date(now.getTime() - MAX_PRICE_AGE_MS)}::timestamptz`)
  return new Map(rows.map((row) => [keyOf(row), row.price]))
}

export type PriceView = { sku: string; location: string; price: number; sellable: number }

/** The dearest prices first, of all SKUs or of one. */
export function listPrices(db: Queryable, sku: string | undefined, limit: number): Promise<PriceView[]> {
  return db.rows(sql`
    select v.sku, l.code as location, p.price, greatest(0, s.available - s.safety_stock)::int as sellable
    from shadow_prices p join variants v on v.id = p.variant_id join locations l on l.id = p.location_id join stock_levels s on s.variant_id = p.variant_id and s.location_id = p.location_id
    ${sku === undefined ? sql.empty : sql`where v.sku = ${sku}`} order by p.price desc, v.sku, l.code limit ${limit}`)
}
