import { beforeAll, describe, expect, test } from 'vitest'
import { BUILT_IN_ROLES } from '../src/modules/identity/roles.ts'
import { createServer } from '../src/platform/http/server.ts'
import { route, type Route } from '../src/platform/http/route.ts'
import { useApp } from './harness/app.ts'
import { openShop } from './harness/shop.ts'

const app = useApp()
const keys = new Map<string, string>()

beforeAll(async () => {
  for (const [role, { permissions }] of Object.entries(BUILT_IN_ROLES)) {
    const made = await app().post('/v1/api-keys', { name: role, permissions: [...permissions] })
    if (made.status !== 201) throw new Error(`${role}: ${made.text}`)
    keys.set(role, String(made.body['key']))
  }
})

const guarded = (): Route[] => app().application.modules.flatMap(({ routes }) => routes).filter(({ permission }) => permission !== 'public')
const urlOf = ({ url }: Route): string => url.replaceAll(/:\w+/g, 'x')
/** Streams do not end; whether they are guarded shows before they begin. */
const endless = new Set(['streamEvents'])

describe('every route', () => {
  test('turns away whoever says not who they are', async () => {
    for (const one of guarded()) {
      const response = await app().application.server.inject({ method: one.method, url: urlOf(one) })
      expect([one.operation_id, response.statusCode]).toEqual([one.operation_id, 401])
    }
  })

  test('that is public asks nobody who they are', async () => {
    for (const one of app().application.modules.flatMap(({ routes }) => routes).filter(({ permission }) => permission === 'public')) {
      const response = await app().application.server.inject({ method: one.method, url: urlOf(one), ...(one.method === 'GET' ? {} : { payload: {} }) })
      expect([one.operation_id, [401, 403].includes(response.statusCode) || response.statusCode >= 500]).toEqual([one.operation_id, false])
    }
  })

  test.each(Object.keys(BUILT_IN_ROLES))('lets %s do what the role may and nothing else', async (role) => {
    const permissions = BUILT_IN_ROLES[role]!.permissions
    for (const one of guarded()) {
      const allowed = one.permission === 'signed_in' || permissions.includes('*') || permissions.includes(one.permission)
      if (allowed && endless.has(one.operation_id)) continue
      const answer = await app().call(one.method, urlOf(one), one.method === 'GET' ? undefined : {}, { key: keys.get(role)! })
      if (allowed) expect([one.operation_id, answer.status >= 500 || answer.status === 401 || (answer.status === 403 && answer.body['permission'] === one.permission)]).toEqual([one.operation_id, false])
      else expect([one.operation_id, answer.status, answer.body.code]).toEqual([one.operation_id, 403, 'forbidden'])
    }
  })
})

describe('every route, to callers who are confined,', () => {
  const MARK = 'of-somebody-else'
  /** Stock, counts and inbound supplies belong to locations, whatever the channel. */
  const STOCK_MARK = 'of-another-place'
  const stockParams = ['count_id', 'inbound_id']
  const foreign = new Map<string, string>()

  /** One of everything that belongs to the web store and to Leeds, with a mark on it. */
  beforeAll(async () => {
    const shop = await openShop(app())
    await shop.stock('leeds', { TEA: 9 })
    const make = async (kind: string, url: string, body: object): Promise<Record<string, unknown>> => {
      const made = await app().post(url, body)
      if (made.status >= 300) throw new Error(`${url}: ${made.text}`)
      foreign.set(kind, String(made.body['id']))
      return made.body
    }
    const order = await make('order_id', '/v1/orders', { channel: 'web', external_id: MARK, note: MARK, customer: { name: MARK, email: `${MARK}@example.com` }, shipping_address: { name: MARK, line1: '1', city: 'Leeds', country: 'GB' }, lines: [{ sku: 'TEA', quantity: 2 }], payments: [{ tender: 'external', reference: MARK }] })
    foreign.set('customer_id', (order['customer'] as { id: string }).id)
    await app().application.settle()
    const work = ((await app().get('/v1/fulfillment-orders')).body.data as { id: string }[])[0]!
    foreign.set('fulfillment_order_id', work.id)
    for (const verb of ['pick', 'pack', 'ship']) await app().post(`/v1/fulfillment-orders/${work.id}/${verb}`)
    const shipment = ((await app().get('/v1/shipments')).body.data as { id: string; packages: { id: string }[] }[])[0]!
    foreign.set('shipment_id', shipment.id).set('package_id', shipment.packages[0]!.id)
    const payment = ((await app().get('/v1/payments')).body.data as { id: string }[])[0]!
    const entries = (await app().get(`/v1/payments/${payment.id}`)).body['entries'] as { id: string }[]
    foreign.set('payment_id', payment.id).set('entry_id', entries[0]!.id)
    await make('return_id', `/v1/orders/${foreign.get('order_id')!}/returns`, { channel: 'web', location: 'leeds', note: MARK, external_id: MARK, lines: [{ sku: 'TEA', quantity: 1 }] })
    await make('draft_id', '/v1/draft-orders', { channel: 'web', input: { note: MARK } })
    await make('reservation_id', '/v1/reservations', { channel: 'web', reference: MARK, lines: [{ sku: 'TEA', quantity: 1 }] })
    await make('count_id', '/v1/stock-counts', { location: 'leeds', note: STOCK_MARK })
    await make('inbound_id', '/v1/inbound-supplies', { location: 'leeds', sku: 'TEA', quantity: 5, reference: STOCK_MARK, expected_on: '2026-04-01' })
    await make('user_id', '/v1/users', { email: `${MARK}@example.com`, name: MARK, password: 'correct horse battery', roles: [{ role: 'viewer', channels: ['web'], locations: ['leeds'] }] })
    await make('key_id', '/v1/api-keys', { name: MARK, permissions: ['orders:read'], channels: ['web'], locations: ['leeds'] })
  })

  test.each<[string, { channels?: string[]; locations?: string[] }]>([
    ['a channel', { channels: ['till'] }], ['a location', { locations: ['york'] }], ['both', { channels: ['till'], locations: ['york'] }],
  ])('to %s shows nothing of others and changes nothing of theirs', async (_name, scope) => {
    const isForeign = (name: string): boolean => foreign.has(name) && (scope.locations !== undefined || !stockParams.includes(name))
    const isMarked = (text: string): boolean => text.includes(MARK) || (scope.locations !== undefined && text.includes(STOCK_MARK))
    const key = String((await app().post('/v1/api-keys', { name: 'confined', permissions: ['*'], ...scope })).body['key'])
    for (const one of guarded().filter(({ operation_id }) => !endless.has(operation_id))) {
      const names = [...one.url.matchAll(/:(\w+)/g)].map((match) => match[1]!)
      const url = one.url.replaceAll(/:(\w+)/g, (_, name: string) => foreign.get(name) ?? 'x')
      const answer = await app().call(one.method, url, one.method === 'GET' ? undefined : {}, { key })
      expect([one.operation_id, answer.status < 500, isMarked(answer.text)]).toEqual([one.operation_id, true, false])
      // Any channel takes back what any channel sold: orders are found for returns, and their returns are listed by what is seen of them.
      if (!names.some(isForeign) || ['previewReturn', 'listOrderReturns'].includes(one.operation_id)) continue
      expect([one.operation_id, [403, 404, 422].includes(answer.status)]).toEqual([one.operation_id, true])
    }
  })
})

test('every permission that a role names is declared by a module', () => {
  const declared = Object.keys(app().application.permissions)
  const named = Object.values(BUILT_IN_ROLES).flatMap(({ permissions }) => permissions).filter((permission) => permission !== '*')
  expect([...new Set(named)].filter((permission) => !declared.includes(permission))).toEqual([])
})

test('the server does not start with a route whose permission nobody declares', async () => {
  const forgotten = route({ operation_id: 'forgotten', method: 'GET', url: '/v1/forgotten', tag: 'test', permission: 'nobody:knows', summary: 'Forgotten', reply: { status: 200 }, handle: async () => undefined })
  const { db, executor, log, permissions } = app().application
  await expect(createServer({ db, executor, log, permissions, problems: {}, routes: [forgotten], authenticate: async () => undefined })).rejects.toThrow('known permission')
})
