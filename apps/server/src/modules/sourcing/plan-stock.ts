import { present } from '../../kernel/assert.ts'
import { newId } from '../../kernel/ids.ts'
import { groupByKey, sumByKey } from '../../kernel/quantity.ts'
import { localTime } from '../../kernel/time.ts'
import type { Tx } from '../../platform/db.ts'
import type { NewEvent } from '../../platform/events.ts'
import { applyMovements, convertReservations, lockLevels, readSellable, stockEvents, type Levels } from '../inventory/index.ts'
import { loadLocations, shipsOn, type Location } from '../locations/index.ts'
import type { PlannedStock, SourcingAllocation, SourcingDemand, SourcingPlan } from '../orders/index.ts'
import type { Candidate, Demand } from './demand.ts'
import { planOrders, type Plan } from './plan.ts'
import { recordKept, takeReserved, type Kept } from './reserved.ts'
import { activeStrategy, addClaims, addLoads, insertDecisions, lockLoads, rejectedLocations, servingLocations } from './sourcing.db.ts'
import { createStockView, type StockLevel } from './stock-view.ts'
import type { Strategy } from './strategy.ts'

/** A batch that loses races this often plans what is left from locked stock alone. */
const MAX_ROUNDS = 5

type Limited = { location_id: string; day: string; capacity: number }

/** An order on its way through planning. `serving` are the locations that had claims of it before. */
type Asked = { demand: SourcingDemand; kept: Kept[]; rest: SourcingDemand['lines']; serving: readonly string[] }
type Sourced = Asked & { plan: Plan }

/**
 * Finds stock for a batch of orders. Reads what all locations can give of all SKUs once, plans in memory, then locks the
 * levels the plans take from. Where a rival was faster the batch is planned again on the locked figures. What is
 * planned is there: the levels stay locked until the commit. Units of a reservation stay where they are held.
 */
export async function planStock(tx: Tx, demands: readonly SourcingDemand[], now: Date): Promise<PlannedStock> {
  const strategy = present(await activeStrategy(tx), 'a strategy is in use')
  const locations = await loadLocations(tx, now.toISOString().slice(0, 10))
  const limited = locations.flatMap((location): Limited[] => (location.daily_capacity === null ? [] : [{ location_id: location.id, day: localTime(now, location.time_zone).date, capacity: location.daily_capacity }]))
  const asked = await prepare(tx, demands)
  const loads = new Map([...await lockLoads(tx, limited)].map(([id, orders]) => [id, orders + asked.filter(({ kept }) => kept.some(({ location_id }) => location_id === id)).length]))
  const candidates = locations.map((location) => candidateOf(location, now, loads))
  const open = asked.filter(({ rest }) => rest.length > 0)
  const variants = [...new Set(open.flatMap(({ rest }) => rest.map(({ variant_id }) => variant_id)))]
  const sellable = new Map((await readSellable(tx, variants)).map((level): [string, StockLevel] => [keyOf(level), { ...level, daily_demand: null }]))
  const questions = await asDemands(tx, open)
  const held = asked.flatMap(({ demand }) => demand.reservation?.units.map(keyOf) ?? [])

  const locked: Levels = new Map()
  for (let round = 0; ; round++) {
    const plans = planOrders(questions, candidates, createStockView([...sellable.values()]), strategy)
    const taken = sumByKey(plans.flatMap(({ allocations }) => allocations), keyOf, ({ quantity }) => quantity)
    const done = (): PlannedStock => planned(tx, withKept(asked, plans, strategy), locked, limited)
    const missing = [...new Set([...taken.keys(), ...held])].filter((key) => !locked.has(key)).map(pairOf)
    if (missing.length === 0) return done()
    if (round === MAX_ROUNDS) for (const key of [...sellable.keys()]) if (!locked.has(key)) sellable.delete(key)
    for (const [key, level] of await lockLevels(tx, missing, now)) {
      locked.set(key, level)
      sellable.set(key, { ...level, daily_demand: null })
    }
    if ([...taken].every(([key, quantity]) => locked.get(key)!.available - locked.get(key)!.safety_stock >= quantity)) return done()
  }
}

/** What is kept of reservations, and where orders that are sourced again have claims already. */
async function prepare(tx: Tx, demands: readonly SourcingDemand[]): Promise<Asked[]> {
  const again = demands.filter(({ resourcing }) => resourcing).map(({ order_id }) => order_id)
  const serving = groupByKey(again.length === 0 ? [] : await servingLocations(tx, again), ({ order_id }) => order_id)
  return demands.map((demand) => ({ demand, ...takeReserved(demand), serving: serving.get(demand.order_id)?.map(({ location_id }) => location_id) ?? [] }))
}

/** The plans of all orders: those that needed nothing beyond their reservation are filled. */
function withKept(asked: readonly Asked[], plans: readonly Plan[], strategy: Strategy): Sourced[] {
  const found = new Map(plans.map((plan) => [plan.order_id, plan]))
  return asked.map((one) => {
    const plan = found.get(one.demand.order_id) ?? filledPlan(one.demand.order_id, strategy)
    const units = one.demand.lines.reduce((sum, { quantity }) => sum + quantity, 0)
    return { ...one, plan: one.kept.length === 0 ? plan : { ...plan, decision: { ...plan.decision, units, reserved: recordKept(one.kept) } } }
  })
}

function filledPlan(order_id: string, { id, version }: Strategy): Plan {
  return { order_id, allocations: [], unfilled: [], shortage: null, decision: { strategy_id: id, strategy_version: version, outcome: 'filled', units: 0, rules: [], chosen: [], excluded: [], below: [], unfilled: [] } }
}

function keyOf({ variant_id, location_id }: { variant_id: string; location_id: string }): string {
  return `${variant_id} ${location_id}`
}

function pairOf(key: string): { variant_id: string; location_id: string } {
  const [variant_id, location_id] = key.split(' ')
  return { variant_id: variant_id!, location_id: location_id! }
}

function candidateOf(location: Location, now: Date, loads: ReadonlyMap<string, number>): Candidate {
  const leaves = shipsOn(location, now)
  return {
    id: location.id, code: location.code, kind: location.kind, groups: location.group_ids, country: location.country,
    coordinates: location.latitude === null || location.longitude === null ? null : { latitude: location.latitude, longitude: location.longitude },
    capabilities: location.capabilities, active: location.active, priority: location.priority,
    capacity_left: location.daily_capacity === null ? null : Math.max(0, location.daily_capacity - (loads.get(location.id) ?? 0)),
    handling_cost: location.handling_cost, ships_today: leaves === localTime(now, location.time_zone).date, next_ship_at: null, stock_age_hours: null,
  }
}

async function asDemands(tx: Tx, asked: readonly Asked[]): Promise<Demand[]> {
  const excluded = new Map<string, string[]>()
  const resourced = asked.filter(({ demand }) => demand.resourcing).flatMap(({ rest }) => rest.map(({ line_id }) => line_id))
  if (resourced.length > 0) {
    for (const { order_line_id, location_id } of await rejectedLocations(tx, resourced)) excluded.set(order_line_id, [...(excluded.get(order_line_id) ?? []), location_id])
  }
  return asked.map(({ demand, kept, rest, serving }) => ({
    order_id: demand.order_id, channel_id: demand.channel_id, location_groups: demand.group_ids, method: demand.delivery, pickup_location_id: demand.pickup_location_id, requires: [],
    destination: destinationOf(demand), order_value: demand.order_value, latest_ship_at: null, on_shortage: demand.on_shortage, max_locations: demand.max_splits,
    serving_location_ids: [...new Set([...serving, ...kept.map(({ location_id }) => location_id)])],
    lines: rest.map((line) => ({ ...line, tags: [], excluded_location_ids: excluded.get(line.line_id) ?? [] })),
  }))
}

function destinationOf({ shipping_address: address }: SourcingDemand): Demand['destination'] {
  if (address === null) return null
  return {
    country: address.country, postal_code: address.postal_code ?? null,
    coordinates: address.latitude === undefined || address.longitude === undefined ? null : { latitude: address.latitude, longitude: address.longitude },
  }
}

function planned(tx: Tx, sourced: readonly Sourced[], locked: Levels, limited: readonly Limited[]): PlannedStock {
  const sourcedOf = new Map(sourced.map((one) => [one.demand.order_id, one]))
  return {
    plans: sourced.map(({ kept, plan: { order_id, allocations, unfilled, shortage, decision } }) => ({
      order_id, allocations: shortage?.action === 'refuse' ? [] : addKept(kept, allocations), unfilled, shortage: shortage?.action ?? null, decision_id: newId(), decision,
    })),
    claim: async (accepted, trigger) => {
      await insertDecisions(tx, accepted.map(({ plan, at }) => ({ id: plan.decision_id, order_id: plan.order_id, at, trigger, decision: plan.decision })))
      return claim(tx, accepted.map((one) => ({ ...one, sourced: present(sourcedOf.get(one.plan.order_id), 'the plan is of this batch') })), locked, limited)
    },
  }
}

/** Units kept at a location and units found there are one claim. */
function addKept(kept: readonly Kept[], found: readonly SourcingAllocation[]): readonly SourcingAllocation[] {
  if (kept.length === 0) return found
  const claims = groupByKey([...kept, ...found], ({ line_id, location_id }) => `${line_id} ${location_id}`)
  return [...claims.values()].map((units) => ({ ...units[0]!, quantity: units.reduce((sum, { quantity }) => sum + quantity, 0) }))
}

type Accepted = { plan: SourcingPlan; sourced: Sourced; at: Date; caller_id: string }

async function claim(tx: Tx, accepted: readonly Accepted[], locked: Levels, limited: readonly Limited[]): Promise<NewEvent[]> {
  const converted = await convertReservations(tx, accepted.flatMap(({ sourced: { demand: { order_id, reservation }, kept }, at, caller_id }) => (reservation === undefined ? [] : [{ ...reservation, kept, order_id, at, caller_id }])), locked)
  const movements = accepted.flatMap(({ sourced: { plan }, at, caller_id }) => plan.allocations.map(({ variant_id, location_id, quantity }) => ({
    variant_id, location_id, from_state: 'available' as const, to_state: 'allocated' as const, quantity, reason: 'allocation', cause_kind: 'order', cause_id: plan.order_id, caller_id, at,
  })))
  const applied = await applyMovements(tx, movements, locked)
  await addClaims(tx, accepted.flatMap(({ plan }) => plan.allocations.map(({ line_id, variant_id, location_id, quantity }) => ({ order_line_id: line_id, location_id, order_id: plan.order_id, variant_id, quantity }))))
  const used = sumByKey(accepted.flatMap(({ plan, sourced: { serving } }) => [...new Set(plan.allocations.map(({ location_id }) => location_id))].filter((id) => !serving.includes(id))), (location_id) => location_id, () => 1)
  await addLoads(tx, limited.filter(({ location_id }) => used.has(location_id)).map(({ location_id, day }) => ({ location_id, day, orders: used.get(location_id)! })))
  return [...converted.events, ...[...converted.stock_events, ...await stockEvents(tx, applied)].map(({ event }) => event)]
}
