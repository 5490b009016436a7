import { CONDITIONS, leavesOf } from './conditions.ts'
import type { Need } from './criterion.ts'
import { FILTERS } from './filters.ts'
import { RANKINGS } from './rankings.ts'
import type { Rule } from './strategy.ts'

/** What the rules ask for that is not read for every order anyway. Sets that stay together need nothing: the lines say it. */
export function needsOf(rules: readonly Rule[]): ReadonlySet<Need> {
  const entries: { needs?: readonly Need[] | undefined }[] = rules.flatMap((rule) => [
    ...rule.conditions.flatMap(leavesOf).map(({ type }) => CONDITIONS[type]),
    ...rule.filters.map(({ type }) => FILTERS[type]),
    ...rule.rankings.map((setting) => (setting.type === 'overstock' && setting.measure === 'units' ? {} : RANKINGS[setting.type])),
    rule.split.keep_together === undefined ? {} : { needs: ['items'] as const },
  ])
  return new Set(entries.flatMap(({ needs }) => needs ?? []))
}
