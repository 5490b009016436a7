import type { TProperties } from 'typebox'
import { unreachable } from '../../kernel/assert.ts'
import { entryOf, type ConditionSetting } from './conditions.ts'
import { sayWords, type Filter } from './criterion.ts'
import { FILTERS } from './filters.ts'
import { RANKINGS } from './rankings.ts'
import type { Fallback, Objective, Rule, SplitPolicy } from './strategy.ts'

/** A rule in plain English, exact enough to be checked against what was meant. */
export type RuleSentences = { rule: string; name: string; sentences: string[] }

/** The whole strategy, rule by rule; the last sentences say what becomes of orders that no rule is for. */
export function sayStrategy(rules: readonly Rule[]): { rules: RuleSentences[]; rest: string } {
  return {
    rules: rules.map((rule, index) => ({ rule: rule.id, name: rule.name, sentences: sayRule(rule, index, rules) })),
    rest: 'An order that no rule is for is handled as its channel says: refused, backordered or put on hold. Whatever the rules say, an order is served only by locations of its channel that can ship it or hand it over, have capacity left today and did not reject it before, from no more of them than the channel allows.',
  }
}

function sayRule(rule: Rule, index: number, rules: readonly Rule[]): string[] {
  const earlier = rules.slice(0, index)
  const who = rule.conditions.length === 0 ? 'This rule is for all orders' : `This rule is for orders that ${sayAll(rule.conditions)}`
  return [
    `${who}${earlier.length === 0 ? '' : ', as far as earlier rules have left them'}.`,
    sayLocations(rule),
    ...(rule.objective === undefined ? [sayRankings(rule.rankings)] : sayObjective(rule.objective)),
    ...saySplit(rule.split),
    sayFallback(rule.fallback),
  ]
}

function sayRankings(rankings: Rule['rankings']): string {
  return rankings.length === 0 ? 'Among these, locations are used in the order of their codes.' : `Prefer ${rankings.map(sayRanking).join(', then ')}.`
}

const WEIGHED: Readonly<Record<Objective['weigh'][number], string>> = { labor: 'labor', scarcity: 'what scarce stock is worth to later orders', markdown: 'markdowns avoided', stock_out: 'sales that locations may lose' }

function sayObjective({ weigh, leave_unfilled, reoptimize, wave_minutes }: Objective): string[] {
  const terms = ['freight', ...weigh.map((term) => WEIGHED[term])]
  return [
    `The cheapest way is chosen by the cost model: ${terms.join(', ')}.`,
    leave_unfilled ? 'A unit that costs more than it is worth is left.' : 'No unit that can be had is left, whatever it costs.',
    ...(wave_minutes === undefined ? [] : [`Orders wait until ${wave_minutes} minutes before the cut-off of their locations and are then routed together.`]),
    ...(reoptimize === true ? ['Until they are handed over orders are routed again and again, never for the worse.'] : []),
  ]
}

function sayAll(conditions: readonly ConditionSetting[]): string {
  return conditions.map(sayCondition).join(', and ')
}

/** Brackets keep apart what stands in what. */
function sayCondition(condition: ConditionSetting): string {
  if ('all' in condition) return `(${condition.all.map(sayCondition).join(', and ')})`
  if ('any' in condition) return `(${condition.any.map(sayCondition).join(', or ')})`
  if ('not' in condition) return `are not those that (${sayCondition(condition.not)})`
  return entryOf(condition).say(condition)
}

function sayLocations({ location_groups, filters }: Rule): string {
  const groups = location_groups.length === 0 ? [] : [`are in the group ${sayWords(location_groups)}`]
  const tests = [...groups, ...filters.map((setting) => (FILTERS[setting.type] as unknown as Filter<TProperties>).say(setting))]
  return tests.length === 0 ? 'Any location that serves the channel and has capacity left may be used.' : `Only locations may be used that ${tests.join(', and ')}.`
}

function sayRanking(setting: Rule['rankings'][number]): string {
  return (RANKINGS[setting.type] as unknown as { say: (settings: object) => string }).say(setting)
}

function saySplit({ max_locations, keep_lines_whole, min_value, keep_together }: SplitPolicy): string[] {
  const limit = max_locations === 1 ? 'The order is not split: it comes from one location.' : max_locations === null ? 'The order may be split over any number of locations.' : `The order may be split over at most ${max_locations} locations.`
  const together = [...(keep_together?.bundles === true ? ['the components of a bundle'] : []), ...(keep_together?.tags ?? []).map((tag) => `items tagged "${tag}"`)]
  return [
    limit,
    ...(min_value === undefined ? [] : [`It is split only where each new part is worth at least ${min_value.amount} ${min_value.currency}; orders in another currency are split as they come.`]),
    ...(together.length === 0 ? [] : [`These come from one location or from none: ${together.join('; ')}.`]),
    ...(keep_lines_whole || keep_together !== undefined ? ['A line comes from one location or from none.'] : []),
  ]
}

function sayFallback(fallback: Fallback): string {
  const canceled = 'cancel_after_days' in fallback && fallback.cancel_after_days !== undefined ? ` What still has no location after ${fallback.cancel_after_days} days is canceled.` : ''
  switch (fallback.action) {
    case 'next_rule':
      return fallback.keep_partial ? 'What it cannot place goes on to the next rule that is for the order; where there is none, it is handled as the channel says.' : 'If it cannot place everything, it places nothing, and the next rule that is for the order has its turn; where there is none, the order is handled as the channel says.'
    case 'channel_policy':
      return 'What it cannot place is handled as the channel says: refused, backordered or put on hold.'
    case 'refuse':
      return 'If it cannot place everything, the order is refused.'
    case 'backorder':
      return `What it cannot place is backordered.${canceled}`
    case 'hold':
      return `If it cannot place everything, the order is put on hold${fallback.queue === undefined ? '' : ` and stands in the queue "${fallback.queue}"`}.${canceled}`
    case 'queue':
      return `What it cannot place stands in the queue "${fallback.queue}"; the rest of the order goes on.${canceled}`
    default:
      return unreachable(fallback)
  }
}
