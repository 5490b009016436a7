import { beforeAll, beforeEach, expect, test } from 'vitest'
import { useApp } from '../../test/harness/app.ts'
import { createParkedJobsReport } from './parked-jobs.ts'
import type { JobDefinition } from './jobs.ts'
import type { Logger } from './log.ts'
import { sql } from './sql.ts'

const app = useApp()
const jobs = () => app().application.jobs

let isPoisoned: boolean
let ran: unknown[]
const poison: JobDefinition = {
  name: 'test.poison',
  run: async (data) => {
    ran.push(data)
    if (isPoisoned) throw new Error('the label printer is on fire')
  },
}
const enqueue = async (data: object): Promise<void> => {
  await app().application.db.transaction((tx) => jobs().insert(tx, [{ name: poison.name, data }]))
}
const list = async (filter = '') => (await app().get(`/v1/jobs?filter[kind]=test.poison${filter}`)).body.data as { id: string; state: string; attempts: number; error: string | null; data: object }[]
const enqueuePoison = async (): Promise<string> => {
  await enqueue({ label: 1 })
  // The eight retries take a quarter of an hour.
  await app().application.db.run(sql`update pgboss.job set retry_limit = 0 where name = ${poison.name} and state = 'created'`)
  await jobs().runDue([poison])
  return (await list('&filter[state]=parked'))[0]!.id
}

beforeAll(async () => {
  // Each failure here is meant.
  app().application.log.level = 'error'
  await jobs().prepare([poison])
})
beforeEach(async () => {
  isPoisoned = true
  ran = []
  await app().application.db.run(sql`delete from pgboss.job where name = ${poison.name}`)
})

test('a job that fails waits for its retry and says why', async () => {
  await enqueue({ label: 1 })
  expect(await list()).toMatchObject([{ state: 'waiting', attempts: 0, error: null, data: { label: 1 } }])
  await jobs().runDue([poison])
  expect(await list('&filter[state]=retrying,running')).toMatchObject([{ state: 'retrying', attempts: 1, error: 'the label printer is on fire' }])
  expect(await list('&filter[state]=parked')).toEqual([])
})

test('a job whose retries are used up is parked with its error, and done when it is replayed without its cause', async () => {
  const id = await enqueuePoison()
  expect(await list()).toMatchObject([{ id, state: 'parked', attempts: 1, error: 'the label printer is on fire', data: { label: 1 } }])
  expect((await app().get('/metrics')).text).toContain('switchyard_parked_jobs{job="test.poison"} 1')

  expect((await app().post(`/v1/jobs/${id}/replay`)).status).toBe(202)
  await jobs().runDue([poison])
  expect(await list(), 'poison parks it again').toMatchObject([{ id, state: 'parked', attempts: 2 }])

  isPoisoned = false
  expect((await app().post(`/v1/jobs/${id}/replay`)).body).toEqual({ id, kind: 'test.poison' })
  await jobs().runDue([poison])
  expect([await list(), ran.length]).toEqual([[], 3])
  expect((await app().get('/metrics')).text).toContain('switchyard_parked_jobs{job="test.poison"} 0')
  expect((await app().get('/v1/audit-entries?filter[command]=jobs.replay')).body.data).toHaveLength(2)
})

test('only what is parked is replayed', async () => {
  await enqueue({ label: 1 })
  const [waiting] = await list()
  expect((await app().post(`/v1/jobs/${waiting!.id}/replay`)).body).toMatchObject({ status: 409, code: 'job_not_parked' })
  expect((await app().post('/v1/jobs/job_00000000000000000000000000/replay')).body).toMatchObject({ status: 404, code: 'not_found' })
})

test('the log tells of a parked job once, and again when it is parked again', async () => {
  const lines: object[] = []
  const log = { error: (facts: object) => { lines.push(facts) } } as unknown as Logger
  const { db } = app().application
  const report = createParkedJobsReport()
  const id = await enqueuePoison()
  await report({ db, log })
  await report({ db, log })
  expect(lines).toEqual([{ job: 'test.poison', id, attempts: 1, error: 'the label printer is on fire' }])
  await app().post(`/v1/jobs/${id}/replay`)
  await jobs().runDue([poison])
  await report({ db, log })
  expect(lines).toHaveLength(2)
})
