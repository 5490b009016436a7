import { present } from '../../../kernel/assert.ts'
import type { Queryable } from '../../../platform/db.ts'
import { findNetworks, type DecisionRow } from '../decisions.db.ts'
import { planOrder } from '../plan.ts'
import type { Question } from '../smallest-change.ts'
import { copyStockView } from '../stock-view.ts'
import { createFigures, setFigure } from './figures.ts'
import { decisionsOfRuns, findRun, figuresSeen, type Beginning } from './past.db.ts'
import { createNetwork, viewTurns, type Grounds, type Turn } from './plan-past.ts'
import { demandOf, economicsThen, levelsThen, takenBy, type PastDecision } from './replay.ts'
import { findVersions } from './rehearsals.db.ts'
import { parseSnapshot, type PastRun } from './timeline.ts'
import { changeAvailable, createWorld } from './world.ts'

/**
 * What an order was planned on: its demand, the locations as they were, and the stock that its run saw, less what orders
 * before it in the run had taken. Undefined where that was not kept, or where the planner of today decides otherwise.
 */
export async function lookAgain(db: Queryable, row: DecisionRow): Promise<Question | undefined> {
  if (row.run_id === null || row.network_id === null) return undefined
  const found = await findRun(db, row.run_id)
  const [stored] = await findNetworks(db, [row.network_id])
  if (found === undefined || stored === undefined) return undefined
  const run: PastRun = { ...found, snapshot: parseSnapshot(found.seen) }
  const network = createNetwork(stored.id, stored.content)
  const decisions = (await decisionsOfRuns(db, [run])).get(run.id) ?? []
  const decision = decisions.find(({ id }) => id === row.id)
  const demand = decision === undefined ? undefined : demandOf(run, decision)
  const [version] = await findVersions(db, [`${run.strategy}@${run.strategy_version}`])
  if (decision === undefined || demand === undefined || version === undefined) return undefined
  const strategy = { id: version.code, version: version.strategy_version, name: version.title, rules: version.definition.rules }
  const { world, safety } = await seenBy(db, { snapshot: found.seen, last_movement_id: run.last_movement_id }, run.transaction_id, demand.lines.map(({ variant_id }) => variant_id))
  const economics = economicsThen(strategy, { run, network })
  const grounds: Grounds = {
    world, safety, network, now: run.at, capacity: new Map(Object.entries(run.facts.capacity ?? {}).map(([position, left]) => [Number(position), left])), queued: (variantId) => run.facts.queued?.[variantId] ?? 0,
    economics, levels: levelsThen({ run, network }), given_back: [], locked: run.facts.locked ?? [],
  }
  const stock = viewTurns([...turnsBefore(run, decisions, decision.place, network), { demand }], grounds)
  const question: Question = { demand, candidates: network.candidates.map((candidate) => ({ ...candidate })), stock, strategy, economics }
  return isSame(question, decision, network) ? question : undefined
}

function turnsBefore(run: PastRun, decisions: readonly PastDecision[], place: number, network: Grounds['network']): Turn[] {
  const orders = decisions.filter((one) => one.place < place).map((decision) => ({ place: decision.place, turn: takenBy(run, decision, network) }))
  const dropped = (run.facts.dropped ?? []).filter((one) => one.place < place).map((one) => ({ place: one.place, turn: { ...one, serving: [] } }))
  return [...orders, ...dropped].toSorted((a, b) => a.place - b.place).map(({ turn }) => turn)
}

async function seenBy(db: Queryable, beginning: Beginning, transactionId: number, variantIds: readonly string[]): Promise<Pick<Grounds, 'world' | 'safety'>> {
  const places = new Map<string, number>()
  const [world, safety] = [createWorld(places), createFigures(places)]
  for (const { variant_id, location_id, available, safety_stock } of await figuresSeen(db, beginning, transactionId, variantIds)) {
    changeAvailable(world, variant_id, location_id, available)
    setFigure(safety, variant_id, location_id, safety_stock)
  }
  return { world, safety }
}

function isSame({ demand, candidates, stock, strategy, economics }: Question, decision: PastDecision, { locations }: Grounds['network']): boolean {
  const plan = planOrder(demand, candidates, copyStockView(stock), strategy, undefined, economics)
  const numbers = new Map([...decision.lines].map(([number, { line_id }]) => [line_id, number]))
  const now = plan.allocations.map(({ line_id, location_id, quantity }) => `${present(numbers.get(line_id), 'planned units are of the order')} ${location_id} ${quantity}`)
  const then = decision.record.chosen.flatMap(([place, , lines]) => lines.map(([number, quantity]) => `${number} ${typeof place === 'number' ? locations[place]!.id : place} ${quantity}`))
  return plan.decision.outcome === decision.outcome && now.toSorted().join() === then.toSorted().join()
}
