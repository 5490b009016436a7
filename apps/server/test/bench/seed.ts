import { createInProcessApi } from '../../src/cli/in-process-api.ts'
import { saveVariants } from '../../src/modules/catalog/index.ts'
import { createChannel } from '../../src/modules/channels/index.ts'
import { recordReceipts } from '../../src/modules/inventory/commands/receive-stock.ts'
import { createLocation } from '../../src/modules/locations/commands/create-location.ts'
import { SYSTEM } from '../../src/platform/caller.ts'
import { createLog } from '../../src/platform/log.ts'
import { migrate } from '../../src/platform/migrate.ts'
import { sql } from '../../src/platform/sql.ts'
import { createApplication, type Application } from '../../src/wiring.ts'
import { skuOf } from './load/capture.ts'
import { seededRandom } from '../harness/random.ts'

/** The retailer that benchmarks run on. */
export type Retailer = {
  skus: number
  locations: number
  /** What part of the articles a store keeps; the warehouses, two of the locations, keep all. */
  spread: number
}

/** So many units of each article at each of its locations that no benchmark runs out by accident. */
const UNITS = 10_000_000
const WAREHOUSES = 2
const LINES_PER_RECEIPT = 2_000

const asSystem = { caller: SYSTEM, request_id: 'bench' }

/** Fills an empty database through the modules' own commands. Answers an API key that may do what the benchmarks do. */
export async function seed(databaseUrl: string, retailer: Retailer, say: (text: string) => void): Promise<string> {
  const application = await createApplication({ database_url: databaseUrl, admin_key: 'bench-administrator', max_connections: 4, log: createLog('warn') })
  try {
    await migrate(application.db)
    await application.prepare()
    await seedRetailer(application, retailer, say)
    const { call } = createInProcessApi(application.server, 'bench-administrator')
    const { key } = await call<{ key: string }>('POST', '/v1/api-keys', { name: 'bench', permissions: Object.keys(application.permissions) })
    return key
  } finally {
    await application.stop()
  }
}

async function seedRetailer({ executor, db }: Application, { skus, locations, spread }: Retailer, say: (text: string) => void): Promise<void> {
  const random = seededRandom(7)
  // Released a day later, so that nothing but the capture itself happens while captures are measured.
  await executor.run(createChannel, { code: 'bench', name: 'Web store', kind: 'web', currency: 'GBP', payment_expectation: 'prepaid', tax_rate_basis_points: 2_000, release_delay_minutes: 1_440 }, asSystem)
  const codes = Array.from({ length: locations }, (_, index) => `place-${String(index).padStart(2, '0')}`)
  for (const [index, code] of codes.entries()) {
    const isWarehouse = index < WAREHOUSES
    const address = { line1: `${index + 1} Yard Road`, city: 'Leeds', postal_code: 'LS1 4AP', country: 'GB', latitude: 50 + random() * 8, longitude: -5 + random() * 6 }
    await executor.run(createLocation, { code, name: `Place ${index}`, kind: isWarehouse ? 'warehouse' : 'store', address, time_zone: 'Europe/London', capabilities: isWarehouse ? ['ship', 'receive_returns'] : ['ship', 'pickup', 'receive_returns'], priority: isWarehouse ? 100 : 200 }, asSystem)
  }
  const articles = Array.from({ length: skus }, (_, index) => skuOf(index))
  for (let from = 0; from < skus; from += 1_000) {
    const variants = articles.slice(from, from + 1_000).map((sku) => ({ sku, name: `Article ${sku}`, price: { amount: `${2 + Math.floor(random() * 60)}.99`, currency: 'GBP' }, weight_grams: 50 + Math.floor(random() * 1_500) }))
    await executor.run(saveVariants, { variants }, asSystem)
  }
  say(`${skus} articles, ${locations} locations`)
  let levels = 0
  for (const [index, location] of codes.entries()) {
    const kept = index < WAREHOUSES ? articles : articles.filter(() => random() < spread)
    levels += kept.length
    for (let from = 0; from < kept.length; from += LINES_PER_RECEIPT) {
      const lines = kept.slice(from, from + LINES_PER_RECEIPT).map((sku) => ({ sku, quantity: UNITS }))
      const [outcome] = await executor.runBatch(recordReceipts, [{ input: { location, lines }, request: asSystem }])
      if (outcome?.ok !== true) throw new Error(`a receipt was refused: ${JSON.stringify(outcome)}`)
    }
  }
  // What an hour of autovacuum would have done.
  await db.run(sql`vacuum (analyze)`)
  say(`stock in ${levels} levels`)
}
