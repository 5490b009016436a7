import { Type } from 'typebox'
import type { FieldError } from '../../../kernel/problem.ts'
import { DAY_MS, isTimeZone, localTime, weekday } from '../../../kernel/time.ts'
import { bounds, checkRange, condition, inRange, sayRange } from '../criterion.ts'
import type { Demand } from '../demand.ts'

const Time = Type.String({ pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$' })
const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']

export type TimeWindow = { time_zone: string; weekdays?: number[]; from?: string; until?: string }

function checkWindow({ time_zone, weekdays, from, until }: TimeWindow): FieldError[] {
  if (!isTimeZone(time_zone)) return [{ pointer: '/time_zone', code: 'unknown_time_zone', detail: `"${time_zone}" is no time zone. Use an IANA name such as Europe/London.` }]
  if (weekdays === undefined && from === undefined && until === undefined) return [{ pointer: '', code: 'required', detail: 'Give weekdays, from or until.' }]
  return from !== undefined && from === until ? [{ pointer: '/until', code: 'empty_range', detail: 'until must be another time than from.' }] : []
}

/** Hours that end before they begin go past midnight. Orders of one batch are asked about at one time, so it is worked out once. */
function inWindow({ time_zone, weekdays, from = '00:00', until = '24:00' }: TimeWindow): (at: Date) => boolean {
  let last: { at: number; holds: boolean } | undefined
  return (at) => {
    if (last?.at === at.getTime()) return last.holds
    const { date, time } = localTime(at, time_zone)
    const inHours = from < until ? time >= from && time < until : time >= from || time < until
    last = { at: at.getTime(), holds: inHours && (weekdays === undefined || weekdays.includes(weekday(date))) }
    return last.holds
  }
}

/** Days from today until the requested date, in UTC; null where none is requested. */
export function daysAhead({ asked_at, requested_delivery_date }: Pick<Demand, 'asked_at' | 'requested_delivery_date'>): number | null {
  return requested_delivery_date === null ? null : Math.round((Date.parse(requested_delivery_date) - Date.parse(asked_at.toISOString().slice(0, 10))) / DAY_MS)
}

/** Conditions on when. */
export const MOMENT_CONDITIONS = {
  time: condition({
    settings: {
      time_zone: Type.String({ minLength: 1, maxLength: 64, description: 'IANA name', examples: ['Europe/London'] }),
      weekdays: Type.Optional(Type.Array(Type.Integer({ minimum: 1, maximum: 7 }), { minItems: 1, uniqueItems: true, description: '1 is Monday' })),
      from: Type.Optional(Time), until: Type.Optional(Time),
    },
    check: checkWindow,
    prepare: (settings) => {
      const holds = inWindow(settings)
      return ({ demand }) => holds(demand.asked_at)
    },
    phrase: 'the rule is for another time',
    say: ({ time_zone, weekdays, from, until }) => {
      const days = weekdays === undefined ? [] : [`on ${weekdays.map((day) => DAYS[day - 1]).join(', ')}`]
      const hours = [...(from === undefined ? [] : [`from ${from}`]), ...(until === undefined ? [] : [`until ${until}`])]
      return `are routed ${[...days, ...hours].join(' ')} (${time_zone})`
    },
    facet: 'moment', mentions: (settings) => [settings],
  }),
  requested_date: condition({
    settings: {
      given: Type.Optional(Type.Boolean({ description: 'Whether a delivery date is requested at all' })),
      at_least_days: Type.Optional(Type.Integer({ minimum: 0 })), below_days: Type.Optional(Type.Integer({ minimum: 1 })),
    },
    check: ({ given, at_least_days, below_days }) => {
      const range = daysRange(at_least_days, below_days)
      if (given === undefined) return checkRange(range).map((error) => ({ ...error, ...(error.pointer === '' ? { detail: 'Give given, at_least_days or below_days.' } : { pointer: '/below_days' }) }))
      return bounds(range).length === 0 ? [] : [{ pointer: '/given', code: 'not_allowed', detail: 'Days ahead say already that a date is given. Leave given out.' }]
    },
    prepare: ({ given, at_least_days, below_days }) => {
      const fits = inRange(daysRange(at_least_days, below_days))
      return ({ demand }) => {
        const days = daysAhead(demand)
        return given === undefined ? days !== null && fits(days) : (days !== null) === given
      }
    },
    phrase: 'the rule is for another requested delivery date',
    say: ({ given, at_least_days, below_days }) => (given === undefined ? `are requested for a day that is ${sayRange(daysRange(at_least_days, below_days), 'days')} ahead` : given ? 'have a requested delivery date' : 'have no requested delivery date'),
    facet: 'requested_date', mentions: ({ at_least_days, below_days }) => bounds(daysRange(at_least_days, below_days)),
  }),
}

function daysRange(at_least: number | undefined, below: number | undefined): { at_least?: number; below?: number } {
  return { ...(at_least === undefined ? {} : { at_least }), ...(below === undefined ? {} : { below }) }
}
