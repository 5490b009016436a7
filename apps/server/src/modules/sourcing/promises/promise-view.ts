import { Type, type Static } from 'typebox'
import { Address, closed, Code, Money, Nullable, OneOf, PlainDate, Sku } from '../../../platform/http/schemas.ts'
import { MAX_LINES } from '../../orders/index.ts'

/** Most carts that one call may ask about. */
const MAX_CARTS = 100

const Day = Type.String({ format: 'date' })
const Text = (description: string) => Type.String({ description })

/** A place as far as it is known: an address, a postal code, a city, coordinates. */
export const PlaceBody = Type.Object({
  ...Object.fromEntries((['name', 'company', 'line2', 'region', 'postal_code', 'phone', 'latitude', 'longitude'] as const).map((field) => [field, Address.properties[field]])) as Pick<typeof Address.properties, 'name' | 'company' | 'line2' | 'region' | 'postal_code' | 'phone' | 'latitude' | 'longitude'>,
  line1: Type.Optional(Address.properties.line1), city: Type.Optional(Address.properties.city), country: Address.properties.country,
}, { ...closed, description: 'As much of an address as is known, at least the country. Coordinates count before the postal code, the postal code before the city.' })

const CartBody = Type.Object({
  channel: Code,
  lines: Type.Array(Type.Object({ sku: Sku, quantity: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000, default: 1 })) }, closed), { minItems: 1, maxItems: MAX_LINES }),
  ship_to: Type.Optional(PlaceBody),
  pickup_location: Type.Optional(Code),
  shipping_method: Type.Optional(Type.String({ ...Code, description: 'Left out, every method of the carrier is answered' })),
  requested_delivery_date: Type.Optional(PlainDate),
}, { ...closed, description: 'Either `ship_to` or `pickup_location`' })

export const PromisesBody = Type.Object({ carts: Type.Array(CartBody, { minItems: 1, maxItems: MAX_CARTS }) }, closed)

/** How we know where the place is. */
export const LOCATED_BY = ['coordinates', 'postal_code', 'city', 'nothing'] as const

export const PlaceView = Type.Object({
  country: Type.String(), postal_code: Nullable(Type.String()), latitude: Nullable(Type.Number()), longitude: Nullable(Type.Number()),
  located_by: OneOf(LOCATED_BY), note: Nullable(Text('What follows where it is not known where the place lies')),
}, { ...closed, title: 'Place' })

const LinesOfParcel = Type.Array(Type.Object({ sku: Type.String(), quantity: Type.Integer() }, closed))

const ParcelView = Type.Object({
  location: Nullable(Text('null where the caller does not see the location')),
  expected_on: Nullable(Text('The day on which the supply is expected that these units wait for; null where they are there')),
  ships_on: Nullable(Type.String()), ships_at: Nullable(Text('When it has left for certain')),
  earliest: Nullable(Type.String()), latest: Nullable(Type.String()), distance_km: Nullable(Type.Number()), lines: LinesOfParcel,
}, { ...closed, title: 'PromisedParcel' })

const OptionView = Type.Object({
  method: Text('A shipping method, or `pickup`'), name: Type.String(),
  complete: Type.Boolean({ description: 'All of it arrives, and it is known when' }),
  earliest: Nullable(Text('The first day on which something arrives')), latest: Nullable(Text('The last day by which all of it has arrived; null where that is not known')),
  on_requested_date: Nullable(Type.Boolean({ description: 'Whether it arrives by the requested date; null where none was given' })),
  ready_at: Nullable(Text('When it can be picked up, within opening hours')),
  holds_until: Nullable(Text('An order received up to this instant leaves on these days')), order_within: Nullable(Text('The same from now: `2 h 14 min`')),
  price: Nullable(Type.Object(Money.properties, { ...closed, description: 'What the carrier\'s rates come to for these parcels; null where it costs nothing or has no price' })),
  parcels: Type.Array(ParcelView),
}, { ...closed, title: 'DeliveryOption' })

const LineView = Type.Object({
  sku: Type.String(), quantity: Type.Integer(),
  available: Type.Integer({ description: 'Units that an order would get from stock' }),
  later: Type.Array(Type.Object({ expected_on: Day, quantity: Type.Integer() }, closed), { description: 'Units that come with supplies, after those who wait' }),
  missing: Type.Integer({ description: 'Units that are neither there nor on their way' }),
}, { ...closed, title: 'PromisedLine' })

export const OUTCOMES = ['available', 'backordered', 'held', 'unavailable'] as const

export const PromiseView = Type.Object({
  outcome: OneOf(OUTCOMES, { description: 'What would become of the order now: all is there; it is accepted and a part waits (`backordered`) or people look at it (`held`); or it is refused (`unavailable`)' }),
  asked_at: Type.String(), place: Nullable(PlaceView),
  lines: Type.Array(LineView),
  options: Type.Array(OptionView, { description: 'The ways to have it, the carrier\'s in the order of its table; none where the order would be refused' }),
  not_offered: Type.Array(Type.Object({ method: Type.String(), code: Type.String(), detail: Type.String() }, closed)),
}, { ...closed, title: 'Promise' })

export type PromiseView = Static<typeof PromiseView>
export type OptionView = Static<typeof OptionView>
export type ParcelView = Static<typeof ParcelView>
export type LineView = Static<typeof LineView>
export type PlaceView = Static<typeof PlaceView>
