/** Plain calendar dates are `YYYY-MM-DD` texts; instants are `Date`s. A date means something only with a time zone. */
export type PlainDate = string

export const SECOND_MS = 1_000
export const MINUTE_MS = 60_000
export const HOUR_MS = 3_600_000
export const DAY_MS = 86_400_000

export function addMs(instant: Date, ms: number): Date {
  return new Date(instant.getTime() + ms)
}

export function isTimeZone(zone: string): boolean {
  try {
    formatterOf(zone)
    return true
  } catch {
    return false
  }
}

const FORMATTERS = new Map<string, Intl.DateTimeFormat>()

function formatterOf(zone: string): Intl.DateTimeFormat {
  let formatter = FORMATTERS.get(zone)
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat('en-CA', {
      timeZone: zone, hourCycle: 'h23',
      year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit',
    })
    FORMATTERS.set(zone, formatter)
  }
  return formatter
}

/** What a clock on the wall of that zone shows. */
export function localTime(instant: Date, zone: string): { date: PlainDate; time: string } {
  const part = Object.fromEntries(formatterOf(zone).formatToParts(instant).map(({ type, value }) => [type, value]))
  return { date: `${part['year']}-${part['month']}-${part['day']}`, time: `${part['hour']}:${part['minute']}` }
}

/**
 * The instant at which a clock of that zone shows the date and the time (`HH:MM`). A time that the change to summer time
 * leaves out is as much later as clocks are put forward.
 */
export function instantOf(date: PlainDate, time: string, zone: string): Date {
  const wanted = Date.parse(`${date}T${time}:00Z`)
  const ahead = (at: number): number => {
    const shown = localTime(new Date(at), zone)
    return wanted - Date.parse(`${shown.date}T${shown.time}:00Z`)
  }
  // By the offset of a moment nearby, and by the offset there; around a change of the clocks they differ.
  const first = wanted + ahead(wanted)
  const second = first + ahead(first)
  return new Date(ahead(second) === 0 ? second : Math.max(first, second))
}

export function addDays(date: PlainDate, days: number): PlainDate {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10)
}

/** 1 is Monday, 7 is Sunday (ISO 8601). */
export function weekday(date: PlainDate): number {
  return ((new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7) + 1
}

export function isPlainDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false
  const parsed = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(text)
}
