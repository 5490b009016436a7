import { refuse, type Refusal } from '../../kernel/problem.ts'
import type { Queryable, Tx } from '../../platform/db.ts'
import type { NewEvent } from '../../platform/events.ts'
import { lockLevels, namePairs, writeMovements } from './levels.db.ts'
import { openLedger, type Crossing, type DeficitRise, type Ledger, type Movement, type MovementGroup, type Shortage } from './movements.ts'
import { keyOf, type Level, type Levels, type Pair } from './stock.ts'

export type Applied = {
  /** The touched levels after the movements. */
  levels: Level[]
  deficits: DeficitRise[]
  crossings: Crossing[]
}

/**
 * Moves units, all or nothing: the only writer of balances and movements. Locks the levels in key order, creating those
 * that are missing, unless the caller hands in `locked` ones, which then carry the new balances. Refuses with
 * `insufficient_stock` where a balance would fall below zero. Two round trips, or one on levels locked before.
 */
export async function applyMovements(tx: Tx, movements: readonly Movement[], locked?: Levels): Promise<Applied> {
  const { shortages, ...applied } = await tryMovements(tx, [{ movements }], locked)
  if (shortages[0] !== undefined) throw await insufficientStock(tx, shortages[0])
  return applied
}

/**
 * The same for the items of a batch: each group happens or not, in the order given, and takes from what those before it
 * left. Answers for each group what it lacked, or undefined where it happened.
 */
export async function tryMovements(tx: Tx, groups: readonly MovementGroup[], locked?: Levels): Promise<Applied & { shortages: (readonly Shortage[] | undefined)[] }> {
  const movements = groups.flatMap((group) => group.movements)
  if (movements.length === 0) return { levels: [], deficits: [], crossings: [], shortages: groups.map(() => undefined) }
  const work = openWork(tx, locked ?? await lockLevels(tx, movements, latest(movements)))
  const shortages = groups.map(work.move)
  return { ...(await work.write()), shortages }
}

/** A ledger on locked levels whose movements can be written. */
export type Work = Pick<Ledger, 'level' | 'move'> & { write: () => Promise<Applied> }

function openWork(tx: Tx, levels: Levels): Work {
  const { level, move, close } = openLedger(levels)
  return {
    level, move,
    write: async () => {
      const decision = close()
      await writeMovements(tx, decision)
      for (const after of decision.after) levels.set(keyOf(after), after)
      return { levels: decision.after, deficits: decision.deficits, crossings: decision.crossings }
    },
  }
}

/** Locks the levels of these pairs, for commands that look at the balances before they say what moves. */
export async function workOn(tx: Tx, pairs: readonly Pair[], at: Date): Promise<Work> {
  return openWork(tx, await lockLevels(tx, pairs, at))
}

function latest(movements: readonly Movement[]): Date {
  return movements.reduce((at, movement) => (movement.at > at ? movement.at : at), movements[0]!.at)
}

/** The refusal that names what is short, for callers who know SKUs and location codes. */
export async function insufficientStock(db: Queryable, shortages: readonly Shortage[]): Promise<Refusal> {
  const names = await namePairs(db, shortages)
  const named = shortages.map((shortage) => ({ ...names.get(keyOf(shortage))!, state: shortage.state, balance: shortage.balance, short_by: shortage.short_by }))
  const first = named[0]!
  return refuse('insufficient_stock', `${first.sku} at ${first.location} has ${first.balance} ${first.state.replace('_', ' ')}, ${first.short_by} too few. Nothing was moved.`, { shortages: named })
}

export type StockEvent = { group: number; event: NewEvent }

/**
 * The events that follow from balances alone: units for sale ran out or came back, promised units are missing. Every
 * command that moves units emits them beside its own; `group` says to which item of a batch they belong.
 */
export async function stockEvents(db: Queryable, { deficits, crossings }: Pick<Applied, 'deficits' | 'crossings'>): Promise<StockEvent[]> {
  if (deficits.length === 0 && crossings.length === 0) return []
  const names = await namePairs(db, [...deficits, ...crossings])
  return [
    ...deficits.map((rise) => ({
      group: rise.group,
      event: { type: 'stock.deficit', subject_id: rise.variant_id, data: { ...names.get(keyOf(rise))!, quantity: rise.added, deficit: rise.deficit } },
    })),
    ...crossings.map((crossing) => ({
      group: crossing.group,
      event: { type: crossing.sellable > 0 ? 'stock.back' : 'stock.out', subject_id: crossing.variant_id, data: { ...names.get(keyOf(crossing))!, sellable: crossing.sellable } },
    })),
  ]
}
