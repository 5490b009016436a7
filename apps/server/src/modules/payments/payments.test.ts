import { beforeAll, describe, expect, test } from 'vitest'
import { asSystem, START, useApp, type Answer } from '../../../test/harness/app.ts'
import { ids } from '../../kernel/id-kinds.ts'
import { DAY_MS } from '../../kernel/time.ts'
import { command } from '../../platform/command.ts'
import { arrayOf, sql } from '../../platform/sql.ts'
import { settleEntry } from './commands/settle-entry.ts'
import { requestVoids } from './index.ts'
import { cancelTestOrder, insertTestChannel, insertTestOrder } from './orders.fixture.ts'
import { createSettleJob } from './settle-job.ts'
import { testGateway } from './test-gateway.ts'

const app = useApp()
const gbp = (amount: string) => ({ amount, currency: 'GBP' })

let channelId: string
beforeAll(async () => { channelId = await insertTestChannel(app().application.db, 'web') })

const order = (total: bigint) => insertTestOrder(app().application.executor, channelId, total)
const settle = () => app().application.settle()

type Entry = { id: string; kind: string; status: string; failure: string | null; retry_of: string | null; amount: { amount: string } }
type View = Answer['body'] & { id: string; status: string; settlement: string; entries: Entry[] }

async function card(orderId: string, token: string, amount?: string): Promise<View> {
  const answer = await app().post(`/v1/orders/${orderId}/payments`, { tender: 'card', gateway: 'test', token, ...(amount === undefined ? {} : { amount: gbp(amount) }) })
  expect(answer.status, answer.text).toBe(201)
  return answer.body as View
}

async function payment(id: string): Promise<View> {
  return (await app().get(`/v1/payments/${id}`)).body as View
}

/** What the gateway remembers of a payment: how often it was asked and what took effect. */
async function operations(view: View): Promise<{ kind: string; status: string; calls: number; amount: bigint }[]> {
  const references = view.entries.map(({ id }) => ids.payment_entry.parse(id)!)
  return app().application.db.rows(sql`select kind, status, calls, amount from test_gateway_operations where reference = any(${arrayOf(references, 'uuid')}) order by kind, status`)
}

async function eventTypes(orderId: string): Promise<string[]> {
  const rows = await app().application.db.rows<{ type: string }>(sql`select type from events where order_id = ${orderId} and type like 'payment.%' order by order_sequence`)
  return rows.map(({ type }) => type)
}

describe('a card', () => {
  test('is authorized, captured and refunded in the background, each once', async () => {
    const { id, shown } = await order(2_500n)
    const added = await card(shown, 'tok_ok')
    expect([added.status, added.settlement, added['authorizing']]).toEqual(['pending', 'pending', gbp('25.00')])
    await settle()
    expect(await payment(added.id)).toMatchObject({ status: 'authorized', settlement: 'settled', authorized: gbp('25.00'), authorization_expires_at: new Date(START.getTime() + 7 * DAY_MS).toISOString() })
    expect((await app().post(`/v1/payments/${added.id}/capture`, { amount: gbp('10') })).status).toBe(200)
    const tooMuch = await app().post(`/v1/payments/${added.id}/capture`, { amount: gbp('15.01') })
    expect([tooMuch.status, tooMuch.body.code, tooMuch.body['capturable']]).toEqual([409, 'capture_exceeds_authorized', gbp('15.00')])
    await settle()
    expect(await payment(added.id)).toMatchObject({ status: 'partially_captured', captured: gbp('10.00') })
    expect((await app().post(`/v1/payments/${added.id}/capture`, {})).status).toBe(200)
    await settle()
    const refund = await app().post(`/v1/orders/${shown}/refunds`, { amount: gbp('5.00'), reason: 'late delivery' })
    expect([refund.status, refund.body['entries']]).toMatchObject([201, [{ kind: 'refund', status: 'pending', amount: gbp('5.00'), reason: 'late delivery' }]])
    const beyond = await app().post(`/v1/orders/${shown}/refunds`, { amount: gbp('20.01'), reason: 'greed' })
    expect([beyond.status, beyond.body.code, beyond.body['refundable']]).toEqual([409, 'refund_exceeds_captured', gbp('20.00')])
    await settle()
    const last = await payment(added.id)
    expect(last).toMatchObject({ status: 'partially_refunded', captured: gbp('25.00'), refunded: gbp('5.00'), refunding: gbp('0.00') })
    expect((await operations(last)).map(({ kind, status, calls }) => `${kind} ${status} ${calls}`)).toEqual(['authorize succeeded 1', 'capture succeeded 1', 'capture succeeded 1', 'refund succeeded 1'])
    expect(await eventTypes(id)).toEqual([
      'payment.authorization_requested', 'payment.authorized', 'payment.capture_requested', 'payment.captured', 'payment.capture_requested', 'payment.captured', 'payment.refund_requested', 'payment.refunded',
    ])
  })

  test.each([['tok_decline', 'card_declined'], ['tok_insufficient_funds', 'insufficient_funds'], ['tok_nobody_knows', 'unknown_token']])('%s fails with %s and frees the amount for another', async (token, failure) => {
    const { id, shown } = await order(1_000n)
    const added = await card(shown, token)
    const second = await app().post(`/v1/orders/${shown}/payments`, { tender: 'cash' })
    expect([second.status, second.body.code], 'while it is being authorized, nothing is due').toEqual([409, 'payment_exceeds_due'])
    await settle()
    expect(await payment(added.id)).toMatchObject({ status: 'failed', settlement: 'failed', entries: [{ status: 'failed', failure }] })
    expect((await app().post(`/v1/orders/${shown}/payments`, { tender: 'cash' })).body).toMatchObject({ status: 'captured', captured: gbp('10.00') })
    expect(await eventTypes(id)).toEqual(['payment.authorization_requested', 'payment.declined', 'payment.captured'])
  })

  test('a refund that fails moves no balance, stays visible, and is tried again once', async () => {
    const { shown } = await order(1_000n)
    const { id } = await card(shown, 'tok_refund_fails')
    await settle()
    await app().post(`/v1/payments/${id}/capture`, {})
    await settle()
    await app().post(`/v1/orders/${shown}/refunds`, { amount: gbp('10.00'), reason: 'sorry' })
    await settle()
    const failed = await payment(id)
    expect(failed).toMatchObject({ status: 'captured', settlement: 'failed', refunded: gbp('0.00'), refunding: gbp('0.00') })
    const entry = failed.entries.find(({ kind }) => kind === 'refund')!
    const both = await Promise.all([1, 2].map(() => app().post(`/v1/payments/${id}/entries/${entry.id}/retry`, {})))
    expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409])
    expect(both.find(({ status }) => status === 409)!.body.code).toBe('entry_retried')
    expect(await payment(id)).toMatchObject({ settlement: 'pending', refunding: gbp('10.00') })
    await settle()
    const again = await payment(id)
    expect(again.settlement).toBe('failed')
    expect(again.entries.at(-1)).toMatchObject({ kind: 'refund', status: 'failed', retry_of: entry.id })
    const found = await app().get(`/v1/payments?filter[settlement]=failed&filter[order_id]=${shown}&count=true`)
    expect([found.status, found.body['count']]).toEqual([200, 1])
  })

  test('a void that the gateway refuses is not repeated by itself', async () => {
    const { shown } = await order(1_000n)
    const { id } = await card(shown, 'tok_void_fails')
    await settle()
    await cancel(shown)
    await settle()
    expect(await payment(id)).toMatchObject({ status: 'authorized', settlement: 'failed', entries: [{ kind: 'authorize' }, { kind: 'void', status: 'failed' }] })
  })
})

describe('lost answers', () => {
  test('an effect whose answer was lost is found by its reference and never repeated', async () => {
    const { id, shown } = await order(1_000n)
    const added = await card(shown, 'tok_timeout')
    await settle()
    expect(await payment(added.id)).toMatchObject({ status: 'authorized', settlement: 'settled' })
    await app().post(`/v1/payments/${added.id}/capture`, {})
    await settle()
    const view = await payment(added.id)
    expect(view).toMatchObject({ status: 'captured', captured: gbp('10.00') })
    expect(await operations(view)).toEqual([
      { kind: 'authorize', status: 'succeeded', calls: 1, amount: 1_000n }, { kind: 'capture', status: 'succeeded', calls: 1, amount: 1_000n },
    ])
    expect(await eventTypes(id)).toEqual([
      'payment.authorization_requested', 'payment.outcome_unknown', 'payment.authorized', 'payment.capture_requested', 'payment.outcome_unknown', 'payment.captured',
    ])
  })

  test('a request that never arrived is sent again', async () => {
    const { shown } = await order(1_000n)
    const added = await card(shown, 'tok_timeout_lost')
    await settle()
    const view = await payment(added.id)
    expect([view.status, await operations(view)]).toEqual(['authorized', [{ kind: 'authorize', status: 'succeeded', calls: 2, amount: 1_000n }]])
  })

  test('a gateway that never answers leaves the entry unknown for a person, and nothing is promised twice', async () => {
    const { shown } = await order(1_000n)
    const added = await card(shown, 'tok_unreachable')
    await settle()
    const view = await payment(added.id)
    expect(view).toMatchObject({ status: 'pending', settlement: 'unknown', authorizing: gbp('10.00'), entries: [{ status: 'unknown', failure: 'The test gateway did not answer in time.' }] })
    expect((await operations(view)).map(({ calls }) => calls)).toEqual([1])
    expect((await app().post(`/v1/orders/${shown}/payments`, { tender: 'cash' })).body.code).toBe('payment_exceeds_due')
    await app().application.db.run(sql`update test_gateway_operations set token = 'tok_ok' where token = 'tok_unreachable'`)
    expect((await app().post(`/v1/payments/${added.id}/entries/${view.entries[0]!.id}/retry`)).status).toBe(200)
    await settle()
    expect(await payment(added.id)).toMatchObject({ status: 'authorized', settlement: 'settled' })
  })

  test('a worker that dies between the effect and its record, and two that race, charge once', async () => {
    const { shown } = await order(1_000n)
    const added = await card(shown, 'tok_ok')
    await settle()
    await app().post(`/v1/payments/${added.id}/capture`, {})
    const entry = (await payment(added.id)).entries.at(-1)!
    const entry_id = ids.payment_entry.parse(entry.id)!
    // The worker dies after the gateway has acted: nothing is recorded.
    await testGateway.open(app().application).capture({ reference: entry_id, token: 'tok_ok', payment_reference: null, amount: 1_000n, currency: 'GBP' })
    const job = createSettleJob(app().application, [testGateway])
    await Promise.all([1, 2, 3].map((n) => job.run({ entry_id, attempt: 0 }, { id: `again-${n}`, retried: true })))
    await job.run({ entry_id, attempt: 0 }, { id: 'late', retried: false })
    await settle()
    const view = await payment(added.id)
    expect(view).toMatchObject({ status: 'captured', captured: gbp('10.00') })
    expect((await operations(view)).map(({ kind, calls }) => [kind, calls])).toEqual([['authorize', 1], ['capture', 1]])
  })

  test('an answer that comes after the outcome was recorded changes nothing', async () => {
    const { shown } = await order(1_000n)
    const added = await card(shown, 'tok_ok')
    await settle()
    const entry_id = ids.payment_entry.parse(added.entries[0]!.id)!
    for (const status of ['failed', 'unknown'] as const) {
      const { output } = await app().application.executor.run(settleEntry, { entry_id, attempt: 0, outcome: { status, failure: 'late' } }, asSystem)
      expect(output.status).toBe('succeeded')
    }
    expect(await payment(added.id)).toMatchObject({ status: 'authorized', settlement: 'settled', authorized: gbp('10.00') })
  })
})

const cancelOrders = command('test.cancel', 'payments:refund', async ({ tx, now, emit, enqueue }, input: { order_id: string }) => {
  await tx.run(sql`select from orders where id = ${input.order_id} for update`)
  const { jobs, events, voided } = await requestVoids(tx, [{ order_id: input.order_id, at: now }])
  enqueue(...jobs)
  emit(...events)
  return { voided: voided.map(String) }
})

async function cancel(shown: string): Promise<void> {
  await app().application.executor.run(cancelOrders, { order_id: ids.order.parse(shown)! }, asSystem)
}

describe('authorizations', () => {
  test('of a canceled order are voided, also where one arrives afterwards', async () => {
    const { shown } = await order(2_000n)
    const first = await card(shown, 'tok_ok', '5.00')
    await settle()
    const late = await card(shown, 'tok_ok', '15.00')
    await cancel(shown)
    await settle()
    expect(await payment(first.id)).toMatchObject({ status: 'voided', voided: gbp('5.00') })
    const view = await payment(late.id)
    expect(view).toMatchObject({ status: 'voided', voided: gbp('15.00') })
    expect((await operations(view)).map(({ kind, calls }) => [kind, calls])).toEqual([['authorize', 1], ['void', 1]])
  })

  test('run out after seven days and are worth nothing then', async () => {
    const { id, shown } = await order(1_000n)
    const added = await card(shown, 'tok_ok')
    await settle()
    app().clock.advance(8 * DAY_MS)
    const late = await app().post(`/v1/payments/${added.id}/capture`, {})
    expect([late.status, late.body.code]).toEqual([409, 'capture_exceeds_authorized'])
    await settle()
    app().clock.set(START)
    const view = await payment(added.id)
    expect(view).toMatchObject({ status: 'expired', voided: gbp('10.00') })
    expect((await operations(view)).map(({ kind }) => kind), 'the gateway is not asked about what it holds no more').toEqual(['authorize'])
    expect((await eventTypes(id)).at(-1)).toBe('payment.expired')
    expect((await app().post(`/v1/orders/${shown}/payments`, { tender: 'external', reference: 'bank-7' })).status).toBe(201)
  })

  test('are voided by hand, once', async () => {
    const { shown } = await order(1_000n)
    const { id } = await card(shown, 'tok_ok')
    await settle()
    const both = await Promise.all([1, 2].map(() => app().post(`/v1/payments/${id}/void`)))
    expect(both.map(({ status, body }) => [status, body.code ?? 'done'].join(' ')).toSorted((a, b) => a.localeCompare(b))).toEqual(['200 done', '409 nothing_to_void'])
    await settle()
    expect(await payment(id)).toMatchObject({ status: 'voided' })
  })
})

describe('other tenders', () => {
  test('terms on account are authorized at once and captured without a gateway; cash on delivery waits', async () => {
    const { shown } = await order(3_000n)
    const terms = await app().post(`/v1/orders/${shown}/payments`, { tender: 'on_account', amount: gbp('20.00') })
    expect(terms.body).toMatchObject({ status: 'authorized', settlement: 'settled', authorization_expires_at: null })
    const cash = await app().post(`/v1/orders/${shown}/payments`, { tender: 'cash', captured: false })
    expect(cash.body).toMatchObject({ status: 'pending', amount: gbp('10.00'), entries: [] })
    expect((await app().post(`/v1/orders/${shown}/payments`, { tender: 'cash' })).body).toMatchObject({ code: 'payment_exceeds_due', due: gbp('0.00') })
    expect((await app().post(`/v1/payments/${String(terms.body['id'])}/capture`, {})).body).toMatchObject({ status: 'captured' })
    expect((await app().post(`/v1/payments/${String(cash.body['id'])}/capture`, { amount: gbp('4.00') })).body).toMatchObject({ status: 'captured', captured: gbp('4.00') })
    expect((await app().post(`/v1/payments/${String(cash.body['id'])}/capture`, {})).body).toMatchObject({ captured: gbp('10.00'), authorized: gbp('10.00') })
    const refund = await app().post(`/v1/orders/${shown}/refunds`, { amount: gbp('25.00'), reason: 'spread' })
    expect((refund.body['entries'] as Entry[]).map(({ amount, status }) => [amount.amount, status])).toEqual([['20.00', 'succeeded'], ['5.00', 'succeeded']])
    expect((await app().get(`/v1/orders/${shown}/payments`)).body).toMatchObject({ captured: gbp('30.00'), refunded: gbp('25.00'), payments: [{ tender: 'on_account', status: 'refunded' }, { tender: 'cash', status: 'partially_refunded' }] })
  })

  test('many refunds at once never pay back more than was captured', async () => {
    const { shown } = await order(1_000n)
    await app().post(`/v1/orders/${shown}/payments`, { tender: 'external', reference: 'shop-1' })
    const answers = await Promise.all(Array.from({ length: 8 }, () => app().post(`/v1/orders/${shown}/refunds`, { amount: gbp('3.00'), reason: 'race' })))
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(3)
    expect((await app().get(`/v1/orders/${shown}/payments`)).body).toMatchObject({ refunded: gbp('9.00') })
  })
})

describe('input and scope', () => {
  test('what is wrong is named with its place', async () => {
    const { shown } = await order(1_000n)
    const errors = async (body: object) => (await app().post(`/v1/orders/${shown}/payments`, body)).body.errors?.map(({ pointer, code }) => `${pointer} ${code}`)
    expect(await errors({ tender: 'card', gateway: 'test', token: '4111 1111 1111 1111' })).toEqual(['/token card_number'])
    expect(await errors({ tender: 'card', gateway: 'acme', token: 'tok_ok' })).toEqual(['/gateway unknown_gateway'])
    expect(await errors({ tender: 'cash', amount: { amount: '1.00', currency: 'EUR' } })).toEqual(['/amount/currency wrong_currency'])
    expect(await errors({ tender: 'cash', amount: gbp('1.005') })).toEqual(['/amount/amount wrong_format'])
    expect(await errors({ tender: 'cash', amount: gbp('-1') })).toEqual(['/amount/amount too_small'])
    expect(await errors({ tender: 'cheque' })).toEqual(['/tender not_allowed'])
    const reason = await app().post(`/v1/orders/${shown}/refunds`, { amount: gbp('1'), reason: 'to card 4111111111111111' })
    expect(reason.body.errors?.map(({ pointer, code }) => `${pointer} ${code}`)).toEqual(['/reason card_number'])
    await cancelTestOrder(app().application.db, ids.order.parse(shown)!)
    expect((await app().post(`/v1/orders/${shown}/payments`, { tender: 'cash' })).body.code).toBe('order_not_payable')
  })

  test('the same Idempotency-Key takes the money once', async () => {
    const { shown } = await order(1_000n)
    const headers = { 'idempotency-key': 'till-1' }
    const answers = await Promise.all([1, 2].map(() => app().post(`/v1/orders/${shown}/payments`, { tender: 'cash', amount: gbp('4.00') }, { headers })))
    expect(answers.map(({ status, body }) => [status, body['id']])).toEqual([[201, answers[0]!.body['id']], [201, answers[0]!.body['id']]])
    expect((await app().get(`/v1/orders/${shown}/payments`)).body).toMatchObject({ captured: gbp('4.00') })
  })

  test('callers of other channels find nothing, and permissions are kept apart', async () => {
    await insertTestChannel(app().application.db, 'other')
    const { shown } = await order(1_000n)
    const added = await app().post(`/v1/orders/${shown}/payments`, { tender: 'external', reference: 'shop-2' })
    const id = String(added.body['id'])
    const key = async (permissions: string[], channels?: string[]) => String((await app().post('/v1/api-keys', { name: 'k', permissions, ...(channels === undefined ? {} : { channels }) })).body['key'])
    const stranger = { key: await key(['*'], ['other']) }
    const answers = await Promise.all([
      app().get(`/v1/orders/${shown}/payments`, stranger), app().get(`/v1/payments/${id}`, stranger), app().post(`/v1/orders/${shown}/payments`, { tender: 'cash' }, stranger),
      app().post(`/v1/payments/${id}/capture`, {}, stranger), app().post(`/v1/payments/${id}/void`, undefined, stranger), app().post(`/v1/orders/${shown}/refunds`, { amount: gbp('1'), reason: 'x' }, stranger),
    ])
    expect(answers.map(({ status, body }) => [status, body.code])).toEqual(answers.map(() => [404, 'not_found']))
    expect((await app().get('/v1/payments', stranger)).body.data).toEqual([])
    expect((await app().get(`/v1/payments?filter[order_id]=${shown}&filter[status]=captured`, { key: await key(['payments:read'], ['web']) })).body.data).toMatchObject([{ id }])
    const reader = await app().post(`/v1/orders/${shown}/refunds`, { amount: gbp('1'), reason: 'x' }, { key: await key(['payments:read', 'payments:take']) })
    expect([reader.status, reader.body.code]).toEqual([403, 'forbidden'])
  })
})
