import { unreachable } from '../../kernel/assert.ts'
import { formatAmount } from '../../kernel/money.ts'
import { phraseUnmet } from './conditions.ts'
import type { CostTerm } from './cost/problem.ts'
import type { CandidateGroup, Decision, DecisionCost, RuleTrace, UnfilledReason } from './decision.ts'
import { phraseExclusion } from './filters.ts'
import { phraseRanking } from './rankings.ts'
import type { Fact } from './settings.ts'
import type { SmallestChange } from './smallest-change.ts'
import type { RankedCode } from './verdicts.ts'

/** What people call things: locations by code, lines by line id, rules by rule id. What has no name here keeps its id. */
export type DecisionNames = { locations: ReadonlyMap<string, string>; lines: ReadonlyMap<string, string>; rules: ReadonlyMap<string, string> }

type Naming = (code: string) => string

const RANKED: Readonly<Record<RankedCode, (limit: Fact, value: Fact, than: string) => string>> = {
  split_limit: (limit, value) => `it had ${value} of the ${limit} units, but the order may not be split over more locations`,
  fewest_splits: (limit, value) => `it had ${value} of the ${limit} units and would not have saved a parcel`,
  covered: (limit, value) => `it had ${value} of the ${limit} units, and better ranked locations already gave those`,
  cost: (limit, value) => (value === null ? 'with the other locations it would not have been cheaper' : `all of it from there would cost ${value} minor units, the plan costs ${limit}`),
  tie: (_limit, _value, than) => `equal to ${than} by every ranking`,
}

const UNFILLED: Readonly<Record<UnfilledReason, string>> = {
  no_stock: 'no location has more of it',
  ruled_out: 'only locations that were ruled out have it',
  held_back: 'what is left is kept for orders that wait, or as the buffer of the channel',
  split_limit: 'the order may not be split over more locations',
  set_whole: 'no location has the whole set, and the rule does not divide sets',
  split_value: 'a parcel would have been worth less than the rule asks of each part of a split',
  line_whole: 'no location has the whole line, and the rule does not divide lines',
  not_worth: 'serving it costs more than leaving it',
  put_aside: 'the rule places all or nothing',
  no_rule: 'no rule of the strategy is for this order',
  refused: 'it was there, but the order was refused for what is missing',
}

const OUTCOME: Readonly<Record<Decision['outcome'], string | undefined>> = {
  filled: undefined,
  refuse: 'The order was refused.',
  backorder: 'The missing units are backordered.',
  hold: 'The order is on hold for the missing units.',
  queue: 'The missing units wait for people; what was placed goes on.',
}

/** The decision in plain English, one sentence each: rules, chosen locations, all other locations, what is missing. */
export function explainDecision(decision: Decision, names: DecisionNames): string[] {
  const location: Naming = (code) => names.locations.get(code) ?? code
  const line = (id: string): string => names.lines.get(id) ?? id
  const outcome = [OUTCOME[decision.outcome], decision.queue === undefined ? undefined : `It stands in the queue "${decision.queue}".`, decision.cancel_after_days === undefined ? undefined : `What is still missing after ${decision.cancel_after_days} days is canceled.`].filter((sentence) => sentence !== undefined)
  return [
    ...(decision.reserved ?? []).flatMap(({ location: code, lines }) => lines.map(({ line_id, quantity }) => `${location(code)} supplies ${quantity} × ${line(line_id)}, reserved for this order.`)),
    ...(decision.serving ?? []).map((code) => `${location(code)} serves this order already.`),
    ...decision.rules.map((trace) => explainRule(trace, names.rules.get(trace.rule) ?? trace.rule)),
    ...decision.chosen.flatMap(({ location: code, lines }) =>
      lines.map(({ line_id, quantity, seen }) => `${location(code)} supplies ${quantity} × ${line(line_id)}; it had ${seen}.`),
    ),
    ...decision.excluded.flatMap((group) => explainGroup(group, 'ruled out', location, (value) => phraseExclusion(group.code, group.limit ?? null, value))),
    ...decision.below.flatMap((group) => explainGroup(group, 'passed over', location, (value) => phraseBelow(group, value, location))),
    ...decision.unfilled.map(({ line_id, quantity, reason }) => `${quantity} × ${line(line_id)} could not be placed: ${UNFILLED[reason]}.`),
    ...(decision.cost === undefined ? [] : [explainCost(decision.cost)]),
    ...outcome,
  ]
}

const TERMS: Readonly<Record<CostTerm, string>> = {
  freight: 'freight', labor: 'labor', capacity: 'room in the day of the locations', split: 'further parcels', unfilled: 'units that are left', scarcity: 'stock that later orders may need',
  markdown: 'markdowns avoided', stock_out: 'sales that locations may lose',
}

/** "The plan costs GBP 7.35: freight 5.20, labor 2.15. No plan costs less." */
function explainCost({ total, lower_bound, terms, currency, before }: DecisionCost): string {
  const amount = (minor: number): string => formatAmount(BigInt(minor), currency)
  const parts = Object.entries(terms).map(([term, minor]) => `${TERMS[term as CostTerm] ?? term} ${amount(minor)}`)
  const bound = lower_bound === total ? 'No plan costs less.' : `No plan can cost less than ${amount(lower_bound)}.`
  const replaced = before === undefined ? '' : ` The one before cost ${amount(before)}.`
  return `The plan costs ${currency} ${amount(total)}${parts.length === 0 ? '' : `: ${parts.join(', ')}`}. ${bound}${replaced}`
}

/** "3 more units of MUG at Leeds would have avoided the split." `variants` names articles by their ids. */
export function explainSmallestChange({ location, units, effect, chosen }: SmallestChange, names: Pick<DecisionNames, 'locations'> & { variants: ReadonlyMap<string, string> }): string {
  const name: Naming = (code) => names.locations.get(code) ?? code
  const parts = units.map(({ variant_id, quantity }) => `${Math.abs(quantity)} ${quantity > 0 ? 'more' : 'fewer'} ${Math.abs(quantity) === 1 ? 'unit' : 'units'} of ${names.variants.get(variant_id) ?? variant_id}`)
  const change = parts.length === 0 ? `Room for one more order at ${name(location)}` : `${listNames(parts)} at ${name(location)}`
  return `${change} would have ${EFFECTS[effect](listNames(chosen.map(name)))}.`
}

const EFFECTS: Readonly<Record<SmallestChange['effect'], (chosen: string) => string>> = {
  fills_order: () => 'filled the order',
  avoids_split: (chosen) => `avoided the split: all from ${chosen}`,
  moves_order: (chosen) => (chosen === '' ? 'left the order without a location' : `changed the choice: what there is would come from ${chosen}`),
  leaves_short: () => 'left units of the order without a location',
}

function explainRule(trace: RuleTrace, name: string): string {
  const units = (count: number): string => (count === 1 ? '1 unit' : `${count} units`)
  switch (trace.result) {
    case 'applied':
      return `Rule "${name}" placed ${units(trace.units)}.`
    case 'put_aside':
      return `Rule "${name}" was put aside: it places all or nothing and found a place for only ${units(trace.units)}.`
    case 'not_matched':
      return `Rule "${name}" did not apply: ${phraseUnmet(trace.because)}.`
    case 'not_reached':
      return `Rule "${name}" was not reached.`
    default:
      return unreachable(trace)
  }
}

/** Locations with figures of their own get a sentence each; the others share one. */
function explainGroup({ locations, values }: CandidateGroup, fate: string, name: Naming, phrase: (value: Fact) => string): string[] {
  if (values === undefined) return [`${listNames(locations.map(name))} ${locations.length === 1 ? 'was' : 'were'} ${fate}: ${phrase(null)}.`]
  return locations.map((code, index) => `${name(code)} was ${fate}: ${phrase(values[index] ?? null)}.`)
}

function listNames(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}

function phraseBelow({ code, limit = null, than = '' }: CandidateGroup, value: Fact, name: Naming): string {
  return Object.hasOwn(RANKED, code) ? RANKED[code as RankedCode](limit, value, name(than)) : phraseRanking(code, value, limit, name(than))
}
