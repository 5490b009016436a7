import { currencyDigits, parseAmount, scale, type MoneyText } from '../../kernel/money.ts'
import { allocate } from '../../kernel/money.ts'
import type { FieldError } from '../../kernel/problem.ts'
import type { Variant } from '../catalog/index.ts'
import type { Channel } from '../channels/index.ts'
import { lineTotal, spreadOverLines } from './amounts.ts'
import type { CaptureInput, CaptureLine } from './capture-input.ts'

/** What was bought, where a line is a part of it. `unit_price` is in minor units, as text: the row keeps it in a document. */
export type BoughtBundle = { sku: string; name: string; quantity: number; unit_price: string; input_line: number }

/** A line as it will be stored. Bundles have been exploded: `bundle` names what was bought. */
export type PricedLine = {
  line_number: number
  variant: Variant
  description: string
  quantity: number
  unit_price: bigint
  discount: bigint
  tax: bigint
  bundle: BoughtBundle | null
  custom_fields: Record<string, unknown>
}

export type PricedOrder = {
  lines: PricedLine[]
  subtotal: bigint
  discount_total: bigint
  shipping_total: bigint
  shipping_tax: bigint
  tax_total: bigint
  total: bigint
}

/** What is known about the things that an order names. */
export type Known = {
  channel: Channel
  /** By the position of the input line. */
  variants: readonly (Variant | undefined)[]
  components: ReadonlyMap<string, readonly { variant: Variant; quantity: number }[]>
}

/** Most units that one line may order; it keeps every sum inside the database's integers. */
const MAX_LINE_UNITS = 1_000_000

/**
 * Prices an order: unit prices from the catalog or, where the channel may say, from the order; discounts spread over
 * lines; taxes by the channel's rate or as the channel says; totals that add up to the minor unit. Answers every error at once.
 */
export function priceOrder(input: CaptureInput, known: Known): { ok: true; order: PricedOrder } | { ok: false; errors: FieldError[] } {
  const errors: FieldError[] = []
  const money = (value: MoneyText | undefined, pointer: string): bigint | undefined => (value === undefined ? undefined : readMoney(value, known.channel.currency, pointer, errors))
  const shipping_total = money(input.shipping, '/shipping') ?? 0n
  const orderDiscount = money(input.discount, '/discount') ?? 0n
  const stated = input.lines.map((line, index) => statedLine(line, known.variants[index], known, `/lines/${index}`, errors))
  if (errors.length > 0) return { ok: false, errors }
  const values = stated.map(({ unit_price, quantity, discount }) => unit_price * BigInt(quantity) - discount)
  const valueOfAll = values.reduce((a, b) => a + b, 0n)
  if (orderDiscount > valueOfAll) return { ok: false, errors: [{ pointer: '/discount', code: 'too_large', detail: 'The discount is larger than the value of the lines.' }] }
  const shares = spreadOverLines(orderDiscount, values)
  const lines = stated.flatMap((line, index) => {
    const discounted = { ...line, discount: line.discount + (shares[index] ?? 0n) }
    const tax = discounted.tax ?? taxOf(discounted.unit_price * BigInt(discounted.quantity) - discounted.discount, known.channel)
    return explode({ ...discounted, tax }, index, known)
  })
  return { ok: true, order: totals(lines.map((line, index) => ({ ...line, line_number: index + 1 })), shipping_total, known.channel) }
}

type StatedLine = { variant: Variant; description: string; quantity: number; unit_price: bigint; discount: bigint; tax: bigint | undefined; custom_fields: Record<string, unknown> }

function statedLine(line: CaptureLine, variant: Variant | undefined, { channel, components }: Known, pointer: string, errors: FieldError[]): StatedLine {
  const money = (value: MoneyText | undefined, field: string): bigint | undefined => (value === undefined ? undefined : readMoney(value, channel.currency, `${pointer}/${field}`, errors))
  const nothing: StatedLine = { variant: undefined as never, description: '', quantity: line.quantity, unit_price: 0n, discount: 0n, tax: undefined, custom_fields: {} }
  if (variant === undefined) {
    const named = line.sku === undefined ? `channel SKU "${line.channel_sku ?? ''}"` : `SKU "${line.sku}"`
    errors.push({ pointer: `${pointer}/${line.sku === undefined ? 'channel_sku' : 'sku'}`, code: 'unknown_sku', detail: `There is no ${named}. Add the product first, or map the channel's SKU.` })
    return nothing
  }
  if (!variant.active) errors.push({ pointer: `${pointer}/sku`, code: 'inactive_sku', detail: `SKU "${variant.sku}" is not sold any more.` })
  const parts = components.get(variant.id) ?? []
  if (variant.kind === 'bundle' && parts.length === 0) errors.push({ pointer: `${pointer}/sku`, code: 'bundle_empty', detail: `The bundle ${variant.sku} has no components yet.` })
  const units = line.quantity * Math.max(1, ...parts.map(({ quantity }) => quantity))
  if (units > MAX_LINE_UNITS) errors.push({ pointer: `${pointer}/quantity`, code: 'too_large', detail: `A line, and each component of a bundle, has at most ${MAX_LINE_UNITS} units.` })
  const unit_price = money(line.unit_price, 'unit_price') ?? catalogPrice(variant, channel)
  if (unit_price === undefined) {
    errors.push({ pointer: `${pointer}/unit_price`, code: 'no_price', detail: `SKU "${variant.sku}" has no price in ${channel.currency}. Give a unit_price or set one in the catalog.` })
    return nothing
  }
  const discount = money(line.discount, 'discount') ?? 0n
  if (discount > unit_price * BigInt(line.quantity)) errors.push({ pointer: `${pointer}/discount`, code: 'too_large', detail: 'The discount is larger than the line.' })
  return { variant, description: line.description ?? variant.name, quantity: line.quantity, unit_price, discount, tax: money(line.tax, 'tax'), custom_fields: line.custom_fields ?? {} }
}

function catalogPrice(variant: Variant, channel: Channel): bigint | undefined {
  return variant.price !== null && variant.price_currency === channel.currency ? variant.price : undefined
}

function readMoney(value: MoneyText, currency: string, pointer: string, errors: FieldError[]): bigint {
  if (value.currency !== currency) {
    errors.push({ pointer: `${pointer}/currency`, code: 'wrong_currency', detail: `This channel sells in ${currency}, not ${value.currency}.` })
    return 0n
  }
  const amount = parseAmount(value.amount, currency)
  if (amount === undefined) errors.push({ pointer: `${pointer}/amount`, code: 'wrong_format', detail: `${currency} amounts have ${currencyDigits(currency)} decimal places.` })
  else if (amount < 0n) errors.push({ pointer: `${pointer}/amount`, code: 'too_small', detail: 'The amount is negative.' })
  return amount ?? 0n
}

/** The tax in, or on, an amount after discounts. */
function taxOf(amount: bigint, channel: Channel): bigint {
  const rate = BigInt(channel.tax_rate_basis_points)
  return channel.prices_include_tax ? scale(amount, rate, 10_000n + rate) : scale(amount, rate, 10_000n)
}

type UnnumberedLine = Omit<PricedLine, 'line_number'>

/** A bundle becomes its components: the price is split by what the components cost alone, and adds up to the bundle's. */
function explode(line: StatedLine & { tax: bigint }, index: number, known: Known): UnnumberedLine[] {
  const { variant, quantity } = line
  if (variant.kind !== 'bundle') return [{ ...line, bundle: null }]
  const components = known.components.get(variant.id) ?? []
  const weights = components.map((component) => (catalogPrice(component.variant, known.channel) ?? 0n) * BigInt(component.quantity))
  const amounts = allocate(line.unit_price * BigInt(quantity), weights)
  const discounts = allocate(line.discount, amounts)
  const taxes = allocate(line.tax, amounts)
  const bundle = { sku: variant.sku, name: variant.name, quantity, unit_price: line.unit_price.toString(), input_line: index + 1 }
  return components.map((component, position) => {
    const units = quantity * component.quantity
    // Units of one line have one price. What does not divide is rounded up and taken off again as a discount.
    const amount = amounts[position]!
    const unit_price = (amount + BigInt(units) - 1n) / BigInt(units)
    const rounding = unit_price * BigInt(units) - amount
    return {
      variant: component.variant, description: component.variant.name, quantity: units, unit_price,
      discount: discounts[position]! + rounding, tax: taxes[position]!, bundle, custom_fields: line.custom_fields,
    }
  })
}

function totals(lines: PricedLine[], shipping_total: bigint, channel: Channel): PricedOrder {
  const subtotal = lines.reduce((sum, line) => sum + line.unit_price * BigInt(line.quantity), 0n)
  const discount_total = lines.reduce((sum, line) => sum + line.discount, 0n)
  const shipping_tax = taxOf(shipping_total, channel)
  const tax_total = lines.reduce((sum, line) => sum + line.tax, shipping_tax)
  const total = lines.reduce((sum, line) => sum + lineTotal(line, channel.prices_include_tax), shipping_total + (channel.prices_include_tax ? 0n : shipping_tax))
  return { lines, subtotal, discount_total, shipping_total, shipping_tax, tax_total, total }
}
