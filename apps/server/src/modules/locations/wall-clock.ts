import { instantOf, localTime, type PlainDate } from '../../kernel/time.ts'

/**
 * `localTime` and `instantOf`, remembered. Formatting a date in a zone takes microseconds, and a batch of orders asks
 * hundreds of locations in a handful of zones about the same moment and the same cut-offs. Results do not depend on what
 * is remembered.
 */
const LATEST = new Map<string, { ms: number; shown: { date: PlainDate; time: string } }>()

/** What a clock on the wall of that zone shows. The last instant asked of each zone is remembered. */
export function readClock(instant: Date, zone: string): { date: PlainDate; time: string } {
  const ms = instant.getTime()
  const latest = LATEST.get(zone)
  if (latest?.ms === ms) return latest.shown
  const shown = localTime(instant, zone)
  LATEST.set(zone, { ms, shown })
  return shown
}

const MAX_REMEMBERED = 10_000
const INSTANTS = new Map<string, number>()

/** The instant at which a clock of that zone shows the date and the time. */
export function whenClockShows(date: PlainDate, time: string, zone: string): Date {
  const key = `${date} ${time} ${zone}`
  const known = INSTANTS.get(key)
  if (known !== undefined) return new Date(known)
  const instant = instantOf(date, time, zone)
  if (INSTANTS.size >= MAX_REMEMBERED) INSTANTS.clear()
  INSTANTS.set(key, instant.getTime())
  return instant
}
