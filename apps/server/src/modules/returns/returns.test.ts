import { beforeAll, describe, expect, test } from 'vitest'
import { asSystem, useApp, type Answer } from '../../../test/harness/app.ts'
import { openShop, type Shop } from '../../../test/harness/shop.ts'
import { ids } from '../../kernel/id-kinds.ts'
import { DAY_MS } from '../../kernel/time.ts'
import { importReturns, type ImportReturn } from './index.ts'
import { gbp, linesOf, shipOrder } from './test-support.ts'

const app = useApp()
let shop: Shop
beforeAll(async () => { shop = await openShop(app()) })

/** An order that was paid and delivered. */
async function delivered(body: Record<string, unknown>, deliver = true): Promise<Answer> {
  const skus = (body['lines'] as { sku: string; quantity: number }[])
  await shop.stock('leeds', Object.fromEntries(skus.map(({ sku }) => [sku, skus.filter((line) => line.sku === sku).reduce((sum, line) => sum + line.quantity, 0)])))
  const order = await shop.order({ payments: [{ tender: 'external' }], ...body })
  expect([order.status, order.text]).toEqual([201, order.text])
  await shipOrder(app(), order, deliver)
  return order
}

/** Lets everything in the background happen but the release of the order to its locations: the tests ship it themselves. */
async function settleHeld(order: Answer): Promise<void> {
  const url = `/v1/orders/${String(order.body['id'])}`
  const held = await app().post(`${url}/holds`, { type: 'other' })
  await app().application.settle()
  const hold = (held.body['holds'] as { id: string; type: string }[]).find(({ type }) => type === 'other')!
  await app().post(`${url}/release-holds`, { hold_id: hold.id })
}

const request = (order: Answer, body: Record<string, unknown>) => app().post(`/v1/orders/${String(order.body['id'])}/returns`, { channel: 'web', ...body })
const act = (back: Answer, verb: string, body: Record<string, unknown> = {}) => app().post(`/v1/returns/${String(back.body['id'])}/${verb}`, body)
const orderOf = (order: Answer) => app().get(`/v1/orders/${String(order.body['id'])}`)
const eventsOf = async (order: Answer) => ((await app().get(`/v1/orders/${String(order.body['id'])}/timeline`)).body.data as { type: string }[]).map(({ type }) => type)

describe('a return', () => {
  test('arrives in parts, is graded, restocked and paid back to the penny after odd discounts', async () => {
    const order = await delivered({ lines: [{ sku: 'ODD', quantity: 3, discount: gbp('1.00') }, { sku: 'TEA', quantity: 1 }], shipping: gbp('2.95') })
    const line = linesOf(order)[0]!.id
    const before = await shop.available('ODD')
    const back = await request(order, { lines: [{ line_id: line, quantity: 3, reason: 'defective' }], location: 'york' })
    expect([back.status, back.body['status']]).toEqual([201, 'approved'])
    const part = await act(back, 'receive', { location: 'york', lines: [{ line_id: line, quantity: 1 }] })
    expect(part.body).toMatchObject({ status: 'partially_received', refund: { due: gbp('3.00'), total: gbp('0.00') }, lines: [{ received: 1, restocked: 0 }] })
    const first = await act(part, 'inspect', { lines: [{ line_id: line, quantity: 1, disposition: 'restock' }] })
    expect(first.body).toMatchObject({ status: 'partially_received', lines: [{ restocked: 1 }] })
    expect(await shop.available('ODD')).toBe(before + 1)
    const paid = await act(back, 'refund')
    expect(paid.body).toMatchObject({ status: 'partially_received', refund: { due: gbp('0.00'), paid: gbp('3.00') } })
    const rest = await act(back, 'receive', { location: 'york', lines: [{ line_id: line, quantity: 1, disposition: 'damaged' }, { line_id: line, quantity: 1, disposition: 'scrap' }] })
    expect(rest.body).toMatchObject({ status: 'closed', refund: { due: gbp('0.00'), paid: gbp('8.99') }, lines: [{ received: 3, restocked: 1, damaged: 1, scrapped: 1 }] })
    expect(await shop.available('ODD')).toBe(before + 1)
    expect((await orderOf(order)).body).toMatchObject({ return_status: 'partially_returned', paid: { refunded: gbp('8.99') } })
    expect((await eventsOf(order)).filter((type) => type.startsWith('return.'))).toEqual([
      'return.requested', 'return.approved', 'return.received', 'return.inspected', 'return.refunded', 'return.received', 'return.inspected', 'return.refunded', 'return.closed',
    ])
  })

  test('of everything, with shipping, leaves nothing of what was paid', async () => {
    const order = await delivered({ lines: [{ sku: 'ODD', quantity: 7 }, { sku: 'CUP', quantity: 3 }], discount: gbp('1.01'), shipping: gbp('2.95') })
    const total = order.body['total']
    const preview = await app().post(`/v1/orders/${String(order.body['id'])}/returns/preview`, { include_shipping: true })
    expect(preview.body).toMatchObject({ status: 'approved', total, lines: [{ sku: 'ODD', quantity: 7 }, { sku: 'CUP', quantity: 3 }] })
    for (const quantity of [2, 5]) {
      const back = await request(order, { lines: [{ sku: 'ODD', quantity }] })
      expect((await act(back, 'receive', { location: 'leeds', disposition: 'restock' })).body['status']).toBe('closed')
    }
    const last = await request(order, { lines: [{ sku: 'CUP', quantity: 3 }] })
    await act(last, 'receive', { location: 'leeds', disposition: 'restock', refund: false })
    const shown = await act(last, 'refund-preview', { include_shipping: true })
    const paid = await act(last, 'refund', { include_shipping: true })
    expect(paid.body).toMatchObject({ status: 'closed', refund: { shipping_refunded: gbp('2.95'), total: shown.body['total'] } })
    expect((await orderOf(order)).body).toMatchObject({ return_status: 'returned', payment_status: 'refunded', paid: { refunded: total } })
  })

  test('pays shipping back once, whichever return asks for it', async () => {
    const order = await delivered({ lines: [{ sku: 'TEA', quantity: 3 }], shipping: gbp('2.95') })
    for (const shipping of ['2.95', '0.00']) {
      const back = await request(order, { lines: [{ sku: 'TEA', quantity: 1 }] })
      const paid = await act(back, 'receive', { location: 'leeds', disposition: 'restock', include_shipping: true })
      expect(paid.body).toMatchObject({ status: 'closed', refund: { shipping_refunded: gbp(shipping) } })
    }
  })

  test('of units still under way takes delivered ones first, and completes the order', async () => {
    const order = await delivered({ lines: [{ sku: 'TEA', quantity: 2 }] }, false)
    const back = await request(order, { lines: [{ sku: 'TEA', quantity: 2 }] })
    await act(back, 'receive', { location: 'leeds', disposition: 'restock' })
    expect((await orderOf(order)).body).toMatchObject({ status: 'completed', return_status: 'returned' })
    expect((await eventsOf(order)).at(-1)).toBe('order.completed')
  })

  test('through another channel and by order number, sent twice, is one return; another content is a conflict', async () => {
    const order = await delivered({ lines: [{ sku: 'TEA', quantity: 2 }] })
    const body = { channel: 'till', external_id: 'T-1', lines: [{ sku: 'TEA', quantity: 1 }] }
    const [first, second] = await Promise.all([request(order, body), app().post(`/v1/orders/${String(order.body['number'])}/returns`, body)])
    expect([first.status, second.status, second.body['id']]).toEqual([201, 201, first.body['id']])
    expect(first.body).toMatchObject({ channel: 'till', order_number: order.body['number'] })
    const other = await request(order, { ...body, lines: [{ sku: 'TEA', quantity: 2 }] })
    expect([other.status, other.body.code]).toEqual([409, 'external_id_conflict'])
    const found = await app().get(`/v1/returns?q=${String(order.body['number'])}&filter[channel]=till&filter[status]=approved&count=true`)
    expect(found.body).toMatchObject({ count: 1, data: [{ id: first.body['id'], units: 1, units_received: 0 }] })
    expect((await app().get(`/v1/returns/${String(first.body['number'])}`)).body['id']).toBe(first.body['id'])
    expect((await app().get(`/v1/orders/${String(order.body['id'])}/returns`)).body.data).toHaveLength(1)
  })

  test('of more than left is refused, also across returns, and units of a canceled one are free again', async () => {
    const order = await delivered({ lines: [{ sku: 'TEA', quantity: 2 }] })
    const back = await request(order, { lines: [{ sku: 'TEA', quantity: 2 }] })
    const again = await request(order, { lines: [{ sku: 'TEA', quantity: 1 }] })
    expect([again.status, again.body.code, again.body['lines']]).toEqual([409, 'return_not_allowed', [expect.objectContaining({ sku: 'TEA', requested: 1, returnable: 0 })]])
    expect((await act(back, 'cancel', { note: 'keeps it' })).body).toMatchObject({ status: 'canceled', outcome_note: 'keeps it' })
    expect((await request(order, { lines: [{ sku: 'TEA', quantity: 1 }] })).status).toBe(201)
    await shop.stock('leeds', { TEA: 1 })
    const unshipped = await shop.order({ payments: [{ tender: 'external' }], lines: [{ sku: 'TEA', quantity: 1 }] })
    expect((await request(unshipped, { lines: [{ sku: 'TEA', quantity: 1 }] })).body.code).toBe('return_not_allowed')
    expect((await app().post(`/v1/orders/${String(unshipped.body['id'])}/returns/preview`, {})).body.code).toBe('return_not_allowed')
  })

  test('after the window waits for somebody; declined, its units are free', async () => {
    const order = await delivered({ lines: [{ sku: 'TEA', quantity: 1 }] })
    app().clock.advance(31 * DAY_MS)
    const back = await request(order, { lines: [{ sku: 'TEA', quantity: 1 }] })
    expect(back.body['status']).toBe('requested')
    const early = await act(back, 'receive', { location: 'york' })
    expect([early.status, early.body.code]).toEqual([409, 'return_state'])
    expect((await act(back, 'decline', { note: 'too late' })).body['status']).toBe('declined')
    const second = await request(order, { lines: [{ sku: 'TEA', quantity: 1 }] })
    expect((await act(second, 'approve')).body).toMatchObject({ status: 'approved' })
    expect((await act(second, 'approve')).body.code).toBe('return_state')
    expect((await act(second, 'mark-in-transit')).body['status']).toBe('in_transit')
    expect((await act(second, 'receive', { location: 'york', disposition: 'restock' })).body['status']).toBe('closed')
  })

  test('has a window for each line, from the day its parcel arrived', async () => {
    await shop.stock('leeds', { TEA: 1 })
    const order = await shop.order({ channel: 'wholesale', lines: [{ sku: 'TEA', quantity: 1 }, { sku: 'CUP', quantity: 900 }] })
    await shipOrder(app(), order)
    app().clock.advance(20 * DAY_MS)
    await shop.stock('leeds', { CUP: 900 })
    await settleHeld(order)
    await shipOrder(app(), order)
    app().clock.advance(15 * DAY_MS)
    const preview = await app().post(`/v1/orders/${String(order.body['id'])}/returns/preview`, {})
    expect(preview.body).toMatchObject({ status: 'requested', late_line_ids: [linesOf(order)[0]!.id] })
    expect((await request(order, { lines: [{ sku: 'CUP', quantity: 1 }] })).body['status']).toBe('approved')
    expect((await request(order, { lines: [{ sku: 'TEA', quantity: 1 }] })).body['status']).toBe('requested')
  })

  test('that nobody sends expires', async () => {
    const order = await delivered({ lines: [{ sku: 'TEA', quantity: 1 }] })
    const back = await request(order, { lines: [{ sku: 'TEA', quantity: 1 }] })
    app().clock.advance(61 * DAY_MS)
    await app().application.settle()
    expect((await app().get(`/v1/returns/${String(back.body['id'])}`)).body['status']).toBe('expired')
  })
})

describe('receipt', () => {
  test('by two people at once happens once', async () => {
    const order = await delivered({ lines: [{ sku: 'TEA', quantity: 3 }] })
    const before = await shop.available('TEA')
    const back = await request(order, { lines: [{ sku: 'TEA', quantity: 3 }] })
    const line = linesOf(back)[0]!.line_id
    const body = { location: 'leeds', lines: [{ line_id: line, quantity: 2, disposition: 'restock' }] }
    const answers = await Promise.all([1, 2, 3].map(() => act(back, 'receive', body)))
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409, 409])
    expect(answers.find(({ status }) => status === 409)!.body).toMatchObject({ code: 'receipt_exceeds_return', lines: [{ line_id: line, asked: 2, possible: 1 }] })
    expect(await shop.available('TEA')).toBe(before + 2)
    expect((await orderOf(order)).body).toMatchObject({ paid: { refunded: gbp('10.00') } })
  })

  test('stays at one location, knows its lines, and grades no more than is there', async () => {
    const order = await delivered({ lines: [{ sku: 'TEA', quantity: 2 }, { sku: 'CUP', quantity: 1 }] })
    const back = await request(order, { lines: [{ sku: 'TEA', quantity: 2 }] })
    const [tea, cup] = linesOf(order).map(({ id }) => id)
    const unknown = await act(back, 'receive', { location: 'york', lines: [{ line_id: cup, quantity: 1 }] })
    expect([unknown.status, unknown.body.errors?.[0]?.pointer]).toEqual([422, '/lines'])
    expect((await act(back, 'receive', { location: 'nowhere' })).body.errors?.[0]?.pointer).toBe('/location')
    expect((await act(back, 'receive', { location: 'york', lines: [{ line_id: tea, quantity: 1 }] })).status).toBe(200)
    expect((await act(back, 'receive', { location: 'leeds' })).body).toMatchObject({ code: 'return_at_other_location' })
    expect((await act(back, 'inspect', { lines: [{ line_id: tea, quantity: 2, disposition: 'restock' }] })).body.code).toBe('inspection_exceeds_receipt')
    expect((await act(back, 'close')).body).toMatchObject({ code: 'return_state', detail: expect.stringContaining('graded') })
    await act(back, 'inspect', { lines: [{ line_id: tea, quantity: 1, disposition: 'quality_control' }] })
    // The other unit never comes: the return ends as it is, and the unit may come back another day.
    expect((await act(back, 'close', { note: 'one is lost' })).body).toMatchObject({ status: 'closed', refund: { total: gbp('0.00') } })
    expect((await request(order, { lines: [{ sku: 'TEA', quantity: 1 }] })).status).toBe(201)
  })
})

describe('a refund', () => {
  test('is bounded by what was received; less may be paid, and the rest is kept for good', async () => {
    const order = await delivered({ lines: [{ sku: 'TEA', quantity: 2 }] })
    const back = await request(order, { lines: [{ sku: 'TEA', quantity: 2 }] })
    expect((await act(back, 'refund')).body).toMatchObject({ code: 'return_state' })
    await act(back, 'receive', { location: 'leeds', lines: [{ line_id: linesOf(back)[0]!.line_id, quantity: 1, disposition: 'restock' }], refund: false })
    const more = await act(back, 'refund', { amount: gbp('5.01') })
    expect(more.body).toMatchObject({ code: 'refund_exceeds_return', refundable: gbp('5.00') })
    for (const [amount, pointer] of [[{ amount: '1.00', currency: 'EUR' }, '/amount/currency'], [gbp('1.001'), '/amount/amount'], [gbp('-1'), '/amount/amount']] as const) {
      expect((await act(back, 'refund', { amount })).body.errors?.[0]?.pointer).toBe(pointer)
    }
    const less = await act(back, 'refund', { amount: gbp('4.25') })
    expect(less.body).toMatchObject({ refund: { due: gbp('0.00'), total: gbp('4.25') }, lines: [{ refunded: gbp('4.25'), withheld: gbp('0.75') }] })
    expect((await act(back, 'refund')).body.code).toBe('return_state')
    expect((await act(back, 'receive', { location: 'leeds', disposition: 'restock' })).body).toMatchObject({ status: 'closed', refund: { total: gbp('9.25') } })
  })

  test('of twenty at once is paid once', async () => {
    const order = await delivered({ lines: [{ sku: 'TEA', quantity: 2 }] })
    const back = await request(order, { lines: [{ sku: 'TEA', quantity: 2 }] })
    await act(back, 'receive', { location: 'leeds', disposition: 'restock', refund: false })
    const answers = await Promise.all(Array.from({ length: 20 }, () => act(back, 'refund')))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect((await orderOf(order)).body).toMatchObject({ paid: { refunded: gbp('10.00') } })
  })

  test('by card closes the return when the gateway has paid, and not when it refuses', async () => {
    for (const [token, status] of [['tok_ok', 'closed'], ['tok_refund_fails', 'resolved']] as const) {
      await shop.stock('leeds', { TEA: 2 })
      const order = await shop.order({ lines: [{ sku: 'TEA', quantity: 2 }], payments: [{ tender: 'card', gateway: 'test', token }] })
      await settleHeld(order)
      // The money is taken when the goods leave.
      await shipOrder(app(), order)
      await app().application.settle()
      const back = await request(order, { lines: [{ sku: 'TEA', quantity: 2 }] })
      const line_id = linesOf(back)[0]!.line_id
      await act(back, 'receive', { location: 'leeds', lines: [{ line_id, quantity: 1, disposition: 'restock' }] })
      await app().application.settle()
      await act(back, 'receive', { location: 'leeds', disposition: 'damaged', refund: false })
      // The second unit is paid nothing, so only the first decides; it is refused by the second card's bank.
      expect((await act(back, 'refund', { amount: gbp('0') })).body).toMatchObject({ status, refund: status === 'closed' ? { paid: gbp('5.00') } : { paid: gbp('0.00'), failed: gbp('5.00') } })
      if (status === 'resolved') expect((await act(back, 'close')).body).toMatchObject({ status: 'closed' })
    }
    await shop.stock('leeds', { TEA: 1 })
    const order = await shop.order({ lines: [{ sku: 'TEA', quantity: 1 }], payments: [{ tender: 'card', gateway: 'test', token: 'tok_ok' }] })
    await settleHeld(order)
    await shipOrder(app(), order)
    await app().application.settle()
    const back = await request(order, { lines: [{ sku: 'TEA', quantity: 1 }] })
    const received = await act(back, 'receive', { location: 'leeds', disposition: 'restock' })
    expect(received.body).toMatchObject({ status: 'resolved', refund: { pending: gbp('5.00'), paid: gbp('0.00') } })
    expect((await act(back, 'close')).body.code).toBe('return_state')
    await app().application.settle()
    expect((await app().get(`/v1/returns/${String(back.body['id'])}`)).body).toMatchObject({ status: 'closed', refund: { paid: gbp('5.00') } })
    expect((await eventsOf(order)).at(-1)).toBe('return.closed')
  })

  test('of what was never paid pays nothing and stays due', async () => {
    await shop.stock('leeds', { TEA: 1 })
    const order = await shop.order({ channel: 'wholesale', lines: [{ sku: 'TEA', quantity: 1 }] })
    await shipOrder(app(), order, false)
    const back = await request(order, { lines: [{ sku: 'TEA', quantity: 1 }] })
    expect((await act(back, 'receive', { location: 'leeds', disposition: 'restock' })).body).toMatchObject({ status: 'inspected', refund: { due: gbp('5.00'), total: gbp('0.00') } })
    expect((await act(back, 'refund')).body.code).toBe('nothing_to_refund')
    expect((await act(back, 'close')).body['status']).toBe('closed')
  })
})

describe('callers', () => {
  test('confined to other channels or locations see no return, and only some pay what they like', async () => {
    const order = await delivered({ lines: [{ sku: 'TEA', quantity: 1 }] })
    const back = await request(order, { lines: [{ sku: 'TEA', quantity: 1 }], location: 'york' })
    const keyOf = async (permissions: string[], scope: object) => String((await app().post('/v1/api-keys', { name: 'k', permissions, ...scope })).body['key'])
    const url = `/v1/returns/${String(back.body['id'])}`
    for (const scope of [{ channels: ['till'] }, { locations: ['leeds'] }]) {
      const key = await keyOf(['returns:read', 'returns:create', 'returns:receive'], scope)
      expect((await app().get(url, { key })).status).toBe(404)
      expect((await app().post(`${url}/receive`, { location: 'leeds' }, { key })).status).toBe(404)
      expect(((await app().get('/v1/returns', { key })).body.data as { id: string }[]).map(({ id }) => id)).not.toContain(back.body['id'])
    }
    const desk = await keyOf(['returns:read', 'returns:receive'], { locations: ['york'] })
    expect((await app().post(`${url}/receive`, { location: 'leeds' }, { key: desk })).body.errors?.[0]?.pointer).toBe('/location')
    expect((await app().post(`${url}/receive`, { location: 'york', disposition: 'restock', refund: false }, { key: desk })).status).toBe(200)
    expect((await app().post(`${url}/refund`, { amount: gbp('1.00') }, { key: desk })).status).toBe(403)
    expect((await app().post(`${url}/refund`, {}, { key: await keyOf(['returns:read'], {}) })).status).toBe(403)
    expect((await app().post(`${url}/refund`, {}, { key: desk })).body['status']).toBe('closed')
  })

  test('with senseless input get precise problems', async () => {
    const order = await delivered({ lines: [{ sku: 'TEA', quantity: 1 }] })
    const pointer = async (body: Record<string, unknown>) => { const answer = await request(order, body); return [answer.status, answer.body.errors?.[0]?.pointer] }
    expect(await pointer({ lines: [{ quantity: 1 }] })).toEqual([422, '/lines/0'])
    expect(await pointer({ lines: [{ sku: 'NOPE', quantity: 1 }] })).toEqual([422, '/lines/0/sku'])
    expect(await pointer({ lines: [{ line_id: ids.line.show('01890a5d-ac96-774b-bcce-b302099a8057'), quantity: 1 }] })).toEqual([422, '/lines/0/line_id'])
    expect(await pointer({ channel: 'nope', lines: [{ sku: 'TEA', quantity: 1 }] })).toEqual([422, '/channel'])
    expect(await pointer({ location: 'nope', lines: [{ sku: 'TEA', quantity: 1 }] })).toEqual([422, '/location'])
    expect((await app().post('/v1/orders/SW-999999999/returns', { channel: 'web', lines: [{ sku: 'TEA', quantity: 1 }] })).status).toBe(404)
  })
})

describe('imports', () => {
  test('record whole credit notes at once, each order with its own return, and find them again', async () => {
    const orders = await Promise.all([1, 2].map(() => delivered({ lines: [{ sku: 'ODD', quantity: 3 }], shipping: gbp('2.95') })))
    const [first, second] = orders.map((order) => ({ order_id: ids.order.parse(String(order.body['id']))!, order_line_id: ids.line.parse(linesOf(order)[0]!.id)! })) as [{ order_id: string; order_line_id: string }, { order_id: string; order_line_id: string }]
    const before = await shop.available('ODD')
    const note = (external_id: string, parts: Partial<ImportReturn>): ImportReturn => ({ channel: 'web', location: 'leeds', external_id, reason: 'other', note: '', disposition: 'restock', lines: [], money: [], ...parts })
    const inputs = [
      note('C1', { lines: [{ ...first, quantity: 1, refund_amount: 340n }, { ...first, quantity: 1, refund_amount: 333n }, { ...second, quantity: 3, refund_amount: 999n }], money: [{ order_id: second.order_id, refund_amount: 295n, shipping_amount: 295n }] }),
      note('C2', { money: [{ order_id: first.order_id, refund_amount: 100n, shipping_amount: 50n }] }),
      note('C3', { lines: [{ ...first, quantity: 2, refund_amount: 10n }] }),
      note('C4', { lines: [{ ...first, quantity: 1, refund_amount: 327n }] }),
      note('C1', { lines: [{ ...first, quantity: 1, refund_amount: 1n }] }),
      note('C6', { money: [{ order_id: first.order_id, refund_amount: 522n, shipping_amount: 0n }] }),
      note('C7', { money: [{ order_id: first.order_id, refund_amount: 246n, shipping_amount: 246n }] }),
      note('C5', { channel: 'nope', money: [{ order_id: first.order_id, refund_amount: 1n, shipping_amount: 0n }] }),
    ]
    const run = () => app().application.executor.runBatch(importReturns, inputs.map((input) => ({ input, request: { ...asSystem, at: new Date('2026-01-05T12:00:00Z') } })))
    const outcomes = await run()
    expect(outcomes.map((outcome) => (outcome.ok ? outcome.output.return_ids.length : outcome.refusal.code))).toEqual([2, 1, 'return_not_allowed', 'refund_exceeds_return', 'external_id_conflict', 'refund_exceeds_return', 'refund_exceeds_return', 'invalid_input'])
    expect(await shop.available('ODD')).toBe(before + 5)
    const [one, two] = await Promise.all(orders.map((order) => app().get(`/v1/orders/${String(order.body['id'])}/returns`)))
    expect(one!.body.data).toMatchObject([{ external_id: 'C1', status: 'closed', closed_at: '2026-01-05T12:00:00.000Z', refund: { paid: gbp('6.73') } }, { external_id: 'C2', status: 'closed', lines: [], refund: { paid: gbp('1.00'), shipping_refunded: gbp('0.50'), other_refunded: gbp('0.50') } }])
    expect(two!.body.data).toMatchObject([{ external_id: 'C1/2', refund: { paid: gbp('12.94'), shipping_refunded: gbp('2.95') }, lines: [{ restocked: 3 }] }])
    expect((await orderOf(orders[1]!)).body).toMatchObject({ return_status: 'returned', payment_status: 'refunded' })
    const again = await run()
    expect(again.slice(0, 2).map((outcome) => outcome.ok && !outcome.output.created)).toEqual([true, true])
    expect(await shop.available('ODD')).toBe(before + 5)
    // The file paid more for two units than their share: the third gets what is left of the line, and no more.
    const last = await request(orders[0]!, { lines: [{ sku: 'ODD', quantity: 1 }] })
    expect((await act(last, 'receive', { location: 'leeds', disposition: 'restock' })).body).toMatchObject({ refund: { total: gbp('3.26') } })
  })
})
