import { distanceKm } from '../../../kernel/geo.ts'
import { localTime, weekday } from '../../../kernel/time.ts'
import { inScope, may, type Caller } from '../../../platform/caller.ts'
import type { Channel } from '../../channels/index.ts'
import { isWorkingDay, nextDeparture, type Location } from '../../locations/index.ts'
import { coordinatesOf, PICKUP } from '../delivery.ts'
import { servesChannel } from '../order-view.ts'
import type { Age, Article, PromiseWorld } from '../queries/promise-world.ts'
import { stepsBy, type SupplyUnits } from '../supplies.ts'
import { freeSupplies, freeUnits } from './free-units.ts'
import type { StoreArticleView, StoreView } from './store-view.ts'

export type Store = { location: Location; distance_km: number | null }

/** Units of an article, or of the parts of a bundle, that the channel may sell at a place; and what comes there. */
type Free = { article: Article; per: number; units: number; supplies: readonly SupplyUnits[] }

const EVERY_CHANNEL = { group_ids: null, stock_buffer: 0 }

/** Stores that may serve the channel and that the caller sees, the nearest first; those of unknown distance at the end. */
export function findStores(world: PromiseWorld, ask: { channel: Channel | undefined; store: string | undefined; max_km: number | undefined; near: { latitude: number; longitude: number } | null }, caller: Caller): Store[] {
  const stores = world.settings.locations.filter((location) =>
    (location.capabilities.includes('pickup') || location.kind === 'store') && inScope(caller, { location_id: location.id })
    && (ask.store === undefined || location.code === ask.store) && servesChannel(ask.channel?.group_ids ?? null, location.group_ids))
  return stores.map((location): Store => {
    const from = coordinatesOf(location)
    return { location, distance_km: from === null || ask.near === null ? null : distanceKm(from, ask.near) }
  }).filter(({ distance_km }) => ask.max_km === undefined || ask.near === null || (distance_km !== null && distance_km <= ask.max_km))
    .sort((a, b) => (a.distance_km ?? Infinity) - (b.distance_km ?? Infinity) || (a.location.code < b.location.code ? -1 : 1))
}

/** What of the articles is at each of the stores, and when they could be picked up. Exact figures are for those who may see stock. */
export function describeStores(world: PromiseWorld, stores: readonly Store[], asked: readonly { sku: string; quantity: number }[], channel: Channel | undefined, caller: Caller): StoreView[] {
  const selling = channel ?? EVERY_CHANNEL
  const free = new Map<string, { units: number; supplies: readonly SupplyUnits[] }>()
  const freeOf = (article: Article): { units: number; supplies: readonly SupplyUnits[] } => {
    let known = free.get(article.id)
    if (known === undefined) free.set(article.id, (known = { units: Math.max(0, freeUnits(world, article, selling)), supplies: freeSupplies(world, article, selling) }))
    return known
  }
  const isExact = may(caller, 'inventory:read')
  return stores.map(({ location, distance_km }) => {
    const articles = asked.map(({ sku, quantity }) => describeArticle(world, sku, quantity, location, freeOf, isExact))
    return {
      location: location.code, name: location.name, kind: location.kind, address: addressOf(location), distance_km: distance_km === null ? null : Math.round(distance_km * 10) / 10,
      complete: articles.every(({ available }) => available), today: hoursToday(world, location), pickup: pickupOf(world, location), articles,
    }
  })
}

function describeArticle(world: PromiseWorld, sku: string, quantity: number, location: Location, freeOf: (article: Article) => { units: number; supplies: readonly SupplyUnits[] }, isExact: boolean): StoreArticleView {
  const parts = world.parts.get(sku) ?? [{ article: world.articles.get(sku)!, quantity: 1 }]
  const here = parts.map(({ article, quantity: per }): Free & { age: Age | undefined } => {
    const level = article.sellable.find(({ location_id }) => location_id === location.id)
    const { units, supplies } = freeOf(article)
    return { article, per, units: Math.min(level?.available ?? 0, units), supplies: supplies.filter(({ location_id }) => location_id === location.id), age: level }
  })
  const now = wholeBy(here, null)
  const later = stepsBy(now, here.flatMap(({ supplies }) => supplies.map(({ expected_on }) => expected_on)), (date) => wholeBy(here, date))
    .map(({ expected_on, quantity: more }) => ({ expected_on, quantity: isExact ? more : null, band: bandOf(more) }))
  const counted = here.flatMap(({ age }) => age?.counted_at ?? [])
  const changed = here.flatMap(({ age }) => age?.changed_at ?? [])
  return {
    sku, available: now >= quantity, quantity: isExact ? now : null, band: bandOf(now), later,
    // As old as the oldest of its parts.
    counted_at: counted.length === here.length ? oldestOf(counted) : null, changed_at: oldestOf(changed),
  }
}

function oldestOf(instants: readonly Date[]): string | null {
  return instants.length === 0 ? null : instants.reduce((a, b) => (b < a ? b : a)).toISOString()
}

/** Of a bundle whole ones. A service is everywhere. */
function wholeBy(parts: readonly Free[], date: string | null): number {
  return Math.min(...parts.map(({ article, per, units, supplies }) => (article.kind === 'service' ? Number.MAX_SAFE_INTEGER
    : Math.floor((units + (date === null ? 0 : supplies.reduce((sum, supply) => sum + (supply.expected_on <= date ? supply.quantity : 0), 0))) / per))))
}

/** How much customers are told. */
export function bandOf(units: number): StoreArticleView['band'] {
  if (units <= 0) return 'none'
  return units <= 5 ? 'few' : units <= 20 ? 'some' : 'many'
}

function addressOf({ address }: Location): StoreView['address'] {
  const { line1, city, postal_code, country, latitude, longitude, phone } = address
  return { line1, city, postal_code: postal_code ?? null, country, latitude: latitude ?? null, longitude: longitude ?? null, phone: phone ?? null }
}

function hoursToday({ now }: PromiseWorld, location: Location): StoreView['today'] {
  const { date, time } = localTime(now, location.time_zone)
  if (!isWorkingDay(location, date)) return { date, opens: null, closes: null, open_now: false }
  const [opens, closes] = location.opening_hours[String(weekday(date)) as '1']!
  return { date, opens, closes, open_now: opens <= time && time < closes }
}

function pickupOf(world: PromiseWorld, location: Location): StoreView['pickup'] {
  if (!location.capabilities.includes('pickup')) return null
  const departure = nextDeparture(location, world.now, { method: PICKUP, is_full: world.candidates.find(({ id }) => id === location.id)?.capacity_left === 0 })
  return departure === undefined ? null : { ready_at: departure.ready_at.toISOString(), ready_on: departure.ships_on, holds_until: departure.holds_until.toISOString() }
}
