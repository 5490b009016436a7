import { assert } from './assert.ts'

/** An amount in minor units (pence, cents, yen). Never a float. */
export type Money = { amount: bigint; currency: string }

/** The shape money has in the API, in events and in files: a decimal string and an ISO 4217 code. */
export type MoneyText = { amount: string; currency: string }

/** Currencies whose minor unit is not a hundredth (ISO 4217). */
const DIGITS: Readonly<Record<string, number>> = {
  BIF: 0, CLP: 0, DJF: 0, GNF: 0, ISK: 0, JPY: 0, KMF: 0, KRW: 0, PYG: 0, RWF: 0, UGX: 0, VND: 0, VUV: 0, XAF: 0, XOF: 0, XPF: 0,
  BHD: 3, IQD: 3, JOD: 3, KWD: 3, LYD: 3, OMR: 3, TND: 3,
}

const KNOWN = new Set(Intl.supportedValuesOf('currency'))

export function isCurrency(code: string): boolean {
  return KNOWN.has(code)
}

/** How many decimal places the currency's minor unit has. */
export function currencyDigits(currency: string): number {
  return DIGITS[currency] ?? 2
}

/** Minor units of a decimal text such as `12.34` or `-0.5`; undefined where it is no amount of that currency. */
export function parseAmount(text: string, currency: string): bigint | undefined {
  const match = /^(-?)(\d{1,15})(?:\.(\d+))?$/.exec(text)
  if (match === null) return undefined
  const digits = currencyDigits(currency)
  const fraction = match[3] ?? ''
  // More places than the currency has are accepted only when they are zeros: 2.50 yen is not an amount.
  if (/[1-9]/.test(fraction.slice(digits))) return undefined
  const minor = BigInt(match[2]! + fraction.slice(0, digits).padEnd(digits, '0'))
  return match[1] === '-' ? -minor : minor
}

/** The decimal text of minor units: 1234 pence are `12.34`. */
export function formatAmount(amount: bigint, currency: string): string {
  const digits = currencyDigits(currency)
  const sign = amount < 0n ? '-' : ''
  const text = (amount < 0n ? -amount : amount).toString().padStart(digits + 1, '0')
  return digits === 0 ? sign + text : `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}`
}

export function showMoney(amount: bigint, currency: string): MoneyText {
  return { amount: formatAmount(amount, currency), currency }
}

/** The lesser of two amounts. */
export function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}

/** The amount, or nothing where it is less than that. */
export function atLeastZero(amount: bigint): bigint {
  return amount > 0n ? amount : 0n
}

/**
 * Splits `total` over `weights` by largest remainder: the parts add up to the total exactly, each is within one
 * unit of its exact share, and earlier parts win ties. The one place where money is split.
 */
export function allocate(total: bigint, weights: readonly bigint[]): bigint[] {
  assert(weights.length > 0, 'money is split over at least one part')
  assert(weights.every((weight) => weight >= 0n), 'weights are not negative')
  const sum = weights.reduce((a, b) => a + b, 0n)
  if (sum === 0n) return allocate(total, weights.map(() => 1n))
  const sign = total < 0n ? -1n : 1n
  const magnitude = total * sign
  const parts = weights.map((weight) => (magnitude * weight) / sum)
  const remainders = weights.map((weight, index) => ({ index, remainder: (magnitude * weight) % sum }))
  let left = magnitude - parts.reduce((a, b) => a + b, 0n)
  remainders.sort((a, b) => (a.remainder === b.remainder ? a.index - b.index : a.remainder > b.remainder ? -1 : 1))
  for (const { index } of remainders) {
    if (left === 0n) break
    parts[index]! += 1n
    left -= 1n
  }
  return parts.map((part) => part * sign)
}

/** `amount × numerator / denominator`, rounded half away from zero: taxes and percentages. */
export function scale(amount: bigint, numerator: bigint, denominator: bigint): bigint {
  assert(denominator > 0n, 'a rate has a positive denominator')
  const product = amount * numerator
  const sign = product < 0n ? -1n : 1n
  return (sign * (2n * product * sign + denominator)) / (2n * denominator)
}
