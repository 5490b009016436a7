import type { ConditionSetting } from './conditions.ts'
import type { FilterSetting } from './filters.ts'
import type { RankingSetting } from './rankings.ts'

/** A strategy is data: a version, once used, never changes, so that every decision can be read back. */
export type Strategy = { id: string; version: number; name: string; rules: readonly Rule[] }

/** Rules are tried in order; each is for the orders that meet all its conditions. */
export type Rule = {
  /** Short and unique within the strategy: decision records name rules by it. */
  id: string
  name: string
  conditions: readonly ConditionSetting[]
  /** Only locations in one of these groups, by their codes; empty for all locations. */
  location_groups: readonly string[]
  filters: readonly FilterSetting[]
  /**
   * In order of weight: a later ranking only decides between locations that are equal by all earlier ones.
   * Rankings before `fewest_splits` make tiers that are used up one after the other; within a tier the smallest
   * set of locations wins, and the rankings after it decide between sets of one size. Without `fewest_splits`
   * locations are used up in rank order.
   */
  rankings: readonly RankingSetting[]
  /** Chooses the cheapest way instead of the best ranked; rankings then only say who is named first. */
  objective?: Objective
  split: SplitPolicy
  /** What becomes of units that the rule cannot place. */
  fallback: Fallback
}

export type Objective = {
  minimize: 'cost'
  /** What counts beside freight. */
  weigh: readonly ('labor' | 'scarcity' | 'markdown' | 'stock_out')[]
  /** Allows to leave a unit that costs more than the cost model says it is worth. */
  leave_unfilled: boolean
  /** Orders are routed again and again until they are handed over, never for the worse. */
  reoptimize?: boolean
  /** Orders wait until so many minutes before the cut-off of their locations, and are then routed together. */
  wave_minutes?: number
}

export type SplitPolicy = {
  /** 1 forbids splits, null allows any number. */
  max_locations: number | null
  /** A line comes from one location or from none. */
  keep_lines_whole: boolean
  /** An order is divided only where each location's part is worth at least this. */
  min_value?: { currency: string; amount: string }
  /** Lines that belong together come from one location or from none; each of them whole. */
  keep_together?: KeepTogether
}

/** Components of one bundle, and lines whose articles share one of these tags. */
export type KeepTogether = { bundles: boolean; tags?: readonly string[] }

export type Fallback =
  /** With `keep_partial` the next rule places only the rest; without, this rule places all or nothing. */
  | { action: 'next_rule'; keep_partial: boolean }
  /** As the channel of the order says. */
  | { action: 'channel_policy' }
  | { action: 'refuse' }
  | { action: 'backorder'; cancel_after_days?: number }
  /** The order stands still. `queue` names the list in which people find it. */
  | { action: 'hold'; queue?: string; cancel_after_days?: number }
  /** What was placed goes on; the rest waits in the queue. */
  | { action: 'queue'; queue: string; cancel_after_days?: number }

export type Shortage = Exclude<Fallback, { action: 'next_rule' | 'channel_policy' }>

const PICKUP: Rule = {
  id: 'pickup',
  name: 'Pickup in a store',
  conditions: [{ type: 'method', is: 'pickup' }],
  location_groups: [],
  filters: [],
  rankings: [{ type: 'priority' }],
  split: { max_locations: 1, keep_lines_whole: false },
  fallback: { action: 'channel_policy' },
}

const ANYWHERE: Rule = {
  id: 'anywhere',
  name: 'Any location',
  conditions: [],
  location_groups: [],
  filters: [],
  rankings: [{ type: 'fewest_splits' }, { type: 'distance' }, { type: 'priority' }],
  split: { max_locations: null, keep_lines_whole: false },
  fallback: { action: 'channel_policy' },
}

/** What a new installation starts with; the first is in use until somebody chooses otherwise. */
export const DEFAULT_STRATEGIES: readonly Pick<Strategy, 'name' | 'rules'>[] = [
  { name: 'Fewest parcels, then nearest', rules: [PICKUP, ANYWHERE] },
  {
    name: 'Warehouses before stores',
    rules: [
      PICKUP,
      {
        ...ANYWHERE,
        id: 'warehouses',
        name: 'Complete from warehouses',
        filters: [{ type: 'kind', any_of: ['warehouse', 'third_party'] }],
        fallback: { action: 'next_rule', keep_partial: false },
      },
      ANYWHERE,
    ],
  },
  {
    name: 'Clear overstock',
    rules: [PICKUP, { ...ANYWHERE, rankings: [{ type: 'fewest_splits' }, { type: 'overstock', measure: 'days' }, { type: 'distance' }] }],
  },
]
