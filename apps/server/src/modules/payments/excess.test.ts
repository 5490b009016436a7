import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { needlessAuthorizations, owedInAll, refundForCanceled, type OrderWorth, type RefundSums } from './excess.ts'
import { NO_BALANCES, voidable, type Payment } from './ledger.ts'

const AT = new Date(1_000)

/** Tenders as the database allows them, the first the oldest. */
const tenders = fc.array(fc.tuple(fc.nat(50), fc.nat(50), fc.nat(50), fc.nat(50), fc.boolean()), { maxLength: 4 }).map((given) => given.map(([authorized, captured, capturing, refunded, byGateway], index): Payment => {
  const c = captured % (authorized + 1)
  const under_way = byGateway ? capturing % (authorized - c + 1) : 0
  return {
    ...NO_BALANCES, authorized: BigInt(authorized), captured: BigInt(c), capturing: BigInt(under_way), refunded: BigInt(refunded % (c + 1)), id: `p${index}`, order_id: 'o', tender: byGateway ? 'card' : 'on_account', gateway: byGateway ? 'test' : null,
    currency: 'GBP', amount: 50n, expired: false, abandoned: false, reference: null, authorization_expires_at: null, created_at: new Date(index), status: 'authorized', settlement: 'settled',
  }
}))
const orders = fc.tuple(fc.nat(200), fc.nat(200), fc.nat(200)).map(([total, canceled, returned]): OrderWorth => {
  const canceled_total = BigInt(canceled % (total + 1))
  const returned_total = BigInt(returned % (total + 1)) < BigInt(total) - canceled_total ? BigInt(returned % (total + 1)) : BigInt(total) - canceled_total
  return { id: 'o', status: 'placed', total: BigInt(total), canceled_total, returned_total, worth: BigInt(total) - canceled_total - returned_total }
})
const NONE: RefundSums = { order_id: 'o', goodwill: 0n, for_cancellation: 0n, for_returns: 0n, failed: 0n }
const sum = (payments: readonly Payment[], of: (payment: Payment) => bigint): bigint => payments.reduce((total, payment) => total + of(payment), 0n)

test('what is given up is never needed to collect what is owed, and what a gateway gives up is the rest', () => {
  fc.assert(fc.property(tenders, orders, (payments, order) => {
    const given_up = needlessAuthorizations(order, payments, NONE, AT)
    const kept = sum(payments, voidable) - given_up.reduce((total, { amount }) => total + amount, 0n)
    const taken = sum(payments, ({ captured, capturing, refunded }) => captured + capturing - refunded)
    if (given_up.length > 0) expect(kept + taken >= order.worth).toBe(true)
    for (const { payment, amount } of given_up) {
      expect(amount > 0n && amount <= voidable(payment)).toBe(true)
      if (payment.gateway !== null) expect([amount, payment.capturing]).toEqual([voidable(payment), 0n])
    }
    // Where nobody has to be asked, nothing needless is kept.
    if (payments.every(({ gateway }) => gateway === null) && order.returned_total === 0n) expect(kept === 0n || kept + taken <= order.worth).toBe(true)
  }))
})

test('what is refunded for canceled units is what was taken beyond the rest of the order, once', () => {
  fc.assert(fc.property(tenders, orders, (payments, order) => {
    const captured = sum(payments, (payment) => payment.captured)
    const refund = refundForCanceled(order, payments, NONE)
    expect(refund).toBe(captured > order.total - order.canceled_total ? captured - order.total + order.canceled_total : 0n)
    expect(refundForCanceled(order, payments, { ...NONE, for_cancellation: refund })).toBe(0n)
    expect(refundForCanceled({ ...order, status: 'canceled' }, payments, NONE)).toBe(captured)
  }))
})

test('goodwill lowers what is owed, and never below nothing', () => {
  fc.assert(fc.property(orders, fc.nat(300).map(BigInt), (order, goodwill) => {
    expect(owedInAll(order, { goodwill })).toBe(goodwill < order.worth ? order.worth - goodwill : 0n)
  }))
})
