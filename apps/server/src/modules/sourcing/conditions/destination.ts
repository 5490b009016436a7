import { Type } from 'typebox'
import { anyOrNone, bounds, checkLists, checkRange, condition, inRange, listed, sayLists, sayRange, type AnyOrNone } from '../criterion.ts'
import { distanceTo, type OrderView } from '../order-view.ts'
import { oneOf } from './order.ts'

/** `LS1 4AP` and `ls14ap` are the same place. */
export const plainCode = (text: string): string => text.replaceAll(/[\s-]/g, '').toUpperCase()

/** Kilometers to the nearest candidate, whatever it has; infinite where none of the two has coordinates. */
function nearestKm(order: OrderView): number {
  let nearest = Number.POSITIVE_INFINITY
  for (let candidate = 0; candidate < order.network.candidates.length; candidate++) nearest = Math.min(nearest, distanceTo(order, candidate))
  return nearest
}

/** Conditions on where the order goes. An order without an address is in no country, no region and nowhere near. */
export const DESTINATION_CONDITIONS = {
  country: condition({
    settings: anyOrNone,
    check: checkLists,
    prepare: (settings) => ({ demand }) => oneOf(settings, demand.destination?.country),
    phrase: 'the rule is for other destination countries',
    say: (settings) => sayLists(settings, 'go to the country', 'do not go to the country'),
    facet: 'country', mentions: listed,
  }),
  region: condition({
    settings: anyOrNone,
    check: checkLists,
    prepare: ({ any_of, none_of }) => {
      const lower = { ...(any_of === undefined ? {} : { any_of: any_of.map((name) => name.toLowerCase()) }), ...(none_of === undefined ? {} : { none_of: none_of.map((name) => name.toLowerCase()) }) }
      return ({ demand }) => oneOf(lower, demand.destination?.region?.toLowerCase())
    },
    phrase: 'the rule is for other regions',
    say: (settings) => sayLists(settings, 'go to the region', 'do not go to the region'),
    facet: 'region', mentions: listed,
  }),
  postal_prefix: condition({
    settings: anyOrNone,
    check: checkLists,
    prepare: ({ any_of, none_of }: AnyOrNone) => {
      const wanted = any_of?.map(plainCode)
      const unwanted = none_of?.map(plainCode)
      return ({ demand }) => {
        const postal_code = demand.destination?.postal_code ?? null
        const plain = postal_code === null ? null : plainCode(postal_code)
        const begins = (prefix: string): boolean => plain !== null && plain.startsWith(prefix)
        return (wanted === undefined || wanted.some(begins)) && (unwanted === undefined || !unwanted.some(begins))
      }
    },
    phrase: 'the rule is for other postal codes',
    say: (settings) => sayLists(settings, 'go to a postal code that begins with', 'do not go to a postal code that begins with'),
    facet: 'postal_code', mentions: listed,
  }),
  po_box: condition({
    settings: { is: Type.Boolean() },
    prepare: ({ is }) => ({ demand }) => (demand.destination?.po_box ?? false) === is,
    phrase: 'the rule asks whether the address is a post office box',
    say: ({ is }) => (is ? 'go to a post office box' : 'do not go to a post office box'),
    facet: 'po_box', mentions: () => [],
  }),
  nearest_location: condition({
    settings: { at_least_km: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 10_000 })), below_km: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 10_000 })) },
    check: (settings) => checkRange(kmRange(settings)).map((error) => ({ ...error, pointer: error.pointer === '' ? '' : '/below_km' })),
    prepare: (settings) => {
      const fits = inRange(kmRange(settings))
      // Where a distance cannot be known, neither near nor far is said.
      return (order) => {
        const km = nearestKm(order)
        return km !== Number.POSITIVE_INFINITY && fits(km)
      }
    },
    phrase: 'the rule is for destinations at another distance from the nearest location',
    say: (settings) => `go to a place that is ${sayRange(kmRange(settings), 'km')} away from the nearest location`,
    facet: 'place', mentions: (settings) => bounds(kmRange(settings)),
  }),
}

function kmRange({ at_least_km, below_km }: { at_least_km?: number; below_km?: number }): { at_least?: number; below?: number } {
  return { ...(at_least_km === undefined ? {} : { at_least: at_least_km }), ...(below_km === undefined ? {} : { below: below_km }) }
}
