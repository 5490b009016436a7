import { CONDITIONS, leavesOf } from './conditions.ts'
import type { Need } from './criterion.ts'
import { FILTERS } from './filters.ts'
import { RANKINGS } from './rankings.ts'
import type { Objective, Rule } from './strategy.ts'

/** What the rules ask for that is not read for every order anyway. Sets that stay together need nothing: the lines say it. */
export function needsOf(rules: readonly Rule[]): ReadonlySet<Need> {
  const entries: { needs?: readonly Need[] | undefined }[] = rules.flatMap((rule) => [
    ...rule.conditions.flatMap(leavesOf).map(({ type }) => CONDITIONS[type]),
    ...rule.filters.map(({ type }) => FILTERS[type]),
    ...rule.rankings.map((setting) => (setting.type === 'overstock' && setting.measure === 'units' ? {} : RANKINGS[setting.type])),
    rule.split.keep_together === undefined ? {} : { needs: ['items'] as const },
    { needs: needsOfObjective(rule.objective) },
  ])
  return new Set(entries.flatMap(({ needs }) => needs ?? []))
}

function needsOfObjective(objective: Objective | undefined): Need[] {
  const weighs = (term: Objective['weigh'][number]): boolean => objective?.weigh.includes(term) === true
  return [...(weighs('scarcity') ? ['shadow_price' as const] : []), ...(weighs('markdown') || weighs('stock_out') ? ['daily_demand' as const] : [])]
}
