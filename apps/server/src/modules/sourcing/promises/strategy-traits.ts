import { leavesOf } from '../conditions.ts'
import type { Rule, Strategy } from '../strategy.ts'

/** What the plans of a strategy depend on: what they do not depend on need not be worked out, and one plan is good for all methods. */
export type StrategyTraits = { by_method: boolean; by_value: boolean }

/** What is known to look neither at the shipping method nor at the value of the order. Anything else is taken to look at both. */
const PLAIN = {
  rule: ['id', 'name', 'conditions', 'location_groups', 'filters', 'rankings', 'split', 'fallback'],
  split: ['max_locations', 'keep_lines_whole', 'keep_together'],
  conditions: ['channel', 'method', 'country', 'region', 'postal_prefix', 'po_box', 'nearest_location', 'units', 'lines', 'item_tag', 'order_tag', 'time', 'customer_group', 'customer_tag', 'first_order'],
  filters: ['kind', 'location', 'location_field', 'location_number', 'capabilities', 'same_country', 'country', 'distance', 'capacity_left', 'stock_above', 'stock_age'],
  rankings: ['fewest_splits', 'distance', 'priority', 'capacity', 'handling_cost', 'overstock'],
}
const BY_METHOD = ['ships_today', 'promise', 'shipping_method']
const BY_VALUE = ['order_value']

export function traitsOf({ rules }: Strategy): StrategyTraits {
  const used = rules.flatMap(termsOf)
  const isStrange = used.some((term) => term === undefined)
  return { by_method: isStrange || used.some((term) => BY_METHOD.includes(term!)), by_value: isStrange || used.some((term) => BY_VALUE.includes(term!)) }
}

/** The terms of a rule that matter here; undefined for one that is not known. */
function termsOf(rule: Rule): (string | undefined)[] {
  const unknown = (names: readonly string[], known: readonly string[]): (string | undefined)[] =>
    names.flatMap((name) => (known.includes(name) ? [] : [BY_METHOD.includes(name) || BY_VALUE.includes(name) ? name : undefined]))
  return [
    ...unknown(Object.keys(rule), PLAIN.rule), ...unknown(Object.keys(rule.split), PLAIN.split), ...unknown(rule.conditions.flatMap(leavesOf).map(({ type }) => type), PLAIN.conditions),
    ...unknown(rule.filters.map(({ type }) => type), PLAIN.filters), ...unknown(rule.rankings.map(({ type }) => type), PLAIN.rankings),
  ]
}
