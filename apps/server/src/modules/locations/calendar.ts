import { addDays, MINUTE_MS, weekday, type PlainDate } from '../../kernel/time.ts'
import type { Location, OpeningHours } from './location.ts'
import { readClock, whenClockShows } from './wall-clock.ts'

/** What decides when a location works. */
export type WorkCalendar = Pick<Location, 'opening_hours' | 'closures' | 'time_zone' | 'cut_off' | 'method_cut_offs' | 'processing_days' | 'processing_minutes'>

/** A location that does not work for this long has no next working day: a search ends after as many days. */
const LONGEST_PAUSE_DAYS = 366

/** Opening and closing time of that weekday; undefined on days off. Closures do not count here. */
function hoursOf(opening_hours: OpeningHours, date: PlainDate): readonly [opens: string, closes: string] | undefined {
  return opening_hours[String(weekday(date)) as keyof OpeningHours]
}

/** Whether the location works on that local date. */
export function isWorkingDay({ opening_hours, closures }: WorkCalendar, date: PlainDate): boolean {
  return hoursOf(opening_hours, date) !== undefined && !closures.has(date)
}

/** The first working day at or after the date, or at or before it; undefined where there is none within a year. */
function seekWorkingDay(calendar: WorkCalendar, from: PlainDate, step: 1 | -1): PlainDate | undefined {
  let date = from
  for (let days = 0; days <= LONGEST_PAUSE_DAYS; days++) {
    if (isWorkingDay(calendar, date)) return date
    date = addDays(date, step)
  }
  return undefined
}

/** The working day that lies `count` working days after (or before) this one. */
function countWorkingDays(calendar: WorkCalendar, from: PlainDate, count: number, step: 1 | -1): PlainDate | undefined {
  let date = seekWorkingDay(calendar, from, step)
  for (let left = count; left > 0 && date !== undefined; left--) date = seekWorkingDay(calendar, addDays(date, step), step)
  return date
}

/** What decides, beside the moment, when an order leaves: the method it travels by, and that the location takes no more orders today. */
export type Handling = { method?: string | undefined; is_full?: boolean }

function cutOffOf({ cut_off, method_cut_offs }: WorkCalendar, method: string | undefined): string {
  return method !== undefined && Object.hasOwn(method_cut_offs, method) ? method_cut_offs[method]! : cut_off
}

/** The first working day whose cut-off has not passed: what arrives up to that very instant still counts. */
function receivingDay(calendar: WorkCalendar, instant: Date, { method, is_full = false }: Handling): PlainDate | undefined {
  const today = readClock(instant, calendar.time_zone).date
  // Instants are compared, not what clocks show: an hour that comes twice in autumn would let the cut-off pass twice.
  const passed = is_full || instant.getTime() > whenClockShows(today, cutOffOf(calendar, method), calendar.time_zone).getTime()
  return seekWorkingDay(calendar, passed ? addDays(today, 1) : today, 1)
}

/** An instant on a working day. At midnight the day is the one that ends. */
type WorkMoment = { date: PlainDate; at: Date }

/** When so many minutes of opening time have passed since the moment; without any it is the moment itself. */
function workUntil(calendar: WorkCalendar, from: WorkMoment, minutes: number): WorkMoment | undefined {
  if (minutes === 0) return from
  let left = minutes * MINUTE_MS
  for (let date = seekWorkingDay(calendar, from.date, 1); date !== undefined; date = seekWorkingDay(calendar, addDays(date, 1), 1)) {
    const { opens, closes } = openingOf(calendar, date)
    const start = Math.max(from.at.getTime(), opens)
    if (closes - start >= left) return { date, at: new Date(start + left) }
    left -= Math.max(0, closes - start)
  }
  return undefined
}

/** The last moment from which so many minutes of opening time pass until the closing of that working day. */
function workSince(calendar: WorkCalendar, until: PlainDate, minutes: number): WorkMoment | undefined {
  let left = minutes * MINUTE_MS
  for (let date: PlainDate | undefined = until; date !== undefined; date = seekWorkingDay(calendar, addDays(date, -1), -1)) {
    const { opens, closes } = openingOf(calendar, date)
    if (closes - opens >= left) return { date, at: new Date(closes - left) }
    left -= closes - opens
  }
  return undefined
}

/** The opening time of a working day, in milliseconds. */
function openingOf({ opening_hours, time_zone }: WorkCalendar, date: PlainDate): { opens: number; closes: number } {
  const [opens, closes] = hoursOf(opening_hours, date)!
  return { opens: whenClockShows(date, opens, time_zone).getTime(), closes: whenClockShows(date, closes, time_zone).getTime() }
}

/** When an order received at the instant is ready to leave or to be picked up: after the working days, then after minutes of opening time. */
function readyMoment(calendar: WorkCalendar, instant: Date, handling: Handling): WorkMoment | undefined {
  const received = receivingDay(calendar, instant, handling)
  const date = received === undefined ? undefined : countWorkingDays(calendar, received, calendar.processing_days, 1)
  if (date === undefined) return undefined
  return workUntil(calendar, { date, at: new Date(Math.max(instant.getTime(), openingOf(calendar, date).opens)) }, calendar.processing_minutes)
}

/** The local date on which an order received at the instant leaves; undefined where the location does not work within a year. */
export function shipsOn(calendar: WorkCalendar, instant: Date, handling: Handling = {}): PlainDate | undefined {
  return readyMoment(calendar, instant, handling)?.date
}

/** When an order that leaves on that working day has left for certain: at closing time, or at the cut-off where that is later. */
function leftBy(calendar: WorkCalendar, date: PlainDate, method: string | undefined): Date {
  const closes = hoursOf(calendar.opening_hours, date)![1]
  const cutOff = cutOffOf(calendar, method)
  return whenClockShows(date, closes > cutOff ? closes : cutOff, calendar.time_zone)
}

/** When an order received at the instant has left for certain. */
export function departureInstant(calendar: WorkCalendar, instant: Date): Date | undefined {
  const date = shipsOn(calendar, instant)
  return date === undefined ? undefined : leftBy(calendar, date, undefined)
}

export type Departure = {
  ships_on: PlainDate
  /** When it has left for certain. */
  ships_at: Date
  /** When it is ready, within opening hours: from then on it can be picked up. */
  ready_at: Date
  /** What is received up to this instant leaves on the same day. */
  holds_until: Date
}

/** The next departure for an order received at the instant; undefined where the location does not work within a year. */
export function nextDeparture(calendar: WorkCalendar, instant: Date, handling: Handling = {}): Departure | undefined {
  const ready = readyMoment(calendar, instant, handling)
  if (ready === undefined) return undefined
  const since = calendar.processing_minutes === 0 ? undefined : workSince(calendar, ready.date, calendar.processing_minutes)
  const received = countWorkingDays(calendar, since?.date ?? ready.date, calendar.processing_days, -1)
  const cutOff = whenClockShows(received ?? ready.date, cutOffOf(calendar, handling.method), calendar.time_zone)
  const begun = calendar.processing_days === 0 && since !== undefined && since.at < cutOff ? since.at : cutOff
  const opening = openingOf(calendar, ready.date)
  // Ready after closing time, where the cut-off is later: the doors open again on the next working day.
  const next = ready.at.getTime() <= opening.closes ? undefined : seekWorkingDay(calendar, addDays(ready.date, 1), 1)
  return { ships_on: ready.date, ships_at: leftBy(calendar, ready.date, handling.method), ready_at: next === undefined ? ready.at : new Date(openingOf(calendar, next).opens), holds_until: begun }
}

/**
 * When to hand an order to the location so that it arrives on the requested date and not much before: at the opening of
 * the latest working day that leaves enough days for processing and transit (calendar days). Never before `now`, so an
 * order that is late already is released at once. Undefined where the location does not work within a year.
 */
export function releaseInstant(calendar: WorkCalendar, requested_delivery_date: PlainDate, transit_days: number, now: Date): Date | undefined {
  const today = readClock(now, calendar.time_zone).date
  if (seekWorkingDay(calendar, today, 1) === undefined) return undefined
  if (requested_delivery_date <= today) return now
  const leaves = seekWorkingDay(calendar, addDays(requested_delivery_date, -transit_days), -1)
  const worked = leaves === undefined ? undefined : workSince(calendar, leaves, calendar.processing_minutes)?.date
  const date = worked === undefined ? undefined : countWorkingDays(calendar, worked, calendar.processing_days, -1)
  if (date === undefined || date < today) return now
  const opens = hoursOf(calendar.opening_hours, date)![0]
  // A cut-off before opening would put an order released at opening off to the next day.
  const release = whenClockShows(date, opens < calendar.cut_off ? opens : calendar.cut_off, calendar.time_zone)
  return release > now ? release : now
}

export type CalendarDay = {
  date: PlainDate
  works: boolean
  /** Local times of a working day. */
  opens: string | null
  closes: string | null
  cut_off_at: Date | null
}

/** Each of the days from the date on: whether the location works, its hours and the instant of its cut-off. */
export function describeDays(calendar: WorkCalendar, from: PlainDate, days: number): CalendarDay[] {
  return Array.from({ length: days }, (_, index) => {
    const date = addDays(from, index)
    if (!isWorkingDay(calendar, date)) return { date, works: false, opens: null, closes: null, cut_off_at: null }
    const [opens, closes] = hoursOf(calendar.opening_hours, date)!
    return { date, works: true, opens, closes, cut_off_at: whenClockShows(date, calendar.cut_off, calendar.time_zone) }
  })
}
