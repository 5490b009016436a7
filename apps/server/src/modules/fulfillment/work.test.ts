import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { unreachableStates } from '../../kernel/machine.ts'
import { Refusal } from '../../kernel/problem.ts'
import { fulfillmentOrderMachine } from './fulfillment-order.ts'
import { decideWithdraw } from './withdraw.ts'
import {
  applyChange, decideHandOver, decideNoShow, decidePick, decideReady, decideReject, decideShip, decideUnpack, packChange, refusalOf, remainingUnits, unpickedUnits, type Change, type WorkOrder,
} from './work.ts'

const AT = new Date('2026-03-03T09:00:00Z')

function workOrder(quantities: readonly number[], kind: WorkOrder['kind'] = 'ship'): WorkOrder {
  return {
    id: 'f', number: 'FO-1', order_id: 'o', channel_id: 'c', location_id: 'l', kind, status: 'open', on_hold: false, assigned_to: null, due_at: null, pickup_code: null, ready_until: null,
    created_at: AT, accepted_at: null, packed_at: null, closed_at: null, version: 1,
    lines: quantities.map((quantity, index) => ({ order_line_id: `l${index}`, variant_id: `v${index}`, sku: `S${index}`, description: '', weight_grams: 100, quantity, picked: 0, packed: 0, shipped: 0, rejected: 0, canceled: 0 })),
  }
}

/** The order line's counters, as moves and withdrawals change them. */
type Units = Record<string, Record<string, number>>

const unitsOf = (work: WorkOrder): Units => Object.fromEntries(work.lines.map(({ order_line_id, quantity }) => [order_line_id, { released: quantity }]))

function moveAll(units: Units, change: Change): void {
  for (const { order_line_id, from, to, quantity } of change.moves ?? []) {
    const line = units[order_line_id]!
    line[from] = (line[from] ?? 0) - quantity
    line[to] = (line[to] ?? 0) + quantity
  }
}

type Step = { verb: 'pick' | 'short' | 'reject' | 'pack' | 'unpack' | 'ship' | 'ready' | 'hand_over' | 'no_show' | 'cancel'; line: number; quantity: number }

function decide(work: WorkOrder, step: Step): Change | Refusal {
  const unit = { order_line_id: work.lines[step.line % work.lines.length]!.order_line_id, quantity: step.quantity }
  switch (step.verb) {
    case 'pick': return decidePick(work, { lines: [unit] }, AT)
    case 'short': return decidePick(work, { short: [{ ...unit, reason: 'not_found', note: '' }] }, AT)
    case 'reject': return decideReject(work, { lines: [unit], reason: 'other', note: '' }, AT)
    case 'pack': return refusalOf(work, 'pack') ?? packChange(work, AT)
    case 'unpack': return decideUnpack(work)
    case 'ship': return decideShip(work, AT)
    case 'ready': return decideReady(work, AT, '123456')
    case 'hand_over': return decideHandOver(work, '123456', AT)
    case 'no_show': return decideNoShow(work, AT)
    case 'cancel': return cancel(work, step)
    default: throw new Error(String(step.verb satisfies never))
  }
}

/** Cancels up to so many units of a line in the state where most of them are, as the order's command would. */
function cancel(work: WorkOrder, { line: index, quantity }: Step): Change | Refusal {
  const line = work.lines[index % work.lines.length]!
  const counts = { released: unpickedUnits(line), picked: line.picked - line.packed, packed: line.packed - line.shipped }
  const [state, room] = (Object.entries(counts) as ['released' | 'picked' | 'packed', number][]).toSorted(([, a], [, b]) => b - a)[0]!
  const take = Math.min(quantity, room)
  if (take === 0 || ['shipped', 'picked_up', 'rejected', 'canceled'].includes(work.status)) return new Refusal('none', { detail: '' })
  const [withdrawal] = decideWithdraw([work], [{ line_id: line.order_line_id, take: { [state]: take }, quantity: take }], AT)
  const { change } = withdrawal!
  return { ...change, moves: [...(change.moves ?? []), { order_line_id: line.order_line_id, from: state, to: 'canceled', quantity: take }] }
}

const steps = fc.array(fc.record({
  verb: fc.constantFrom<Step['verb']>('pick', 'pick', 'pick', 'pack', 'pack', 'short', 'reject', 'unpack', 'ship', 'ready', 'hand_over', 'no_show', 'cancel'), line: fc.nat(2), quantity: fc.integer({ min: 1, max: 4 }),
}), { maxLength: 25 })

describe('a fulfillment order', () => {
  test('reaches every state', () => { expect(unreachableStates(fulfillmentOrderMachine)).toEqual([]) })

  test('agrees with the units of its order after any sequence of actions, and is closed exactly when nothing is left', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }), fc.constantFrom('ship' as const, 'pickup' as const), steps, (quantities, kind, sequence) => {
      let work = workOrder(quantities, kind)
      const units = unitsOf(work)
      for (const step of sequence) {
        const change = decide(work, step)
        if (change instanceof Refusal) continue
        work = applyChange(work, change)
        moveAll(units, change)
        for (const line of work.lines) {
          const { released = 0, picked = 0, packed = 0, shipped = 0, delivered = 0, canceled = 0, open = 0 } = units[line.order_line_id]!
          expect([released, picked, packed, shipped + delivered, canceled, open]).toEqual([unpickedUnits(line), line.picked - line.packed, line.packed - line.shipped, line.shipped, line.canceled, line.rejected])
        }
        const left = work.lines.reduce((sum, line) => sum + remainingUnits(line), 0)
        expect(['shipped', 'picked_up', 'rejected', 'canceled'].includes(work.status), `${work.status} with ${left} left`).toBe(left === 0)
      }
    }))
  })

  test('gives back unpicked units before picked ones', () => {
    const picked = decidePick(workOrder([3]), { lines: [{ order_line_id: 'l0', quantity: 2 }] }, AT)
    if (picked instanceof Refusal) throw picked
    const change = decideReject(applyChange(workOrder([3]), picked), { lines: [{ order_line_id: 'l0', quantity: 2 }], reason: 'damaged', note: '' }, AT)
    expect(change).toMatchObject({ status: 'picking', moves: [{ from: 'released', to: 'open', quantity: 1 }, { from: 'picked', to: 'open', quantity: 1 }], given_back: [{ quantity: 2 }] })
  })

  test('names what is wrong with the units asked for', () => {
    const unknown = decidePick(workOrder([1]), { lines: [{ order_line_id: 'x', quantity: 1 }] }, AT)
    expect(unknown).toMatchObject({ code: 'invalid_input', facts: { errors: [{ pointer: '/lines/0/line_id', code: 'unknown_line' }] } })
    const twice = decidePick(workOrder([3]), { lines: [{ order_line_id: 'l0', quantity: 2 }, { order_line_id: 'l0', quantity: 2 }] }, AT)
    expect(twice).toMatchObject({ code: 'too_few_units', facts: { left: 3, asked_for: 4 } })
  })

  test('on hold takes units back and lets none leave', () => {
    const held = { ...workOrder([1]), on_hold: true }
    expect(decidePick(held, {}, AT)).toMatchObject({ code: 'fulfillment_action_not_allowed' })
    expect(decideReject(held, { reason: 'other', note: '' }, AT)).toMatchObject({ status: 'rejected' })
  })
})
