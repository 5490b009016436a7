import { present } from '../../src/kernel/assert.ts'
import { ids } from '../../src/kernel/id-kinds.ts'
import { saveVariants } from '../../src/modules/catalog/index.ts'
import { releaseOrdersNow } from '../../src/modules/fulfillment/commands/release-orders.ts'
import { withdrawUnits } from '../../src/modules/fulfillment/index.ts'
import { recordReceipts } from '../../src/modules/inventory/commands/receive-stock.ts'
import { reserveStock, type Reserve } from '../../src/modules/inventory/commands/reserve.ts'
import type { CaptureInput } from '../../src/modules/orders/capture-input.ts'
import { captureOrders } from '../../src/modules/orders/commands/capture-orders.ts'
import type { OrderPorts } from '../../src/modules/orders/index.ts'
import { planStock, unclaim } from '../../src/modules/sourcing/index.ts'
import type { BatchCommand } from '../../src/platform/command.ts'
import type { ManualClock } from '../../src/platform/clock.ts'
import type { Database } from '../../src/platform/db.ts'
import { sql } from '../../src/platform/sql.ts'
import type { Application } from '../../src/wiring.ts'
import { asSystem, type TestApp } from '../harness/app.ts'
import { HOME, openShop } from '../harness/shop.ts'

/** An order as paths speak of it: ids as the database knows them. */
export type Placed = { order_id: string; line_ids: string[]; skus: string[] }

/** Makes worlds many at a time with the product's own batches, since every schedule uses one up. */
export type Workshop = {
  application: Application
  clock: ManualClock
  /** New SKUs, `each` of them for every world, that sort by id as they sort by name; with these units at these locations. */
  skus: (worlds: number, each: number, units: Readonly<Record<string, number>>) => Promise<string[][]>
  reservations: (inputs: readonly Reserve[]) => Promise<string[]>
  orders: (inputs: readonly CaptureInput[]) => Promise<Placed[]>
  /** Hands orders to their locations; answers their fulfillment orders. */
  release: (orders: readonly Placed[]) => Promise<string[][]>
  /** Has an order captured, so that every schedule of a path finds known what is read once: settings, places, the network. */
  captureOne: () => Promise<void>
  /** Runs a batch in which nothing may be refused. */
  all: <Input, Output>(command: BatchCommand<Input, Output>, inputs: readonly Input[]) => Promise<Output[]>
}

/** What orders need from the modules above them, joined as in the product. */
export const ports: OrderPorts = { sourcing: { plan: planStock, unclaim }, fulfillment: { withdraw: withdrawUnits } }

export const capture = captureOrders(ports)

/** An order of one unit of each SKU, nearest to Leeds, released by hand. */
export function orderOf(skus: readonly string[], more: Partial<CaptureInput> = {}): CaptureInput {
  return { channel: 'web', shipping_address: HOME, lines: skus.map((sku) => ({ sku, quantity: 1 })), release: 'manual', ...more }
}

let made = 0

export async function openWorkshop(app: TestApp): Promise<Workshop> {
  const { application, clock } = app
  const { executor, jobs } = application
  await openShop(app)
  // The job queue connects when the first job is written: not in the middle of a schedule.
  await jobs.prepare([])
  const all: Workshop['all'] = async (command, inputs) => {
    const settled = await executor.runBatch(command, inputs.map((input) => ({ input, request: asSystem })))
    return settled.map((one) => {
      if (!one.ok) throw one.refusal
      return one.output
    })
  }
  const skus: Workshop['skus'] = async (worlds, each, units) => {
    const named = Array.from({ length: worlds }, () => Array.from({ length: each }, () => `X${String(made++).padStart(6, '0')}`))
    await executor.run(saveVariants, { variants: named.flat().map((sku) => ({ sku, name: sku, price: { amount: '5.00', currency: 'GBP' }, weight_grams: 100 })) }, asSystem)
    const receipts = Object.entries(units).map(([location, quantity]) => ({ location, lines: named.flat().map((sku) => ({ sku, quantity })) }))
    if (receipts.length > 0) await all(recordReceipts, receipts)
    return named
  }
  return {
    application, clock, all, skus,
    captureOne: async () => { await all(capture, (await skus(1, 1, { leeds: 1 })).map((one) => orderOf(one))) },
    reservations: async (inputs) => (await all(reserveStock, inputs)).map(({ id }) => present(ids.reservation.parse(id), 'the API shows ids of reservations')),
    orders: async (inputs) => (await all(capture, inputs)).map(({ id, lines }) => ({
      order_id: present(ids.order.parse(id), 'the API shows ids of orders'),
      line_ids: lines.map((line) => present(ids.line.parse(line.id), 'the API shows ids of lines')), skus: lines.map(({ sku }) => sku),
    })),
    release: async (orders) => (await all(releaseOrdersNow, orders.map(({ order_id }) => ({ order_id })))).map(({ fulfillment_order_ids }) => fulfillment_order_ids),
  }
}

/** The balances of a SKU that are not zero, over all locations: `available 1, reserved 1`. */
export async function balancesOf(db: Database, sku: string): Promise<string> {
  const balances = await db.one<Record<string, number>>(sql`
    select coalesce(sum(l.available), 0)::int as available, coalesce(sum(l.reserved), 0)::int as reserved, coalesce(sum(l.allocated), 0)::int as allocated, coalesce(sum(l.deficit), 0)::int as deficit
    from stock_levels l join variants v on v.id = l.variant_id where v.sku = ${sku}`)
  return Object.entries(balances).filter(([, units]) => units !== 0).map(([state, units]) => `${state} ${units}`).join(', ') || 'nothing'
}
