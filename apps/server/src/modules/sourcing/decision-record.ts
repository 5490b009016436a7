import type { CandidateGroup, Decision, ReservedAt, RuleTrace, Unfilled } from './decision.ts'
import type { Demand, DemandLine } from './demand.ts'

/**
 * Decisions and what was asked, as they are stored with every order: in as few bytes as possible. Locations stand there by
 * their position in the network of the run, lines by their number in the order, lists without names of their fields.
 * Fields of a decision that are not known here are kept as they are.
 */
export type DecisionRecord = Omit<Decision, 'strategy_id' | 'strategy_version' | 'outcome' | Packed> & {
  asked?: AskedRecord
  rules: [rule: string, result: RuleTrace['result'], because?: string | number][]
  reserved?: [location: Place, lines: [line: number, quantity: number][]][]
  serving?: Place[]
  chosen: [location: Place, rule: string, lines: [line: number, quantity: number, seen: number][]][]
  excluded: GroupRecord[]
  below: GroupRecord[]
  unfilled: [line: number, quantity: number, reason: Unfilled['reason']][]
}
type Packed = 'rules' | 'reserved' | 'serving' | 'chosen' | 'excluded' | 'below' | 'unfilled'
type GroupRecord = [code: string, locations: Place[], facts?: Pick<CandidateGroup, 'limit' | 'values'> & { than?: Place }]

/** A position in the network of the run; the code of a location that is not in it. */
type Place = number | string

/** How a record names what has ids of its own. */
export type RecordNames = { location: (code: string) => Place; line: (lineId: string) => number }
export type RecordKeys = { location: (place: Place) => string; line: (number: number) => string }

export function writeRecord(decision: Decision, names: RecordNames, asked: AskedRecord | undefined): DecisionRecord {
  const { strategy_id: _strategy, strategy_version: _version, outcome: _outcome, rules, reserved, serving, chosen, excluded, below, unfilled, ...rest } = decision
  const { location, line } = names
  return {
    ...rest,
    ...(asked === undefined ? {} : { asked }),
    rules: rules.map(writeRule),
    ...(reserved === undefined ? {} : { reserved: reserved.map((place) => [location(place.location), place.lines.map(({ line_id, quantity }) => [line(line_id), quantity])]) }),
    ...(serving === undefined ? {} : { serving: serving.map(location) }),
    chosen: chosen.map((place) => [location(place.location), place.rule, place.lines.map(({ line_id, quantity, seen }) => [line(line_id), quantity, seen])]),
    excluded: excluded.map((group) => writeGroup(group, location)),
    below: below.map((group) => writeGroup(group, location)),
    unfilled: unfilled.map(({ line_id, quantity, reason }) => [line(line_id), quantity, reason]),
  }
}

function writeRule(trace: RuleTrace): DecisionRecord['rules'][number] {
  if (trace.result === 'not_reached') return [trace.rule, trace.result]
  return [trace.rule, trace.result, trace.result === 'not_matched' ? trace.because : trace.units]
}

function writeGroup({ code, locations, than, ...facts }: CandidateGroup, location: RecordNames['location']): GroupRecord {
  const places = locations.map(location)
  if (than !== undefined) return [code, places, { ...facts, than: location(than) }]
  return facts.limit === undefined && facts.values === undefined ? [code, places] : [code, places, facts]
}

/** The decision as it was written, of this strategy and with this outcome. */
export function readRecord(record: DecisionRecord, of: Pick<Decision, 'strategy_id' | 'strategy_version' | 'outcome'>, keys: RecordKeys): Decision {
  const { asked: _asked, rules, reserved, serving, chosen, excluded, below, unfilled, ...rest } = record
  const { location, line } = keys
  return {
    ...of, ...rest,
    rules: rules.map(readRule),
    ...(reserved === undefined ? {} : { reserved: reserved.map(([place, lines]): ReservedAt => ({ location: location(place), lines: lines.map(([number, quantity]) => ({ line_id: line(number), quantity })) })) }),
    ...(serving === undefined ? {} : { serving: serving.map(location) }),
    chosen: chosen.map(([place, rule, lines]) => ({ location: location(place), rule, lines: lines.map(([number, quantity, seen]) => ({ line_id: line(number), quantity, seen })) })),
    excluded: excluded.map((group) => readGroup(group, location)),
    below: below.map((group) => readGroup(group, location)),
    unfilled: unfilled.map(([number, quantity, reason]) => ({ line_id: line(number), quantity, reason })),
  }
}

function readRule([rule, result, fact]: DecisionRecord['rules'][number]): RuleTrace {
  if (result === 'not_matched') return { rule, result, because: String(fact) }
  return result === 'not_reached' ? { rule, result } : { rule, result, units: Number(fact) }
}

function readGroup([code, places, { than, ...facts } = {}]: GroupRecord, location: RecordKeys['location']): CandidateGroup {
  return { code, locations: places.map(location), ...facts, ...(than === undefined ? {} : { than: location(than) }) }
}

/** What is the same for all orders of a channel in a run. */
export type ChannelRecord = Pick<Demand, 'channel' | 'location_groups' | 'on_shortage' | 'max_locations'> & { buffer: number; currency: string | null }

/** What a demand and its lines have where nothing else is said: what they have instead is stored by its name. */
type DemandFields = Pick<Demand, 'method' | 'pickup_location_id' | 'shipping_method' | 'requested_delivery_date' | 'requires' | 'custom_fields' | 'tags' | 'customer' | 'serving_location_ids'>
type LineFields = Omit<DemandLine, LineKey>
const USUAL: DemandFields = { method: 'ship', pickup_location_id: null, shipping_method: 'standard', requested_delivery_date: null, requires: [], custom_fields: {}, tags: [], customer: null, serving_location_ids: [] }
const USUAL_LINE: Omit<LineFields, 'weight_grams'> = { set: null, tags: [], product_type: null, custom_fields: {}, excluded_location_ids: [] }

/** What a line number tells: it never changes. */
type LineKey = 'line_id' | 'variant_id' | 'sku' | 'unit_price' | 'quantity'
export type LineOfOrder = Pick<DemandLine, Exclude<LineKey, 'quantity'>>

type LineRecord = [line: number, quantity: number, weight_grams: number, fields?: Partial<Omit<LineFields, 'weight_grams'>>]

/** The demand without what its order, its channel and its run tell, and without what most demands do not have. */
export type AskedRecord = Partial<DemandFields> & Partial<Pick<ChannelRecord, 'location_groups' | 'on_shortage' | 'max_locations'>> & {
  to?: [country: string, postal_code: string | null, latitude: number | null, longitude: number | null, region?: string | null, po_box?: boolean]
  worth?: string | [amount: string, currency: string]
  /** By when it must leave, from anywhere and by location. */
  until?: string
  until_from?: Record<string, string>
  /** Accepted before: it takes what there is, whatever the channel keeps. */
  again?: true
  lines: LineRecord[]
}

export function channelRecord(demand: Demand, buffer: number): ChannelRecord {
  const { channel, location_groups, on_shortage, max_locations, order_value } = demand
  return { channel, location_groups, on_shortage, max_locations, buffer, currency: order_value?.currency ?? null }
}

export function writeAsked(demand: Demand, channel: ChannelRecord, line: RecordNames['line']): AskedRecord {
  const { order_id: _order, channel_id: _id, channel: _channel, asked_at: _at, destination, order_value, latest_ship_at, latest_ship_from, lines, buffer, ...fields } = demand
  const asked: AskedRecord = { lines: lines.map((one) => writeLine(one, line)) }
  Object.assign(asked, unusual<Partial<typeof fields>>(fields, { ...USUAL, ...channel }))
  if (destination !== null) asked.to = writeDestination(destination)
  if (order_value !== null) asked.worth = order_value.currency === channel.currency ? String(order_value.amount) : [String(order_value.amount), order_value.currency]
  if (latest_ship_at !== null) asked.until = latest_ship_at.toISOString()
  if (latest_ship_from !== undefined) asked.until_from = Object.fromEntries([...latest_ship_from].map(([id, instant]) => [id, instant.toISOString()]))
  if (buffer === null) asked.again = true
  return asked
}

function writeDestination({ country, postal_code, coordinates, region, po_box }: NonNullable<Demand['destination']>): NonNullable<AskedRecord['to']> {
  const [latitude, longitude] = coordinates === null ? [null, null] : [coordinates.latitude, coordinates.longitude]
  return po_box ? [country, postal_code, latitude, longitude, region, po_box] : region === null ? [country, postal_code, latitude, longitude] : [country, postal_code, latitude, longitude, region]
}

function readDestination([country, postal_code, latitude, longitude, region = null, po_box = false]: NonNullable<AskedRecord['to']>): NonNullable<Demand['destination']> {
  return { country, region, postal_code, po_box, coordinates: latitude === null || longitude === null ? null : { latitude, longitude } }
}

function writeLine({ line_id, variant_id: _variant, sku: _sku, unit_price: _price, quantity, weight_grams, ...fields }: DemandLine, line: RecordNames['line']): LineRecord {
  const told = unusual(fields, USUAL_LINE)
  return told === undefined ? [line(line_id), quantity, weight_grams] : [line(line_id), quantity, weight_grams, told]
}

/** The fields that are not as usual; undefined where all are. */
function unusual<Fields extends object>(fields: Fields, usual: Partial<Fields>): Partial<Fields> | undefined {
  let told: Partial<Fields> | undefined
  for (const name in fields) {
    if (isSame(fields[name], usual[name])) continue
    told ??= {}
    told[name] = fields[name]
  }
  return told
}

function isSame(value: unknown, usual: unknown): boolean {
  if (value === usual) return true
  if (Array.isArray(value) && Array.isArray(usual)) return value.length === usual.length && value.every((one, i) => one === usual[i])
  return typeof value === 'object' && typeof usual === 'object' && value !== null && usual !== null && !Array.isArray(value) && Object.keys(value).length === 0 && Object.keys(usual).length === 0
}

/** The demand as it was asked at that time. `lines` tells of each line number what never changes. */
export function readAsked(
  asked: AskedRecord, { order_id, channel_id, asked_at }: Pick<Demand, 'order_id' | 'channel_id' | 'asked_at'>, channel: ChannelRecord, lines: (number: number) => LineOfOrder,
): Demand {
  const { to, worth, until, until_from, again, lines: records, ...fields } = asked
  const { buffer, currency, ...ofChannel } = channel
  return {
    ...USUAL, ...ofChannel, ...fields, order_id, channel_id, asked_at, buffer: again === true ? null : buffer,
    destination: to === undefined ? null : readDestination(to),
    order_value: worth === undefined ? null : typeof worth === 'string' ? { amount: BigInt(worth), currency: currency! } : { amount: BigInt(worth[0]), currency: worth[1] },
    latest_ship_at: until === undefined ? null : new Date(until),
    ...(until_from === undefined ? {} : { latest_ship_from: new Map(Object.entries(until_from).map(([id, instant]) => [id, new Date(instant)])) }),
    lines: records.map(([number, quantity, weight_grams, told]) => ({ ...USUAL_LINE, ...lines(number), quantity, weight_grams, ...told })),
  }
}

/** What lists of decisions look for: `by:` strategy, `rule:` applied, `at:` chosen location, `out:` reason of an exclusion, and the outcome and trigger where they are not the usual ones. As PostgreSQL spells an array: codes need no quotes. */
export function facetsText({ strategy_id, strategy_version, outcome, rules, chosen, excluded }: Decision, trigger: string): string {
  const facets = new Set([`by:${strategy_id}@${strategy_version}`])
  for (const { rule, result } of rules) if (result === 'applied') facets.add(`rule:${rule}`)
  for (const { location } of chosen) facets.add(`at:${location}`)
  for (const { code } of excluded) facets.add(`out:${code}`)
  if (outcome !== 'filled') facets.add(`outcome:${outcome}`)
  if (trigger !== 'capture') facets.add(`trigger:${trigger}`)
  return `{${[...facets].join(',')}}`
}
