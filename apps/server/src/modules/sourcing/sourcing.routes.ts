import { Type } from 'typebox'
import { ids } from '../../kernel/id-kinds.ts'
import { refuse } from '../../kernel/problem.ts'
import type { Queryable } from '../../platform/db.ts'
import { route, type Route } from '../../platform/http/route.ts'
import { Anything, closed, Code, Id } from '../../platform/http/schemas.ts'
import { findLocations, loadLocations } from '../locations/index.ts'
import { linesOfOrders, OrderParams, requireOrder } from '../orders/index.ts'
import { sourceOrder } from './commands/source-order.ts'
import { activateStrategy, saveStrategy } from './commands/strategies.ts'
import { DecisionSchema, viewDecision } from './decision-view.ts'
import { explainDecision } from './explain.ts'
import { allocationsOfOrder, decisionsOfOrder, findStrategy, listStrategies, type StrategyRow } from './sourcing.db.ts'
import type { Rule } from './strategy.ts'

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
  const lines = new Map((await linesOfOrders(db, [orderId])).map((line) => [line.id, line]))
  const allocations = await allocationsOfOrder(db, orderId)
  const locations = await findLocations(db, [...new Set(allocations.map(({ location_id }) => location_id))])
  const decisions = await decisionsOfOrder(db, orderId)
  const rules = new Map((await listStrategies(db)).flatMap(({ definition }) => definition.rules.map((rule) => [rule.id, rule.name] as const)))
  const places = await loadLocations(db, (decisions.at(-1)?.at ?? new Date(0)).toISOString().slice(0, 10))
  const names = {
    locations: new Map(places.map(({ code, name }) => [code, name])),
    lines: new Map([...lines].map(([id, { sku }]) => [id, sku])),
    rules,
  }
  return {
    allocations: allocations.map((claim) => ({
      line_id: ids.line.show(claim.order_line_id), sku: lines.get(claim.order_line_id)!.sku, location: locations.get(claim.location_id)!.code, quantity: claim.quantity, released: claim.released,
    })),
    decisions: decisions.map(({ id, at, trigger, decision }) => ({ id: ids.decision.show(id), at: at.toISOString(), trigger, explanation: explainDecision(decision, names), decision: viewDecision(decision) })),
  }
}

const postSource = route({
  operation_id: 'sourceOrder', method: 'POST', url: '/v1/orders/:order_id/source', tag: 'routing', permission: sourceOrder.permission, summary: 'Look for locations for waiting units now',
  params: OrderParams, body: Type.Object({}, closed), reply: { status: 200, schema: Type.Object({ allocated_units: Type.Integer() }, closed) }, problems: ['not_found'],
  handle: async ({ params, db, caller, run }) => run(sourceOrder, { order_id: (await requireOrder(db, caller, params.order_id)).id }),
})

const StrategyView = Type.Object({
  id: Type.String(), code: Type.String(), strategy_version: Type.Integer(), name: Type.String(), active: Type.Boolean(), created_at: Type.String(), rules: Type.Array(Anything),
}, closed)

function viewStrategy(row: StrategyRow) {
  return {
    id: ids.strategy.show(row.id), code: row.code, strategy_version: row.strategy_version, name: row.name, active: row.active, created_at: row.created_at.toISOString(),
    rules: row.definition.rules as unknown as Record<string, unknown>[],
  }
}

const getStrategies = route({
  operation_id: 'listStrategies', method: 'GET', url: '/v1/routing-strategies', tag: 'routing', permission: 'sourcing:read', summary: 'Routing strategies with all their versions',
  reply: { status: 200, schema: Type.Object({ data: Type.Array(StrategyView) }, closed) },
  handle: async ({ db }) => ({ data: (await listStrategies(db)).map(viewStrategy) }),
})

const postStrategy = route({
  operation_id: 'saveStrategy', method: 'POST', url: '/v1/routing-strategies', tag: 'routing', permission: saveStrategy.permission, summary: 'Save a new version of a routing strategy',
  description: 'Rules are checked as a whole; each error names its place. A saved version is not in use until it is activated.',
  body: Type.Object({ code: Code, name: Type.String({ minLength: 1, maxLength: 100 }), rules: Type.Array(Anything, { minItems: 1, maxItems: 100 }) }, closed),
  reply: { status: 201, schema: Type.Object({ id: Type.String(), strategy_version: Type.Integer() }, closed) },
  handle: async ({ body, run }) => run(saveStrategy, { ...body, rules: body.rules as unknown as Rule[] }),
})

const activate = route({
  operation_id: 'activateStrategy', method: 'POST', url: '/v1/routing-strategies/:strategy_id/activate', tag: 'routing', permission: activateStrategy.permission, summary: 'Route by this version from now on',
  params: Type.Object({ strategy_id: Id(ids.strategy) }, closed), body: Type.Object({}, closed), reply: { status: 200, schema: StrategyView }, problems: ['not_found'],
  handle: async ({ params, db, run }) => {
    const id = ids.strategy.parse(params.strategy_id)!
    await run(activateStrategy, { strategy_id: id })
    const strategy = await findStrategy(db, id)
    if (strategy === undefined) throw refuse('not_found', 'There is no such strategy.')
    return viewStrategy(strategy)
  },
})

export const sourcingRoutes: Route[] = [getRouting, postSource, getStrategies, postStrategy, activate]
