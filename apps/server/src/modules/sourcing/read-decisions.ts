import { present } from '../../kernel/assert.ts'
import type { Queryable } from '../../platform/db.ts'
import type { OrderLineRow } from '../orders/index.ts'
import type { Decision } from './decision.ts'
import { readRecord, type DecisionRecord } from './decision-record.ts'
import { findNetworks, type DecisionRow } from './decisions.db.ts'

export type ReadDecision = Omit<DecisionRow, 'decision'> & { decision: Decision }

/** Stored decisions as they were made, whatever form they are stored in. `lines` are those of their orders. */
export async function readDecisions(db: Queryable, rows: readonly DecisionRow[], lines: readonly OrderLineRow[]): Promise<ReadDecision[]> {
  const networks = new Map((await findNetworks(db, [...new Set(rows.flatMap(({ network_id }) => network_id ?? []))])).map(({ id, content }) => [id, content.locations]))
  const lineIds = new Map(lines.map(({ id, order_id, line_number }) => [`${order_id} ${line_number}`, id]))
  return rows.map((row) => {
    if (row.network_id === null) return { ...row, decision: row.decision as Decision }
    const network = present(networks.get(row.network_id), 'the network of a run is stored with it')
    const keys = {
      location: (place: number | string) => (typeof place === 'string' ? place : present(network[place], 'a record names locations of its network').code),
      line: (number: number) => present(lineIds.get(`${row.order_id} ${number}`), 'a record names lines of its order'),
    }
    return { ...row, decision: readRecord(row.decision as DecisionRecord, { strategy_id: row.strategy!, strategy_version: row.strategy_version!, outcome: row.outcome }, keys) }
  })
}
