import { describe, expect, it } from 'vitest'
import { candidateOf, demandOf, levelsOf, lineOf, strategyOf } from './fixtures.ts'
import { type DecisionNames, explainDecision, explainSmallestChange } from './explain.ts'
import { planOrder } from './plan.ts'
import { findSmallestChanges } from './smallest-change.ts'
import { copyStockView, createStockView } from './stock-view.ts'

const CANDIDATES = [
  candidateOf('DERBY', { coordinates: { latitude: 52.92, longitude: -1.47 } }),
  candidateOf('HULL', { active: false }),
  candidateOf('LEEDS', { coordinates: { latitude: 53.8, longitude: -1.55 } }),
  candidateOf('YORK', { active: false }),
]
const NAMES: DecisionNames = {
  locations: new Map([['LEEDS', 'Leeds store'], ['DERBY', 'Derby warehouse'], ['HULL', 'Hull store'], ['YORK', 'York store']]),
  lines: new Map([['l1', 'Blue mug'], ['l2', 'White plate']]),
  rules: new Map([['one', 'Complete or nothing'], ['two', 'Any location'], ['vip', 'Gold customers']]),
}
const STRATEGY = strategyOf(
  { id: 'vip', conditions: [{ type: 'channel', any_of: ['gold'] }] },
  { id: 'one', split: { max_locations: 1, keep_lines_whole: false }, fallback: { action: 'next_rule', keep_partial: false } },
  { id: 'two', rankings: [{ type: 'fewest_splits' }, { type: 'distance' }] },
)

describe('explainDecision', () => {
  const demand = demandOf([lineOf('l1', 'mug', 5), lineOf('l2', 'plate', 1)])

  it('says who supplies, who was ruled out and who was passed over', () => {
    const plan = planOrder(demandOf([lineOf('l1', 'mug', 5)]), CANDIDATES, createStockView(levelsOf({ LEEDS: { mug: 5 }, DERBY: { mug: 7 } })), strategyOf({ id: 'two', rankings: [{ type: 'fewest_splits' }, { type: 'distance' }] }))
    expect(explainDecision(plan.decision, NAMES)).toEqual([
      'Rule "Any location" placed 5 units.',
      'Leeds store supplies 5 × Blue mug; it had 5.',
      'Hull store and York store were ruled out: not active.',
      'Derby warehouse was passed over: it is 98 km away, Leeds store 0 km.',
    ])
  })

  it('says what every rule did and what is missing', () => {
    const plan = planOrder(demand, CANDIDATES, createStockView(levelsOf({ LEEDS: { mug: 2 } })), STRATEGY)
    expect(explainDecision(plan.decision, NAMES)).toEqual([
      'Rule "Gold customers" did not apply: the rule is for other channels.',
      'Rule "Complete or nothing" was put aside: it places all or nothing and found a place for only 2 units.',
      'Rule "Any location" placed 2 units.',
      'Leeds store supplies 2 × Blue mug; it had 2.',
      'Derby warehouse was ruled out: it had 0 of the 6 units.',
      'Hull store and York store were ruled out: not active.',
      '3 × Blue mug could not be placed: no location has more of it.',
      '1 × White plate could not be placed: no location has more of it.',
      'The missing units are backordered.',
    ])
  })

  it('says that a location had 2 of the 5 units where splits are forbidden', () => {
    const stock = createStockView(levelsOf({ LEEDS: { mug: 2 }, DERBY: { mug: 2 } }))
    const plan = planOrder(demandOf([lineOf('l1', 'mug', 5)], { on_shortage: 'refuse' }), CANDIDATES, stock, strategyOf({ split: { max_locations: 1, keep_lines_whole: false } }))
    expect(explainDecision(plan.decision, NAMES)).toContain('Derby warehouse was ruled out: it had 2 of the 5 units, and the order, which could not be filled, was refused.')
    expect(explainDecision(plan.decision, NAMES)).toContain('Leeds store was passed over: it had 2 of the 5 units, but the order may not be split over more locations.')
  })
})

describe('findSmallestChanges', () => {
  const demand = demandOf([lineOf('l1', 'mug', 5), lineOf('l2', 'plate', 1)])
  const variants = new Map([['mug', 'MUG'], ['plate', 'PLATE']])
  const explain = (levels: Parameters<typeof levelsOf>[0], candidates = CANDIDATES, strategy = STRATEGY): (string | null)[] => {
    const stock = createStockView(levelsOf(levels))
    const before = copyStockView(stock)
    const { improvement, alteration } = findSmallestChanges({ demand, candidates, stock, strategy })
    expect(stock).toEqual(before)
    return [improvement, alteration].map((change) => (change === null ? null : explainSmallestChange(change, { ...NAMES, variants })))
  }

  it('finds what would have avoided the split', () => {
    expect(explain({ LEEDS: { mug: 2, plate: 1 }, DERBY: { mug: 5 } })[0]).toBe('1 more unit of PLATE at Derby warehouse would have avoided the split: all from Derby warehouse.')
    expect(explain({ LEEDS: { mug: 3, plate: 1 }, DERBY: { mug: 2 } })[0]).toBe('2 more units of MUG at Leeds store would have avoided the split: all from Leeds store.')
  })

  it('finds what would have filled the order, not at a location that is ruled out', () => {
    expect(explain({ HULL: { mug: 5, plate: 0 }, LEEDS: { mug: 3, plate: 1 } })[0]).toBe('2 more units of MUG at Leeds store would have filled the order.')
  })

  it('finds what would have filled the order where nobody has any', () => {
    expect(explain({})[0]).toBe('5 more units of MUG and 1 more unit of PLATE at Derby warehouse would have filled the order.')
  })

  it('finds what would have moved an order that lacks nothing', () => {
    expect(explain({ LEEDS: { mug: 5, plate: 1 }, DERBY: { mug: 5, plate: 1 } })).toEqual([null, '1 fewer unit of MUG at Derby warehouse would have changed the choice: what there is would come from Leeds store.'])
  })

  it('finds room where a day is full', () => {
    const full = CANDIDATES.map((candidate) => (candidate.code === 'LEEDS' ? { ...candidate, capacity_left: 0 } : candidate))
    const nearest = strategyOf({ id: 'two', rankings: [{ type: 'fewest_splits' }, { type: 'distance' }] })
    expect(explain({ LEEDS: { mug: 5, plate: 1 }, DERBY: { mug: 9, plate: 9 } }, full, nearest)[1]).toBe('Room for one more order at Leeds store would have changed the choice: what there is would come from Leeds store.')
  })
})
