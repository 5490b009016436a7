import { MINUTE_MS, SECOND_MS } from '../../../kernel/time.ts'

/** Millionths of the currency's major unit: prices of the file have up to three decimals, and its sums must not drift. */
const MICROS_PER_UNIT = 1_000_000n

/** 100 million units or pounds in one line is a typing error, and keeps every product inside PostgreSQL's bigint. */
const LARGEST = 100_000_000

/**
 * Millionths of a decimal as spreadsheets and R write them: `2.55`, `-1`, `.5`, `1e+05`, `1,867.86`, and `2,55` where the
 * columns are separated by something else than commas. Finer digits, the noise of binary fractions, are rounded.
 */
export function parseMicros(text: string, delimiter: string): bigint | undefined {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,2}))?$/.exec(text.includes(',') ? pointDecimal(text, delimiter) : text)
  if (match === null) return undefined
  const whole = match[2] ?? ''
  const fraction = match[3] ?? ''
  if (whole === '' && fraction === '') return undefined
  // The decimal point moves by the exponent, and by six places more to count millionths.
  const point = whole.length + Number(match[4] ?? 0) + 6
  const digits = (whole + fraction).padEnd(point, '0')
  const kept = BigInt(point > 0 ? digits.slice(0, point) : '0')
  const micros = point >= 0 && (digits[point] ?? '0') >= '5' ? kept + 1n : kept
  if (micros > BigInt(LARGEST) * MICROS_PER_UNIT) return undefined
  return match[1] === '-' ? -micros : micros
}

function pointDecimal(text: string, delimiter: string): string {
  if (/^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$/.test(text) && delimiter === ',') return text.replaceAll(',', '')
  return /^[+-]?[\d.]*,\d+$/.test(text) ? text.replaceAll('.', '').replace(',', '.') : text
}

/** A whole number; `12.0` is one. */
export function parseQuantity(text: string, delimiter: string): number | undefined {
  if (/^-?\d{1,8}$/.test(text)) return Number(text)
  const micros = parseMicros(text, delimiter)
  return micros === undefined || micros % MICROS_PER_UNIT !== 0n ? undefined : Number(micros / MICROS_PER_UNIT)
}

/** Whether `3/4/2011` is the fourth of March (the published file) or the third of April. */
export type DateOrder = 'month_first' | 'day_first'

const ISO = /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?\s*(Z|[+-]\d{2}:?\d{2})?$/
const WRITTEN = /^(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})(?:\s+(\d{1,2}):(\d{2})(?::(\d{2}))?\s*([AaPp][Mm])?)?$/

/**
 * The instant of `2010-12-01T08:26:00Z`, `2010-12-01 08:26`, `12/1/2010 8:26`, `12/1/10 8:26 AM`, `01.12.2010 08:26`.
 * A time without a zone counts as UTC: the published files hold London's wall clock with and without a `Z`, and the
 * same line must be the same instant in both.
 */
export function parseInstant(text: string, order: DateOrder): Date | undefined {
  const iso = ISO.exec(text)
  if (iso !== null) {
    return instantOf([Number(iso[1]), Number(iso[2]), Number(iso[3])], [Number(iso[4] ?? 0), Number(iso[5] ?? 0), Number(iso[6] ?? 0)], offsetMinutes(iso[7]))
  }
  const written = WRITTEN.exec(text)
  if (written === null) return undefined
  const [first, second, year] = [Number(written[1]), Number(written[3]), Number(written[4])]
  // Points and hyphens between day, month and year are written where the day comes first.
  const [month, day] = written[2] === '/' && order === 'month_first' ? [first, second] : [second, first]
  const half = written[8]?.toLowerCase()
  const shown = Number(written[5] ?? 0)
  if (half !== undefined && (shown < 1 || shown > 12)) return undefined
  const hour = half === undefined ? shown : (shown % 12) + (half === 'pm' ? 12 : 0)
  return instantOf([year < 100 ? 2000 + year : year, month, day], [hour, Number(written[6] ?? 0), Number(written[7] ?? 0)], 0)
}

function offsetMinutes(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z') return 0
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2))
  return zone.startsWith('-') ? -minutes : minutes
}

function instantOf([year, month, day]: [number, number, number], [hour, minute, second]: [number, number, number], offset: number): Date | undefined {
  if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59) return undefined
  const date = new Date(Date.UTC(year, month - 1, day))
  // The 30th of February would have become a day in March.
  if (date.getUTCDate() !== day) return undefined
  return new Date(date.getTime() + (hour * 60 + minute - offset) * MINUTE_MS + second * SECOND_MS)
}
