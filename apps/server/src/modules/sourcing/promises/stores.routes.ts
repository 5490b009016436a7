import { Type } from 'typebox'
import { invalid, type FieldError } from '../../../kernel/problem.ts'
import { inScope } from '../../../platform/caller.ts'
import type { Clock } from '../../../platform/clock.ts'
import type { Database } from '../../../platform/db.ts'
import { route, type Route } from '../../../platform/http/route.ts'
import { Address, closed, Code, Nullable, Sku } from '../../../platform/http/schemas.ts'
import { createPromiseWorlds, type PromiseWorld } from '../queries/promise-world.ts'
import { locate } from '../queries/settings.ts'
import { viewPlace } from './place.ts'
import { PlaceView } from './promise-view.ts'
import { StoreView } from './store-view.ts'
import { describeStores, findStores } from './stores.ts'

const MAX_SKUS = 50
const Query = Type.Object({
  sku: Type.Unsafe<string | string[]>({ anyOf: [Sku, { type: 'array', items: Sku, minItems: 1, maxItems: MAX_SKUS }], description: `Up to ${MAX_SKUS}, repeated` }),
  quantity: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000, default: 1, description: 'Of each, to be complete' })),
  channel: Type.Optional({ ...Code, description: 'Only stores that may serve it, and its buffer is kept back' }), store: Type.Optional(Code),
  country: Type.Optional(Address.properties.country), postal_code: Address.properties.postal_code, city: Type.Optional(Address.properties.city), latitude: Address.properties.latitude, longitude: Address.properties.longitude,
  max_km: Type.Optional(Type.Number({ minimum: 0, maximum: 25_000 })), in_stock: Type.Optional(Type.Boolean({ description: 'Only stores that have all of it' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 10 })),
}, closed)

export function storeRoutes(runtime: { db: Database; clock: Clock }): Route[] {
  const look = createPromiseWorlds(runtime, 'aged')
  const get = route({
    operation_id: 'listStoreAvailability', method: 'GET', url: '/v1/availability/stores', tag: 'inventory', permission: 'promises:read', summary: 'Whether it is at that store, or near a place, and when it could be picked up',
    description: 'The nearest store first, with the age of each figure. The place is given by coordinates, by country and postal code, or by country and city; a place that is not known gives stores without distances. Exact quantities need inventory:read; others are told a band.',
    query: Query, reply: { status: 200, schema: Type.Object({ asked_at: Type.String(), place: Nullable(PlaceView), data: Type.Array(StoreView) }, closed) },
    handle: async ({ query, caller }) => {
      const skus = [...new Set([query.sku].flat())]
      const { country, postal_code, city, latitude, longitude } = query
      // Coordinates need no country.
      const address = country === undefined && latitude === undefined ? undefined : { country: country ?? '', postal_code, city, latitude, longitude }
      const world = await look({ skus, channels: query.channel === undefined ? [] : [query.channel], addresses: address === undefined ? [] : [address] })
      const channel = query.channel === undefined ? undefined : (world.settings.channels.get(query.channel) ?? undefined)
      const isChannelSeen = channel !== undefined && inScope(caller, { channel_id: channel.id })
      const errors = [...wrongSkus(world, skus), ...wrongPlace(query), ...(query.channel === undefined || isChannelSeen ? [] : [{ pointer: '/query/channel', code: 'unknown_channel', detail: `There is no channel ${query.channel}.` }])]
      if (query.channel === undefined && caller.channel_ids !== undefined) errors.push({ pointer: '/query/channel', code: 'required', detail: 'You are confined to some channels: name one of them.' })
      const located = address === undefined ? null : locate(world.settings, address)
      const stores = findStores(world, { channel, store: query.store, max_km: query.max_km, near: located?.coordinates ?? null }, caller)
      if (query.store !== undefined && stores.length === 0 && query.max_km === undefined) errors.push({ pointer: '/query/store', code: 'unknown_location', detail: `There is no store ${query.store}.` })
      if (errors.length > 0) throw invalid(errors)
      const limit = query.limit ?? 10
      const asked = skus.map((sku) => ({ sku, quantity: query.quantity ?? 1 }))
      const described = describeStores(world, query.in_stock === true ? stores : stores.slice(0, limit), asked, channel, caller)
      return {
        asked_at: world.now.toISOString(), place: address === undefined ? null : viewPlace(world.settings, address),
        data: (query.in_stock === true ? described.filter(({ complete }) => complete) : described).slice(0, limit),
      }
    },
  })
  return [get]
}

function wrongSkus({ articles, parts }: PromiseWorld, skus: readonly string[]): FieldError[] {
  return skus.flatMap((sku) => {
    const article = articles.get(sku)
    if (article === undefined) return [{ pointer: '/query/sku', code: 'unknown_sku', detail: `There is no SKU ${sku}.` }]
    return article.kind === 'bundle' && !parts.has(sku) ? [{ pointer: '/query/sku', code: 'bundle_empty', detail: `The bundle ${sku} has no components yet.` }] : []
  })
}

function wrongPlace({ country, postal_code, city, latitude, longitude }: { country?: string; postal_code?: string; city?: string; latitude?: number; longitude?: number }): FieldError[] {
  if ((latitude === undefined) !== (longitude === undefined)) return [{ pointer: '/query/latitude', code: 'half_coordinates', detail: 'Give both `latitude` and `longitude`, or neither.' }]
  return country === undefined && (postal_code !== undefined || city !== undefined) ? [{ pointer: '/query/country', code: 'required', detail: 'A postal code or a city needs its country.' }] : []
}
