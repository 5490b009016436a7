import { Type } from 'typebox'
import { ids } from '../../kernel/id-kinds.ts'
import { refuse } from '../../kernel/problem.ts'
import type { Queryable } from '../../platform/db.ts'
import { listQuery, pageOf, readPage, type ListSpec } from '../../platform/http/listing.ts'
import { route, type Route } from '../../platform/http/route.ts'
import { closed, Id, Nullable, OneOf } from '../../platform/http/schemas.ts'
import { orderScope } from '../../platform/scope.ts'
import { arrayOf, sql, type Sql } from '../../platform/sql.ts'
import { OrderParams, requireOrder } from '../orders/index.ts'
import { OUTCOMES, TRIGGERS } from './decision-view.ts'
import { findDecision, selectDecisions, versionsOf, type ListedDecision } from './decisions.db.ts'
import { explainSmallestChange } from './explain.ts'
import { locationNames } from './names.ts'
import { lookAgain } from './rehearsal/look-again.ts'
import { findSmallestChanges, type SmallestChange } from './smallest-change.ts'

const DECISIONS: ListSpec = {
  id: ids.decision, id_sql: 'd.id', default_sort: '-at',
  fields: { at: { sql: 'd.at', type: 'timestamptz', sortable: true } },
}

const Values = (description: string) => Type.Optional(Type.String({ minLength: 1, maxLength: 2_000, description: `${description}; one or several, comma-separated` }))

const DecisionQuery = Type.Object({
  ...listQuery(DECISIONS).properties,
  'filter[outcome]': Values(`The outcome: ${OUTCOMES.join(', ')}`),
  'filter[trigger]': Values(`What made it: ${TRIGGERS.join(', ')}`),
  'filter[strategy]': Values('The code of a strategy, or one version of it as `code@version`'),
  'filter[rule]': Values('The id of a rule that placed units'),
  'filter[location]': Values('The code of a location that was chosen'),
  'filter[excluded_reason]': Values('Why a location was ruled out, for example `capacity`'),
}, closed)

const ListedView = Type.Object({
  id: Type.String(), at: Type.String(), order_id: Type.String(), order_number: Type.String(), trigger: OneOf(TRIGGERS), outcome: OneOf(OUTCOMES),
  strategy: Type.String(), strategy_version: Type.Integer(), rules: Type.Array(Type.String({ description: 'That placed units' })),
  locations: Type.Array(Type.String({ description: 'That were chosen' })), excluded_reasons: Type.Array(Type.String({ description: 'For which locations were ruled out' })),
}, { ...closed, title: 'ListedDecision' })

const listDecisions = route({
  operation_id: 'listRoutingDecisions', method: 'GET', url: '/v1/routing-decisions', tag: 'routing', permission: 'sourcing:read', summary: 'List routing decisions, newest first',
  description: 'Which orders were backordered: `filter[outcome]=backorder`. Where capacity decided: `filter[excluded_reason]=capacity`. Each in full, with its explanation, stands in the routing of its order.',
  query: DecisionQuery, reply: { status: 200, schema: pageOf(ListedView) },
  handle: async ({ query, db, caller }) => {
    const { 'filter[outcome]': outcomes, 'filter[trigger]': triggers, 'filter[strategy]': strategies, 'filter[rule]': rules, 'filter[location]': locations, 'filter[excluded_reason]': reasons, ...rest } = query
    const where = [
      ...orderScope(caller, { channel_id: sql`o.channel_id`, order_id: sql`d.order_id` }),
      ...either('outcome', outcomes, 'filled'), ...either('trigger', triggers, 'capture'),
      ...(strategies === undefined ? [] : [anyFacet('by', await withVersions(db, valuesOf(strategies)))]),
      ...[['rule', rules], ['at', locations], ['out', reasons]].flatMap(([kind, values]) => (values === undefined ? [] : [anyFacet(kind!, valuesOf(values))])),
    ]
    const page = await readPage<ListedDecision>(db, DECISIONS, rest, selectDecisions, where)
    return { ...page, data: page.data.map(viewListed) }
  },
})

const valuesOf = (text: string): string[] => text.split(',').map((value) => value.trim())

function anyFacet(kind: string, values: readonly string[]): Sql {
  return sql`d.facets && ${arrayOf(values.map((value) => `${kind}:${value}`), 'text')}`
}

/** What is usual is no facet: nearly all rows have it, and an index of it would be of no use. */
function either(column: 'outcome' | 'trigger', text: string | undefined, usual: string): Sql[] {
  if (text === undefined) return []
  const values = valuesOf(text)
  return [values.includes(usual) ? sql`d.${sql.raw(column)} = any(${arrayOf(values, 'text')})` : anyFacet(column, values)]
}

/** A strategy without a version stands for all its versions. */
async function withVersions(db: Queryable, strategies: readonly string[]): Promise<string[]> {
  const whole = strategies.filter((name) => !name.includes('@'))
  return [...strategies, ...(whole.length === 0 ? [] : (await versionsOf(db, whole)).map(({ code, strategy_version }) => `${code}@${strategy_version}`))]
}

function viewListed({ id, at, order_id, order_number, trigger, outcome, facets }: ListedDecision) {
  const of = (kind: string): string[] => facets.filter((facet) => facet.startsWith(`${kind}:`)).map((facet) => facet.slice(kind.length + 1))
  const [strategy, version] = of('by')[0]!.split('@')
  return {
    id: ids.decision.show(id), at: at.toISOString(), order_id: ids.order.show(order_id), order_number, trigger, outcome, strategy: strategy!, strategy_version: Number(version),
    rules: of('rule'), locations: of('at'), excluded_reasons: of('out'),
  }
}

const ChangeView = Type.Object({
  sentence: Type.String(), effect: OneOf(['fills_order', 'avoids_split', 'moves_order', 'leaves_short']), location: Type.String(),
  units: Type.Array(Type.Object({ sku: Type.String(), quantity: Type.Integer({ description: 'More or, below zero, fewer' }) }, closed), { description: 'Nothing where the location would have needed room for one more order' }),
  locations: Type.Array(Type.String({ description: 'That would have been chosen' })),
}, { ...closed, title: 'SmallestChange' })

const getSmallestChange = route({
  operation_id: 'getSmallestChange', method: 'GET', url: '/v1/orders/:order_id/decisions/:decision_id/smallest-change', tag: 'routing', permission: 'sourcing:read', summary: 'What would have led to another choice',
  description: 'The smallest change at one location that would have filled the order or avoided a split, and the smallest that would have led to any other choice. Each was tried: the order was planned again on what was seen then, with the change.',
  params: Type.Object({ ...OrderParams.properties, decision_id: Id(ids.decision) }, closed),
  reply: { status: 200, schema: Type.Object({
    reproduced: Type.Boolean({ description: 'Whether what was seen was kept and leads to the same choice again; without that nothing can be said' }),
    improvement: Nullable(ChangeView), alteration: Nullable(ChangeView),
  }, closed) }, problems: ['not_found'],
  handle: async ({ params, db, caller }) => {
    const order = await requireOrder(db, caller, params.order_id)
    const decision = await findDecision(db, order.id, ids.decision.parse(params.decision_id)!)
    if (decision === undefined) throw refuse('not_found', 'The order has no such decision.')
    const question = await lookAgain(db, decision)
    if (question === undefined) return { reproduced: false, improvement: null, alteration: null }
    const { improvement, alteration } = findSmallestChanges(question)
    const names = { locations: await locationNames(db), variants: new Map(question.demand.lines.map(({ variant_id, sku }) => [variant_id, sku])) }
    const view = (change: SmallestChange | null) => (change === null ? null : {
      sentence: explainSmallestChange(change, names), effect: change.effect, location: change.location, locations: change.chosen,
      units: change.units.map(({ variant_id, quantity }) => ({ sku: names.variants.get(variant_id)!, quantity })),
    })
    return { reproduced: true, improvement: view(improvement), alteration: view(alteration) }
  },
})

export const decisionRoutes: Route[] = [listDecisions, getSmallestChange]
