import { Type, type Static } from 'typebox'
import { ids } from '../../kernel/id-kinds.ts'
import { refuse } from '../../kernel/problem.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Database } from '../../platform/db.ts'
import { listQuery, pageOf, readPage, type ListSpec } from '../../platform/http/listing.ts'
import { route, type Route } from '../../platform/http/route.ts'
import { Anything, closed, Code, Id, Instant, Nullable, OneOf } from '../../platform/http/schemas.ts'
import { arrayOf, sql } from '../../platform/sql.ts'
import { checkStrategy } from './check-strategy.ts'
import { activateStrategy, cancelActivation, discardStrategyDraft, saveStrategy, saveStrategyDraft, updateStrategyDraft } from './commands/strategies.ts'
import { diffVersions } from './diff.ts'
import { ExampleResultSchema, type Example } from './examples.ts'
import { FINDING_KINDS, SEVERITIES, type Lint } from './lint/lint.ts'
import { sayStrategy } from './sentences.ts'
import { ACTIVATION_COLUMNS, findStrategy, listStrategies, strategyIdAt, type ActivationRow, type StrategyRow } from './strategies.db.ts'
import type { Rule } from './strategy.ts'

const Name = Type.String({ minLength: 1, maxLength: 100 })
const Rules = Type.Array(Anything, { minItems: 1, maxItems: 100, description: 'Tried in order: see docs/routing.md' })
const Examples = Type.Array(Anything, { maxItems: 200, description: 'Orders with what must come out, run when the version is saved and when it is activated' })
const byId = Type.Object({ strategy_id: Id(ids.strategy) }, closed)

const Sentences = Type.Object({ rules: Type.Array(Type.Object({ rule: Type.String(), name: Type.String(), sentences: Type.Array(Type.String()) }, closed)), rest: Type.String() }, closed)
const StrategyView = Type.Object({
  id: Type.String(), code: Type.String(), strategy_version: Nullable(Type.Integer({ description: 'Null for a draft' })), name: Type.String(), active: Type.Boolean({ description: 'Whether it routes now' }),
  created_at: Type.String(), updated_at: Nullable(Type.String()), version: Type.Integer(), rules: Type.Array(Anything), examples: Type.Array(Anything), sentences: Type.Optional(Sentences),
}, { ...closed, title: 'RoutingStrategy' })

const findings = {
  findings: Type.Array(Type.Object({
    kind: OneOf(FINDING_KINDS), severity: OneOf(SEVERITIES), rule: Nullable(Type.String()), pointer: Type.String(), detail: Type.String(), witness: Nullable(Type.Object({}, { additionalProperties: true, description: 'An order that shows it, in the form of examples' })),
  }, closed)),
  proofs: Type.Array(Type.String({ description: 'What is certain of every order' })),
  undecided: Type.Array(Type.String()),
  examples: Type.Array(ExampleResultSchema),
}
const SavedView = Type.Object({ id: Type.String(), strategy_version: Nullable(Type.Integer()), ...findings }, closed)

const viewLint = ({ findings: found, proofs, undecided }: Lint) => ({ proofs, undecided, findings: found.map((finding) => ({ ...finding, witness: finding.witness as Record<string, unknown> | null })) })

function viewStrategy(row: StrategyRow, active: string | undefined, sentences = false): Static<typeof StrategyView> {
  return {
    id: ids.strategy.show(row.id), code: row.code, strategy_version: row.strategy_version, name: row.name, active: row.id === active, created_at: row.created_at.toISOString(), updated_at: row.updated_at?.toISOString() ?? null, version: row.version,
    rules: row.definition.rules as unknown as Record<string, unknown>[], examples: (row.definition.examples ?? []) as unknown as Record<string, unknown>[],
    ...(sentences ? { sentences: sayStrategy(row.definition.rules) } : {}),
  }
}

async function requireStrategy(db: Database, shownId: string): Promise<StrategyRow> {
  const row = await findStrategy(db, ids.strategy.parse(shownId)!)
  if (row === undefined) throw refuse('not_found', 'There is no such strategy.')
  return row
}

const postStrategy = route({
  operation_id: 'saveStrategy', method: 'POST', url: '/v1/routing-strategies', tag: 'routing', permission: saveStrategy.permission, summary: 'Save a new version of a routing strategy, or a draft',
  description: 'Rules are checked as a whole; each error names its place. The answer tells what the linter found and how the examples came out. A saved version never changes and is not in use until it is activated; a draft is edited in place and is checked when it is saved.',
  body: Type.Object({ code: Code, name: Name, rules: Rules, examples: Type.Optional(Examples), draft: Type.Optional(Type.Boolean()) }, closed),
  reply: { status: 201, schema: SavedView },
  handle: async ({ body: { code, name, rules, examples, draft = false }, run }) => {
    const saved = await run(saveStrategy, { code, name, draft, definition: definitionOf(rules, examples) })
    return { ...saved, ...viewLint(saved) }
  },
})

const definitionOf = (rules: object[], examples: object[] | undefined) => ({ rules: rules as Rule[], ...(examples === undefined ? {} : { examples: examples as Example[] }) })

const saveDraft = route({
  operation_id: 'saveStrategyDraft', method: 'POST', url: '/v1/routing-strategies/:strategy_id/save', tag: 'routing', permission: saveStrategyDraft.permission, summary: 'Make a draft the next version of its strategy',
  params: byId, body: Type.Object({}, closed), reply: { status: 200, schema: SavedView }, problems: ['not_found', 'strategy_saved', 'stale_version'],
  handle: async ({ params, seen_version, run }) => {
    const saved = await run(saveStrategyDraft, { strategy_id: ids.strategy.parse(params.strategy_id)!, seen_version })
    return { ...saved, ...viewLint(saved) }
  },
})

const discard = route({
  operation_id: 'discardStrategyDraft', method: 'DELETE', url: '/v1/routing-strategies/:strategy_id', tag: 'routing', permission: discardStrategyDraft.permission, summary: 'Throw a draft away',
  params: byId, reply: { status: 200, schema: Type.Object({ id: Type.String() }, closed) }, problems: ['not_found', 'strategy_saved'],
  handle: async ({ params, run }) => run(discardStrategyDraft, { strategy_id: ids.strategy.parse(params.strategy_id)! }),
})

const diff = route({
  operation_id: 'diffStrategies', method: 'GET', url: '/v1/routing-strategies/:strategy_id/diff', tag: 'routing', permission: 'sourcing:read', summary: 'What is different from another version',
  description: 'Rules are told by their ids and examples by their names.',
  params: byId, query: Type.Object({ against: { ...Id(ids.strategy), description: 'The earlier version' } }, closed),
  reply: { status: 200, schema: Type.Object({ data: Type.Array(Type.Object({
    of: OneOf(['strategy', 'rule', 'example']), id: Type.String(), change: OneOf(['added', 'removed', 'moved', 'changed']), field: Nullable(Type.String()), before: Type.Unknown(), after: Type.Unknown(),
  }, closed)) }, closed) }, problems: ['not_found'],
  handle: async ({ params, query, db }) => ({ data: diffVersions(await requireStrategy(db, query.against), await requireStrategy(db, params.strategy_id)) }),
})

const ACTIVATIONS: ListSpec = {
  id: ids.activation, id_sql: 'a.id', default_sort: '-from_at',
  fields: { from_at: { sql: 'a.from_at', type: 'timestamptz', sortable: true }, code: { sql: 's.code', type: 'text' } },
}
const ActivationView = Type.Object({
  id: Type.String(), strategy_id: Type.String(), code: Type.String(), strategy_version: Type.Integer(), name: Type.String(), from_at: Type.String(), until_at: Nullable(Type.String()), created_at: Type.String(), canceled_at: Nullable(Type.String()),
}, closed)

const listActivations = route({
  operation_id: 'listStrategyActivations', method: 'GET', url: '/v1/routing-activations', tag: 'routing', permission: 'sourcing:read', summary: 'When which strategy routed, routes and will route',
  description: 'Of those that hold at a time, the one that began last is in use.',
  query: listQuery(ACTIVATIONS), reply: { status: 200, schema: pageOf(ActivationView) },
  handle: async ({ query, db }) => {
    const page = await readPage<ActivationRow & { cursor_id: string; cursor_value: string }>(db, ACTIVATIONS, query, (cursor) => sql`select ${cursor}, ${ACTIVATION_COLUMNS} from sourcing_activations a join sourcing_strategies s on s.id = a.strategy_id`)
    return { ...page, data: page.data.map(({ id, strategy_id, code, strategy_version, name, from_at, until_at, created_at, canceled_at }) => ({
      id: ids.activation.show(id), strategy_id: ids.strategy.show(strategy_id), code, strategy_version, name, from_at: from_at.toISOString(), until_at: until_at?.toISOString() ?? null, created_at: created_at.toISOString(), canceled_at: canceled_at?.toISOString() ?? null,
    })) }
  },
})

const deleteActivation = route({
  operation_id: 'cancelStrategyActivation', method: 'DELETE', url: '/v1/routing-activations/:activation_id', tag: 'routing', permission: cancelActivation.permission, summary: 'Take an activation back',
  params: Type.Object({ activation_id: Id(ids.activation) }, closed), reply: { status: 200, schema: Type.Object({ id: Type.String() }, closed) }, problems: ['not_found', 'activation_over', 'last_activation'],
  handle: async ({ params, run }) => run(cancelActivation, { activation_id: ids.activation.parse(params.activation_id)! }),
})

const COMMANDS = [saveStrategy, updateStrategyDraft, saveStrategyDraft, discardStrategyDraft, activateStrategy, cancelActivation].map(({ name }) => name)
const HISTORY: ListSpec = {
  id: ids.audit_entry, id_sql: 'e.id', default_sort: '-at',
  fields: { at: { sql: 'e.at', type: 'timestamptz', sortable: true }, code: { sql: 's.code', type: 'text' }, caller: { sql: 'e.caller_name', type: 'text' } },
}
type HistoryRow = { cursor_id: string; cursor_value: string; at: Date; caller_name: string; command: string; subject_id: string; code: string | null; strategy_version: number | null; changes: Record<string, unknown> | null }

const listHistory = route({
  operation_id: 'listStrategyHistory', method: 'GET', url: '/v1/routing-history', tag: 'routing', permission: 'sourcing:read', summary: 'Who changed routing, when and how',
  description: 'Versions saved, drafts begun, edited and thrown away, activations made, scheduled and taken back; `changes` tells what, with failing examples that were accepted.',
  query: listQuery(HISTORY),
  reply: { status: 200, schema: pageOf(Type.Object({
    id: Type.String(), at: Type.String(), caller: Type.String(), what: Type.String(), strategy_id: Type.String(), code: Nullable(Type.String({ description: 'Null where the draft is gone' })), strategy_version: Nullable(Type.Integer()), changes: Nullable(Anything),
  }, closed)) },
  handle: async ({ query, db }) => {
    const page = await readPage<HistoryRow>(db, HISTORY, query, (cursor) => sql`
      select ${cursor}, e.at, e.caller_name, e.command, e.subject_id, s.code, s.strategy_version, e.changes from audit_entries e left join sourcing_strategies s on s.id = e.subject_id`, [sql`e.command = any(${arrayOf(COMMANDS, 'text')})`, sql`e.subject_id is not null`])
    return { ...page, data: page.data.map(({ cursor_id, at, caller_name, command, subject_id, code, strategy_version, changes }) => ({
      id: ids.audit_entry.show(cursor_id), at: at.toISOString(), caller: caller_name, what: command.replace('sourcing.', ''), strategy_id: ids.strategy.show(subject_id), code, strategy_version, changes,
    })) }
  },
})

/** Which strategy is in use depends on the time, and so does what an example comes to. */
export function strategyRoutes(clock: Clock): Route[] {
  const now = (): Date => clock.now(new Date())

  const getStrategies = route({
    operation_id: 'listStrategies', method: 'GET', url: '/v1/routing-strategies', tag: 'routing', permission: 'sourcing:read', summary: 'Routing strategies with all their versions and drafts',
    reply: { status: 200, schema: Type.Object({ data: Type.Array(StrategyView) }, closed) },
    handle: async ({ db }) => {
      const active = await strategyIdAt(db, now())
      return { data: (await listStrategies(db)).map((row) => viewStrategy(row, active)) }
    },
  })

  const getStrategy = route({
    operation_id: 'getStrategy', method: 'GET', url: '/v1/routing-strategies/:strategy_id', tag: 'routing', permission: 'sourcing:read', summary: 'One version or draft, in plain sentences if you like',
    params: byId, query: Type.Object({ sentences: Type.Optional(Type.Boolean({ description: 'Whether to say the rules in plain English' })) }, closed),
    reply: { status: 200, schema: StrategyView }, problems: ['not_found'],
    handle: async ({ params, query, db, etag }) => {
      const row = await requireStrategy(db, params.strategy_id)
      etag(row.version)
      // Only what is well formed can be said; a draft may not be yet.
      if (query.sentences === true && row.strategy_version === null) await checkStrategy(db, row.name, row.definition, now())
      return viewStrategy(row, await strategyIdAt(db, now()), query.sentences)
    },
  })

  const patchStrategy = route({
    operation_id: 'updateStrategyDraft', method: 'PATCH', url: '/v1/routing-strategies/:strategy_id', tag: 'routing', permission: updateStrategyDraft.permission, summary: 'Change a draft',
    description: '`rules` and `examples` are replaced as a whole.',
    params: byId, body: Type.Object({ name: Type.Optional(Name), rules: Type.Optional(Rules), examples: Type.Optional(Examples) }, closed),
    reply: { status: 200, schema: StrategyView }, problems: ['not_found', 'strategy_saved', 'stale_version'],
    handle: async ({ params, body: { name, rules, examples }, seen_version, db, run, etag }) => {
      const patch = { ...(name === undefined ? {} : { name }), ...(rules === undefined ? {} : { rules: rules as unknown as Rule[] }), ...(examples === undefined ? {} : { examples: examples as unknown as Example[] }) }
      await run(updateStrategyDraft, { strategy_id: ids.strategy.parse(params.strategy_id)!, seen_version, patch })
      const row = await requireStrategy(db, params.strategy_id)
      etag(row.version)
      return viewStrategy(row, undefined)
    },
  })

  const lint = route({
    operation_id: 'lintStrategy', method: 'POST', url: '/v1/routing-strategies/lint', tag: 'routing', permission: 'sourcing:read', summary: 'Check rules without saving them',
    description: 'Finds rules that can never work, rules that change nothing and orders that no rule is for, each with an order that shows it; runs the examples. Saves nothing.',
    body: Type.Object({ rules: Rules, examples: Type.Optional(Examples) }, closed), reply: { status: 200, schema: Type.Object(findings, closed) },
    handle: async ({ body, db }) => {
      const checked = await checkStrategy(db, 'Checked', definitionOf(body.rules, body.examples), now())
      return { ...viewLint(checked), examples: checked.examples }
    },
  })

  const activate = route({
    operation_id: 'activateStrategy', method: 'POST', url: '/v1/routing-strategies/:strategy_id/activate', tag: 'routing', permission: activateStrategy.permission, summary: 'Route by this version from now on, or for a time to come',
    description: 'An older version is rolled back to by activating it. After `until`, what was in use before routes again. Refused where an example of the version comes out differently, unless `accept_failing_examples` is sent, which the history shows.',
    params: byId, body: Type.Object({ from: Type.Optional(Instant), until: Type.Optional(Instant), accept_failing_examples: Type.Optional(Type.Boolean()) }, closed),
    reply: { status: 200, schema: StrategyView }, problems: ['not_found', 'strategy_is_draft', 'examples_fail'],
    handle: async ({ params, body, db, run }) => {
      await run(activateStrategy, { strategy_id: ids.strategy.parse(params.strategy_id)!, from: body.from, until: body.until, accept_failing_examples: body.accept_failing_examples ?? false })
      return viewStrategy(await requireStrategy(db, params.strategy_id), await strategyIdAt(db, now()))
    },
  })

  return [getStrategies, postStrategy, lint, getStrategy, patchStrategy, discard, saveDraft, activate, diff, listActivations, deleteActivation, listHistory]
}
