import { present } from '../../../src/kernel/assert.ts'
import { ids } from '../../../src/kernel/id-kinds.ts'
import { deliverBatch } from '../../../src/modules/fulfillment/commands/track-shipments.ts'
import { pack, pick, ship } from '../../../src/modules/fulfillment/commands/work.ts'
import type { CaptureInput } from '../../../src/modules/orders/capture-input.ts'
import { cancelOrder } from '../../../src/modules/orders/commands/cancel-order.ts'
import { placeHold } from '../../../src/modules/orders/commands/holds.ts'
import { addPayment } from '../../../src/modules/payments/commands/add-payment.ts'
import { capturePayment, voidPayment } from '../../../src/modules/payments/commands/change-payment.ts'
import { refundOrder } from '../../../src/modules/payments/commands/refund-order.ts'
import { settleEntry } from '../../../src/modules/payments/commands/settle-entry.ts'
import { closeReturn } from '../../../src/modules/returns/commands/close-return.ts'
import { cancelReturn } from '../../../src/modules/returns/commands/decide-request.ts'
import { receiveReturn } from '../../../src/modules/returns/commands/receive-return.ts'
import { refundReturn } from '../../../src/modules/returns/commands/refund-return.ts'
import { requestReturn } from '../../../src/modules/returns/commands/request-return.ts'
import type { Database } from '../../../src/platform/db.ts'
import type { Executor } from '../../../src/platform/executor.ts'
import { arrayOf, sql } from '../../../src/platform/sql.ts'
import { asSystem } from '../../harness/app.ts'
import { definePath, type Path } from '../path.ts'
import { orderOf, ports, type Placed, type Workshop } from '../workshop.ts'

type Paid = { order: Placed; payment_id: string; entry_id: string }

/** Worlds with an order of one unit at 5.00 and its tender. */
const paid = (payment: NonNullable<CaptureInput['payments']>[number]) => async (shop: Workshop, count: number): Promise<Paid[]> => {
  const skus = await shop.skus(count, 1, { leeds: 1 })
  const placed = await shop.orders(skus.map((own) => orderOf(own, { payments: [payment] })))
  const tenders = await shop.application.db.rows<{ order_id: string; payment_id: string; entry_id: string | null }>(sql`
    select p.order_id, p.id as payment_id, (select e.id from payment_entries e where e.payment_id = p.id order by e.id limit 1) as entry_id
    from payments p where p.order_id = any(${arrayOf(placed.map(({ order_id }) => order_id), 'uuid')})`)
  return placed.map((order) => {
    const tender = present(tenders.find(({ order_id }) => order_id === order.order_id), 'the order has a tender')
    return { order, payment_id: tender.payment_id, entry_id: tender.entry_id ?? '' }
  })
}

async function unpaid(shop: Workshop, count: number): Promise<Paid[]> {
  const skus = await shop.skus(count, 1, { leeds: 1 })
  return (await shop.orders(skus.map((own) => orderOf(own)))).map((order) => ({ order, payment_id: '', entry_id: '' }))
}

type Returned = Paid & { return_id: string }

/** Worlds whose order was delivered; with a return that is announced, and received where it says so. */
const returned = (received: boolean) => async (shop: Workshop, count: number): Promise<Returned[]> => {
  const worlds = await delivered(shop, count)
  return Promise.all(worlds.map(async (world) => {
    const { executor } = shop.application
    const { output } = await executor.run(requestReturn, ask(world), asSystem)
    const return_id = present(ids.return.parse(output.id), 'the API shows ids of returns')
    if (received) await executor.run(receiveReturn, { ...RECEIPT, return_id, refund: false }, asSystem)
    return { ...world, return_id }
  }))
}

async function delivered(shop: Workshop, count: number): Promise<Paid[]> {
  const worlds = await paid({ tender: 'external' })(shop, count)
  const work = (await shop.release(worlds.map(({ order }) => order))).flat().map((fulfillment_order_id) => ({ fulfillment_order_id }))
  for (const verb of [pick, pack, ship, deliverBatch]) await shop.all(verb, work)
  return worlds
}

const ask = ({ order }: Paid) => ({ order_id: order.order_id, channel: 'till', lines: [{ index: 0, line_id: order.line_ids[0]!, sku: undefined, quantity: 1, reason: 'unwanted' as const }], location: undefined, external_id: undefined, note: '' })
const RECEIPT = { location: 'york', lines: undefined, disposition: 'restock' as const, include_shipping: false, refund: undefined }

const cancel = cancelOrder(ports)
const gbp = (amount: string) => ({ amount, currency: 'GBP' })

const refund = (amount: string) => (executor: Executor, { order }: Paid): Promise<unknown> => executor.run(refundOrder, { order_id: order.order_id, amount: gbp(amount), reason: 'goodwill' }, asSystem)
const cancelAll = (executor: Executor, { order }: Paid): Promise<unknown> => executor.run(cancel, { order_id: order.order_id, reason: 'customer', note: '', lines: undefined }, asSystem)
const take = (executor: Executor, { payment_id }: Paid): Promise<unknown> => executor.run(capturePayment, { payment_id }, asSystem)
const hold = (executor: Executor, { order }: Paid): Promise<unknown> => executor.run(placeHold, { order_id: order.order_id, type: 'fraud_risk', note: '', owner_id: null, release_at: null }, asSystem)
const giveUp = (executor: Executor, { payment_id }: Paid): Promise<unknown> => executor.run(voidPayment, { payment_id }, asSystem)
const payCash = (executor: Executor, { order }: Paid): Promise<unknown> => executor.run(addPayment, { order_id: order.order_id, tender: 'cash' }, asSystem)
const settle = async (executor: Executor, { entry_id }: Paid): Promise<string> =>
  (await executor.run(settleEntry, { entry_id, attempt: 0, outcome: { status: 'succeeded', gateway_reference: `gw ${entry_id}` } }, asSystem)).output.status
const decline = async (executor: Executor, { entry_id }: Paid): Promise<string> =>
  (await executor.run(settleEntry, { entry_id, attempt: 0, outcome: { status: 'failed', failure: 'card_declined' } }, asSystem)).output.status
const announce = (executor: Executor, world: Paid): Promise<unknown> => executor.run(requestReturn, ask(world), asSystem)
const receive = (executor: Executor, { return_id }: Returned): Promise<unknown> => executor.run(receiveReturn, { ...RECEIPT, return_id }, asSystem)
const recall = (executor: Executor, { return_id }: Returned): Promise<unknown> => executor.run(cancelReturn, { return_id, note: '' }, asSystem)
const close = (executor: Executor, { return_id }: Returned): Promise<unknown> => executor.run(closeReturn, { return_id, note: '' }, asSystem)
const payBack = (executor: Executor, { return_id }: Returned): Promise<unknown> => executor.run(refundReturn, { return_id, line_ids: undefined, amount: undefined, include_shipping: false }, asSystem)

/** The order's money in pence. */
async function money(db: Database, { order }: Paid): Promise<string> {
  const { balances } = await db.one<{ balances: Record<string, number> }>(sql`
    select jsonb_build_object('authorized', sum(authorized + authorizing), 'captured', sum(captured + capturing), 'refunded', sum(refunded + refunding), 'voided', sum(voided + voiding)) as balances
    from payments where order_id = ${order.order_id}`)
  return ['authorized', 'captured', 'refunded', 'voided'].filter((state) => balances[state] !== 0).map((state) => `${state} ${balances[state]}`).join(', ')
}

const TAKEN = { tender: 'external' } as const
const ACCOUNT = { tender: 'on_account' } as const
const CARD = { tender: 'card', gateway: 'test', token: 'tok_ok' } as const

export const MONEY_PATHS: readonly Path[] = [
  definePath({
    name: 'refund, refund: more than was captured', prepare: paid(TAKEN), calls: [refund('3.00'), refund('4.00')], state: money,
    endings: [
      'ok, refund_exceeds_captured: authorized 500, captured 500, refunded 300',
      'refund_exceeds_captured, ok: authorized 500, captured 500, refunded 400',
    ],
  }),
  definePath({
    name: 'refund, cancel: one order', prepare: paid(TAKEN), calls: [refund('3.00'), cancelAll], state: money,
    endings: [
      'ok, ok: authorized 500, captured 500, refunded 500',
      'refund_exceeds_captured, ok: authorized 500, captured 500, refunded 500',
    ],
  }),
  definePath({
    name: 'refund, refund, cancel: one order', prepare: paid(TAKEN), calls: [refund('3.00'), refund('4.00'), cancelAll], state: money,
    endings: [
      'ok, refund_exceeds_captured, ok: authorized 500, captured 500, refunded 500',
      'refund_exceeds_captured, ok, ok: authorized 500, captured 500, refunded 500',
      'refund_exceeds_captured, refund_exceeds_captured, ok: authorized 500, captured 500, refunded 500',
    ],
  }),
  definePath({
    name: 'capture, capture: one authorization', prepare: paid(ACCOUNT), calls: [take, take], state: money,
    endings: [
      'ok, capture_exceeds_authorized: authorized 500, captured 500',
      'capture_exceeds_authorized, ok: authorized 500, captured 500',
    ],
  }),
  definePath({
    name: 'capture, void: one authorization', prepare: paid(ACCOUNT), calls: [take, giveUp], state: money,
    endings: [
      'ok, nothing_to_void: authorized 500, captured 500',
      'capture_exceeds_authorized, ok: authorized 500, voided 500',
    ],
  }),
  definePath({
    name: 'capture, void, cancel: one authorization', prepare: paid(ACCOUNT), calls: [take, giveUp, cancelAll], state: money,
    endings: [
      'ok, nothing_to_void, ok: authorized 500, captured 500, refunded 500',
      'capture_exceeds_authorized, ok, ok: authorized 500, voided 500',
      'capture_exceeds_authorized, nothing_to_void, ok: authorized 500, voided 500',
    ],
  }),
  definePath({ name: 'settle, settle: two jobs, one authorization', prepare: paid(CARD), calls: [settle, settle], state: money, endings: ['succeeded, succeeded: authorized 500'] }),
  definePath({ name: 'refund, hold: one order, which tells of both', prepare: paid(TAKEN), calls: [refund('3.00'), hold], state: money, endings: ['ok, ok: authorized 500, captured 500, refunded 300'] }),
  definePath({ name: 'decline, hold: one order, which tells of both', prepare: paid(CARD), calls: [decline, hold], state: money, endings: ['failed, ok: '] }),
  definePath({ name: 'settle, cancel: one authorization under way', prepare: paid(CARD), calls: [settle, cancelAll], state: money, endings: ['succeeded, ok: authorized 500, voided 500'] }),
  definePath({
    name: 'pay, pay: what is left of an order', prepare: paid({ ...TAKEN, amount: gbp('3.00') }), calls: [payCash, payCash], state: money,
    endings: [
      'ok, payment_exceeds_due: authorized 500, captured 500',
      'payment_exceeds_due, ok: authorized 500, captured 500',
    ],
  }),
  definePath({
    name: 'pay, pay: an order that nobody has paid', prepare: unpaid, calls: [payCash, payCash], state: money,
    endings: [
      'ok, payment_exceeds_due: authorized 500, captured 500',
      'payment_exceeds_due, ok: authorized 500, captured 500',
    ],
  }),
  definePath({
    name: 'announce, announce: one unit', prepare: delivered, calls: [announce, announce], state: money,
    endings: [
      'ok, return_not_allowed: authorized 500, captured 500',
      'return_not_allowed, ok: authorized 500, captured 500',
    ],
  }),
  definePath({
    name: 'receive, receive: one return', prepare: returned(false), calls: [receive, receive], state: money,
    endings: [
      'ok, return_state: authorized 500, captured 500, refunded 500',
      'return_state, ok: authorized 500, captured 500, refunded 500',
    ],
  }),
  definePath({
    name: 'receive, cancel: one return', prepare: returned(false), calls: [receive, recall], state: money,
    endings: [
      'ok, return_state: authorized 500, captured 500, refunded 500',
      'return_state, ok: authorized 500, captured 500',
    ],
  }),
  definePath({
    name: 'receive, receive, refund: the return and goodwill', prepare: returned(false), calls: [receive, receive, refund('3.00')], state: money,
    endings: [
      'ok, return_state, refund_exceeds_captured: authorized 500, captured 500, refunded 500',
      'return_state, ok, refund_exceeds_captured: authorized 500, captured 500, refunded 500',
      'ok, return_state, ok: authorized 500, captured 500, refunded 500',
      'return_state, ok, ok: authorized 500, captured 500, refunded 500',
    ],
  }),
  definePath({
    name: 'pay back, pay back: one return', prepare: returned(true), calls: [payBack, payBack], state: money,
    endings: [
      'ok, return_state: authorized 500, captured 500, refunded 500',
      'return_state, ok: authorized 500, captured 500, refunded 500',
    ],
  }),
  definePath({
    name: 'pay back, refund: the return and goodwill', prepare: returned(true), calls: [payBack, refund('3.00')], state: money,
    endings: [
      'ok, refund_exceeds_captured: authorized 500, captured 500, refunded 500',
      'ok, ok: authorized 500, captured 500, refunded 500',
    ],
  }),
  definePath({
    name: 'pay back, close, refund: the return and goodwill', prepare: returned(true), calls: [payBack, close, refund('3.00')], state: money,
    endings: [
      'ok, return_state, refund_exceeds_captured: authorized 500, captured 500, refunded 500',
      'return_state, ok, ok: authorized 500, captured 500, refunded 300',
      'ok, ok, ok: authorized 500, captured 500, refunded 500',
    ],
  }),
]
