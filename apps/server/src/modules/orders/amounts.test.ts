import fc from 'fast-check'
import { expect, test } from 'vitest'
import { lineTotal, unitsShare, unwoundAmount } from './amounts.ts'

const amount = fc.bigInt({ min: 0n, max: 10_000_000n })
const quantity = fc.integer({ min: 1, max: 500 })

test('shares of units add up to the total, however the units are grouped', () => {
  fc.assert(fc.property(amount, quantity, fc.array(fc.integer({ min: 1, max: 50 })), (total, units, steps) => {
    let from = 0
    let sum = 0n
    for (const step of [...steps, units]) {
      const count = Math.min(step, units - from)
      sum += unitsShare(total, units, from, count)
      from += count
    }
    expect(sum).toBe(total)
  }))
})

test('no unit carries more than one minor unit above another', () => {
  fc.assert(fc.property(amount, quantity, fc.nat(499), (total, units, at) => {
    const unit = unitsShare(total, units, at % units, 1)
    expect(unit === total / BigInt(units) || unit === total / BigInt(units) + 1n).toBe(true)
  }))
})

test('a line unwound unit by unit gives back exactly what it cost, tax in the price or on top', () => {
  fc.assert(fc.property(quantity, amount, fc.nat(100), amount, fc.boolean(), (units, unit_price, percent, tax, included) => {
    const line = { quantity: units, unit_price, discount: (unit_price * BigInt(units) * BigInt(percent)) / 100n, tax }
    let sum = 0n
    for (let unit = 0; unit < units; unit++) sum += unwoundAmount(line, included, unit, 1)
    expect(sum).toBe(lineTotal(line, included))
  }), { numRuns: 50 })
})
