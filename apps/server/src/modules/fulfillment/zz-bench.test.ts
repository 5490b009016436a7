import { test } from 'vitest'
import { useApp, asSystem } from '/work/main/apps/server/test/harness/app.ts'
import { openShop } from '/work/main/apps/server/test/harness/shop.ts'
import { releaseOrdersNow } from '/work/main/apps/server/src/modules/fulfillment/commands/release-orders.ts'
import { pick, pack, ship } from '/work/main/apps/server/src/modules/fulfillment/commands/work.ts'
import { deliverBatch } from '/work/main/apps/server/src/modules/fulfillment/index.ts'
import { sql } from '/work/main/apps/server/src/platform/sql.ts'

const app = useApp()
test('bench', async () => {
  const shop = await openShop(app())
  const skus = Array.from({ length: 50 }, (_, i) => `B${i}`)
  await shop.stock('leeds', Object.fromEntries(skus.map((sku) => [sku, 100_000])))
  const N = 3000
  for (let i = 0; i < N; i += 200) await Promise.all(Array.from({ length: 200 }, (_, j) => shop.order({ lines: [0, 1, 2].map((k) => ({ sku: skus[(i * 7 + j * 3 + k) % 50], quantity: 1 })), payments: [{ tender: 'on_account' }] })))
  const orders = await app().application.db.rows<{ id: string }>(sql`select id from orders where units_allocated > 0 order by id`)
  console.log('orders', orders.length)
  await app().application.db.run(sql`analyze`)
  const { executor, db } = app().application
  const lap = async (name: string, ids: readonly { id: string }[], command: any, key: string) => {
    const size = 500
    const t = performance.now()
    for (let i = 0; i < ids.length; i += size) {
      const out = await executor.runBatch(command, ids.slice(i, i + size).map(({ id }) => ({ input: { [key]: id }, request: asSystem })))
      const bad = out.find((o) => !o.ok)
      if (bad) throw new Error(JSON.stringify(bad))
    }
    const ms = performance.now() - t
    console.log(name, Math.round(ids.length / ms * 1000), '/s', Math.round(ms), 'ms')
    return ms
  }
  let total = await lap('release', orders, releaseOrdersNow, 'order_id')
  const works = await db.rows<{ id: string }>(sql`select id from fulfillment_orders order by id`)
  for (const [name, c] of [['pick', pick], ['pack', pack], ['ship', ship]] as const) total += await lap(name, works, c, 'fulfillment_order_id')
  console.log('release→ship', Math.round(works.length / total * 1000), '/s')
  await lap('deliver', works, deliverBatch, 'fulfillment_order_id')
}, 300_000)
