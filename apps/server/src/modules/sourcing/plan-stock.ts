import { present } from '../../kernel/assert.ts'
import { newId } from '../../kernel/ids.ts'
import { groupByKey, sumByKey } from '../../kernel/quantity.ts'
import { addMs, DAY_MS, localTime, MINUTE_MS, type PlainDate } from '../../kernel/time.ts'
import type { Queryable, Tx } from '../../platform/db.ts'
import type { NewEvent } from '../../platform/events.ts'
import { applyMovements, convertReservations, keyOf, lockFurtherLevels, lockLevels, readSellable, sellableAt, stockEvents, type Levels, type Look, type Pair } from '../inventory/index.ts'
import type { Location } from '../locations/index.ts'
import type { PlannedStock, PlanningMode, SourcingAllocation, SourcingDemand, SourcingPlan } from '../orders/index.ts'
import { expectForNew } from './commands/expect-supplies.ts'
import { arrivalFrom, arrivalOfAll, coordinatesOf, endOfDay, shipBy, type Delivery } from './delivery.ts'
import type { Decision } from './decision.ts'
import { storeRun } from './decisions.db.ts'
import type { Candidate, Demand } from './demand.ts'
import { itemFactsOf, levelOf, readFacts, type Facts } from './facts.ts'
import { createTrials, planOrders, type Plan, type TriedPlan } from './plan.ts'
import { currentSettings, deliveryOf, knowPlaces, type Settings } from './queries/settings.ts'
import type { NetworkLocation } from './network.ts'
import { enqueueOrders, type Queued } from './queue.db.ts'
import { recordRun } from './record-run.ts'
import { recordKept, takeReserved, type Kept } from './reserved.ts'
import { addClaims, addLoads, lockLoads, readLoads, rejectedLocations, servingLocations } from './sourcing.db.ts'
import { createStockView, type StockLevel, type StockView } from './stock-view.ts'
import type { Strategy } from './strategy.ts'

/** A batch that loses races this often plans what is left from locked stock alone. */
const MAX_ROUNDS = 5

type Limited = { location_id: string; day: string; capacity: number }

/** An order on its way through planning. `serving` are the locations that had claims of it before. */
type Asked = { demand: SourcingDemand; delivery: Delivery; kept: Kept[]; rest: SourcingDemand['lines']; serving: readonly string[] }
type Sourced = Asked & { plan: Plan }

/** Everything that planning looks at. */
type World = {
  asked: readonly Asked[]; settings: Settings; strategy: Strategy; limited: readonly Limited[]; questions: readonly Demand[]; facts: Facts; candidates: readonly Candidate[]
  sellable: Map<string, StockLevel>; queued: ReadonlyMap<string, number>
  /** What the figures were read from, and the figures as they were read. */
  look: Look; seen: ReadonlyMap<string, StockLevel>
}

/**
 * Finds stock for a batch of orders: reads what all locations can give of all SKUs once and plans in memory. What was
 * planned on `seen` stock is checked where it is claimed; in `locked` mode the levels are locked here, and the batch is
 * planned again as long as locked figures are not what was seen. Units of a reservation stay where they are held.
 */
export async function planStock(tx: Tx, demands: readonly SourcingDemand[], now: Date, mode: PlanningMode): Promise<PlannedStock> {
  const world = await lookAround(tx, demands, now, mode)
  if (mode === 'seen') return planned(tx, world, planWorld(world), undefined, now)
  const { plans, locked } = await planOnLocked(tx, world, now)
  return planned(tx, world, plans, locked, now)
}

async function lookAround(tx: Tx, demands: readonly SourcingDemand[], now: Date, mode: PlanningMode): Promise<World> {
  const settings = await currentSettings(tx, now)
  const { strategy, locations } = settings
  await knowPlaces(tx, settings, demands.map(({ shipping_address }) => shipping_address))
  const limited = limitsOf(locations, now)
  const asked = await prepare(tx, settings, demands)
  const loads = mode === 'seen' ? await readLoads(tx, limited) : await lockLoads(tx, limited)
  for (const { kept } of asked) for (const id of new Set(kept.map(({ location_id }) => location_id))) loads.set(id, (loads.get(id) ?? 0) + 1)
  const open = asked.filter(({ rest }) => rest.length > 0)
  const facts = await readFacts(tx, strategy, open.flatMap(({ rest }) => rest.map(({ variant_id }) => variant_id)), open.map(({ demand }) => demand), now)
  const { levels, backordered, look } = await readSellable(tx, [...new Set(open.flatMap(({ rest }) => rest.map(({ variant_id }) => variant_id)))])
  const seen = new Map(levels.map((level): [string, StockLevel] => [keyOf(level), levelOf(level, facts)]))
  return {
    asked, settings, strategy, limited, questions: await asDemands(tx, open, facts, settings, now), facts, candidates: locations.map((location) => candidateOf(location, now, loads, settings)),
    look, seen, sellable: mode === 'seen' ? seen : new Map(seen), queued: backordered,
  }
}

/** Locations that take a number of orders a day, with their local day. */
export function limitsOf(locations: readonly Location[], now: Date): Limited[] {
  return locations.flatMap(({ id, daily_capacity, time_zone }) => (daily_capacity === null ? [] : [{ location_id: id, day: localTime(now, time_zone).date, capacity: daily_capacity }]))
}

function planWorld({ questions, candidates, sellable, queued, strategy, settings }: World): Plan[] {
  return planOrders(questions, candidates, createStockView([...sellable.values()], queued), strategy, undefined, settings.economics)
}

/** The same for orders that nobody has placed, which take nothing from each other. */
export function tryPlans({ candidates, settings }: Pick<World, 'candidates' | 'settings'>, stock: StockView): (question: Demand) => TriedPlan {
  return createTrials(candidates, stock, settings.strategy, undefined, settings.economics)
}

/** Plans, locks the levels that are used, and plans again on the locked figures until they are enough. */
async function planOnLocked(tx: Tx, world: World, now: Date): Promise<{ plans: Plan[]; locked: Levels }> {
  const reserved = reservedAt(world.asked)
  let locked: Levels = new Map()
  for (let round = 0; ; round++) {
    const plans = planWorld(world)
    const taken = unitsTaken(plans)
    const before = locked
    locked = await lockFurtherLevels(tx, before, [...reserved, ...taken], now)
    if (locked !== before) {
      for (const [key, level] of locked) world.sellable.set(key, levelOf(level, world.facts))
      if (round === MAX_ROUNDS) for (const key of [...world.sellable.keys()]) if (!locked.has(key)) world.sellable.delete(key)
    }
    if (isThere(taken, locked)) return { plans, locked }
  }
}

/** Where reserved units are held. */
function reservedAt(asked: readonly Asked[]): Pair[] {
  return asked.flatMap(({ demand }) => demand.reservation?.units ?? [])
}

function unitsTaken(plans: readonly Pick<Plan, 'allocations'>[]): SourcingAllocation[] {
  return plans.flatMap(({ allocations }) => allocations)
}

function isThere(taken: readonly SourcingAllocation[], locked: Levels): boolean {
  const units = sumByKey(taken, keyOf, ({ quantity }) => quantity)
  return [...units].every(([key, quantity]) => sellableAt(locked.get(key)!) >= quantity)
}

/** What is kept of reservations, and where orders that are sourced again have claims already. */
async function prepare(tx: Tx, settings: Settings, demands: readonly SourcingDemand[]): Promise<Asked[]> {
  const again = demands.filter(({ resourcing }) => resourcing).map(({ order_id }) => order_id)
  const serving = groupByKey(again.length === 0 ? [] : await servingLocations(tx, again), ({ order_id }) => order_id)
  return demands.map((demand) => ({ demand, delivery: deliveryOf(settings, demand), ...takeReserved(demand), serving: serving.get(demand.order_id)?.map(({ location_id }) => location_id) ?? [] }))
}

/** The plans of all orders: those that needed nothing beyond their reservation are filled. */
function withKept(asked: readonly Asked[], plans: readonly Plan[], strategy: Strategy): Sourced[] {
  const found = new Map(plans.map((plan) => [plan.order_id, plan]))
  return asked.map((one) => {
    const plan = found.get(one.demand.order_id) ?? filledPlan(one.demand.order_id, strategy)
    if (one.kept.length === 0) return { ...one, plan }
    const units = one.demand.lines.reduce((sum, { quantity }) => sum + quantity, 0)
    return { ...one, plan: { ...plan, decision: { ...plan.decision, units, reserved: recordKept(one.kept) } } }
  })
}

function filledPlan(order_id: string, { id, version }: Strategy): Plan {
  return { order_id, allocations: [], unfilled: [], shortage: null, decision: { strategy_id: id, strategy_version: version, outcome: 'filled', units: 0, rules: [], chosen: [], excluded: [], below: [], unfilled: [] } }
}

export function candidateOf(location: NetworkLocation, now: Date, loads: ReadonlyMap<string, number>, { departures }: Pick<Settings, 'departures'>): Candidate {
  const capacity_left = location.daily_capacity === null ? null : Math.max(0, location.daily_capacity - (loads.get(location.id) ?? 0))
  const leaves = (method: string): Pick<Candidate, 'ships_today' | 'next_ship_at'> => {
    const { departure, ships_today } = departures(location, method, now, capacity_left === 0)
    return { ships_today, next_ship_at: departure?.ships_at ?? null }
  }
  const methods = Object.keys(location.method_cut_offs)
  return {
    id: location.id, code: location.code, kind: location.kind, groups: location.group_ids, group_codes: location.groups, custom_fields: location.custom_fields, country: location.country, coordinates: coordinatesOf(location),
    capabilities: location.capabilities, active: location.active, priority: location.priority, capacity_left,
    handling_cost: location.handling_cost, ...leaves(''),
    ...(methods.length === 0 ? {} : { leaves_by_method: new Map(methods.map((method) => [method, leaves(method)])) }),
  }
}

export async function asDemands(tx: Queryable, asked: readonly Asked[], facts: Facts, settings: Settings, now: Date): Promise<Demand[]> {
  const excluded = new Map<string, string[]>()
  const resourced = asked.filter(({ demand }) => demand.resourcing).flatMap(({ rest }) => rest.map(({ line_id }) => line_id))
  if (resourced.length > 0) {
    for (const { order_line_id, location_id } of await rejectedLocations(tx, resourced)) excluded.set(order_line_id, [...(excluded.get(order_line_id) ?? []), location_id])
  }
  return asked.map(({ demand, delivery, kept, rest, serving }) => ({
    order_id: demand.order_id, channel_id: demand.channel_id, channel: demand.channel, asked_at: now, location_groups: demand.group_ids, method: demand.delivery, pickup_location_id: demand.pickup_location_id, requires: [],
    requested_delivery_date: demand.requested_delivery_date, custom_fields: demand.custom_fields, tags: demand.tags, customer: facts.customers.get(demand.order_id) ?? null,
    destination: delivery.destination, order_value: demand.order_value, ...timesOf(settings, delivery, demand.deliver_by), buffer: demand.resourcing === true ? null : demand.stock_buffer, on_shortage: demand.on_shortage, max_locations: demand.max_splits,
    serving_location_ids: [...new Set([...serving, ...kept.map(({ location_id }) => location_id)])],
    lines: rest.map(({ line_number: _number, ...line }) => ({ ...line, ...itemFactsOf(line.variant_id, facts), excluded_location_ids: excluded.get(line.line_id) ?? [] })),
  }))
}

/** By when an order must leave each location that keeps its date; nothing where there is none. */
export function timesOf({ rate_table, locations }: Settings, delivery: Delivery, deliver_by: PlainDate | null): Pick<Demand, 'shipping_method' | 'latest_ship_at' | 'latest_ship_from'> {
  if (deliver_by === null) return { shipping_method: delivery.method, latest_ship_at: null }
  const latest_ship_from = new Map<string, Date>()
  for (const location of locations) {
    const date = shipBy(rate_table, delivery, location, deliver_by)
    if (date !== undefined) latest_ship_from.set(location.id, endOfDay(location, date))
  }
  const times = [...latest_ship_from.values()].map((instant) => instant.getTime())
  return { shipping_method: delivery.method, latest_ship_at: times.length === 0 ? null : new Date(Math.max(...times)), latest_ship_from }
}

function planned(tx: Tx, world: World, plans: readonly Plan[], locked: Levels | undefined, now: Date): PlannedStock {
  const { asked, settings, strategy, limited } = world
  const sourced = withKept(asked, plans, strategy)
  const sourcedOf = new Map(sourced.map((one) => [one.demand.order_id, one]))
  return {
    plans: sourced.map(({ demand, delivery, kept, plan: { order_id, allocations, unfilled, shortage, decision } }) => ({
      order_id, allocations: shortage?.action === 'refuse' ? [] : addKept(kept, allocations), shortage: shortage?.action ?? null, decision_id: newId(), decision,
      ...datesOf(settings, delivery, demand.deliver_by, [...kept, ...allocations], now), hold_until: waveOf(settings, demand, allocations, decision, now),
      // Of a refused order only what was missing: the rest could have been placed.
      unfilled: unfilled.filter(({ reason }) => reason !== 'refused'),
    })),
    claim: async (taken, trigger) => {
      const accepted = taken.map((one) => ({ ...one, sourced: present(sourcedOf.get(one.plan.order_id), 'the plan is of this batch') }))
      const queued = await enqueueOrders(tx, accepted.flatMap(queuedBy))
      await storeRun(tx, recordRun(world, sourced, accepted, { trigger, at: now }))
      await addClaims(tx, accepted.flatMap(({ plan }) => plan.allocations.map(({ line_id, variant_id, location_id, quantity }) => ({ order_line_id: line_id, location_id, order_id: plan.order_id, variant_id, quantity }))))
      const waiting = accepted.flatMap(({ sourced: { plan } }) => (plan.shortage?.action === 'backorder' ? [plan] : []))
      if (trigger === 'capture' && waiting.length > 0) await expectForNew(tx, settings, new Set(waiting.map(({ order_id }) => order_id)), variantsOf(accepted, waiting))
      // Levels come last: what is sold most is locked for the shortest time.
      if (!(await addLoads(tx, loadsOf(accepted, limited)))) return undefined
      const levels = locked ?? await lockTaken(tx, accepted, now)
      return levels === undefined ? undefined : [...queued, ...await moveUnits(tx, accepted, levels)]
    },
  }
}

/** When what was found arrives, and by when it must leave to arrive on the day that was asked for. */
function datesOf(settings: Settings, delivery: Delivery, deliver_by: PlainDate | null, found: readonly SourcingAllocation[], now: Date): Pick<SourcingPlan, 'promise' | 'ship_by'> {
  const serving = settings.locations.filter(({ id }) => found.some(({ location_id }) => location_id === id))
  const arrivals = serving.map((location) => {
    const { departure } = settings.departures(location, delivery.method, now, false)
    return departure === undefined ? undefined : arrivalFrom(settings.rate_table, delivery, location, departure.ships_on)
  })
  const ship_by = new Map(deliver_by === null ? [] : serving.flatMap((location): [string, PlainDate][] => {
    const date = shipBy(settings.rate_table, delivery, location, deliver_by)
    return date === undefined ? [] : [[location.id, date]]
  }))
  return { promise: arrivalOfAll(arrivals), ship_by }
}

/** Of units that wait. */
function variantsOf(accepted: readonly Accepted[], waiting: readonly Plan[]): string[] {
  const lines = new Map(accepted.flatMap(({ sourced: { demand } }) => demand.lines.map(({ line_id, variant_id }) => [line_id, variant_id])))
  return [...new Set(waiting.flatMap(({ unfilled }) => unfilled.map(({ line_id }) => lines.get(line_id)!)))]
}

/** The list in which people find an order that is not placed whole; a plain backorder needs nobody. */
function queuedBy({ sourced: { plan: { order_id, shortage, decision } }, at }: Accepted): Queued[] {
  if (shortage === null || shortage.action === 'refuse') return []
  const cancel_at = shortage.cancel_after_days === undefined ? null : addMs(at, shortage.cancel_after_days * DAY_MS)
  if (shortage.action === 'backorder' && cancel_at === null) return []
  const rule = decision.rules.findLast(({ result }) => result === 'applied' || result === 'put_aside')?.rule ?? null
  return [{ order_id, queue: shortage.action === 'backorder' ? 'backorders' : shortage.queue ?? 'unrouted', rule, entered_at: at, cancel_at }]
}

/** Until when an order waits for others, so that they are routed together: some time before the first cut-off of its locations. */
function waveOf({ strategy, locations, departures }: Settings, demand: SourcingDemand, found: readonly SourcingAllocation[], decision: Decision, now: Date): Date | null {
  const applied = decision.rules.find(({ result }) => result === 'applied')?.rule
  const minutes = strategy.rules.find(({ id }) => id === applied)?.objective?.wave_minutes
  if (minutes === undefined || demand.delivery === 'pickup') return null
  const cutOffs = locations.filter(({ id }) => found.some(({ location_id }) => location_id === id)).flatMap((location) => {
    const { departure } = departures(location, demand.shipping_method, now, false)
    return departure === undefined ? [] : [departure.holds_until.getTime()]
  })
  return cutOffs.length === 0 ? null : addMs(new Date(Math.min(...cutOffs)), -minutes * MINUTE_MS)
}

/** Locks the levels that these plans take from; undefined where rivals have left too little. */
async function lockTaken(tx: Tx, accepted: readonly Accepted[], now: Date): Promise<Levels | undefined> {
  const taken = unitsTaken(accepted.map(({ sourced }) => sourced.plan))
  const locked = await lockLevels(tx, [...taken, ...reservedAt(accepted.map(({ sourced }) => sourced))], now)
  return isThere(taken, locked) ? locked : undefined
}

/** Units kept at a location and units found there are one claim. */
function addKept(kept: readonly Kept[], found: readonly SourcingAllocation[]): readonly SourcingAllocation[] {
  if (kept.length === 0) return found
  const claims = groupByKey([...kept, ...found], ({ line_id, location_id }) => `${line_id} ${location_id}`)
  return [...claims.values()].map((units) => ({ ...units[0]!, quantity: units.reduce((sum, { quantity }) => sum + quantity, 0) }))
}

type Accepted = { plan: SourcingPlan; sourced: Sourced; at: Date; caller_id: string }

/** Orders count once for each location of theirs that has a limit and did not serve them before. */
function loadsOf(accepted: readonly Accepted[], limited: readonly Limited[]): (Limited & { orders: number })[] {
  if (limited.length === 0) return []
  const used = sumByKey(accepted.flatMap(({ plan, sourced: { serving } }) => [...new Set(plan.allocations.map(({ location_id }) => location_id))].filter((id) => !serving.includes(id))), (location_id) => location_id, () => 1)
  return limited.filter(({ location_id }) => used.has(location_id)).map((one) => ({ ...one, orders: used.get(one.location_id)! }))
}

async function moveUnits(tx: Tx, accepted: readonly Accepted[], locked: Levels): Promise<NewEvent[]> {
  const converted = await convertReservations(tx, accepted.flatMap(({ sourced: { demand: { order_id, reservation }, kept }, at, caller_id }) => (reservation === undefined ? [] : [{ ...reservation, kept, order_id, at, caller_id }])), locked)
  const movements = accepted.flatMap(({ sourced: { plan }, at, caller_id }) => plan.allocations.map(({ variant_id, location_id, quantity }) => ({
    variant_id, location_id, from_state: 'available' as const, to_state: 'allocated' as const, quantity, reason: 'allocation', cause_kind: 'order', cause_id: plan.order_id, caller_id, at,
  })))
  const applied = await applyMovements(tx, movements, locked)
  return [...converted.events, ...[...converted.stock_events, ...await stockEvents(tx, applied)].map(({ event }) => event)]
}
