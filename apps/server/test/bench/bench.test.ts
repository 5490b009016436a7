import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createLog } from '../../src/platform/log.ts'
import { sql } from '../../src/platform/sql.ts'
import { createApplication, type Application } from '../../src/wiring.ts'
import { cloneDatabase } from '../harness/database.ts'
import { judge, type Bench } from './benchmark.ts'
import { captureSpec, measurementOf, runCapture } from './capture-load.ts'
import { measureCeiling } from './ceiling.ts'
import { withDatabase } from './database.ts'
import type { Server } from './installation.ts'
import { seed } from './seed.ts'
import { verify } from './verify.ts'

/** The load ends with them, however busy the machine is. */
const ORDERS = 150
const retailer = { skus: 40, locations: 4, spread: 0.5 }
let application: Application
let bench: Bench
let server: Server
let drop: () => Promise<void>

/** The harness on the tests' own database, with the application in this process: all of it but the processes. */
beforeAll(async () => {
  const database = await cloneDatabase()
  drop = database.drop
  const key = await seed(database.url, retailer, () => undefined)
  application = await createApplication({ database_url: database.url, log: createLog('warn'), max_connections: 4 })
  await application.server.listen({ host: '127.0.0.1', port: 0 })
  const url = `http://127.0.0.1:${(application.server.server.address() as AddressInfo).port}`
  const unused = async (): Promise<never> => { throw new Error('no process is started here') }
  server = {
    url, pid: process.pid, ready_ms: 0, inspector: undefined, stop: async () => undefined,
    ask: async <Body>(_method: 'GET' | 'POST', path: string) => (await (await fetch(url + path)).text()) as Body,
  }
  bench = {
    seconds: 20, connections: 8, rate: undefined, orders: 1, profile: undefined, retailer, say: () => undefined,
    installation: { home: '', retailer, key, url: database.url, postmaster_pid: 1, reset: unused, start: unused, stopServers: unused, close: unused },
  }
})

afterAll(async () => {
  await application.stop()
  await drop()
})

describe('a benchmark', () => {
  test('measures captures and their ceiling, and leaves every identity standing', async () => {
    const loaded = await runCapture(bench, server, { workload: captureSpec(bench, { limit: ORDERS }), warmup_seconds: 0 })
    const ceiling = await measureCeiling(bench, loaded.batch, 0.2)
    await verify(bench)
    const line = judge('capture', { value: 1, ratio: 0 }, { ...measurementOf(loaded), ceiling: ceiling.per_second })
    expect(loaded.statuses).toEqual({ 201: ORDERS })
    expect([line.met, line.value > 1, line.p99Ms! >= line.p50Ms!, line.ceiling! > 1, loaded.batch >= 1]).toEqual([true, true, true, true, true])
  })

  test('says so when nobody answers as expected', async () => {
    await expect(runCapture(bench, server, { workload: captureSpec(bench, { only: 'NO-SUCH-SKU', lines: 1, limit: 10 }), warmup_seconds: 0 })).rejects.toThrow('unknown_sku')
  })

  test('fails where an identity is broken', async () => {
    await withDatabase(bench.installation, (db) => db.run(sql`update stock_levels set available = available + 1 where variant_id = (select id from variants where sku = 'SKU-00000')`))
    await expect(verify(bench)).rejects.toThrow('stock balances are the sums of their movements')
  })
})

test('a goal is missed by any of its conditions, and by those of its parts', () => {
  const measured = { value: 1_000, unit: 'orders/s', p99Ms: 90, cpuMsPerOrder: 1, ceiling: 4_000 }
  expect(judge('a', { value: 900, p99Ms: 100, cpuMsPerOrder: 1, ratio: 0.25 }, measured).met).toBe(true)
  expect(judge('a', { value: 1_100, p99Ms: 80, cpuMsPerOrder: 0.5, ratio: 0.5 }, measured).missed).toHaveLength(4)
  expect(judge('a', { value: 900, at_most: true }, measured).met).toBe(false)
  expect(judge('a', { value: 1 }, { ...measured, parts: [{ name: 'b', value: 1, unit: 'ms', goal: { value: 2 } }] }).missed).toEqual(['b'])
})
