import { MINUTE_MS } from '../../kernel/time.ts'
import type { Module } from '../../platform/module.ts'
import { expireRound } from './commands/expire-authorizations.ts'
import { GATEWAYS } from './gateways.ts'
import { paymentRoutes } from './payments.routes.ts'
import { createSettleJob } from './settle-job.ts'

export const paymentsModule: Module = {
  name: 'payments',
  routes: paymentRoutes,
  permissions: {
    'payments:read': 'See payments, captures and refunds',
    'payments:take': 'Take payments: add tenders and capture them',
    'payments:refund': 'Pay back: refund captured money and give up authorizations',
    'payments:settle': 'Record what a payment gateway answered; for the system itself',
  },
  problems: {
    order_not_payable: { status: 409, title: 'The order takes no payment' },
    payment_exceeds_due: { status: 409, title: 'More than is due' },
    capture_exceeds_authorized: { status: 409, title: 'More than is authorized' },
    refund_exceeds_captured: { status: 409, title: 'More than can be refunded' },
    nothing_to_void: { status: 409, title: 'Nothing to void' },
    entry_settled: { status: 409, title: 'The entry has succeeded' },
    entry_retried: { status: 409, title: 'The entry was tried again already' },
    no_room_to_retry: { status: 409, title: 'The amount is not available any more' },
  },
  jobs: (runtime) => [createSettleJob(runtime, GATEWAYS)],
  loops: [{ name: 'payments.expire', interval_ms: MINUTE_MS, round: expireRound }],
}
