import { beforeAll, describe, expect, test } from 'vitest'
import { useApp, type Answer } from '../harness/app.ts'
import { openShop, type Shop } from '../harness/shop.ts'

// Whatever is canceled, returned, shipped or given away: the customer owes what the order is worth, and nothing twice.
const app = useApp()
let shop: Shop
beforeAll(async () => { shop = await openShop(app()) })

const gbp = (amount: string) => ({ amount, currency: 'GBP' })
const CARD = { tender: 'card', gateway: 'test', token: 'tok_ok' }
const settle = () => app().application.settle()

let skus = 0

/** An order of so many units at 10.00, with stock for it. */
async function place(quantity: number, body: Record<string, unknown> = {}, price = '10.00'): Promise<{ url: string; line_id: string; order: Answer }> {
  const sku = `MONEY-${++skus}`
  await app().post('/v1/variants', { sku, name: sku, price: gbp(price), weight_grams: 100 })
  await shop.stock('leeds', { [sku]: quantity })
  const order = await shop.order({ lines: [{ sku, quantity }], ...body })
  expect(order.status, order.text).toBe(201)
  return { url: `/v1/orders/${String(order.body['id'])}`, line_id: (order.body['lines'] as { id: string }[])[0]!.id, order }
}
type Placed = Awaited<ReturnType<typeof place>>

const show = async ({ url }: Placed) => (await app().get(url)).body
const ledger = async ({ url }: Placed) => (await app().get(`${url}/payments`)).body
const pay = ({ url }: Placed, body: object = { tender: 'cash' }) => app().post(`${url}/payments`, body)
const cancel = ({ url, line_id }: Placed, quantity: number) => app().post(`${url}/cancel`, { reason: 'customer', lines: [{ line_id, quantity }] })
const eventsOf = async ({ url }: Placed) => ((await app().get(`${url}/timeline`)).body.data as { type: string }[]).map(({ type }) => type)

/** Does these things with the work that is open for the order. */
async function work({ order }: Placed, ...verbs: string[]): Promise<void> {
  const open = (await app().get(`/v1/fulfillment-orders?filter[order_id]=${String(order.body['id'])}`)).body.data as { id: string }[]
  for (const verb of verbs) expect([verb, (await app().post(`/v1/fulfillment-orders/${open.at(-1)!.id}/${verb}`, {})).status]).toEqual([verb, 200])
}

async function deliver(placed: Placed): Promise<void> {
  await settle()
  await work(placed, 'pick', 'pack', 'ship', 'deliver')
  await settle()
}

/** Units that come back to the desk in York. */
async function takeBack({ url, line_id }: Placed, quantity: number, receipt: object = {}): Promise<Answer> {
  const back = await app().post(`${url}/returns`, { channel: 'till', lines: [{ line_id, quantity }] })
  return app().post(`/v1/returns/${String(back.body['id'])}/receive`, { location: 'york', disposition: 'restock', ...receipt })
}

describe('a tender that is added', () => {
  test.each([
    ['returned and refunded', async () => {
      const placed = await place(2, { payments: [{ tender: 'external' }] })
      await deliver(placed)
      await takeBack(placed, 2)
      return placed
    }],
    ['canceled, while the rest was paid', async () => {
      const placed = await place(3, { payments: [{ tender: 'external', amount: gbp('10.00') }] })
      await cancel(placed, 2)
      return placed
    }],
    ['canceled and refunded', async () => {
      const placed = await place(3, { payments: [{ tender: 'external' }] })
      expect((await cancel(placed, 2)).body).toMatchObject({ paid: { refunded: gbp('20.00') } })
      return placed
    }],
    ['given back as goodwill', async () => {
      const placed = await place(3, { payments: [{ tender: 'external' }] })
      await app().post(`${placed.url}/refunds`, { amount: gbp('3.00'), reason: 'scratched' })
      return placed
    }],
  ])('takes nothing for what was %s', async (_what, happen) => {
    const placed = await happen()
    expect((await show(placed))['paid']).toMatchObject({ balance_due: gbp('0.00'), credit_owed: gbp('0.00') })
    const added = await pay(placed)
    expect([added.status, added.body.code, added.body['due']]).toEqual([409, 'payment_exceeds_due', gbp('0.00')])
  })

  test('takes what the remaining units cost', async () => {
    const placed = await place(3)
    await cancel(placed, 2)
    expect((await pay(placed, { tender: 'cash', amount: gbp('10.01') })).body.code).toBe('payment_exceeds_due')
    expect((await pay(placed)).body['captured']).toEqual(gbp('10.00'))
  })

  test('waits for no money of units that are canceled', async () => {
    const placed = await place(3, { payments: [{ ...CARD, amount: gbp('10.00') }] })
    await settle()
    expect((await show(placed))['holds']).toMatchObject([{ type: 'awaiting_payment', released_at: null }])
    await cancel(placed, 2)
    await settle()
    expect((await show(placed))['holds']).toMatchObject([{ type: 'awaiting_payment', released_at: expect.any(String) as string }])
  })
})

describe('what is due', () => {
  test('is nothing when everything came back and shipping was refunded with it, in one call at the desk', async () => {
    const placed = await place(1, { shipping: gbp('1.00'), payments: [{ tender: 'external' }] }, '29.99')
    await deliver(placed)
    const desk = String((await app().post('/v1/api-keys', { name: 'desk', permissions: ['returns:read', 'returns:receive'] })).body['key'])
    const back = await app().post(`${placed.url}/returns`, { channel: 'till', lines: [{ line_id: placed.line_id, quantity: 1 }] })
    const url = `/v1/returns/${String(back.body['id'])}/receive`
    expect((await app().post(url, { location: 'york', disposition: 'restock', include_shipping: true }, { key: desk })).status).toBe(403)
    expect((await app().post(url, { location: 'york', disposition: 'restock', include_shipping: true, refund: false })).body.errors).toMatchObject([{ pointer: '/include_shipping' }])
    expect((await app().post(url, { location: 'york', disposition: 'restock', include_shipping: true })).body).toMatchObject({ status: 'closed', refund: { total: gbp('30.99'), shipping_refunded: gbp('1.00') } })
    expect((await show(placed))['paid']).toMatchObject({ refunded: gbp('30.99'), balance_due: gbp('0.00'), credit_owed: gbp('0.00') })
  })

  test('counts what a return withheld, and what its end keeps, as kept', async () => {
    const placed = await place(3, { payments: [{ tender: 'external' }] })
    await deliver(placed)
    const part = await takeBack(placed, 1, { refund: false })
    expect((await show(placed))['paid']).toMatchObject({ balance_due: gbp('0.00'), credit_owed: gbp('10.00') })
    await app().post(`/v1/returns/${String(part.body['id'])}/refund`, { amount: gbp('8.00') })
    expect((await show(placed))['paid']).toMatchObject({ balance_due: gbp('0.00'), credit_owed: gbp('0.00') })
    const kept = await takeBack(placed, 1, { refund: false })
    expect((await app().post(`/v1/returns/${String(kept.body['id'])}/close`, {})).body).toMatchObject({ status: 'closed', refund: { due: gbp('0.00') }, lines: [{ withheld: gbp('10.00') }] })
    expect((await show(placed))['paid']).toMatchObject({ refunded: gbp('8.00'), balance_due: gbp('0.00'), credit_owed: gbp('0.00') })
  })

  test('ends at nothing, to the penny, when units that do not divide leave, come back, are canceled and leave again', async () => {
    // 10.00 for three: 3.34, 3.33 and 3.33.
    const sku = 'MONEY-ODD'
    await app().post('/v1/variants', { sku, name: sku, price: gbp('3.34'), weight_grams: 100 })
    await shop.stock('leeds', { [sku]: 1 })
    await shop.stock('london', { [sku]: 2 })
    const order = await shop.order({ lines: [{ sku, quantity: 3, discount: gbp('0.02') }], payments: [CARD] })
    const placed = { order, url: `/v1/orders/${String(order.body['id'])}`, line_id: (order.body['lines'] as { id: string }[])[0]!.id }
    await settle()
    const [leeds, london] = ((await app().get(`/v1/fulfillment-orders?filter[order_id]=${String(order.body['id'])}`)).body.data as { id: string; location: string }[]).toSorted((a, b) => (a.location < b.location ? -1 : 1))
    const send = async (work_id: string) => {
      for (const verb of ['pick', 'pack', 'ship', 'deliver']) expect([verb, (await app().post(`/v1/fulfillment-orders/${work_id}/${verb}`, {})).status]).toEqual([verb, 200])
      await settle()
    }
    await send(leeds!.id)
    expect((await takeBack(placed, 1)).body).toMatchObject({ refund: { total: gbp('3.34') } })
    await settle()
    await cancel(placed, 1)
    await send(london!.id)
    expect((await show(placed))['paid']).toMatchObject({ captured: gbp('6.67'), refunded: gbp('3.34'), balance_due: gbp('0.00'), credit_owed: gbp('0.00') })
    expect((await takeBack(placed, 1)).body).toMatchObject({ refund: { due: gbp('0.00'), total: gbp('3.33') } })
    await settle()
    expect((await show(placed))['paid']).toMatchObject({ captured: gbp('6.67'), refunded: gbp('6.67'), balance_due: gbp('0.00'), credit_owed: gbp('0.00') })
  })
})

describe('an authorization', () => {
  test('is given up as far as nothing can be collected on it any more', async () => {
    const placed = await place(3, { payments: [CARD] })
    await settle()
    await cancel(placed, 2)
    await settle()
    // A gateway gives up the rest of an authorization, not a part of it.
    expect(await ledger(placed)).toMatchObject({ authorized: gbp('30.00'), voided: gbp('0.00') })
    await deliver(placed)
    expect(await show(placed)).toMatchObject({ status: 'completed', paid: { balance_due: gbp('0.00') } })
    expect(await ledger(placed)).toMatchObject({ authorized: gbp('30.00'), captured: gbp('10.00'), voided: gbp('20.00') })
  })

  test('of terms on account, or of a whole card that is needed no more, is given up with the cancellation', async () => {
    const terms = await place(3, { channel: 'wholesale' })
    await cancel(terms, 2)
    expect(await ledger(terms)).toMatchObject({ authorized: gbp('30.00'), voided: gbp('20.00') })
    const cards = await place(3, { payments: [{ ...CARD, amount: gbp('10.00') }, CARD] })
    await settle()
    await cancel(cards, 2)
    await settle()
    expect(await ledger(cards)).toMatchObject({ payments: [{ status: 'authorized', voided: gbp('0.00') }, { status: 'voided', voided: gbp('20.00') }] })
  })

  test('that arrives after the cancellation is given up when it does', async () => {
    const placed = await place(3, { payments: [{ ...CARD, amount: gbp('10.00') }, CARD] })
    await cancel(placed, 2)
    await settle()
    expect(await ledger(placed)).toMatchObject({ payments: [{ status: 'authorized' }, { status: 'voided', voided: gbp('20.00') }] })
  })

  test('is captured by hand for what the order is worth, and paid back where the units are canceled before the gateway answers', async () => {
    const placed = await place(3, { payments: [CARD] })
    await settle()
    const id = ((await ledger(placed))['payments'] as { id: string }[])[0]!.id
    await app().post(`/v1/payments/${id}/capture`, { amount: gbp('15.00') })
    await cancel(placed, 2)
    expect((await app().post(`/v1/payments/${id}/capture`, {})).body).toMatchObject({ code: 'payment_exceeds_due', due: gbp('0.00') })
    await settle()
    expect(await show(placed)).toMatchObject({ paid: { captured: gbp('15.00'), refunded: gbp('5.00'), balance_due: gbp('0.00'), credit_owed: gbp('0.00') } })
    expect(await ledger(placed)).toMatchObject({ voided: gbp('15.00') })
  })
})

describe('a refund that waits for its capture', () => {
  test.each([['by itself', {}], ['when asked for', { refund: true }], ['with shipping', { include_shipping: true }]])('is told of, and paid %s when the gateway has answered', async (_how, receipt) => {
    const placed = await place(2, { shipping: gbp('3.95'), payments: [{ ...CARD, token: 'tok_slow' }] })
    await settle()
    await work(placed, 'pick', 'pack', 'ship', 'deliver')
    // The gateway has not answered the capture yet.
    const received = await takeBack(placed, 1, receipt)
    expect(received.body).toMatchObject({ status: 'inspected', refund: { due: gbp('10.00'), total: gbp('0.00'), waits_for_capture: true } })
    expect(await eventsOf(placed)).toContain('return.refund_waiting')
    await settle()
    const total = 'include_shipping' in receipt ? '13.95' : '10.00'
    expect((await app().get(`/v1/returns/${String(received.body['id'])}`)).body).toMatchObject({ status: 'closed', refund: { due: gbp('0.00'), paid: gbp(total), waits_for_capture: false } })
    expect((await show(placed))['paid']).toMatchObject({ captured: gbp('23.95'), refunded: gbp(total), balance_due: gbp('0.00'), credit_owed: gbp('0.00') })
  })

  test('is not wished for where the desk says so, and ends with its return', async () => {
    const placed = await place(2, { payments: [CARD] })
    await settle()
    await work(placed, 'pick', 'pack', 'ship', 'deliver')
    const unwanted = await takeBack(placed, 1, { refund: false })
    const waiting = await takeBack(placed, 1)
    expect([unwanted, waiting].map(({ body }) => (body['refund'] as { waits_for_capture: boolean }).waits_for_capture)).toEqual([false, true])
    expect((await app().post(`/v1/returns/${String(waiting.body['id'])}/close`, {})).body).toMatchObject({ status: 'closed', refund: { waits_for_capture: false } })
    await settle()
    expect((await show(placed))['paid']).toMatchObject({ captured: gbp('20.00'), refunded: gbp('0.00') })
  })

  test('takes nothing that the customer still owes for what was kept', async () => {
    const placed = await place(2, { payments: [{ ...CARD, token: 'tok_capture_fails' }] })
    await settle()
    await work(placed, 'pick', 'pack', 'ship', 'deliver')
    const received = await takeBack(placed, 1)
    await settle()
    expect((await show(placed))['paid']).toMatchObject({ captured: gbp('0.00'), balance_due: gbp('10.00') })
    const id = ((await ledger(placed))['payments'] as { id: string }[])[0]!.id
    await app().post(`/v1/payments/${id}/void`)
    await settle()
    expect((await pay(placed)).body['captured']).toEqual(gbp('10.00'))
    await settle()
    expect((await app().get(`/v1/returns/${String(received.body['id'])}`)).body).toMatchObject({ refund: { total: gbp('0.00'), waits_for_capture: true } })
    expect((await show(placed))['paid']).toMatchObject({ captured: gbp('10.00'), refunded: gbp('0.00'), balance_due: gbp('0.00'), credit_owed: gbp('0.00') })
    // Whoever pays it by hand all the same ends the waiting.
    expect((await app().post(`/v1/returns/${String(received.body['id'])}/refund`, {})).body).toMatchObject({ refund: { total: gbp('10.00'), waits_for_capture: false } })
  })
})
