import type { Coordinates } from '../../kernel/geo.ts'
import type { Money } from '../../kernel/money.ts'
import type { PlainDate } from '../../kernel/time.ts'

/** What the planner is asked: the units of one order that need a location. The caller has read everything in it. */
export type Demand = {
  order_id: string
  channel_id: string
  /** Its code. */
  channel: string
  /** When it is asked: now. */
  asked_at: Date
  /** Groups whose locations may serve the channel; null where every location may. */
  location_groups: readonly string[] | null
  method: 'ship' | 'pickup'
  pickup_location_id: string | null
  shipping_method: string
  requested_delivery_date: PlainDate | null
  /** Capabilities the location must have beside the one that the method asks for. */
  requires: readonly string[]
  destination: Destination | null
  order_value: Money | null
  /** Answers of the order form, and words to find the order by. */
  custom_fields: Readonly<Record<string, unknown>>
  tags: readonly string[]
  /** Null where nobody is known by that name, or where no rule asks. */
  customer: CustomerSeen | null
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
  sku: string
  quantity: number
  /** Of one unit; 0 where nobody knows. */
  weight_grams: number
  /** Of one unit, in minor units of the order's currency. */
  unit_price: bigint
  /** Shared by lines that were bought as one, a bundle's components. */
  set: string | null
  /** These three of the article; read only where a rule asks. */
  tags: readonly string[]
  product_type: string | null
  custom_fields: Readonly<Record<string, unknown>>
  /**
   * Locations that rejected the line or came up short. They are left out for every line of the same variant:
   * the shelf that was empty for one line is empty for the other.
   */
  excluded_location_ids: readonly string[]
}

export type Destination = { country: string; region: string | null; postal_code: string | null; po_box: boolean; coordinates: Coordinates | null }

/** `first_order`: no order was placed before this one. */
export type CustomerSeen = { customer_group: string | null; tags: readonly string[]; first_order: boolean }

export type ShortageAction = 'refuse' | 'backorder' | 'hold'

/** A location as the planner sees it at the moment of planning. */
export type Candidate = {
  id: string
  /** Short and unique; the decision record names locations by it. */
  code: string
  kind: 'warehouse' | 'store' | 'supplier' | 'third_party'
  groups: readonly string[]
  /** Their codes, by which rules name them. */
  group_codes: readonly string[]
  custom_fields: Readonly<Record<string, unknown>>
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
}
