import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addDays, addMs, DAY_MS, HOUR_MS, instantOf, localTime, MINUTE_MS, weekday } from '../../kernel/time.ts'
import { departureInstant, describeDays, isWorkingDay, nextDeparture, releaseInstant, shipsOn, type WorkCalendar } from './calendar.ts'
import { WEEKDAYS } from './location.ts'

const LEEDS: WorkCalendar = {
  time_zone: 'Europe/London', cut_off: '15:00', method_cut_offs: {}, processing_days: 0, processing_minutes: 0, closures: new Set(['2026-04-03', '2026-04-06']),
  opening_hours: { 1: ['09:00', '17:30'], 2: ['09:00', '17:30'], 3: ['09:00', '17:30'], 4: ['09:00', '17:30'], 5: ['09:00', '17:30'] },
}
const at = (text: string): Date => new Date(text)

describe('a warehouse in Leeds', () => {
  test.each([
    ['before the cut-off', '2026-03-03T14:59:59Z', '2026-03-03'],
    ['at the cut-off', '2026-03-03T15:00:00Z', '2026-03-03'],
    ['just after it', '2026-03-03T15:00:00.001Z', '2026-03-04'],
    ['on a Friday evening', '2026-03-06T18:00:00Z', '2026-03-09'],
    ['in summer time, where 15:00 is 14:00 UTC', '2026-03-31T14:30:00Z', '2026-04-01'],
    ['before Easter', '2026-04-02T16:00:00Z', '2026-04-07'],
  ])('%s', (_when, instant, date) => {
    expect(shipsOn(LEEDS, at(instant))).toBe(date)
  })

  test('processing takes working days only', () => {
    expect(shipsOn({ ...LEEDS, processing_days: 2 }, at('2026-04-02T10:00:00Z'))).toBe('2026-04-08')
  })

  test('a method may have a cut-off of its own', () => {
    const express = { ...LEEDS, method_cut_offs: { 'next-day': '12:00' } }
    const look = (method: string) => nextDeparture(express, at('2026-03-03T12:00:00.001Z'), { method })!
    expect([look('standard'), look('next-day')].map(({ ships_on, holds_until }) => [ships_on, holds_until.toISOString()])).toEqual([['2026-03-03', '2026-03-03T15:00:00.000Z'], ['2026-03-04', '2026-03-04T12:00:00.000Z']])
  })

  test('an order is ready after minutes of opening time, and the doors must be open to pick it up', () => {
    const store = { ...LEEDS, processing_minutes: 90, cut_off: '17:00' }
    const ready = (calendar: WorkCalendar, instant: string) => nextDeparture(calendar, at(instant))!
    expect(ready(store, '2026-03-03T10:00:00Z')).toMatchObject({ ready_at: at('2026-03-03T11:30:00Z'), ships_on: '2026-03-03', holds_until: at('2026-03-03T16:00:00Z') })
    expect(ready(store, '2026-03-03T16:30:00Z')).toMatchObject({ ready_at: at('2026-03-04T09:30:00Z'), ships_on: '2026-03-04', holds_until: at('2026-03-04T16:00:00Z') })
    expect(ready({ ...LEEDS, cut_off: '20:00' }, '2026-03-03T19:00:00Z').ready_at).toEqual(at('2026-03-04T09:00:00Z'))
  })

  test('an order has left at closing time', () => {
    expect(departureInstant(LEEDS, at('2026-03-27T16:00:00Z'))).toEqual(at('2026-03-30T16:30:00Z'))
    expect(departureInstant({ ...LEEDS, cut_off: '19:00' }, at('2026-03-27T16:00:00Z'))).toEqual(at('2026-03-27T19:00:00Z'))
  })

  test('an order for later is released so that it arrives in time, over the weekend and Easter', () => {
    const now = at('2026-03-03T12:00:00Z')
    expect(releaseInstant(LEEDS, '2026-04-08', 2, now)).toEqual(at('2026-04-02T08:00:00Z'))
    expect(releaseInstant({ ...LEEDS, processing_days: 1 }, '2026-04-08', 2, now)).toEqual(at('2026-04-01T08:00:00Z'))
    expect(releaseInstant(LEEDS, '2026-03-04', 3, now)).toEqual(now)
  })

  test('a cut-off before opening is met all the same', () => {
    const early = { ...LEEDS, cut_off: '08:00' }
    const release = releaseInstant(early, '2026-03-12', 2, at('2026-03-03T12:00:00Z'))!
    expect([release, shipsOn(early, release)]).toEqual([at('2026-03-10T08:00:00Z'), '2026-03-10'])
  })

  test('one moment and one cut-off differ between zones', () => {
    const tokyo = { ...LEEDS, time_zone: 'Asia/Tokyo' }
    const now = at('2026-03-03T10:00:00Z')
    const look = (calendar: WorkCalendar) => [shipsOn(calendar, now), departureInstant(calendar, now)]
    expect([look(LEEDS), look(tokyo), look(LEEDS)]).toEqual([['2026-03-03', at('2026-03-03T17:30:00Z')], ['2026-03-04', at('2026-03-04T08:30:00Z')], ['2026-03-03', at('2026-03-03T17:30:00Z')]])
  })

  test('a location that never works has no departure, and nothing searches for ever', () => {
    const never = { ...LEEDS, opening_hours: {} }
    const now = at('2026-03-03T12:00:00Z')
    expect([shipsOn(never, now), departureInstant(never, now), releaseInstant(never, '2027-01-01', 2, now)]).toEqual([undefined, undefined, undefined])
    const allYear = Array.from({ length: 400 }, (_, index) => addDays('2026-03-01', index))
    expect(shipsOn({ ...LEEDS, closures: new Set(allYear) }, now)).toBeUndefined()
  })

  test('each day is described', () => {
    expect(describeDays(LEEDS, '2026-04-02', 2)).toEqual([
      { date: '2026-04-02', works: true, opens: '09:00', closes: '17:30', cut_off_at: at('2026-04-02T14:00:00Z') },
      { date: '2026-04-03', works: false, opens: null, closes: null, cut_off_at: null },
    ])
  })
})

// Zones with changes of an hour, of half an hour, at midnight, during Ramadan, and with none.
const ZONES = ['Europe/London', 'America/New_York', 'America/St_Johns', 'America/Havana', 'Australia/Lord_Howe', 'Asia/Beirut', 'Africa/Casablanca', 'Pacific/Apia', 'Asia/Kolkata', 'UTC']

/** The instants between 2024 and 2029 at which clocks of the zone change. */
function changesOf(zone: string): number[] {
  const offset = (ms: number): number => {
    const { date, time } = localTime(new Date(ms), zone)
    return Date.parse(`${date}T${time}:00Z`) - ms
  }
  const changes: number[] = []
  for (let day = Date.UTC(2024, 0, 1); day < Date.UTC(2029, 0, 1); day += DAY_MS) {
    if (offset(day) === offset(day + DAY_MS)) continue
    let [before, after] = [day, day + DAY_MS]
    while (after - before > MINUTE_MS) {
      const middle = before + Math.floor((after - before) / 2 / MINUTE_MS) * MINUTE_MS
      if (offset(middle) === offset(day)) before = middle
      else after = middle
    }
    changes.push(after)
  }
  return changes
}
const CHANGES = new Map(ZONES.map((zone) => [zone, changesOf(zone)]))

const time = fc.integer({ min: 0, max: 1439 }).map((minute) => `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`)
const hours = fc.tuple(time, time).filter(([a, b]) => a !== b).map(([a, b]): [string, string] => (a < b ? [a, b] : [b, a]))

/** A calendar and an instant, most of the time within three days of a change of the clocks. */
const situation = fc.record({
  zone: fc.constantFrom(...ZONES), near: fc.nat(), ms: fc.integer({ min: -3 * DAY_MS, max: 3 * DAY_MS }), cut_off: time, pickup_cut_off: fc.option(time, { nil: undefined }), processing_days: fc.integer({ min: 0, max: 6 }),
  days: fc.array(fc.option(hours, { nil: undefined, freq: 3 }), { minLength: 7, maxLength: 7 }).filter((days) => days.some((day) => day !== undefined)),
  closed: fc.array(fc.integer({ min: -20, max: 20 }), { maxLength: 15 }),
}).map(({ zone, near, ms, cut_off, pickup_cut_off, processing_days, days, closed }) => {
  const changes = CHANGES.get(zone)!
  const instant = new Date((changes.length === 0 ? Date.UTC(2026, 1, 27) : changes[near % changes.length]!) + ms)
  const today = localTime(instant, zone).date
  const opening_hours = Object.fromEntries(WEEKDAYS.flatMap((day, index) => (days[index] === undefined ? [] : [[day, days[index]]])))
  const calendar: WorkCalendar = { time_zone: zone, cut_off, method_cut_offs: pickup_cut_off === undefined ? {} : { pickup: pickup_cut_off }, processing_days, processing_minutes: 0, opening_hours, closures: new Set(closed.map((day) => addDays(today, day))) }
  return { calendar, instant, today }
})

/** The working days among the next 120 days, by definition. */
function workingDays(calendar: WorkCalendar, from: string): string[] {
  return Array.from({ length: 120 }, (_, index) => addDays(from, index)).filter((date) => isWorkingDay(calendar, date))
}

const RUNS = { numRuns: 500 }

describe('across changes of the clocks', () => {
  test('a cut-off in the hour that comes twice passes once', () => {
    const newYork = { ...LEEDS, time_zone: 'America/New_York', cut_off: '01:30', opening_hours: { 7: ['00:00', '24:00'], 1: ['00:00', '24:00'] } } satisfies WorkCalendar
    const received = ['2026-11-01T05:30:00Z', '2026-11-01T05:45:00Z', '2026-11-01T06:15:00Z', '2026-11-02T06:30:00Z']
    expect(received.map((instant) => shipsOn(newYork, at(instant)))).toEqual(['2026-11-01', '2026-11-02', '2026-11-02', '2026-11-02'])
  })

  test('an order leaves on the working day counted from the first cut-off that it meets', () => {
    fc.assert(fc.property(situation, ({ calendar, instant, today }) => {
      const met = workingDays(calendar, today).filter((date) => date > today || instant <= instantOf(today, calendar.cut_off, calendar.time_zone))
      expect(shipsOn(calendar, instant)).toBe(met[calendar.processing_days])
    }), RUNS)
  })

  test('later orders never leave earlier, and nothing leaves before it is received', () => {
    fc.assert(fc.property(situation, fc.integer({ min: 0, max: 5 * HOUR_MS }), ({ calendar, instant }, later) => {
      const [first, second] = [shipsOn(calendar, instant)!, shipsOn(calendar, addMs(instant, later))!]
      expect(first <= second).toBe(true)
      expect(isWorkingDay(calendar, first)).toBe(true)
      const departure = departureInstant(calendar, instant)!
      expect(departure >= instant).toBe(true)
      expect(departure <= departureInstant(calendar, addMs(instant, later))!).toBe(true)
    }), RUNS)
  })

  test('a midnight that never comes is the hour after it, on its own day', () => {
    // Havana puts its clocks forward at midnight.
    expect(instantOf('2024-03-10', '00:00', 'America/Havana').toISOString()).toBe('2024-03-10T05:00:00.000Z')
    expect(localTime(instantOf('2024-03-10', '00:30', 'America/Havana'), 'America/Havana')).toEqual({ date: '2024-03-10', time: '01:30' })
  })

  test('an order for later is released on the last day that is early enough, never before now', () => {
    fc.assert(fc.property(situation, fc.integer({ min: -5, max: 60 }), fc.integer({ min: 0, max: 10 }), ({ calendar, instant, today }, ahead, transit) => {
      const wanted = addDays(today, ahead)
      const release = releaseInstant(calendar, wanted, transit, instant)!
      expect(release >= instant).toBe(true)
      if (release.getTime() === instant.getTime()) return
      const leaves = shipsOn(calendar, release)!
      expect(addDays(leaves, transit) <= wanted).toBe(true)
      // Released on the next working day it would be late.
      const day = localTime(release, calendar.time_zone).date
      const next = workingDays(calendar, addDays(day, 1))[0]!
      const later = shipsOn(calendar, instantOf(next, '00:00', calendar.time_zone))!
      expect(addDays(later, transit) > wanted).toBe(true)
    }), RUNS)
  })

  test('an order that could still arrive in time is never released too late for it', () => {
    fc.assert(fc.property(situation, fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 5 }), ({ calendar, instant, today }, ahead, transit) => {
      const wanted = addDays(today, ahead)
      const inTime = (from: Date): boolean => addDays(shipsOn(calendar, from)!, transit) <= wanted
      if (inTime(instant)) expect(inTime(releaseInstant(calendar, wanted, transit, instant)!)).toBe(true)
    }), RUNS)
  })

  test('a promise of a departure holds to its last instant, and not an instant longer', () => {
    const minutes = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 2_000 }))
    fc.assert(fc.property(situation, minutes, fc.constantFrom(undefined, 'pickup'), ({ calendar, instant }, processing_minutes, method) => {
      const slow = { ...calendar, processing_minutes }
      const { ships_on, ships_at, ready_at, holds_until } = nextDeparture(slow, instant, { method })!
      expect(holds_until >= instant).toBe(true)
      expect(shipsOn(slow, holds_until, { method })).toBe(ships_on)
      expect(shipsOn(slow, addMs(holds_until, 1), { method })! > ships_on).toBe(true)
      expect(isWorkingDay(slow, ships_on)).toBe(true)
      expect(ready_at >= instant && ships_at >= instant).toBe(true)
      // Who takes no more orders today ships as if today's cut-off had passed.
      expect(shipsOn(slow, instant, { method, is_full: true })! >= ships_on).toBe(true)
    }), { numRuns: 2_000 })
  })

  test('minutes of processing are minutes of opening time', () => {
    fc.assert(fc.property(situation, fc.integer({ min: 1, max: 2_000 }), ({ calendar, instant, today }, processing_minutes) => {
      const slow = { ...calendar, processing_days: 0, processing_minutes }
      const { ready_at } = nextDeparture(slow, instant)!
      fc.pre(ready_at < addMs(instant, 100 * DAY_MS))
      const received = workingDays(slow, today).filter((date) => date > today || instant <= instantOf(today, slow.cut_off, slow.time_zone))[0]!
      const [from, to] = [Math.max(instant.getTime(), instantOf(received, slow.opening_hours[String(weekday(received)) as '1']![0], slow.time_zone).getTime()), ready_at.getTime()]
      const worked = workingDays(slow, received).reduce((sum, date) => {
        const [opens, closes] = slow.opening_hours[String(weekday(date)) as '1']!.map((shown) => instantOf(date, shown, slow.time_zone).getTime()) as [number, number]
        return sum + Math.max(0, Math.min(to, closes) - Math.max(from, opens))
      }, 0)
      expect(worked).toBe(processing_minutes * MINUTE_MS)
    }), RUNS)
  })
})
