import { beforeAll, describe, expect, test } from 'vitest'
import { ids } from '../../src/kernel/id-kinds.ts'
import { newId } from '../../src/kernel/ids.ts'
import { HOME, openShop, type Shop } from '../harness/shop.ts'
import { useApp } from '../harness/app.ts'

const app = useApp()
let shop: Shop
beforeAll(async () => { shop = await openShop(app()) })

describe('a web order', () => {
  test('is priced, routed to the nearest location that has everything, and says why', async () => {
    await shop.stock('leeds', { TEA: 10, CUP: 10 })
    await shop.stock('london', { TEA: 10 })
    const placed = await shop.order({ lines: [{ sku: 'TEA', quantity: 2 }, { sku: 'CUP', quantity: 1 }], payments: [{ tender: 'external', reference: 'paid' }] })
    expect(placed.status).toBe(201)
    expect(placed.body).toMatchObject({ status: 'placed', fulfillment_status: 'allocated', payment_status: 'captured', total: { amount: '14.50', currency: 'GBP' } })
    const routing = await app().get(`/v1/orders/${String(placed.body['id'])}/routing`)
    expect(routing.status, routing.text).toBe(200)
    expect((routing.body['allocations'] as { location: string }[]).map(({ location }) => location)).toEqual(['leeds', 'leeds'])
    const [decision] = routing.body['decisions'] as { explanation: string[]; decision: object }[]
    expect(decision!.explanation.join(' ')).toContain('London')
    // Lines have the ids here that they have everywhere.
    const lines = placed.body['lines'] as { id: string }[]
    expect(decision!.decision).toMatchObject({ chosen: [{ location: 'leeds', lines: lines.map(({ id }) => ({ line_id: id })) }] })
    expect(JSON.stringify(routing.body)).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-/)
    const timeline = await app().get(`/v1/orders/${String(placed.body['id'])}/timeline`)
    expect((timeline.body.data as { type: string; sequence: number }[]).map(({ type }) => type).slice(0, 2)).toEqual(['order.created', 'order.allocated'])
  })

  test('is answered as it is shown ever after', async () => {
    await shop.stock('leeds', { TEA: 2, CUP: 1 })
    const { body: placed } = await shop.order({
      external_id: 'WEB-SHOWN', lines: [{ sku: 'TEA', quantity: 2, discount: { amount: '0.55', currency: 'GBP' } }, { sku: 'CUP', quantity: 1 }],
      customer: { name: 'Ada', email: 'Ada@example.com' }, tags: ['b', 'a'], note: 'Ring twice', requested_delivery_date: '2027-05-05',
      payments: [{ tender: 'cash', amount: { amount: '1.00', currency: 'GBP' } }],
    })
    expect((await app().get(`/v1/orders/${String(placed['id'])}`)).body).toEqual(placed)
  })

  test('that lacks stock is refused in one piece and takes nothing', async () => {
    await shop.stock('leeds', { RARE: 2, TEA: 5 })
    const refused = await shop.order({ lines: [{ sku: 'TEA', quantity: 1 }, { sku: 'RARE', quantity: 1 }, { sku: 'RARE', quantity: 2 }] })
    expect([refused.status, refused.body.code]).toEqual([409, 'out_of_stock'])
    expect(await shop.available('RARE')).toBe(2)
  })

  test('is refused again under the same key, and the answer says that it is the first one', async () => {
    await shop.stock('leeds', { GONE: 1 })
    const order = { channel: 'web', shipping_address: HOME, lines: [{ sku: 'GONE', quantity: 2 }] }
    const send = () => app().post('/v1/orders', order, { headers: { 'idempotency-key': 'gone-1' } })
    const first = await send()
    await shop.stock('leeds', { GONE: 5 })
    const second = await send()
    expect([first, second].map(({ status, body, headers }) => [status, body.code, headers['idempotency-replayed']])).toEqual([[409, 'out_of_stock', undefined], [409, 'out_of_stock', 'true']])
  })

  test('sent twice is one order; with another content it is a conflict', async () => {
    await shop.stock('leeds', { TEA: 10 })
    const body = { external_id: 'WEB-1', lines: [{ sku: 'TEA', quantity: 1 }] }
    const [first, second] = await Promise.all([shop.order(body), shop.order(body)])
    expect([first.status, second.status]).toEqual([201, 201])
    expect(second.body['id']).toBe(first.body['id'])
    const other = await shop.order({ ...body, lines: [{ sku: 'TEA', quantity: 2 }] })
    expect([other.status, other.body.code]).toEqual([409, 'external_id_conflict'])
  })
})

describe('tenders', () => {
  test('are neither negative nor more than the total', async () => {
    await shop.stock('leeds', { TEA: 1 })
    const wrong = async (...amounts: string[]) => {
      const answer = await shop.order({ lines: [{ sku: 'TEA', quantity: 1 }], payments: amounts.map((amount) => ({ tender: 'cash', amount: { amount, currency: 'GBP' } })) })
      return [answer.status, ...(answer.body.errors ?? []).map(({ pointer, code }) => `${pointer} ${code}`)]
    }
    expect(await wrong('-1.00')).toEqual([422, '/payments/0/amount too_small'])
    // What is taken away by a negative one makes no room for the next.
    expect(await wrong('-5.00', '10.00')).toEqual([422, '/payments/0/amount too_small', '/payments/1/amount too_large'])
    expect(await wrong('3.00', '2.01')).toEqual([422, '/payments/1/amount too_large'])
  })
})

describe('64 buyers of the last 20', () => {
  test('get exactly 20', async () => {
    await shop.stock('leeds', { LAST: 12 })
    await shop.stock('london', { LAST: 8 })
    const answers = await Promise.all(Array.from({ length: 64 }, () => shop.order({ lines: [{ sku: 'LAST', quantity: 1 }] })))
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(20)
    expect(new Set(answers.filter(({ status }) => status !== 201).map(({ body }) => body.code))).toEqual(new Set(['out_of_stock']))
    expect(await shop.available('LAST')).toBe(0)
  })
})

describe('cancellation', () => {
  test('gives stock and money back, in parts and in whole', async () => {
    await shop.stock('leeds', { TEA: 10, CUP: 10 })
    const before = await shop.available('TEA')
    const placed = await shop.order({ lines: [{ sku: 'TEA', quantity: 3 }], shipping: { amount: '2.95', currency: 'GBP' }, payments: [{ tender: 'external' }] })
    const id = String(placed.body['id'])
    const line = (placed.body['lines'] as { id: string }[])[0]!.id
    const part = await app().post(`/v1/orders/${id}/cancel`, { reason: 'customer', lines: [{ line_id: line, quantity: 1 }] })
    expect(part.body).toMatchObject({ status: 'placed', paid: { refunded: { amount: '5.00' } } })
    expect(await shop.available('TEA')).toBe(before - 2)
    const whole = await app().post(`/v1/orders/${id}/cancel`, { reason: 'customer' })
    expect(whole.body).toMatchObject({ status: 'canceled', cancel_reason: 'customer', paid: { captured: { amount: '17.95' }, refunded: { amount: '17.95' } } })
    expect(await shop.available('TEA')).toBe(before)
    const again = await app().post(`/v1/orders/${id}/cancel`, { reason: 'customer' })
    expect([again.status, again.body.code]).toEqual([409, 'order_not_cancelable'])
    const told = ((await app().get(`/v1/orders/${id}/timeline`)).body.data as { type: string }[]).map(({ type }) => type)
    expect(told.filter((type) => type.endsWith('canceled'))).toEqual(['order.units_canceled', 'order.units_canceled', 'order.canceled'])
  })

  test('gives back the odd penny with the first units, whichever are canceled when', async () => {
    await shop.stock('leeds', { ODD: 3 })
    const placed = await shop.order({ lines: [{ sku: 'ODD', quantity: 3, discount: { amount: '0.01', currency: 'GBP' } }], payments: [{ tender: 'external' }] })
    const line = (placed.body['lines'] as { id: string }[])[0]!.id
    const refunded: unknown[] = []
    for (let unit = 0; unit < 3; unit++) refunded.push((await app().post(`/v1/orders/${String(placed.body['id'])}/cancel`, { reason: 'customer', lines: [{ line_id: line, quantity: 1 }] })).body['paid'])
    expect(refunded).toMatchObject(['3.33', '6.66', '9.98'].map((amount) => ({ refunded: { amount } })))
  })
})

describe('what is for sale', () => {
  test('leaves the buffer of the channel to others', async () => {
    await app().post('/v1/channels', { code: 'market', name: 'Market', kind: 'marketplace', currency: 'GBP', payment_expectation: 'none', stock_buffer: 2 })
    await shop.stock('leeds', { FEW: 3 })
    const refused = await shop.order({ channel: 'market', lines: [{ sku: 'FEW', quantity: 2 }] })
    expect([refused.status, refused.body.code, refused.body['lines']]).toEqual([409, 'out_of_stock', [{ sku: 'FEW', line_number: 1, requested: 2, missing: 1 }]])
    expect((await shop.order({ channel: 'market', lines: [{ sku: 'FEW', quantity: 1 }] })).status).toBe(201)
    expect((await shop.order({ lines: [{ sku: 'FEW', quantity: 2 }] })).status).toBe(201)
  })

  test('leaves what came in to the orders that wait for it', async () => {
    await shop.stock('leeds', { AWAITED: 1 })
    const waiting = await shop.order({ channel: 'wholesale', lines: [{ sku: 'AWAITED', quantity: 5 }] })
    await shop.stock('leeds', { AWAITED: 4 })
    expect((await shop.order({ lines: [{ sku: 'AWAITED', quantity: 1 }] })).body.code).toBe('out_of_stock')
    await app().application.settle()
    expect((await app().get(`/v1/orders/${String(waiting.body['id'])}`)).body['lines']).toMatchObject([{ units: { backordered: 0 } }])
  })
})

describe('backorders', () => {
  test('wait for stock and get it, the longest waiting first', async () => {
    await shop.stock('leeds', { SLOW: 1 })
    const first = await shop.order({ channel: 'wholesale', lines: [{ sku: 'SLOW', quantity: 3 }] })
    const second = await shop.order({ channel: 'wholesale', lines: [{ sku: 'SLOW', quantity: 2 }] })
    expect([first.body['fulfillment_status'], second.body['fulfillment_status']]).toEqual(['partially_allocated', 'backordered'])
    await shop.stock('london', { SLOW: 3 })
    await app().application.settle()
    const show = async (order: typeof first) => (await app().get(`/v1/orders/${String(order.body['id'])}`)).body
    expect(((await show(first))['lines'] as { units: { backordered: number } }[])[0]!.units.backordered).toBe(0)
    expect(((await show(second))['lines'] as { units: { backordered: number } }[])[0]!.units.backordered).toBe(1)
  })
})

describe('holds', () => {
  test('an order waits for its payment, and moves on when the money is promised', async () => {
    await shop.stock('leeds', { TEA: 5 })
    const placed = await shop.order({ lines: [{ sku: 'TEA', quantity: 1 }], payments: [{ tender: 'card', gateway: 'test', token: 'tok_ok' }] })
    expect((placed.body['holds'] as { type: string }[]).map(({ type }) => type)).toEqual(['awaiting_payment'])
    await app().application.settle()
    const now = await app().get(`/v1/orders/${String(placed.body['id'])}`)
    expect((now.body['holds'] as { released_at: string | null }[]).every(({ released_at }) => released_at !== null)).toBe(true)
    expect(now.body['payment_status']).toBe('authorized')
  })

  test('a hold names somebody there is', async () => {
    await shop.stock('leeds', { OWNED: 1 })
    const placed = await shop.order({ lines: [{ sku: 'OWNED', quantity: 1 }] })
    const held = await app().post(`/v1/orders/${String(placed.body['id'])}/holds`, { type: 'other', owner_id: ids.user.show(newId()) })
    expect([held.status, held.body.errors?.[0]]).toEqual([422, expect.objectContaining({ pointer: '/owner_id', code: 'unknown_user' })])
  })

  test('a hold of a person is released by a person', async () => {
    await shop.stock('leeds', { TEA: 5 })
    const id = String((await shop.order({ lines: [{ sku: 'TEA', quantity: 1 }], payments: [{ tender: 'external' }] })).body['id'])
    expect((await app().post(`/v1/orders/${id}/holds`, { type: 'fraud_risk', note: 'odd address' })).status).toBe(201)
    expect((await app().post(`/v1/orders/${id}/release-holds`, {})).status).toBe(200)
    expect((await app().post(`/v1/orders/${id}/release-holds`, {})).body.code).toBe('no_open_hold')
  })
})

describe('a draft', () => {
  test('may be incomplete, claims nothing, and becomes an order', async () => {
    await shop.stock('leeds', { TEA: 5 })
    const before = await shop.available('TEA')
    const draft = await app().post('/v1/draft-orders', { channel: 'web', input: { note: 'calls back' } })
    expect(draft.status).toBe(201)
    const id = String(draft.body['id'])
    expect((await app().post(`/v1/draft-orders/${id}/place`)).body.errors?.[0]?.pointer).toBe('/input/lines')
    await app().patch(`/v1/draft-orders/${id}`, { input: { shipping_address: HOME, lines: [{ sku: 'TEA', quantity: 1 }] } })
    expect(await shop.available('TEA')).toBe(before)
    const placed = await app().post(`/v1/draft-orders/${id}/place`)
    expect([placed.status, await shop.available('TEA')]).toEqual([201, before - 1])
    expect((await app().post(`/v1/draft-orders/${id}/place`)).body.code).toBe('draft_placed')
  })
})

describe('bad orders', () => {
  const good = { channel: 'web', shipping_address: HOME, lines: [{ sku: 'TEA', quantity: 1 }] }
  test.each([
    ['an unknown SKU', { ...good, lines: [{ sku: 'NOPE', quantity: 1 }] }, '/lines/0/sku'],
    ['half a unit', { ...good, lines: [{ sku: 'TEA', quantity: 0.5 }] }, '/lines/0/quantity'],
    ['another currency', { ...good, lines: [{ sku: 'TEA', quantity: 1, unit_price: { amount: '1.00', currency: 'USD' } }] }, '/lines/0/unit_price/currency'],
    ['an unknown channel', { ...good, channel: 'nowhere' }, '/channel'],
    ['1,000 lines', { ...good, lines: Array.from({ length: 1_000 }, () => ({ sku: 'TEA', quantity: 1 })) }, '/lines'],
    ['a NUL byte', { ...good, note: 'a\0b' }, '/note'],
    ['a date in the past', { ...good, requested_delivery_date: '2020-01-01' }, '/requested_delivery_date'],
    ['a country that is none', { ...good, shipping_address: { ...HOME, country: 'XX' } }, '/shipping_address/country'],
    ['a shipping method that nobody offers', { ...good, shipping_method: 'teleport' }, '/shipping_method'],
    ['no lines', { channel: 'web' }, '/lines'],
  ])('%s is named at its place and changes nothing', async (_, body, pointer) => {
    const before = await app().get('/v1/orders?count=true')
    const answer = await app().post('/v1/orders', body)
    expect([answer.status, answer.body.errors?.[0]?.pointer]).toEqual([422, pointer])
    expect((await app().get('/v1/orders?count=true')).body['count']).toBe(before.body['count'])
  })
})
