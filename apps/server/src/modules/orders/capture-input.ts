import { Type, type Static } from 'typebox'
import { ids } from '../../kernel/id-kinds.ts'
import { Address, Anything, closed, Code, Email, Id, Instant, Money, OneOf, PlainDate, Sku } from '../../platform/http/schemas.ts'

/** Most lines that one call may order; imports take orders of any length. */
export const MAX_LINES = 500

/** Words to find orders by. */
export const Tags = Type.Array(Type.String({ pattern: '^\\S(.*\\S)?$', maxLength: 60, description: 'Without blanks around it' }), { maxItems: 30, uniqueItems: true })

const Line = Type.Object({
  sku: Type.Optional(Sku),
  channel_sku: Type.Optional(Type.String({ minLength: 1, maxLength: 128, description: 'What the channel calls the variant, where it is mapped' })),
  quantity: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
  unit_price: Type.Optional(Money),
  discount: Type.Optional(Money),
  tax: Type.Optional(Money),
  description: Type.Optional(Type.String({ minLength: 1, maxLength: 300 })),
  custom_fields: Type.Optional(Anything),
}, { ...closed, description: 'One of `sku` and `channel_sku`. Prices, discounts and taxes are the catalog\'s and the channel\'s unless the caller may set them (orders:price).' })

const Tender = Type.Object({
  tender: OneOf(['card', 'external', 'on_account', 'cash']),
  gateway: Type.Optional(Type.String({ maxLength: 40 })),
  token: Type.Optional(Type.String({ maxLength: 200, description: 'The gateway\'s token for the card; never a card number' })),
  reference: Type.Optional(Type.String({ maxLength: 200 })),
  amount: Type.Optional(Money),
}, { ...closed, description: 'Without `amount` a tender covers what is left of the total' })

export const CaptureBody = Type.Object({
  channel: Code,
  external_id: Type.Optional(Type.String({ minLength: 1, maxLength: 128, description: 'The channel\'s own number. Sending it again with the same content answers with the order that exists.' })),
  placed_at: Type.Optional(Instant),
  customer: Type.Optional(Type.Object({
    external_id: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
    email: Type.Optional(Email),
    name: Type.Optional(Type.String({ maxLength: 200 })),
    phone: Type.Optional(Type.String({ maxLength: 40 })),
  }, closed)),
  shipping_address: Type.Optional(Address),
  billing_address: Type.Optional(Address),
  delivery: Type.Optional(OneOf(['ship', 'pickup'])),
  pickup_location: Type.Optional(Code),
  shipping_method: Type.Optional(Type.String({ ...Code, description: 'A service of the carrier: `standard`, `next-day`' })),
  requested_delivery_date: Type.Optional(PlainDate),
  promise: Type.Optional(Type.Object({ earliest: Type.Optional(PlainDate), latest: PlainDate }, { ...closed, description: 'When the customer was told that it arrives, as `POST /v1/promises` answered. Left out, it is what routing finds now.' })),
  lines: Type.Array(Line, { minItems: 1, maxItems: MAX_LINES }),
  reservation_id: Type.Optional(Type.String({ ...Id(ids.reservation), description: 'A reservation of this channel whose units the order takes where they are held. Units it does not need are available again; a refused order leaves the reservation as it is.' })),
  shipping: Type.Optional(Money),
  discount: Type.Optional(Money),
  payments: Type.Optional(Type.Array(Tender, { maxItems: 10 })),
  custom_fields: Type.Optional(Anything),
  note: Type.Optional(Type.String({ maxLength: 2_000 })),
  tags: Type.Optional(Tags),
}, closed)

export type CaptureInput = Static<typeof CaptureBody> & {
  /** Imports release orders themselves, at the time they were released. */
  release?: 'manual'
}
export type CaptureLine = CaptureInput['lines'][number]
