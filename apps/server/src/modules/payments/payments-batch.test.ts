import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { asSystem, useApp } from '../../../test/harness/app.ts'
import { newId } from '../../kernel/ids.ts'
import { command } from '../../platform/command.ts'
import type { Tx } from '../../platform/db.ts'
import { sql } from '../../platform/sql.ts'
import type { LedgerWork } from './append-entries.ts'
import { paymentsOf, recordPayments, refundsByCause, requestCaptures, requestRefunds } from './index.ts'
import { NO_BALANCES, paymentStatus } from './ledger.ts'
import { insertTestChannel, insertTestOrders } from './orders.fixture.ts'

const app = useApp()
const YEARS_AGO = new Date('2010-12-01T08:26:00Z')

/** Runs the work as a command would and counts its statements. */
async function inCommand<T extends LedgerWork>(work: (tx: Tx) => Promise<T>): Promise<T & { statements: number }> {
  let outcome: (T & { statements: number }) | undefined
  const run = command('test.batch', 'payments:settle', async ({ tx, emit, enqueue }, _input: null) => {
    let statements = 0
    const counted: Tx = { ...tx, rows: (query) => (statements++, tx.rows(query)), run: (query) => (statements++, tx.run(query)) }
    const done = await work(counted)
    emit(...done.events)
    enqueue(...done.jobs)
    outcome = { ...done, statements }
    return null
  })
  await app().application.executor.run(run, null, { ...asSystem, at: YEARS_AGO })
  return outcome!
}

test('hundreds of paid orders and their refunds of years ago are a handful of statements', async () => {
  const { db } = app().application
  const orders = await insertTestOrders(app().application.executor, await insertTestChannel(db, 'history'), Array.from({ length: 300 }, (_, index) => BigInt(1_000 + index)))
  const recorded = await inCommand((tx) => recordPayments(tx, orders.map((order_id, index) => ({
    id: newId(), order_id, tender: index % 3 === 0 ? 'card' : 'external', gateway: index % 3 === 0 ? 'test' : null, token: null, currency: 'GBP', amount: BigInt(1_000 + index), reference: `inv-${index}`,
    already_captured: true, at: YEARS_AGO,
  }))))
  expect([recorded.statements, recorded.jobs, recorded.events.length]).toEqual([2, [], 300])

  const causes = orders.map(() => newId())
  const refunds = orders.flatMap((order_id, index) => [600n, 500n].map((amount) => ({ order_id, amount, reason: 'Return', cause_id: causes[index]!, at: YEARS_AGO, immediate: true })))
  const refunded = await inCommand((tx) => requestRefunds(tx, refunds))
  expect([refunded.statements, refunded.jobs]).toEqual([3, []])
  expect(refunded.refunded.slice(0, 4)).toEqual([600n, 400n, 600n, 401n])
  const payments = await paymentsOf(db, orders)
  expect(payments.get(orders[50]!)).toMatchObject([{ captured: 1_050n, refunded: 1_050n, status: 'refunded', created_at: YEARS_AGO }])
  expect(payments.get(orders[200]!)).toMatchObject([{ captured: 1_200n, refunded: 1_100n, status: 'partially_refunded' }])
  expect((await refundsByCause(db, causes)).get(causes[0]!)?.map(({ amount, status }) => [amount, status])).toEqual([[600n, 'succeeded'], [400n, 'succeeded']])
})

test('a capture spreads over tenders; cards settle in the background', async () => {
  const { db } = app().application
  const [order_id] = await insertTestOrders(app().application.executor, await insertTestChannel(db, 'spread'), [3_000n])
  const tender = (token: string | null, amount: bigint, at: Date) => ({
    id: newId(), order_id: order_id!, tender: token === null ? 'on_account' as const : 'card' as const, gateway: token === null ? null : 'test', token, currency: 'GBP', amount, reference: null, already_captured: false, at,
  })
  await inCommand((tx) => recordPayments(tx, [tender('tok_ok', 1_000n, YEARS_AGO), tender(null, 2_000n, new Date(YEARS_AGO.getTime() + 1))]))
  await app().application.settle()
  const { captured } = await inCommand((tx) => requestCaptures(tx, [{ order_id: order_id!, amount: 1_200n, at: new Date(app().clock.current()) }, { order_id: order_id!, amount: 5_000n, at: app().clock.current() }]))
  expect(captured).toEqual([1_200n, 1_800n])
  expect((await paymentsOf(db, [order_id!])).get(order_id!)).toMatchObject([{ capturing: 1_000n, captured: 0n }, { captured: 2_000n, status: 'captured' }])
  await app().application.settle()
  expect((await paymentsOf(db, [order_id!])).get(order_id!)).toMatchObject([{ capturing: 0n, captured: 1_000n, status: 'captured' }, { captured: 2_000n }])
})

test('the database derives the same statuses as the code', async () => {
  const { db } = app().application
  const small = fc.nat(3).map(BigInt)
  const states = fc.sample(fc.record({ authorized: small, captured: small, refunded: small, voided: small, authorizing: small, failed_entries: fc.nat(1), expired: fc.boolean() }), 2_000)
    .filter(({ authorized, captured, refunded, voided }) => captured + voided <= authorized && refunded <= captured)
  const [order_id] = await insertTestOrders(app().application.executor, await insertTestChannel(db, 'derived'), [1_000n])
  await db.transaction(async (tx) => {
    for (const state of states.slice(0, 200)) {
      const { status } = await tx.one<{ status: string }>(sql`
        insert into payments (id, order_id, tender, currency, amount, authorized, captured, refunded, voided, authorizing, failed_entries, expired, created_at)
        values (${newId()}, ${order_id}, 'cash', 'GBP', 10, ${state.authorized}, ${state.captured}, ${state.refunded}, ${state.voided}, ${state.authorizing}, ${state.failed_entries}, ${state.expired}, now()) returning status`)
      expect(status, JSON.stringify(state, (_, value: unknown) => (typeof value === 'bigint' ? Number(value) : value))).toBe(paymentStatus({ ...NO_BALANCES, ...state }))
    }
    await tx.run(sql`delete from payments where order_id = ${order_id}`)
  })
})
