import type { Benchmark } from '../benchmark.ts'
import { captureSpec, countBatches, measurementOf } from '../capture-load.ts'
import { measureCeiling } from '../ceiling.ts'
import { runBulk } from '../run-load.ts'
import { verify, waitForRelay } from '../verify.ts'

export const captureBulk: Benchmark = {
  name: 'capture-bulk',
  summary: 'Orders of 4 lines in one NDJSON stream, outcomes streamed back',
  goal: { value: 5_000, ratio: 0.7 },
  run: async (bench) => {
    const server = await bench.installation.start({ inspect: bench.profile !== undefined })
    const { name: _name, ...orders } = captureSpec(bench)
    const loaded = await countBatches(server, 'orders.import', () => runBulk(bench, server, { orders, profile_as: 'capture-bulk' }))
    await waitForRelay(server)
    await server.stop()
    const ceiling = await measureCeiling(bench, loaded.batch, bench.seconds / 2)
    await verify(bench)
    return { ...measurementOf(loaded), ceiling: ceiling.per_second, notes: [...loaded.notes, ceiling.note] }
  },
}
