import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import { sql } from '../../src/platform/sql.ts'
import { useApp } from '../harness/app.ts'
import { openShop } from '../harness/shop.ts'

const CLI = join(import.meta.dirname, '../../src/cli.ts')

const app = useApp()
let worker: ChildProcess | undefined
afterAll(() => { worker?.kill('SIGKILL') })

async function until(condition: () => Promise<boolean>, limitMs: number): Promise<number> {
  const startedMs = performance.now()
  while (!(await condition())) {
    if (performance.now() - startedMs > limitMs) throw new Error(`not so within ${limitMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return performance.now() - startedMs
}

// Slow, about 25 s: the heartbeats of the dead have to be missed first.
test('a job whose worker is killed runs again within 30 s, and the card is authorized once', async () => {
  const { db } = app().application
  const shop = await openShop(app())
  await shop.stock('leeds', { TEA: 5 })
  const placed = await shop.order({ lines: [{ sku: 'TEA', quantity: 1 }], payments: [{ tender: 'card', gateway: 'test', token: 'tok_ok' }] })
  expect(placed.status).toBe(201)

  // Whoever holds the order's row keeps the worker in the middle of its job: the gateway has been asked, the outcome is not written.
  const holder = new pg.Client({ connectionString: db.url })
  await holder.connect()
  await holder.query('begin')
  await holder.query('select 1 from orders for update')
  worker = spawn(process.execPath, [CLI, 'worker'], { env: { ...process.env, DATABASE_URL: db.url, SWITCHYARD_HOME: join(tmpdir(), `switchyard-unused-${process.pid}`), LOG_LEVEL: 'error' }, stdio: 'ignore' })
  const ended = once(worker, 'exit')
  const authorizations = async () => (await db.rows<{ calls: number }>(sql`select calls from test_gateway_operations where kind = 'authorize'`)).map(({ calls }) => calls)
  await until(async () => (await authorizations()).length === 1, 30_000)
  worker.kill('SIGKILL')
  await ended
  await holder.query('rollback')
  await holder.end()

  await app().application.startWorkers()
  const resumedMs = await until(async () => (await app().get(`/v1/orders/${String(placed.body['number'])}`)).body['payment_status'] === 'authorized', 45_000)
  expect(resumedMs).toBeLessThan(30_000)
  expect(await authorizations(), 'looked up, not asked again').toEqual([1])
}, 120_000)
