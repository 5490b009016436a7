import { present } from '../../kernel/assert.ts'
import { newId } from '../../kernel/ids.ts'
import { sumByKey } from '../../kernel/quantity.ts'
import { localTime } from '../../kernel/time.ts'
import type { Tx } from '../../platform/db.ts'
import type { NewEvent } from '../../platform/events.ts'
import { applyMovements, lockLevels, readSellable, stockEvents, type Levels } from '../inventory/index.ts'
import { loadLocations, shipsOn, type Location } from '../locations/index.ts'
import type { PlannedStock, SourcingDemand, SourcingPlan } from '../orders/index.ts'
import type { Candidate, Demand } from './demand.ts'
import { planOrders, type Plan } from './plan.ts'
import { activeStrategy, addClaims, addLoads, insertDecisions, lockLoads, rejectedLocations } from './sourcing.db.ts'
import { createStockView, type StockLevel } from './stock-view.ts'

/** A batch that loses races this often plans what is left from locked stock alone. */
const MAX_ROUNDS = 5

type Limited = { location_id: string; day: string; capacity: number }

/**
 * Finds stock for a batch of orders. Reads what all locations can give of all SKUs once, plans in memory, then locks the
 * levels the plans take from. Where a rival was faster the batch is planned again on the locked figures. What is
 * planned is there: the levels stay locked until the commit.
 */
export async function planStock(tx: Tx, demands: readonly SourcingDemand[], now: Date): Promise<PlannedStock> {
  const strategy = present(await activeStrategy(tx), 'a strategy is in use')
  const locations = await loadLocations(tx, now.toISOString().slice(0, 10))
  const limited = locations.flatMap((location): Limited[] => (location.daily_capacity === null ? [] : [{ location_id: location.id, day: localTime(now, location.time_zone).date, capacity: location.daily_capacity }]))
  const loads = await lockLoads(tx, limited)
  const candidates = locations.map((location) => candidateOf(location, now, loads))
  const variants = [...new Set(demands.flatMap(({ lines }) => lines.map(({ variant_id }) => variant_id)))]
  const sellable = new Map((await readSellable(tx, variants)).map((level): [string, StockLevel] => [`${level.variant_id} ${level.location_id}`, { ...level, daily_demand: null }]))
  const asked = await asDemands(tx, demands)

  const locked: Levels = new Map()
  for (let round = 0; ; round++) {
    const plans = planOrders(asked, candidates, createStockView([...sellable.values()]), strategy)
    const taken = sumByKey(plans.flatMap(({ allocations }) => allocations), ({ variant_id, location_id }) => `${variant_id} ${location_id}`, ({ quantity }) => quantity)
    const missing = [...taken.keys()].filter((key) => !locked.has(key)).map(pairOf)
    if (missing.length === 0) return planned(tx, plans, locked, limited)
    if (round === MAX_ROUNDS) for (const key of [...sellable.keys()]) if (!locked.has(key)) sellable.delete(key)
    for (const [key, level] of await lockLevels(tx, missing, now)) {
      locked.set(key, level)
      sellable.set(key, { ...level, daily_demand: null })
    }
    if ([...taken].every(([key, quantity]) => locked.get(key)!.available - locked.get(key)!.safety_stock >= quantity)) return planned(tx, plans, locked, limited)
  }
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

async function asDemands(tx: Tx, demands: readonly SourcingDemand[]): Promise<Demand[]> {
  const excluded = new Map<string, string[]>()
  const resourced = demands.filter(({ resourcing }) => resourcing).flatMap(({ lines }) => lines.map(({ line_id }) => line_id))
  if (resourced.length > 0) {
    for (const { order_line_id, location_id } of await rejectedLocations(tx, resourced)) excluded.set(order_line_id, [...(excluded.get(order_line_id) ?? []), location_id])
  }
  return demands.map((demand) => ({
    order_id: demand.order_id, channel_id: demand.channel_id, location_groups: demand.group_ids, method: demand.delivery, pickup_location_id: demand.pickup_location_id, requires: [],
    destination: destinationOf(demand), order_value: demand.order_value, latest_ship_at: null, on_shortage: demand.on_shortage, max_locations: demand.max_splits,
    lines: demand.lines.map((line) => ({ ...line, tags: [], excluded_location_ids: excluded.get(line.line_id) ?? [] })),
  }))
}

function destinationOf({ shipping_address: address }: SourcingDemand): Demand['destination'] {
  if (address === null) return null
  return {
    country: address.country, postal_code: address.postal_code ?? null,
    coordinates: address.latitude === undefined || address.longitude === undefined ? null : { latitude: address.latitude, longitude: address.longitude },
  }
}

function planned(tx: Tx, plans: readonly Plan[], locked: Levels, limited: readonly Limited[]): PlannedStock {
  return {
    plans: plans.map(({ order_id, allocations, unfilled, shortage, decision }) => ({ order_id, allocations, unfilled, shortage: shortage?.action ?? null, decision_id: newId(), decision })),
    claim: async (accepted, trigger) => {
      await insertDecisions(tx, accepted.map(({ plan, at }) => ({ id: plan.decision_id, order_id: plan.order_id, at, trigger, decision: plan.decision })))
      return claim(tx, accepted, locked, limited)
    },
  }
}

async function claim(tx: Tx, accepted: readonly { plan: SourcingPlan; at: Date; caller_id: string }[], locked: Levels, limited: readonly Limited[]): Promise<NewEvent[]> {
  const movements = accepted.flatMap(({ plan, at, caller_id }) => plan.allocations.map(({ variant_id, location_id, quantity }) => ({
    variant_id, location_id, from_state: 'available' as const, to_state: 'allocated' as const, quantity, reason: 'allocation', cause_kind: 'order', cause_id: plan.order_id, caller_id, at,
  })))
  const applied = await applyMovements(tx, movements, locked)
  await addClaims(tx, accepted.flatMap(({ plan }) => plan.allocations.map(({ line_id, variant_id, location_id, quantity }) => ({ order_line_id: line_id, location_id, order_id: plan.order_id, variant_id, quantity }))))
  const used = sumByKey(accepted.flatMap(({ plan }) => [...new Set(plan.allocations.map(({ location_id }) => location_id))]), (location_id) => location_id, () => 1)
  await addLoads(tx, limited.filter(({ location_id }) => used.has(location_id)).map(({ location_id, day }) => ({ location_id, day, orders: used.get(location_id)! })))
  return (await stockEvents(tx, applied)).map(({ event }) => event)
}
