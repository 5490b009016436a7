import { Type, type Static } from 'typebox'
import { ids } from '../../kernel/id-kinds.ts'
import { closed, Nullable, OneOf } from '../../platform/http/schemas.ts'
import type { Decision } from './decision.ts'
import type { Fact } from './settings.ts'

/** What became of an order, and what had it sourced. */
export const OUTCOMES = ['filled', 'refuse', 'backorder', 'hold', 'queue'] as const
export const TRIGGERS = ['capture', 'backorder', 'rejection', 'manual', 'reoptimization'] as const

const FactView = Type.Unsafe<Fact>({ type: ['number', 'string', 'null'] })
const Units = { line_id: Type.String(), quantity: Type.Integer() }

const Group = Type.Object({
  code: Type.String({ description: 'The filter, ranking or rule of the search that decided' }),
  limit: Type.Optional(FactView), than: Type.Optional(Type.String({ description: 'The location that was better' })), locations: Type.Array(Type.String()),
  values: Type.Optional(Type.Array(FactView, { description: 'What each of the locations had' })),
}, closed)

/** A decision record as the API shows it: locations by code, lines by the ids that the API uses elsewhere. */
export const DecisionSchema = Type.Object({
  strategy_id: Type.String({ description: 'The code of the strategy' }), strategy_version: Type.Integer(), outcome: OneOf(OUTCOMES),
  queue: Type.Optional(Type.String({ description: 'The list in which people find what could not be placed' })), cancel_after_days: Type.Optional(Type.Integer()), units: Type.Integer({ description: 'Units asked for' }),
  rules: Type.Array(Type.Object({
    rule: Type.String(), result: OneOf(['not_matched', 'applied', 'put_aside', 'not_reached']),
    because: Type.Optional(Type.String({ description: 'The condition that did not hold' })), units: Type.Optional(Type.Integer({ description: 'Units the rule placed or could have placed' })),
  }, closed)),
  reserved: Type.Optional(Type.Array(Type.Object({ location: Type.String(), lines: Type.Array(Type.Object(Units, closed)) }, closed), { description: 'Units held for the order before it was placed' })),
  serving: Type.Optional(Type.Array(Type.String(), { description: 'Locations that served the order already' })),
  chosen: Type.Array(Type.Object({
    location: Type.String(), rule: Type.String(), lines: Type.Array(Type.Object({ ...Units, seen: Type.Integer({ description: 'What was sellable there' }) }, closed)),
  }, closed)),
  excluded: Type.Array(Group, { description: 'Ruled out, or without anything that was wanted' }),
  below: Type.Array(Group, { description: 'Could have served the order, but others were better' }),
  unfilled: Type.Array(Type.Object({ ...Units, reason: OneOf(['no_stock', 'ruled_out', 'split_limit', 'line_whole', 'not_worth', 'set_whole', 'split_value', 'held_back', 'put_aside', 'no_rule', 'refused']) }, closed)),
  cost: Type.Optional(Type.Object({
    cost_version: Type.Integer({ description: 'Of the cost model' }), price_run: Nullable(Type.String({ description: 'The run that learned the shadow prices' })), currency: Type.String(),
    total: Type.Integer({ description: 'Minor units' }), lower_bound: Type.Integer({ description: 'No plan that leaves no more units unfilled costs less' }),
    terms: Type.Record(Type.String(), Type.Integer(), { description: 'Add up to the total; those that are nothing are left out' }),
    before: Type.Optional(Type.Integer({ description: 'What the order cost from where it was before, where it was routed again' })),
  }, closed)),
}, { ...closed, title: 'RoutingDecision' })

export function viewDecision(decision: Decision): Static<typeof DecisionSchema> {
  const shown = <Line extends { line_id: string }>(lines: readonly Line[]): Line[] => lines.map((line) => ({ ...line, line_id: ids.line.show(line.line_id) }))
  const { strategy_id, strategy_version, outcome, queue, cancel_after_days, units, rules, reserved, serving, chosen, excluded, below, unfilled, cost } = decision
  return {
    strategy_id, strategy_version, outcome, ...(queue === undefined ? {} : { queue }), ...(cancel_after_days === undefined ? {} : { cancel_after_days }), units, rules,
    ...(reserved === undefined ? {} : { reserved: reserved.map(({ location, lines }) => ({ location, lines: shown(lines) })) }),
    ...(serving === undefined ? {} : { serving }),
    chosen: chosen.map(({ location, rule, lines }) => ({ location, rule, lines: shown(lines) })),
    excluded, below, unfilled: shown(unfilled),
    ...(cost === undefined ? {} : { cost: { ...cost, price_run: cost.price_run === null ? null : ids.price_run.show(cost.price_run) } }),
  }
}
