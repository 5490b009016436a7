import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { unreachableStates } from '../../kernel/machine.ts'
import { decideInspection, decideReceipt, takeUnits } from './receipt.ts'
import { decideRefund, lineTotal, receivedShare, sumRefunds } from './refund.ts'
import { allowedActions, decideReturn, dueAmount, nextStatus, RECEIVABLE, returnMachine, ungradedUnits, type ReturnStatus, type ReturnUnits } from './return.ts'

const NOW = new Date('2026-03-03T09:00:00Z')
const line = (id: string, sku: string, delivered: number, announced = 0) => ({ id, sku, shipped: 0, delivered, announced })
const ask = (what: { line_id?: string; sku?: string }, quantity: number, index = 0) => ({ index, line_id: what.line_id, sku: what.sku, quantity, reason: 'unwanted' as const })
const days = (count: number): Date => new Date(NOW.getTime() - count * 86_400_000)

describe('decideReturn', () => {
  const window = { days: 30, now: NOW, arrived_at: new Map([['a', days(30)], ['b', days(31)]]) }

  test('approves inside the window to the last instant, and leaves the rest to somebody', () => {
    expect(decideReturn([line('a', 'TEA', 2)], [ask({ line_id: 'a' }, 1)], window)).toMatchObject({ ok: true, status: 'approved' })
    expect(decideReturn([line('a', 'TEA', 2), line('b', 'CUP', 2)], [ask({ line_id: 'a' }, 1), ask({ sku: 'CUP' }, 1, 1)], window)).toMatchObject({ ok: true, status: 'requested', late_line_ids: ['b'] })
  })

  test('adds up what names the same units, and takes a SKU from all its lines', () => {
    const lines = [line('a', 'TEA', 2), line('b', 'TEA', 2, 1)]
    expect(decideReturn(lines, [ask({ sku: 'TEA' }, 2), ask({ line_id: 'a' }, 1, 1)], window)).toMatchObject({ ok: true, lines: [{ line_id: 'a', quantity: 2 }, { line_id: 'b', quantity: 1 }] })
    expect(decideReturn(lines, [ask({ sku: 'TEA' }, 3), ask({ line_id: 'a' }, 1, 1)], window)).toMatchObject({ ok: false, kind: 'short' })
    expect(decideReturn(lines, [ask({ sku: 'NONE' }, 1)], window)).toMatchObject({ ok: false, kind: 'unknown', asks: [{ index: 0 }] })
  })

  test('never lets more units back than left and are not announced', () => {
    const lineArb = fc.record({ id: fc.constantFrom('a', 'b', 'c'), sku: fc.constantFrom('X', 'Y'), shipped: fc.nat(3), delivered: fc.nat(3), announced: fc.nat(3) })
    const askArb = fc.record({ line_id: fc.option(fc.constantFrom('a', 'b', 'c'), { nil: undefined }), sku: fc.constantFrom('X', 'Y'), quantity: fc.integer({ min: 1, max: 4 }) })
    fc.assert(fc.property(fc.uniqueArray(lineArb, { selector: ({ id }) => id, minLength: 1 }), fc.array(askArb, { minLength: 1, maxLength: 4 }), (lines, asks) => {
      const decision = decideReturn(lines, asks.map(({ line_id, sku, quantity }, index) => ask(line_id === undefined ? { sku } : { line_id }, quantity, index)), window)
      if (!decision.ok) return
      expect(decision.lines.reduce((sum, { quantity }) => sum + quantity, 0)).toBe(asks.reduce((sum, { quantity }) => sum + quantity, 0))
      for (const { line_id, quantity } of decision.lines) {
        const found = lines.find(({ id }) => id === line_id)!
        expect(quantity).toBeLessThanOrEqual(found.shipped + found.delivered - found.announced)
      }
    }))
  })
})

describe('the state machine', () => {
  test('reaches every state', () => {
    expect(unreachableStates(returnMachine)).toEqual([])
  })

  test('holds for whatever follows from units and money', () => {
    const unitsArb = fc.record({
      kind: fc.constantFrom('goods' as const, 'service' as const), quantity: fc.integer({ min: 1, max: 3 }), received: fc.nat(3), restocked: fc.nat(3),
      refundable: fc.bigInt(0n, 300n), refunded: fc.bigInt(0n, 300n), withheld: fc.constant(0n), damaged: fc.constant(0), quality_control: fc.constant(0), scrapped: fc.constant(0),
    }).filter((units) => units.received <= units.quantity && units.restocked <= units.received && units.refunded <= units.refundable)
    fc.assert(fc.property(fc.constantFrom(...returnMachine.states), fc.array(unitsArb, { minLength: 1, maxLength: 3 }), fc.boolean(), (status, lines, settled) => {
      const next = nextStatus(status, lines, settled)
      if (RECEIVABLE.includes(status)) expect(reachable(status)).toContain(next)
      if (next === 'closed' && status !== 'closed') {
        expect(lines.every((units) => units.received === units.quantity && ungradedUnits(units) === 0 && dueAmount(units) === 0n) && settled).toBe(true)
      }
      for (const { action, allowed, reason } of allowedActions(status, lines, false)) expect([action, allowed || (reason ?? '').length > 0]).toEqual([action, true])
    }))
  })
})

function reachable(from: ReturnStatus): Set<ReturnStatus> {
  const reached = new Set([from])
  for (const _ of returnMachine.states) for (const { from: sources, to } of Object.values(returnMachine.actions)) if (sources.some((state) => reached.has(state))) reached.add(to)
  return reached
}

const empty: ReturnUnits = { kind: 'goods', quantity: 3, received: 0, restocked: 0, damaged: 0, quality_control: 0, scrapped: 0, refundable: 0n, refunded: 0n, withheld: 0n }

describe('receipt and inspection', () => {
  const counted = [{ ...empty, id: '1', order_line_id: 'a', received: 1 }, { ...empty, id: '2', order_line_id: 'b', kind: 'service' as const, quantity: 1 }]

  test('take what is missing and no more', () => {
    expect(decideReceipt(counted, undefined, 'restock')).toEqual({ ok: true, received: [{ line_id: 'a', quantity: 2, graded: [{ disposition: 'restock', quantity: 2 }] }, { line_id: 'b', quantity: 1, graded: [] }] })
    const twice = [{ line_id: 'a', quantity: 1, disposition: undefined }, { line_id: 'a', quantity: 2, disposition: undefined }]
    expect(decideReceipt(counted, twice, undefined)).toEqual({ ok: false, kind: 'too_many', lines: [{ line_id: 'a', asked: 3, possible: 2 }] })
    expect(decideInspection(counted, [{ line_id: 'a', quantity: 2, disposition: 'scrap' }])).toMatchObject({ ok: false, kind: 'too_many' })
    expect(decideInspection(counted, [{ line_id: 'z', quantity: 2, disposition: 'scrap' }])).toMatchObject({ ok: false, kind: 'unknown' })
  })

  test('take delivered units before those under way', () => {
    expect(takeUnits({ shipped: 2, delivered: 1 }, 2)).toEqual([{ from: 'delivered', quantity: 1 }, { from: 'shipped', quantity: 1 }])
    expect(takeUnits({ shipped: 1, delivered: 1 }, 3)).toBeUndefined()
  })
})

describe('the refund calculator', () => {
  const owedArb = fc.record({ id: fc.uuid(), refundable: fc.bigInt(0n, 10_000n), refunded: fc.bigInt(0n, 10_000n), withheld: fc.bigInt(0n, 10_000n) }).filter((owed) => dueAmount(owed) >= 0n)

  test('pays no line more than it is owed and the shop no more than it holds', () => {
    fc.assert(fc.property(fc.array(owedArb, { maxLength: 5 }), fc.option(fc.bigInt(0n, 20_000n), { nil: undefined }), fc.bigInt(0n, 1_000n), fc.bigInt(0n, 20_000n), (lines, amount, shipping_left, held) => {
      const decision = decideRefund({ lines, amount, shipping_left, held })
      const due = lines.reduce((sum, owed) => sum + dueAmount(owed), 0n)
      if (!decision.ok) {
        expect(amount! > due || amount! > held).toBe(true)
        return
      }
      expect(decision.total).toBe(decision.goods + decision.shipping)
      expect(decision.total <= held && decision.shipping <= shipping_left).toBe(true)
      expect(decision.parts.reduce((sum, { refunded }) => sum + refunded, 0n)).toBe(decision.goods)
      for (const { id, refunded, withheld } of decision.parts) expect(refunded >= 0n && withheld >= 0n && refunded + withheld <= dueAmount(lines.find((owed) => owed.id === id)!)).toBe(true)
      // Somebody's own amount settles the lines; otherwise what is not paid stays due.
      expect(decision.parts.reduce((sum, { withheld }) => sum + withheld, 0n)).toBe(amount === undefined ? 0n : due - amount)
    }))
  })

  test('unwinds a line to exactly zero, however it comes back and is canceled between', () => {
    const stepArb = fc.array(fc.tuple(fc.constantFrom('return', 'cancel'), fc.integer({ min: 1, max: 3 })), { maxLength: 20 })
    fc.assert(fc.property(fc.integer({ min: 1, max: 12 }), fc.bigInt(0n, 999n), fc.bigInt(0n, 999n), fc.bigInt(0n, 999n), fc.boolean(), stepArb, (quantity, unit_price, discount, tax, inclusive, steps) => {
      const bought = { quantity, unit_price, discount: discount < unit_price * BigInt(quantity) ? discount : 0n, tax, canceled: 0, returned: 0 }
      const total = lineTotal(bought, inclusive)
      let granted = 0n
      let canceled = 0n
      const run = (kind: string, wanted: number): void => {
        const count = Math.min(wanted, quantity - bought.canceled - bought.returned)
        const share = receivedShare(bought, inclusive, count, kind === 'return' ? granted : 0n)
        if (kind === 'return') { granted += share; bought.returned += count } else { canceled += share; bought.canceled += count }
        expect(granted + canceled <= total).toBe(true)
      }
      for (const [kind, count] of steps) run(kind, count)
      run('return', quantity)
      expect(granted + canceled).toBe(total)
    }))
  })

  test('a refused refund counts for nothing until it is tried again', () => {
    const entry = { id: 'e1', amount: 500n, status: 'failed' as const, retry_of: null }
    expect(sumRefunds([entry])).toEqual({ paid: 0n, pending: 0n, failed: 500n })
    expect(sumRefunds([entry, { id: 'e2', amount: 500n, status: 'succeeded', retry_of: 'e1' }])).toEqual({ paid: 500n, pending: 0n, failed: 0n })
  })
})
