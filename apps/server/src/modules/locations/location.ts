import type { FieldError } from '../../kernel/problem.ts'
import { isTimeZone, type PlainDate } from '../../kernel/time.ts'
import type { Editable } from '../../platform/edit.ts'
import type { Address } from '../../platform/http/schemas.ts'

export const KINDS = ['warehouse', 'store', 'supplier', 'third_party'] as const
export const CAPABILITIES = ['ship', 'pickup', 'receive_returns'] as const
/** 1 is Monday, 7 is Sunday (ISO 8601). */
export const WEEKDAYS = ['1', '2', '3', '4', '5', '6', '7'] as const

type Weekday = (typeof WEEKDAYS)[number]
/** When the location opens and closes, local `HH:MM`; a weekday that is not here is a day off. Closing at midnight is `24:00`. */
export type OpeningHours = Readonly<Partial<Record<Weekday, readonly [opens: string, closes: string]>>>

/** A place that holds stock: a row with the groups it is in. */
export type LocationRow = Editable & {
  code: string
  name: string
  kind: (typeof KINDS)[number]
  address: Address
  country: string
  latitude: number | null
  longitude: number | null
  time_zone: string
  active: boolean
  capabilities: readonly (typeof CAPABILITIES)[number][]
  /** 1 comes before 2. */
  priority: number
  /** Of one parcel, in minor units of the retailer's own currency. */
  handling_cost: bigint
  /** Orders per local day; null is without limit. */
  daily_capacity: number | null
  /** Local `HH:MM`. */
  cut_off: string
  /** Cut-offs that differ by shipping method, or for `pickup`. */
  method_cut_offs: Readonly<Record<string, string>>
  processing_days: number
  /** Minutes of opening time, after the days. */
  processing_minutes: number
  opening_hours: OpeningHours
  /** The retailer's own words about the place, which routing rules may ask for. */
  custom_fields: Readonly<Record<string, string | number | boolean | null>>
  created_at: Date
  /** The groups it is in, by id and by code, in the order of their codes. */
  group_ids: readonly string[]
  groups: readonly string[]
}

/** A location with the days on which it is closed, beside its weekly rhythm. */
export type Location = LocationRow & { closures: ReadonlySet<PlainDate> }

/** What people set. Country and coordinates come from the address. */
export type LocationFields = Omit<LocationRow, keyof Editable | 'code' | 'country' | 'latitude' | 'longitude' | 'handling_cost' | 'created_at' | 'group_ids' | 'groups'> & { handling_cost: number }

const WORKWEEK: OpeningHours = { 1: ['09:00', '17:30'], 2: ['09:00', '17:30'], 3: ['09:00', '17:30'], 4: ['09:00', '17:30'], 5: ['09:00', '17:30'] }

/** What a new location has where nothing else is said. */
export const DEFAULT_FIELDS = {
  active: true, capabilities: ['ship'], priority: 100, handling_cost: 0, daily_capacity: null, cut_off: '15:00', method_cut_offs: {}, processing_days: 0, processing_minutes: 0, opening_hours: WORKWEEK, custom_fields: {},
} as const satisfies Partial<LocationFields>

/** What the schema cannot tell: time zones, hours that end before they begin, half of a pair of coordinates. */
export function checkFields({ time_zone, opening_hours, address }: Partial<LocationFields>): FieldError[] {
  const errors: FieldError[] = []
  if (time_zone !== undefined && !isTimeZone(time_zone)) errors.push({ pointer: '/time_zone', code: 'unknown_time_zone', detail: `"${time_zone}" is no time zone. Use an IANA name such as Europe/London.` })
  for (const [day, [opens, closes]] of Object.entries(opening_hours ?? {})) {
    if (closes <= opens) errors.push({ pointer: `/opening_hours/${day}`, code: 'wrong_order', detail: `Weekday ${day} closes at ${closes}, which is not after it opens at ${opens}. Close at 24:00 at the latest.` })
  }
  if (address !== undefined && (address.latitude === undefined) !== (address.longitude === undefined)) {
    errors.push({ pointer: '/address', code: 'half_coordinates', detail: 'Give both `latitude` and `longitude`, or neither.' })
  }
  return errors
}

type Columns = Pick<LocationRow, 'name' | 'kind' | 'address' | 'country' | 'latitude' | 'longitude' | 'time_zone' | 'active' | 'capabilities' | 'priority' | 'handling_cost' | 'daily_capacity' | 'cut_off' | 'method_cut_offs' | 'processing_days' | 'processing_minutes' | 'opening_hours' | 'custom_fields'>

/** The columns that the fields stand in, always spelled the same way, so that equal values compare as equal. */
export function columnsOf(fields: LocationFields): Columns
export function columnsOf(fields: Partial<LocationFields>): Partial<Columns>
export function columnsOf({ address, capabilities, handling_cost, ...rest }: Partial<LocationFields>): Partial<Columns> {
  return {
    ...rest,
    ...(address === undefined ? {} : { address: spellAddress(address), country: address.country, latitude: address.latitude ?? null, longitude: address.longitude ?? null }),
    ...(capabilities === undefined ? {} : { capabilities: CAPABILITIES.filter((capability) => capabilities.includes(capability)) }),
    ...(handling_cost === undefined ? {} : { handling_cost: BigInt(handling_cost) }),
  }
}

/** The address with its fields in alphabetical order; the database keeps an order of its own. */
export function spellAddress(address: Address): Address {
  return Object.fromEntries(Object.entries(address).toSorted(([a], [b]) => (a < b ? -1 : 1))) as Address
}
