import { describe, expect, it } from 'vitest'
import { candidateOf, demandOf, levelsOf, lineOf, strategyOf } from '../fixtures.ts'
import { planOrder } from '../plan.ts'
import { createStockView } from '../stock-view.ts'

const HARROGATE = candidateOf('HARROGATE', { custom_fields: { delivers_to: 'HG, LS 17' } })
const YORK = candidateOf('YORK', { custom_fields: { delivers_to: 'YO' } })
const DEPOT = candidateOf('DEPOT')

/** Where an order to that postal code may come from. */
function servedBy(postal_code: string | null, unlisted?: 'keep'): string[] {
  const demand = demandOf([lineOf('l1', 'mug', 1)], { destination: { country: 'GB', region: null, postal_code, po_box: false, coordinates: null } })
  const stock = createStockView(levelsOf({ HARROGATE: { mug: 1 }, YORK: { mug: 1 }, DEPOT: { mug: 1 } }))
  const { decision } = planOrder(demand, [HARROGATE, YORK, DEPOT], stock, strategyOf({ filters: [{ type: 'territory', field: 'delivers_to', ...(unlisted === undefined ? {} : { unlisted }) }] }))
  const left = decision.excluded.flatMap(({ code, locations }) => (code === 'territory' ? locations : []))
  return ['DEPOT', 'HARROGATE', 'YORK'].filter((code) => !left.includes(code))
}

describe('a territory', () => {
  it('is served by the locations that list it, however the code is written', () => {
    expect([servedBy('hg1 1aa'), servedBy('LS17 8ZZ'), servedBy('LS1 4AP'), servedBy('YO17EP')]).toEqual([['HARROGATE'], ['HARROGATE'], [], ['YORK']])
  })

  it('leaves out who lists none, and everybody where there is no postal code, unless the rule says otherwise', () => {
    expect([servedBy('YO1', 'keep'), servedBy(null), servedBy(null, 'keep')]).toEqual([['DEPOT', 'YORK'], [], ['DEPOT']])
  })

  it('says why', () => {
    const plan = planOrder(demandOf([lineOf('l1', 'mug', 1)]), [YORK], createStockView(levelsOf({ YORK: { mug: 1 } })), strategyOf({ filters: [{ type: 'territory', field: 'delivers_to' }] }))
    expect(plan.decision.excluded).toEqual([{ code: 'territory', limit: 'LS1 4AP', locations: ['YORK'] }])
  })
})
