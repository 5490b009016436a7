import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openReceiptPlan, planReceipts, type Receipt, type ReceiptEvent, type ReceiptPlan } from './receipts.ts'

const LOCATIONS = [{ code: 'main', weight: 5 }, { code: 'north', weight: 3 }, { code: 'south', weight: 2 }]
const at = (day: number): Date => new Date(Date.UTC(2010, 11, 1 + day, 9))
const order = (day: number, sku: string, quantity: number): ReceiptEvent => ({ kind: 'order', at: at(day), lines: [{ sku, quantity }] })
const total = (receipts: readonly Receipt[]): number => receipts.reduce((sum, { quantity }) => sum + quantity, 0)

const event = fc.oneof(
  fc.record({ kind: fc.constant('order' as const), day: fc.nat(200), sku: fc.constantFrom('A1', 'B2', 'C3', 'D4'), quantity: fc.integer({ min: 1, max: 5000 }) }),
  fc.record({ kind: fc.constant('return' as const), day: fc.nat(200), sku: fc.constantFrom('A1', 'B2', 'Z9'), quantity: fc.constant(0) }),
)
const events = fc.array(event, { maxLength: 40 }).map((rows): ReceiptEvent[] => rows.toSorted((a, b) => a.day - b.day).map(({ kind, day, sku, quantity }) => (kind === 'order' ? order(day, sku, quantity) : { kind, at: at(day), skus: [sku] })))

function run(plan: ReceiptPlan, of: readonly ReceiptEvent[]): Receipt[] {
  return of.flatMap((one) => planReceipts(plan, one).receipts)
}

describe('any history', () => {
  test('every order is filled in the end, and no receipt comes after what made the plan look', () => {
    fc.assert(fc.property(events, (history) => {
      const plan = openReceiptPlan(LOCATIONS)
      const receipts: Receipt[] = []
      for (const one of history) {
        const { receipts: due } = planReceipts(plan, one)
        for (const { received_at } of due) expect(one.kind === 'end' || received_at <= one.at).toBe(true)
        if (one.kind === 'return') for (const sku of one.skus) expect(plan.skus[sku]?.position ?? 0).toBeGreaterThanOrEqual(0)
        receipts.push(...due)
      }
      receipts.push(...planReceipts(plan, { kind: 'end' }).receipts)
      expect(receipts.every(({ quantity }) => quantity > 0)).toBe(true)
      expect(new Set(receipts.map(({ key }) => key)).size).toBe(receipts.length)
      for (const sku of Object.keys(plan.skus)) {
        const sold = history.flatMap((one) => (one.kind === 'order' ? one.lines : [])).filter((line) => line.sku === sku).reduce((sum, { quantity }) => sum + quantity, 0)
        expect(plan.skus[sku]!.position).toBe(total(receipts.filter((receipt) => receipt.sku === sku)) - sold)
        expect(plan.skus[sku]!.position).toBeGreaterThanOrEqual(0)
      }
    }))
  })

  test('may be stopped anywhere: the plan is plain JSON', () => {
    fc.assert(fc.property(events, fc.nat(40), (history, stop) => {
      const whole = run(openReceiptPlan(LOCATIONS), [...history, { kind: 'end' }])
      const first = openReceiptPlan(LOCATIONS)
      const before = run(first, history.slice(0, stop))
      const second = JSON.parse(JSON.stringify(first)) as ReceiptPlan
      expect([...before, ...run(second, [...history.slice(stop), { kind: 'end' }])]).toEqual(whole)
    }))
  })
})

test('opens a SKU with its first order and replenishes it on Mondays', () => {
  const plan = openReceiptPlan(LOCATIONS)
  const first = planReceipts(plan, order(0, 'A1', 6))
  expect(first.short_lines).toBe(0)
  expect(new Set(first.receipts.map(({ reason }) => reason))).toEqual(new Set(['opening']))
  expect(total(first.receipts)).toBeGreaterThanOrEqual(24)
  expect(planReceipts(plan, order(1, 'A1', 6)).receipts).toEqual([])
  // December 6, 2010 is a Monday; what was sold out on the Thursday before comes in then.
  expect(planReceipts(plan, order(1, 'A1', 10_000)).short_lines).toBe(1)
  const monday = planReceipts(plan, order(5, 'A1', 1)).receipts
  expect(monday[0]).toMatchObject({ reason: 'backorder', received_at: new Date('2010-12-06T00:00:00Z'), quantity: 10_012 - total(first.receipts) })
})

test('what comes back has gone out before', () => {
  const plan = openReceiptPlan(LOCATIONS)
  const opened = total(planReceipts(plan, order(0, 'A1', 74_215)).receipts)
  expect(planReceipts(plan, { kind: 'return', at: at(0), skus: ['A1'] }).receipts).toMatchObject([{ reason: 'return', quantity: 74_215 - opened }])
})

test('stock lies at every location, some SKUs at one and some at several', () => {
  const plan = openReceiptPlan(LOCATIONS)
  const places = Array.from({ length: 300 }, (_, index) => planReceipts(plan, order(0, `SKU${index}`, 12)).receipts.map(({ location_code }) => location_code))
  for (const { code } of LOCATIONS) expect(places.filter((codes) => codes.includes(code)).length).toBeGreaterThan(60)
  for (const count of [1, 2, 3]) expect(places.filter((codes) => codes.length === count).length).toBeGreaterThan(30)
})

test('one mistyped year does not end replenishment', () => {
  const plan = openReceiptPlan(LOCATIONS)
  run(plan, [order(0, 'A1', 6), order(40_000, 'B2', 1), order(1, 'A1', 10_000)])
  expect(planReceipts(plan, order(7, 'A1', 1)).receipts.map(({ reason }) => reason)).toContain('backorder')
})
