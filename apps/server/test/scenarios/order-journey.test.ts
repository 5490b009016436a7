import { beforeAll, describe, expect, test } from 'vitest'
import { useApp, type Answer } from '../harness/app.ts'
import { openShop, type Shop } from '../harness/shop.ts'

const app = useApp()
let shop: Shop
beforeAll(async () => { shop = await openShop(app()) })

const idOf = (answer: Answer): string => String(answer.body['id'])
const linesOf = (answer: Answer) => answer.body['lines'] as { id: string; sku: string; units: Record<string, number> }[]
const settle = () => app().application.settle()

/** The work that locations have for an order. */
async function workOf(order: Answer): Promise<{ id: string; location: string; status: string }[]> {
  return (await app().get(`/v1/fulfillment-orders?filter[order_id]=${idOf(order)}`)).body.data as { id: string; location: string; status: string }[]
}

async function act(id: string, action: string, body: object = {}): Promise<Answer> {
  return app().post(`/v1/fulfillment-orders/${id}/${action}`, body)
}

async function show(order: Answer): Promise<Answer> {
  return app().get(`/v1/orders/${idOf(order)}`)
}

describe('an order from the web store to the customer and back', () => {
  test('is paid, routed, picked, packed, shipped, delivered, returned through the till and refunded', async () => {
    await shop.stock('leeds', { TEA: 10, CUP: 10 })
    const placed = await shop.order({ lines: [{ sku: 'TEA', quantity: 2 }, { sku: 'CUP', quantity: 1 }], shipping: { amount: '3.95', currency: 'GBP' }, payments: [{ tender: 'card', gateway: 'test', token: 'tok_ok' }] })
    expect(placed.status).toBe(201)
    await settle()
    const [work] = await workOf(placed)
    expect(work).toMatchObject({ location: 'leeds', status: 'open' })
    expect((await app().get(`/v1/fulfillment-orders/${work!.id}/pick-list`)).text.slice(0, 5)).toBe('%PDF-')
    for (const action of ['accept', 'pick', 'pack']) expect((await act(work!.id, action)).status, action).toBe(200)
    const packed = await app().get(`/v1/fulfillment-orders/${work!.id}`)
    const [shipment] = packed.body['shipments'] as { id: string; tracking_numbers: string[] }[]
    expect(shipment!.tracking_numbers[0]).toMatch(/^SY/)
    const [box] = (await app().get(`/v1/shipments/${shipment!.id}`)).body['packages'] as { id: string }[]
    for (const url of [`/v1/shipments/${shipment!.id}/packing-slip`, `/v1/packages/${box!.id}/label?format=pdf`]) {
      expect((await app().get(url)).text.slice(0, 5), url).toBe('%PDF-')
    }
    expect((await app().get(`/v1/packages/${box!.id}/label?format=zpl`)).text).toContain('^XA')
    expect((await act(work!.id, 'ship')).body['status']).toBe('shipped')
    await settle()
    expect((await show(placed)).body).toMatchObject({ fulfillment_status: 'shipped', payment_status: 'captured', paid: { captured: { amount: '18.45' } } })
    expect((await act(work!.id, 'deliver')).status).toBe(200)
    expect((await show(placed)).body).toMatchObject({ status: 'completed', fulfillment_status: 'delivered' })

    const line = linesOf(placed)[0]!
    const requested = await app().post(`/v1/orders/${idOf(placed)}/returns`, { channel: 'till', lines: [{ line_id: line.id, quantity: 1, reason: 'unwanted' }] })
    expect([requested.status, requested.body['status']]).toEqual([201, 'approved'])
    const before = await shop.available('TEA')
    const received = await app().post(`/v1/returns/${idOf(requested)}/receive`, { location: 'york', lines: [{ line_id: line.id, quantity: 1, disposition: 'restock' }] })
    expect(received.status, received.text).toBe(200)
    expect(await shop.available('TEA')).toBe(before + 1)
    await settle()
    expect((await show(placed)).body).toMatchObject({ return_status: 'partially_returned', paid: { refunded: { amount: '5.00' } } })

    const story = ((await app().get(`/v1/orders/${idOf(placed)}/timeline`)).body.data as { type: string }[]).map(({ type }) => type)
    for (const type of ['order.created', 'order.allocated', 'payment.authorized', 'fulfillment_order.created', 'shipment.shipped', 'payment.captured', 'shipment.delivered', 'order.completed', 'payment.refunded']) expect(story).toContain(type)
  })
})

describe('a number', () => {
  test('names its order, fulfillment order or return wherever their id does', async () => {
    await shop.stock('leeds', { TEA: 2 })
    const placed = await shop.order({ lines: [{ sku: 'TEA', quantity: 1 }] })
    await settle()
    const order = `/v1/orders/${String(placed.body['number'])}`
    expect((await app().post(`${order}/payments`, { tender: 'cash' })).body['order_id']).toBe(idOf(placed))
    expect((await app().get(`${order}/payments`)).body).toMatchObject({ order_id: idOf(placed), captured: { amount: '5.00' } })
    expect((await app().post(`${order}/refunds`, { amount: { amount: '1.00', currency: 'GBP' }, reason: 'sorry' })).body['order_id']).toBe(idOf(placed))
    const work = (await app().get(`/v1/fulfillment-orders/${(await workOf(placed))[0]!.id}`)).body
    const byNumber = `/v1/fulfillment-orders/${String(work['number'])}`
    expect((await app().get(byNumber)).body['id']).toBe(work['id'])
    expect((await app().get(`${byNumber}/pick-list`)).text.slice(0, 5)).toBe('%PDF-')
    for (const action of ['pick', 'pack', 'ship', 'deliver']) expect([action, (await app().post(`${byNumber}/${action}`, {})).body['id']]).toEqual([action, work['id']])
    const back = await app().post(`${order}/returns`, { channel: 'till', lines: [{ sku: 'TEA', quantity: 1 }] })
    expect((await app().get(`/v1/returns/${String(back.body['number'])}`)).body['id']).toBe(back.body['id'])
    for (const url of ['/v1/orders/SW-1/payments', '/v1/fulfillment-orders/FO-1', '/v1/returns/RT-1']) expect([url, (await app().get(url)).status]).toEqual([url, 404])
    expect((await app().post('/v1/fulfillment-orders/FO-1/pick', {})).status).toBe(404)
  })
})

describe('a location that cannot', () => {
  test('gives the work back, and another location gets it at once', async () => {
    await shop.stock('leeds', { FIRST: 2 })
    await shop.stock('london', { FIRST: 2 })
    const placed = await shop.order({ lines: [{ sku: 'FIRST', quantity: 2 }] })
    await settle()
    const [work] = await workOf(placed)
    expect(work!.location).toBe('leeds')
    expect((await act(work!.id, 'reject', { reason: 'no_capacity' })).body['status']).toBe('rejected')
    await settle()
    expect((await workOf(placed)).map(({ location, status }) => [location, status])).toEqual([['leeds', 'rejected'], ['london', 'open']])
    expect(await shop.available('FIRST')).toBe(2)
  })

  test('comes up short: the missing units are written off and come from elsewhere', async () => {
    await shop.stock('leeds', { SHORT: 3 })
    await shop.stock('london', { SHORT: 1 })
    const placed = await shop.order({ lines: [{ sku: 'SHORT', quantity: 3 }] })
    await settle()
    const [work] = await workOf(placed)
    const picked = await act(work!.id, 'pick', { short: [{ line_id: linesOf(placed)[0]!.id, quantity: 1, reason: 'not_found' }] })
    expect(picked.status, picked.text).toBe(200)
    await settle()
    expect((await workOf(placed)).map(({ location }) => location)).toEqual(['leeds', 'london'])
    expect(await shop.available('SHORT')).toBe(0)
  })
})

describe('a cancellation while somebody works', () => {
  test('takes the units out of the boxes and gives the label back', async () => {
    await shop.stock('leeds', { LATE: 4 })
    const placed = await shop.order({ lines: [{ sku: 'LATE', quantity: 2 }], payments: [{ tender: 'external' }] })
    await settle()
    const [work] = await workOf(placed)
    await act(work!.id, 'pick')
    await act(work!.id, 'pack')
    const part = await app().post(`/v1/orders/${idOf(placed)}/cancel`, { reason: 'customer', lines: [{ line_id: linesOf(placed)[0]!.id, quantity: 1 }] })
    expect(part.status, part.text).toBe(200)
    expect((await app().get(`/v1/fulfillment-orders/${work!.id}`)).body).toMatchObject({ status: 'picking', shipments: [] })
    await act(work!.id, 'pack')
    expect((await app().post(`/v1/orders/${idOf(placed)}/cancel`, { reason: 'customer' })).body).toMatchObject({ status: 'canceled', paid: { refunded: { amount: '10.00' } } })
    expect((await app().get(`/v1/fulfillment-orders/${work!.id}`)).body['status']).toBe('canceled')
    expect(await shop.available('LATE')).toBe(4)
    const gone = await act(work!.id, 'ship')
    expect([gone.status, String(gone.body.code)]).toEqual([409, expect.stringMatching(/action_not_allowed$/)])
  })
})

describe('a pickup', () => {
  const pickup = async (sku: string): Promise<{ placed: Answer; id: string }> => {
    await shop.stock('york', { [sku]: 1 })
    const placed = await shop.order({ lines: [{ sku, quantity: 1 }], delivery: 'pickup', pickup_location: 'york', payments: [{ tender: 'external' }] })
    expect(placed.status, placed.text).toBe(201)
    await settle()
    const [work] = await workOf(placed)
    for (const action of ['pick', 'pack', 'ready']) expect((await act(work!.id, action)).status, action).toBe(200)
    return { placed, id: work!.id }
  }

  test('is handed over for its code only', async () => {
    const { placed, id } = await pickup('PICKED')
    const told = ((await app().get(`/v1/orders/${idOf(placed)}/timeline`)).body.data as { type: string; data: { pickup_code?: string } }[]).find(({ type }) => type === 'fulfillment_order.ready_for_pickup')
    const code = told!.data.pickup_code!
    const wrongCode = code === '123456' ? '654321' : '123456'
    const wrong = await act(id, 'hand-over', { code: wrongCode })
    expect([wrong.status, wrong.body.code]).toEqual([409, 'wrong_pickup_code'])
    expect((await act(id, 'hand-over', { code })).body['status']).toBe('picked_up')
    expect((await show(placed)).body).toMatchObject({ status: 'completed', fulfillment_status: 'delivered' })
  })

  test('that nobody collects goes back on the shelf and is refunded', async () => {
    const { placed, id } = await pickup('FORGOTTEN')
    app().clock.advance(8 * 86_400_000)
    await settle()
    expect((await app().get(`/v1/fulfillment-orders/${id}`)).body['status']).toBe('canceled')
    expect((await show(placed)).body).toMatchObject({ status: 'canceled', cancel_reason: 'pickup_expired', paid: { refunded: { amount: '5.00' } } })
    expect(await shop.available('FORGOTTEN')).toBe(1)
  })
})
