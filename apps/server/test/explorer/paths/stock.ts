import { adjustStock, type AdjustmentLine } from '../../../src/modules/inventory/commands/adjust-stock.ts'
import { openCount, postCount, recordCounts } from '../../../src/modules/inventory/commands/counts.ts'
import { expectInbound, receiveInbound } from '../../../src/modules/inventory/commands/inbound.ts'
import { moveStock } from '../../../src/modules/inventory/commands/move-stock.ts'
import { recordReceipts } from '../../../src/modules/inventory/commands/receive-stock.ts'
import { reserveStock } from '../../../src/modules/inventory/commands/reserve.ts'
import { present } from '../../../src/kernel/assert.ts'
import { ids } from '../../../src/kernel/id-kinds.ts'
import type { Database } from '../../../src/platform/db.ts'
import type { Executor } from '../../../src/platform/executor.ts'
import { asSystem } from '../../harness/app.ts'
import { definePath, type Path } from '../path.ts'
import { balancesOf, type Workshop } from '../workshop.ts'

type Skus = { skus: string[] }

/** Worlds of SKUs with these units. */
const stocked = (each: number, units: Readonly<Record<string, number>>) => async (shop: Workshop, count: number): Promise<Skus[]> => (await shop.skus(count, each, units)).map((skus) => ({ skus }))

const first = (db: Database, { skus }: Skus): Promise<string> => balancesOf(db, skus[0]!)

/** Reserves one unit of each of these SKUs of the world, from these locations where it can. */
const reserve = (picks: readonly number[], ...preferred_locations: string[]) => (executor: Executor, { skus }: Skus): Promise<unknown> =>
  executor.submit(reserveStock, { channel: 'web', preferred_locations, lines: picks.map((pick) => ({ sku: skus[pick]!, quantity: 1 })) }, asSystem)

const reserveTwo = (executor: Executor, { skus }: Skus): Promise<unknown> => executor.submit(reserveStock, { channel: 'web', lines: [{ sku: skus[0]!, quantity: 2 }] }, asSystem)

const adjust = (line: Omit<AdjustmentLine, 'sku'>) => (executor: Executor, { skus }: Skus): Promise<unknown> =>
  executor.submit(adjustStock, { location: 'leeds', reason: 'lost', lines: [{ sku: skus[0]!, ...line }] }, asSystem)

const receive = (...picks: number[]) => (executor: Executor, { skus }: Skus): Promise<unknown> =>
  executor.submit(recordReceipts, { location: 'leeds', lines: picks.map((pick) => ({ sku: skus[pick]!, quantity: 1 })) }, asSystem)

const setAside = (executor: Executor, { skus }: Skus): Promise<unknown> =>
  executor.submit(moveStock, { location: 'leeds', reason: 'inspection', lines: [{ sku: skus[0]!, from_state: 'available', to_state: 'quality_control', quantity: 1 }] }, asSystem)

export const STOCK_PATHS: readonly Path[] = [
  definePath({
    name: 'reserve, reserve: the last unit', prepare: stocked(1, { leeds: 1 }), calls: [reserve([0]), reserve([0])], state: first,
    endings: ['ok, out_of_stock: reserved 1', 'out_of_stock, ok: reserved 1'],
  }),
  definePath({
    name: 'reserve, reserve, reserve: the last unit', prepare: stocked(1, { leeds: 1 }), calls: [reserve([0]), reserve([0]), reserve([0])], state: first,
    endings: ['ok, out_of_stock, out_of_stock: reserved 1', 'out_of_stock, ok, out_of_stock: reserved 1', 'out_of_stock, out_of_stock, ok: reserved 1'],
  }),
  definePath({
    name: 'reserve, reserve: two SKUs in opposite order', prepare: stocked(2, { leeds: 1 }), calls: [reserve([0, 1]), reserve([1, 0])], state: first,
    endings: ['ok, out_of_stock: reserved 1', 'out_of_stock, ok: reserved 1'],
  }),
  definePath({
    name: 'reserve, reserve, reserve: three SKUs in a circle', prepare: stocked(3, { leeds: 1 }), calls: [reserve([0, 1]), reserve([1, 2]), reserve([2, 0])], state: first,
    endings: ['ok, out_of_stock, out_of_stock: reserved 1', 'out_of_stock, ok, out_of_stock: available 1', 'out_of_stock, out_of_stock, ok: reserved 1'],
  }),
  definePath({
    name: 'reserve, reserve: a unit at each of two locations, none of them left behind', prepare: stocked(1, { leeds: 1, london: 1 }), calls: [reserve([0], 'leeds'), reserve([0], 'leeds')], state: first,
    endings: ['ok, ok: reserved 2'],
  }),
  definePath({
    name: 'reserve both, reserve here, reserve there: a unit at each of two locations', prepare: stocked(1, { leeds: 1, london: 1 }),
    calls: [reserveTwo, reserve([0], 'leeds'), reserve([0], 'london')], state: first,
    endings: ['ok, out_of_stock, out_of_stock: reserved 2', 'out_of_stock, ok, ok: reserved 2'],
  }),
  definePath({
    name: 'reserve, adjust: the last unit is lost', prepare: stocked(1, { leeds: 1 }), calls: [reserve([0]), adjust({ delta: -1 })], state: first,
    endings: ['ok, ok: reserved 1, deficit 1', 'out_of_stock, ok: nothing'],
  }),
  definePath({
    name: 'reserve, receive: a promised unit was lost', calls: [reserve([0]), receive(0)], state: first,
    prepare: async (shop, count) => {
      const worlds = await stocked(1, { leeds: 1 })(shop, count)
      await shop.reservations(worlds.map(({ skus }) => ({ channel: 'web', lines: [{ sku: skus[0]!, quantity: 1 }] })))
      await shop.all(adjustStock, worlds.map(({ skus }) => ({ location: 'leeds', reason: 'lost' as const, lines: [{ sku: skus[0]!, delta: -1 }] })))
      return worlds
    },
    endings: ['out_of_stock, ok: reserved 1'],
  }),
  definePath({
    name: 'reserve, move: the last unit is set aside', prepare: stocked(1, { leeds: 1 }), calls: [reserve([0]), setAside], state: first,
    endings: ['ok, insufficient_stock: reserved 1', 'out_of_stock, ok: nothing'],
  }),
  definePath({
    name: 'adjust, adjust: both compared with what was there', prepare: stocked(1, { leeds: 5 }), calls: [adjust({ set_to: 3, expected: 5 }), adjust({ set_to: 4, expected: 5 })], state: first,
    endings: ['ok, stale_quantity: available 3', 'stale_quantity, ok: available 4'],
  }),
  definePath({
    name: 'adjust, reserve, reserve: one of two units is lost', prepare: stocked(1, { leeds: 2 }), calls: [adjust({ delta: -1 }), reserve([0]), reserve([0])], state: first,
    endings: ['ok, ok, ok: reserved 2, deficit 1', 'ok, ok, out_of_stock: reserved 1', 'ok, out_of_stock, ok: reserved 1'],
  }),
  definePath({
    name: 'receive, receive: levels that are not there yet, in opposite order', prepare: stocked(2, {}), calls: [receive(0, 1), receive(1, 0)], state: first,
    endings: ['ok, ok: available 2'],
  }),
  definePath<Skus & { count_id: string }>({
    name: 'post a count, post it again, reserve: the counted unit is missing', state: first,
    prepare: async (shop, count) => Promise.all((await stocked(1, { leeds: 1 })(shop, count)).map(async ({ skus }) => {
      const { executor } = shop.application
      const count_id = present(ids.count.parse((await executor.run(openCount, { location: 'leeds', skus }, asSystem)).output.id), 'the API shows ids of counts')
      await executor.run(recordCounts, { count_id, lines: [{ sku: skus[0]!, counted: 0 }] }, asSystem)
      return { skus, count_id }
    })),
    calls: [
      (executor, { count_id }) => executor.run(postCount, { count_id }, asSystem),
      (executor, { count_id }) => executor.run(postCount, { count_id }, asSystem),
      reserve([0]),
    ],
    endings: ['ok, count_closed, ok: reserved 1, deficit 1', 'ok, count_closed, out_of_stock: nothing', 'count_closed, ok, ok: reserved 1, deficit 1', 'count_closed, ok, out_of_stock: nothing'],
  }),
  definePath<Skus & { inbound_id: string }>({
    name: 'receive a supply, receive it again: more than was announced', state: first,
    prepare: async (shop, count) => Promise.all((await stocked(1, {})(shop, count)).map(async ({ skus }) => {
      const { output } = await shop.application.executor.run(expectInbound, { location: 'leeds', sku: skus[0]!, quantity: 3, expected_on: '2026-03-05' }, asSystem)
      return { skus, inbound_id: present(ids.inbound.parse(output.id), 'the API shows ids of supplies') }
    })),
    calls: [2, 3].map((quantity) => (executor: Executor, { inbound_id }: { inbound_id: string }) => executor.run(receiveInbound, { inbound_id, quantity }, asSystem)),
    endings: ['ok, ok: available 5', 'inbound_closed, ok: available 3'],
  }),
]
