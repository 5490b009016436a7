import { refuse } from '../kernel/problem.ts'
import { ids } from '../kernel/id-kinds.ts'
import { command, type Command } from './command.ts'
import type { Database, Queryable } from './db.ts'
import type { Jobs } from './jobs.ts'
import type { Logger } from './log.ts'
import { sql } from './sql.ts'

/** What a job died of, in words: its own error, or that its worker was never heard of again. */
export const JOB_ERROR = sql`coalesce(j.output ->> 'message', j.output #>> '{value,message}', j.output::text)`

/** How many jobs of each kind are parked: their retries are used up, and nothing happens until somebody replays them. */
export async function countParkedJobs(db: Queryable): Promise<{ name: string; count: number }[]> {
  return db.rows(sql`
    select q.name, count(j.id)::int as count
    from pgboss.queue q left join pgboss.job j on j.name = q.name and j.state = 'failed'
    where not starts_with(q.name, '__pgboss') group by q.name order by q.name`)
}

/** At most so many lines are logged in one round. */
const MOST_LINES = 100

/**
 * Tells of each parked job once, as an error in the log. The database is asked, and not only the worker that saw the job
 * fail: a job that kills its workers is parked by none of them.
 */
export function createParkedJobsReport(): (runtime: { db: Database; log: Logger }) => Promise<number> {
  let told = new Set<string>()
  return async ({ db, log }) => {
    const parked = await db.rows<{ id: string; name: string; parked_at: Date; attempts: number; error: string | null }>(sql`
      select j.id, j.name, j.completed_on as parked_at, j.retry_count + 1 as attempts, ${JOB_ERROR} as error
      from pgboss.queue q join pgboss.job j on j.name = q.name and j.state = 'failed'
      order by j.completed_on desc limit ${MOST_LINES}`)
    const keyOf = ({ id, parked_at }: (typeof parked)[number]): string => `${id} ${parked_at.getTime()}`
    for (const job of parked) {
      if (told.has(keyOf(job))) continue
      log.error({ job: job.name, id: ids.job.show(job.id), attempts: job.attempts, error: job.error }, 'a job is parked: its retries are used up; replay it when the cause is gone')
    }
    told = new Set(parked.map(keyOf))
    return 0
  }
}

/** Gives a parked job one more try, at once. Refuses what is not parked. */
export function replayJobCommand(jobs: Jobs): Command<{ job_id: string }, { id: string; kind: string }> {
  return command('jobs.replay', 'jobs:replay', async ({ tx, audit }, { job_id }) => {
    const job = await tx.maybe<{ name: string; state: string }>(sql`
      select j.name, j.state::text as state from pgboss.queue q join pgboss.job j on j.name = q.name and j.id = ${job_id} for update of j`)
    if (job === undefined) throw refuse('not_found', `There is no job ${ids.job.show(job_id)}.`)
    if (job.state !== 'failed') throw refuse('job_not_parked', `The job ${ids.job.show(job_id)} is not parked: it needs no replay.`)
    await jobs.replay(tx, job.name, job_id)
    audit({ subject_id: job_id })
    return { id: ids.job.show(job_id), kind: job.name }
  })
}
