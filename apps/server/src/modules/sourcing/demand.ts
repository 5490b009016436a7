import type { Coordinates } from '../../kernel/geo.ts'
import type { Money } from '../../kernel/money.ts'

/** What the planner is asked: the units of one order that need a location. The caller has read everything in it. */
export type Demand = {
  order_id: string
  channel_id: string
  /** Groups whose locations may serve the channel; null where every location may. */
  location_groups: readonly string[] | null
  method: 'ship' | 'pickup'
  pickup_location_id: string | null
  /** Capabilities the location must have beside the one that the method asks for. */
  requires: readonly string[]
  destination: Destination | null
  order_value: Money | null
  /** The method it travels by, `pickup` for one; locations may have a cut-off of its own for it. */
  shipping_method?: string
  /** The last moment of departure that keeps the promise, from wherever it may leave latest. */
  latest_ship_at: Date | null
  /** The same by location, as far as ways differ. */
  latest_ship_from?: ReadonlyMap<string, Date>
  /**
   * Units of each SKU that the channel does not sell, beside those that accepted orders wait for; null for an order
   * that was accepted before and takes what there is.
   */
  buffer: number | null
  /** The channel's policy for units that no rule can place. */
  on_shortage: ShortageAction
  /** How many locations may serve the order; null for any number. The rule's own limit holds as well. */
  max_locations: number | null
  /** Locations that serve the order already. They count as such, and what more they give costs no further split. */
  serving_location_ids: readonly string[]
  lines: readonly DemandLine[]
}

export type DemandLine = {
  line_id: string
  variant_id: string
  quantity: number
  /** Of one unit. Nothing here weighs yet; an allocator that prices parcels does. */
  weight_grams: number
  tags: readonly string[]
  /**
   * Locations that rejected the line or came up short. They are left out for every line of the same variant:
   * the shelf that was empty for one line is empty for the other.
   */
  excluded_location_ids: readonly string[]
}

export type Destination = { country: string; postal_code: string | null; coordinates: Coordinates | null }

export type ShortageAction = 'refuse' | 'backorder' | 'hold'

/** A location as the planner sees it at the moment of planning. */
export type Candidate = {
  id: string
  /** Short and unique; the decision record names locations by it. */
  code: string
  kind: 'warehouse' | 'store' | 'supplier' | 'third_party'
  groups: readonly string[]
  country: string
  coordinates: Coordinates | null
  capabilities: readonly string[]
  active: boolean
  /** 1 comes before 2. */
  priority: number
  /** Orders it can still take today; null where it has no limit. */
  capacity_left: number | null
  /** Of one parcel, in minor units of the retailer's own currency. */
  handling_cost: bigint
  /** Whether an order that arrives now still leaves today: cut-off, opening days and closures are in it. */
  ships_today: boolean
  next_ship_at: Date | null
  /** The same for methods with a cut-off of their own. */
  leaves_by_method?: ReadonlyMap<string, { ships_today: boolean; next_ship_at: Date | null }>
  /** Hours since its stock was last counted or reported; null where it never was. */
  stock_age_hours: number | null
}
