import { Type, type Static } from 'typebox'
import { ids } from '../../kernel/id-kinds.ts'
import { closed, Code, Currency, Nullable, OneOf } from '../../platform/http/schemas.ts'
import { KINDS, PAYMENT_EXPECTATIONS, SHORTAGE_ACTIONS, type Channel } from './channel.ts'
import type { OrderForm } from './channels.db.ts'
import { FormField } from './order-form.ts'

/** What people set, for bodies and views. */
export const ChannelFieldSchemas = {
  name: Type.String({ minLength: 1, maxLength: 200 }),
  kind: OneOf(KINDS),
  currency: Currency,
  active: Type.Boolean({ description: 'Whether it takes orders' }),
  on_shortage: OneOf(SHORTAGE_ACTIONS, { description: 'What happens to units without stock: the order is refused, they are queued, or the order is held' }),
  max_splits: Nullable(Type.Integer({ minimum: 1, maximum: 1_000, description: 'How many locations may serve one order; null for any number' })),
  reservation_minutes: Type.Integer({ minimum: 1, maximum: 10_080, description: 'How long a checkout keeps its units' }),
  payment_expectation: OneOf(PAYMENT_EXPECTATIONS, { description: 'Whether capture authorizes with a gateway, expects the order to be paid already, bills on account, or does nothing' }),
  stock_buffer: Type.Integer({ minimum: 0, maximum: 1_000_000, description: 'Units of each SKU that this channel does not sell' }),
  prices_include_tax: Type.Boolean(),
  tax_rate_basis_points: Type.Integer({ minimum: 0, maximum: 10_000, description: 'Hundredths of a percent: 2000 is 20 %' }),
  release_delay_minutes: Type.Integer({ minimum: 0, maximum: 43_200, description: 'How long after capture an order may still be changed before it is released' }),
  return_window_days: Type.Integer({ minimum: 0, maximum: 3_650 }),
  location_groups: Nullable(Type.Array(Code, { minItems: 1, maxItems: 200, uniqueItems: true, description: 'Codes of the groups whose locations may serve the channel; null means all locations' })),
}

export const ChannelView = Type.Object({
  id: Type.String(), code: Code, ...ChannelFieldSchemas,
  form_version: Type.Integer({ description: 'The newest version of its order form; 0 is none' }), created_at: Type.String(), version: Type.Integer(),
}, { ...closed, title: 'Channel' })

export function viewChannel(channel: Channel): Static<typeof ChannelView> {
  const { id, field_versions: _field_versions, group_ids: _group_ids, location_groups, created_at, ...rest } = channel
  return { ...rest, id: ids.channel.show(id), location_groups: location_groups === null ? null : [...location_groups], created_at: created_at.toISOString() }
}

export const OrderFormView = Type.Object({ channel: Code, form_version: Type.Integer(), fields: Type.Array(FormField), created_at: Nullable(Type.String()) }, closed)

/** Version 0 is the form without fields that every channel has from the start. */
export function viewOrderForm(channel: string, form: OrderForm | undefined): Static<typeof OrderFormView> {
  return { channel, form_version: form?.form_version ?? 0, fields: form?.fields ?? [], created_at: form?.created_at.toISOString() ?? null }
}
