import { addDays, weekday, type PlainDate } from '../../kernel/time.ts'
import type { Location, OpeningHours } from './location.ts'
import { readClock, whenClockShows } from './wall-clock.ts'

/** What decides when a location works. */
export type WorkCalendar = Pick<Location, 'opening_hours' | 'closures' | 'time_zone' | 'cut_off' | 'processing_days'>

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

/** The first working day whose cut-off has not passed: what arrives up to that very instant still counts. */
function receivingDay(calendar: WorkCalendar, instant: Date): PlainDate | undefined {
  const today = readClock(instant, calendar.time_zone).date
  // Instants are compared, not what clocks show: an hour that comes twice in autumn would let the cut-off pass twice.
  const passed = instant.getTime() > whenClockShows(today, calendar.cut_off, calendar.time_zone).getTime()
  return seekWorkingDay(calendar, passed ? addDays(today, 1) : today, 1)
}

/** The local date on which an order received at the instant leaves; undefined where the location does not work within a year. */
export function shipsOn(calendar: WorkCalendar, instant: Date): PlainDate | undefined {
  const received = receivingDay(calendar, instant)
  return received === undefined ? undefined : countWorkingDays(calendar, received, calendar.processing_days, 1)
}

/** When an order received at the instant has left for certain: at closing time of its day, or at the cut-off where that is later. */
export function departureInstant(calendar: WorkCalendar, instant: Date): Date | undefined {
  const date = shipsOn(calendar, instant)
  if (date === undefined) return undefined
  const closes = hoursOf(calendar.opening_hours, date)![1]
  return whenClockShows(date, closes > calendar.cut_off ? closes : calendar.cut_off, calendar.time_zone)
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
  const date = countWorkingDays(calendar, addDays(requested_delivery_date, -transit_days), calendar.processing_days, -1)
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
