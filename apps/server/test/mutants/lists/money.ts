import type { Mutant } from '../mutant.ts'

const PAYMENTS = 'src/modules/payments/payments.test.ts'
const MONEY = 'test/scenarios/money.test.ts'
const LEDGER = 'src/modules/payments/ledger.test.ts'
const PATHS = 'test/explorer/paths.test.ts'

/** The payment ledger, and what orders hold of their customers' money. */
export const MONEY_MUTANTS: readonly Mutant[] = [
  {
    name: 'an answer of the gateway moves no balance', identity: 'payment balances are the sums of their entries', file: 'src/modules/payments/commands/settle-entry.ts',
    before: '  await addToBalances(tx, [{ id: entry.payment_id, ...changeOf(entry, entry.status, outcome.status) }])\n', after: '',
    tests: [PAYMENTS],
  },
  {
    name: 'an entry that was tried again still counts as failed', identity: 'payment balances are the sums of their entries', file: 'src/modules/payments/append-entries.ts',
    before: '    if (entry.retry_of !== null) change.failed_entries -= 1\n', after: '',
    tests: [PAYMENTS],
  },
  {
    name: 'a failed refund counts as paid back', identity: 'payment balances are the sums of their entries', file: 'src/modules/payments/ledger.ts',
    before: "    case 'failed': return { ...NO_BALANCES, failed_entries: 1 }", after: "    case 'failed': return { ...NO_BALANCES, [DONE[kind]]: amount, failed_entries: 1 }",
    tests: [PAYMENTS],
  },
  {
    name: 'refunds on their way may be paid once more', identity: 'nothing is captured beyond its authorization or refunded beyond its capture', file: 'src/modules/payments/ledger.ts',
    before: 'return payment.captured - payment.refunded - payment.refunding\n', after: 'return payment.captured - payment.refunded\n',
    tests: [LEDGER],
  },
  {
    name: 'captures under way may be taken once more', identity: 'nothing is captured beyond its authorization or refunded beyond its capture', file: 'src/modules/payments/ledger.ts',
    before: 'payment.authorized - payment.captured - payment.capturing - payment.voided', after: 'payment.authorized - payment.captured - payment.voided',
    tests: [LEDGER],
  },
  {
    name: 'requests on one order do not see each other', identity: 'nothing is captured beyond its authorization or refunded beyond its capture', file: 'src/modules/payments/ledger.ts',
    before: '      balances.set(payment.id, add(now, contribution(kind, amount, status)))\n', after: '',
    tests: [LEDGER, 'src/modules/payments/payments-batch.test.ts'],
  },
  {
    name: 'a tender is in a currency of its own', identity: 'payments are in the currency of their order', file: 'src/modules/payments/commands/add-payment.ts',
    before: 'token: input.token ?? null, currency: order.currency,', after: "token: input.token ?? null, currency: 'XTS',",
    tests: [PAYMENTS],
  },
  {
    name: 'a failed entry is tried again for less', identity: 'a failed payment entry is tried again as what it was', file: 'src/modules/payments/commands/retry-entry.ts',
    before: "kind: entry.kind, amount: entry.amount, status: 'pending'", after: "kind: entry.kind, amount: entry.amount - 1n, status: 'pending'",
    tests: [PAYMENTS],
  },
  {
    name: 'a failed entry is tried again twice', identity: 'money moves once', file: 'src/modules/payments/commands/retry-entry.ts',
    before: "  if (entry.retried) throw refuse('entry_retried', 'This was tried again already. Look at the newer entry.')\n", after: '',
    tests: [PAYMENTS],
  },
  {
    name: 'an answer that comes twice is recorded twice', identity: 'money moves once', file: 'src/modules/payments/commands/settle-entry.ts',
    before: "  if (entry.status !== 'pending' && entry.status !== 'unknown') return { status: entry.status }\n", after: '',
    tests: [PAYMENTS],
  },
  {
    name: 'a gateway is asked again without looking first', identity: 'money moves once', file: 'src/modules/payments/settle-job.ts',
    before: "task.status === 'unknown' || attempt > 0 || job.retried", after: 'false',
    tests: [PAYMENTS],
  },
  {
    name: 'an answer is recorded without the lock of its order', identity: 'money moves once', file: 'src/modules/payments/commands/settle-entry.ts',
    before: '  await lockOrderStreams(tx, [order_id])\n', after: '',
    tests: [PATHS], only: 'decline, hold: one order',
  },
  {
    name: 'a cancellation pays nothing back', identity: 'nothing is held beyond what the order is worth and what is still to be paid back', file: 'src/modules/orders/commands/cancel-order.ts',
    before: '    await giveBack(tx, [orderId], { at: now, reason: `canceled: ${reason}` }),\n', after: '',
    tests: ['test/scenarios/order-capture.test.ts'],
  },
  {
    name: 'money that comes after the cancellation is kept', identity: 'nothing is held beyond what the order is worth and what is still to be paid back', file: 'src/modules/payments/commands/settle-entry.ts',
    before: "if (entry.kind !== 'void' && input.outcome.status !== 'unknown') {", after: "if (entry.kind === 'refund' && input.outcome.status !== 'unknown') {",
    tests: [MONEY],
  },
  {
    name: 'the whole order is captured, canceled units too', identity: 'nothing is held beyond what the order is worth and what is still to be paid back', file: 'src/modules/fulfillment/depart.ts',
    before: 'const amount = order.total - order.canceled_total - waiting - takenOf(order)', after: 'const amount = order.total - waiting - takenOf(order)',
    tests: ['src/modules/fulfillment/fulfillment.test.ts'],
  },
  {
    name: 'authorizations that nothing is due for are kept', identity: 'orders that are done hold no authorization that nothing is due for', file: 'src/modules/payments/excess.ts',
    before: '    if (amount <= 0n || (payment.gateway', after: '    if (amount >= 0n || (payment.gateway',
    tests: [MONEY],
  },
]
