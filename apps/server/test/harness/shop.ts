import { asSystem, type Answer, type TestApp } from './app.ts'
import { applyMovements, readLevels } from '../../src/modules/inventory/index.ts'
import { findLocationsByCode } from '../../src/modules/locations/index.ts'
import { findVariantsBySku } from '../../src/modules/catalog/index.ts'
import { SYSTEM } from '../../src/platform/caller.ts'
import { command } from '../../src/platform/command.ts'

/** A small retailer to test with: two warehouses, a store, a web store, a wholesale channel and a few articles. */
export type Shop = {
  order: (body: Record<string, unknown>) => Promise<Answer>
  /** Receives units; SKUs that nobody knows are added to the catalog at 5.00. */
  stock: (location: string, units: Readonly<Record<string, number>>) => Promise<void>
  available: (sku: string) => Promise<number>
}

const ADDRESSES = {
  leeds: { line1: '1 Yard Road', city: 'Leeds', postal_code: 'LS1 4AP', country: 'GB', latitude: 53.8, longitude: -1.55 },
  london: { line1: '2 Dock Street', city: 'London', postal_code: 'E1 8JP', country: 'GB', latitude: 51.51, longitude: -0.07 },
  york: { line1: '3 Stonegate', city: 'York', postal_code: 'YO1 8AS', country: 'GB', latitude: 53.96, longitude: -1.08 },
}

/** Where customers live unless a test says otherwise: nearer to Leeds than to London. */
export const HOME = { name: 'Ada King', line1: '5 High Street', city: 'Harrogate', postal_code: 'HG1 1AA', country: 'GB', latitude: 53.99, longitude: -1.54 }

export async function openShop(app: TestApp): Promise<Shop> {
  const create = async (url: string, body: object): Promise<void> => {
    const answer = await app.post(url, body)
    if (answer.status !== 201) throw new Error(`${url}: ${answer.text}`)
  }
  for (const [code, kind] of [['leeds', 'warehouse'], ['london', 'warehouse'], ['york', 'store']] as const) {
    await create('/v1/locations', { code, name: code[0]!.toUpperCase() + code.slice(1), kind, address: ADDRESSES[code], time_zone: 'Europe/London', capabilities: kind === 'store' ? ['ship', 'pickup', 'receive_returns'] : ['ship', 'receive_returns'], priority: kind === 'store' ? 200 : 100 })
  }
  await create('/v1/channels', { code: 'web', name: 'Web store', kind: 'web', currency: 'GBP', payment_expectation: 'none' })
  await create('/v1/channels', { code: 'wholesale', name: 'Wholesale', kind: 'distributor', currency: 'GBP', on_shortage: 'backorder', payment_expectation: 'on_account' })
  await create('/v1/channels', { code: 'till', name: 'Till in York', kind: 'pos', currency: 'GBP', payment_expectation: 'prepaid' })
  for (const [sku, price] of [['TEA', '5.00'], ['CUP', '4.50'], ['ODD', '3.33']] as const) {
    await create('/v1/variants', { sku, name: `Article ${sku}`, price: { amount: price, currency: 'GBP' }, weight_grams: 250 })
  }

  const receive = command('test.receive', 'public', async ({ tx, now }, { location, units }: { location: string; units: Readonly<Record<string, number>> }) => {
    const place = (await findLocationsByCode(tx, [location])).get(location)!
    const variants = await findVariantsBySku(tx, Object.keys(units))
    await applyMovements(tx, Object.entries(units).map(([sku, quantity]) => ({
      variant_id: variants.get(sku)!.id, location_id: place.id, from_state: null, to_state: 'available' as const, quantity, reason: 'received', cause_kind: 'adjustment', cause_id: place.id, caller_id: SYSTEM.id, at: now,
    })))
    return {}
  })

  return {
    order: (body) => app.post('/v1/orders', { channel: 'web', shipping_address: HOME, ...body }),
    stock: async (location, units) => {
      const known = await findVariantsBySku(app.application.db, Object.keys(units))
      for (const sku of Object.keys(units)) if (!known.has(sku)) await create('/v1/variants', { sku, name: `Article ${sku}`, price: { amount: '5.00', currency: 'GBP' }, weight_grams: 250 })
      await app.application.executor.run(receive, { location, units }, asSystem)
    },
    available: async (sku) => {
      const variant = (await findVariantsBySku(app.application.db, [sku])).get(sku)!
      return (await readLevels(app.application.db, [variant.id])).reduce((sum, level) => sum + level.available, 0)
    },
  }
}
