import { ids } from '../../kernel/id-kinds.ts'
import { machine } from '../../kernel/machine.ts'
import { may, type Caller } from '../../platform/caller.ts'
import { actionsOf, type AllowedActions } from './actions.ts'
import type { CountLine, CountRow, CountStatus } from './counts.db.ts'

export const COUNT = machine({
  name: 'stock count',
  initial: 'open',
  states: ['open', 'posted', 'canceled'],
  actions: { record: { from: ['open'], to: 'open' }, post: { from: ['open'], to: 'posted' }, cancel: { from: ['open'], to: 'canceled' } },
})

/** Lines of one count: beyond that a count is several counts. */
export const MAX_COUNT_LINES = 2_000

type CountLineView = { sku: string; counted: number | null; expected: number | null; variance: number | null; counted_at: string | null }
export type CountView = { id: string; location: string; status: CountStatus; note: string; created_at: string; closed_at: string | null; lines: CountLineView[]; actions: AllowedActions }

/**
 * A count as the caller may see it. While it is open, what the books expect is shown to those alone who may adjust
 * stock: whoever counts should look at the shelf, not at the figure.
 */
export function viewCount(row: CountRow, lines: readonly CountLine[], caller: Caller): CountView {
  const blind = row.status === 'open' && !may(caller, 'inventory:adjust')
  return {
    ...viewCountHead(row),
    lines: lines.map(({ sku, counted, expected, counted_at }) => ({
      sku, counted, expected: blind ? null : expected, variance: blind ? null : varianceOf({ counted, expected }), counted_at: counted_at?.toISOString() ?? null,
    })),
  }
}

export function viewCountHead({ id, location, status, note, created_at, closed_at }: CountRow): Omit<CountView, 'lines'> {
  return { id: ids.count.show(id), location, status, note, created_at: created_at.toISOString(), closed_at: closed_at?.toISOString() ?? null, actions: actionsOf(COUNT, status) }
}

/** What was found beyond the books at the moment of counting; null where nobody has counted. */
export function varianceOf({ counted, expected }: Pick<CountLine, 'counted' | 'expected'>): number | null {
  return counted === null || expected === null ? null : counted - expected
}
