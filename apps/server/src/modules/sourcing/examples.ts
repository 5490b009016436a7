import { Type, type Static } from 'typebox'
import { formatAmount, parseAmount } from '../../kernel/money.ts'
import type { FieldError } from '../../kernel/problem.ts'
import { Address, Anything, closed, Code, Country, Instant, OneOf, PlainDate, Sku } from '../../platform/http/schemas.ts'
import type { ItemFacts, Variant } from '../catalog/index.ts'
import type { Decision } from './decision.ts'
import type { Candidate, Demand } from './demand.ts'
import { type DecisionNames, explainDecision } from './explain.ts'
import { planOrder } from './plan.ts'
import { createStockView, type StockLevel } from './stock-view.ts'
import type { Strategy } from './strategy.ts'
import type { World, WorldChannel } from './world.ts'

const Amount = Type.String({ pattern: '^[0-9]{1,15}(\\.[0-9]{1,3})?$', description: 'In the currency of the channel' })
const Words = Type.Array(Type.String({ minLength: 1, maxLength: 120 }), { maxItems: 50, uniqueItems: true })

/** One order, said in as few words as rules need. What is left out is as ordinary as can be. */
export const ExampleOrder = Type.Object({
  channel: Code,
  at: Type.Optional({ ...Instant, description: 'When it is routed; now where it is left out' }),
  delivery: Type.Optional(OneOf(['ship', 'pickup'])),
  pickup_location: Type.Optional(Code),
  shipping_method: Type.Optional(Code),
  requested_delivery_date: Type.Optional(PlainDate),
  destination: Type.Optional(Type.Object({
    country: Country, region: Address.properties.region, postal_code: Address.properties.postal_code, latitude: Address.properties.latitude, longitude: Address.properties.longitude,
    po_box: Type.Optional(Type.Boolean()),
  }, closed)),
  value: Type.Optional(Amount),
  customer: Type.Optional(Type.Object({ customer_group: Type.Optional(Code), tags: Type.Optional(Words), first_order: Type.Optional(Type.Boolean()) }, closed)),
  custom_fields: Type.Optional(Anything),
  tags: Type.Optional(Words),
  lines: Type.Array(Type.Object({
    sku: Sku, quantity: Type.Integer({ minimum: 1, maximum: 1_000_000 }), unit_price: Type.Optional(Amount), weight_grams: Type.Optional(Type.Integer({ minimum: 0 })),
    tags: Type.Optional(Words), product_type: Type.Optional(Type.String({ minLength: 1, maxLength: 120 })), custom_fields: Type.Optional(Anything), set: Type.Optional(Type.String({ minLength: 1, maxLength: 40, description: 'The same for components of one bundle' })),
  }, closed), { minItems: 1, maxItems: 500 }),
}, { ...closed, title: 'ExampleOrder', description: 'What is said of an article that the catalog knows comes before what the catalog says' })
export type ExampleOrder = Static<typeof ExampleOrder>

const ExampleLocation = Type.Object({
  code: Code, kind: Type.Optional(OneOf(['warehouse', 'store', 'supplier', 'third_party'])), groups: Type.Optional(Type.Array(Code, { uniqueItems: true, maxItems: 50 })), country: Type.Optional(Country),
  latitude: Address.properties.latitude, longitude: Address.properties.longitude, capabilities: Type.Optional(Type.Array(OneOf(['ship', 'pickup', 'receive_returns']), { uniqueItems: true })),
  priority: Type.Optional(Type.Integer({ minimum: 0 })), capacity_left: Type.Optional(Type.Integer({ minimum: 0 })), ships_today: Type.Optional(Type.Boolean()), handling_cost: Type.Optional(Type.Integer({ minimum: 0 })), custom_fields: Type.Optional(Anything),
}, closed)

/** An order and what must come out, kept beside the rules. */
export const Example = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 200 }),
  order: ExampleOrder,
  locations: Type.Optional(Type.Array(ExampleLocation, { maxItems: 100, description: 'A network of its own; left out, the active locations with all their capacity' })),
  stock: Type.Optional(Type.Array(Type.Object({ location: Code, sku: Sku, available: Type.Integer({ minimum: 0 }), daily_units: Type.Optional(Type.Number({ minimum: 0 })), counted_hours_ago: Type.Optional(Type.Number({ minimum: 0 })) }, closed), { maxItems: 1_000, description: 'Stock of its own; left out, what is sellable now' })),
  expect: Type.Object({
    rule: Type.Optional(Type.Union([Type.String(), Type.Null()], { description: 'The last rule that was for the order and reached; null for none' })),
    outcome: Type.Optional(OneOf(['filled', 'refuse', 'backorder', 'hold', 'queue'])),
    locations: Type.Optional(Type.Array(Code, { uniqueItems: true, maxItems: 100, description: 'Those that give something, in any order' })),
    allocations: Type.Optional(Type.Array(Type.Object({ location: Code, sku: Sku, quantity: Type.Integer({ minimum: 1 }) }, closed), { maxItems: 1_000 })),
    queue: Type.Optional(Code),
  }, { ...closed, minProperties: 1 }),
}, { ...closed, title: 'RoutingExample' })
export type Example = Static<typeof Example>

type Outcome = { rule: string | null; outcome: Decision['outcome']; locations: string[]; allocations: { location: string; sku: string; quantity: number }[]; queue: string | null }

/** How an example came out. `got` says what came out in every respect, `explanation` why. */
export type ExampleResult = { name: string; passed: boolean; mismatches: string[]; got: Outcome; explanation: string[] }

export const ExampleResultSchema = Type.Object({
  name: Type.String(), passed: Type.Boolean(), mismatches: Type.Array(Type.String()),
  got: Type.Object({
    rule: Type.Union([Type.String(), Type.Null()]), outcome: Type.String(), locations: Type.Array(Type.String()), allocations: Type.Array(Type.Object({ location: Type.String(), sku: Type.String(), quantity: Type.Integer() }, closed)), queue: Type.Union([Type.String(), Type.Null()]),
  }, closed),
  explanation: Type.Array(Type.String()),
}, { ...closed, title: 'RoutingExampleResult' })

/** What of the catalog and of stock the examples need: articles by SKU with their facts, and what is sellable by SKU. */
export type Shelf = { variants: ReadonlyMap<string, Variant>; items: ReadonlyMap<string, ItemFacts>; levels: readonly StockLevel[] }
export const EMPTY_SHELF: Shelf = { variants: new Map(), items: new Map(), levels: [] }

/** What the examples name and does not exist, or cannot be said so. */
export function validateExamples(examples: readonly Example[], rules: Strategy['rules'], world: World, shelf: Shelf): FieldError[] {
  const names = new Set<string>()
  return examples.flatMap(({ name, order, locations, stock, expect }, index) => {
    const at = `/examples/${index}`
    const errors: FieldError[] = []
    const known = new Set((locations ?? world.candidates(world.now)).map(({ code }) => code))
    const channel = world.channels.find(({ code }) => code === order.channel)
    if (names.has(name)) errors.push({ pointer: `${at}/name`, code: 'duplicate', detail: `Two examples are called "${name}".` })
    names.add(name)
    if (channel === undefined) errors.push({ pointer: `${at}/order/channel`, code: 'unknown_channel', detail: `There is no channel "${order.channel}".` })
    else for (const [pointer, text] of [['value', order.value], ...order.lines.map((line, nth) => [`lines/${nth}/unit_price`, line.unit_price] as const)] as const) {
      if (text !== undefined && parseAmount(text, channel.currency) === undefined) errors.push({ pointer: `${at}/order/${pointer}`, code: 'invalid_amount', detail: `${text} is not an amount in ${channel.currency}.` })
    }
    if ((order.destination?.latitude === undefined) !== (order.destination?.longitude === undefined)) errors.push({ pointer: `${at}/order/destination`, code: 'half_coordinates', detail: 'Give both `latitude` and `longitude`, or neither.' })
    if (order.delivery === 'pickup' && (order.pickup_location === undefined || !known.has(order.pickup_location))) errors.push({ pointer: `${at}/order/pickup_location`, code: 'unknown_location', detail: 'Pickup needs the code of a location of the example\'s network.' })
    for (const [nth, { location, sku }] of (stock ?? []).entries()) {
      if (!known.has(location)) errors.push({ pointer: `${at}/stock/${nth}/location`, code: 'unknown_location', detail: `"${location}" is no location of the example's network.` })
      if (!order.lines.some((line) => line.sku === sku)) errors.push({ pointer: `${at}/stock/${nth}/sku`, code: 'not_ordered', detail: `The order of the example has no line of "${sku}".` })
    }
    if (stock === undefined) for (const [nth, { sku }] of order.lines.entries()) if (!shelf.variants.has(sku)) errors.push({ pointer: `${at}/order/lines/${nth}/sku`, code: 'unknown_sku', detail: `The catalog has no SKU "${sku}". Use one of its SKUs, or give the example stock of its own.` })
    if (expect.rule !== undefined && expect.rule !== null && !rules.some(({ id }) => id === expect.rule)) errors.push({ pointer: `${at}/expect/rule`, code: 'unknown_rule', detail: `The strategy has no rule "${expect.rule}".` })
    return errors
  })
}

/** The order as the planner is asked it. What is not said comes from the catalog or is as ordinary as can be. */
export function demandOfExample(order: ExampleOrder, channel: WorldChannel, world: World, shelf: Shelf): Demand {
  const asked_at = order.at === undefined ? world.now : new Date(order.at)
  const { destination, customer } = order
  const lines = order.lines.map((line, index) => {
    const facts = shelf.items.get(line.sku)
    const variant = shelf.variants.get(line.sku)
    const price = line.unit_price === undefined ? (variant?.price_currency === channel.currency ? variant.price : null) ?? 0n : parseAmount(line.unit_price, channel.currency)!
    return {
      line_id: `line ${index + 1}`, variant_id: line.sku, sku: line.sku, quantity: line.quantity, weight_grams: line.weight_grams ?? variant?.weight_grams ?? 0, unit_price: price, set: line.set ?? null,
      tags: line.tags ?? facts?.tags ?? [], product_type: line.product_type ?? facts?.product_type ?? null, custom_fields: { ...facts?.custom_fields, ...line.custom_fields }, excluded_location_ids: [],
    }
  })
  const value = order.value === undefined ? lines.reduce((sum, { unit_price, quantity }) => sum + unit_price * BigInt(quantity), 0n) : parseAmount(order.value, channel.currency)!
  return {
    order_id: 'example', channel_id: channel.id, channel: channel.code, asked_at, location_groups: channel.group_ids, method: order.delivery ?? 'ship', pickup_location_id: order.pickup_location ?? null, requires: [],
    shipping_method: order.shipping_method ?? 'standard', requested_delivery_date: order.requested_delivery_date ?? null, custom_fields: order.custom_fields ?? {}, tags: order.tags ?? [],
    customer: customer === undefined ? null : { customer_group: customer.customer_group ?? null, tags: customer.tags ?? [], first_order: customer.first_order ?? true },
    destination: destination === undefined ? null : {
      country: destination.country, region: destination.region ?? null, postal_code: destination.postal_code ?? null, po_box: destination.po_box ?? false,
      coordinates: destination.latitude === undefined || destination.longitude === undefined ? null : { latitude: destination.latitude, longitude: destination.longitude },
    },
    order_value: { amount: value, currency: channel.currency }, latest_ship_at: null, buffer: 0, on_shortage: channel.on_shortage, max_locations: channel.max_splits, serving_location_ids: [], lines,
  }
}

/** Plans the examples and compares. They have passed `validateExamples`. */
export function runExamples(strategy: Strategy, examples: readonly Example[], world: World, shelf: Shelf): ExampleResult[] {
  return examples.map((example) => {
    const { order, locations, stock, name } = example
    const channel = world.channels.find(({ code }) => code === order.channel)!
    const demand = demandOfExample(order, channel, world, shelf)
    const candidates = locations?.map((location) => candidateOfExample(location, channel)) ?? world.candidates(demand.asked_at)
    const levels = stock?.map(({ location, sku, available, daily_units, counted_hours_ago }) => ({ variant_id: sku, location_id: location, available, safety_stock: 0, daily_demand: daily_units ?? null, stock_age_hours: counted_hours_ago ?? null }))
    const { decision } = planOrder(demand, candidates, createStockView(levels ?? shelf.levels), strategy, undefined, world.economics)
    const got = outcomeOf(decision, demand)
    const mismatches = compare(example, got)
    return { name, passed: mismatches.length === 0, mismatches, got, explanation: explainDecision(decision, namesOf(strategy, demand, world)) }
  })
}

/** Locations are named by their codes here, in the network of the retailer and in one made up. */
function candidateOfExample({ latitude, longitude, handling_cost, ...given }: NonNullable<Example['locations']>[number], channel: WorldChannel): Candidate {
  return {
    id: given.code, code: given.code, kind: given.kind ?? 'warehouse', groups: channel.group_ids ?? [], group_codes: given.groups ?? [], country: given.country ?? 'GB', custom_fields: given.custom_fields ?? {},
    coordinates: latitude === undefined || longitude === undefined ? null : { latitude, longitude }, capabilities: given.capabilities ?? ['ship', 'pickup', 'receive_returns'], active: true, priority: given.priority ?? 100,
    capacity_left: given.capacity_left ?? null, handling_cost: BigInt(handling_cost ?? 0), ships_today: given.ships_today ?? true, next_ship_at: null,
  }
}

function namesOf({ rules }: Strategy, { lines }: Demand, world: World): DecisionNames {
  return { locations: world.names, lines: new Map(lines.map(({ line_id, sku }) => [line_id, sku])), rules: new Map(rules.map(({ id, name }) => [id, name])) }
}

function outcomeOf({ rules, outcome, chosen, queue }: Decision, { lines }: Demand): Outcome {
  const skus = new Map(lines.map(({ line_id, sku }) => [line_id, sku]))
  const units = new Map<string, { location: string; sku: string; quantity: number }>()
  for (const { location, lines: given } of chosen) {
    for (const { line_id, quantity } of given) {
      const key = `${location} ${skus.get(line_id)!}`
      units.set(key, { location, sku: skus.get(line_id)!, quantity: quantity + (units.get(key)?.quantity ?? 0) })
    }
  }
  const allocations = [...units.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, allocation]) => allocation)
  return {
    rule: rules.findLast(({ result }) => result === 'applied' || result === 'put_aside')?.rule ?? null, outcome, queue: queue ?? (outcome === 'hold' ? 'unrouted' : null), allocations,
    locations: [...new Set(allocations.map(({ location }) => location))],
  }
}

function compare({ expect }: Example, got: Outcome): string[] {
  const sorted = (codes: readonly string[]): string => codes.toSorted().join(', ') || 'none'
  const list = (allocations: Outcome['allocations']): string => sorted(allocations.map(({ location, sku, quantity }) => `${location} ${quantity} × ${sku}`))
  const checks: [what: string, expected: string | null | undefined, came: string | null][] = [
    ['rule', expect.rule, got.rule], ['outcome', expect.outcome, got.outcome], ['queue', expect.queue, got.queue],
    ['locations', expect.locations && sorted(expect.locations), sorted(got.locations)], ['allocations', expect.allocations && list(expect.allocations), list(got.allocations)],
  ]
  return checks.flatMap(([what, expected, came]) => (expected === undefined || expected === came ? [] : [`Expected ${what} ${expected ?? 'none'}, got ${came ?? 'none'}.`]))
}

/** The text of an amount of the channel, as orders here have it. */
export function amountText(amount: bigint, { currency }: WorldChannel): string {
  return formatAmount(amount, currency)
}
