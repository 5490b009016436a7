import { noShow } from '../../../src/modules/fulfillment/commands/no-show.ts'
import { deliverBatch } from '../../../src/modules/fulfillment/commands/track-shipments.ts'
import { bulkShip, handOver, pack, pick, ready, reject, ship, unpack } from '../../../src/modules/fulfillment/commands/work.ts'
import type { CaptureInput } from '../../../src/modules/orders/capture-input.ts'
import { cancelOrder } from '../../../src/modules/orders/commands/cancel-order.ts'
import type { BatchCommand } from '../../../src/platform/command.ts'
import type { Database } from '../../../src/platform/db.ts'
import type { Executor } from '../../../src/platform/executor.ts'
import { arrayOf, sql } from '../../../src/platform/sql.ts'
import { asSystem } from '../../harness/app.ts'
import { definePath, ORDERS_APART, type Path } from '../path.ts'
import { orderOf, ports, type Placed, type Workshop } from '../workshop.ts'

type Working = { orders: Placed[]; work: string[]; codes: string[] }
type Verb = BatchCommand<{ fulfillment_order_id: string }, unknown>

/** Worlds in which a location has come this far with its orders of one SKU. */
const worked = (orders: number, verbs: readonly Verb[], more: Partial<CaptureInput> = {}) => async (shop: Workshop, count: number): Promise<Working[]> => {
  const skus = await shop.skus(count, 1, { [more.delivery === 'pickup' ? 'york' : 'leeds']: orders })
  const placed = await shop.orders(skus.flatMap((own) => Array.from({ length: orders }, () => orderOf(own, { payments: [{ tender: 'external' }], ...more }))))
  const work = (await shop.release(placed)).flat()
  for (const verb of verbs) await shop.all(verb, work.map((fulfillment_order_id) => ({ fulfillment_order_id })))
  const told = await shop.application.db.rows<{ id: string; pickup_code: string | null }>(sql`select id, pickup_code from fulfillment_orders where id = any(${arrayOf(work, 'uuid')})`)
  const codes = new Map(told.map(({ id, pickup_code }) => [id, pickup_code ?? '']))
  return skus.map((_, i) => {
    const own = work.slice(i * orders, (i + 1) * orders)
    return { orders: placed.slice(i * orders, (i + 1) * orders), work: own, codes: own.map((id) => codes.get(id)!) }
  })
}

const PICKUP: Partial<CaptureInput> = { delivery: 'pickup', pickup_location: 'york' }

const cancel = cancelOrder(ports)
const expire = noShow(ports)

const does = (verb: Verb) => (executor: Executor, { work: [fulfillment_order_id] }: Working): Promise<unknown> => executor.submit(verb, { fulfillment_order_id: fulfillment_order_id! }, asSystem)
const giveBack = (executor: Executor, { work: [fulfillment_order_id] }: Working): Promise<unknown> => executor.submit(reject, { fulfillment_order_id: fulfillment_order_id!, reason: 'not_found', note: '' }, asSystem)
const cancelAll = (executor: Executor, { orders: [placed] }: Working): Promise<unknown> => executor.run(cancel, { order_id: placed!.order_id, reason: 'customer', note: '', lines: undefined }, asSystem)
const collect = (executor: Executor, { work: [fulfillment_order_id], codes: [code] }: Working): Promise<unknown> => executor.submit(handOver, { fulfillment_order_id: fulfillment_order_id!, code: code! }, asSystem)
const nobodyCame = (executor: Executor, { work: [fulfillment_order_id] }: Working): Promise<unknown> => executor.run(expire, { fulfillment_order_id: fulfillment_order_id! }, asSystem)
const shipAll = (...order: readonly number[]) => async (executor: Executor, { work }: Working): Promise<string> => {
  const { output } = await executor.run(bulkShip, { fulfillment_order_ids: order.map((index) => work[index]!) }, asSystem)
  return `shipped ${output.filter(({ ok }) => ok).length}`
}

/** Where the units of the first order are, and how many labels are good. */
async function unitsOf(db: Database, { orders: [placed] }: Working): Promise<string> {
  const { units, labels } = await db.one<{ units: Record<string, number>; labels: number }>(sql`
    select jsonb_build_object('released', units_released, 'picked', units_picked, 'packed', units_packed, 'shipped', units_shipped, 'delivered', units_delivered, 'canceled', units_canceled, 'open', units_open) as units,
      (select count(*)::int from packages k join shipments s on s.id = k.shipment_id where s.order_id = o.id and k.label_status = 'active') as labels
    from orders o where id = ${placed!.order_id}`)
  return `${Object.entries(units).filter(([, count]) => count > 0).map(([state, count]) => `${state} ${count}`).join(', ')}, labels ${labels}`
}

const NO = 'fulfillment_action_not_allowed'

export const FULFILLMENT_PATHS: readonly Path[] = [
  definePath({ name: 'pick, pick: one order', prepare: worked(1, []), calls: [does(pick), does(pick)], state: unitsOf, endings: [`ok, ${NO}: picked 1, labels 0`, `${NO}, ok: picked 1, labels 0`] }),
  definePath({
    name: 'pick, reject, cancel: one order', prepare: worked(1, []), calls: [does(pick), giveBack, cancelAll], state: unitsOf,
    endings: [
      'ok, ok, ok: canceled 1, labels 0',
      `ok, ${NO}, ok: canceled 1, labels 0`,
      `${NO}, ok, ok: canceled 1, labels 0`,
      `${NO}, ${NO}, ok: canceled 1, labels 0`,
    ],
  }),
  definePath({
    name: 'pack, pack: one label', prepare: worked(1, [pick]), calls: [does(pack), does(pack)], state: unitsOf,
    endings: [`ok, ${NO}: packed 1, labels 1`, `${NO}, ok: packed 1, labels 1`],
  }),
  definePath({
    name: 'pack, pack, cancel: one label or none', prepare: worked(1, [pick]), calls: [does(pack), does(pack), cancelAll], state: unitsOf,
    endings: [
      `ok, ${NO}, ok: canceled 1, labels 0`,
      `${NO}, ok, ok: canceled 1, labels 0`,
      `${NO}, ${NO}, ok: canceled 1, labels 0`,
    ],
  }),
  definePath({
    name: 'unpack, pack, ship: the label that leaves is good', prepare: worked(1, [pick, pack]), calls: [does(unpack), does(pack), does(ship)], state: unitsOf,
    endings: [
      'ok, ok, ok: shipped 1, labels 1',
      `ok, ok, ${NO}: packed 1, labels 1`,
      `ok, ${NO}, ${NO}: picked 1, labels 0`,
      `${NO}, ${NO}, ok: shipped 1, labels 1`,
    ],
  }),
  definePath({
    name: 'unpack, unpack: one label', prepare: worked(1, [pick, pack]), calls: [does(unpack), does(unpack)], state: unitsOf,
    endings: [`ok, ${NO}: picked 1, labels 0`, `${NO}, ok: picked 1, labels 0`],
  }),
  definePath({
    name: 'ship, ship: one box', prepare: worked(1, [pick, pack]), calls: [does(ship), does(ship)], state: unitsOf,
    endings: [`ok, ${NO}: shipped 1, labels 1`, `${NO}, ok: shipped 1, labels 1`],
  }),
  definePath({
    name: 'ship, cancel: one box', prepare: worked(1, [pick, pack]), calls: [does(ship), cancelAll], state: unitsOf,
    endings: ['ok, order_not_cancelable: shipped 1, labels 1', `${NO}, ok: canceled 1, labels 0`],
  }),
  definePath({
    name: 'ship, ship, cancel: one box', prepare: worked(1, [pick, pack]), calls: [does(ship), does(ship), cancelAll], state: unitsOf,
    endings: [
      `ok, ${NO}, order_not_cancelable: shipped 1, labels 1`,
      `${NO}, ok, order_not_cancelable: shipped 1, labels 1`,
      `${NO}, ${NO}, ok: canceled 1, labels 0`,
    ],
  }),
  definePath({
    name: 'ship, ship: two waves of the same boxes in opposite order', prepare: worked(2, [pick, pack]), calls: [shipAll(0, 1), shipAll(1, 0)], state: unitsOf,
    endings: ['shipped 2, shipped 0: shipped 1, labels 1', 'shipped 0, shipped 2: shipped 1, labels 1'],
  }),
  definePath({
    name: 'ship one, ship another: one SKU', apart: ORDERS_APART, prepare: worked(2, [pick, pack]), calls: [shipAll(0), shipAll(1)], state: unitsOf,
    endings: ['shipped 1, shipped 1: shipped 1, labels 1'],
  }),
  definePath({
    name: 'deliver, deliver: one box', prepare: worked(1, [pick, pack, ship]), calls: [does(deliverBatch), does(deliverBatch)], state: unitsOf,
    endings: [`ok, ${NO}: delivered 1, labels 1`, `${NO}, ok: delivered 1, labels 1`],
  }),
  definePath({
    name: 'hand over, hand over: one pickup', prepare: worked(1, [pick, pack, ready], PICKUP), calls: [collect, collect], state: unitsOf,
    endings: [`ok, ${NO}: delivered 1, labels 0`, `${NO}, ok: delivered 1, labels 0`],
  }),
  definePath({
    name: 'hand over, no show: one pickup', prepare: worked(1, [pick, pack, ready], PICKUP), calls: [collect, nobodyCame], state: unitsOf,
    endings: [`ok, ${NO}: delivered 1, labels 0`, `${NO}, ok: canceled 1, labels 0`],
  }),
  definePath({
    name: 'hand over, cancel: one pickup', prepare: worked(1, [pick, pack, ready], PICKUP), calls: [collect, cancelAll], state: unitsOf,
    endings: ['ok, order_not_cancelable: delivered 1, labels 0', `${NO}, ok: canceled 1, labels 0`],
  }),
  definePath({
    name: 'hand over, no show, cancel: one pickup', prepare: worked(1, [pick, pack, ready], PICKUP), calls: [collect, nobodyCame, cancelAll], state: unitsOf,
    endings: [
      `ok, ${NO}, order_not_cancelable: delivered 1, labels 0`,
      `${NO}, ok, order_not_cancelable: canceled 1, labels 0`,
      `${NO}, ${NO}, ok: canceled 1, labels 0`,
    ],
  }),
  definePath({
    name: 'ready, cancel: one pickup', prepare: worked(1, [pick, pack], PICKUP), calls: [does(ready), cancelAll], state: unitsOf,
    endings: ['ok, ok: canceled 1, labels 0', `${NO}, ok: canceled 1, labels 0`],
  }),
]
