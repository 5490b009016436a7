import { DEFAULT_COST_MODEL } from '../../src/modules/sourcing/cost-model.ts'
import { sql } from '../../src/platform/sql.ts'
import type { Operation } from './document.ts'
import { bodyKey } from './inputs.ts'
import type { Pool } from './pool.ts'
import type { Target } from './target.ts'

const gbp = (amount: string) => ({ amount, currency: 'GBP' })
const AT = {
  leeds: { line1: '1 Yard Road', city: 'Leeds', postal_code: 'LS1 4AP', country: 'GB', latitude: 53.8, longitude: -1.55 },
  london: { line1: '2 Dock Street', city: 'London', postal_code: 'E1 8JP', country: 'GB', latitude: 51.51, longitude: -0.07 },
  york: { line1: '3 Stonegate', city: 'York', postal_code: 'YO1 8AS', country: 'GB', latitude: 53.96, longitude: -1.08 },
}
const HOME = { name: 'Ada King', line1: '5 High Street', city: 'Harrogate', postal_code: 'HG1 1AA', country: 'GB', latitude: 53.99, longitude: -1.54, phone: '+44 1423 500500' }
const SKUS = ['TEA', 'CUP', 'ODD', 'LAMP']
/** What the orders of `live` sell. Nobody else knows these, so that nobody changes them. */
const LIVE_SKUS = ['LIVE-1', 'LIVE-2']
const PASSWORD = 'correct horse battery'

/** What the seeded retailer stands on: fuzzed edits go to others, so that orders can be placed to the end. */
const KEPT = ['leeds', 'london', 'york', 'web', 'wholesale', 'till']

/** A small retailer with one of everything, so that there is something to speak of. The confined caller sees one channel and one location. */
export async function openRetailer(target: Target, pool: Pool, operations: readonly Operation[]): Promise<void> {
  const { ask } = target
  for (const sku of LIVE_SKUS) pool.keep(sku)
  const make = async (url: string, body: object): Promise<Record<string, unknown>> => {
    const made = await ask('POST', url, body)
    const collection = url.split('/')[2]!
    pool.harvest(collection, body)
    if (url !== '/v1/users') pool.harvest(collection, made)
    return made
  }
  for (const [code, kind] of [['leeds', 'warehouse'], ['london', 'warehouse'], ['york', 'store'], ['spare-depot', 'warehouse'], ['spare-shop', 'store']] as const) {
    await make('/v1/locations', { code, name: code, kind, address: AT[code as keyof typeof AT] ?? AT.leeds, time_zone: 'Europe/London', capabilities: ['ship', 'pickup', 'receive_returns'], priority: code.startsWith('spare') ? 900 : 100, opening_hours: { 1: ['09:00', '17:30'] } })
  }
  await make('/v1/location-groups', { code: 'north', name: 'North', locations: ['spare-depot', 'spare-shop'] })
  for (const code of ['web', 'spare-channel']) await make('/v1/channels', { code, name: code, kind: 'web', currency: 'GBP', payment_expectation: 'none', tax_rate_basis_points: 2_000, return_window_days: 0 })
  await make('/v1/channels', { code: 'wholesale', name: 'Wholesale', kind: 'distributor', currency: 'GBP', on_shortage: 'backorder', payment_expectation: 'on_account' })
  await make('/v1/channels', { code: 'till', name: 'Till in York', kind: 'pos', currency: 'GBP', payment_expectation: 'prepaid' })
  const article = (sku: string) => ({ sku, name: `Article ${sku}`, price: gbp('5.00'), weight_grams: 250, origin_country: 'GB', custom_fields: { color: 'blue' }, options: { size: 'M' } })
  for (const sku of SKUS) await make('/v1/variants', article(sku))
  for (const sku of LIVE_SKUS) {
    const { product, product_id } = await ask('POST', '/v1/variants', article(sku))
    pool.keep(String(product))
    pool.keep(String(product_id))
  }
  await make('/v1/variants', { sku: 'SET', name: 'Tea for two', kind: 'bundle', price: gbp('8.00') })
  await ask('PUT', '/v1/variants/SET/bundle', { components: [{ sku: 'TEA', quantity: 1 }, { sku: 'CUP', quantity: 2 }] })
  await ask('PUT', '/v1/channels/web/skus', { skus: [{ channel_sku: 'W-TEA', sku: 'TEA' }] })
  await make('/v1/products', { handle: 'tea-time', name: 'Tea time', brand: 'Yard', tags: ['drink'] })
  for (const location of ['leeds', 'london', 'york']) await make('/v1/stock/receipts', { location, reference: 'opening', lines: [...SKUS, ...LIVE_SKUS].map((sku) => ({ sku, quantity: 1_000_000 })) })
  for (const name of ['ada', 'grace']) await make('/v1/customers', { name, email: `${name}@example.com`, phone: '+44 20 7946 0000', addresses: [HOME], identities: [{ source: 'web', external_id: name }] })
  for (const name of ['casey', 'wim']) {
    const { id } = await make('/v1/users', { email: `${name}@example.com`, name, password: PASSWORD, roles: [{ role: 'viewer' }], time_zone: 'Europe/London' })
    // One whose password nobody changes.
    if (name === 'casey') pool.keep(String(id))
  }
  await make('/v1/api-keys', { name: 'spare', permissions: ['orders:read'] })
  await ask('PUT', '/v1/roles/helpdesk', { name: 'Helpdesk', permissions: ['orders:read'] })
  const strategies = (await ask('GET', '/v1/routing-strategies'))['data'] as { rules: object[] }[]
  const [{ rules } = { rules: [] }] = strategies
  await make('/v1/routing-strategies', { code: 'spare', name: 'Spare', rules })
  const confined = await ask('POST', '/v1/api-keys', { name: 'confined', permissions: ['*'], channels: ['web'], locations: ['leeds'] })
  target.admit('confined', String(confined['key']))
  pool.keep(String(confined['id']))
  await liveOrders(target, pool, Object.values(LIVES) as unknown as Life[])
  for (const operation of operations) if (CONSUMED[operation.collection]?.url === operation.path && operation.method === 'POST') await live(target, pool, operation)
  for (const { method, path, collection, parameters } of operations) {
    if (method === 'GET' && !path.includes('{') && !path.endsWith('/stream') && parameters.every(({ required }) => !required) && path.startsWith('/v1/')) pool.harvest(collection, await ask('GET', path))
  }
  pool.harvest('postal-areas', { country: 'GB', [bodyKey('replacePostalAreas')]: 'postal_code,latitude,longitude,place\nLS1,53.8,-1.55,Leeds\nYO,53.96,-1.08,York\n' })
  pool.harvest('promises', { [bodyKey('promiseDelivery')]: { carts: [{ channel: 'web', lines: LIVE_SKUS.map((sku) => ({ sku, quantity: 1 })), ship_to: AT.york }, { channel: 'web', lines: [{ sku: 'LIVE-1', quantity: 2 }], pickup_location: 'leeds' }] } })
  pool.harvest('routing-costs', { [bodyKey('replaceCostModel')]: DEFAULT_COST_MODEL })
  pool.harvest('rate-tables', { carrier: 'inhouse' })
  const { definition } = await ask('GET', '/v1/rate-tables/inhouse')
  pool.harvest('rate-tables', { [bodyKey('replaceRateTable')]: definition })
}

/** The codes that fuzzed edits must leave alone. */
export const isKept = (value: unknown): boolean => typeof value === 'string' && KEPT.includes(value)

const ANY_RULE = { id: 'any', name: 'Any location', conditions: [], location_groups: [], filters: [], rankings: [], split: { max_locations: null, keep_lines_whole: false }, fallback: { action: 'channel_policy' } }
const STRATEGY_DRAFT = { url: '/v1/routing-strategies', body: { code: 'drafted', name: 'Drafted', draft: true, rules: [ANY_RULE] } }
const REHEARSAL = { url: '/v1/routing-rehearsals', body: { from: '2026-03-01T00:00:00Z', to: '2026-03-08T00:00:00Z', strategies: [{ name: 'Any location', rules: [ANY_RULE] }] } }

/** Things that can be used up, by the collection or the operation that does so. */
const CONSUMED: Readonly<Record<string, { url: string; body: object | ((nth: number) => object) }>> = {
  'reservations': { url: '/v1/reservations', body: { channel: 'web', lines: [{ sku: 'CUP', quantity: 2 }] } },
  'draft-orders': { url: '/v1/draft-orders', body: { channel: 'web', input: { shipping_address: HOME, lines: [{ sku: 'LIVE-1', quantity: 1 }] } } },
  'inbound-supplies': { url: '/v1/inbound-supplies', body: { location: 'leeds', sku: 'LAMP', quantity: 40, expected_on: '2026-03-10' } },
  'stock-counts': { url: '/v1/stock-counts', body: { location: 'leeds', skus: ['ODD'] } },
  'api-keys': { url: '/v1/api-keys', body: { name: 'spare', permissions: ['orders:read'] } },
  'updateStrategyDraft': STRATEGY_DRAFT, 'saveStrategyDraft': STRATEGY_DRAFT, 'discardStrategyDraft': STRATEGY_DRAFT,
  'getRehearsal': REHEARSAL, 'listFlippedDecisions': REHEARSAL, 'cancelRehearsal': REHEARSAL,
  'saveBundle': { url: '/v1/variants', body: (nth) => ({ sku: `SET-${nth}`, kind: nth % 2 === 0 ? 'goods' : 'bundle', name: 'A set', price: gbp('8.00') }) },
}
let nth = 0

const card = (token: string) => [{ tender: 'card', gateway: 'test', token }]

/** How an order lives: how it is paid, whether it is held or picked up, what its location does with it, how far its returns get. */
type Life = { payments: object[]; unreleased?: true; held?: true; pickup?: true; steps?: string[]; returns?: string[] }

const LIVES = {
  unpaid: { payments: [] },
  placed: { payments: card('tok_ok'), unreleased: true },
  held: { payments: card('tok_ok'), held: true },
  open: { payments: card('tok_ok') },
  picked: { payments: card('tok_ok'), steps: ['accept', 'pick'] },
  packed: { payments: card('tok_ok'), steps: ['pick', 'pack'] },
  shipped: { payments: card('tok_ok'), steps: ['pick', 'pack', 'ship'] },
  uncollected: { payments: card('tok_capture_fails'), steps: ['pick', 'pack', 'ship'] },
  delivered: { payments: [{ tender: 'external', reference: 'paid' }], steps: ['pick', 'pack', 'ship', 'deliver'] },
  waiting: { payments: [], pickup: true, steps: ['pick', 'pack'] },
  ready: { payments: [], pickup: true, steps: ['pick', 'pack', 'ready'] },
  announced: { payments: card('tok_ok'), steps: ['pick', 'pack', 'ship', 'deliver'], returns: [] },
  approved: { payments: card('tok_ok'), steps: ['pick', 'pack', 'ship', 'deliver'], returns: ['approve'] },
  graded: { payments: card('tok_ok'), steps: ['pick', 'pack', 'ship', 'deliver'], returns: ['approve', 'receive', 'inspect'] },
  arrived: { payments: card('tok_refund_fails'), steps: ['pick', 'pack', 'ship', 'deliver'], returns: ['approve', 'receive'] },
} as const satisfies Record<string, { [key in keyof Life]: unknown }>

/** Where in its life an order must be for the operation to be done on it. */
const NEEDED: Readonly<Record<string, keyof typeof LIVES>> = {
  addOrderPayment: 'unpaid', capturePayment: 'open', voidPayment: 'open', retryPaymentEntry: 'uncollected', refundOrder: 'delivered',
  updateOrder: 'open', holdOrder: 'open', releaseOrderHolds: 'held', cancelOrder: 'open', sourceOrder: 'held', releaseOrder: 'placed',
  acceptFulfillmentOrder: 'open', rejectFulfillmentOrder: 'open', pickFulfillmentOrder: 'open', packFulfillmentOrder: 'picked', unpackFulfillmentOrder: 'packed', shipFulfillmentOrder: 'packed',
  readyFulfillmentOrder: 'waiting', handOverFulfillmentOrder: 'ready', noShowFulfillmentOrder: 'ready', deliverFulfillmentOrder: 'shipped',
  bulkPick: 'open', bulkPack: 'picked', bulkShip: 'packed', getPickList: 'open', printPickList: 'open',
  trackShipment: 'shipped', voidShipment: 'packed', getPackageLabel: 'packed', printLabels: 'packed',
  requestReturn: 'delivered', previewReturn: 'delivered', approveReturn: 'announced', declineReturn: 'announced', cancelReturn: 'announced', markReturnInTransit: 'approved', receiveReturn: 'approved',
  inspectReturn: 'arrived', closeReturn: 'graded', refundReturn: 'graded', previewReturnRefund: 'graded',
}

/** As many of each as use up what one operation is sent. */
const MADE_AT_ONCE = 8

/** Brings forth more of what the operation uses up, and shows it to the pool. */
export async function live(target: Target, pool: Pool, { id, method, collection }: Operation): Promise<void> {
  const consumed = CONSUMED[id] ?? (method === 'GET' ? undefined : CONSUMED[collection])
  if (consumed !== undefined) {
    const made = await Promise.all(Array.from({ length: MADE_AT_ONCE }, () => target.attempt('POST', consumed.url, typeof consumed.body === 'function' ? consumed.body(++nth) : consumed.body)))
    for (const one of made) pool.harvest(collection, one)
    if (collection === 'stock-counts') for (const { id: count } of made) await target.attempt('POST', `/v1/stock-counts/${String(count)}/lines`, { lines: [{ sku: 'ODD', counted: 5 }] })
  }
  if (id === 'replayJob') await parkJobs(target, pool)
  const needed = NEEDED[id]
  if (needed !== undefined) await liveOrders(target, pool, Array.from({ length: MADE_AT_ONCE }, () => LIVES[needed] as Life))
}

/** Jobs that have failed for good, and do no harm when they are replayed. */
async function parkJobs({ application: { db, jobs }, ask }: Target, pool: Pool): Promise<void> {
  const name = 'platform.delete_old_keys'
  await db.transaction((tx) => jobs.insert(tx, Array.from({ length: MADE_AT_ONCE }, () => ({ name, data: {} }))))
  await db.run(sql`update pgboss.job set state = 'failed', completed_on = now() where name = ${name} and state = 'created'`)
  pool.harvest('jobs', await ask('GET', `/v1/jobs?filter[kind]=${name}`))
}

/** Lets orders live that far. Fuzzed settings may refuse a step; the next one goes on. */
async function liveOrders({ ask, attempt, application, clock }: Target, pool: Pool, lives: readonly Life[]): Promise<void> {
  const show = async (url: string): Promise<Record<string, unknown>> => {
    const answer = await attempt('GET', url)
    pool.harvest(url.split('/')[2]!, answer)
    return answer
  }
  // The strategy of the beginning, whatever was activated since.
  const strategies = (await ask('GET', '/v1/routing-strategies'))['data'] as { id: string; code: string; strategy_version: number; active: boolean }[]
  const first = strategies.find(({ code, strategy_version }) => code === 'fewest-parcels-then-nearest' && strategy_version === 1)
  if (first?.active !== true) await ask('POST', `/v1/routing-strategies/${String(first?.id)}/activate`, {})
  const bodies = lives.map(({ payments, pickup }) => ({
    channel: 'web', customer: { email: 'ada@example.com', name: 'Ada King' }, shipping_address: HOME, lines: [{ sku: 'LIVE-1', quantity: 3 }, { sku: 'LIVE-2', quantity: 2 }], shipping: gbp('3.95'),
    payments, ...(pickup === true ? { delivery: 'pickup', pickup_location: 'leeds' } : {}),
  }))
  for (const body of bodies) pool.harvest('orders', { ...body, [bodyKey('createOrder')]: body, [bodyKey('createOrders')]: [{ ...body, external_id: `live-${++nth}` }] })
  const orders = await Promise.all(bodies.map((body) => ask('POST', '/v1/orders', body)))
  await Promise.all(orders.filter((_, index) => lives[index]!.held === true).map(({ id }) => attempt('POST', `/v1/orders/${String(id)}/holds`, { type: 'fraud_risk' })))
  if (lives.some(({ unreleased }) => unreleased !== true)) await application.settle()
  const worked = await Promise.all(orders.map(async ({ id }, index) => {
    const { data } = (await ask('GET', `/v1/fulfillment-orders?filter[order_id]=${String(id)}`)) as { data: { id: string }[] }
    const work = data[0]?.id
    if (work !== undefined) for (const step of lives[index]!.steps ?? []) await attempt('POST', `/v1/fulfillment-orders/${work}/${step}`, {})
    return work
  }))
  if (lives.some(({ payments, steps }) => payments.length > 0 && steps !== undefined)) await application.settle()
  // Beyond the days in which returns are approved at once.
  clock.advance(1_000)
  await Promise.all(orders.map(async ({ id, lines }, index) => {
    const { returns, pickup } = lives[index]!
    if (returns !== undefined) await comeBack(attempt, String(id), lines as { id: string }[], returns, show)
    const work = worked[index]
    await show(`/v1/orders/${String(id)}`)
    await show(`/v1/orders/${String(id)}/payments`)
    // Staff do not see the code; who picks up has it from a message made of this event.
    if (pickup === true && work !== undefined) {
      const { data } = (await ask('GET', `/v1/orders/${String(id)}/timeline`)) as { data: { data: { pickup_code?: string } }[] }
      pool.harvest('fulfillment-orders', { id: work, code: data.find((event) => event.data.pickup_code !== undefined)?.data.pickup_code })
    }
    const { shipments } = (work === undefined ? {} : await show(`/v1/fulfillment-orders/${work}`)) as { shipments?: { id: string }[] }
    for (const shipment of shipments ?? []) await show(`/v1/shipments/${shipment.id}`)
  }))
}

async function comeBack(attempt: Target['attempt'], order: string, [line]: { id: string }[], steps: readonly string[], show: (url: string) => Promise<unknown>): Promise<void> {
  const { id } = await attempt('POST', `/v1/orders/${order}/returns`, { channel: 'till', lines: [{ line_id: line!.id, quantity: 2, reason: 'unwanted' }] })
  if (id === undefined) return
  const bodies: Readonly<Record<string, object>> = {
    receive: { location: 'leeds', lines: [{ line_id: line!.id, quantity: 1 }], refund: false },
    inspect: { lines: [{ line_id: line!.id, quantity: 1, disposition: 'restock' }] },
  }
  for (const step of steps) await attempt('POST', `/v1/returns/${String(id)}/${step}`, bodies[step] ?? {})
  await show(`/v1/returns/${String(id)}`)
}
