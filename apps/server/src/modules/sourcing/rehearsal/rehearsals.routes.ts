import { Type, type Static } from 'typebox'
import { ids } from '../../../kernel/id-kinds.ts'
import { refuse } from '../../../kernel/problem.ts'
import { requireUnconfined, type Caller } from '../../../platform/caller.ts'
import type { Queryable } from '../../../platform/db.ts'
import { listQuery, pageOf, readPage, type ListSpec } from '../../../platform/http/listing.ts'
import { route, type Route } from '../../../platform/http/route.ts'
import { Anything, closed, Code, Id, Instant, Nullable, OneOf } from '../../../platform/http/schemas.ts'
import { sql } from '../../../platform/sql.ts'
import { findChannels } from '../../channels/index.ts'
import { cancelRehearsal, requestRehearsal } from '../commands/rehearsals.ts'
import { OUTCOMES } from '../decision-view.ts'
import type { Rule } from '../strategy.ts'
import { describeFlips } from './flips.ts'
import { findRehearsal, selectFlips, selectRehearsals, STATUSES, type FlipRow, type RehearsalRow } from './rehearsals.db.ts'

const Sums = {
  orders: Type.Integer(), units: Type.Integer({ description: 'That have a location, or have left it' }), refused_orders: Type.Integer(), split_orders: Type.Integer({ description: 'From more than one location' }), parcels: Type.Integer(),
  handling_cost: Type.Integer({ description: 'Minor units of the retailer\'s own currency' }), distance_km: Type.Integer({ description: 'Summed over parcels whose both ends are known' }), parcels_without_distance: Type.Integer(),
  promised_orders: Type.Integer(), promises_kept: Type.Integer(), unfilled_units: Type.Integer(), backordered_units: Type.Integer(),
  locations: Type.Array(Type.Object({ location: Type.String(), orders: Type.Integer(), units: Type.Integer() }, closed)),
}

const RehearsalView = Type.Object({
  id: Type.String(), status: OneOf(STATUSES), from: Type.String(), to: Type.String(), channels: Nullable(Type.Array(Type.String(), { description: 'Null for all' })),
  strategies: Type.Array(Type.Object({ strategy: Nullable(Type.String({ description: 'Null for rules that are not saved' })), name: Type.String(), rules: Type.Array(Anything) }, closed)),
  decisions: Type.Object({ total: Nullable(Type.Integer()), done: Type.Integer() }, closed),
  past: Nullable(Type.Object(Sums, { ...closed, description: 'What happened' })),
  results: Nullable(Type.Array(Type.Object({ ...Sums, flipped_decisions: Type.Integer({ description: 'Decisions that would have been others' }) }, closed), { description: 'What would have happened, in the order of the strategies' })),
  error: Nullable(Type.String()), created_at: Type.String(), started_at: Nullable(Type.String()), finished_at: Nullable(Type.String()),
}, { ...closed, title: 'Rehearsal' })

async function viewRehearsals(db: Queryable, rows: readonly RehearsalRow[]): Promise<Static<typeof RehearsalView>[]> {
  const channels = await findChannels(db, [...new Set(rows.flatMap(({ channel_ids }) => channel_ids ?? []))])
  return rows.map(({ id, status, period_from, period_to, channel_ids, strategies, decisions_total, decisions_done, result, error, created_at, started_at, finished_at }) => ({
    id: ids.rehearsal.show(id), status, from: period_from.toISOString(), to: period_to.toISOString(), channels: channel_ids?.map((channelId) => channels.get(channelId)!.code) ?? null,
    strategies: strategies.map((strategy) => ({ strategy: strategy.version === 0 ? null : `${strategy.id}@${strategy.version}`, name: strategy.name, rules: strategy.rules as unknown as Record<string, unknown>[] })),
    decisions: { total: decisions_total, done: decisions_done }, past: result?.past ?? null, results: result?.candidates ?? null, error,
    created_at: created_at.toISOString(), started_at: started_at?.toISOString() ?? null, finished_at: finished_at?.toISOString() ?? null,
  }))
}

/** Rehearsals tell of every channel and location. */
async function requireRehearsal(db: Queryable, caller: Caller, shown: string): Promise<RehearsalRow> {
  requireUnconfined(caller)
  const rehearsal = await findRehearsal(db, ids.rehearsal.parse(shown)!)
  if (rehearsal === undefined) throw refuse('not_found', 'There is no such rehearsal.')
  return rehearsal
}

async function showRehearsal(db: Queryable, caller: Caller, shown: string): Promise<Static<typeof RehearsalView>> {
  return (await viewRehearsals(db, [await requireRehearsal(db, caller, shown)]))[0]!
}

const RehearsalParams = Type.Object({ rehearsal_id: Id(ids.rehearsal) }, closed)
const Candidate = Type.Union([
  Type.Object({ strategy: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}(@[1-9][0-9]{0,6})?$', description: 'A saved strategy: `code@version`, or `code` for its latest version' }) }, closed),
  Type.Object({ name: Type.String({ minLength: 1, maxLength: 100 }), rules: Type.Array(Anything, { minItems: 1, maxItems: 100 }) }, { ...closed, description: 'Rules that are not saved' }),
])

const post = route({
  operation_id: 'requestRehearsal', method: 'POST', url: '/v1/routing-rehearsals', tag: 'routing', permission: requestRehearsal.permission, summary: 'Replay a past period under other strategies',
  description: 'Stock at the beginning is rebuilt from the movements; then everything happens again as it did, except that the strategies choose, each from the stock that its own choices left. Runs in the background and changes nothing.',
  body: Type.Object({ from: Instant, to: Instant, channels: Type.Optional(Type.Array(Code, { minItems: 1, maxItems: 100, uniqueItems: true })), strategies: Type.Array(Candidate, { minItems: 1, maxItems: 5 }) }, closed),
  reply: { status: 202, schema: RehearsalView },
  handle: async ({ body, db, caller, run }) => {
    requireUnconfined(caller)
    const { id } = await run(requestRehearsal, { ...body, strategies: body.strategies.map((candidate) => ('rules' in candidate ? { ...candidate, rules: candidate.rules as unknown as Rule[] } : candidate)) })
    return showRehearsal(db, caller, id)
  },
})

const REHEARSALS: ListSpec = {
  id: ids.rehearsal, id_sql: 'r.id', default_sort: '-created_at',
  fields: { created_at: { sql: 'r.created_at', type: 'timestamptz', sortable: true }, status: { sql: 'r.status', type: 'text', values: STATUSES } },
}

const list = route({
  operation_id: 'listRehearsals', method: 'GET', url: '/v1/routing-rehearsals', tag: 'routing', permission: 'sourcing:read', summary: 'List rehearsals, newest first',
  query: listQuery(REHEARSALS), reply: { status: 200, schema: pageOf(RehearsalView) },
  handle: async ({ query, db, caller }) => {
    requireUnconfined(caller)
    const page = await readPage<RehearsalRow & { cursor_id: string; cursor_value: string }>(db, REHEARSALS, query, selectRehearsals)
    return { ...page, data: await viewRehearsals(db, page.data) }
  },
})

const get = route({
  operation_id: 'getRehearsal', method: 'GET', url: '/v1/routing-rehearsals/:rehearsal_id', tag: 'routing', permission: 'sourcing:read', summary: 'How far a rehearsal has come, and what came of it',
  params: RehearsalParams, reply: { status: 200, schema: RehearsalView }, problems: ['not_found'],
  handle: async ({ params, db, caller }) => showRehearsal(db, caller, params.rehearsal_id),
})

const cancel = route({
  operation_id: 'cancelRehearsal', method: 'POST', url: '/v1/routing-rehearsals/:rehearsal_id/cancel', tag: 'routing', permission: cancelRehearsal.permission, summary: 'End a rehearsal that is not over',
  params: RehearsalParams, body: Type.Object({}, closed), reply: { status: 200, schema: RehearsalView }, problems: ['not_found', 'rehearsal_over'],
  handle: async ({ params, db, caller, run }) => {
    const { id } = await requireRehearsal(db, caller, params.rehearsal_id)
    await run(cancelRehearsal, { rehearsal_id: id })
    return showRehearsal(db, caller, params.rehearsal_id)
  },
})

const FLIPS: ListSpec = {
  id: ids.decision, id_sql: 'f.decision_id', default_sort: 'position',
  fields: { position: { sql: 'f.position', type: 'int', sortable: true } },
}

const Choice = Type.Object({ outcome: OneOf(OUTCOMES), locations: Type.Array(Type.String()), explanation: Type.Array(Type.String({ description: 'One sentence each' })) }, closed)
const FlipView = Type.Object({
  decision_id: Type.String(), at: Type.String(), order_id: Type.String(), order_number: Type.String(), past: Choice,
  rehearsed: Nullable(Type.Unsafe<Static<typeof Choice>>({ ...Choice, description: 'Null where the order needed nothing any more' })),
}, { ...closed, title: 'FlippedDecision' })

const flips = route({
  operation_id: 'listFlippedDecisions', method: 'GET', url: '/v1/routing-rehearsals/:rehearsal_id/flips', tag: 'routing', permission: 'sourcing:read', summary: 'Decisions that would have been others, with both explanations',
  params: RehearsalParams, query: Type.Object({ ...listQuery(FLIPS).properties, strategy: Type.Optional(Type.Integer({ minimum: 0, maximum: 4, default: 0, description: 'The place of the strategy in the rehearsal' })) }, closed),
  reply: { status: 200, schema: pageOf(FlipView) }, problems: ['not_found'],
  handle: async ({ params, query: { strategy, ...query }, db, caller }) => {
    const { id, strategies } = await requireRehearsal(db, caller, params.rehearsal_id)
    const candidate = strategy ?? 0
    const page = await readPage<FlipRow>(db, FLIPS, query, selectFlips, [sql`f.rehearsal_id = ${id}`, sql`f.candidate = ${candidate}`])
    return { ...page, data: await describeFlips(db, page.data, strategies[candidate]) }
  },
})

export const rehearsalRoutes: Route[] = [post, list, get, cancel, flips]
