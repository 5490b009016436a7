import { beforeAll, describe, expect, test } from 'vitest'
import { useApp } from '../../../test/harness/app.ts'
import { openShop } from '../../../test/harness/shop.ts'
import { newId } from '../../kernel/ids.ts'
import { SYSTEM } from '../../platform/caller.ts'
import { sqlState, type Tx } from '../../platform/db.ts'
import { sql } from '../../platform/sql.ts'
import { applyMovements, lockLevels, readSellable, tryMovements, type Movement } from './index.ts'
import { distinctPairs, type Pair } from './stock.ts'

const app = useApp()
let pairs: Pair[]

beforeAll(async () => {
  await openShop(app())
  // Six variants at three locations: eighteen levels in key order.
  for (let i = 0; i < 3; i++) await app().post('/v1/variants', { sku: `L-${i}`, name: `L ${i}`, price: { amount: '1.00', currency: 'GBP' } })
  pairs = distinctPairs(await app().application.db.rows<Pair>(sql`select v.id as variant_id, l.id as location_id from variants v, locations l`))
})

const transaction = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => app().application.db.transaction(work)
const receive = (pair: Pair, quantity: number): Movement => ({ ...pair, from_state: null, to_state: 'available', quantity, reason: 'received', cause_kind: 'receipt', cause_id: newId(), caller_id: SYSTEM.id, at: new Date('2026-03-03T09:00:00Z') })

/** Counts the round trips of the work. */
async function roundTrips(tx: Tx, work: (counted: Tx) => Promise<unknown>): Promise<number> {
  let trips = 0
  await work({
    ...tx,
    rows: (query) => { trips++; return tx.rows(query) },
    one: (query) => { trips++; return tx.one(query) },
    maybe: (query) => { trips++; return tx.maybe(query) },
    run: (query) => { trips++; return tx.run(query) },
  })
  return trips
}

describe('movements', () => {
  test('take two round trips, or one on locked levels, whatever their number', async () => {
    await transaction(async (tx) => {
      const movements = pairs.flatMap((pair) => [receive(pair, 2), { ...receive(pair, 1), from_state: 'available' as const, to_state: null }])
      expect(await roundTrips(tx, (counted) => applyMovements(counted, movements))).toBe(2)
      const locked = await lockLevels(tx, pairs, new Date())
      expect(await roundTrips(tx, (counted) => tryMovements(counted, [{ movements }, { movements }], locked))).toBe(1)
    })
    const { levels } = await readSellable(app().application.db, pairs.map(({ variant_id }) => variant_id).slice(0, 1))
    expect(levels.map(({ available }) => available)).toEqual([3, 3, 3])
  })

  test('on locked levels follow each other', async () => {
    await transaction(async (tx) => {
      const [pair] = pairs
      const locked = await lockLevels(tx, [pair!], new Date())
      await applyMovements(tx, [receive(pair!, 5)], locked)
      await applyMovements(tx, [{ ...receive(pair!, 8), from_state: 'available', to_state: null }], locked)
      await expect(applyMovements(tx, [{ ...receive(pair!, 1), from_state: 'available', to_state: null }], locked)).rejects.toMatchObject({ code: 'insufficient_stock' })
    })
  })
})

test('levels are locked in key order, whatever order they are asked for in', async () => {
  const last = pairs.at(-1)!
  const gate = Promise.withResolvers<void>()
  const holding = Promise.withResolvers<void>()
  const holder = transaction(async (tx) => {
    await lockLevels(tx, [last], new Date())
    holding.resolve()
    await gate.promise
  })
  await holding.promise
  const waiter = transaction((tx) => lockLevels(tx, pairs.toReversed(), new Date()))
  try {
    await expect.poll(() => lockedByOthers(pairs.slice(0, -1)), { timeout: 10_000 }).toBe(pairs.length - 1)
  } finally {
    gate.resolve()
    await Promise.all([holder, waiter])
  }
})

async function lockedByOthers(wanted: readonly Pair[]): Promise<number> {
  let locked = 0
  for (const { variant_id, location_id } of wanted) {
    await app().application.db.run(sql`select from stock_levels where variant_id = ${variant_id} and location_id = ${location_id} for no key update nowait`)
      .catch((error: unknown) => { if (sqlState(error) === '55P03') locked++; else throw error })
  }
  return locked
}
