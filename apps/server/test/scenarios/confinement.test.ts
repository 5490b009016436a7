import { beforeAll, describe, expect, test } from 'vitest'
import { gbp, shipOrder } from '../../src/modules/returns/test-support.ts'
import { useApp, type Answer, type CallOptions } from '../harness/app.ts'
import { openShop, type Shop } from '../harness/shop.ts'

const app = useApp()
let shop: Shop
/** Confined to the store in York alone; to its till alone; to both. All may do everything. */
let york: CallOptions
let till: CallOptions
let counter: CallOptions

const keyOf = async (scope: object): Promise<CallOptions> => ({ key: String((await app().post('/v1/api-keys', { name: 'k', permissions: ['*'], ...scope })).body['key']) })
const urlOf = (order: Answer) => `/v1/orders/${String(order.body['id'])}`
const idsOf = async (url: string, options: CallOptions): Promise<unknown[]> => ((await app().get(url, options)).body.data as { id: string }[]).map(({ id }) => id)

/** An order that Leeds fulfills, unless it is picked up or says otherwise. */
async function place(body: Record<string, unknown> = {}): Promise<Answer> {
  await shop.stock('leeds', { TEA: 1 })
  const order = await shop.order({ lines: [{ sku: 'TEA', quantity: 1 }], customer: { email: 'ada@example.com' }, payments: [{ tender: 'external' }], ...body })
  expect([order.status, order.text]).toEqual([201, order.text])
  return order
}

async function pickUp(body: Record<string, unknown> = {}): Promise<Answer> {
  await shop.stock('york', { TEA: 1 })
  return place({ delivery: 'pickup', pickup_location: 'york', shipping_address: undefined, ...body })
}

beforeAll(async () => {
  shop = await openShop(app())
  york = await keyOf({ locations: ['york'] })
  till = await keyOf({ channels: ['till'] })
  counter = await keyOf({ channels: ['till'], locations: ['york'] })
})

describe('for a caller confined to a location', () => {
  test('an order exists that has to do with it, and no other', async () => {
    const far = await place()
    const near = await pickUp()
    const reads = (order: Answer) => ['', '/timeline', '/routing', '/payments'].map((path) => `${urlOf(order)}${path}`)
    for (const url of reads(far)) expect([url, (await app().get(url, york)).status]).toEqual([url, 404])
    for (const url of reads(near)) expect([url, (await app().get(url, york)).status]).toEqual([url, 200])
    const listed = await idsOf('/v1/orders?limit=200', york)
    expect([listed.includes(near.body['id']), listed.includes(far.body['id'])]).toEqual([true, false])
    const payments = (await app().get('/v1/payments?limit=200', york)).body.data as { id: string; order_id: string }[]
    expect([payments.some(({ order_id }) => order_id === near.body['id']), payments.some(({ order_id }) => order_id === far.body['id'])]).toEqual([true, false])
  })

  test('no other order is changed, paid, held, routed or released', async () => {
    const far = await place()
    const payment = ((await app().get(`${urlOf(far)}/payments`)).body['payments'] as { id: string; entries: { id: string }[] }[])[0]!
    const writes: ['PATCH' | 'POST', string, object][] = [
      ['PATCH', urlOf(far), { note: 'x' }], ['POST', `${urlOf(far)}/holds`, { type: 'other' }], ['POST', `${urlOf(far)}/release-holds`, {}], ['POST', `${urlOf(far)}/cancel`, { reason: 'other' }],
      ['POST', `${urlOf(far)}/source`, {}], ['POST', `${urlOf(far)}/release`, {}], ['POST', `${urlOf(far)}/payments`, { tender: 'cash' }], ['POST', `${urlOf(far)}/refunds`, { amount: gbp('1.00'), reason: 'x' }],
      ['POST', `/v1/payments/${payment.id}/capture`, {}], ['POST', `/v1/payments/${payment.id}/void`, {}], ['POST', `/v1/payments/${payment.id}/entries/${payment.entries[0]!.id}/retry`, {}],
    ]
    for (const [method, url, body] of writes) {
      const answer = await app().call(method, url, body, york)
      expect([method, url, answer.status, answer.body.code]).toEqual([method, url, 404, 'not_found'])
    }
    const near = await pickUp()
    expect((await app().patch(urlOf(near), { note: 'x' }, york)).status).toBe(200)
    expect((await app().post(`${urlOf(near)}/refunds`, { amount: gbp('1.00'), reason: 'x' }, york)).status).toBe(201)
  })

  test('it stays when the work is done or given back, and comes with a claim or a return', async () => {
    await shop.stock('york', { 'YORK-ONLY': 2 })
    const worked = await place({ lines: [{ sku: 'YORK-ONLY', quantity: 1 }] })
    expect((await app().get(urlOf(worked), york)).status).toBe(200)
    await shipOrder(app(), worked)
    expect((await app().get(urlOf(worked), york)).status).toBe(200)
    const rejected = await place({ lines: [{ sku: 'YORK-ONLY', quantity: 1 }] })
    await app().application.settle()
    const work = (await app().get(`/v1/fulfillment-orders?filter[order_id]=${String(rejected.body['id'])}`, york)).body.data as { id: string }[]
    expect((await app().post(`/v1/fulfillment-orders/${work[0]!.id}/reject`, { reason: 'no_capacity' }, york)).status).toBe(200)
    expect((await app().get(`${urlOf(rejected)}/routing`)).body).toMatchObject({ allocations: [] })
    expect((await app().get(urlOf(rejected), york)).status).toBe(200)
    const sent = await place()
    await shipOrder(app(), sent)
    expect((await app().get(urlOf(sent), york)).status).toBe(404)
    expect((await app().post(`${urlOf(sent)}/returns`, { channel: 'web', location: 'york', lines: [{ sku: 'TEA', quantity: 1 }] })).status).toBe(201)
    expect((await app().get(urlOf(sent), york)).status).toBe(200)
  })

  test('customers exist who have such an order, and new ones are for channels to know', async () => {
    const far = await place({ customer: { email: 'far@example.com' } })
    const near = await pickUp({ customer: { email: 'near@example.com' } })
    const urls = [far, near].map(({ body }) => `/v1/customers/${(body['customer'] as { id: string }).id}`) as [string, string]
    expect([(await app().get(urls[0], york)).status, (await app().patch(urls[0], { name: 'X' }, york)).status, (await app().call('PUT', `${urls[0]}/identities`, { identities: [] }, york)).status]).toEqual([404, 404, 404])
    expect([(await app().get(urls[1], york)).status, (await app().patch(urls[1], { name: 'X' }, york)).status]).toEqual([200, 200])
    const listed = (await idsOf('/v1/customers?q=example.com', york)).map((id) => `/v1/customers/${String(id)}`)
    expect([listed.includes(urls[0]), listed.includes(urls[1])]).toEqual([false, true])
    expect((await app().post('/v1/customers', { name: 'New' }, york)).body.code).toBe('forbidden')
    expect((await app().post('/v1/customers', { name: 'New' }, counter)).status).toBe(201)
  })

  test('what belongs to whole channels is refused, unless it is confined to the channel as well', async () => {
    const draftOf = async (channel: string) => `/v1/draft-orders/${String((await app().post('/v1/draft-orders', { channel, input: { note: 'later' } })).body['id'])}`
    const draft = await draftOf('till')
    const calls = (url: string, channel: string): ['GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE', string, object?][] => [
      ['GET', '/v1/draft-orders'], ['POST', '/v1/draft-orders', { channel, input: {} }], ['GET', url], ['PATCH', url, { input: {} }], ['POST', `${url}/place`, {}], ['DELETE', url],
      ['PUT', `/v1/channels/${channel}/skus`, { skus: [{ channel_sku: 'x', sku: 'TEA' }] }], ['DELETE', `/v1/channels/${channel}/skus?channel_sku=x`], ['PUT', `/v1/channels/${channel}/order-form`, { fields: [] }], ['PATCH', `/v1/channels/${channel}`, { name: 'Till' }],
    ]
    for (const [method, url, body] of calls(draft, 'till')) {
      const answer = await app().call(method, url, body, york)
      expect([method, url, answer.status, answer.body.code]).toEqual([method, url, 403, 'forbidden'])
    }
    for (const options of [till, counter]) {
      const own = await draftOf('till')
      const statuses = []
      for (const [method, url, body] of calls(own, 'till')) statuses.push((await app().call(method, url, body, options)).status)
      // A draft without lines is not placed.
      expect(statuses).toEqual([200, 201, 200, 200, 422, 200, 200, 204, 200, 200])
      const foreign = await draftOf('web')
      for (const [method, url, body] of calls(foreign, 'web').slice(1)) {
        const answer = await app().call(method, url, body, options)
        expect([method, url, [404, 422].includes(answer.status)]).toEqual([method, url, true])
      }
      expect(await idsOf('/v1/draft-orders', options)).not.toContain(foreign.split('/').at(-1))
    }
    expect((await app().get('/v1/channels/till/order-form', york)).status).toBe(200)
  })
})

describe('any channel takes back what any channel sold', () => {
  test('a till announces, sees and receives the return of an order that it does not see', async () => {
    const sold = await place()
    await shipOrder(app(), sold)
    for (const options of [till, counter]) {
      expect((await app().get(urlOf(sold), options)).status).toBe(404)
      const preview = await app().post(`/v1/orders/${String(sold.body['number'])}/returns/preview`, {}, options)
      expect([preview.status, preview.body['lines']]).toMatchObject([200, [{ sku: 'TEA', quantity: 1 }]])
      const elsewhere = await app().post(`${urlOf(sold)}/returns`, { channel: 'web', lines: [{ sku: 'TEA', quantity: 1 }] }, options)
      expect([elsewhere.status, elsewhere.body.errors]).toMatchObject([422, [{ pointer: '/channel' }]])
      const back = await app().post(`/v1/orders/${String(sold.body['number'])}/returns`, { channel: 'till', location: 'york', lines: [{ sku: 'TEA', quantity: 1 }] }, options)
      expect([back.status, back.body['channel']]).toEqual([201, 'till'])
      const url = `/v1/returns/${String(back.body['id'])}`
      expect((await app().get(url, options)).status).toBe(200)
      expect(await idsOf('/v1/returns', options)).toContain(back.body['id'])
      expect(await idsOf(`${urlOf(sold)}/returns`, options)).toContain(back.body['id'])
      expect((await app().get(urlOf(sold), options)).status).toBe(404)
      expect((await app().post(`${url}/cancel`, {}, options)).body['status']).toBe('canceled')
    }
    const again = await app().post(`${urlOf(sold)}/returns`, { channel: 'till', lines: [{ sku: 'TEA', quantity: 1 }] }, counter)
    const received = await app().post(`/v1/returns/${String(again.body['id'])}/receive`, { location: 'york', disposition: 'restock' }, counter)
    expect([received.status, received.body['status']]).toEqual([200, 'closed'])
  })

  test('returns of others stay with those who sold the goods or take them back', async () => {
    const sold = await place()
    await shipOrder(app(), sold)
    const back = await app().post(`${urlOf(sold)}/returns`, { channel: 'web', location: 'leeds', lines: [{ sku: 'TEA', quantity: 1 }] })
    for (const options of [till, counter, york]) {
      expect((await app().get(`/v1/returns/${String(back.body['id'])}`, options)).status).toBe(404)
      expect(await idsOf('/v1/returns', options)).not.toContain(back.body['id'])
      expect(await idsOf(`${urlOf(sold)}/returns`, options)).toEqual([])
    }
  })

  test('without the permission to take returns the order is not found', async () => {
    const sold = await place()
    const { key } = (await app().post('/v1/api-keys', { name: 'k', permissions: ['returns:read'], channels: ['till'] })).body
    for (const [url, body] of [[`${urlOf(sold)}/returns/preview`, {}], [`${urlOf(sold)}/returns`, undefined]] as const) {
      expect((await app().call(body === undefined ? 'GET' : 'POST', url, body, { key: String(key) })).status).toBe(404)
    }
  })

  test('a store that is confined to its location alone says that the goods come there', async () => {
    const sold = await place()
    await shipOrder(app(), sold)
    const ask = { channel: 'web', lines: [{ sku: 'TEA', quantity: 1 }] }
    const nowhere = await app().post(`${urlOf(sold)}/returns`, ask, york)
    expect([nowhere.status, nowhere.body.errors]).toMatchObject([422, [{ pointer: '/location', code: 'required' }]])
    expect((await app().post(`${urlOf(sold)}/returns`, { ...ask, location: 'leeds' }, york)).status).toBe(422)
    expect((await app().post(`${urlOf(sold)}/returns`, { ...ask, location: 'york' }, york)).status).toBe(201)
  })
})
