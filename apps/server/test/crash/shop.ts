import type { Client } from './client.ts'

export const SKUS = Array.from({ length: 24 }, (_, i) => `C-${String(i).padStart(2, '0')}`)
export const LOCATIONS = ['north', 'south', 'shop'] as const
const ADDRESS = { name: 'Ada King', line1: '5 High Street', city: 'Harrogate', postal_code: 'HG1 1AA', country: 'GB', latitude: 53.99, longitude: -1.54 }
const PER_LOCATION = 60

/** A retailer small enough that everything is scarce. */
export async function openShop(client: Client): Promise<void> {
  const made = async (path: string, input: unknown): Promise<void> => {
    const { status, body } = await client.post(path, input)
    if (status >= 300) throw new Error(`${path}: ${status} ${JSON.stringify(body)}`)
  }
  for (const [i, code] of LOCATIONS.entries()) {
    await made('/v1/locations', { code, name: code, kind: code === 'shop' ? 'store' : 'warehouse', address: { ...ADDRESS, latitude: 51 + i }, time_zone: 'Europe/London', capabilities: ['ship', 'pickup', 'receive_returns'] })
  }
  await made('/v1/channels', { code: 'web', name: 'Web', kind: 'web', currency: 'GBP', payment_expectation: 'none' })
  await made('/v1/channels', { code: 'trade', name: 'Trade', kind: 'distributor', currency: 'GBP', payment_expectation: 'none', on_shortage: 'backorder' })
  await made('/v1/variants/bulk', { variants: SKUS.map((sku) => ({ sku, name: `Article ${sku}`, price: { amount: '10.00', currency: 'GBP' }, weight_grams: 200 })) })
  for (const location of LOCATIONS) await made('/v1/stock/receipts', { location, lines: SKUS.map((sku) => ({ sku, quantity: PER_LOCATION })) })
}

type Order = { id: string; lines: { id: string; sku: string; quantity: number }[] }
type Work = { id: string; order_id: string; status: string }

/** One customer, clerk and packer after the other: each does one piece of business from its beginning to its end. */
export async function doBusiness(client: Client, random: () => number): Promise<void> {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
  const lines = () => Array.from({ length: 1 + Math.floor(random() * 3) }, () => ({ sku: pick(SKUS), quantity: 1 + Math.floor(random() * 3) }))
  const payments = random() < 0.5 ? [{ tender: 'card', gateway: 'test', token: 'tok_ok' }] : [{ tender: 'external', reference: 'paid' }]
  const order = (more: object) => client.post('/v1/orders', { channel: random() < 0.8 ? 'web' : 'trade', external_id: `X-${client.settled.length}-${Math.floor(random() * 1e9)}`, shipping_address: ADDRESS, payments, ...more })
  const part = random()
  if (part < 0.15) {
    // A checkout: reserve, and buy, give back, or walk away.
    const wanted = lines()
    const held = await client.post('/v1/reservations', { channel: 'web', lines: wanted, minutes: 1 })
    if (held.status !== 201) return
    const then = random()
    if (then < 0.6) await order({ channel: 'web', lines: wanted, reservation_id: held.body.id })
    else if (then < 0.8) await client.post(`/v1/reservations/${held.body.id}/release`, {})
    return
  }
  if (part < 0.2) {
    await client.post('/v1/stock/receipts', { location: pick(LOCATIONS), lines: [{ sku: pick(SKUS), quantity: 1 + Math.floor(random() * 20) }] })
    return
  }
  const placed = await order({ lines: lines() })
  if (placed.status !== 201) return
  const { id, lines: [line] } = placed.body as unknown as Order
  if (part < 0.35) {
    await client.post(`/v1/orders/${id}/cancel`, random() < 0.5 ? { reason: 'customer' } : { reason: 'customer', lines: [{ line_id: line!.id, quantity: 1 }] })
    return
  }
  if (part < 0.75) await shipAndReturn(client, id, line!, random)
}

async function shipAndReturn(client: Client, orderId: string, line: Order['lines'][number], random: () => number): Promise<void> {
  await client.post(`/v1/orders/${orderId}/release`, {})
  const { data } = (await client.get(`/v1/fulfillment-orders?filter[order_id]=${orderId}`)) as unknown as { data: Work[] }
  for (const work of data ?? []) {
    if (random() < 0.15) {
      await client.post(`/v1/fulfillment-orders/${work.id}/reject`, { reason: random() < 0.5 ? 'no_capacity' : 'not_found' })
      continue
    }
    for (const action of ['pick', 'pack', 'ship', 'deliver']) await client.post(`/v1/fulfillment-orders/${work.id}/${action}`, {})
  }
  if (random() < 0.5) return
  const back = await client.post(`/v1/orders/${orderId}/returns`, { channel: 'web', lines: [{ line_id: line.id, quantity: 1, reason: 'unwanted' }] })
  if (back.status === 201) await client.post(`/v1/returns/${back.body.id}/receive`, { location: 'shop', lines: [{ line_id: line.id, quantity: 1, disposition: 'restock' }] })
  if (random() < 0.3) await client.post(`/v1/orders/${orderId}/refunds`, { amount: { amount: '1.00', currency: 'GBP' }, reason: 'goodwill' })
}
