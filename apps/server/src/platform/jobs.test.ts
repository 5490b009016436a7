import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cloneDatabase } from '../../test/harness/database.ts'
import { openDatabase, type Database } from './db.ts'
import { createJobs, type JobDefinition, type Jobs } from './jobs.ts'
import { createLog } from './log.ts'

let db: Database
let drop: () => Promise<void>
let jobs: Jobs

beforeAll(async () => {
  const database = await cloneDatabase()
  drop = database.drop
  db = openDatabase(database.url)
  jobs = createJobs({ url: database.url, log: createLog('silent') })
})
afterAll(async () => {
  await jobs.stop()
  await db.close()
  await drop()
})

async function until(condition: () => boolean | Promise<boolean>, limitMs: number): Promise<void> {
  const deadline = performance.now() + limitMs
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not so within ${limitMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

test('a job of a transaction that fails was never enqueued', async () => {
  const ran: unknown[] = []
  const undone: JobDefinition = { name: 'test.undone', run: async (data) => { ran.push(data) } }
  await jobs.prepare([undone])
  await expect(db.transaction(async (tx) => {
    await jobs.insert(tx, [{ name: undone.name, data: {} }])
    throw new Error('no')
  })).rejects.toThrow('no')
  expect([await jobs.runDue([undone]), ran]).toEqual([0, []])
})

describe('a worker', () => {
  test('does 200 jobs within seconds, each once, and none waits for one that fails', async () => {
    const ran: number[] = []
    const flood: JobDefinition = {
      name: 'test.flood',
      run: async ({ number }) => {
        // What an outside system takes to answer.
        await new Promise((resolve) => setTimeout(resolve, 250))
        ran.push(Number(number))
        if (number === 7) throw new Error('seven fails')
      },
    }
    await jobs.prepare([flood])
    await jobs.work([flood])
    await db.transaction((tx) => jobs.insert(tx, Array.from({ length: 200 }, (_, number) => ({ name: flood.name, data: { number } }))))
    // Two a second would take 100 s, four at a time 12 s.
    await until(() => new Set(ran).size === 200, 10_000)
    expect(ran.filter((number) => number !== 7)).toHaveLength(199)
  })
})
