import { Type } from 'typebox'
import { ids } from '../../kernel/id-kinds.ts'
import type { Queryable } from '../../platform/db.ts'
import { route, type Route } from '../../platform/http/route.ts'
import { closed } from '../../platform/http/schemas.ts'
import { findLocations } from '../locations/index.ts'
import { linesOfOrders, OrderParams, requireOrder } from '../orders/index.ts'
import { sourceOrder } from './commands/source-order.ts'
import { DecisionSchema, viewDecision } from './decision-view.ts'
import { decisionsOfOrder } from './decisions.db.ts'
import { explainDecision } from './explain.ts'
import { decisionNames } from './names.ts'
import { readDecisions } from './read-decisions.ts'
import { claimsOfOrders } from './sourcing.db.ts'

const DecisionView = Type.Object({
  id: Type.String(), at: Type.String(), trigger: Type.String(), explanation: Type.Array(Type.String({ description: 'One sentence each' })), decision: DecisionSchema,
}, closed)
const AllocationView = Type.Object({ line_id: Type.String(), sku: Type.String(), location: Type.String(), quantity: Type.Integer(), released: Type.Integer() }, closed)

const getRouting = route({
  operation_id: 'getOrderRouting', method: 'GET', url: '/v1/orders/:order_id/routing', tag: 'routing', permission: 'sourcing:read', summary: 'Where the order is routed, and why',
  description: 'Open claims by location, and every decision with its candidates: who was chosen, who was ruled out or passed over, and for what reason.',
  params: OrderParams, reply: { status: 200, schema: Type.Object({ allocations: Type.Array(AllocationView), decisions: Type.Array(DecisionView) }, closed) }, problems: ['not_found'],
  handle: async ({ params, db, caller }) => {
    const order = await requireOrder(db, caller, params.order_id)
    return readRouting(db, order.id)
  },
})

async function readRouting(db: Queryable, orderId: string) {
  const allocations = await claimsOfOrders(db, [orderId])
  const locations = await findLocations(db, [...new Set(allocations.map(({ location_id }) => location_id))])
  const lines = await linesOfOrders(db, [orderId])
  const decisions = await readDecisions(db, await decisionsOfOrder(db, orderId), lines)
  const names = await decisionNames(db, lines)
  return {
    allocations: allocations.map((claim) => ({
      line_id: ids.line.show(claim.order_line_id), sku: names.lines.get(claim.order_line_id)!, location: locations.get(claim.location_id)!.code, quantity: claim.quantity, released: claim.released,
    })),
    decisions: decisions.map(({ id, at, trigger, decision }) => ({ id: ids.decision.show(id), at: at.toISOString(), trigger, explanation: explainDecision(decision, names), decision: viewDecision(decision) })),
  }
}

const postSource = route({
  operation_id: 'sourceOrder', method: 'POST', url: '/v1/orders/:order_id/source', tag: 'routing', permission: sourceOrder.permission, summary: 'Look for locations for waiting units now',
  params: OrderParams, body: Type.Object({}, closed), reply: { status: 200, schema: Type.Object({ allocated_units: Type.Integer() }, closed) }, problems: ['not_found'],
  handle: async ({ params, db, caller, run }) => run(sourceOrder, { order_id: (await requireOrder(db, caller, params.order_id)).id }),
})

export const sourcingRoutes: Route[] = [getRouting, postSource]
