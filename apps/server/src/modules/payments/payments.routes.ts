import { Type } from 'typebox'
import { ids } from '../../kernel/id-kinds.ts'
import { showMoney } from '../../kernel/money.ts'
import { refuse } from '../../kernel/problem.ts'
import type { Caller } from '../../platform/caller.ts'
import type { Database } from '../../platform/db.ts'
import { listQuery, pageOf, readPage, type ListSpec } from '../../platform/http/listing.ts'
import { route, type Route } from '../../platform/http/route.ts'
import { closed, Id, IdOrNumber, Money, OneOf } from '../../platform/http/schemas.ts'
import { orderScope } from '../../platform/scope.ts'
import { sql } from '../../platform/sql.ts'
import { addPayment } from './commands/add-payment.ts'
import { capturePayment, voidPayment } from './commands/change-payment.ts'
import { refundOrder } from './commands/refund-order.ts'
import { retryEntry } from './commands/retry-entry.ts'
import { PAYMENT_STATUSES, SETTLEMENTS, TENDERS, type Payment } from './ledger.ts'
import { LedgerView, PaymentItem, PaymentView, RefundView, viewEntry, viewPayment, viewPaymentItem } from './payment-view.ts'
import { findEntries, findEntriesById, findPayment, findPaymentsOfOrders, PAYMENT_COLUMNS } from './payments.db.ts'
import { findPayableOrder, requirePayableOrder } from './queries/payable-order.ts'

const PAYMENTS: ListSpec = {
  id: ids.payment, id_sql: 'p.id', default_sort: '-created_at',
  fields: {
    created_at: { sql: 'p.created_at', type: 'timestamptz', sortable: true },
    order_id: { sql: 'p.order_id', type: 'text', id: ids.order },
    status: { sql: 'p.status', type: 'text', values: PAYMENT_STATUSES },
    settlement: { sql: 'p.settlement', type: 'text', values: SETTLEMENTS },
    tender: { sql: 'p.tender', type: 'text', values: TENDERS },
  },
}

const listPayments = route({
  operation_id: 'listPayments', method: 'GET', url: '/v1/payments', tag: 'payments', permission: 'payments:read', summary: 'List payments',
  description: '`filter[settlement]=unknown,failed` finds what needs a person.',
  query: listQuery(PAYMENTS),
  reply: { status: 200, schema: pageOf(PaymentItem) },
  handle: async ({ query, db, caller }) => {
    const orders = orderScope(caller, { channel_id: sql`o.channel_id`, order_id: sql`o.id` })
    const scope = orders.length === 0 ? [] : [sql`exists (select from orders o where o.id = p.order_id and ${sql.join(orders, ' and ')})`]
    const page = await readPage<Payment & { cursor_id: string; cursor_value: string }>(db, PAYMENTS, query, (cursor) => sql`select ${cursor}, ${PAYMENT_COLUMNS} from payments p`, scope)
    return { ...page, data: page.data.map(viewPaymentItem) }
  },
})

const OrderParams = Type.Object({ order_id: IdOrNumber(ids.order) }, closed)
const PaymentParams = Type.Object({ payment_id: Id(ids.payment) }, closed)

const getLedger = route({
  operation_id: 'getOrderPayments', method: 'GET', url: '/v1/orders/:order_id/payments', tag: 'payments', permission: 'payments:read', summary: 'Get the payment ledger of an order',
  params: OrderParams,
  reply: { status: 200, schema: LedgerView }, problems: ['not_found'],
  handle: async ({ params, db, caller }) => {
    const order = await requirePayableOrder(db, params.order_id, caller)
    const payments = await findPaymentsOfOrders(db, [order.id])
    const entries = Map.groupBy(await findEntries(db, payments.map(({ id }) => id)), ({ payment_id }) => payment_id)
    const sum = (field: 'authorized' | 'captured' | 'refunded' | 'voided') => showMoney(payments.reduce((total, payment) => total + payment[field], 0n), order.currency)
    return {
      order_id: ids.order.show(order.id), authorized: sum('authorized'), captured: sum('captured'), refunded: sum('refunded'), voided: sum('voided'),
      payments: payments.map((payment) => viewPayment(payment, entries.get(payment.id) ?? [])),
    }
  },
})

const postPayment = route({
  operation_id: 'addOrderPayment', method: 'POST', url: '/v1/orders/:order_id/payments', tag: 'payments', permission: addPayment.permission, summary: 'Add a tender to an order',
  description: 'A card is authorized by its gateway in the background: the answer shows it as pending. Cash and external money count as taken unless `captured` is false. Without `amount` the tender covers what no other does of what the order is worth: canceled and returned units, and what was given back as goodwill, count no more.',
  params: OrderParams,
  body: Type.Object({
    tender: OneOf(TENDERS),
    gateway: Type.Optional(Type.String({ minLength: 1, maxLength: 40 })),
    token: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'The gateway\'s token for the card; never a card number' })),
    reference: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'How the channel or the till calls this payment' })),
    captured: Type.Optional(Type.Boolean({ description: 'Whether the money has been taken already' })),
    amount: Type.Optional(Money),
  }, closed),
  reply: { status: 201, schema: PaymentView }, problems: ['not_found', 'order_not_payable', 'payment_exceeds_due'],
  handle: async ({ params, body, run, db, caller }) => {
    const order = await requirePayableOrder(db, params.order_id, caller)
    return readPayment(db, (await run(addPayment, { ...body, order_id: order.id })).id, caller)
  },
})

const getPayment = route({
  operation_id: 'getPayment', method: 'GET', url: '/v1/payments/:payment_id', tag: 'payments', permission: 'payments:read', summary: 'Get a payment with its entries',
  params: PaymentParams,
  reply: { status: 200, schema: PaymentView }, problems: ['not_found'],
  handle: async ({ params, db, caller }) => readPayment(db, params.payment_id, caller),
})

const postCapture = route({
  operation_id: 'capturePayment', method: 'POST', url: '/v1/payments/:payment_id/capture', tag: 'payments', permission: capturePayment.permission, summary: 'Capture an authorization',
  description: 'What is left of it and due, or `amount`: never more than the order is worth. Also takes cash on delivery.',
  params: PaymentParams, body: Type.Object({ amount: Type.Optional(Money) }, closed),
  reply: { status: 200, schema: PaymentView }, problems: ['not_found', 'capture_exceeds_authorized', 'payment_exceeds_due'],
  handle: async ({ params, body, run, db, caller }) => readPayment(db, (await run(capturePayment, { ...body, payment_id: ids.payment.parse(params.payment_id)! })).id, caller),
})

const postVoid = route({
  operation_id: 'voidPayment', method: 'POST', url: '/v1/payments/:payment_id/void', tag: 'payments', permission: voidPayment.permission, summary: 'Give up what is authorized and not captured',
  params: PaymentParams,
  reply: { status: 200, schema: PaymentView }, problems: ['not_found', 'nothing_to_void'],
  handle: async ({ params, run, db, caller }) => readPayment(db, (await run(voidPayment, { payment_id: ids.payment.parse(params.payment_id)! })).id, caller),
})

const postRetry = route({
  operation_id: 'retryPaymentEntry', method: 'POST', url: '/v1/payments/:payment_id/entries/:entry_id/retry', tag: 'payments', permission: retryEntry.permission, summary: 'Try a failed entry again, or look up an unknown one',
  description: 'A failed entry is tried again once, by a new entry. An unknown one is looked up at the gateway and repeated only if it never arrived. Needs payments:take or payments:refund, as what is tried again does.',
  params: Type.Object({ payment_id: Id(ids.payment), entry_id: Id(ids.payment_entry) }, closed),
  reply: { status: 200, schema: PaymentView }, problems: ['not_found', 'entry_settled', 'entry_retried', 'no_room_to_retry'],
  handle: async ({ params, run, db, caller }) => {
    const { id } = await run(retryEntry, { payment_id: ids.payment.parse(params.payment_id)!, entry_id: ids.payment_entry.parse(params.entry_id)! })
    return readPayment(db, id, caller)
  },
})

const postRefund = route({
  operation_id: 'refundOrder', method: 'POST', url: '/v1/orders/:order_id/refunds', tag: 'payments', permission: refundOrder.permission, summary: 'Pay something back without a return',
  description: 'Goodwill: it lowers what the order is worth, so that the customer owes it no more. Spread over the order\'s tenders, the oldest first, and never more than was captured. Cards are paid back in the background; a refund that fails stays visible and can be tried again.',
  params: OrderParams,
  body: Type.Object({ amount: Money, reason: Type.String({ minLength: 1, maxLength: 200 }) }, closed),
  reply: { status: 201, schema: RefundView }, problems: ['not_found', 'refund_exceeds_captured'],
  handle: async ({ params, body, run, db, caller }) => {
    const order = await requirePayableOrder(db, params.order_id, caller)
    const { entry_ids } = await run(refundOrder, { ...body, order_id: order.id })
    const entries = await findEntriesById(db, entry_ids.map((id) => ids.payment_entry.parse(id)!))
    return { order_id: ids.order.show(order.id), amount: body.amount, entries: entries.map((entry) => viewEntry(entry, body.amount.currency)) }
  },
})

async function readPayment(db: Database, shownId: string, caller: Caller) {
  const payment = await findPayment(db, ids.payment.parse(shownId)!)
  if (payment === undefined) throw refuse('not_found', 'There is no such payment.')
  await findPayableOrder(db, payment.order_id, caller)
  return viewPayment(payment, await findEntries(db, [payment.id]))
}

export const paymentRoutes: Route[] = [listPayments, getLedger, postPayment, getPayment, postCapture, postVoid, postRetry, postRefund]
