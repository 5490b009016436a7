import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { NO_BALANCES, paymentStatus, type Payment } from './ledger.ts'
import { paymentSummary } from './summary.ts'

/** Payments as the database allows them. */
const payments = fc.array(fc.tuple(fc.nat(100), fc.nat(100), fc.nat(100), fc.nat(100), fc.boolean(), fc.boolean()).map(([authorized, captured, refunded, voided, expired, failed]): Payment => {
  const c = captured % (authorized + 1)
  const balances = {
    ...NO_BALANCES, authorized: BigInt(authorized), captured: BigInt(c), refunded: BigInt(refunded % (c + 1)), voided: BigInt(voided % (authorized - c + 1)),
    authorizing: authorized === 0 && !failed ? 10n : 0n, failed_entries: failed ? 1 : 0,
  }
  return {
    ...balances, id: 'p', order_id: 'o', tender: 'card', gateway: 'test', currency: 'GBP', amount: 100n, expired, abandoned: false, reference: null, authorization_expires_at: null,
    created_at: new Date(0), status: paymentStatus({ ...balances, expired }), settlement: failed ? 'failed' : 'settled',
  }
}), { maxLength: 4 })
const worths = fc.nat(300).map(BigInt)

test('what is due and what is owed are the two sides of worth against payments', () => {
  fc.assert(fc.property(payments, worths, (given, worth) => {
    const summary = paymentSummary(given, worth)
    expect(summary.balance_due - summary.credit_owed).toBe(worth - (summary.captured - summary.refunded))
    expect(summary.balance_due === 0n || summary.credit_owed === 0n).toBe(true)
    expect(summary.secured >= summary.captured - summary.refunded).toBe(true)
  }))
})

test('the status agrees with the sums', () => {
  fc.assert(fc.property(payments, worths, (given, worth) => {
    const { payment_status, captured, refunded, authorized, voided } = paymentSummary(given, worth)
    expect(['captured', 'partially_captured', 'partially_refunded', 'refunded'].includes(payment_status)).toBe(captured > 0n)
    if (payment_status === 'captured') expect(captured >= worth && refunded === 0n).toBe(true)
    if (payment_status === 'authorized') expect(authorized - voided >= worth).toBe(true)
    if (given.length === 0) expect(payment_status).toBe(worth === 0n ? 'not_required' : 'unpaid')
  }))
})
