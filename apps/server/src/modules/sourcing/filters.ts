import { Type, type TProperties } from 'typebox'
import { CUSTOM_FILTERS } from './criteria/criteria.ts'
import { anyOrNone, anyOrNoneOf, bounds, checkLists, checkRange, FieldName, filter, listed, rangeOf, refersTo, sayLists, sayRange, sayWords, type Filter, type Scalar } from './criterion.ts'
import type { Candidate, Demand } from './demand.ts'
import { distanceTo, servesChannel, type OrderView } from './order-view.ts'
import type { Fact, SettingOf } from './settings.ts'

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
    say: () => 'are active',
    lasting: { facets: [] },
  }),
  channel: filter({
    settings: {},
    keeps: (order, candidate) => servesChannel(order.demand.location_groups, at(order, candidate).groups),
    phrase: () => 'not among the locations that serve the channel',
    say: () => 'serve the channel',
    lasting: { facets: ['channel'] },
  }),
  pickup_location: filter({
    settings: {},
    keeps: ({ demand, network }, candidate) => demand.method !== 'pickup' || network.candidates[candidate]!.id === demand.pickup_location_id,
    phrase: () => 'not where the customer picks the order up',
    say: () => 'are where the customer picks the order up',
    lasting: { facets: ['method'] },
  }),
  capability: filter({
    settings: {},
    keeps: (order, candidate) => missingCapability(order.demand, at(order, candidate)) === null,
    limit: (order, candidate) => missingCapability(order.demand, at(order, candidate)),
    phrase: (limit) => `no capability "${limit}"`,
    say: () => 'can do what the order asks for',
    lasting: { facets: ['method'] },
  }),
}

const ALWAYS_LAST = {
  capacity: filter({
    settings: {},
    keeps: ({ network, serving }, candidate) => network.capacity_left[candidate]! >= 1 || serving.includes(candidate),
    phrase: () => 'no capacity left for today',
    say: () => 'have capacity left today',
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

const KINDS = ['warehouse', 'store', 'supplier', 'third_party'] as const
const places = (field: keyof Candidate, values: readonly unknown[]): Partial<Candidate>[] => values.map((value) => ({ [field]: value }))

/** What a strategy may use. A new filter is one more entry here; schema, validation, sentences, explanation and the linter follow from it. */
export const FILTERS = {
  kind: filter({
    settings: { any_of: Type.Array(Type.Union([Type.Literal('warehouse'), Type.Literal('store'), Type.Literal('supplier'), Type.Literal('third_party')]), { minItems: 1, uniqueItems: true }) },
    keeps: (order, candidate, settings) => settings.any_of.includes(at(order, candidate).kind),
    phrase: () => 'not of a kind that the rule uses',
    say: ({ any_of }) => `are of the kind ${sayWords(any_of)}`,
    lasting: { facets: [], places: () => places('kind', KINDS) },
  }),
  location: filter({
    settings: anyOrNone,
    check: checkLists,
    refers: (settings) => refersTo('location', settings),
    keeps: (order, candidate, { any_of, none_of }) => {
      const { code } = at(order, candidate)
      return (any_of === undefined || any_of.includes(code)) && (none_of === undefined || !none_of.includes(code))
    },
    phrase: () => 'not among the locations that the rule names, or left out by it',
    say: (settings) => sayLists(settings, 'are', 'are not'),
    lasting: { facets: [], places: (settings) => places('code', [...listed(settings), '']) },
  }),
  location_field: filter({
    settings: { field: FieldName, ...anyOrNoneOf },
    check: checkLists,
    keeps: (order, candidate, { field, any_of, none_of }) => {
      const value = at(order, candidate).custom_fields[field] as Scalar
      return (any_of === undefined || any_of.includes(value)) && (none_of === undefined || !none_of.includes(value))
    },
    limit: (_order, _candidate, { field }) => field,
    value: (order, candidate, { field }) => factOf(at(order, candidate).custom_fields[field]),
    phrase: (limit, value) => (value === null ? `its field ${limit} says nothing` : `its field ${limit} says "${value}"`),
    say: ({ field, ...settings }) => sayLists(settings, `have ${field}`, `do not have ${field}`),
    lasting: { facets: [], places: ({ field, ...settings }) => [...listed(settings), undefined].map((value) => ({ custom_fields: value === undefined ? {} : { [field]: value } })) },
  }),
  location_number: filter({
    settings: { field: FieldName, ...rangeOf() },
    check: checkRange,
    keeps: (order, candidate, { field, at_least, below }) => {
      const value = at(order, candidate).custom_fields[field]
      return typeof value === 'number' && (at_least === undefined || value >= at_least) && (below === undefined || value < below)
    },
    limit: (_order, _candidate, { field }) => field,
    value: (order, candidate, { field }) => factOf(at(order, candidate).custom_fields[field]),
    phrase: (limit, value) => (value === null ? `its field ${limit} says nothing` : `its field ${limit} says ${value}`),
    say: ({ field, ...range }) => `have a ${field} of ${sayRange(range, '')}`,
    lasting: { facets: [], places: ({ field, ...range }) => bounds(range).flatMap((bound) => [bound, bound - Math.max(1, Math.abs(bound)) * 1e-9, bound - 1]).map((value) => ({ custom_fields: { [field]: value } })) },
  }),
  capabilities: filter({
    settings: { all_of: Type.Array(Type.Union([Type.Literal('ship'), Type.Literal('pickup'), Type.Literal('receive_returns')]), { minItems: 1, uniqueItems: true }) },
    keeps: (order, candidate, settings) => settings.all_of.every((capability) => at(order, candidate).capabilities.includes(capability)),
    phrase: () => 'not able to do all that the rule asks for',
    say: ({ all_of }) => `can do ${sayWords(all_of, 'and')}`,
    lasting: { facets: [], places: () => [] },
  }),
  same_country: filter({
    settings: {},
    keeps: (order, candidate) => order.demand.destination === null || at(order, candidate).country === order.demand.destination.country,
    limit: (order) => order.demand.destination?.country ?? null,
    phrase: (limit) => `outside the destination country ${limit}`,
    say: () => 'are in the country the order goes to',
    lasting: { facets: ['country'], mentions: (_settings, candidates) => ({ country: candidates.map(({ country }) => country) }), places: () => [] },
  }),
  country: filter({
    settings: { any_of: Type.Array(Type.String({ pattern: '^[A-Z]{2}$' }), { minItems: 1, uniqueItems: true }) },
    keeps: (order, candidate, settings) => settings.any_of.includes(at(order, candidate).country),
    phrase: () => 'outside the countries of the rule',
    say: ({ any_of }) => `are in the country ${sayWords(any_of)}`,
    lasting: { facets: [], mentions: ({ any_of }) => ({ country: any_of }), places: ({ any_of }) => places('country', [...any_of, 'ZZ']) },
  }),
  ships_today: filter({
    settings: {},
    keeps: (order, candidate) => leaving(order, candidate).ships_today,
    phrase: () => 'no departure left today',
    say: () => 'still have a departure today, by their calendar and cut-off',
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
    say: () => 'depart in time for what was promised',
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
    say: ({ max_km, unknown }) => `are at most ${max_km} km away${unknown === 'exclude' ? '' : ', or at a distance that is not known'}`,
    lasting: { facets: ['place'], mentions: ({ max_km }) => ({ place: [max_km, max_km + 0.001] }) },
  }),
  capacity_left: filter({
    settings: { at_least: Type.Integer({ minimum: 1, description: 'Orders that it can still take today' }) },
    keeps: ({ network, serving }, candidate, { at_least }) => network.capacity_left[candidate]! >= at_least || serving.includes(candidate),
    limit: (_order, _candidate, settings) => settings.at_least,
    value: ({ network }, candidate) => network.capacity_left[candidate]!,
    phrase: (limit, value) => `it can take ${value} more orders today, and the rule asks for ${limit}`,
    say: ({ at_least }) => `can take at least ${at_least} more orders today`,
  }),
  stock_above: filter({
    settings: { units: Type.Optional(Type.Integer({ minimum: 1 })), days: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: 'Of what is sold there a day; where that is not known, nothing is kept back' })) },
    needs: ['daily_demand'],
    check: ({ units, days }) => (units === undefined && days === undefined ? [{ pointer: '', code: 'required', detail: 'Give units, days or both.' }] : []),
    withholds: (order, candidate, variant, { units = 0, days }) => Math.max(units, days === undefined ? 0 : Math.ceil(days * dailyDemand(order, candidate, variant))),
    // Passed by whoever has some to spare; one that never had any is told by its stock.
    keeps: ({ stock, withheld, variant_ids, network }, candidate) => {
      let short = false
      for (let variant = 0; variant < variant_ids.length; variant++) {
        const cell = variant * network.candidates.length + candidate
        if (stock[cell]! > 0) return true
        short ||= withheld !== undefined && withheld[cell]! > 0
      }
      return !short
    },
    limit: (_order, _candidate, { units, days }) => [...(units === undefined ? [] : [`${units} units`]), ...(days === undefined ? [] : [`${days} days of cover`])].join(' and '),
    phrase: (limit) => `what is there is kept back: the rule uses only stock above ${limit}`,
    say: ({ units, days }) => `have stock to spare: only what is above ${[...(units === undefined ? [] : [`${units} units`]), ...(days === undefined ? [] : [`${days} days of cover`])].join(' and ')} of an item is used`,
  }),
  stock_age: filter({
    settings: { max_hours: Type.Number({ exclusiveMinimum: 0 }) },
    needs: ['stock_age'],
    // Of what is wanted, all that it has must have been counted: the oldest count decides.
    keeps: (order, candidate, settings) => oldestCount(order, candidate) <= settings.max_hours,
    limit: (_order, _candidate, settings) => settings.max_hours,
    value: (order, candidate) => roundOrNull(oldestCount(order, candidate)),
    phrase: (limit, value) =>
      value === null ? 'its stock was never counted' : `its stock was counted ${value} hours ago, and the limit is ${limit} hours`,
    say: ({ max_hours }) => `counted what they have of the order within the last ${max_hours} hours`,
  }),
  ...CUSTOM_FILTERS,
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
    ...settings.map((setting) => ({ code: setting.type, filter: FILTERS[setting.type] as unknown as Filter<TProperties>, settings: setting })),
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

function factOf(value: unknown): Fact {
  return typeof value === 'number' || typeof value === 'string' ? value : value === undefined || value === null ? null : JSON.stringify(value)
}

/** Units sold there a day; 0 where that is not known. */
function dailyDemand({ network: { stock, columns }, variant_ids }: OrderView, candidate: number, variant: number): number {
  const row = stock.rows.get(variant_ids[variant]!)
  const column = columns[candidate]!
  const daily = row === undefined || column < 0 ? Number.NaN : stock.daily_demand[row * stock.columns.size + column]!
  return Number.isNaN(daily) ? 0 : daily
}

/** Hours since the count that is longest ago, of the wanted variants that it has; infinite where one was never counted. */
function oldestCount({ network: { stock, columns }, variant_ids }: OrderView, candidate: number): number {
  let oldest = 0
  for (const variant_id of variant_ids) {
    const row = stock.rows.get(variant_id)
    const column = columns[candidate]!
    if (row === undefined || column < 0) continue
    const cell = row * stock.columns.size + column
    if (stock.sellable[cell] === 0) continue
    const age = stock.age_hours === null ? Number.NaN : stock.age_hours[cell]!
    oldest = Math.max(oldest, Number.isNaN(age) ? Number.POSITIVE_INFINITY : age)
  }
  return oldest
}
