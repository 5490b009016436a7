import { assert, present } from '../../kernel/assert.ts'
import { eachState, keyOf, sellableAt, STATES, type Balances, type Level, type Levels, type Pair, type State } from './stock.ts'

/**
 * Units that are to move at one level between two states, or between a state and the outside (null). Every movement
 * conserves units: what leaves one side arrives on the other. `deficit` is an overdraft: units taken out of it raise it,
 * units put into it pay it back, so its balance is the sum of its movements with the sign turned. It is never named by
 * a caller: `settle` brings it in where units come that are owed, or go that were promised.
 */
export type Movement = Pair & {
  from_state: Exclude<State, 'deficit'> | null
  to_state: Exclude<State, 'deficit'> | null
  quantity: number
  reason: string
  /** What moved the units, for example `order` and its id. */
  cause_kind: string
  cause_id: string
  caller_id: string
  at: Date
  note?: string | null
  /**
   * The units leave `available` as a matter of fact (lost, miscounted), enough or not: what is not available is taken
   * from promised units and recorded as deficit. Refused only where even those are too few.
   */
  takes_promised?: boolean
  /** Promised units (reserved, allocated) that leave were not there: what a count took away before is not taken twice. */
  missing?: boolean
}

/** A movement as it is written: one leg of what was asked for, perhaps to or from `deficit`. */
export type Entry = Omit<Movement, 'from_state' | 'to_state' | 'takes_promised' | 'missing'> & { from_state: State | null; to_state: State | null }

/** Movements that happen together or not at all. */
export type MovementGroup = {
  movements: readonly Movement[]
  /** Sales and reservations: what leaves `available` leaves the safety stock behind. */
  keeps_safety_stock?: boolean
}

/** What a group lacked: `short_by` units of a state that holds (or may give) only `balance`. */
export type Shortage = Pair & { state: State; balance: number; short_by: number }

/** A level whose overdraft rose by `added` to `deficit` through one group. */
export type DeficitRise = Pair & { group: number; added: number; deficit: number }

/** A level where the units for sale ran out, or came back. `group` is the last one that touched it. */
export type Crossing = Pair & { group: number; sellable: number }

export type MovementDecision = {
  entries: Entry[]
  /** The touched levels as they will be. */
  after: Level[]
  /** By how much each touched level changes, with the time of its last movement. */
  changes: (Pair & Balances & { at: Date })[]
  deficits: DeficitRise[]
  crossings: Crossing[]
}

/**
 * Locked levels being worked on in memory, one group of movements after the other: each takes from what those before it
 * left. Nothing is written; `close` answers what is to be.
 */
export type Ledger = {
  /** The level as the groups so far have left it. */
  level: (pair: Pair) => Readonly<Level>
  /** Moves the group, or answers what it lacks and moves nothing: no balance falls below zero. */
  move: (group: MovementGroup) => readonly Shortage[] | undefined
  close: () => MovementDecision
}

/** A level being worked on; `level` changes, `before` does not. */
type Draft = { before: Level; level: Level; at: Date | undefined; group: number }

export function openLedger(levels: Levels): Ledger {
  const drafts = new Map<string, Draft>()
  const entries: Entry[] = []
  const deficits: DeficitRise[] = []
  let groups = 0
  return {
    level: (pair) => drafts.get(keyOf(pair))?.level ?? present(levels.get(keyOf(pair)), 'the level is locked'),
    move: (group) => {
      const index = groups++
      const trial = tryGroup(levels, drafts, group)
      if (trial.shortages.length > 0) return trial.shortages
      for (const { draft, start } of trial.touched.values()) {
        draft.group = index
        const added = draft.level.deficit - start.deficit
        if (added > 0) deficits.push({ group: index, ...pairOf(draft.level), added, deficit: draft.level.deficit })
      }
      for (const entry of trial.entries) {
        const draft = drafts.get(keyOf(entry))!
        if (draft.at === undefined || draft.at < entry.at) draft.at = entry.at
        entries.push(entry)
      }
      return undefined
    },
    close: () => summarize(drafts, entries, deficits),
  }
}

function summarize(drafts: ReadonlyMap<string, Draft>, entries: Entry[], deficits: DeficitRise[]): MovementDecision {
  const decision: MovementDecision = { entries, deficits, after: [], changes: [], crossings: [] }
  for (const { before, level, at, group } of drafts.values()) {
    // A level that only refused groups touched has not moved.
    if (at === undefined) continue
    decision.after.push(level)
    decision.changes.push({ ...pairOf(level), ...eachState((state) => level[state] - before[state]), at })
    const sellable = sellableAt(level)
    if ((sellable > 0) !== (sellableAt(before) > 0)) decision.crossings.push({ group, ...pairOf(level), sellable })
  }
  return decision
}

type Trial = { shortages: Shortage[]; entries: Entry[]; touched: Map<string, { draft: Draft; start: { available: number; deficit: number } }> }

function tryGroup(levels: Levels, drafts: Map<string, Draft>, group: MovementGroup): Trial {
  const trial: Trial = { shortages: [], entries: [], touched: new Map() }
  const write = (level: Level, entry: Entry): void => {
    if (entry.quantity === 0) return
    shift(level, entry, 1)
    trial.entries.push(entry)
  }
  for (const movement of group.movements) {
    assert(Number.isInteger(movement.quantity) && movement.quantity > 0, 'units move in positive whole numbers')
    const draft = draftOf(levels, drafts, movement)
    const key = keyOf(movement)
    if (!trial.touched.has(key)) trial.touched.set(key, { draft, start: { available: draft.level.available, deficit: draft.level.deficit } })
    const shortage = settle(draft.level, movement, write)
    if (shortage !== undefined) trial.shortages.push(shortage)
  }
  for (const { draft, start } of trial.touched.values()) {
    trial.shortages.push(...shortagesOf(draft.level, start.available, group.keeps_safety_stock === true))
  }
  if (trial.shortages.length === 0) settleFound(trial, write)
  else undo(drafts, trial)
  return trial
}

function draftOf(levels: Levels, drafts: Map<string, Draft>, pair: Pair): Draft {
  const key = keyOf(pair)
  let draft = drafts.get(key)
  if (draft === undefined) {
    const before = present(levels.get(key), 'units move at levels that are locked')
    draft = { before, level: { ...before }, at: undefined, group: -1 }
    drafts.set(key, draft)
  }
  return draft
}

/** Writes the legs of one movement; answers what is missing where not even promised units suffice. */
function settle(level: Level, movement: Movement, write: (level: Level, entry: Entry) => void): Shortage | undefined {
  const { takes_promised, missing, ...entry } = movement
  const { from_state, to_state, quantity } = entry
  if (to_state === 'available') {
    // Units that come in, or are no longer promised, first replace those that were counted away.
    const owed = Math.min(level.deficit, quantity)
    write(level, { ...entry, to_state: 'deficit', quantity: owed })
    write(level, { ...entry, quantity: quantity - owed })
    return undefined
  }
  if (missing === true && to_state === null && (from_state === 'reserved' || from_state === 'allocated')) {
    const owed = Math.min(level.deficit, quantity)
    write(level, { ...entry, to_state: 'deficit', quantity: owed })
    write(level, { ...entry, quantity: quantity - owed })
    return undefined
  }
  if (takes_promised === true && from_state === 'available') {
    const covered = Math.max(0, Math.min(level.available, quantity))
    const promised = level.reserved + level.allocated - level.deficit
    const rest = quantity - covered
    if (rest > promised) return { ...pairOf(level), state: 'available', balance: level.available + promised, short_by: rest - promised }
    write(level, { ...entry, quantity: covered })
    write(level, { ...entry, from_state: 'deficit', quantity: rest })
    return undefined
  }
  write(level, entry)
  return undefined
}

/** Of a group's level: every balance that fell below zero, and what a sale took of the safety stock. */
function shortagesOf(level: Level, availableBefore: number, keepsSafetyStock: boolean): Shortage[] {
  const shortages: Shortage[] = []
  for (const state of STATES) {
    if (level[state] < 0) shortages.push({ ...pairOf(level), state, balance: 0, short_by: -level[state] })
  }
  const taken = availableBefore - level.available
  if (keepsSafetyStock && taken > 0) {
    const sellable = sellableAt({ available: availableBefore, safety_stock: level.safety_stock })
    if (taken > sellable) return [...shortages.filter(({ state }) => state !== 'available'), { ...pairOf(level), state: 'available', balance: sellable, short_by: taken - sellable }]
  }
  return shortages
}

/**
 * Promised units that left although they were counted away must have been there: the deficit never exceeds what is
 * still promised, so that the units in the location never count below zero.
 */
function settleFound(trial: Trial, write: (level: Level, entry: Entry) => void): void {
  for (const { draft: { level } } of trial.touched.values()) {
    const found = level.deficit - level.reserved - level.allocated
    if (found <= 0) continue
    const cause = trial.entries.findLast((entry) => keyOf(entry) === keyOf(level))!
    write(level, { ...cause, from_state: null, to_state: 'deficit', quantity: found, reason: 'found' })
  }
}

function undo(drafts: Map<string, Draft>, trial: Trial): void {
  for (const entry of trial.entries) shift(drafts.get(keyOf(entry))!.level, entry, -1)
  for (const shortage of trial.shortages) {
    if (shortage.balance === 0) shortage.balance = Math.max(0, drafts.get(keyOf(shortage))!.level[shortage.state])
  }
}

function shift(level: Level, { from_state, to_state, quantity }: Entry, sign: 1 | -1): void {
  if (from_state !== null) level[from_state] += from_state === 'deficit' ? quantity * sign : -quantity * sign
  if (to_state !== null) level[to_state] += to_state === 'deficit' ? -quantity * sign : quantity * sign
}

function pairOf({ variant_id, location_id }: Pair): Pair {
  return { variant_id, location_id }
}
