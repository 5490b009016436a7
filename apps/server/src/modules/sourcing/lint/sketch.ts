import { addDays } from '../../../kernel/time.ts'
import type { Coordinates } from '../../../kernel/geo.ts'
import { amountText, type ExampleOrder } from '../examples.ts'
import type { World, WorldChannel } from '../world.ts'

/** An item as rules can tell it from others. */
export type Item = { sku?: string; tags: readonly string[]; product_type?: string; custom_fields: Readonly<Record<string, unknown>> }

/** Numbers from `from` up to, not including, `to`. */
export type Interval = { from: number; to: number }

/** An order as far as its facets are chosen. */
export type Sketch = {
  channel: WorldChannel
  method: 'ship' | 'pickup'
  shipping_method?: string
  country: string | null
  region: string | null
  postal_code: string | null
  po_box: boolean
  place: Coordinates | null
  at: Date
  requested_in_days: number | null
  value?: { currency: string; amount: bigint }
  items: readonly Item[]
  lines: Interval
  units: Interval
  weight: Interval
  tags: readonly string[]
  custom_fields: Record<string, unknown>
  customer_group: string | null
  customer_tags: readonly string[]
  first_order: boolean
  patches: readonly Partial<ExampleOrder>[]
}

const ANY: Interval = { from: 0, to: Infinity }

/** The most ordinary order: one unit of something, shipped to where the first location is. */
export function plainSketch(world: World): Sketch {
  const [first] = world.candidates(world.now)
  return {
    channel: world.channels[0]!, method: 'ship', country: first?.country ?? 'GB', region: null, postal_code: null, po_box: false, place: null, at: world.now, requested_in_days: null,
    items: [{ tags: [], custom_fields: {} }], lines: { from: 1, to: Infinity }, units: { from: 1, to: Infinity }, weight: ANY, tags: [], custom_fields: {}, customer_group: null, customer_tags: [], first_order: true, patches: [],
  }
}

const MOST_TRIES = 2_000

/** Numbers of lines, units and grams within the intervals that one order with these items can have; undefined where none can. */
export function fitLines({ items, lines, units, weight }: Pick<Sketch, 'items' | 'lines' | 'units' | 'weight'>): { lines: number; units: number; weight: number } | undefined {
  const fewest = Math.max(1, lines.from, items.length)
  for (const count of [fewest, fewest + 1]) {
    if (count >= lines.to) continue
    const least = Math.max(units.from, count)
    if (least >= units.to) continue
    // With a second line, one of them has a single unit and weighs what is wanted.
    if (count > 1 || weight.from === 0) return { lines: count, units: least, weight: weight.from }
    for (let total = least; total < units.to && total < least + MOST_TRIES; total++) {
      const grams = Math.ceil(weight.from / total) * total
      if (grams < weight.to) return { lines: count, units: total, weight: grams }
    }
  }
  return undefined
}

/** The order in the words of examples; undefined where its numbers do not fit. */
export function orderOf(sketch: Sketch, world: World, pickupLocation: string | undefined): ExampleOrder | undefined {
  const fitted = fitLines(sketch)
  if (fitted === undefined) return undefined
  const order: ExampleOrder = { channel: sketch.channel.code, lines: linesOf(sketch, fitted) }
  if (sketch.at.getTime() !== world.now.getTime()) order.at = sketch.at.toISOString()
  if (sketch.method === 'pickup') Object.assign(order, { delivery: 'pickup', ...(pickupLocation === undefined ? {} : { pickup_location: pickupLocation }) })
  if (sketch.shipping_method !== undefined) order.shipping_method = sketch.shipping_method
  if (sketch.requested_in_days !== null) order.requested_delivery_date = addDays(sketch.at.toISOString().slice(0, 10), sketch.requested_in_days)
  if (sketch.country !== null) {
    order.destination = {
      country: sketch.country, ...(sketch.region === null ? {} : { region: sketch.region }), ...(sketch.postal_code === null ? {} : { postal_code: sketch.postal_code }),
      ...(sketch.place === null ? {} : sketch.place), ...(sketch.po_box ? { po_box: true } : {}),
    }
  }
  if (sketch.value !== undefined) order.value = amountText(sketch.value.amount, sketch.channel)
  if (sketch.tags.length > 0) order.tags = [...sketch.tags]
  if (Object.keys(sketch.custom_fields).length > 0) order.custom_fields = sketch.custom_fields
  if (sketch.customer_group !== null || sketch.customer_tags.length > 0 || !sketch.first_order) {
    order.customer = { ...(sketch.customer_group === null ? {} : { customer_group: sketch.customer_group }), ...(sketch.customer_tags.length === 0 ? {} : { tags: [...sketch.customer_tags] }), ...(sketch.first_order ? {} : { first_order: false }) }
  }
  return Object.assign(order, ...sketch.patches) as ExampleOrder
}

function linesOf({ items }: Sketch, { lines, units, weight }: { lines: number; units: number; weight: number }): ExampleOrder['lines'] {
  return Array.from({ length: lines }, (_, index) => {
    const { sku, tags, product_type, custom_fields } = items[Math.min(index, items.length - 1)]!
    const quantity = index === 0 ? units - lines + 1 : 1
    const grams = lines === 1 ? weight / units : index === lines - 1 ? weight : 0
    return {
      // Another SKU than those that rules name.
      sku: sku ?? `OTHER-SKU-${index + 1}`, quantity, weight_grams: grams, tags: [...tags], ...(product_type === undefined ? {} : { product_type }), custom_fields,
    }
  })
}
