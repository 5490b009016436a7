import { distanceKm, type Coordinates } from '../../../kernel/geo.ts'
import { DAY_MS, localTime, weekday } from '../../../kernel/time.ts'
import { entryOf, type LeafCondition } from '../conditions.ts'
import { plainCode } from '../conditions/destination.ts'
import type { ItemMention } from '../conditions/items.ts'
import type { TimeWindow } from '../conditions/moment.ts'
import type { LineTest } from '../criterion.ts'
import type { ExampleOrder } from '../examples.ts'
import type { World } from '../world.ts'
import { fieldValues } from './order-fields.ts'
import { coverItems } from './item-sets.ts'
import type { Interval, Item, Sketch } from './sketch.ts'

/** What is said of one facet of orders: the conditions that look at it, the values that they and the filters mention. */
export type Mentions = { leaves: readonly LeafCondition[]; values: readonly unknown[]; world: World }

/** `values` cover the facet: every real value behaves like one of them. `complete` is false where they had to be cut short. */
export type Facet = { values: (mentions: Mentions) => { values: readonly unknown[]; complete: boolean }; apply: (sketch: Sketch, value: never) => void }

const covered = (values: readonly unknown[]): { values: readonly unknown[]; complete: boolean } => ({ values, complete: true })

/** A word that is none of these. */
function otherThan(words: readonly unknown[], like: string): string {
  let word = like
  while (words.includes(word)) word += 'X'
  return word
}

/** Of whole numbers from `least` on: where ranges begin or end is where tests change their mind. */
function intervals(values: readonly unknown[], least: number): Interval[] {
  const bounds = [...new Set([least, ...(values as number[]).filter((bound) => bound > least)])].toSorted((a, b) => a - b)
  return bounds.map((from, index) => ({ from, to: bounds[index + 1] ?? Infinity }))
}

/** Words that stand in exactly the same lists cannot be told apart, so one of them is enough. */
function distinctWords(leaves: readonly LeafCondition[]): string[] {
  const lists = leaves.flatMap((setting) => [(setting as { any_of?: string[] }).any_of, (setting as { none_of?: string[] }).none_of]).filter((list) => list !== undefined)
  const seen = new Map<string, string>()
  for (const word of lists.flat()) {
    const where = lists.map((list) => (list.includes(word) ? '1' : '0')).join('')
    if (!seen.has(where)) seen.set(where, word)
  }
  return [...seen.values()]
}

/** More than so many words that differ make too many sets to try. */
const MAX_WORDS = 10

function subsets(leaves: readonly LeafCondition[]): { values: readonly unknown[]; complete: boolean } {
  const words = distinctWords(leaves)
  let sets: string[][] = [[]]
  for (const word of words.slice(0, MAX_WORDS)) sets = [...sets, ...sets.map((set) => [...set, word])]
  return { values: sets, complete: words.length <= MAX_WORDS }
}

export const FACETS: Readonly<Record<string, Facet>> = {
  channel: { values: ({ world }) => covered(world.channels), apply: (sketch, channel: Sketch['channel']) => { sketch.channel = channel } },
  method: { values: () => covered(['ship', 'pickup']), apply: (sketch, method: Sketch['method']) => { sketch.method = method } },
  shipping_method: { values: ({ values }) => covered(['standard', ...values.filter((value) => value !== 'standard')]), apply: (sketch, method: string) => { sketch.shipping_method = method } },
  country: {
    values: ({ values, world }) => {
      const named = [...new Set([...(values as string[]), ...world.candidates(world.now).map(({ country }) => country)])]
      return covered([...named, OTHER_COUNTRIES.find((country) => !named.includes(country)), null].filter((country) => country !== undefined))
    },
    apply: (sketch, country: string | null) => { sketch.country = country },
  },
  region: { values: ({ values }) => covered([...values, otherThan(values, 'Elsewhere'), null]), apply: (sketch, region: string | null) => { sketch.region = region } },
  postal_code: {
    values: ({ values }) => {
      const prefixes = [...new Set((values as string[]).map(plainCode))]
      const other = ['ZZ99', 'QX1', '99999', '00000', 'ÅÅ1'].find((code) => !prefixes.some((prefix) => code.startsWith(prefix)))
      return covered([...prefixes, other, null].filter((code) => code !== undefined))
    },
    apply: (sketch, code: string | null) => { sketch.postal_code = code },
  },
  po_box: { values: () => covered([false, true]), apply: (sketch, box: boolean) => { sketch.po_box = box } },
  place: { values: ({ values, world }) => covered([...placesAround(world, values as number[]), null]), apply: (sketch, place: Coordinates | null) => { sketch.place = place } },
  moment: { values: ({ values, world }) => covered(moments(values as TimeWindow[], world.now)), apply: (sketch, at: Date) => { sketch.at = at } },
  requested_date: {
    values: ({ values }) => covered([null, ...intervals(values, 0).map(({ from }) => from)]),
    apply: (sketch, days: number | null) => { sketch.requested_in_days = days },
  },
  order_value: {
    values: ({ values, world }) => {
      const mentioned = values as { currency: string; amount: bigint }[]
      const currencies = [...new Set(world.channels.map(({ currency }) => currency))]
      return covered(currencies.flatMap((currency) => {
        const amounts = mentioned.filter((value) => value.currency === currency).map(({ amount }) => amount)
        return [...new Set([0n, ...amounts])].map((amount) => ({ currency, amount }))
      }))
    },
    apply: (sketch, value: NonNullable<Sketch['value']>) => { sketch.value = value },
  },
  lines: { values: ({ values }) => covered(intervals(values, 1)), apply: (sketch, lines: Interval) => { sketch.lines = lines } },
  units: { values: ({ values }) => covered(intervals(values, 1)), apply: (sketch, units: Interval) => { sketch.units = units } },
  weight: { values: ({ values }) => covered(intervals(values, 0)), apply: (sketch, weight: Interval) => { sketch.weight = weight } },
  items: {
    values: ({ leaves, values }) => coverItems(leaves.flatMap((setting): LineTest[] => [...(entryOf(setting).lineTests?.(setting) ?? [])]), values as ItemMention[]),
    apply: (sketch, items: readonly Item[]) => { sketch.items = items },
  },
  order_tags: { values: ({ leaves }) => subsets(leaves), apply: (sketch, tags: string[]) => { sketch.tags = tags } },
  customer_group: { values: ({ values }) => covered([null, ...values, otherThan(values, 'others')]), apply: (sketch, group: string | null) => { sketch.customer_group = group } },
  customer_tags: { values: ({ leaves }) => subsets(leaves), apply: (sketch, tags: string[]) => { sketch.customer_tags = tags } },
  first_order: { values: () => covered([true, false]), apply: (sketch, first: boolean) => { sketch.first_order = first } },
}

/** The facet of that name: one of the table, an answer of the order form, or one of a criterion of your own, whose mentions are pieces of orders. */
export function facetOf(name: string): Facet {
  const known = FACETS[name]
  if (known !== undefined) return known
  if (name.startsWith('order_field:')) {
    const key = name.slice('order_field:'.length)
    return { values: ({ values, leaves, world }) => fieldValues(key, values, distinctWords(leaves), world), apply: (sketch, answer: unknown) => { if (answer !== undefined) sketch.custom_fields = { ...sketch.custom_fields, [key]: answer } } }
  }
  return { values: ({ values }) => covered([{}, ...values]), apply: (sketch, patch: Partial<ExampleOrder>) => { sketch.patches = [...sketch.patches, patch] } }
}

/** A country that no rule names stands for all of those. */
const OTHER_COUNTRIES = ['NZ', 'IS', 'UY', 'MN', 'BT', 'FJ', 'TG', 'SR', 'AD', 'LI']

/** Bearings at which rings around locations are looked at. */
const BEARINGS = [0, 45, 90, 135, 180, 225, 270, 315]

/**
 * Every location, rings around each of them at and beside the distances that are mentioned, and for each range of
 * distances to the nearest location a place where it holds: on the way from a location to the farthest place there is.
 */
function placesAround(world: World, kilometers: readonly number[]): Coordinates[] {
  const homes = world.candidates(world.now).flatMap(({ coordinates }) => coordinates ?? [])
  const [home] = homes
  if (home === undefined) return []
  const wanted = [...new Set(kilometers)].toSorted((a, b) => a - b)
  const beside = wanted.flatMap((km) => [km * 0.999, km, km * 1.001])
  const rings = homes.slice(0, 40).flatMap((center) => beside.flatMap((km) => BEARINGS.map((bearing) => walk(center, bearing, km))))
  const nearest = (place: Coordinates): number => Math.min(...homes.map((other) => distanceKm(place, other)))
  const far = farthest(homes, nearest)
  const between = wanted.flatMap((km, index) => [km, (km + (wanted[index + 1] ?? nearest(far))) / 2]).filter((km) => km < nearest(far)).map((km) => placeAt(home, far, nearest, km))
  return distinctPlaces([...homes, ...between, far, ...rings], nearest, wanted, homes)
}

/** Places that no distance mentioned tells apart are one. */
function distinctPlaces(places: readonly Coordinates[], nearest: (place: Coordinates) => number, wanted: readonly number[], homes: readonly Coordinates[]): Coordinates[] {
  const cell = (km: number): number => wanted.filter((bound) => km >= bound).length
  const seen = new Map<string, Coordinates>()
  for (const place of places) {
    const key = `${cell(nearest(place))} ${homes.map((home) => cell(distanceKm(place, home))).join(' ')}`
    if (!seen.has(key)) seen.set(key, place)
  }
  return [...seen.values()]
}

function farthest(homes: readonly Coordinates[], nearest: (place: Coordinates) => number): Coordinates {
  const grid = Array.from({ length: 33 }, (_, row) => Array.from({ length: 72 }, (__, column) => ({ latitude: row * 5 - 80, longitude: column * 5 - 180 }))).flat()
  const across = homes.map(({ latitude, longitude }) => ({ latitude: -latitude, longitude: longitude > 0 ? longitude - 180 : longitude + 180 }))
  return [...grid, ...across].reduce((best, place) => (nearest(place) > nearest(best) ? place : best))
}

/** A place on the way from the first to the second whose distance to the nearest location is that, to a meter. */
function placeAt(from: Coordinates, to: Coordinates, nearest: (place: Coordinates) => number, km: number): Coordinates {
  const at = (share: number): Coordinates => ({ latitude: from.latitude + (to.latitude - from.latitude) * share, longitude: from.longitude + (to.longitude - from.longitude) * share })
  let [near, away] = [0, 1]
  while (distanceKm(at(near), at(away)) > 0.0005) {
    const middle = (near + away) / 2
    if (nearest(at(middle)) < km) near = middle
    else away = middle
  }
  return at(away)
}

function walk({ latitude, longitude }: Coordinates, bearing: number, km: number): Coordinates {
  const radians = Math.PI / 180
  const angle = km / 6371.0088
  const [lat, lon, turn] = [latitude * radians, longitude * radians, bearing * radians]
  const to = Math.asin(Math.sin(lat) * Math.cos(angle) + Math.cos(lat) * Math.sin(angle) * Math.cos(turn))
  const over = lon + Math.atan2(Math.sin(turn) * Math.sin(angle) * Math.cos(lat), Math.cos(angle) - Math.sin(lat) * Math.sin(to))
  return { latitude: to / radians, longitude: (((over / radians + 540) % 360) + 360) % 360 - 180 }
}

/**
 * An instant for each way in which the clocks of the zones named can stand to the windows. Weeks repeat, so one week is
 * looked at for every combination of offsets between the zones in the year to come.
 */
function moments(windows: readonly TimeWindow[], now: Date): Date[] {
  const zones = [...new Set(windows.map(({ time_zone }) => time_zone))]
  const times = [...new Set(['00:00', ...windows.flatMap(({ from, until }) => [from, until]).filter((time) => time !== undefined)])]
  const start = Math.floor(now.getTime() / DAY_MS) * DAY_MS
  const weeks = new Map<string, number>()
  for (let week = 0; week < 53; week++) {
    const day = start + week * 7 * DAY_MS
    const key = zones.map((zone) => offsetMinutes(zone, day)).join(' ')
    if (!weeks.has(key)) weeks.set(key, day)
  }
  const seen = new Map<string, Date>()
  const add = (at: number): void => {
    const key = windows.map((window) => stand(window, new Date(at), times)).join('|')
    if (!seen.has(key)) seen.set(key, new Date(at))
  }
  add(now.getTime())
  for (const week of weeks.values()) {
    for (let day = 0; day < 7; day++) {
      for (const zone of zones) for (const time of times) add(week + day * DAY_MS + (Number(time.slice(0, 2)) * 60 + Number(time.slice(3))) * 60_000 - offsetMinutes(zone, week + day * DAY_MS) * 60_000)
    }
  }
  return [...seen.values()]
}

function offsetMinutes(zone: string, at: number): number {
  const { date, time } = localTime(new Date(at), zone)
  return (Date.parse(`${date}T${time}:00Z`) - Math.floor(at / 60_000) * 60_000) / 60_000
}

/** Where a clock of the window's zone stands: its weekday and how many of the times have passed. */
function stand({ time_zone }: TimeWindow, at: Date, times: readonly string[]): string {
  const { date, time } = localTime(at, time_zone)
  return `${weekday(date)} ${times.map((one) => (time >= one ? '1' : '0')).join('')}`
}
