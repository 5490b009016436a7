import type { Candidate, Demand, DemandLine } from './demand.ts'
import type { StockLevel } from './stock-view.ts'
import type { Rule, Strategy } from './strategy.ts'

/** Builders for tests: everything plausible, and what a test is about is given. */

export function candidateOf(code: string, given: Partial<Candidate> = {}): Candidate {
  return {
    id: `id-${code}`, code, kind: 'warehouse', groups: [], group_codes: given.groups ?? [], custom_fields: {}, country: 'GB', coordinates: null, capabilities: ['ship', 'pickup'], active: true,
    priority: 1, capacity_left: null, handling_cost: 0n, ships_today: true, next_ship_at: null, ...given,
  }
}

export function lineOf(line_id: string, variant_id: string, quantity: number, given: Partial<DemandLine> = {}): DemandLine {
  return { line_id, variant_id, sku: variant_id, quantity, weight_grams: 100, unit_price: 500n, set: null, tags: [], product_type: null, custom_fields: {}, excluded_location_ids: [], ...given }
}

export function demandOf(lines: readonly DemandLine[], given: Partial<Demand> = {}): Demand {
  return {
    order_id: 'order-1', channel_id: 'web', channel: 'web', asked_at: new Date('2026-03-03T09:00:00Z'), shipping_method: 'standard', requested_delivery_date: null, custom_fields: {}, tags: [], customer: null, location_groups: null, method: 'ship', pickup_location_id: null, requires: [],
    destination: { country: 'GB', region: null, postal_code: 'LS1 4AP', po_box: false, coordinates: { latitude: 53.8, longitude: -1.55 } },
    order_value: null, latest_ship_at: null, buffer: 0, on_shortage: 'backorder', max_locations: null, serving_location_ids: [], lines, ...given,
  }
}

export function ruleOf(given: Partial<Rule> = {}): Rule {
  return {
    id: 'r1', name: 'Rule one', conditions: [], location_groups: [], filters: [], rankings: [{ type: 'fewest_splits' }, { type: 'priority' }],
    split: { max_locations: null, keep_lines_whole: false }, fallback: { action: 'channel_policy' }, ...given,
  }
}

export function strategyOf(...rules: Partial<Rule>[]): Strategy {
  return { id: 'strategy-1', version: 3, name: 'Test', rules: rules.map(ruleOf) }
}

/** `{ LEEDS: { mug: 3 } }` as stock levels without safety stock. */
export function levelsOf(stock: Readonly<Record<string, Readonly<Record<string, number>>>>): StockLevel[] {
  return Object.entries(stock).flatMap(([code, units]) =>
    Object.entries(units).map(([variant_id, available]) => ({ variant_id, location_id: `id-${code}`, available, safety_stock: 0, daily_demand: null, stock_age_hours: 1 })),
  )
}
