import { array, assert, constantFrom, integer, property, record, boolean } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openLedger, type Entry, type Movement, type MovementGroup } from './movements.ts'
import { eachState, keyOf, onHand, STATES, type Balances, type Level, type Levels } from './stock.ts'

const VARIANT = '01890a5d-0000-7000-8000-000000000001'
const PLACES = ['01890a5d-0000-7000-8000-00000000000a', '01890a5d-0000-7000-8000-00000000000b']
const AT = new Date('2026-03-03T09:00:00Z')
const NOBODY = '01890a5d-0000-7000-8000-0000000000ff'

function levelAt(location_id: string, balances: Partial<Balances>, safety_stock = 0): Level {
  return { variant_id: VARIANT, location_id, ...eachState((state) => balances[state] ?? 0), safety_stock, counted_at: null }
}

function levelsOf(...levels: Level[]): Levels {
  return new Map(levels.map((level) => [keyOf(level), level]))
}

function movement(from_state: Movement['from_state'], to_state: Movement['to_state'], quantity: number, more: Partial<Movement> = {}): Movement {
  return { variant_id: VARIANT, location_id: PLACES[0]!, from_state, to_state, quantity, reason: 'test', cause_kind: 'test', cause_id: NOBODY, caller_id: NOBODY, at: AT, ...more }
}

function legs(entries: readonly Entry[]): string[] {
  return entries.map(({ from_state, to_state, quantity }) => `${from_state} → ${to_state} ${quantity}`)
}

function run(level: Level, ...groups: MovementGroup[]) {
  const ledger = openLedger(levelsOf(level))
  const shortages = groups.map(ledger.move)
  return { shortages, level: ledger.level(level), ...ledger.close() }
}

describe('deficit', () => {
  test('a loss takes what is available first and promised units last', () => {
    const { entries, level, deficits } = run(levelAt(PLACES[0]!, { available: 2, allocated: 5 }), { movements: [movement('available', null, 4, { takes_promised: true })] })
    expect(legs(entries)).toEqual(['available → null 2', 'deficit → null 2'])
    expect([level.available, level.allocated, level.deficit, onHand(level)]).toEqual([0, 5, 2, 3])
    expect(deficits).toMatchObject([{ added: 2, deficit: 2 }])
  })

  test('no more can be lost than is there', () => {
    const { shortages, entries } = run(levelAt(PLACES[0]!, { available: 2, allocated: 5, deficit: 1 }), { movements: [movement('available', null, 8, { takes_promised: true })] })
    expect(shortages[0]).toMatchObject([{ state: 'available', balance: 6, short_by: 2 }])
    expect(entries).toEqual([])
  })

  test('units that come in pay what is owed before they are for sale', () => {
    const { entries, level, crossings } = run(levelAt(PLACES[0]!, { allocated: 5, deficit: 2 }), { movements: [movement(null, 'available', 3)] })
    expect(legs(entries)).toEqual(['null → deficit 2', 'null → available 1'])
    expect([level.available, level.deficit]).toEqual([1, 0])
    expect(crossings).toMatchObject([{ sellable: 1 }])
  })

  test('units that are no longer promised pay too', () => {
    const { entries, level } = run(levelAt(PLACES[0]!, { reserved: 3, deficit: 2 }), { movements: [movement('reserved', 'available', 3)] })
    expect(legs(entries)).toEqual(['reserved → deficit 2', 'reserved → available 1'])
    expect([level.available, level.reserved, level.deficit]).toEqual([1, 0, 0])
  })

  test('what a picker does not find was counted away before: it is not taken twice', () => {
    const { entries, level } = run(levelAt(PLACES[0]!, { allocated: 5, deficit: 2 }), { movements: [movement('allocated', null, 3, { missing: true })] })
    expect(legs(entries)).toEqual(['allocated → deficit 2', 'allocated → null 1'])
    expect([level.allocated, level.deficit, onHand(level)]).toEqual([2, 0, 2])
  })

  test('units that ship although they were counted away have been found', () => {
    const { entries, level } = run(levelAt(PLACES[0]!, { allocated: 3, deficit: 2 }), { movements: [movement('allocated', null, 2)] })
    expect(legs(entries)).toEqual(['allocated → null 2', 'null → deficit 1'])
    expect(entries[1]!.reason).toBe('found')
    expect([level.deficit, onHand(level)]).toEqual([1, 0])
  })
})

describe('groups', () => {
  test('happen whole or not at all, and leave the rest to those behind them', () => {
    const { shortages, level, entries } = run(
      levelAt(PLACES[0]!, { available: 3 }),
      { movements: [movement('available', 'reserved', 2)] },
      { movements: [movement('available', 'reserved', 1), movement('available', 'damaged', 1)] },
      { movements: [movement('available', 'allocated', 1)] },
    )
    expect(shortages).toEqual([undefined, [{ variant_id: VARIANT, location_id: PLACES[0], state: 'available', balance: 1, short_by: 1 }], undefined])
    expect([level.available, level.reserved, level.allocated, level.damaged]).toEqual([0, 2, 1, 0])
    expect(legs(entries)).toEqual(['available → reserved 2', 'available → allocated 1'])
  })

  test('sales leave the safety stock, other movements do not have to', () => {
    const { shortages } = run(
      levelAt(PLACES[0]!, { available: 5 }, 3),
      { movements: [movement('available', 'reserved', 3)], keeps_safety_stock: true },
      { movements: [movement('available', 'reserved', 2)], keeps_safety_stock: true },
      { movements: [movement('available', 'damaged', 3)] },
    )
    expect(shortages).toMatchObject([[{ balance: 2, short_by: 1 }], undefined, undefined])
    const twoLines = run(levelAt(PLACES[0]!, { available: 5 }, 3), { movements: [movement('available', 'reserved', 2), movement('available', 'reserved', 1)], keeps_safety_stock: true })
    expect(twoLines.shortages).toMatchObject([[{ balance: 2, short_by: 1 }]])
  })

  test('two movements on one level are added up before anything is checked', () => {
    const { shortages } = run(levelAt(PLACES[0]!, { available: 3 }), { movements: [movement('available', 'reserved', 2), movement('available', 'reserved', 2)] })
    expect(shortages).toMatchObject([[{ balance: 3, short_by: 1 }]])
  })

  test('a group that goes out and comes back crosses nothing', () => {
    const { crossings } = run(levelAt(PLACES[0]!, { available: 1 }), { movements: [movement('available', 'reserved', 1)] }, { movements: [movement('reserved', 'available', 1)] })
    expect(crossings).toEqual([])
  })
})

const anyState = constantFrom('available', 'reserved', 'allocated', 'damaged', 'quality_control', 'quarantine', 'on_order', 'in_transit', null)
const anyMovement = record({ from: anyState, to: anyState, quantity: integer({ min: 1, max: 6 }), place: integer({ min: 0, max: 1 }), takes_promised: boolean(), missing: boolean() })
  .filter(({ from, to }) => from !== to)
  .map(({ from, to, quantity, place, takes_promised, missing }) => movement(from, to, quantity, { location_id: PLACES[place]!, takes_promised, missing }))
const anyGroup = record({ movements: array(anyMovement, { minLength: 1, maxLength: 4 }), keeps_safety_stock: boolean() })

/** What a balance is by its movements: the identity that the auditor checks. */
function balancesBy(entries: readonly Entry[], start: Level): Balances {
  const sums = eachState((state) => (state === 'deficit' ? -start[state] : start[state]))
  for (const entry of entries.filter((one) => keyOf(one) === keyOf(start))) {
    if (entry.from_state !== null) sums[entry.from_state] -= entry.quantity
    if (entry.to_state !== null) sums[entry.to_state] += entry.quantity
  }
  return { ...sums, deficit: 0 - sums.deficit }
}

describe('whatever moves', () => {
  test('balances are the sums of their movements, never below zero, and nobody is owed more than was promised', () => {
    assert(property(array(anyGroup, { maxLength: 30 }), integer({ min: 0, max: 4 }), (groups, safety_stock) => {
      const start = PLACES.map((place) => levelAt(place, { available: 5, reserved: 2, allocated: 4 }, safety_stock))
      const ledger = openLedger(levelsOf(...start))
      const refused = groups.map((group) => ledger.move(group) !== undefined)
      const { entries, after, changes } = ledger.close()
      for (const level of start) {
        const now = ledger.level(level)
        expect(eachState((state) => now[state])).toEqual(balancesBy(entries, level))
        for (const state of STATES) expect(now[state]).toBeGreaterThanOrEqual(0)
        if (now.deficit > 0) expect([now.available, now.deficit <= now.reserved + now.allocated]).toEqual([0, true])
        const change = changes.find((one) => keyOf(one) === keyOf(level))
        expect(eachState((state) => level[state] + (change?.[state] ?? 0))).toEqual(eachState((state) => now[state]))
      }
      if (refused.every(Boolean)) expect([entries, after]).toEqual([[], []])
      expect(entries.every(({ from_state, to_state, quantity }) => quantity > 0 && from_state !== to_state)).toBe(true)
    }))
  })

  test('refused groups change nothing for the others', () => {
    assert(property(array(anyGroup, { maxLength: 20 }), (groups) => {
      const fresh = () => openLedger(levelsOf(...PLACES.map((place) => levelAt(place, { available: 5, reserved: 2, allocated: 4 }, 1))))
      const all = fresh()
      const accepted = groups.filter((group) => all.move(group) === undefined)
      const some = fresh()
      for (const group of accepted) expect(some.move(group)).toBeUndefined()
      expect(some.close().entries).toEqual(all.close().entries)
    }))
  })
})
