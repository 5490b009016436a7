import { assert, present } from '../../kernel/assert.ts'
import type { Queryable, Tx } from '../../platform/db.ts'
import { arrayOf, rowsOf, sql } from '../../platform/sql.ts'
import type { MovementDecision } from './movements.ts'
import { distinctPairs, keyOf, STATES, type Level, type Levels, type Pair, type State } from './stock.ts'

/** Of `stock_levels l`, as `Level` has them. */
export const LEVEL_COLUMNS = sql.raw(`l.variant_id, l.location_id, ${STATES.map((state) => `l.${state}`).join(', ')}, l.safety_stock, l.counted_at`)
const EMPTY_LEVEL = sql.raw(`variant_id, location_id, ${STATES.map(() => '0').join(', ')}, 0, null::timestamptz`)

/** A level that a rival created between our look and our try is seen at the second look. */
const MAX_LOOKS = 3

/**
 * Locks the levels of these pairs in (variant, location) order until the commit and answers their balances; a level
 * that is not there yet is created empty. One round trip. Take every lock of a transaction in one call where you can:
 * two calls may meet a rival that takes them the other way round.
 */
export async function lockLevels(tx: Tx, pairs: readonly Pair[], at: Date): Promise<Levels> {
  const levels: Levels = new Map()
  let wanted = distinctPairs(pairs)
  for (let look = 0; wanted.length > 0; look++) {
    assert(look < MAX_LOOKS, 'a level that could not be created is there')
    for (const level of await lockOrCreate(tx, wanted, at)) levels.set(keyOf(level), level)
    wanted = wanted.filter((pair) => !levels.has(keyOf(pair)))
  }
  return levels
}

/**
 * Locks further levels where some are `held` already. A level is never locked beside those, which could meet a rival that
 * takes them the other way round: all are given up and locked anew in their order. Answers all of them, or `held` itself
 * where none was missing. What is written after the first call is undone by the next.
 */
export async function lockFurtherLevels(tx: Tx, held: Levels, pairs: readonly Pair[], at: Date): Promise<Levels> {
  const missing = pairs.filter((pair) => !held.has(keyOf(pair)))
  if (missing.length === 0) return held
  await tx.run(held.size === 0 ? sql`savepoint before_levels` : sql`rollback to savepoint before_levels`)
  return lockLevels(tx, [...held.values(), ...missing], at)
}

function lockOrCreate(tx: Tx, pairs: readonly Pair[], at: Date): Promise<Level[]> {
  return tx.rows(sql`
    with wanted as materialized (
      select variant_id, location_id from ${rowsOf(pairs, { variant_id: 'uuid', location_id: 'uuid' })}
    ), locked as (
      select ${LEVEL_COLUMNS} from wanted w join stock_levels l on l.variant_id = w.variant_id and l.location_id = w.location_id
      order by l.variant_id, l.location_id for no key update of l
    ), created as (
      insert into stock_levels (variant_id, location_id, updated_at)
      select w.variant_id, w.location_id, ${at}::timestamptz from wanted w
      where not exists (select from stock_levels l where l.variant_id = w.variant_id and l.location_id = w.location_id)
      order by w.variant_id, w.location_id
      on conflict do nothing
      returning variant_id, location_id
    )
    select * from locked union all select ${EMPTY_LEVEL} from created`)
}

const ENTRY_COLUMNS = {
  at: 'timestamptz', variant_id: 'uuid', location_id: 'uuid', from_state: 'text', to_state: 'text', quantity: 'int', reason: 'text',
  cause_kind: 'text', cause_id: 'uuid', caller_id: 'uuid', note: 'text',
} as const

/** Writes what was decided on locked levels: the movements and the balances they add up to, in one statement. */
export async function writeMovements(tx: Tx, { entries, changes }: Pick<MovementDecision, 'entries' | 'changes'>): Promise<void> {
  if (entries.length === 0) return
  // Only columns that change are named: the same few statements come again and again.
  const states = STATES.filter((state) => changes.some((change) => change[state] !== 0))
  const deltas = Object.fromEntries(states.map((state) => [state, 'int'])) as Partial<Record<State, 'int'>>
  const columns = sql.raw(Object.keys(ENTRY_COLUMNS).join(', '))
  const written = await tx.run(sql`
    with moved as (
      insert into stock_movements (${columns}) select ${columns} from ${rowsOf(entries, ENTRY_COLUMNS)} order by ordinal
    )
    update stock_levels l set ${sql.raw(states.map((state) => `${state} = l.${state} + input.${state},`).join(' '))} updated_at = greatest(l.updated_at, input.at)
    from ${rowsOf(changes, { variant_id: 'uuid', location_id: 'uuid', at: 'timestamptz', ...deltas })}
    where l.variant_id = input.variant_id and l.location_id = input.location_id`)
  assert(written === changes.length, 'every locked level is there to be written')
}

/** What may be sold of a variant at a location; levels with nothing to sell are left out. */
export type SellableLevel = Pair & { available: number; safety_stock: number }

/** What a look at the stock has seen: the movements that the snapshot sees, up to the last one there was. From it the figures can be rebuilt. */
export type Look = { snapshot: string; last_movement_id: bigint }

/** Levels with something to sell, and the units of each variant for which orders wait. */
export type SellableStock = { levels: readonly SellableLevel[]; backordered: ReadonlyMap<string, number> }

/** Where these variants can be sold from and how many units orders wait for, unlocked: where planning begins. One query, and so one snapshot. */
export async function readSellable(db: Queryable, variant_ids: readonly string[]): Promise<SellableStock & { look: Look }> {
  const rows = await db.rows<{ variant_id: string | null; location_id: string | null; available: number; safety_stock: number; look: string | null }>(sql`
    with wanted as materialized (select variant_id from ${rowsOf(variant_ids.map((variant_id) => ({ variant_id })), { variant_id: 'uuid' })})
    select l.variant_id, l.location_id, l.available, l.safety_stock, null as look
    from wanted w join stock_levels l on l.variant_id = w.variant_id where l.available > l.safety_stock
    union all
    select o.variant_id, null, sum(o.backordered)::int, 0, null
    from wanted w join order_lines o on o.variant_id = w.variant_id where o.backordered > 0 group by o.variant_id
    union all
    select null, null, 0, 0, pg_current_snapshot()::text || ' ' || last_value from stock_movements_id_seq`)
  const levels: SellableLevel[] = []
  const backordered = new Map<string, number>()
  let look: Look | undefined
  for (const row of rows) {
    const { variant_id, location_id, available, safety_stock } = row
    if (variant_id === null) look = lookOf(present(row.look, 'the row without a variant says what was seen'))
    else if (location_id === null) backordered.set(variant_id, available)
    else levels.push({ variant_id, location_id, available, safety_stock })
  }
  return { levels, backordered, look: present(look, 'every look says what it saw') }
}

function lookOf(text: string): Look {
  const [snapshot, last] = text.split(' ')
  return { snapshot: snapshot!, last_movement_id: BigInt(last!) }
}

/** The levels of these variants, at all locations or at those given. */
export function readLevels(db: Queryable, variant_ids: readonly string[], location_ids?: readonly string[]): Promise<Level[]> {
  return db.rows(sql`
    select ${LEVEL_COLUMNS} from stock_levels l
    where l.variant_id = any(${arrayOf(variant_ids, 'uuid')}) ${location_ids === undefined ? sql.empty : sql`and l.location_id = any(${arrayOf(location_ids, 'uuid')})`}
    order by l.variant_id, l.location_id`)
}

/** Sets the policy at locked levels. */
export async function writeSafetyStock(tx: Tx, rows: readonly (Pair & { safety_stock: number })[], at: Date): Promise<void> {
  await tx.run(sql`
    update stock_levels l set safety_stock = input.safety_stock, updated_at = greatest(l.updated_at, ${at}::timestamptz)
    from ${rowsOf(rows, { variant_id: 'uuid', location_id: 'uuid', safety_stock: 'int' })}
    where l.variant_id = input.variant_id and l.location_id = input.location_id`)
}

/** Sets where in the location the SKU lies, at locked levels. */
export async function writeBins(tx: Tx, rows: readonly (Pair & { bin: string | null })[]): Promise<void> {
  await tx.run(sql`
    update stock_levels l set bin = input.bin
    from ${rowsOf(rows, { variant_id: 'uuid', location_id: 'uuid', bin: 'text' })}
    where l.variant_id = input.variant_id and l.location_id = input.location_id`)
}

/** Notes at locked levels when somebody last looked. */
export async function writeCountedAt(tx: Tx, rows: readonly (Pair & { counted_at: Date })[]): Promise<void> {
  await tx.run(sql`
    update stock_levels l set counted_at = greatest(l.counted_at, input.counted_at), updated_at = greatest(l.updated_at, input.counted_at)
    from ${rowsOf(rows, { variant_id: 'uuid', location_id: 'uuid', counted_at: 'timestamptz' })}
    where l.variant_id = input.variant_id and l.location_id = input.location_id`)
}

/** How the SKUs and locations of these pairs are called outside, for events and refusals. */
export async function namePairs(db: Queryable, pairs: readonly Pair[]): Promise<Map<string, { sku: string; location: string }>> {
  if (pairs.length === 0) return new Map()
  const named = await db.rows<Pair & { sku: string; location: string }>(sql`
    select input.variant_id, input.location_id, v.sku, l.code as location
    from ${rowsOf(distinctPairs(pairs), { variant_id: 'uuid', location_id: 'uuid' })}
      join variants v on v.id = input.variant_id join locations l on l.id = input.location_id`)
  return new Map(named.map((row) => [keyOf(row), { sku: row.sku, location: row.location }]))
}
