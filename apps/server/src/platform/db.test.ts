import { expect, test } from 'vitest'
import { useDatabase } from '../../test/harness/database.ts'
import type { Tx } from './db.ts'
import { sql } from './sql.ts'

const db = useDatabase()

const killBackendOf = async (tx: Tx): Promise<void> => {
  const { pid } = await tx.one<{ pid: number }>(sql`select pg_backend_pid() as pid`)
  await db().rows(sql`select pg_terminate_backend(${pid})`)
}

test.each([
  ['between two statements', async (tx: Tx) => {
    await killBackendOf(tx)
    await new Promise((resolve) => setTimeout(resolve, 100))
    await tx.rows(sql`select 1`)
  }],
  ['in the middle of one', async (tx: Tx) => {
    await Promise.all([killBackendOf(tx), tx.rows(sql`select pg_sleep(5)`)])
  }],
])('a backend that dies %s of a transaction fails it, and the process and the pool live on', async (_when, work) => {
  await expect(db().transaction(work)).rejects.toThrow()
  expect(await db().transaction((tx) => tx.one(sql`select 1 as one`))).toEqual({ one: 1 })
})
