import type { Mutant } from '../mutant.ts'

const EXECUTOR = 'src/platform/executor.test.ts'
const JOURNEY = 'test/scenarios/order-journey.test.ts'

/** Keys, events, audit, jobs and the relay. */
export const PLATFORM_MUTANTS: readonly Mutant[] = [
  {
    name: 'a key is stored without the outcome', identity: 'idempotency keys have an outcome', file: 'src/platform/idempotency.ts',
    before: '...claim, outcome: outcome.ok ? { output: outcome.output ?? null } : {', after: '...claim, outcome: outcome.ok ? {} : {',
    tests: [EXECUTOR],
  },
  {
    name: 'a key that was used is not looked up', identity: 'a key has one effect', file: 'src/platform/idempotency.ts',
    before: 'return found === undefined ? undefined : replay<Output>(claim, found)', after: 'return undefined',
    tests: [EXECUTOR],
  },
  {
    name: 'a rival that used the key meanwhile is overlooked', identity: 'a key has one effect', file: 'src/platform/idempotency.ts',
    before: '  if (stored < rows.length) throw new KeyTaken()\n', after: '',
    tests: [EXECUTOR],
  },
  {
    name: 'a key may be used for another input', identity: 'a key has one effect', file: 'src/platform/idempotency.ts',
    before: 'stored.input_hash !== claim.input_hash || stored.command !== claim.command', after: 'stored.command !== claim.command',
    tests: [EXECUTOR],
  },
  {
    name: 'a refusal is not kept for its key', identity: 'a key has one effect', file: 'src/platform/executor.ts',
    before: '    if (found === undefined) await storeOutcomes(tx, [{ claim, outcome: { ok: false, refusal } }])\n', after: '',
    tests: [EXECUTOR],
  },
  {
    name: 'two calls with one key may stand in one batch', identity: 'a key has one effect', file: 'src/platform/executor.ts',
    before: 'if (batch.length === maxItems || (key !== undefined && keys.has(key))) rest.push(item)', after: 'if (batch.length === maxItems) rest.push(item)',
    tests: [EXECUTOR],
  },
  {
    name: 'a batch that breaks is not halved', identity: 'one bad item fails no other', file: 'src/platform/executor.ts',
    before: 'if (batch.length === 1 || error instanceof Refusal) {', after: 'if (batch.length >= 1) {',
    tests: [EXECUTOR],
  },
  {
    name: 'an order numbers its events from 2', identity: 'event sequences have no gap', file: 'src/platform/events.ts',
    before: 'order by e.order_sequence desc limit 1), 0)', after: 'order by e.order_sequence desc limit 1), 1)',
    tests: ['src/modules/orders/orders.api.test.ts'],
  },
  {
    name: 'events are written without the lock of their order', identity: 'event sequences have no gap', file: 'src/platform/events.ts',
    before: "where id = any(${arrayOf(orderIds, 'uuid')}) order by id for update`)", after: "where id = any(${arrayOf(orderIds, 'uuid')}) order by id`)",
    tests: ['test/explorer/paths.test.ts'], only: 'refund, hold: one order',
  },
  {
    name: 'events are forgotten', identity: 'a committed change has its events, its audit entry and its jobs', file: 'src/platform/executor.ts',
    before: '  await writeEvents(tx, pending.events)\n', after: '',
    tests: ['src/modules/orders/orders.api.test.ts'],
  },
  {
    name: 'a command that notes nothing leaves no audit entry', identity: 'a committed change has its events, its audit entry and its jobs', file: 'src/platform/executor.ts',
    before: '  if (pending.audit.length === 0) pending.audit.push(auditEntry(command.name, request, now))\n', after: '',
    tests: [EXECUTOR],
  },
  {
    name: 'an item of a batch leaves no audit entry', identity: 'a committed change has its events, its audit entry and its jobs', file: 'src/platform/executor.ts',
    before: '    pending.audit.push(auditEntry(command.name, calls[open[i]!]!.request, items[i]!.now, outcome.subject_id === undefined ? undefined : { subject_id: outcome.subject_id }))\n', after: '',
    tests: [EXECUTOR],
  },
  {
    name: 'jobs are forgotten', identity: 'a committed change has its events, its audit entry and its jobs', file: 'src/platform/executor.ts',
    before: '  if (pending.jobs.length > 0) await options.insert_jobs(tx, pending.jobs)\n', after: '',
    tests: ['src/modules/payments/payments.test.ts'],
  },
  {
    name: 'jobs are written beside the transaction', identity: 'a committed change has its events, its audit entry and its jobs', file: 'src/platform/jobs.ts',
    before: '        })), { db })', after: '        })))',
    tests: ['src/platform/jobs.test.ts'],
  },
  {
    name: 'a transaction that failed is committed', identity: 'a committed change has its events, its audit entry and its jobs', file: 'src/platform/db.ts',
    before: "await client.query('rollback').catch(() => { broken = true })", after: "await client.query('commit').catch(() => { broken = true })",
    tests: [EXECUTOR],
  },
  {
    name: 'a position is left out in each round', identity: 'event positions have no gap', file: 'src/platform/relay.ts',
    before: 'last_position + row_number()', after: 'last_position + 1 + row_number()',
    tests: [EXECUTOR],
  },
  {
    name: 'the relay passes transactions that are still open', identity: 'the feed misses no event', file: 'src/platform/relay.ts',
    before: ' and transaction_id < pg_snapshot_xmin(pg_current_snapshot())\n', after: '\n',
    tests: [EXECUTOR],
  },
  {
    name: 'two relays do not take turns', identity: 'the feed misses no event', file: 'src/platform/relay.ts',
    before: '      for update skip locked\n', after: '',
    tests: [EXECUTOR],
  },
  {
    name: 'a reader goes on behind events that it was not shown', identity: 'the feed misses no event', file: 'src/platform/event-feed.ts',
    before: 'const position = events.length === limit ? rows.at(-1)!.position! : end', after: 'const position = end',
    tests: ['src/platform/event-feed.test.ts'],
  },
  {
    name: 'an order does not tell of its creation', identity: 'every order has told of its creation', file: 'src/modules/orders/capture-batch.ts',
    before: '  const events: NewEvent[] = [{\n    type: \'order.created\', order_id,', after: '  const events: NewEvent[] = [{\n    type: \'order.placed\', order_id,',
    tests: ['src/modules/orders/orders.api.test.ts'],
  },
  {
    name: 'an order does not tell of its cancellation', identity: 'a committed change has its events, its audit entry and its jobs', file: 'src/modules/orders/commands/cancel-order.ts',
    before: "      emit({ type: 'order.canceled', order_id: order.id, data: { order_id: ids.order.show(order.id), reason: input.reason } })\n", after: '',
    tests: ['test/scenarios/order-capture.test.ts'],
  },
  {
    name: 'an order does not tell of its completion', identity: 'a committed change has its events, its audit entry and its jobs', file: 'src/modules/fulfillment/journal.ts',
    before: "...(status === 'completed' && before.status !== 'completed' ? ['order.completed'] : []),", after: '',
    tests: [JOURNEY],
  },
]
