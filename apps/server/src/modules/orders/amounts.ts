import { allocate } from '../../kernel/money.ts'
import { assert } from '../../kernel/assert.ts'

/** What a line costs, in minor units: the whole line, of which each unit has its share. */
export type LineAmounts = { quantity: number; unit_price: bigint; discount: bigint; tax: bigint }

/** What the customer pays for the line. `tax` is in the price or comes on top. */
export function lineTotal(line: LineAmounts, pricesIncludeTax: boolean): bigint {
  return line.unit_price * BigInt(line.quantity) - line.discount + (pricesIncludeTax ? 0n : line.tax)
}

/**
 * The part of `total` that belongs to units `from` (counted from 0) up to `from + count` of `quantity`. Shares of all
 * units add up to the total whatever the order in which they are asked for: the first `total mod quantity` units carry
 * one minor unit more.
 */
export function unitsShare(total: bigint, quantity: number, from: number, count: number): bigint {
  assert(from >= 0 && count >= 0 && from + count <= quantity, 'units lie within their line')
  const base = total / BigInt(quantity)
  const extra = Number(total % BigInt(quantity))
  const upTo = (units: number): bigint => base * BigInt(units) + BigInt(Math.min(units, extra))
  return upTo(from + count) - upTo(from)
}

/** Units that are canceled or returned give back their share, the first ones first. */
export function unwoundAmount(line: LineAmounts, pricesIncludeTax: boolean, alreadyUnwound: number, count: number): bigint {
  return unitsShare(lineTotal(line, pricesIncludeTax), line.quantity, alreadyUnwound, count)
}

/** Spreads an amount of the whole order over its lines by their value: a discount code, for example. */
export function spreadOverLines(amount: bigint, values: readonly bigint[]): bigint[] {
  return values.length === 0 ? [] : allocate(amount, values)
}

/** What the units of a line that have not left and are not canceled cost: the last ones, which carry what the others leave. */
export function waitingAmount(line: LineAmounts & { shipped: number; delivered: number; returned: number; canceled: number }, pricesIncludeTax: boolean): bigint {
  const gone = line.shipped + line.delivered + line.returned + line.canceled
  return unwoundAmount(line, pricesIncludeTax, gone, line.quantity - gone)
}
