import { instantOf, localTime, addDays, type PlainDate } from '../../kernel/time.ts'
import { nextDeparture, type Departure } from '../locations/index.ts'
import type { NetworkLocation } from './network.ts'

/** When an order that a location is given now leaves. */
export type Leaving = { departure: Departure | undefined; ships_today: boolean; /** Up to this moment, in milliseconds, the same holds. */ until_ms: number }

/** Next departures by location and method, remembered as long as they hold: a calendar is asked only when a cut-off or a midnight has passed. */
export type Departures = (location: NetworkLocation, method: string, now: Date, isFull: boolean) => Leaving

type Known = Leaving & { is_full: boolean; from_ms: number }

/** `ready_at` of what is remembered is that of an order received earlier: ask the calendar for it. */
export function createDepartures(): Departures {
  const known = new Map<string, Map<string, Known>>()
  return (location, method, now, isFull) => {
    const own = Object.hasOwn(location.method_cut_offs, method) ? method : ''
    let ofMethod = known.get(own)
    if (ofMethod === undefined) known.set(own, (ofMethod = new Map()))
    const ms = now.getTime()
    let leaving = ofMethod.get(location.id)
    if (leaving === undefined || leaving.is_full !== isFull || ms < leaving.from_ms || ms > leaving.until_ms) {
      ofMethod.set(location.id, (leaving = { ...describe(location, method, now, isFull), is_full: isFull, from_ms: ms }))
    }
    return leaving
  }
}

function describe(location: NetworkLocation, method: string, now: Date, is_full: boolean): Leaving {
  const today: PlainDate = localTime(now, location.time_zone).date
  const departure = nextDeparture(location, now, { method, is_full })
  const midnight = instantOf(addDays(today, 1), '00:00', location.time_zone).getTime() - 1
  return { departure, ships_today: departure?.ships_on === today, until_ms: Math.min(midnight, departure?.holds_until.getTime() ?? midnight) }
}
