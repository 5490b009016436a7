import { present } from '../../../kernel/assert.ts'
import { sumByKey } from '../../../kernel/quantity.ts'
import { localTime } from '../../../kernel/time.ts'
import type { Decision } from '../decision.ts'
import type { Need } from '../criterion.ts'
import { readAsked, type DecisionRecord, type LineOfOrder } from '../decision-record.ts'
import type { Demand } from '../demand.ts'
import type { Economics } from '../economics.ts'
import { itemFactsOf, type Facts } from '../facts.ts'
import { needsOf } from '../needs.ts'
import { keyOf } from '../../inventory/index.ts'
import type { NetworkLocation } from '../network.ts'
import type { Allocation, Plan } from '../plan.ts'
import type { Strategy } from '../strategy.ts'
import { applyTransaction, givenBackBefore, type Units } from './events-of-the-past.ts'
import { createFigures, figureAt, type Figures, type Places } from './figures.ts'
import { planTurns, type Grounds, type PastNetwork, type Turn } from './plan-past.ts'
import type { PastRun, Step, Transaction } from './timeline.ts'
import { addTo, changeAvailable, changeWaiting, claim, createWorld, hold, lineOf, openBook, waitingUnits, worldsOf, type Book, type World } from './world.ts'

/** A decision of the past with what its order tells. */
export type PastDecision = {
  id: string; order_id: string; channel_id: string; place: number; trigger: string; at: Date; outcome: Decision['outcome']; record: DecisionRecord
  /** The lines of the order by their numbers. */
  lines: ReadonlyMap<number, LineOfOrder>
}

/** A run with its decisions in order. */
export type LoadedRun = { network: PastNetwork; decisions: readonly PastDecision[] }

/** A choice that a candidate made otherwise; no plan where the order needed nothing any more. */
export type Flip = { decision: PastDecision; network: PastNetwork; plan: Plan | undefined }

/** A strategy on trial, with the world it makes. */
export type Trial = {
  strategy: Strategy; world: World; flips: Flip[]; flipped: number
  needs: ReadonlySet<Need>
  /** As they are now: where the rules ask for what those of then did not, nobody has written down what it was. */
  today: { facts: Facts | undefined; economics: Economics | undefined }
}

/**
 * The past, step by step, and beside it the worlds that the candidate strategies would have made of it. What sourcing did
 * not do happens in all worlds alike; what it did is done by each strategy anew, on the stock that its own choices left.
 */
export type Replay = {
  past: World
  trials: readonly Trial[]
  /** A policy, the same in all worlds. */
  safety: Figures
  inScope: (channelId: string) => boolean
  /** Runs between their look and their commit, and the orders they hold. */
  open: Map<string, OpenRun>
  busy: Set<string>
  latest: OpenRun | undefined
}

type Asked = { decision: PastDecision; demand: Demand | undefined; book: Book }
/** A demand as it is in one world, and its plan there. */
type Planned = { demand: Demand; plan: Plan }
type OpenRun = LoadedRun & {
  run: PastRun; asked: Asked[]; given_back: ReadonlyMap<World, Units[]>; plans: Map<Trial, Map<string, Planned>>
  /** Orders of the day that limited locations had room for before the past gave them any, by position. */
  room: ReadonlyMap<number, number>
}

export function createReplay(strategies: readonly Strategy[], inScope: (channelId: string) => boolean): Replay {
  const places: Places = new Map()
  return { past: createWorld(places), trials: strategies.map((strategy) => ({ strategy, world: createWorld(places), flips: [], flipped: 0, needs: needsOf(strategy.rules), today: { facts: undefined, economics: undefined } })), safety: createFigures(places), inScope, open: new Map(), busy: new Set(), latest: undefined }
}

/** Takes one step; a look brings the run as it was stored. */
export function takeStep(replay: Replay, step: Step, load: (run: PastRun) => LoadedRun, transactionOf: (run: PastRun) => Transaction | undefined): void {
  if (step.kind === 'look') look(replay, step.run, load(step.run), transactionOf(step.run))
  else commit(replay, step.transaction)
}

function look(replay: Replay, run: PastRun, loaded: LoadedRun, transaction: Transaction | undefined): void {
  const given_back = givenBackBefore(replay, transaction?.before ?? [])
  const asked = loaded.decisions.map((decision) => ask(replay, run, decision))
  const room = new Map(Object.entries(run.facts.capacity ?? {}).map(([position, left]) => [Number(position), left + loadAt(replay.past, loaded.network, Number(position), run.at)]))
  const open: OpenRun = { ...loaded, run, asked, given_back, plans: new Map(), room }
  replay.open.set(run.id, open)
  replay.latest = open
  for (const { decision } of asked) replay.busy.add(decision.order_id)
  for (const trial of replay.trials) open.plans.set(trial, planRun(replay, trial, open, true))
}

/** The demand as it was, and the order's book in every world brought in line with it. */
function ask(replay: Replay, run: PastRun, decision: PastDecision): Asked {
  const { record, order_id, channel_id, trigger } = decision
  const demand = demandOf(run, decision)
  let book = replay.past.books.get(order_id)
  if (book === undefined) {
    const placed = demand ?? emptyDemand(order_id, channel_id)
    for (const world of worldsOf(replay)) {
      const opened = openBook(world, placed, decision.at, trigger !== 'capture')
      if (trigger !== 'capture') for (const line of placed.lines) changeWaiting(world, opened, lineOf(opened, line), trigger === 'backorder' ? { backordered: line.quantity } : { open: line.quantity })
      if (world === replay.past) book = opened
    }
  } else if (record.asked !== undefined && demand !== undefined) explainWaiting(replay, book, demand)
  return { decision, demand, book: present(book, 'an order that is asked for has a book') }
}

/** The demand as it was asked; undefined where a reservation had all of it. */
export function demandOf({ facts, at }: PastRun, { record, order_id, channel_id, lines }: PastDecision): Demand | undefined {
  if (record.asked === undefined) return undefined
  return readAsked(record.asked, { order_id, channel_id, asked_at: at }, present(facts.channels[channel_id], 'a run knows the channels of its demands'), (number) => present(lines.get(number), 'the order has the lines that were asked for'))
}

function emptyDemand(order_id: string, channel_id: string): Demand {
  return {
    order_id, channel_id, channel: '', asked_at: new Date(0), location_groups: null, method: 'ship', pickup_location_id: null, shipping_method: 'standard', requested_delivery_date: null, requires: [], destination: null, order_value: null,
    custom_fields: {}, tags: [], customer: null, latest_ship_at: null, buffer: null, on_shortage: 'hold', max_locations: null, serving_location_ids: [], lines: [],
  }
}

/** Units that waited in the past for reasons that nobody told (or no longer waited) do so in every world. */
function explainWaiting(replay: Replay, book: Book, demand: Demand): void {
  const wanted = new Map(demand.lines.map((line) => [line.line_id, line]))
  for (const line of demand.lines) lineOf(book, line)
  for (const [lineId, past] of book.lines) {
    const difference = (wanted.get(lineId)?.quantity ?? 0) - waitingUnits(past)
    if (difference === 0) continue
    for (const world of worldsOf(replay)) {
      const other = world.books.get(demand.order_id)!
      const line = lineOf(other, past.line)
      const open = Math.max(-line.open, difference)
      if (world === replay.past) changeWaiting(world, other, line, { open, backordered: difference - open })
      else changeWaiting(world, other, line, difference > 0 ? { open: difference } : { open, backordered: difference - open })
    }
  }
}

/** Plans the decisions of a run in the world of the trial. `asSeen` is what was seen then, with what a rival changed meanwhile; otherwise as it is now. */
function planRun(replay: Replay, trial: Trial, open: OpenRun, asSeen: boolean): Map<string, Planned> {
  const { run, asked, network } = open
  const { facts } = run
  const turns: Turn[] = []
  const demands: Demand[] = []
  const dropped = [...(facts.dropped ?? [])]
  for (const one of asked) {
    while (dropped.length > 0 && dropped[0]!.place < one.decision.place) turns.push({ ...dropped.shift()!, serving: [] })
    if (!replay.inScope(one.decision.channel_id)) {
      turns.push(takenBy(run, one.decision, network))
      continue
    }
    const demand = one.decision.trigger === 'capture' ? one.demand : demandAgain(trial.world, one.demand, one.decision.order_id)
    if (demand === undefined) continue
    const known = withFacts(trial, run, demand)
    turns.push({ demand: known })
    demands.push(known)
  }
  const plans = planTurns(turns, groundsOf(replay, trial, open, asSeen), trial.strategy)
  return new Map(demands.map((demand, i) => [demand.order_id, { demand, plan: plans[i]! }]))
}

/** Whether what the rules of the trial ask for was written down then. */
function isRecorded({ needs }: Trial, { facts }: PastRun): boolean {
  return [...needs].every((need) => facts.needs?.includes(need))
}

function withFacts(trial: Trial, run: PastRun, demand: Demand): Demand {
  const { facts } = trial.today
  if (facts === undefined || isRecorded(trial, run)) return demand
  return { ...demand, customer: facts.customers.get(demand.order_id) ?? demand.customer, lines: demand.lines.map((line) => ({ ...line, ...itemFactsOf(line.variant_id, facts) })) }
}

function levelsFor(trial: Trial, { run, network }: Pick<OpenRun, 'run' | 'network'>): Grounds['levels'] {
  const { needs, today: { facts } } = trial
  if (needs.size === 0) return undefined
  if (isRecorded(trial, run)) return levelsThen({ run, network })
  if (facts === undefined) return undefined
  return (variant_id) => network.locations.map(({ id }) => {
    const key = keyOf({ variant_id, location_id: id })
    return [id, needs.has('daily_demand') ? facts.sold.get(key) ?? 0 : null, facts.counted.get(key) ?? null, facts.prices.get(key) ?? null]
  })
}

/** What was written down of levels beside their units. */
export function levelsThen({ run: { facts }, network }: Pick<OpenRun, 'run' | 'network'>): Grounds['levels'] {
  const { levels } = facts
  return levels === undefined ? undefined : (variantId) => (levels[variantId] ?? []).map(([position, ...figures]) => [network.locations[position]!.id, ...figures])
}

function economicsFor({ strategy, today }: Trial, then: Pick<OpenRun, 'run' | 'network'>): Economics | undefined {
  return economicsThen(strategy, then) ?? today.economics
}

/** The cost model of then, where the strategy chooses by cost and there was one. */
export function economicsThen({ rules }: Strategy, { run, network }: Pick<OpenRun, 'run' | 'network'>): Economics | undefined {
  return network.economics === undefined || rules.every(({ objective }) => objective === undefined) ? undefined : { ...network.economics, price_run: run.facts.price_run ?? null }
}

/** What an order took from those after it. */
export function takenBy(run: PastRun, decision: PastDecision, network: PastNetwork): Turn {
  const demand = demandOf(run, decision)
  const taken = chosenOf(decision, network).map(({ variant_id, location_id, quantity }) => [variant_id, location_id, quantity] as const)
  const waits = decision.outcome === 'backorder' && demand !== undefined && demand.buffer !== null
  return { taken, queued: waits ? decision.record.unfilled.map(([line, quantity]) => [decision.lines.get(line)!.variant_id, quantity] as const) : [], serving: demand?.serving_location_ids ?? [] }
}

/** What the order still needs in this world: undefined where that is nothing. */
function demandAgain({ books }: World, asked: Demand | undefined, orderId: string): Demand | undefined {
  const book = books.get(orderId)!
  const template = asked ?? book.demand
  if (book.refused) return undefined
  const claimed = [...book.lines.values()].flatMap(({ claims }) => [...claims.keys()])
  const lines = [...book.lines.values()].flatMap((line) => (waitingUnits(line) === 0 ? [] : [{ ...(template.lines.find(({ line_id }) => line_id === line.line.line_id) ?? line.line), quantity: waitingUnits(line) }]))
  if (lines.length === 0) return undefined
  return {
    ...template, buffer: null, on_shortage: template.on_shortage === 'refuse' ? 'hold' : template.on_shortage,
    serving_location_ids: [...new Set([...(book.inherited ? template.serving_location_ids : []), ...claimed])],
    // A location that was never asked has not refused either.
    lines: lines.map((line) => ({ ...line, excluded_location_ids: line.excluded_location_ids.filter((id) => book.inherited || book.served.has(id)) })),
  }
}

function groundsOf({ past, safety }: Replay, trial: Trial, open: OpenRun, asSeen: boolean): Grounds {
  const { run: { facts, at }, network, given_back, room } = open
  const { world } = trial
  return {
    world, safety, network, now: at, capacity: capacityOf(world, { network, room }, at),
    queued: (variantId) => (facts.queued?.[variantId] ?? 0) + (world.queued.get(variantId) ?? 0) - (past.queued.get(variantId) ?? 0),
    economics: economicsFor(trial, open), levels: levelsFor(trial, open), given_back: asSeen ? given_back.get(world) ?? [] : [], locked: asSeen ? facts.locked ?? [] : [],
  }
}

function capacityOf(world: World, { network, room }: Pick<OpenRun, 'network' | 'room'>, at: Date): Map<number, number> {
  return new Map([...room].map(([position, orders]) => [position, Math.max(0, orders - loadAt(world, network, position, at))]))
}

function loadAt({ loads }: World, network: PastNetwork, position: number, at: Date): number {
  return loads.get(loadKey(network.locations[position]!, at)) ?? 0
}

function loadKey({ id, time_zone }: NetworkLocation, at: Date): string {
  return `${id} ${localTime(at, time_zone).date}`
}

function commit(replay: Replay, transaction: Transaction): void {
  const at = transaction.runs.at(-1)?.at
  for (const run of transaction.runs) {
    const open = present(replay.open.get(run.id), 'a run looks before it commits')
    for (const world of worldsOf(replay)) for (const [variant_id, location_id, quantity] of open.given_back.get(world) ?? []) changeAvailable(world, variant_id, location_id, quantity)
    for (const one of open.asked) settle(replay.past, open, one, recordedChoice(one, open.network))
    for (const trial of replay.trials) commitTrial(replay, trial, open)
    replay.open.delete(run.id)
    for (const { decision } of open.asked) replay.busy.delete(decision.order_id)
  }
  const freed = applyTransaction(replay, transaction)
  if (replay.latest !== undefined && freed.size > 0) for (const trial of replay.trials) fillWaiting(replay, trial, freed, at)
}

/** What becomes of a decision: where its units are, and whether the rest waits as a backorder. */
type Choice = { allocations: readonly Allocation[]; outcome: Decision['outcome'] }

function recordedChoice({ decision }: Asked, network: PastNetwork): Choice {
  return { allocations: chosenOf(decision, network), outcome: decision.outcome }
}

function chosenOf({ record, lines }: PastDecision, network: PastNetwork): Allocation[] {
  return record.chosen.flatMap(([place, , units]) => units.map(([number, quantity]) => {
    const { line_id, variant_id } = lines.get(number)!
    return { line_id, variant_id, location_id: locationIdOf(network, place), quantity }
  }))
}

/** Planned units are at locations of the network; reserved ones may be at one that is no longer in it. */
function locationIdOf({ locations }: PastNetwork, place: number | string): string {
  return typeof place === 'number' ? locations[place]!.id : place
}

function commitTrial(replay: Replay, trial: Trial, open: OpenRun): void {
  let plans = open.plans.get(trial)!
  // In this world a rival was faster: as in life, the run is planned again on what is left.
  if (!isThere(trial, open, plans)) plans = planRun(replay, trial, open, false)
  for (const one of open.asked) {
    const { decision } = one
    if (!replay.inScope(decision.channel_id)) {
      settle(trial.world, open, one, recordedChoice(one, open.network))
      continue
    }
    const plan = plans.get(decision.order_id)?.plan
    if (plan !== undefined) settle(trial.world, open, one, { allocations: plan.allocations, outcome: plan.decision.outcome })
    else if (one.demand === undefined) settle(trial.world, open, one, { allocations: [], outcome: 'filled' })
    if (one.demand !== undefined && !isSameChoice(decision, open.network, plan)) trial.flips.push({ decision, network: open.network, plan })
  }
}

function isThere({ world }: Trial, open: OpenRun, plans: ReadonlyMap<string, Planned>): boolean {
  const planned = [...plans.values()]
  const taken = new Map<string, Map<string, number>>()
  for (const { plan } of planned) {
    for (const { variant_id, location_id, quantity } of plan.allocations) {
      let units = taken.get(variant_id)
      if (units === undefined) taken.set(variant_id, (units = new Map()))
      addTo(units, location_id, quantity)
      if (figureAt(world.available, variant_id, location_id) < units.get(location_id)!) return false
    }
  }
  if (open.room.size === 0) return true
  const capacity = capacityOf(world, open, open.run.at)
  const used = sumByKey(planned.flatMap(({ plan, demand }) => [...new Set(plan.allocations.map(({ location_id }) => location_id))].filter((id) => !demand.serving_location_ids.includes(id))), (id) => id, () => 1)
  return [...used].every(([id, orders]) => orders <= (capacity.get(open.network.positions.get(id)!) ?? orders))
}

/** Writes a choice into the order's book and takes its units from stock. */
function settle(world: World, { run, network }: OpenRun, { decision, demand }: Asked, { allocations, outcome }: Choice): void {
  const book = world.books.get(decision.order_id)!
  const isCapture = decision.trigger === 'capture'
  const serving = new Set([...book.lines.values()].flatMap(({ claims }) => [...claims.keys()]))
  if (outcome === 'refuse') {
    book.refused = true
    return
  }
  for (const [place, units] of decision.record.reserved ?? []) {
    for (const [number, quantity] of units) {
      const line = { ...decision.lines.get(number)!, quantity, weight_grams: 0, set: null, tags: [], product_type: null, custom_fields: {}, excluded_location_ids: [] }
      hold(book, lineOf(book, line), locationIdOf(network, place), quantity)
    }
  }
  if (isCapture) for (const line of demand?.lines ?? []) {
    const placed = allocations.reduce((units, { line_id, quantity }) => units + (line_id === line.line_id ? quantity : 0), 0)
    changeWaiting(world, book, lineOf(book, line), { open: line.quantity - placed })
  }
  for (const { line_id, variant_id, location_id, quantity } of allocations) {
    const line = present(book.lines.get(line_id), 'planned units are of a line that was asked for')
    if (isCapture) hold(book, line, location_id, quantity)
    else claim(world, book, line, location_id, quantity)
    changeAvailable(world, variant_id, location_id, -quantity)
  }
  if (outcome === 'backorder') for (const line of book.lines.values()) changeWaiting(world, book, line, { open: -line.open, backordered: line.open })
  for (const id of new Set([...allocations.map(({ location_id }) => location_id), ...(decision.record.reserved ?? []).map(([place]) => locationIdOf(network, place))])) {
    const position = network.positions.get(id)
    if (position !== undefined && !serving.has(id) && run.facts.capacity?.[position] !== undefined) addTo(world.loads, loadKey(network.locations[position]!, run.at), 1)
  }
  keepPromise(book, demand, network, run.at, allocations)
}

function keepPromise(book: Book, demand: Demand | undefined, network: PastNetwork, at: Date, allocations: readonly Allocation[]): void {
  if (demand === undefined || demand.latest_ship_at === null) return
  network.moment.now = at
  for (const { location_id } of allocations) {
    const { next_ship_at, leaves_by_method } = network.candidates[network.positions.get(location_id)!]!
    const leaves = leaves_by_method?.get(demand.shipping_method)?.next_ship_at ?? next_ship_at
    const latest = demand.latest_ship_from === undefined ? demand.latest_ship_at : demand.latest_ship_from.get(location_id)
    if (leaves === null || latest === undefined || leaves > latest) book.promise_kept = false
  }
}

function isSameChoice(decision: PastDecision, network: PastNetwork, plan: Plan | undefined): boolean {
  if (plan === undefined || plan.decision.outcome !== decision.outcome) return false
  const chosen = chosenOf(decision, network)
  return chosen.length === plan.allocations.length && chosen.every((one) => plan.allocations.some(({ line_id, location_id, quantity }) => line_id === one.line_id && location_id === one.location_id && quantity === one.quantity))
}

/** Gives units that became free to orders that wait in this world alone: nothing in the past will ask for them. */
function fillWaiting(replay: Replay, trial: Trial, freed: ReadonlySet<string>, at: Date | undefined): void {
  const { world, strategy } = trial
  const orderIds = new Set([...freed].flatMap((variantId) => [...(world.waiting.get(variantId) ?? [])]))
  const books = [...orderIds].map((id) => world.books.get(id)!).filter(({ refused, demand }) => !refused && replay.inScope(demand.channel_id) && !replay.busy.has(demand.order_id) && isSettledInThePast(replay, demand.order_id))
  if (books.length === 0) return
  books.sort((a, b) => a.placed_at.getTime() - b.placed_at.getTime() || (a.demand.order_id < b.demand.order_id ? -1 : 1))
  const latest = replay.latest!
  const demands = books.map(({ demand }) => demandAgain(world, undefined, demand.order_id)!)
  const now = at ?? latest.run.at
  const plans = planTurns(demands.map((demand) => ({ demand })), { ...groundsOf(replay, trial, latest, false), now, capacity: capacityOf(world, latest, now), queued: () => 0 }, strategy)
  for (const { order_id, allocations } of plans) {
    const book = world.books.get(order_id)!
    for (const { line_id, variant_id, location_id, quantity } of allocations) {
      claim(world, book, book.lines.get(line_id)!, location_id, quantity)
      changeAvailable(world, variant_id, location_id, -quantity)
    }
  }
}

function isSettledInThePast({ past }: Replay, orderId: string): boolean {
  return [...past.books.get(orderId)!.lines.values()].every((line) => waitingUnits(line) === 0)
}
