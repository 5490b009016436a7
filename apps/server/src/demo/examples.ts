import { createHash } from 'node:crypto'
import { DAY_MS } from '../kernel/time.ts'
import type { Application } from '../wiring.ts'
import type { ApiCall } from '../cli/in-process-api.ts'

type Order = { id: string; lines: { id: string; sku: string; quantity: number }[] }
type FulfillmentOrders = { data: { id: string; location: string }[] }

const ADDRESSES = [
  { name: 'Grace Hopper', line1: '14 Rose Lane', city: 'York', postal_code: 'YO1 7EP', country: 'GB', latitude: 53.96, longitude: -1.08 },
  { name: 'Ada Lovelace', line1: '3 St James Square', city: 'London', postal_code: 'SW1Y 4JU', country: 'GB', latitude: 51.507, longitude: -0.135 },
  { name: 'Mary Somerville', line1: '27 Burntisland Road', city: 'Edinburgh', postal_code: 'EH3 6AA', country: 'GB', latitude: 55.957, longitude: -3.2 },
  { name: 'Isambard Brunel', line1: '9 Temple Gate', city: 'Bristol', postal_code: 'BS1 6PL', country: 'GB', latitude: 51.45, longitude: -2.583 },
] as const

/** The gift range of the demo: what its own channels sell, with stock to sell and a bundle. */
const RANGE = [
  { sku: 'MUG-BLUE', name: 'Mug, harbor blue', price: '8.50', weight_grams: 380, gtin: '4006381333931' },
  { sku: 'MUG-RED', name: 'Mug, brick red', price: '8.50', weight_grams: 380 },
  { sku: 'TEA-BREAKFAST', name: 'Breakfast tea, 40 bags', price: '4.20', weight_grams: 140 },
  { sku: 'BISCUIT-TIN', name: 'Biscuit tin, yard pattern', price: '11.95', weight_grams: 620 },
  { sku: 'LAMP-SIGNAL', name: 'Signal lamp', price: '64.00', weight_grams: 1_900 },
] as const

/** Where the range lies, in its order: each location names its shelves in its own way. */
const BINS: Readonly<Record<string, readonly string[]>> = {
  'daventry-dc': ['A-03-2', 'A-03-3', 'B-11-1', 'B-12-4', 'D-01-1'],
  'leeds-dc': ['02-14', '02-15', '05-03', '05-08', '07-01'],
  'bristol-store': ['Shelf 2', 'Shelf 2', 'Shelf 5', 'Shelf 5', 'Window'],
}

const gbp = (amount: string) => ({ amount, currency: 'GBP' })

/** One example of everything that waits for somebody, made through the API like any order. */
export async function seedExamples(application: Application, ask: ApiCall): Promise<void> {
  const call = repeatable(ask)
  await seedRange(call)
  const place = (body: object, channel = 'web-store'): Promise<Order> => call('POST', '/v1/orders', { channel, ...body })
  const to = (index: number) => ({ shipping_address: ADDRESSES[index % ADDRESSES.length]!, customer: { name: ADDRESSES[index % ADDRESSES.length]!.name, email: `${ADDRESSES[index % ADDRESSES.length]!.name.toLowerCase().replace(' ', '.')}@example.com` } })
  const card = (token: string) => ({ payments: [{ tender: 'card', gateway: 'test', token }] })

  await place({ ...to(0), ...card('tok_decline'), lines: [{ sku: 'MUG-RED', quantity: 2 }], note: 'The card is declined: waits for payment.' })
  const suspicious = await place({ ...to(1), ...card('tok_ok'), lines: [{ sku: 'LAMP-SIGNAL', quantity: 3 }] })
  await call('POST', `/v1/orders/${suspicious.id}/holds`, { type: 'fraud_risk', note: 'Three lamps to a new address. Call the customer.' })
  const address = await place({ ...to(2), ...card('tok_ok'), lines: [{ sku: 'BISCUIT-TIN', quantity: 1 }] })
  await call('POST', `/v1/orders/${address.id}/holds`, { type: 'bad_address', note: 'The postal code does not match the city.' })
  await place({ ...to(3), lines: [{ sku: 'LAMP-SIGNAL', quantity: 60 }], note: 'More than there is: the rest is back-ordered.' }, 'wholesale')
  await place({ ...to(0), ...card('tok_ok'), lines: [{ sku: 'GIFT-SET', quantity: 2 }], requested_delivery_date: inDays(21), note: 'A gift set for a birthday in three weeks.' })
  await place({ ...to(1), lines: [{ sku: 'MUG-BLUE', quantity: 1 }], custom_fields: { catalog_code: 'SPRING-12', gift: true, gift_message: 'Happy birthday!' } }, 'phone')
  await call('POST', '/v1/draft-orders', { channel: 'phone', input: { ...to(2), lines: [{ sku: 'TEA-BREAKFAST', quantity: 6 }], note: 'Wants to ask her sister first; calls back.' } })
  const canceled = await place({ ...to(2), ...card('tok_ok'), lines: [{ sku: 'MUG-BLUE', quantity: 1 }] })
  await call('POST', `/v1/orders/${canceled.id}/cancel`, { reason: 'customer', note: 'Ordered twice.' })
  await seedWork(application, call, place, to, card)
  await call('POST', '/v1/reservations', { channel: 'web-store', lines: [{ sku: 'TEA-BREAKFAST', quantity: 2 }], reference: 'a checkout that is under way' })
  await call('POST', '/v1/inbound-supplies', { location: 'daventry-dc', sku: 'LAMP-SIGNAL', quantity: 80, expected_on: inDays(10), reference: 'PO 4711' })
  await call('POST', '/v1/stock/moves', { location: 'leeds-dc', reason: 'damaged', lines: [{ sku: 'MUG-RED', from_state: 'available', to_state: 'damaged', quantity: 3 }], note: 'A pallet tipped over.' })
}

/** Every write carries a key made of itself: a seeding that was cut off is begun again, and what it had done is answered, not done twice. */
function repeatable(ask: ApiCall): ApiCall {
  return (method, path, body, headers) => {
    if (method === 'GET') return ask(method, path, body, headers)
    const key = createHash('sha256').update(JSON.stringify([method, path, body])).digest('base64url')
    return ask(method, path, body, { ...headers, 'idempotency-key': `demo-${key}` })
  }
}

async function seedRange(call: ApiCall): Promise<void> {
  for (const { price, ...variant } of RANGE) await call('POST', '/v1/variants', { ...variant, price: gbp(price), origin_country: 'GB' })
  await call('POST', '/v1/variants', { sku: 'GIFT-SET', name: 'Gift set: mug, tea and biscuits', kind: 'bundle', price: gbp('21.00') })
  await call('PUT', '/v1/variants/GIFT-SET/bundle', { components: [{ sku: 'MUG-BLUE', quantity: 1 }, { sku: 'TEA-BREAKFAST', quantity: 1 }, { sku: 'BISCUIT-TIN', quantity: 1 }] })
  const stock: Readonly<Record<string, number>> = { 'daventry-dc': 60, 'leeds-dc': 25, 'bristol-store': 8 }
  for (const [location, units] of Object.entries(stock)) {
    await call('POST', '/v1/stock/receipts', { location, reference: 'opening stock', lines: RANGE.map(({ sku }) => ({ sku, quantity: sku === 'LAMP-SIGNAL' ? Math.ceil(units / 3) : units })) })
    await call('PUT', '/v1/stock/bins', { location, lines: RANGE.map(({ sku }, index) => ({ sku, bin: BINS[location]![index]! })) })
  }
  await call('POST', '/v1/channels', { code: 'web-store', name: 'Web store', kind: 'web', currency: 'GBP', payment_expectation: 'authorize', tax_rate_basis_points: 2_000 })
  await call('POST', '/v1/channels', { code: 'marketplace', name: 'Marketplace', kind: 'marketplace', currency: 'GBP', payment_expectation: 'prepaid', tax_rate_basis_points: 2_000, stock_buffer: 2 })
  await call('POST', '/v1/channels', { code: 'bristol-till', name: 'Till in Bristol', kind: 'pos', currency: 'GBP', payment_expectation: 'prepaid', tax_rate_basis_points: 2_000 })
  await call('POST', '/v1/channels', { code: 'phone', name: 'Phone and catalog', kind: 'phone', currency: 'GBP', payment_expectation: 'on_account', tax_rate_basis_points: 2_000 })
  await call('POST', '/v1/channels', { code: 'wholesale', name: 'Wholesale', kind: 'distributor', currency: 'GBP', payment_expectation: 'on_account', on_shortage: 'backorder', prices_include_tax: false, tax_rate_basis_points: 2_000 })
  await call('PUT', '/v1/channels/phone/order-form', {
    fields: [
      { key: 'catalog_code', label: 'Code on the catalog', type: 'text', required: true, max_length: 20, applies_to: 'order' },
      { key: 'gift', label: 'Is it a gift?', type: 'boolean', default: false, applies_to: 'order' },
      { key: 'gift_message', label: 'Message on the card', type: 'long_text', required_if: { field: 'gift', equals: true }, max_length: 300, applies_to: 'order' },
    ],
  })
}

type Place = (body: object, channel?: string) => Promise<Order>

/** Work in every state: waiting, accepted, rejected, short, packed, ready for pickup, shipped, delivered, coming back. */
async function seedWork(application: Application, call: ApiCall, place: Place, to: (index: number) => object, card: (token: string) => object): Promise<void> {
  const worked: Order[] = []
  for (let index = 0; index < 6; index++) worked.push(await place({ ...to(index), ...card('tok_ok'), shipping: gbp('3.95'), lines: [{ sku: 'MUG-BLUE', quantity: 1 + (index % 3) }, { sku: 'TEA-BREAKFAST', quantity: 2 }] }))
  const pickup = await place({ ...to(3), lines: [{ sku: 'MUG-RED', quantity: 1 }], delivery: 'pickup', pickup_location: 'bristol-store', payments: [{ tender: 'external', reference: 'paid online' }] })
  await application.settle()
  const workOf = async ({ id }: Order): Promise<string> => (await call<FulfillmentOrders>('GET', `/v1/fulfillment-orders?filter[order_id]=${id}`)).data[0]!.id
  const act = async (order: Order, ...actions: string[]): Promise<void> => {
    const id = await workOf(order)
    for (const action of actions) await call('POST', `/v1/fulfillment-orders/${id}/${action}`, {})
  }
  const [, accepted, rejected, short, shipped, delivered] = worked as [Order, Order, Order, Order, Order, Order]
  await act(accepted, 'accept')
  await call('POST', `/v1/fulfillment-orders/${await workOf(rejected)}/reject`, { reason: 'no_capacity', note: 'Two people are ill today.' })
  await call('POST', `/v1/fulfillment-orders/${await workOf(short)}/pick`, { short: [{ line_id: short.lines[0]!.id, quantity: 1, reason: 'not_found' }] })
  await act(shipped, 'accept', 'pick', 'pack', 'ship')
  await act(delivered, 'accept', 'pick', 'pack', 'ship', 'deliver')
  await act(pickup, 'accept', 'pick', 'pack', 'ready')
  await call('POST', `/v1/orders/${delivered.id}/returns`, { channel: 'bristol-till', lines: [{ line_id: delivered.lines[0]!.id, quantity: 1, reason: 'damaged' }], note: 'Brought to the store in Bristol.' })
}

function inDays(days: number): string {
  return new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10)
}
