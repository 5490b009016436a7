import { groupByKey } from '../../../kernel/quantity.ts'
import type { Queryable } from '../../../platform/db.ts'
import { findVariants } from '../../catalog/index.ts'
import { findChannels } from '../../channels/index.ts'
import { readSellable } from '../../inventory/index.ts'
import type { Location } from '../../locations/index.ts'
import { findOrders, linesOfOrders, type OrderRow } from '../../orders/index.ts'
import { arrivalFrom, type Delivery } from '../delivery.ts'
import { createDepartures, type Departures } from '../departures.ts'
import { levelOf, readFacts, type Facts } from '../facts.ts'
import type { PendingOrder, PendingWorld } from '../improve.ts'
import { asDemands, candidateOf, limitsOf } from '../plan-stock.ts'
import { demandOf } from '../resource-orders.ts'
import { claimsOfOrders, readLoads } from '../sourcing.db.ts'
import { deliveryOf, knowPlaces, type Settings } from './settings.ts'

/** What there is to be improved: these orders with their claims, and what is sellable beside them. Null where no rule chooses by cost. */
export async function readPendingWorld(db: Queryable, settings: Settings, orderIds: readonly string[], now: Date): Promise<Omit<PendingWorld, 'wanted'> | null> {
  const { economics, strategy, locations } = settings
  if (economics === undefined) return null
  const { orders, facts } = await readPendingOrders(db, settings, orderIds, now)
  const variants = [...new Set(orders.flatMap(({ claims }) => claims.map(({ variant_id }) => variant_id)))]
  const { levels } = await readSellable(db, variants)
  const loads = await readLoads(db, limitsOf(locations, now))
  return { orders, candidates: locations.map((location) => candidateOf(location, now, loads, settings)), stock: levels.map((level) => levelOf(level, facts)), strategy, economics }
}

async function readPendingOrders(db: Queryable, settings: Settings, orderIds: readonly string[], now: Date): Promise<{ orders: PendingOrder[]; facts: Facts }> {
  const claims = groupByKey(await claimsOfOrders(db, orderIds), ({ order_id }) => order_id)
  // By the moment they are handed over: departures are remembered from one order to the next.
  const orders = (await findOrders(db, orderIds)).filter(({ id }) => claims.has(id)).toSorted((a, b) => handedOver(a, now).getTime() - handedOver(b, now).getTime())
  const lines = groupByKey(await linesOfOrders(db, orders.map(({ id }) => id)), ({ order_id }) => order_id)
  const channels = await findChannels(db, [...new Set(orders.map(({ channel_id }) => channel_id))])
  const variantIds = [...new Set([...claims.values()].flat().map(({ variant_id }) => variant_id))]
  const variants = await findVariants(db, variantIds)
  await knowPlaces(db, settings, orders.map(({ shipping_address }) => shipping_address))
  const asked = orders.map((order) => {
    const units = (line_id: string): number => claims.get(order.id)!.reduce((sum, { order_line_id, quantity }) => sum + (order_line_id === line_id ? quantity : 0), 0)
    const claimed = lines.get(order.id)!.map((line) => ({ ...line, units: units(line.id) })).filter((line) => line.units > 0)
    const demand = demandOf(order, 'reoptimization', channels.get(order.channel_id)!, claimed, (id) => variants.get(id)?.weight_grams ?? 0)
    return { demand, delivery: deliveryOf(settings, order), kept: [], rest: demand.lines, serving: [] }
  })
  const facts = await readFacts(db, settings.strategy, variantIds, asked.map(({ demand }) => demand), now)
  const demands = await asDemands(db, asked, facts, settings, now)
  const departures = createDepartures()
  return { facts, orders: demands.map((demand, index) => {
    const order = orders[index]!
    const own = claims.get(order.id)!.map(({ order_line_id, variant_id, location_id, quantity }) => ({ line_id: order_line_id, variant_id, location_id, quantity }))
    const late = latePlaces(settings, departures, asked[index]!.delivery, order, new Set(own.map(({ location_id }) => location_id)), now)
    return { demand: { ...demand, lines: demand.lines.map((line) => ({ ...line, excluded_location_ids: [...line.excluded_location_ids, ...late] })) }, claims: own }
  }) }
}

/** When its locations get the order: what is never handed over by itself may be at any moment. */
function handedOver({ release_at }: OrderRow, now: Date): Date {
  return release_at !== null && release_at > now ? release_at : now
}

/**
 * Locations that would break the promise of the order: from there it would come after the promised or wished day and
 * later than from where it is. Where nobody can tell when it comes from where it is, none but those is any good.
 */
function latePlaces(settings: Settings, departures: Departures, delivery: Delivery, order: OrderRow, own: ReadonlySet<string>, now: Date): string[] {
  const at = handedOver(order, now)
  const arrival = (location: Location): string | undefined => {
    const { departure } = departures(location, delivery.method, at, false)
    return departure === undefined ? undefined : arrivalFrom(settings.rate_table, delivery, location, departure.ships_on)?.latest
  }
  const arrivals = new Map(settings.locations.map((location) => [location.id, arrival(location)]))
  const promised = order.promised_by ?? order.requested_delivery_date ?? ''
  const latest = [...own].reduce((last, id) => { const one = arrivals.get(id) ?? ''; return one > last ? one : last }, promised)
  return [...arrivals].flatMap(([id, day]) => (own.has(id) || (day !== undefined && day <= latest) ? [] : [id]))
}
