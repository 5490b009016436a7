import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { unreachableStates } from '../../kernel/machine.ts'
import { allowedActions, cancelableUnits, decideCancel, noUnits, orderMachine, returnStatus, UNIT_STATES, type UnitCounters } from './order.ts'

const counters: fc.Arbitrary<UnitCounters & { id: string }> = fc.record({
  id: fc.uuid(), ...Object.fromEntries(UNIT_STATES.map((state) => [state, fc.nat(20)])),
}) as unknown as fc.Arbitrary<UnitCounters & { id: string }>
const lines = fc.uniqueArray(counters, { selector: ({ id }) => id, minLength: 1, maxLength: 5 })

test('every state of the order can be reached', () => {
  expect(unreachableStates(orderMachine)).toEqual([])
})

describe('cancellation', () => {
  test('takes what was asked for and never a unit that has left', () => {
    fc.assert(fc.property(lines, fc.array(fc.nat(60), { minLength: 5, maxLength: 5 }), (all, wanted) => {
      const requests = all.map(({ id }, index) => ({ line_id: id, quantity: wanted[index]! })).filter(({ quantity }) => quantity > 0)
      const decision = decideCancel(all, requests)
      const tooMany = all.some((line, index) => wanted[index]! > cancelableUnits(line))
      expect(decision.ok).toBe(!tooMany)
      if (!decision.ok) return
      for (const { line_id, take, quantity } of decision.takes) {
        const line = all.find(({ id }) => id === line_id)!
        expect(Object.values(take).reduce((a, b) => a + b, 0)).toBe(quantity)
        for (const [state, units] of Object.entries(take)) expect(units).toBeLessThanOrEqual(line[state as keyof UnitCounters])
        expect(Object.keys(take)).not.toContain('shipped')
      }
    }))
  })

  test('takes units with the least work done first', () => {
    const line = { ...noUnits(), id: 'a', open: 1, allocated: 2, picked: 3 }
    expect(decideCancel([line], [{ line_id: 'a', quantity: 4 }])).toEqual({ ok: true, takes: [{ line_id: 'a', take: { open: 1, allocated: 2, picked: 1 }, quantity: 4 }] })
  })
})

test('an action that is not allowed says why', () => {
  const actions = allowedActions({ status: 'completed', open_holds: 0 }, [{ ...noUnits(), delivered: 3 }])
  expect(actions.filter(({ allowed, reason }) => !allowed && (reason ?? '') === '')).toEqual([])
  expect(actions.find(({ action }) => action === 'return')).toEqual({ action: 'return', allowed: true })
  expect(actions.find(({ action }) => action === 'cancel')?.allowed).toBe(false)
})

test('the return status follows the units', () => {
  expect(returnStatus({ returned: 0, delivered: 2, shipped: 0 })).toBe('none')
  expect(returnStatus({ returned: 1, delivered: 1, shipped: 0 })).toBe('partially_returned')
  expect(returnStatus({ returned: 2, delivered: 0, shipped: 0 })).toBe('returned')
})
