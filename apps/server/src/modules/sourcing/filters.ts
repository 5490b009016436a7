import { Type, type Static, type TObject, type TProperties } from 'typebox'
import type { Candidate, Demand } from './demand.ts'
import { distanceTo, servesChannel, type OrderView } from './order-view.ts'
import type { Fact, SettingOf } from './settings.ts'

/**
 * A test that a location must pass to serve the order. `keeps` runs for every order and candidate, so it allocates
 * nothing; the other three run only for a location that failed, to say why.
 */
export type Filter<P extends TProperties> = {
  settings: P
  keeps: (order: OrderView, candidate: number, settings: Static<TObject<P>>) => boolean
  /** What was asked. Locations with the same limit share one entry of the record. */
  limit?: (order: OrderView, candidate: number, settings: Static<TObject<P>>) => Fact
  /** What the location had. */
  value?: (order: OrderView, candidate: number, settings: Static<TObject<P>>) => Fact
  /** The end of "Leeds was ruled out: …". With a `value` it speaks of one location, otherwise perhaps of many. */
  phrase: (limit: Fact, value: Fact) => string
}

const filter = <P extends TProperties>(entry: Filter<P>): Filter<P> => entry
const at = (order: OrderView, candidate: number): Candidate => order.network.candidates[candidate]!

/** When it leaves from there by the order's method. */
function leaving(order: OrderView, candidate: number): Pick<Candidate, 'ships_today' | 'next_ship_at'> {
  const one = at(order, candidate)
  return order.demand.shipping_method === undefined ? one : (one.leaves_by_method?.get(order.demand.shipping_method) ?? one)
}

function latestShipAt({ demand, network }: OrderView, candidate: number): Date | null {
  return demand.latest_ship_from?.get(network.candidates[candidate]!.id) ?? demand.latest_ship_at
}

/** What holds for every rule: neither a merchant nor a strategy can switch it off. */
const ALWAYS_FIRST = {
  inactive: filter({
    settings: {},
    keeps: (order, candidate) => at(order, candidate).active,
    phrase: () => 'not active',
  }),
  channel: filter({
    settings: {},
    keeps: (order, candidate) => servesChannel(order.demand.location_groups, at(order, candidate).groups),
    phrase: () => 'not among the locations that serve the channel',
  }),
  pickup_location: filter({
    settings: {},
    keeps: ({ demand, network }, candidate) => demand.method !== 'pickup' || network.candidates[candidate]!.id === demand.pickup_location_id,
    phrase: () => 'not where the customer picks the order up',
  }),
  capability: filter({
    settings: {},
    keeps: (order, candidate) => missingCapability(order.demand, at(order, candidate)) === null,
    limit: (order, candidate) => missingCapability(order.demand, at(order, candidate)),
    phrase: (limit) => `no capability "${limit}"`,
  }),
}

const ALWAYS_LAST = {
  capacity: filter({
    settings: {},
    keeps: ({ network, serving }, candidate) => network.capacity_left[candidate]! >= 1 || serving.includes(candidate),
    phrase: () => 'no capacity left for today',
  }),
}

/** Written by the pipeline itself, which knows the rule's groups and what stock is left. */
const PIPELINE = {
  no_rule: { phrase: () => 'no rule of the strategy is for this order' },
  group: { phrase: () => 'not in the location groups of the rule' },
  excluded: { phrase: () => 'left out after an earlier rejection or short pick' },
  stock: { phrase: (limit: Fact, value: Fact) => `it had ${value} of the ${limit} units` },
  refused: { phrase: (limit: Fact, value: Fact) => `it had ${value} of the ${limit} units, and the order, which could not be filled, was refused` },
}

/** What a strategy may use. A new filter is one more entry here; schema, validation and explanation follow from it. */
export const FILTERS = {
  kind: filter({
    settings: {
      any_of: Type.Array(Type.Union([Type.Literal('warehouse'), Type.Literal('store'), Type.Literal('supplier'), Type.Literal('third_party')]), {
        minItems: 1,
        uniqueItems: true,
      }),
    },
    keeps: (order, candidate, settings) => settings.any_of.includes(at(order, candidate).kind),
    phrase: () => 'not of a kind that the rule uses',
  }),
  same_country: filter({
    settings: {},
    keeps: (order, candidate) => order.demand.destination === null || at(order, candidate).country === order.demand.destination.country,
    limit: (order) => order.demand.destination?.country ?? null,
    phrase: (limit) => `outside the destination country ${limit}`,
  }),
  country: filter({
    settings: { any_of: Type.Array(Type.String({ pattern: '^[A-Z]{2}$' }), { minItems: 1, uniqueItems: true }) },
    keeps: (order, candidate, settings) => settings.any_of.includes(at(order, candidate).country),
    phrase: () => 'outside the countries of the rule',
  }),
  ships_today: filter({
    settings: {},
    keeps: (order, candidate) => leaving(order, candidate).ships_today,
    phrase: () => 'no departure left today',
  }),
  promise: filter({
    settings: {},
    keeps: (order, candidate) => {
      const latest = latestShipAt(order, candidate)
      if (latest === null) return true
      const { next_ship_at } = leaving(order, candidate)
      return next_ship_at !== null && next_ship_at.getTime() <= latest.getTime()
    },
    limit: (order, candidate) => latestShipAt(order, candidate)?.toISOString() ?? null,
    phrase: (limit) => `no departure by ${limit}, which the promise asks for`,
  }),
  distance: filter({
    // Without coordinates nothing can be said about the distance; by default that rules nobody out.
    settings: { max_km: Type.Number({ exclusiveMinimum: 0 }), unknown: Type.Optional(Type.Union([Type.Literal('keep'), Type.Literal('exclude')])) },
    keeps: (order, candidate, { max_km, unknown }) => {
      const km = distanceTo(order, candidate)
      return km <= max_km || (km === Number.POSITIVE_INFINITY && unknown !== 'exclude')
    },
    limit: (_order, _candidate, settings) => settings.max_km,
    value: (order, candidate) => roundOrNull(distanceTo(order, candidate)),
    phrase: (limit, value) => (value === null ? 'its distance is not known' : `it is ${value} km away, and the limit is ${limit} km`),
  }),
  stock_age: filter({
    settings: { max_hours: Type.Number({ exclusiveMinimum: 0 }) },
    keeps: (order, candidate, settings) => {
      const age = at(order, candidate).stock_age_hours
      return age !== null && age <= settings.max_hours
    },
    limit: (_order, _candidate, settings) => settings.max_hours,
    value: (order, candidate) => roundOrNull(at(order, candidate).stock_age_hours ?? Number.POSITIVE_INFINITY),
    phrase: (limit, value) =>
      value === null ? 'its stock was never counted' : `its stock was counted ${value} hours ago, and the limit is ${limit} hours`,
  }),
}

export type FilterSetting = SettingOf<typeof FILTERS>

type Phrase = (limit: Fact, value: Fact) => string

const EVERY_FILTER: Readonly<Record<string, { phrase: Phrase }>> = { ...PIPELINE, ...ALWAYS_FIRST, ...FILTERS, ...ALWAYS_LAST }

/** The end of a sentence for a code that `findFailure` or the pipeline wrote; the code itself where a later version dropped it. */
export function phraseExclusion(code: string, limit: Fact, value: Fact): string {
  return EVERY_FILTER[code]?.phrase(limit, value) ?? code
}

export type PreparedFilter = { code: string; filter: Filter<TProperties>; settings: Record<string, unknown> }

/** All the tests of a rule, in the order in which they are made: the first that fails is the reason that is recorded. */
export function prepareFilters(settings: readonly FilterSetting[]): PreparedFilter[] {
  const always = (table: Record<string, Filter<TProperties>>): PreparedFilter[] =>
    Object.entries(table).map(([code, entry]) => ({ code, filter: entry, settings: {} }))
  return [
    ...always(ALWAYS_FIRST),
    ...settings.map((setting) => ({ code: setting.type, filter: FILTERS[setting.type] as Filter<TProperties>, settings: setting })),
    ...always(ALWAYS_LAST),
  ]
}

export function findFailure(filters: readonly PreparedFilter[], order: OrderView, candidate: number): PreparedFilter | undefined {
  for (const prepared of filters) if (!prepared.filter.keeps(order, candidate, prepared.settings)) return prepared
  return undefined
}

function missingCapability(demand: Demand, candidate: Candidate): string | null {
  if (!candidate.capabilities.includes(demand.method)) return demand.method
  for (const capability of demand.requires) if (!candidate.capabilities.includes(capability)) return capability
  return null
}

function roundOrNull(value: number): number | null {
  return Number.isFinite(value) ? Math.round(value) : null
}
