import { Type } from 'typebox'
import { ids } from '../kernel/id-kinds.ts'
import { refuse } from '../kernel/problem.ts'
import { requireUnconfined } from './caller.ts'
import { readFeed, type FeedGrowth } from './event-feed.ts'
import { listQuery, pageOf, readPage, type ListSpec } from './http/listing.ts'
import { PLATFORM_PROBLEMS } from './http/problems.ts'
import { route, type Route } from './http/route.ts'
import { Anything, closed, Nullable } from './http/schemas.ts'
import { openStream, writeToStream } from './http/stream.ts'
import { jobRoutes } from './jobs.routes.ts'
import type { Jobs } from './jobs.ts'
import { createKeyRetentionJob } from './key-retention.ts'
import type { Metrics } from './metrics.ts'
import { requireCurrentSchema } from './migrate.ts'
import type { Module } from './module.ts'
import { countParkedJobs, createParkedJobsReport } from './parked-jobs.ts'
import { relayLagMs } from './relay.ts'
import { sql } from './sql.ts'

export const EventSchema = Type.Object({
  position: Nullable(Type.String({ description: 'Place in the feed; null for a moment after the commit' })),
  id: Type.String(),
  type: Type.String(),
  timestamp: Type.String(),
  order_id: Nullable(Type.String()),
  sequence: Nullable(Type.Integer({ description: 'Place among the events of its order' })),
  data: Anything,
  caller: Type.String(),
  request_id: Type.String(),
}, { ...closed, title: 'Event' })

const FeedQuery = Type.Object({
  after: Type.Optional(Type.String({ pattern: '^[0-9]{1,18}$', default: '0', description: 'The last position you have handled' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, default: 100 })),
  types: Type.Optional(Type.String({ maxLength: 1_000, description: 'Only these types, comma-separated' })),
}, closed)

const typesOf = (text: string | undefined): string[] | undefined => text?.split(',').map((type) => type.trim()).filter((type) => type !== '')

const listEvents = route({
  operation_id: 'listEvents', method: 'GET', url: '/v1/events', tag: 'events', permission: 'events:read',
  summary: 'Read the event feed',
  description: 'Events in their one order, at least once. Keep `page.next` and ask for what comes `after` it: it also passes the events that `types` leaves out. A page may be empty and have more after it.',
  query: FeedQuery,
  reply: { status: 200, schema: Type.Object({ data: Type.Array(EventSchema), page: Type.Object({ next: Type.String(), has_more: Type.Boolean() }, closed) }, closed) },
  handle: async ({ query, db, caller }) => {
    requireUnconfined(caller)
    const { events, position, has_more } = await readFeed(db, BigInt(query.after ?? '0'), query.limit ?? 100, typesOf(query.types))
    return { data: events, page: { next: position.toString(), has_more } }
  },
})

/** How often a stream looks for what other processes have relayed, and how often it proves to the client that it lives. */
const STREAM_POLL_MS = 50
const STREAM_PING_MS = 15_000

const streamEvents = (growth: FeedGrowth) => route({
  operation_id: 'streamEvents', method: 'GET', url: '/v1/events/stream', tag: 'events', permission: 'events:read',
  summary: 'Follow the event feed as server-sent events',
  description: 'Begins after `after`, or after the `Last-Event-ID` with which a browser reconnects; without either, with what happens from now on.',
  query: Type.Object({ after: Type.Optional(Type.String({ pattern: '^[0-9]{1,18}$' })), types: Type.Optional(Type.String({ maxLength: 1_000 })) }, closed),
  sends: 'text/event-stream',
  reply: { status: 200 },
  handle: async ({ query, db, caller, raw }) => {
    requireUnconfined(caller)
    const last = raw.request.headers['last-event-id']
    const from = typeof last === 'string' && /^\d{1,18}$/.test(last) ? last : query.after
    let position = from !== undefined ? BigInt(from) : (await db.one<{ last_position: bigint }>(sql`select last_position from relay_state`)).last_position
    const out = openStream(raw.reply, 'text/event-stream')
    let pingDue = Date.now()
    while (!out.destroyed && raw.request.server.server.listening) {
      const told = growth.told()
      const page = await readFeed(db, position, 500, typesOf(query.types))
      position = page.position
      if (page.events.length > 0) await writeToStream(out, page.events.map((event) => `id: ${event.position}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(''))
      if (Date.now() >= pingDue) {
        // Also how far it has looked, so that a reconnection need not look again.
        await writeToStream(out, `id: ${position}\n: alive\n\n`)
        pingDue = Date.now() + STREAM_PING_MS
      }
      if (!page.has_more) await growth.wait(told, STREAM_POLL_MS)
    }
    out.end()
  },
})

const AUDIT: ListSpec = {
  id: ids.audit_entry,
  id_sql: 'a.id',
  default_sort: '-at',
  fields: {
    at: { sql: 'a.at', type: 'timestamptz', sortable: true },
    command: { sql: 'a.command', type: 'text' },
    caller: { sql: 'a.caller_name', type: 'text' },
    request_id: { sql: 'a.request_id', type: 'text' },
  },
}

const AuditEntry = Type.Object({
  id: Type.String(),
  at: Type.String(),
  caller: Type.String(),
  command: Type.String(),
  subject_id: Nullable(Type.String({ description: 'The UUID of what was changed' })),
  changes: Nullable(Anything),
  request_id: Type.String(),
}, closed)

type AuditRow = { cursor_id: string; cursor_value: string; at: Date; caller_name: string; command: string; subject_id: string | null; changes: Record<string, unknown> | null; request_id: string }

const listAudit = route({
  operation_id: 'listAuditEntries', method: 'GET', url: '/v1/audit-entries', tag: 'audit', permission: 'audit:read',
  summary: 'Who changed what, and when',
  query: listQuery(AUDIT),
  reply: { status: 200, schema: pageOf(AuditEntry) },
  handle: async ({ query, db, caller }) => {
    requireUnconfined(caller)
    const page = await readPage<AuditRow>(db, AUDIT, query, (cursor) => sql`
      select ${cursor}, a.at, a.caller_name, a.command, a.subject_id, a.changes, a.request_id from audit_entries a`)
    return {
      ...page,
      data: page.data.map((row) => ({
        id: ids.audit_entry.show(row.cursor_id), at: row.at.toISOString(), caller: row.caller_name, command: row.command,
        subject_id: row.subject_id, changes: row.changes, request_id: row.request_id,
      })),
    }
  },
})

const Health = Type.Object({ status: Type.String(), detail: Type.Optional(Type.String()), relay_lag_ms: Type.Optional(Type.Number()) }, closed)

function healthRoutes(metrics: Metrics): Route[] {
  return [
    route({
      operation_id: 'getLiveness', method: 'GET', url: '/health/live', tag: 'operations', permission: 'public', summary: 'Whether the process answers',
      reply: { status: 200, schema: Health },
      handle: async () => ({ status: 'ok' }),
    }),
    route({
      operation_id: 'getReadiness', method: 'GET', url: '/health/ready', tag: 'operations', permission: 'public', summary: 'Whether this process can serve: database reached, schema current',
      reply: { status: 200, schema: Health }, problems: ['not_ready'],
      handle: async ({ db }) => {
        try {
          await requireCurrentSchema(db)
          return { status: 'ok', relay_lag_ms: await relayLagMs(db) }
        } catch (error) {
          throw refuse('not_ready', `The database does not answer as it should: ${(error as Error).message}`)
        }
      },
    }),
    route({
      operation_id: 'getMetrics', method: 'GET', url: '/metrics', tag: 'operations', permission: 'public', summary: 'Metrics for Prometheus', sends: 'text/plain',
      reply: { status: 200 },
      handle: async ({ db, header }) => {
        metrics.setRelayLag(await relayLagMs(db))
        metrics.setParkedJobs(await countParkedJobs(db))
        header('content-type', metrics.registry.contentType)
        return metrics.registry.metrics()
      },
    }),
  ]
}

export function platformModule(metrics: Metrics, jobs: Jobs, growth: FeedGrowth): Module {
  return {
    name: 'platform',
    routes: [listEvents, streamEvents(growth), listAudit, ...jobRoutes(jobs), ...healthRoutes(metrics)],
    permissions: { 'events:read': 'Read the event feed', 'audit:read': 'Read who changed what', 'jobs:read': 'See background jobs that wait, run or are parked', 'jobs:replay': 'Give parked jobs one more try' },
    problems: {
      ...PLATFORM_PROBLEMS,
      not_ready: { status: 503, title: 'Not ready' },
      job_not_parked: { status: 409, title: 'This job is not parked', remedy: 'A job is parked when its retries are used up. This one still runs by itself, or is done.' },
    },
    jobs: (runtime) => [createKeyRetentionJob(runtime)],
    loops: [{ name: 'parked-jobs', interval_ms: 10_000, round: createParkedJobsReport() }],
  }
}
