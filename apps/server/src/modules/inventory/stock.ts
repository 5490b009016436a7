/** Where units of one SKU can be, seen from one location. */
export const STATES = ['available', 'reserved', 'allocated', 'damaged', 'quality_control', 'quarantine', 'on_order', 'in_transit', 'deficit'] as const
export type State = (typeof STATES)[number]

/** States of units that stand in the location, whoever they are promised to. */
const ON_HAND_STATES = ['available', 'reserved', 'allocated', 'damaged', 'quality_control', 'quarantine'] as const satisfies readonly State[]

/** States that people may move units between by hand; the others follow from reservations, orders and supplies. */
export const FREE_STATES = ['available', 'damaged', 'quality_control', 'quarantine'] as const satisfies readonly State[]
export type FreeState = (typeof FREE_STATES)[number]

export type Balances = Record<State, number>

/** A value for each state. */
export function eachState<T>(of: (state: State) => T): Record<State, T> {
  return {
    available: of('available'), reserved: of('reserved'), allocated: of('allocated'), damaged: of('damaged'), quality_control: of('quality_control'),
    quarantine: of('quarantine'), on_order: of('on_order'), in_transit: of('in_transit'), deficit: of('deficit'),
  }
}

/** The key of a stock level. */
export type Pair = { variant_id: string; location_id: string }

/** The balances of one SKU at one location, with the policy that keeps some of `available` back. */
export type Level = Pair & Balances & { safety_stock: number; counted_at: Date | null }

/** Levels by `keyOf`. */
export type Levels = Map<string, Level>

export function keyOf({ variant_id, location_id }: Pair): string {
  return `${variant_id} ${location_id}`
}

/** Each pair once, in the order in which levels are locked. */
export function distinctPairs(pairs: readonly Pair[]): Pair[] {
  const byKey = new Map(pairs.map((pair) => [keyOf(pair), pair]))
  return Array.from(byKey.keys()).sort().map((key) => byKey.get(key)!)
}

/** What may be sold at a level: what is available beyond the safety stock. */
export function sellableAt({ available, safety_stock }: Pick<Level, 'available' | 'safety_stock'>): number {
  return Math.max(0, available - safety_stock)
}

/**
 * Units that stand in the location by the books. Promised units that a count took away (`deficit`) are still in
 * `reserved` or `allocated`, so they are subtracted.
 */
export function onHand(level: Balances): number {
  return ON_HAND_STATES.reduce((sum, state) => sum + level[state], 0) - level.deficit
}

/** A level as callers see it. */
export type LevelFigures = Balances & { sku: string; location: string; on_hand: number; safety_stock: number; sellable: number }

export function viewLevel(level: Level, names: { sku: string; location: string }): LevelFigures {
  return { ...names, ...eachState((state) => level[state]), on_hand: onHand(level), safety_stock: level.safety_stock, sellable: sellableAt(level) }
}
