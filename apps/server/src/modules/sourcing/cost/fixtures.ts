import * as fc from 'fast-check'
import type { CostNeed, CostProblem } from './problem.ts'

/** What a random problem may have: how much of everything, and which of the rarer features. */
type Shape = { needs: number; quantity: number; places: number; sets: boolean; serving: boolean }

/** Problems of every kind: tariffs of any shape, stock that lines compete for, sets, locations that serve already, limits. */
export const problemArbitrary = (shape: Shape): fc.Arbitrary<CostProblem> =>
  fc.record({ needs: fc.integer({ min: 1, max: shape.needs }), count: fc.integer({ min: 1, max: shape.places }) }).chain(({ needs, count }) => {
    const table = <T>(value: fc.Arbitrary<T>, length = count): fc.Arbitrary<T[]> => fc.array(value, { minLength: length, maxLength: length })
    const amount = fc.integer({ min: 0, max: 40 })
    const cells = fc.option(table(fc.integer({ min: -10, max: 30 }), needs * count))
    return fc.record({
      needs: table(needArbitrary(shape), needs),
      tariffs: fc.array(table(fc.oneof(amount, amount, amount, fc.constant(Number.POSITIVE_INFINITY)), 4).map((amounts) => ({ max_grams: [2, 4, 7, 40], amounts })), { minLength: 1, maxLength: 3 }),
      tariff: table(fc.nat()), parcel_labor: table(amount), unit_labor: table(fc.integer({ min: 0, max: 5 })), capacity_cost: fc.option(table(amount)),
      stock: table(fc.constantFrom(0, 0, 1, 1, 2, 3, 5), 3 * count), barred: table(fc.constantFrom(0, 1, 1, 1), needs * count),
      scarcity: cells, markdown: cells, stock_out: cells, split_cost: fc.constantFrom(0, 0, 5, 20), max_locations: fc.constantFrom(1, 2, 3, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY),
      min_part_value: fc.constantFrom(0, 0, 0, 5, 9),
      serving: shape.serving ? fc.option(fc.record({ serves: table(fc.constantFrom(0, 0, 1)), weight_grams: table(fc.constantFrom(0, 0, 3)), value: table(fc.constantFrom(0, 6)) })) : fc.constant(null),
    }).map(({ needs: asked, tariffs, tariff, parcel_labor, unit_labor, capacity_cost, stock, barred, scarcity, markdown, stock_out, serving, ...limits }) => ({
      ...limits, needs: asked, tariffs, unit_costs: { scarcity, markdown, stock_out },
      places: { count, tariff: tariff.map((one) => one % tariffs.length), parcel_labor, unit_labor, capacity_cost, serving },
      supply: asked.flatMap(({ variant }, need) => Array.from({ length: count }, (_, place) => stock[variant * count + place]! * barred[need * count + place]!)),
      stock,
    }))
  })

function needArbitrary({ quantity, sets }: Shape): fc.Arbitrary<CostNeed> {
  return fc.record({
    variant: fc.integer({ min: 0, max: 2 }), quantity: fc.integer({ min: 1, max: quantity }), weight_grams: fc.integer({ min: 1, max: 3 }), value: fc.integer({ min: 1, max: 5 }),
    set: sets ? fc.option(fc.constantFrom(0, 0, 1)) : fc.constant(null), unfilled_cost: fc.option(fc.integer({ min: 0, max: 60 })),
  })
}
