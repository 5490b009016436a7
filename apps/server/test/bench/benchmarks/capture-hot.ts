import type { Bench, Benchmark, Measurement } from '../benchmark.ts'
import { captureSpec, measurementOf, runCapture } from '../capture-load.ts'
import { withDatabase } from '../database.ts'
import type { Server } from '../installation.ts'
import { verify, waitForRelay } from '../verify.ts'
import { sql } from '../../../src/platform/sql.ts'

/** A measurement of the same thing differs from run to run by so much on a machine that others share. */
const NOISE = 0.05
const LAST = 'LAST-ONES'
const UNITS = 3_000

/** Uniform and hot take turns on one server, so that both meet the same machine. */
async function measureHot(bench: Bench, server: Server): Promise<Measurement> {
  const half = { seconds: bench.seconds / 2, warmup_seconds: Math.min(2.5, bench.seconds / 4) }
  const speeds = { uniform: [] as number[], hot: [] as number[] }
  let last: Measurement | undefined
  for (let turn = 0; turn < 2; turn++) {
    speeds.uniform.push((await runCapture(bench, server, { ...half, workload: captureSpec(bench, { seed: turn }) })).per_second)
    const hot = await runCapture(bench, server, { ...half, workload: captureSpec(bench, { seed: turn, hot: { share: 0.8, skus: 5 } }) })
    speeds.hot.push(hot.per_second)
    last = measurementOf(hot)
  }
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
  return { ...last!, value: mean(speeds.hot), ceiling: mean(speeds.uniform), notes: [...last!.notes!, `the ceiling is the rate of the same orders without hot articles: ${speeds.uniform.map(Math.round).join(' and ')}/s, hot ${speeds.hot.map(Math.round).join(' and ')}/s`] }
}

/** More buyers than units of one article alone, at three locations. */
async function measureDraining(bench: Bench, server: Server): Promise<Measurement> {
  await server.ask('POST', '/v1/variants', { sku: LAST, name: 'The last ones', price: { amount: '9.99', currency: 'GBP' } })
  for (const location of ['place-00', 'place-01', 'place-02']) await server.ask('POST', '/v1/stock/receipts', { location, lines: [{ sku: LAST, quantity: UNITS / 3 }] })
  const attempts = UNITS * 2
  const loaded = await runCapture(bench, server, { warmup_seconds: 0, seconds: 300, workload: captureSpec(bench, { lines: 1, only: LAST, limit: attempts }) })
  const after = await withDatabase(bench.installation, (db) => db.one<{ available: number; allocated: number; orders: number; units: number }>(sql`
    select (select sum(available)::int from stock_levels where variant_id = v.id) as available, (select sum(allocated)::int from stock_levels where variant_id = v.id) as allocated,
      (select count(distinct order_id)::int from order_lines where variant_id = v.id) as orders, (select sum(quantity)::int from order_lines where variant_id = v.id) as units
    from variants v where v.sku = ${LAST}`))
  const accepted = loaded.statuses['201'] ?? 0
  const refused = loaded.statuses['409'] ?? 0
  const isExact = accepted === UNITS && refused === attempts - UNITS && after.available === 0 && after.allocated === UNITS && after.orders === UNITS && after.units === UNITS
  if (!isExact) throw new Error(`${UNITS} units, ${attempts} attempts: ${accepted} accepted, ${refused} refused, ${JSON.stringify(after)}`)
  return { ...measurementOf(loaded), unit: 'attempts/s', notes: [`${UNITS} units, ${attempts} attempts: ${accepted} sold, ${refused} refused with out_of_stock, 0 left`] }
}

export const captureHot: Benchmark = {
  name: 'capture-hot',
  summary: '80 % of the orders on 5 articles, compared with none; then one article alone until it is sold out',
  // The ceiling is the uniform load beside it: hot articles must not be slower.
  goal: { ratio: 1 - NOISE },
  run: async (bench) => {
    const server = await bench.installation.start()
    const hot = await measureHot(bench, server)
    const draining = await measureDraining(bench, server)
    await waitForRelay(server)
    await server.stop()
    await verify(bench)
    return { ...hot, parts: [{ name: 'capture-hot/one-article', ...draining }] }
  },
}
