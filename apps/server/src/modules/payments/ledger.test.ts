import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  add, allowedActions, capturable, changeOf, contribution, NO_BALANCES, paymentStatus, planMoves, promised, refundable, voidable,
  type EntryKind, type EntryStatus, type MoveKind, type Payment,
} from './ledger.ts'

const AT = new Date('2026-03-03T09:00:00Z')

function tender(id: number, amount: bigint, gateway: string | null): Payment {
  return {
    ...NO_BALANCES, id: `payment-${id}`, order_id: `order-${id % 2}`, tender: gateway === null ? 'external' : 'card', gateway, currency: 'GBP', amount, expired: false, abandoned: false,
    reference: null, authorization_expires_at: null, created_at: new Date(AT.getTime() + id), status: 'pending', settlement: 'settled',
  }
}

type Entry = { payment: string; kind: EntryKind; amount: bigint; status: EntryStatus }

/** The ledger in memory: what the commands do, without a database. */
class Model {
  payments: Payment[]
  entries: Entry[] = []

  constructor(payments: Payment[]) {
    this.payments = payments
    for (const payment of payments) this.post({ payment: payment.id, kind: 'authorize', amount: payment.amount, status: payment.gateway === null ? 'succeeded' : 'pending' }, null)
  }

  post(entry: Entry, from: EntryStatus | null): void {
    if (from === null) this.entries.push(entry)
    this.payments = this.payments.map((payment) => (payment.id === entry.payment ? { ...payment, ...add(payment, changeOf(entry, from, entry.status)) } : payment))
  }

  move(kind: MoveKind, requests: { order_id: string; amount: bigint }[]): bigint[] {
    const { moves, accepted } = planMoves(kind, this.payments, requests.map((request) => ({ ...request, at: AT })))
    for (const { payment, amount, status } of moves) this.post({ payment: payment.id, kind, amount, status }, null)
    return accepted
  }

  settle(index: number, to: EntryStatus): void {
    const open = this.entries.filter(({ status }) => status === 'pending' || status === 'unknown')
    const entry = open[index % open.length]
    if (entry === undefined) return
    const from = entry.status
    entry.status = to
    this.post(entry, from)
  }
}

const amounts = fc.bigInt({ min: 1n, max: 2_000n })
const orders = fc.constantFrom('order-0', 'order-1')
// Most of what is asked succeeds soon, so that sequences get as far as refunds of captures of authorizations.
const steps = fc.array(fc.oneof(
  fc.record({ index: fc.nat(20), to: fc.constant<EntryStatus>('succeeded') }),
  fc.record({ kind: fc.constantFrom<MoveKind>('capture', 'refund', 'void'), requests: fc.array(fc.record({ order_id: orders, amount: amounts }), { minLength: 1, maxLength: 3 }) }),
  fc.record({ index: fc.nat(20), to: fc.constantFrom<EntryStatus>('succeeded', 'failed', 'unknown') }),
), { maxLength: 40 })
const tenders = fc.array(fc.record({ amount: amounts, gateway: fc.constantFrom('test', null) }), { minLength: 1, maxLength: 5 })

describe('the ledger', () => {
  test('keeps refunded ≤ captured ≤ authorized and promises nothing twice, whatever happens in whatever order', () => {
    fc.assert(fc.property(tenders, steps, (given, sequence) => {
      const model = new Model(given.map(({ amount, gateway }, index) => tender(index, amount, gateway)))
      for (const step of sequence) {
        if ('kind' in step) {
          const accepted = model.move(step.kind, step.requests)
          accepted.forEach((amount, index) => { expect(amount >= 0n && amount <= step.requests[index]!.amount).toBe(true) })
        } else model.settle(step.index, step.to)
        for (const payment of model.payments) {
          expect(payment.captured + payment.capturing + payment.voided + payment.voiding <= payment.authorized).toBe(true)
          expect(payment.refunded + payment.refunding <= payment.captured).toBe(true)
          expect(capturable(payment, AT) >= 0n && refundable(payment) >= 0n && voidable(payment) >= 0n).toBe(true)
          const sum = model.entries.filter(({ payment: id }) => id === payment.id).reduce((total, entry) => add(total, contribution(entry.kind, entry.amount, entry.status)), NO_BALANCES)
          expect(payment).toMatchObject(sum)
        }
      }
    }), { numRuns: 1_000 })
  })

  test('takes as much of a request as there is room for', () => {
    fc.assert(fc.property(tenders, orders, amounts, (given, order_id, amount) => {
      const model = new Model(given.map((one, index) => tender(index, one.amount, null)))
      const room = model.payments.filter((payment) => payment.order_id === order_id).reduce((sum, payment) => sum + voidable(payment), 0n)
      const [captured] = model.move('capture', [{ order_id, amount }])
      expect(captured).toBe(amount < room ? amount : room)
      const [refunded] = model.move('refund', [{ order_id, amount: amount * 2n }])
      expect(refunded).toBe(captured)
    }))
  })

  test('pays back the oldest tender first, and later requests see what earlier ones took', () => {
    const paid = (id: number, captured: bigint): Payment => ({ ...tender(id * 2, captured, null), authorized: captured, captured })
    const { moves, accepted } = planMoves('refund', [paid(2, 500n), paid(1, 300n)], [{ order_id: 'order-0', amount: 400n, at: AT }, { order_id: 'order-0', amount: 600n, at: AT }])
    expect(moves.map(({ request, payment, amount }) => [request, payment.id, amount])).toEqual([[0, 'payment-2', 300n], [0, 'payment-4', 100n], [1, 'payment-4', 400n]])
    expect(accepted).toEqual([400n, 400n])
  })

  test('captures nothing of an authorization that has run out, yet gives it up', () => {
    const payment = { ...tender(0, 500n, 'test'), authorized: 500n, authorization_expires_at: AT }
    expect(planMoves('capture', [payment], [{ order_id: 'order-0', at: AT }]).accepted).toEqual([0n])
    expect(planMoves('void', [payment], [{ order_id: 'order-0', at: AT }]).accepted).toEqual([500n])
  })
})

describe('the status of a payment', () => {
  const base = tender(0, 100n, 'test')
  test.each([
    ['pending', {}],
    ['pending', { authorizing: 100n }],
    ['failed', { failed_entries: 1 }],
    ['pending', { failed_entries: 1, authorizing: 100n }],
    ['authorized', { authorized: 100n }],
    ['voided', { authorized: 100n, voided: 100n }],
    ['expired', { authorized: 100n, voided: 100n, expired: true }],
    ['partially_captured', { authorized: 100n, captured: 40n }],
    ['captured', { authorized: 100n, captured: 40n, voided: 60n }],
    ['partially_refunded', { authorized: 100n, captured: 100n, refunded: 1n }],
    ['refunded', { authorized: 100n, captured: 100n, refunded: 100n }],
    ['captured', { authorized: 100n, captured: 100n, failed_entries: 1 }],
  ] as const)('%s (%#) follows from the balances', (status, change) => { expect(paymentStatus({ ...base, ...change })).toBe(status) })

  test('actions say why they are refused', () => {
    expect(allowedActions({ ...base, authorized: 100n, captured: 100n })).toEqual([
      { action: 'capture', allowed: false, reason: expect.any(String) as string }, { action: 'void', allowed: false, reason: expect.any(String) as string }, { action: 'refund', allowed: true },
    ])
  })

  test('a tender stands for what is paid, held, asked for or due on delivery', () => {
    expect(promised({ ...base, authorizing: 100n })).toBe(100n)
    expect(promised({ ...base, failed_entries: 1 })).toBe(0n)
    expect(promised({ ...base, authorized: 100n, captured: 100n, refunded: 30n })).toBe(70n)
    expect(promised({ ...base, tender: 'cash', gateway: null })).toBe(100n)
    expect(promised({ ...base, tender: 'cash', gateway: null, abandoned: true })).toBe(0n)
  })
})
