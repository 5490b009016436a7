import { addDays, weekday, type PlainDate } from '../../kernel/time.ts'

/** The days on which a carrier moves parcels. */
export type CarrierCalendar = {
  /** ISO weekdays, 1 is Monday. */
  working_days: readonly number[]
  /** Days off, everywhere where `countries` is empty, else where a parcel begins or ends its way in one of them. */
  holidays: readonly { date: PlainDate; countries: readonly string[] }[]
}

export const MONDAY_TO_FRIDAY: CarrierCalendar = { working_days: [1, 2, 3, 4, 5], holidays: [] }

/** Where a parcel begins and ends its way. */
export type Way = { from_country: string; to_country: string }

/** More days off in a row than this are none: a calendar works at least on one weekday, and holidays are single days. */
const LONGEST_PAUSE_DAYS = 400

function worksOn({ working_days, holidays }: CarrierCalendar, date: PlainDate, way: Way): boolean {
  if (!working_days.includes(weekday(date))) return false
  return !holidays.some((day) => day.date === date && (day.countries.length === 0 || day.countries.includes(way.from_country) || day.countries.includes(way.to_country)))
}

function seekWorkingDay(calendar: CarrierCalendar, from: PlainDate, step: 1 | -1, way: Way): PlainDate {
  let date = from
  for (let days = 0; days < LONGEST_PAUSE_DAYS && !worksOn(calendar, date, way); days++) date = addDays(date, step)
  return date
}

/** Dates of each calendar that were asked for before: promises ask for the same few again and again. */
const ARRIVALS = new WeakMap<CarrierCalendar, Map<string, PlainDate>>()
const MAX_REMEMBERED = 10_000

/** The day on which a parcel arrives that is handed over on the date and travels this many of the carrier's working days, counted from the first that it works. */
export function arrivalDate(calendar: CarrierCalendar, ship_on: PlainDate, transit_days: number, way: Way): PlainDate {
  let known = ARRIVALS.get(calendar)
  if (known === undefined || known.size >= MAX_REMEMBERED) ARRIVALS.set(calendar, (known = new Map()))
  const key = `${ship_on} ${transit_days} ${way.from_country} ${way.to_country}`
  let date = known.get(key)
  if (date === undefined) known.set(key, (date = countDays(calendar, ship_on, transit_days, 1, way)))
  return date
}

/** The last day on which a parcel may be handed over to arrive on the date or before. */
export function latestDeparture(calendar: CarrierCalendar, arrive_by: PlainDate, transit_days: number, way: Way): PlainDate {
  return countDays(calendar, arrive_by, transit_days, -1, way)
}

/** So many working days on or back from the first that is one. */
function countDays(calendar: CarrierCalendar, from: PlainDate, days: number, step: 1 | -1, way: Way): PlainDate {
  let date = seekWorkingDay(calendar, from, step, way)
  for (let left = days; left > 0; left--) date = seekWorkingDay(calendar, addDays(date, step), step, way)
  return date
}
