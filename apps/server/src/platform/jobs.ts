import { PgBoss, type Job, type JobResult } from 'pg-boss'
import type { Logger } from 'pino'
import { ids } from '../kernel/id-kinds.ts'
import type { Tx } from './db.ts'

/** Work to do after the commit: outside calls, follow-ups, deadlines. */
export type NewJob = { name: string; data: object; run_after?: Date; /** At most one such job waits at a time. */ singleton_key?: string }

/** A kind of job. It may run twice (a worker can die after the effect), so what it does is a command with a key or idempotent by nature. */
export type JobDefinition = {
  name: string
  /** A cron expression in UTC for jobs that recur. */
  cron?: string
  run: (data: Record<string, unknown>, job: RunningJob) => Promise<void>
}

/** `retried` says that the job has begun before and nobody knows how far it came. */
export type RunningJob = { id: string; retried: boolean }

export type Jobs = {
  insert: (tx: Tx, jobs: readonly NewJob[]) => Promise<void>
  /** Creates the queues. Every process that enqueues does this once. */
  prepare: (definitions: readonly JobDefinition[]) => Promise<void>
  /** Begins to work on jobs of these kinds in this process. */
  work: (definitions: readonly JobDefinition[]) => Promise<void>
  /** Runs what is due of these kinds, one job after the other, until nothing is; answers how many ran. For tests and the command line. */
  runDue: (definitions: readonly JobDefinition[]) => Promise<number>
  /** Gives a job whose retries are used up one more try, in the transaction. */
  replay: (tx: Tx, name: string, id: string) => Promise<void>
  stop: () => Promise<void>
}

/**
 * The queue waits this long after a fetch that did not fill a batch, and not at all after one that did. So a flood runs
 * as fast as its jobs, at most 40 of a kind at once, and an idle process asks eight times a second for each kind.
 */
const POLL = { pollingIntervalSeconds: 0.5, batchSize: 10, localConcurrency: 4, burstWhenBatchFull: true, perJobResults: true } as const

/**
 * A worker that dies is noticed by its missing heartbeat (10 s) at the next inspection (5 s): its job runs again within
 * 30 s. Retries back off from 2 s to 5 min; after the last the job stays parked with its error.
 */
const HEARTBEAT_SECONDS = 10
const QUEUE = { retryLimit: 8, retryDelay: 2, retryBackoff: true, retryDelayMax: 300, heartbeatSeconds: HEARTBEAT_SECONDS, expireInSeconds: 900, retentionSeconds: 30 * 86_400, deleteAfterSeconds: 7 * 86_400 }

export function createJobs(options: { url: string; log: Logger }): Jobs {
  const boss = new PgBoss({ connectionString: options.url, max: 4, application_name: 'switchyard-jobs', superviseIntervalSeconds: 5, monitorIntervalSeconds: 5 })
  boss.on('error', (error: Error) => { options.log.error({ err: error }, 'the job queue reports an error') })
  let started: Promise<unknown> | undefined
  const start = (): Promise<unknown> => (started ??= boss.start())

  return {
    insert: async (tx, jobs) => {
      await start()
      const byName = new Map<string, NewJob[]>()
      for (const job of jobs) byName.set(job.name, [...(byName.get(job.name) ?? []), job])
      const db = inTransaction(tx)
      for (const [name, group] of byName) {
        await boss.insert(name, group.map((job) => ({
          data: job.data,
          ...(job.run_after === undefined ? {} : { startAfter: job.run_after }),
          ...(job.singleton_key === undefined ? {} : { singletonKey: job.singleton_key }),
        })), { db })
      }
    },
    prepare: async (definitions) => {
      await start()
      const existing = new Set((await boss.getQueues()).map(({ name }) => name))
      for (const { name } of definitions) if (!existing.has(name)) await boss.createQueue(name, QUEUE)
    },
    work: async (definitions) => {
      await start()
      for (const definition of definitions) {
        if (definition.cron !== undefined) await boss.schedule(definition.name, definition.cron)
        await boss.work(definition.name, POLL, (batch) => runBatch(definition, batch, options.log))
      }
    },
    runDue: async (definitions) => {
      if (definitions.length > 0) await start()
      let count = 0
      for (const definition of definitions) {
        for (let [job] = await boss.fetch(definition.name); job !== undefined; [job] = await boss.fetch(definition.name)) {
          count++
          const [result] = await runBatch(definition, [job], options.log)
          if (result?.status === 'failed') await boss.fail(definition.name, job, result.output)
          else await boss.complete(definition.name, job)
        }
      }
      return count
    },
    replay: async (tx, name, id) => {
      await start()
      await boss.retry(name, id, { db: inTransaction(tx) })
    },
    stop: async () => {
      if (started === undefined) return
      await started
      await boss.stop({ graceful: true, timeout: 10_000 })
    },
  }
}

/** The queue's own SQL, run by our transaction. */
function inTransaction(tx: Tx) {
  return { executeSql: (text: string, values?: unknown[]) => tx.executeText(text, values) }
}

/** Runs jobs at once: they wait for outside systems more than for us. Each has an end of its own, so one that fails takes no other along. */
function runBatch(definition: JobDefinition, batch: readonly Job<unknown>[], log: Logger): Promise<JobResult[]> {
  return Promise.all(batch.map(async ({ id, data, retryCount }): Promise<JobResult> => {
    try {
      await definition.run((data ?? {}) as Record<string, unknown>, { id, retried: retryCount > 0 })
      return { id, status: 'completed' }
    } catch (error) {
      log.warn({ err: error, job: definition.name, id: ids.job.show(id) }, 'a job failed')
      return { id, status: 'failed', output: error instanceof Error ? error : new Error(String(error)) }
    }
  }))
}
