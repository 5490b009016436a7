import { Type } from 'typebox'
import { ids } from '../kernel/id-kinds.ts'
import { requireUnconfined } from './caller.ts'
import { listQuery, pageOf, readPage, type ListSpec } from './http/listing.ts'
import { route, type Route } from './http/route.ts'
import { Anything, closed, Id, Nullable, OneOf } from './http/schemas.ts'
import type { Jobs } from './jobs.ts'
import { JOB_ERROR, replayJobCommand } from './parked-jobs.ts'
import { sql } from './sql.ts'

/** `retrying` has failed and waits for its next try; `parked` has used up its retries. What a job did that is done is told by events. */
const STATES = ['waiting', 'retrying', 'running', 'parked'] as const

const JOBS: ListSpec = {
  id: ids.job,
  id_sql: 'j.id',
  default_sort: '-created_at',
  fields: {
    // Cursors carry milliseconds, the queue's times more.
    created_at: { sql: `date_trunc('milliseconds', j.created_on)`, type: 'timestamptz', sortable: true },
    due_at: { sql: `date_trunc('milliseconds', j.start_after)`, type: 'timestamptz', sortable: true },
    kind: { sql: 'j.name', type: 'text' },
    state: { sql: `(case j.state when 'created' then 'waiting' when 'retry' then 'retrying' when 'active' then 'running' else 'parked' end)`, type: 'text', values: STATES },
  },
}

const JobView = Type.Object({
  id: Type.String(),
  kind: Type.String(),
  state: OneOf(STATES),
  data: Anything,
  attempts: Type.Integer({ description: 'How often it was begun' }),
  error: Nullable(Type.String({ description: 'What its last attempt died of' })),
  created_at: Type.String(),
  due_at: Type.String({ description: 'Not begun before' }),
  parked_at: Nullable(Type.String()),
}, { ...closed, title: 'Job' })

type JobRow = {
  cursor_id: string; cursor_value: string; kind: string; state: (typeof STATES)[number]; data: Record<string, unknown> | null
  attempts: number; error: string | null; created_at: Date; due_at: Date; parked_at: Date | null
}

const listJobs = route({
  operation_id: 'listJobs', method: 'GET', url: '/v1/jobs', tag: 'jobs', permission: 'jobs:read', summary: 'List background jobs that are not done',
  description: 'What has failed for good: `filter[state]=parked`. Parked jobs are kept for seven days.',
  query: listQuery(JOBS),
  reply: { status: 200, schema: pageOf(JobView) },
  handle: async ({ query, db, caller }) => {
    requireUnconfined(caller)
    const page = await readPage<JobRow>(db, JOBS, query, (cursor) => sql`
      select ${cursor}, j.name as kind, ${sql.raw(JOBS.fields['state']!.sql)} as state, j.data, j.retry_count + (j.started_on is not null)::int as attempts,
        ${JOB_ERROR} as error, j.created_on as created_at, j.start_after as due_at, j.completed_on as parked_at
      from pgboss.job j`, [sql`j.state in ('created', 'retry', 'active', 'failed')`, sql`not starts_with(j.name, '__pgboss')`])
    return {
      ...page,
      data: page.data.map(({ cursor_id, cursor_value: _value, ...row }) => ({
        ...row, id: ids.job.show(cursor_id), data: row.data ?? {}, created_at: row.created_at.toISOString(), due_at: row.due_at.toISOString(), parked_at: row.parked_at?.toISOString() ?? null,
      })),
    }
  },
})

export function jobRoutes(jobs: Jobs): Route[] {
  const replayJob = replayJobCommand(jobs)
  return [
    listJobs,
    route({
      operation_id: 'replayJob', method: 'POST', url: '/v1/jobs/:job_id/replay', tag: 'jobs', permission: 'jobs:replay', summary: 'Give a parked job one more try',
      params: Type.Object({ job_id: Id(ids.job) }, closed),
      reply: { status: 202, schema: Type.Object({ id: Type.String(), kind: Type.String() }, closed) }, problems: ['not_found', 'job_not_parked'],
      handle: async ({ params, caller, run }) => {
        requireUnconfined(caller)
        return run(replayJob, { job_id: ids.job.parse(params.job_id)! })
      },
    }),
  ]
}
