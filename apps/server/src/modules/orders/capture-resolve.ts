import { ids } from '../../kernel/id-kinds.ts'
import { invalid, refuse, type FieldError, type Refusal } from '../../kernel/problem.ts'
import { DAY_MS, isPlainDate } from '../../kernel/time.ts'
import { inScope, may } from '../../platform/caller.ts'
import type { BatchItem } from '../../platform/command.ts'
import type { Tx } from '../../platform/db.ts'
import { inputHash } from '../../platform/idempotency.ts'
import { explodeBundles, findVariants, findVariantsBySku, type Variant } from '../catalog/index.ts'
import { checkAnswers, findChannelsByCode, orderForms, resolveChannelSkus, type Channel, type FormField } from '../channels/index.ts'
import { holdReservations, refuseConversion, type HeldReservation } from '../inventory/index.ts'
import { findLocationsByCode, type Location } from '../locations/index.ts'
import { findRateTable, IN_HOUSE, shippingMethods } from '../shipping/index.ts'
import type { CaptureInput } from './capture-input.ts'
import { priceOrder, type PricedOrder } from './capture.ts'
import { findByExternalIds } from './orders.db.ts'
import { tendersFor, type Tender } from './tenders.ts'

export type NewlyResolved = {
  kind: 'new'
  channel: Channel
  pickup_location: Location | undefined
  reservation: HeldReservation | undefined
  priced: PricedOrder
  tenders: Tender[]
  awaiting_payment: boolean
  custom_fields: Record<string, unknown>
  content_hash: string
}
export type Resolved =
  | NewlyResolved
  | { kind: 'exists'; order_id: string }
  /** The same external id stands earlier in this batch. */
  | { kind: 'repeats'; first: number; content_hash: string }
  | { kind: 'refused'; refusal: Refusal }

type Item = BatchItem<CaptureInput>
type LookedUp = {
  channels: ReadonlyMap<string, Channel>
  by_sku: ReadonlyMap<string, Variant>
  by_channel_sku: ReadonlyMap<string, Variant>
  components: ReadonlyMap<string, readonly { variant: Variant; quantity: number }[]>
  forms: ReadonlyMap<string, readonly FormField[]>
  locations: ReadonlyMap<string, Location>
  existing: ReadonlyMap<string, { id: string; content_hash: string | null }>
  reservations: ReadonlyMap<string, HeldReservation>
  /** Of the carrier; empty where no order names one. */
  shipping_methods: readonly string[]
}

/** Looks up everything the orders name, in a fixed number of statements, and decides about each order alone. */
export async function resolveBatch(tx: Tx, items: readonly Item[]): Promise<Resolved[]> {
  const known = await lookUp(tx, items)
  const firsts = new Map<string, number>()
  const asked = new Set<string>()
  return items.map((item, index) => {
    const channel = known.channels.get(item.input.channel)
    if (channel === undefined || !inScope(item.caller, { channel_id: channel.id })) return refused([{ pointer: '/channel', code: 'unknown_channel', detail: `There is no channel "${item.input.channel}".` }])
    const content_hash = inputHash(item.input)
    if (item.input.external_id !== undefined) {
      const key = `${channel.id} ${item.input.external_id}`
      const stored = known.existing.get(key)
      if (stored !== undefined) return stored.content_hash === content_hash ? { kind: 'exists', order_id: stored.id } : { kind: 'refused', refusal: externalIdConflict(item.input.external_id, stored.id) }
      const first = firsts.get(key)
      if (first !== undefined) return { kind: 'repeats', first, content_hash }
      firsts.set(key, index)
    }
    const resolved = resolveOne(item, channel, known, content_hash)
    if (resolved.kind !== 'new' || resolved.reservation === undefined) return resolved
    // The first order of the batch may yet be refused and leave it: the other one comes again.
    const { id } = resolved.reservation.reservation
    if (asked.has(id)) return { kind: 'refused', refusal: refuse('busy', 'Another order is taking this reservation. Try again.') }
    asked.add(id)
    return resolved
  })
}

export function externalIdConflict(externalId: string, orderId: string): Refusal {
  return refuse('external_id_conflict', `The channel has sent order ${externalId} before, with another content. Nothing was changed.`, { order_id: ids.order.show(orderId) })
}

function refused(errors: readonly FieldError[]): Resolved {
  return { kind: 'refused', refusal: invalid(errors) }
}

function resolveOne(item: Item, channel: Channel, known: LookedUp, content_hash: string): Resolved {
  const { input } = item
  const errors: FieldError[] = []
  if (!channel.active) errors.push({ pointer: '/channel', code: 'inactive_channel', detail: `The channel "${channel.code}" takes no orders now.` })
  const variants = input.lines.map((line) => (line.sku === undefined ? known.by_channel_sku.get(`${channel.id} ${line.channel_sku ?? ''}`) : known.by_sku.get(line.sku)))
  errors.push(...priceErrors(item), ...deliveryErrors(input, known), ...addressErrors(input, variants, known), ...dateErrors(item))
  const form = known.forms.get(channel.id) ?? []
  const answers = checkAnswers(form.filter(({ applies_to }) => applies_to === 'order'), input.custom_fields ?? {}, '/custom_fields')
  const lineForm = form.filter(({ applies_to }) => applies_to === 'line')
  const lineAnswers = input.lines.map((line, index) => checkAnswers(lineForm, line.custom_fields ?? {}, `/lines/${index}/custom_fields`))
  errors.push(...answers.errors, ...lineAnswers.flatMap((line) => line.errors))
  const lines = input.lines.map((line, index) => ({ ...line, custom_fields: lineAnswers[index]!.values }))
  const priced = priceOrder({ ...input, lines }, { channel, variants, components: known.components })
  if (!priced.ok) return refused([...errors, ...priced.errors])
  const tendered = tendersFor(input, channel, priced.order.total)
  if (!tendered.ok) return refused([...errors, ...tendered.errors])
  if (errors.length > 0) return refused(errors)
  const reservation = input.reservation_id === undefined ? undefined : known.reservations.get(reservationId(input.reservation_id))
  const unheld = input.reservation_id === undefined ? undefined : refuseConversion(reservation, { channel_id: channel.id, caller: item.caller, now: item.now })
  if (unheld !== undefined) return { kind: 'refused', refusal: unheld }
  return {
    kind: 'new', reservation, channel, priced: priced.order, tenders: tendered.tenders, awaiting_payment: tendered.awaiting_payment, custom_fields: answers.values, content_hash,
    pickup_location: input.pickup_location === undefined ? undefined : known.locations.get(input.pickup_location),
  }
}

/** Prices come from the catalog unless the caller may set them. */
function priceErrors({ input, caller }: Item): FieldError[] {
  if (may(caller, 'orders:price')) return []
  const errors: FieldError[] = []
  if (input.discount !== undefined) errors.push({ pointer: '/discount', code: 'not_permitted', detail: 'Discounts need the permission orders:price.' })
  for (const [index, line] of input.lines.entries()) {
    for (const field of ['unit_price', 'discount', 'tax'] as const) {
      if (line[field] !== undefined) errors.push({ pointer: `/lines/${index}/${field}`, code: 'not_permitted', detail: `A ${field} of one's own needs the permission orders:price.` })
    }
  }
  return errors
}

function deliveryErrors(input: CaptureInput, known: LookedUp): FieldError[] {
  const errors: FieldError[] = []
  if (input.shipping_method !== undefined && !known.shipping_methods.includes(input.shipping_method)) {
    errors.push({ pointer: '/shipping_method', code: 'unknown_shipping_method', detail: `There is no shipping method "${input.shipping_method}". There is ${known.shipping_methods.join(', ')}.` })
  }
  for (const [index, line] of input.lines.entries()) {
    if ((line.sku === undefined) === (line.channel_sku === undefined)) errors.push({ pointer: `/lines/${index}/sku`, code: 'required', detail: 'A line names its variant by `sku` or by `channel_sku`, one of them.' })
  }
  if (input.delivery === 'pickup') {
    if (input.pickup_location === undefined) errors.push({ pointer: '/pickup_location', code: 'required', detail: 'Pickup needs the code of the location.' })
    const location = input.pickup_location === undefined ? undefined : known.locations.get(input.pickup_location)
    if (input.pickup_location !== undefined && (location === undefined || !location.active || !location.capabilities.includes('pickup'))) {
      errors.push({ pointer: '/pickup_location', code: 'unknown_location', detail: `"${input.pickup_location}" is no location that offers pickup.` })
    }
  } else if (input.pickup_location !== undefined) {
    errors.push({ pointer: '/pickup_location', code: 'not_allowed', detail: 'A pickup location needs `delivery` "pickup".' })
  }
  return errors
}

/** Goods that are shipped need a place to go to. What an import brings has been there, and its file may not know where. */
function addressErrors(input: CaptureInput, variants: readonly (Variant | undefined)[], { components }: LookedUp): FieldError[] {
  if (input.delivery === 'pickup' || input.shipping_address !== undefined || input.release === 'manual') return []
  const parts = variants.flatMap((variant) => (variant?.kind === 'bundle' ? (components.get(variant.id) ?? []).map((component) => component.variant) : variant ?? []))
  return parts.some(({ kind }) => kind !== 'service') ? [{ pointer: '/shipping_address', code: 'required', detail: 'Goods that are shipped need a shipping address.' }] : []
}

const MAX_DAYS_AHEAD = 730

function dateErrors({ input, now, caller }: Item): FieldError[] {
  const errors: FieldError[] = []
  if (input.placed_at !== undefined) {
    const placedAt = new Date(input.placed_at)
    if (placedAt > now) errors.push({ pointer: '/placed_at', code: 'in_the_future', detail: 'An order cannot have been placed in the future.' })
    if (!may(caller, 'orders:price')) errors.push({ pointer: '/placed_at', code: 'not_permitted', detail: 'Only integrations say when an order was placed.' })
  }
  const wanted = input.requested_delivery_date
  if (wanted !== undefined) {
    const today = now.toISOString().slice(0, 10)
    if (!isPlainDate(wanted) || wanted < today) errors.push({ pointer: '/requested_delivery_date', code: 'in_the_past', detail: 'The requested delivery date has passed.' })
    else if (Date.parse(wanted) - now.getTime() > MAX_DAYS_AHEAD * DAY_MS) errors.push({ pointer: '/requested_delivery_date', code: 'too_large', detail: `Delivery can be requested at most ${MAX_DAYS_AHEAD} days ahead.` })
  }
  const { promise } = input
  if (promise !== undefined && (!isPlainDate(promise.latest) || !isPlainDate(promise.earliest ?? promise.latest) || (promise.earliest ?? promise.latest) > promise.latest)) {
    errors.push({ pointer: '/promise/earliest', code: 'wrong_order', detail: 'Nothing arrives later than on the latest day.' })
  }
  return errors
}

function reservationId(shown: string): string {
  return ids.reservation.parse(shown) ?? ''
}

async function lookUp(tx: Tx, items: readonly Item[]): Promise<LookedUp> {
  // Held before anything is read: a rival that took one has stored its order by now.
  const reservations = await holdReservations(tx, items.flatMap(({ input }) => (input.reservation_id === undefined ? [] : [reservationId(input.reservation_id)])))
  const lines = items.flatMap(({ input }) => input.lines)
  const channels = await findChannelsByCode(tx, unique(items.map(({ input }) => input.channel)))
  const by_sku = await findVariantsBySku(tx, unique(lines.flatMap(({ sku }) => (sku === undefined ? [] : [sku]))))
  const by_channel_sku = await lookUpChannelSkus(tx, items, channels)
  const bundles = [...by_sku.values(), ...by_channel_sku.values()].filter(({ kind }) => kind === 'bundle').map(({ id }) => id)
  const pickups = unique(items.flatMap(({ input }) => (input.pickup_location === undefined ? [] : [input.pickup_location])))
  const withForms = [...channels.values()].filter(({ form_version }) => form_version > 0)
  const keys = items.flatMap(({ input }) => {
    const channel = channels.get(input.channel)
    return channel === undefined || input.external_id === undefined ? [] : [{ channel_id: channel.id, external_id: input.external_id }]
  })
  return {
    channels, by_sku, by_channel_sku, reservations,
    shipping_methods: items.some(({ input }) => input.shipping_method !== undefined) ? await offeredMethods(tx) : [],
    components: bundles.length === 0 ? new Map() : await explodeBundles(tx, unique(bundles)),
    forms: withForms.length === 0 ? new Map() : await orderForms(tx, withForms.map(({ id, form_version }) => ({ channel_id: id, form_version }))),
    locations: pickups.length === 0 ? new Map() : await findLocationsByCode(tx, pickups),
    existing: keys.length === 0 ? new Map() : new Map((await findByExternalIds(tx, keys)).map((order) => [`${order.channel_id} ${order.external_id ?? ''}`, order])),
  }
}

async function offeredMethods(tx: Tx): Promise<string[]> {
  const table = await findRateTable(tx, IN_HOUSE)
  return table === undefined ? [] : shippingMethods(table.definition)
}

async function lookUpChannelSkus(tx: Tx, items: readonly Item[], channels: ReadonlyMap<string, Channel>): Promise<Map<string, Variant>> {
  const pairs = items.flatMap(({ input }) => {
    const channel = channels.get(input.channel)
    return channel === undefined ? [] : input.lines.flatMap(({ channel_sku }) => (channel_sku === undefined ? [] : [{ channel_id: channel.id, channel_sku }]))
  })
  if (pairs.length === 0) return new Map()
  const mapped = await resolveChannelSkus(tx, pairs)
  const variants = await findVariants(tx, unique([...mapped.values()]))
  return new Map([...mapped].flatMap(([pair, id]) => {
    const variant = variants.get(id)
    return variant === undefined ? [] : [[pair, variant] as const]
  }))
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)]
}
