import { ids } from '../../../kernel/id-kinds.ts'
import type { Queryable } from '../../../platform/db.ts'
import { linesOfOrders } from '../../orders/index.ts'
import type { Decision } from '../decision.ts'
import { decisionsByKey } from '../decisions.db.ts'
import { explainDecision } from '../explain.ts'
import { decisionNames } from '../names.ts'
import { readDecisions } from '../read-decisions.ts'
import type { Strategy } from '../strategy.ts'
import type { FlipRow } from './rehearsals.db.ts'

/** Both choices in words. Set-based: a page costs what one flip costs. */
export async function describeFlips(db: Queryable, rows: readonly FlipRow[], strategy: Strategy | undefined) {
  const lines = await linesOfOrders(db, [...new Set(rows.map(({ order_id }) => order_id))])
  const past = new Map((await readDecisions(db, await decisionsByKey(db, rows.map(({ decision_id, decided_at }) => ({ id: decision_id, at: decided_at }))), lines)).map((row) => [row.id, row]))
  const rehearsed = new Map((await readDecisions(db, rows.flatMap(({ decision_id, decided_at, order_id, network_id, outcome, decision }) => (decision === null ? [] : [{
    id: decision_id, order_id, at: decided_at, place: 0, trigger: '', outcome: outcome as Decision['outcome'], decision, run_id: null, strategy: strategy?.id ?? '', strategy_version: strategy?.version ?? 0, network_id,
  }])), lines)).map((row) => [row.id, row.decision]))
  const names = await decisionNames(db, lines, strategy?.rules ?? [])
  const choice = (decision: Decision) => ({ outcome: decision.outcome, locations: decision.chosen.map(({ location }) => location), explanation: explainDecision(decision, names) })
  return rows.map(({ decision_id, decided_at, order_id, order_number }) => ({
    decision_id: ids.decision.show(decision_id), at: decided_at.toISOString(), order_id: ids.order.show(order_id), order_number,
    past: choice(past.get(decision_id)!.decision), rehearsed: rehearsed.has(decision_id) ? choice(rehearsed.get(decision_id)!) : null,
  }))
}
