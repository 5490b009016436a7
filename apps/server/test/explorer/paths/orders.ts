import { fillBackorders, sourceOrder } from '../../../src/modules/sourcing/commands/source-order.ts'
import { reject } from '../../../src/modules/fulfillment/commands/work.ts'
import { releaseOrdersNow } from '../../../src/modules/fulfillment/commands/release-orders.ts'
import { adjustStock } from '../../../src/modules/inventory/commands/adjust-stock.ts'
import { recordReceipts } from '../../../src/modules/inventory/commands/receive-stock.ts'
import { reserveStock } from '../../../src/modules/inventory/commands/reserve.ts'
import type { CaptureInput } from '../../../src/modules/orders/capture-input.ts'
import { cancelOrder } from '../../../src/modules/orders/commands/cancel-order.ts'
import { placeHold } from '../../../src/modules/orders/commands/holds.ts'
import type { Database } from '../../../src/platform/db.ts'
import type { Executor } from '../../../src/platform/executor.ts'
import { sql } from '../../../src/platform/sql.ts'
import { asSystem } from '../../harness/app.ts'
import { HOME } from '../../harness/shop.ts'
import { definePath, ORDERS_APART, type Path } from '../path.ts'
import { balancesOf, capture, orderOf, ports, type Placed, type Workshop } from '../workshop.ts'

type Skus = { skus: string[] }
type Ordered = Skus & { orders: Placed[] }

const cancel = cancelOrder(ports)
const SOUTH = { ...HOME, city: 'Croydon', postal_code: 'CR0 1AA', latitude: 51.37, longitude: -0.1 }

const stocked = (each: number, units: Readonly<Record<string, number>>) => async (shop: Workshop, count: number): Promise<Skus[]> => (await shop.skus(count, each, units)).map((skus) => ({ skus }))

/** Worlds with orders placed. */
const ordered = (units: Readonly<Record<string, number>>, orders: (skus: readonly string[]) => CaptureInput[]) => async (shop: Workshop, count: number): Promise<Ordered[]> => {
  const skus = await shop.skus(count, 1, units)
  const inputs = skus.map(orders)
  const placed = await shop.orders(inputs.flat())
  return skus.map((own, i) => ({ skus: own, orders: placed.splice(0, inputs[i]!.length) }))
}

const first = (db: Database, { skus }: Skus): Promise<string> => balancesOf(db, skus[0]!)

async function ordersOf(db: Database, { skus }: Skus): Promise<string> {
  const { count } = await db.one<{ count: number }>(sql`select count(distinct l.order_id)::int as count from order_lines l where l.sku = ${skus[0]!}`)
  return `${await balancesOf(db, skus[0]!)}, orders ${count}`
}

/** Places an order of one unit of each of these SKUs of the world. */
const order = (picks: readonly number[], more: Partial<CaptureInput> = {}, key?: string) => (executor: Executor, { skus }: Skus): Promise<unknown> =>
  executor.submit(capture, orderOf(picks.map((pick) => skus[pick]!), { ...more, ...(more.external_id === undefined ? {} : { external_id: `${skus[0]!} ${more.external_id}` }) }), { ...asSystem, ...(key === undefined ? {} : { idempotency_key: `${skus[0]!} ${key}` }) })

const orderTwo = (executor: Executor, { skus }: Skus): Promise<unknown> => executor.submit(capture, orderOf([], { lines: [{ sku: skus[0]!, quantity: 2 }] }), asSystem)

const cancelAll = (which: number) => (executor: Executor, { orders }: Ordered): Promise<unknown> => executor.run(cancel, { order_id: orders[which]!.order_id, reason: 'customer', note: '', lines: undefined }, asSystem)
const cancelOne = (executor: Executor, { orders: [placed] }: Ordered): Promise<unknown> => executor.run(cancel, { order_id: placed!.order_id, reason: 'customer', note: '', lines: [{ line_id: placed!.line_ids[0]!, quantity: 1 }] }, asSystem)
const release = (executor: Executor, { orders: [placed] }: Ordered): Promise<unknown> => executor.submit(releaseOrdersNow, { order_id: placed!.order_id }, asSystem)
const hold = (executor: Executor, { orders: [placed] }: Ordered): Promise<unknown> => executor.run(placeHold, { order_id: placed!.order_id, type: 'fraud_risk', note: '', owner_id: null, release_at: null }, asSystem)
const source = (executor: Executor, { orders: [placed] }: Ordered): Promise<unknown> => executor.run(sourceOrder, { order_id: placed!.order_id }, asSystem)
const fill = (executor: Executor, { orders }: Ordered): Promise<unknown> => executor.run(fillBackorders, { order_ids: orders.map(({ order_id }) => order_id) }, asSystem)
const reserve = (executor: Executor, { skus }: Skus): Promise<unknown> => executor.submit(reserveStock, { channel: 'web', lines: [{ sku: skus[0]!, quantity: 1 }] }, asSystem)
const lose = (executor: Executor, { skus }: Skus): Promise<unknown> => executor.submit(adjustStock, { location: 'leeds', reason: 'lost', lines: [{ sku: skus[0]!, delta: -1 }] }, asSystem)

/** Orders whose unit was not found in Leeds, and another unit that has come to London since. */
async function stranded(shop: Workshop, count: number): Promise<Ordered[]> {
  const worlds = await ordered({ leeds: 1 }, (skus) => [orderOf(skus)])(shop, count)
  const work = (await shop.release(worlds.flatMap(({ orders }) => orders))).flat()
  await shop.all(reject, work.map((fulfillment_order_id) => ({ fulfillment_order_id, reason: 'not_found' as const, note: '' })))
  await shop.all(recordReceipts, worlds.map(({ skus }) => ({ location: 'london', lines: [{ sku: skus[0]!, quantity: 1 }] })))
  return worlds
}

/** Orders that wait, and stock that has come in since for one of them. */
const waiting = (orders: number) => async (shop: Workshop, count: number): Promise<Ordered[]> => {
  const worlds = await ordered({}, ([sku]) => Array.from({ length: orders }, () => orderOf([sku!], { channel: 'wholesale' })))(shop, count)
  await shop.all(recordReceipts, worlds.map(({ skus }) => ({ location: 'leeds', lines: [{ sku: skus[0]!, quantity: 1 }] })))
  return worlds
}

type Working = Ordered & { work: string[] }

/** Orders of two SKUs, one handed to Leeds and one to London, and units for each of them at the other place. */
async function crossing(shop: Workshop, count: number): Promise<Working[]> {
  const skus = await shop.skus(count, 1, { leeds: 2, london: 2 })
  const placed = await shop.orders(skus.flatMap((own) => [orderOf(own), orderOf(own, { shipping_address: SOUTH })]))
  const work = (await shop.release(placed)).flat()
  return skus.map((own, i) => ({ skus: own, orders: placed.slice(2 * i, 2 * i + 2), work: work.slice(2 * i, 2 * i + 2) }))
}

const giveBack = (which: number) => (executor: Executor, { work }: Working): Promise<unknown> => executor.submit(reject, { fulfillment_order_id: work[which]!, reason: 'no_capacity', note: '' }, asSystem)

export const ORDER_PATHS: readonly Path[] = [
  definePath({
    name: 'order, order: the last unit', apart: ORDERS_APART, prepare: stocked(1, { leeds: 1 }), calls: [order([0]), order([0])], state: ordersOf,
    endings: ['ok, out_of_stock: allocated 1, orders 1', 'out_of_stock, ok: allocated 1, orders 1'],
  }),
  definePath({
    name: 'order, order, order: the last unit', apart: ORDERS_APART, prepare: stocked(1, { leeds: 1 }), calls: [order([0]), order([0]), order([0])], state: ordersOf,
    endings: ['ok, out_of_stock, out_of_stock: allocated 1, orders 1', 'out_of_stock, ok, out_of_stock: allocated 1, orders 1', 'out_of_stock, out_of_stock, ok: allocated 1, orders 1'],
  }),
  definePath({
    name: 'order, order: two SKUs in opposite order', apart: ORDERS_APART, prepare: stocked(2, { leeds: 1 }), calls: [order([0, 1]), order([1, 0])], state: ordersOf,
    endings: ['ok, out_of_stock: allocated 1, orders 1', 'out_of_stock, ok: allocated 1, orders 1'],
  }),
  definePath({
    name: 'order, order: a unit at each of two locations, none of them left behind', apart: ORDERS_APART, prepare: stocked(1, { leeds: 1, london: 1 }), calls: [order([0]), order([0])], state: ordersOf,
    endings: ['ok, ok: allocated 2, orders 2'],
  }),
  definePath({
    name: 'order both, order here, order there: a unit at each of two locations', apart: ORDERS_APART, prepare: stocked(1, { leeds: 1, london: 1 }), calls: [orderTwo, order([0]), order([0], { shipping_address: SOUTH })], state: ordersOf,
    endings: ['ok, out_of_stock, out_of_stock: allocated 2, orders 1', 'out_of_stock, ok, ok: allocated 2, orders 2'],
  }),
  definePath({
    name: 'order, reserve: the last unit', apart: ORDERS_APART, prepare: stocked(1, { leeds: 1 }), calls: [order([0]), reserve], state: ordersOf,
    endings: ['ok, out_of_stock: allocated 1, orders 1', 'out_of_stock, ok: reserved 1, orders 0'],
  }),
  definePath({
    name: 'order, adjust: the last unit is lost', apart: ORDERS_APART, prepare: stocked(1, { leeds: 1 }), calls: [order([0]), lose], state: ordersOf,
    endings: ['ok, ok: allocated 1, deficit 1, orders 1', 'out_of_stock, ok: nothing, orders 0'],
  }),
  definePath({
    name: 'order, order: the channel sends one order twice', prepare: stocked(1, { leeds: 5 }), calls: [order([0], { external_id: 'once' }), order([0], { external_id: 'once' })], state: ordersOf,
    endings: ['ok, ok: available 4, allocated 1, orders 1'],
  }),
  definePath({
    name: 'order, order: the channel sends one number with two contents', prepare: stocked(1, { leeds: 5 }), calls: [order([0], { external_id: 'once' }), order([0], { external_id: 'once', note: 'another' })], state: ordersOf,
    endings: ['ok, external_id_conflict: available 4, allocated 1, orders 1', 'external_id_conflict, ok: available 4, allocated 1, orders 1'],
  }),
  definePath({
    name: 'order, order: one idempotency key', prepare: stocked(1, { leeds: 5 }), calls: [order([0], {}, 'key'), order([0], {}, 'key')], state: ordersOf,
    endings: ['ok, ok: available 4, allocated 1, orders 1'],
  }),
  definePath({
    name: 'order, order: one customer, new to us', prepare: stocked(1, { leeds: 2 }), state: ordersOf,
    calls: [0, 1].map(() => (executor: Executor, { skus }: Skus) => executor.submit(capture, orderOf(skus, { customer: { email: `${skus[0]!}@example.com`, name: 'Ada' } }), asSystem)),
    endings: ['ok, ok: allocated 2, orders 2'],
  }),
  definePath({
    name: 'cancel, cancel: one order', prepare: ordered({ leeds: 1 }, (skus) => [orderOf(skus)]), calls: [cancelAll(0), cancelAll(0)], state: first,
    endings: ['ok, order_not_cancelable: available 1', 'order_not_cancelable, ok: available 1'],
  }),
  definePath({
    name: 'cancel one, cancel one, cancel all: one order of two', calls: [cancelOne, cancelOne, cancelAll(0)], state: first,
    prepare: ordered({ leeds: 2 }, ([sku]) => [orderOf([], { lines: [{ sku: sku!, quantity: 2 }] })]),
    endings: ['ok, ok, order_not_cancelable: available 2', 'ok, order_not_cancelable, ok: available 2', 'order_not_cancelable, ok, ok: available 2', 'order_not_cancelable, order_not_cancelable, ok: available 2'],
  }),
  definePath({
    name: 'cancel, order: the unit of another order', apart: ORDERS_APART, prepare: ordered({ leeds: 1 }, (skus) => [orderOf(skus)]), calls: [cancelAll(0), order([0])], state: first,
    endings: ['ok, ok: allocated 1', 'ok, out_of_stock: available 1'],
  }),
  definePath({
    name: 'cancel, release: one order', prepare: ordered({ leeds: 1 }, (skus) => [orderOf(skus)]), calls: [cancelAll(0), release], state: first,
    endings: ['ok, ok: available 1', 'ok, order_not_releasable: available 1'],
  }),
  definePath({
    name: 'release, release, hold: one order', prepare: ordered({ leeds: 1 }, (skus) => [orderOf(skus)]), calls: [release, release, hold],
    state: async (db, { orders: [placed] }) => `fulfillment orders ${(await db.one<{ count: number }>(sql`select count(*)::int as count from fulfillment_orders where order_id = ${placed!.order_id}`)).count}`,
    endings: ['ok, ok, ok: fulfillment orders 1', 'ok, order_not_releasable, ok: fulfillment orders 1', 'order_not_releasable, ok, ok: fulfillment orders 1', 'order_not_releasable, order_not_releasable, ok: fulfillment orders 0'],
  }),
  definePath({
    name: 'fill, fill: two backorders, one unit', prepare: waiting(2), calls: [fill, fill], state: first, endings: ['ok, ok: allocated 1'],
  }),
  definePath({
    name: 'source, reserve: the unit that came in', apart: ORDERS_APART, prepare: stranded, calls: [source, reserve], state: first,
    endings: ['ok, out_of_stock: allocated 1', 'ok, ok: reserved 1'],
  }),
  definePath({
    name: 'fill, order: the unit is the backorder\'s', apart: ORDERS_APART, prepare: waiting(1), calls: [fill, order([0])], state: first,
    endings: ['ok, out_of_stock: allocated 1'],
  }),
  definePath({
    name: 'fill, cancel, source: one backorder', prepare: waiting(1), calls: [fill, cancelAll(0), source], state: first, endings: ['ok, ok, ok: available 1'],
  }),
  definePath({
    name: 'reject here, reject there: each finds a place at the other', apart: ORDERS_APART, prepare: crossing, calls: [giveBack(0), giveBack(1)], state: first, endings: ['ok, ok: available 2, allocated 2'],
  }),
  definePath({
    name: 'reject, order: the unit that is left', apart: ORDERS_APART, calls: [giveBack(0), order([0], { shipping_address: SOUTH })], state: first,
    prepare: async (shop, count) => {
      const worlds = await ordered({ leeds: 1, london: 1 }, (skus) => [orderOf(skus)])(shop, count)
      const work = await shop.release(worlds.map(({ orders }) => orders[0]!))
      return worlds.map((world, i): Working => ({ ...world, work: work[i]! }))
    },
    endings: ['ok, ok: allocated 2', 'ok, ok: available 1, allocated 1'],
  }),
  definePath({
    name: 'reject, cancel: one order', calls: [giveBack(0), cancelAll(0)], prepare: crossing, state: first,
    endings: ['ok, ok: available 3, allocated 1', 'fulfillment_action_not_allowed, ok: available 3, allocated 1'],
  }),
]
