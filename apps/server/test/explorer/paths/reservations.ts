import { ids } from '../../../src/kernel/id-kinds.ts'
import { DAY_MS, SECOND_MS } from '../../../src/kernel/time.ts'
import { expireReservations, extendReservation, releaseReservation } from '../../../src/modules/inventory/commands/end-reservations.ts'
import { reserveStock } from '../../../src/modules/inventory/commands/reserve.ts'
import type { Database } from '../../../src/platform/db.ts'
import type { Executor } from '../../../src/platform/executor.ts'
import { asSystem } from '../../harness/app.ts'
import { definePath, type Path } from '../path.ts'
import { balancesOf, capture, orderOf, type Workshop } from '../workshop.ts'

type Reserved = { sku: string; reservation_id: string; /** Just before the reservation expires. */ before: Date }

async function reserved(shop: Workshop, count: number): Promise<Reserved[]> {
  const skus = (await shop.skus(count, 1, { leeds: 1 })).flat()
  const held = await shop.reservations(skus.map((sku) => ({ channel: 'web', minutes: 1, lines: [{ sku, quantity: 1 }] })))
  return held.map((reservation_id, i) => ({ sku: skus[i]!, reservation_id, before: shop.clock.current() }))
}

/** A reservation that has just expired, and no other: the sweep takes all there are. */
async function overdue(shop: Workshop): Promise<Reserved[]> {
  await shop.application.executor.run(expireReservations, {}, { ...asSystem, at: new Date(shop.clock.current().getTime() + DAY_MS) })
  const worlds = await reserved(shop, 1)
  shop.clock.advance(61 * SECOND_MS)
  return worlds
}

const units = (db: Database, { sku }: Reserved): Promise<string> => balancesOf(db, sku)

const release = (executor: Executor, { reservation_id }: Reserved): Promise<unknown> => executor.submit(releaseReservation, { reservation_id }, asSystem)
const reserve = (executor: Executor, { sku }: Reserved): Promise<unknown> => executor.submit(reserveStock, { channel: 'web', lines: [{ sku, quantity: 1 }] }, asSystem)
const order = (executor: Executor, { sku }: Reserved): Promise<unknown> => executor.submit(capture, orderOf([sku]), asSystem)

/** The order of a checkout takes its reservation. */
const convert = (executor: Executor, { sku, reservation_id }: Reserved): Promise<unknown> => executor.submit(capture, orderOf([sku], { reservation_id: ids.reservation.show(reservation_id) }), asSystem)

const expire = async (executor: Executor): Promise<string> => `expired ${(await executor.run(expireReservations, {}, asSystem)).output.expired}`

/** The same calls of somebody whose transaction began just before the time was over. */
const releaseInTime = (executor: Executor, { reservation_id, before }: Reserved): Promise<unknown> => executor.submit(releaseReservation, { reservation_id }, { ...asSystem, at: before })
const extendInTime = (executor: Executor, { reservation_id, before }: Reserved): Promise<unknown> => executor.submit(extendReservation, { reservation_id, minutes: 15 }, { ...asSystem, at: before })
const convertInTime = (executor: Executor, { sku, reservation_id, before }: Reserved): Promise<unknown> =>
  executor.submit(capture, orderOf([sku], { reservation_id: ids.reservation.show(reservation_id) }), { ...asSystem, at: before })

const ENDED = 'reservation_not_active'

export const RESERVATION_PATHS: readonly Path[] = [
  definePath({ name: 'release, release: one reservation', prepare: reserved, calls: [release, release], state: units, endings: [`ok, ${ENDED}: available 1`, `${ENDED}, ok: available 1`] }),
  definePath({
    name: 'convert, convert: one reservation, two orders', prepare: reserved, calls: [convert, convert], state: units,
    endings: [`ok, ${ENDED}: allocated 1`, `${ENDED}, ok: allocated 1`],
  }),
  definePath({ name: 'convert, release: one reservation', prepare: reserved, calls: [convert, release], state: units, endings: [`ok, ${ENDED}: allocated 1`, `${ENDED}, ok: available 1`] }),
  definePath({
    name: 'release, reserve: the unit of another checkout', prepare: reserved, calls: [release, reserve], state: units,
    endings: ['ok, ok: reserved 1', 'ok, out_of_stock: available 1'],
  }),
  definePath({
    name: 'convert, reserve, order: only one has the unit', prepare: reserved, calls: [convert, reserve, order], state: units,
    endings: ['ok, out_of_stock, out_of_stock: allocated 1'],
  }),
  definePath({
    name: 'release, reserve, order: the unit of another checkout', prepare: reserved, calls: [release, reserve, order], state: units,
    endings: ['ok, out_of_stock, out_of_stock: available 1', 'ok, ok, out_of_stock: reserved 1', 'ok, out_of_stock, ok: allocated 1'],
  }),
  definePath({ name: 'expire, expire: one reservation', prepare: overdue, calls: [expire, expire], state: units, endings: ['expired 1, expired 0: available 1', 'expired 0, expired 1: available 1'] }),
  definePath({
    name: 'expire, release: one reservation', prepare: overdue, calls: [expire, releaseInTime], state: units,
    endings: [`expired 1, ${ENDED}: available 1`, 'expired 0, ok: available 1'],
  }),
  definePath({
    name: 'expire, extend: one reservation', prepare: overdue, calls: [expire, extendInTime], state: units,
    endings: [`expired 1, ${ENDED}: available 1`, 'expired 0, ok: reserved 1'],
  }),
  definePath({
    name: 'expire, convert: one reservation', prepare: overdue, calls: [expire, convertInTime], state: units,
    endings: [`expired 1, ${ENDED}: available 1`, 'expired 0, ok: allocated 1'],
  }),
  definePath({
    name: 'expire, convert, release: one reservation', prepare: overdue, calls: [expire, convertInTime, releaseInTime], state: units,
    endings: [`expired 1, ${ENDED}, ${ENDED}: available 1`, `expired 0, ok, ${ENDED}: allocated 1`, `expired 0, ${ENDED}, ok: available 1`],
  }),
]
