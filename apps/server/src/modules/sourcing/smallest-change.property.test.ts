import fc from 'fast-check'
import { expect, test } from 'vitest'
import { candidateOf, demandOf, levelsOf, lineOf, strategyOf } from './fixtures.ts'
import { planOrder, type Plan } from './plan.ts'
import { findSmallestChanges, type SmallestChange } from './smallest-change.ts'
import { createStockView } from './stock-view.ts'

const CODES = ['A', 'B', 'C', 'D']
const VARIANTS = ['mug', 'tea']

const questions = fc.record({
  stock: fc.array(fc.nat(5), { minLength: 8, maxLength: 8 }),
  wanted: fc.array(fc.record({ variant: fc.constantFrom(...VARIANTS), quantity: fc.integer({ min: 1, max: 4 }) }), { minLength: 1, maxLength: 3 }),
  capacity: fc.array(fc.constantFrom(null, 0, 1), { minLength: 4, maxLength: 4 }),
  priorities: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 4, maxLength: 4 }),
  max_locations: fc.constantFrom(null, 1, 2), whole: fc.boolean(), on_shortage: fc.constantFrom('refuse' as const, 'backorder' as const),
})

const choiceOf = ({ allocations, decision }: Plan): string => `${decision.outcome} ${allocations.map(({ line_id, location_id, quantity }) => `${line_id} ${location_id} ${quantity}`).toSorted().join()}`
const count = ({ allocations }: Plan): number => new Set(allocations.map(({ location_id }) => location_id)).size

test('a change that is told, made in the levels themselves, really leads to what is told', () => {
  let told = 0
  fc.assert(fc.property(questions, ({ stock, wanted, capacity, priorities, max_locations, whole, on_shortage }) => {
    const demand = demandOf(wanted.map(({ variant, quantity }, i) => lineOf(`l${i}`, variant, quantity)), { on_shortage })
    const strategy = strategyOf({ split: { max_locations, keep_lines_whole: whole } })
    const units = new Map(CODES.flatMap((code, i) => VARIANTS.map((variant, v) => [`${code} ${variant}`, stock[2 * i + v]!])))
    // From scratch: nothing that the search made is used.
    const planWith = (change: SmallestChange | null): Plan => {
      const had = (code: string, variant: string): number => units.get(`${code} ${variant}`)! + (change?.location === code ? change.units.find(({ variant_id }) => variant_id === variant)?.quantity ?? 0 : 0)
      const candidates = CODES.map((code, i) => candidateOf(code, { priority: priorities[i]!, capacity_left: change?.location === code && change.units.length === 0 ? 1 : capacity[i]! }))
      return planOrder(demand, candidates, createStockView(levelsOf(Object.fromEntries(CODES.map((code) => [code, Object.fromEntries(VARIANTS.map((variant) => [variant, had(code, variant)]))])))), strategy)
    }
    const question = { demand, strategy, candidates: CODES.map((code, i) => candidateOf(code, { priority: priorities[i]!, capacity_left: capacity[i]! })), stock: createStockView(levelsOf(Object.fromEntries(CODES.map((code) => [code, Object.fromEntries(VARIANTS.map((variant) => [variant, units.get(`${code} ${variant}`)!]))])))) }
    const before = planWith(null)
    const { improvement, alteration } = findSmallestChanges(question)
    if (improvement !== null) {
      const after = planWith(improvement)
      expect(after.shortage).toBeNull()
      if (improvement.effect === 'avoids_split') expect(count(after)).toBeLessThan(count(before))
      else expect(before.shortage).not.toBeNull()
    }
    if (alteration !== null) {
      told++
      expect(choiceOf(planWith(alteration))).not.toBe(choiceOf(before))
      // A unit less of it at the same place changes nothing.
      for (const [at, part] of alteration.units.entries()) {
        const smaller = { ...alteration, units: alteration.units.flatMap((other, i) => (i !== at ? [other] : Math.abs(part.quantity) === 1 ? [] : [{ ...part, quantity: part.quantity - Math.sign(part.quantity) }])) }
        if (smaller.units.length > 0) expect(choiceOf(planWith(smaller))).toBe(choiceOf(before))
      }
    }
  }), { numRuns: 400 })
  expect(told).toBeGreaterThan(200)
})
