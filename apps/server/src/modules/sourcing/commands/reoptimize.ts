import { assert, present } from '../../../kernel/assert.ts'
import { ids } from '../../../kernel/id-kinds.ts'
import { newId } from '../../../kernel/ids.ts'
import { formatAmount } from '../../../kernel/money.ts'
import { groupByKey, sumByKey } from '../../../kernel/quantity.ts'
import { addMs, MINUTE_MS } from '../../../kernel/time.ts'
import { SYSTEM } from '../../../platform/caller.ts'
import { command } from '../../../platform/command.ts'
import type { Database, Tx } from '../../../platform/db.ts'
import type { NewEvent } from '../../../platform/events.ts'
import type { JobDefinition } from '../../../platform/jobs.ts'
import type { Runtime } from '../../../platform/module.ts'
import { applyMovements, lockLevels, stockEvents, type Levels } from '../../inventory/index.ts'
import { lockOrders } from '../../orders/index.ts'
import { changesOf, chooseMoves, newPlaces } from '../commit-moves.ts'
import { insertDecisions } from '../decisions.db.ts'
import { improvePlans, type Cost, type Move } from '../improve.ts'
import { lockPendingClaims, pendingOrders } from '../pending.db.ts'
import { limitsOf } from '../plan-stock.ts'
import { readPendingWorld } from '../queries/pending-world.ts'
import { currentSettings } from '../queries/settings.ts'
import { addClaims, addLoads, lockLoads, shrinkClaims } from '../sourcing.db.ts'
import type { Objective } from '../strategy.ts'

export type Moved = { order_id: string; decision_id: string | null; saved: number; from: string[]; to: string[] }

/**
 * Moves claims of orders that nobody works on to where they cost less, all at once: orders, claims, days and levels are
 * locked in the house's order, and what has changed since it was planned stays as it is.
 */
export const moveClaims = command('sourcing.move_claims', 'orders:source', async ({ tx, now, caller, emit, audit }, { moves }: { moves: readonly Move[] }): Promise<{ moved: Moved[] }> => {
  await lockOrders(tx, moves.map(({ order_id }) => order_id))
  const claims = groupByKey((await lockPendingClaims(tx, moves.map(({ order_id }) => order_id))).map(({ order_line_id, ...claim }) => ({ ...claim, line_id: order_line_id })), ({ order_id }) => order_id)
  const { locations } = await currentSettings(tx, now)
  const places = new Set(moves.flatMap(newPlaces).map(({ location_id }) => location_id))
  const limited = limitsOf(locations, now).filter(({ location_id }) => places.has(location_id))
  const loads = await lockLoads(tx, limited)
  const room = new Map(limited.map(({ location_id, capacity }) => [location_id, capacity - (loads.get(location_id) ?? 0)]))
  const levels = await lockLevels(tx, moves.flatMap(({ before, after }) => [...before, ...after]), now)
  const chosen = chooseMoves(moves, { claims, room, levels })
  if (chosen.length === 0) return { moved: [] }
  const orders = sumByKey(chosen.flatMap(newPlaces), ({ location_id }) => location_id, () => 1)
  assert(await addLoads(tx, limited.flatMap((one) => (orders.has(one.location_id) ? [{ ...one, orders: orders.get(one.location_id)! }] : []))), 'there is room for what was chosen')
  const by = { at: now, caller_id: caller.id }
  const codes = new Map(locations.map(({ id, code }) => [id, code]))
  const moved = chosen.map((move) => ({
    order_id: ids.order.show(move.order_id), decision_id: newId(now.getTime()), saved: saving(move),
    from: placesOf(move.before, codes), to: placesOf(move.after, codes),
  }))
  await insertDecisions(tx, chosen.map(({ order_id, decision }, index) => ({ id: moved[index]!.decision_id, order_id, at: now, trigger: 'reoptimization', decision })))
  const stockNews = await moveUnits(tx, chosen, levels, by)
  emit(...chosen.map((move, index) => eventOf(move, moved[index]!)), ...stockNews)
  audit({ subject_id: chosen[0]!.order_id, changes: { orders_moved: { before: null, after: chosen.length } } })
  return { moved: moved.map((one) => ({ ...one, decision_id: ids.decision.show(one.decision_id) })) }
}, ({ moves }) => moves.map(({ order_id }) => order_id))

function placesOf(claims: readonly { location_id: string }[], codes: ReadonlyMap<string, string>): string[] {
  return [...new Set(claims.map(({ location_id }) => codes.get(location_id) ?? location_id))].sort()
}

/** What is given back comes first: others take it. */
async function moveUnits(tx: Tx, moves: readonly Move[], levels: Levels, by: { at: Date; caller_id: string }): Promise<NewEvent[]> {
  await shrinkClaims(tx, moves.flatMap(({ before }) => before.map(({ line_id, location_id, quantity }) => ({ order_line_id: line_id, location_id, quantity, released: 0 }))))
  await addClaims(tx, moves.flatMap(({ order_id, after }) => after.map(({ line_id, variant_id, location_id, quantity }) => ({ order_line_id: line_id, order_id, variant_id, location_id, quantity }))))
  const changes = moves.flatMap((move) => changesOf(move).map((change) => ({ ...change, cause_kind: 'order', cause_id: move.order_id, reason: 'reoptimization', ...by })))
  const applied = await applyMovements(tx, [
    ...changes.filter(({ quantity }) => quantity < 0).map((change) => ({ ...change, quantity: -change.quantity, from_state: 'allocated' as const, to_state: 'available' as const })),
    ...changes.filter(({ quantity }) => quantity > 0).map((change) => ({ ...change, from_state: 'available' as const, to_state: 'allocated' as const })),
  ], levels)
  return (await stockEvents(tx, applied)).map(({ event }) => event)
}

function eventOf({ order_id, after, decision: { cost } }: Move, { decision_id, saved, from, to }: Moved & { decision_id: string }): NewEvent {
  const { currency } = present(cost, 'a move is of a rule that chooses by cost')
  return {
    type: 'order.reallocated', order_id,
    data: {
      order_id: ids.order.show(order_id), decision_id: ids.decision.show(decision_id), from, to, saved: { amount: formatAmount(BigInt(saved), currency), currency },
      allocations: after.map(({ line_id, location_id, quantity }) => ({ line_id: ids.line.show(line_id), location_id: ids.location.show(location_id), quantity })),
    },
  }
}

/** Orders that are planned together. */
const CHUNK = 500

export type Reoptimization = { orders_seen: number; cost_before: number; cost_after: number; currency: string | null; moved: Moved[] }

/** `until`: only orders that are handed over by then. `limit`: no more orders than that. */
export type ReoptimizeOptions = { dry_run: boolean; wanted: (objective: Objective) => boolean; until?: Date; limit?: number }

/**
 * Routes pending orders again, a chunk at a time. Planning happens outside of any transaction and in slices. A dry run
 * moves nothing and says what it would. `move` runs the command.
 */
export async function reoptimize(db: Database, now: Date, move: (moves: readonly Move[]) => Promise<{ moved: Moved[] }>, { dry_run, wanted, until, limit = Infinity }: ReoptimizeOptions): Promise<Reoptimization> {
  const result: Reoptimization = { orders_seen: 0, cost_before: 0, cost_after: 0, currency: null, moved: [] }
  for (let after: string | null = null, left = limit; left > 0; left -= CHUNK) {
    const chunk: { id: string }[] = await pendingOrders(db, { after, until, limit: Math.min(CHUNK, left) })
    if (chunk.length === 0) break
    after = chunk.at(-1)!.id
    const settings = await currentSettings(db, now)
    const world = await readPendingWorld(db, settings, chunk.map(({ id }) => id), now)
    if (world === null) break
    const { moves, cost_before, orders } = await inSlices(improvePlans({ ...world, wanted }))
    const moved = moves.length === 0 ? [] : dry_run ? wouldMove(moves, settings.locations) : (await move(moves.map(withBefore))).moved
    result.currency = world.economics.model.currency
    result.orders_seen += orders
    result.cost_before += cost_before.total
    result.cost_after += cost_before.total - moved.reduce((sum, { saved }) => sum + saved, 0)
    result.moved.push(...moved)
  }
  return result
}

function wouldMove(moves: readonly Move[], locations: readonly { id: string; code: string }[]): Moved[] {
  const codes = new Map(locations.map(({ id, code }) => [id, code]))
  return moves.map((move) => ({ order_id: ids.order.show(move.order_id), decision_id: null, saved: saving(move), from: placesOf(move.before, codes), to: placesOf(move.after, codes) }))
}

const saving = ({ cost_before, cost_after }: { cost_before: Cost; cost_after: Cost }): number => cost_before.total - cost_after.total

/** The decision says what the order cost before. */
function withBefore(move: Move): Move {
  const { cost } = move.decision
  return cost === undefined ? move : { ...move, decision: { ...move.decision, cost: { ...cost, before: move.cost_before.total } } }
}

/** Runs it to its end and lets the process do something else whenever it yields. */
async function inSlices<Result>(work: Generator<undefined, Result>): Promise<Result> {
  for (let step = work.next(); ; step = work.next()) {
    if (step.done === true) return step.value
    await new Promise((resolve) => { setImmediate(resolve) })
  }
}

/** Orders are routed a last time so long before they are handed over. */
const BEFORE_RELEASE_MS = 10 * MINUTE_MS

/** Every five minutes: orders of rules that ask for it, and waves before they are handed over. */
export const reoptimizeJob = ({ db, executor, clock }: Runtime): JobDefinition => ({
  name: 'sourcing.reoptimize',
  cron: '*/5 * * * *',
  run: async () => {
    const now = clock.now(new Date())
    const { strategy } = await currentSettings(db, now)
    const asks = (of: (objective: Objective) => boolean): boolean => strategy.rules.some(({ objective }) => objective !== undefined && of(objective))
    const move = async (moves: readonly Move[]) => (await executor.run(moveClaims, { moves }, { caller: SYSTEM, request_id: 'job:sourcing.reoptimize' })).output
    const again = ({ reoptimize: switched }: Objective): boolean => switched === true
    const waves = ({ wave_minutes }: Objective): boolean => wave_minutes !== undefined
    if (asks(again)) await reoptimize(db, now, move, { dry_run: false, wanted: again })
    if (asks(waves)) await reoptimize(db, now, move, { dry_run: false, wanted: waves, until: addMs(now, BEFORE_RELEASE_MS) })
  },
})
