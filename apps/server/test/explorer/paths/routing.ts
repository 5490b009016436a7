import { releaseOrdersNow } from '../../../src/modules/fulfillment/commands/release-orders.ts'
import { recordReceipts } from '../../../src/modules/inventory/commands/receive-stock.ts'
import { cancelOrder } from '../../../src/modules/orders/commands/cancel-order.ts'
import { moveClaims } from '../../../src/modules/sourcing/commands/reoptimize.ts'
import type { Move } from '../../../src/modules/sourcing/improve.ts'
import type { Database } from '../../../src/platform/db.ts'
import type { Executor } from '../../../src/platform/executor.ts'
import { arrayOf, sql } from '../../../src/platform/sql.ts'
import { asSystem } from '../../harness/app.ts'
import { HOME } from '../../harness/shop.ts'
import { definePath, ORDERS_APART, type Path } from '../path.ts'
import { balancesOf, capture, orderOf, ports, type Placed, type Workshop } from '../workshop.ts'

/** Orders with the moves that were planned for them and are yet to be made. */
type Planned = { skus: string[]; orders: Placed[]; moves: Move[] }

const SOUTH = { ...HOME, city: 'Croydon', postal_code: 'CR0 1AA', latitude: 51.37, longitude: -0.1 }
const cancel = cancelOrder(ports)

type Claim = { order_id: string; order_line_id: string; variant_id: string; location_id: string; quantity: number }

/** What was planned when the claims were these: each order goes to the place named for it. */
async function planMoves(db: Database, orders: readonly Placed[], places: readonly string[]): Promise<Move[]> {
  const claims = await db.rows<Claim>(sql`select order_id, order_line_id, variant_id, location_id, quantity from allocations where order_id = any(${arrayOf(orders.map(({ order_id }) => order_id), 'uuid')})`)
  const locations = new Map((await db.rows<{ id: string; code: string }>(sql`select id, code from locations`)).map(({ id, code }) => [code, id]))
  return orders.map(({ order_id }, index): Move => {
    const before = claims.filter((claim) => claim.order_id === order_id).map(({ order_line_id, variant_id, location_id, quantity }) => ({ line_id: order_line_id, variant_id, location_id, quantity }))
    const cost = { cost_version: 1, price_run: null, currency: 'GBP', total: 200, lower_bound: 200, terms: { freight: 200 } }
    return {
      order_id, before, after: before.map((claim) => ({ ...claim, location_id: locations.get(places[index]!)! })), cost_before: { total: 300, spent: 300 }, cost_after: { total: 200, spent: 200 },
      decision: { strategy_id: 'cheapest', strategy_version: 1, outcome: 'filled', units: 1, rules: [], chosen: [], excluded: [], below: [], unfilled: [], cost },
    }
  })
}

/** An order in London for each world, and a unit that has come to Leeds since, where it would be cheaper. */
async function improvable(shop: Workshop, count: number): Promise<Planned[]> {
  const skus = await shop.skus(count, 1, { london: 1 })
  const placed = await shop.orders(skus.map((own) => orderOf(own)))
  await shop.all(recordReceipts, skus.map((own) => ({ location: 'leeds', lines: [{ sku: own[0]!, quantity: 1 }] })))
  const moves = await planMoves(shop.application.db, placed, placed.map(() => 'leeds'))
  return skus.map((own, i) => ({ skus: own, orders: [placed[i]!], moves: [moves[i]!] }))
}

/** Two orders that are each where the other belongs, and no other stock. */
async function crossed(shop: Workshop, count: number): Promise<Planned[]> {
  const skus = await shop.skus(count, 1, { leeds: 1, london: 1 })
  const placed = await shop.orders(skus.flatMap((own) => [orderOf(own), orderOf(own, { shipping_address: SOUTH })]))
  const moves = await planMoves(shop.application.db, placed, placed.map((_, index) => (index % 2 === 0 ? 'london' : 'leeds')))
  return skus.map((own, i) => ({ skus: own, orders: placed.slice(2 * i, 2 * i + 2), moves: moves.slice(2 * i, 2 * i + 2) }))
}

const move = (...which: readonly number[]) => async (executor: Executor, { moves }: Planned): Promise<string> => {
  const { output } = await executor.run(moveClaims, { moves: which.map((index) => moves[index]!) }, asSystem)
  return `moved ${output.moved.length}`
}
const order = (executor: Executor, { skus }: Planned): Promise<unknown> => executor.submit(capture, orderOf(skus), asSystem)
const cancelIt = (executor: Executor, { orders: [placed] }: Planned): Promise<unknown> => executor.run(cancel, { order_id: placed!.order_id, reason: 'customer', note: '', lines: undefined }, asSystem)
const release = (executor: Executor, { orders: [placed] }: Planned): Promise<unknown> => executor.submit(releaseOrdersNow, { order_id: placed!.order_id }, asSystem)

/** Where the orders are, and what is left. */
async function placesOf(db: Database, { skus, orders }: Planned): Promise<string> {
  const claims = await db.rows<{ order_id: string; code: string; released: number }>(sql`
    select a.order_id, l.code, a.released from allocations a join locations l on l.id = a.location_id where a.order_id = any(${arrayOf(orders.map(({ order_id }) => order_id), 'uuid')})`)
  const places = orders.map(({ order_id }) => claims.filter((claim) => claim.order_id === order_id).map(({ code, released }) => (released > 0 ? `${code}!` : code)).join('+') || 'nowhere')
  return `${places.join(', ')}, ${await balancesOf(db, skus[0]!)}`
}

export const ROUTING_PATHS: readonly Path[] = [
  definePath({
    name: 'move, order: one unit where both would be cheaper', apart: ORDERS_APART, prepare: improvable, calls: [move(0), order], state: placesOf,
    endings: ['moved 1, ok: leeds, allocated 2', 'moved 0, ok: london, allocated 2'],
  }),
  definePath({
    name: 'move, cancel: one order', prepare: improvable, calls: [move(0), cancelIt], state: placesOf,
    endings: ['moved 1, ok: nowhere, available 2', 'moved 0, ok: nowhere, available 2'],
  }),
  definePath({
    name: 'move, release: work stays where it is', prepare: improvable, calls: [move(0), release], state: placesOf,
    endings: ['moved 1, ok: leeds!, available 1, allocated 1', 'moved 0, ok: london!, available 1, allocated 1'],
  }),
  definePath({
    name: 'move, move: one order, planned twice', prepare: improvable, calls: [move(0), move(0)], state: placesOf,
    endings: ['moved 1, moved 0: leeds, available 1, allocated 1', 'moved 0, moved 1: leeds, available 1, allocated 1'],
  }),
  definePath({
    name: 'swap, swap: two orders in opposite order', prepare: crossed, calls: [move(0, 1), move(1, 0)], state: placesOf,
    endings: ['moved 2, moved 0: london, leeds, allocated 2', 'moved 0, moved 2: london, leeds, allocated 2'],
  }),
  definePath({
    name: 'swap, cancel: half of it', prepare: crossed, calls: [move(0, 1), cancelIt], state: placesOf,
    endings: ['moved 2, ok: nowhere, leeds, available 1, allocated 1', 'moved 1, ok: nowhere, leeds, available 1, allocated 1'],
  }),
  definePath({
    name: 'swap, release: half of it', prepare: crossed, calls: [move(0, 1), release], state: placesOf,
    endings: ['moved 2, ok: london!, leeds, allocated 2', 'moved 0, ok: leeds!, london, allocated 2'],
  }),
  definePath({
    name: 'swap, order, cancel: no unit is given twice', prepare: crossed, calls: [move(0, 1), order, cancelIt], state: placesOf,
  }),
]
