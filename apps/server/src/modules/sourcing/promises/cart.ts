import type { FieldError } from '../../../kernel/problem.ts'
import { isPlainDate, type PlainDate } from '../../../kernel/time.ts'
import { inScope, type Caller } from '../../../platform/caller.ts'
import type { Channel } from '../../channels/index.ts'
import type { Location } from '../../locations/index.ts'
import { priceOrder } from '../../orders/index.ts'
import { shippingMethods } from '../../shipping/index.ts'
import type { Demand } from '../demand.ts'
import { PICKUP } from '../delivery.ts'
import { itemFactsOf } from '../facts.ts'
import { variantOf, type Article, type PromiseWorld } from '../queries/promise-world.ts'
import { destinationOf, type Address } from '../queries/settings.ts'

/** What somebody thinks of ordering: articles, where they should go or be picked up, and perhaps when and how. */
export type Cart = {
  channel: string
  lines: readonly { sku: string; quantity: number }[]
  ship_to?: Address
  pickup_location?: string
  shipping_method?: string
  requested_delivery_date?: PlainDate
}

/** Units of one article that a line asks for: the article itself, or one part of a bundle, of which each bundle takes `per`. */
export type Need = { line: number; article: Article; per: number; quantity: number }

/** A cart that could be ordered. */
export type Question = {
  cart: Cart
  channel: Channel
  pickup: Location | undefined
  methods: readonly string[]
  needs: readonly Need[]
  /** Asks the planner what capture asks it, for one method. */
  demand: Demand
}

/** Looks everything up that the cart names; says all that is wrong with it, as capture would. */
export function resolveCart(world: PromiseWorld, cart: Cart, at: string, caller: Caller): Question | FieldError[] {
  const errors: FieldError[] = []
  const wrong = (path: string, code: string, detail: string): void => void errors.push({ pointer: `${at}${path}`, code, detail })
  const channel = world.settings.channels.get(cart.channel) ?? undefined
  if (channel === undefined || !inScope(caller, { channel_id: channel.id })) wrong('/channel', 'unknown_channel', `There is no channel "${cart.channel}".`)
  else if (!channel.active) wrong('/channel', 'inactive_channel', `The channel "${channel.code}" takes no orders now.`)
  const needs = cart.lines.flatMap((line, index) => resolveLine(world, line, index, wrong))
  const pickup = cart.pickup_location === undefined ? undefined : world.settings.locations.find(({ code }) => code === cart.pickup_location)
  if (cart.pickup_location !== undefined && (pickup === undefined || !pickup.capabilities.includes('pickup') || !inScope(caller, { location_id: pickup.id }))) {
    wrong('/pickup_location', 'unknown_location', `"${cart.pickup_location}" is no location that offers pickup.`)
  }
  if ((cart.ship_to === undefined) === (cart.pickup_location === undefined)) wrong('/ship_to', 'required', 'Say where it goes with `ship_to`, or where it is picked up with `pickup_location`: one of them.')
  const wanted = cart.requested_delivery_date
  if (wanted !== undefined && (!isPlainDate(wanted) || wanted < world.now.toISOString().slice(0, 10))) wrong('/requested_delivery_date', 'in_the_past', 'The requested delivery date has passed.')
  const offered = shippingMethods(world.settings.rate_table)
  if (cart.shipping_method !== undefined && !offered.includes(cart.shipping_method)) wrong('/shipping_method', 'unknown_shipping_method', `There is no shipping method "${cart.shipping_method}". There is ${offered.join(', ')}.`)
  if (errors.length > 0 || channel === undefined) return errors
  const methods = pickup !== undefined ? [PICKUP] : cart.shipping_method === undefined ? offered : [cart.shipping_method]
  return { cart, channel, pickup, methods, needs, demand: demandOf(world, cart, channel, pickup, needs) }
}

function resolveLine(world: PromiseWorld, { sku, quantity }: Cart['lines'][number], line: number, wrong: (path: string, code: string, detail: string) => void): Need[] {
  const article = world.articles.get(sku)
  const refused = (code: string, detail: string): Need[] => {
    wrong(`/lines/${line}/sku`, code, detail)
    return []
  }
  if (article === undefined) return refused('unknown_sku', `There is no SKU "${sku}".`)
  if (!article.active) return refused('inactive_sku', `SKU "${sku}" is not sold any more.`)
  if (article.kind !== 'bundle') return [{ line, article, per: 1, quantity }]
  const parts = world.parts.get(sku)
  if (parts === undefined) return refused('bundle_empty', `The bundle ${sku} has no components yet.`)
  return parts.map((part) => ({ line, article: part.article, per: part.quantity, quantity: quantity * part.quantity }))
}

/** The demand that capture would make of the order. Lines bear the positions of the needs. */
function demandOf(world: PromiseWorld, cart: Cart, channel: Channel, pickup: Location | undefined, needs: readonly Need[]): Demand {
  return {
    order_id: '', channel_id: channel.id, channel: channel.code, asked_at: world.now, location_groups: channel.group_ids, method: pickup === undefined ? 'ship' : 'pickup', pickup_location_id: pickup?.id ?? null, requires: [],
    shipping_method: cart.shipping_method ?? 'standard', requested_delivery_date: cart.requested_delivery_date ?? null, custom_fields: {}, tags: [], customer: null,
    destination: destinationOf(world.settings, cart.ship_to ?? null), order_value: world.traits.by_value ? valueOf(world, cart, channel) : null, latest_ship_at: null,
    buffer: channel.stock_buffer, on_shortage: channel.on_shortage, max_locations: channel.max_splits, serving_location_ids: [],
    lines: needs.flatMap(({ line, article, quantity }, need) => (article.kind !== 'goods' ? [] : [{
      line_id: String(need), variant_id: article.id, sku: article.sku, quantity, weight_grams: article.weight_grams, unit_price: article.price ?? 0n, ...itemFactsOf(article.id, world.facts), excluded_location_ids: [],
      set: world.parts.has(cart.lines[line]!.sku) ? String(line + 1) : null,
    }])),
  }
}

/** What the order comes to at the prices of the catalog; null where one has none. */
function valueOf({ articles, parts }: PromiseWorld, { channel: code, lines }: Cart, channel: Channel): Demand['order_value'] {
  const variants = lines.map(({ sku }) => variantOf(articles.get(sku)!))
  const components = new Map(variants.flatMap(({ id, sku }) => (parts.has(sku) ? [[id, parts.get(sku)!.map(({ article, quantity }) => ({ variant: variantOf(article), quantity }))] as const] : [])))
  const priced = priceOrder({ channel: code, lines: [...lines] }, { channel, variants, components })
  return priced.ok ? { amount: priced.order.total, currency: channel.currency } : null
}
