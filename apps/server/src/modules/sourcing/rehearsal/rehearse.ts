import type { Tx } from '../../../platform/db.ts'
import { findNetworks } from '../decisions.db.ts'
import { readFacts } from '../facts.ts'
import { readEconomics } from '../queries/settings.ts'
import type { Strategy } from '../strategy.ts'
import { cancellationsOfPeriod, countDecisions, customersOf, decisionsOfRuns, endOfPeriod, lastMovements, locationIds, movementsOfPeriod, openingStock, policiesSince, runsOfPeriod, type Period } from './past.db.ts'
import { setFigure } from './figures.ts'
import { createNetwork, type PastNetwork } from './plan-past.ts'
import { createReplay, takeStep, type Flip, type PastDecision, type Replay } from './replay.ts'
import { tally, type Tally } from './tally.ts'
import { groupTransactions, orderSteps, type PastRun, type Step, type Transaction } from './timeline.ts'
import { changeAvailable, worldsOf } from './world.ts'

/** Runs whose decisions are read at once. */
const CHUNK = 400

export type Rehearsed = { past: Tally; candidates: (Tally & { flipped_decisions: number })[] }

export type RehearsalHooks = {
  /** Called between the steps: what else the process has to do is done there. False ends the rehearsal. */
  pause: (done: number, total: number) => Promise<boolean>
  /** Takes the flips of a candidate as they come. */
  flips: (candidate: number, flips: readonly Flip[]) => Promise<void>
}

/**
 * Replays a period under each of the strategies, on one snapshot of the database, and says what came of it beside what
 * happened. Reads only. Undefined where it was ended before.
 */
export async function rehearse(tx: Tx, period: Period, strategies: readonly Strategy[], inScope: (channelId: string) => boolean, hooks: RehearsalHooks): Promise<Rehearsed | undefined> {
  const replay = createReplay(strategies, inScope)
  const total = await countDecisions(tx, period)
  const { steps, transactions } = await openPast(tx, period, replay)
  const looks = steps.flatMap((step) => (step.kind === 'look' ? [step.run] : []))
  const networks = await loadNetworks(tx, looks)
  let decisions = new Map<string, PastDecision[]>()
  let read = 0
  let done = 0
  for (const step of steps) {
    if (step.kind === 'look' && !decisions.has(step.run.id)) {
      const chunk = looks.slice(read, read + CHUNK)
      read += CHUNK
      decisions = await decisionsOfRuns(tx, chunk)
      // Those of a run may be gone with the partition they were in.
      for (const { id } of chunk) if (!decisions.has(id)) decisions.set(id, [])
      await lookUpToday(tx, replay, chunk, [...decisions.values()].flat())
    }
    takeStep(replay, step, (run) => ({ network: networks.get(run.network_id)!, decisions: decisions.get(run.id)! }), (run) => transactions.get(run.transaction_id))
    if (step.kind !== 'look') continue
    done += decisions.get(step.run.id)!.length
    await handOver(replay, hooks, 500)
    if (!(await hooks.pause(done, total))) return undefined
  }
  await handOver(replay, hooks, 1)
  const latest = new Map([...networks.values()].flatMap(({ locations }) => locations.map((location) => [location.id, location] as const)))
  const sum = (world: Replay['past']): Tally => tally(world, (id) => latest.get(id), inScope)
  return { past: sum(replay.past), candidates: replay.trials.map(({ world, flipped }) => ({ ...sum(world), flipped_decisions: flipped })) }
}

/** What candidates ask for that those in use did not, and so nobody wrote down: as it is today. */
async function lookUpToday(tx: Tx, { trials }: Replay, runs: readonly PastRun[], decisions: readonly PastDecision[]): Promise<void> {
  const now = tx.started_at
  for (const { strategy, needs, today } of trials) {
    today.economics ??= (await readEconomics(tx, strategy, now)).economics
    if ([...needs].every((need) => runs.every(({ facts }) => facts.needs?.includes(need)))) continue
    const variants = decisions.flatMap(({ lines }) => [...lines.values()].map(({ variant_id }) => variant_id))
    const orders = needs.has('customer') ? await customersOf(tx, [...new Set(decisions.map(({ order_id }) => order_id))]) : []
    today.facts = await readFacts(tx, strategy, variants, orders, now)
  }
}

/** Gives the flips away when there are so many. */
async function handOver({ trials }: Replay, hooks: RehearsalHooks, least: number): Promise<void> {
  for (const [candidate, trial] of trials.entries()) {
    if (trial.flips.length < least) continue
    const flips = trial.flips.splice(0)
    trial.flipped += flips.length
    await hooks.flips(candidate, flips)
  }
}

/** Everything that happened, in order, and the stock with which it began. */
async function openPast(tx: Tx, period: Period, replay: Replay): Promise<{ steps: Step[]; transactions: ReadonlyMap<number, Transaction> }> {
  const runs = await runsOfPeriod(tx, period)
  const first = orderSteps(runs, []).find((step) => step.kind === 'look')
  if (first?.kind !== 'look') return { steps: [], transactions: new Map() }
  const beginning = { snapshot: (first.run as (typeof runs)[number]).seen, last_movement_id: first.run.last_movement_id }
  const end = await endOfPeriod(tx, period)
  const policies = await policiesSince(tx, beginning)
  // Places of all locations first: rows that grow are copied.
  for (const location_id of await locationIds(tx)) replay.past.available.places.set(location_id, replay.past.available.places.size)
  for (const { variant_id, location_id, available, safety_stock } of await openingStock(tx, beginning, period)) {
    if (available !== 0) for (const world of worldsOf(replay)) changeAvailable(world, variant_id, location_id, available)
    if (safety_stock !== 0) setFigure(replay.safety, variant_id, location_id, safety_stock)
  }
  for (const { variant_id, location_id, before } of policies.toReversed()) setFigure(replay.safety, variant_id, location_id, before)
  const transactions = groupTransactions(runs, await movementsOfPeriod(tx, beginning, end, period), await cancellationsOfPeriod(tx, period), policies, await lastMovements(tx, beginning, end))
  return { steps: orderSteps(runs, transactions), transactions: new Map(transactions.map((transaction) => [transaction.id, transaction])) }
}

async function loadNetworks(tx: Tx, runs: readonly PastRun[]): Promise<Map<string, PastNetwork>> {
  const rows = await findNetworks(tx, [...new Set(runs.map(({ network_id }) => network_id))])
  return new Map(rows.map(({ id, content }) => [id, createNetwork(id, content)]))
}
