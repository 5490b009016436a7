import { gunzipSync, gzipSync } from 'node:zlib'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { audit } from '../../src/audit.ts'
import { sql } from '../../src/platform/sql.ts'
import { startApp, type TestApp } from '../harness/app.ts'
import { cloneDatabase } from '../harness/database.ts'

const SLICE = join(import.meta.dirname, '../../demo/online-retail-slice.csv.gz')
const LINES = 4_000

let folder: string
let file: string
const opened: { app: TestApp; drop: () => Promise<void> }[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'switchyard-import-'))
  file = join(folder, 'slice.csv.gz')
  const lines = gunzipSync(await readFile(SLICE)).toString().split('\n')
  await writeFile(file, gzipSync(lines.slice(0, LINES + 1).join('\n')))
})
afterAll(async () => {
  for (const { app, drop } of opened) {
    await app.application.stop()
    await drop()
  }
  await rm(folder, { recursive: true, force: true })
})

async function install(): Promise<TestApp> {
  const database = await cloneDatabase()
  const app = await startApp(database.url)
  opened.push({ app, drop: database.drop })
  return app
}

/** Everything that an import leaves behind, without ids and clocks. */
async function stateOf({ application: { db } }: TestApp): Promise<unknown> {
  return {
    orders: await db.rows(sql`select external_id, status, total, placed_at, units_delivered, units_returned, units_backordered from orders order by external_id`),
    stock: await db.rows(sql`select v.sku, l.code, s.available, s.allocated from stock_levels s join variants v on v.id = s.variant_id join locations l on l.id = s.location_id order by v.sku, l.code`),
    returns: await db.rows(sql`select external_id, status, refund_total from returns order by external_id`),
    money: await db.one(sql`select sum(captured)::text as captured, sum(refunded)::text as refunded from payments`),
    movements: await db.one(sql`select count(*)::int as count, sum(quantity)::int as units from stock_movements`),
    events: await db.one(sql`select count(*)::int as count from events where order_id is not null`),
  }
}

describe('importing the retailer\'s file', () => {
  test('accounts for every line, unit and penny, ships everything, and leaves the auditor silent', async () => {
    const app = await install()
    const { report, differences } = await app.application.importOnlineRetail(file)
    expect(differences).toEqual([])
    expect(report.lines.read).toBe(LINES)
    expect(report.lines.imported + report.lines.refused).toBe(LINES)
    expect(report.orders).toBe((await app.application.db.one<{ count: number }>(sql`select count(*)::int as count from orders`)).count)
    expect((await audit(app.application.db)).checks.filter(({ rows }) => rows > 0)).toEqual([])
    expect(await app.application.db.rows(sql`select number from orders where status <> 'completed' limit 3`)).toEqual([])
  })

  test('twice adds nothing and reports the same', async () => {
    const app = await install()
    const first = await app.application.importOnlineRetail(file)
    const before = await stateOf(app)
    const second = await app.application.importOnlineRetail(file)
    expect({ ...second.report, seconds: 0, linesPerSecond: 0 }).toEqual({ ...first.report, seconds: 0, linesPerSecond: 0 })
    expect(await stateOf(app)).toEqual(before)
  })

  test('cut off in the middle and begun again ends where one run ends', async () => {
    const whole = await install()
    await whole.application.importOnlineRetail(file)
    const cut = await install()
    await cut.application.importOnlineRetail(file, { max_lines: 1_500 })
    await cut.application.importOnlineRetail(file)
    expect(await stateOf(cut)).toEqual(await stateOf(whole))
    expect((await audit(cut.application.db)).ok).toBe(true)
  })

  test('killed between capture and delivery and begun again ends where one run ends', async () => {
    const whole = await install()
    await whole.application.importOnlineRetail(file)
    const killed = await install()
    for (const batch of [1, 2, 3]) {
      let batches = 0
      const killing = killed.application.importOnlineRetail(file, { progress: () => { if (++batches === batch) throw new Error('killed') } })
      await expect(killing).rejects.toThrow('killed')
      expect((await audit(killed.application.db)).ok).toBe(true)
    }
    expect(await killed.application.db.rows(sql`select number from orders where units_allocated > 0 limit 1`)).toHaveLength(1)
    await killed.application.importOnlineRetail(file)
    expect(await stateOf(killed)).toEqual(await stateOf(whole))
    expect((await audit(killed.application.db)).ok).toBe(true)
  })
})
