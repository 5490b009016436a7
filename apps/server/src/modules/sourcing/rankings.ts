import { Type, type TProperties } from 'typebox'
import { CUSTOM_RANKINGS } from './criteria/criteria.ts'
import { ENDLESS, ranking, type Ranking } from './criterion.ts'
import { distanceTo, type OrderView } from './order-view.ts'
import type { Fact, SettingOf } from './settings.ts'

/** A new ranking is one more entry here; schema, validation and explanation follow from it. */
const BY_VALUE = {
  distance: ranking({
    // With a band, locations in the same ring around the destination are equal and the next ranking decides.
    settings: { band_km: Type.Optional(Type.Integer({ minimum: 1 })) },
    prefer: 'low',
    value: (order, candidate, { band_km = 1 }) => {
      const km = distanceTo(order, candidate)
      return km === Number.POSITIVE_INFINITY ? ENDLESS : Math.round(km / band_km) * band_km
    },
    phrase: (value, chosen, than) => (value === null ? `its distance is not known` : `it is ${value} km away, ${than} ${chosen} km`),
    say: ({ band_km }) => (band_km === undefined ? 'the nearest' : `the nearest, in rings of ${band_km} km`),
  }),
  priority: ranking({
    settings: {},
    prefer: 'low',
    value: (order, candidate) => order.network.candidates[candidate]!.priority,
    phrase: (value, chosen, than) => `its priority is ${value}, that of ${than} ${chosen}`,
    say: () => 'the lowest priority number',
  }),
  capacity: ranking({
    settings: {},
    prefer: 'high',
    value: (order, candidate) => Math.min(order.network.capacity_left[candidate]!, ENDLESS),
    phrase: (value, chosen, than) => `it can take ${value} more orders today, ${than} ${chosen ?? 'any number'}`,
    say: () => 'the most capacity left today',
  }),
  handling_cost: ranking({
    settings: {},
    prefer: 'low',
    value: (order, candidate) => Number(order.network.candidates[candidate]!.handling_cost),
    phrase: (value, chosen, than) => `its handling cost is ${value} minor units, that of ${than} ${chosen}`,
    say: () => 'the lowest handling cost',
  }),
  overstock: ranking({
    settings: { measure: Type.Union([Type.Literal('units'), Type.Literal('days')]) },
    prefer: 'high',
    value: (order, candidate, settings) => (settings.measure === 'units' ? unitsAbove(order, candidate) : daysOfCover(order, candidate)),
    phrase: (value, chosen, than) => `it has less stock to spare (${value ?? 'endless'}) than ${than} (${chosen ?? 'endless'})`,
    say: ({ measure }) => (measure === 'units' ? 'the most units in stock' : 'the most days of cover'),
    needs: ['daily_demand'],
  }),
  ...CUSTOM_RANKINGS,
}

/** `fewest_splits` has no figure of its own: it tells the allocator from which place in the list on sets are compared by size. */
export const RANKINGS = { fewest_splits: { settings: {}, say: () => 'the fewest locations' }, ...BY_VALUE }

export type RankingSetting = SettingOf<typeof RANKINGS>

export type PreparedRankings = {
  /** Every ranking but `fewest_splits`, in order. */
  entries: readonly { code: string; ranking: Ranking<TProperties>; settings: Record<string, unknown> }[]
  /** How many entries come before `fewest_splits`; null where the strategy does not care about splits. */
  before_splits: number | null
}

export function prepareRankings(settings: readonly RankingSetting[]): PreparedRankings {
  const at = settings.findIndex(({ type }) => type === 'fewest_splits')
  const entries = settings.flatMap((setting) =>
    setting.type === 'fewest_splits' ? [] : [{ code: setting.type, ranking: BY_VALUE[setting.type] as unknown as Ranking<TProperties>, settings: setting }],
  )
  return { entries, before_splits: at < 0 ? null : at }
}

/** Per ranking the score of each of the candidates; lower is better, whatever the ranking prefers. */
export function scoreCandidates(rankings: PreparedRankings, order: OrderView, candidates: readonly number[]): number[][] {
  return rankings.entries.map(({ ranking: entry, settings }) => {
    const sign = entry.prefer === 'low' ? 1 : -1
    const scores: number[] = []
    for (const candidate of candidates) scores.push(sign * entry.value(order, candidate, settings))
    return scores
  })
}

/** The figure behind a score. */
export function showScore(score: number): Fact {
  const value = Math.abs(score)
  return value >= ENDLESS ? null : value
}

/** The end of a sentence for a location that was ranked below another by that ranking. */
export function phraseRanking(code: string, value: Fact, chosen: Fact, than: string): string {
  return (BY_VALUE as Readonly<Record<string, Pick<Ranking<TProperties>, 'phrase'>>>)[code]?.phrase(value, chosen, than) ?? code
}

function unitsAbove({ stock, network, variant_ids }: OrderView, candidate: number): number {
  let units = 0
  for (let v = 0; v < variant_ids.length; v++) units += stock[v * network.candidates.length + candidate]!
  return Math.min(units, ENDLESS)
}

/** Of the variants it holds the smallest cover; unknown sales count as no cover, no sales as endless cover. */
function daysOfCover({ stock, network, variant_ids }: OrderView, candidate: number): number {
  let fewest = ENDLESS
  for (let v = 0; v < variant_ids.length; v++) {
    const units = stock[v * network.candidates.length + candidate]!
    const row = network.stock.rows.get(variant_ids[v]!)
    if (units === 0 || row === undefined) continue
    const daily = network.stock.daily_demand[row * network.stock.columns.size + network.columns[candidate]!]!
    const days = Number.isNaN(daily) ? 0 : daily === 0 ? ENDLESS : Math.floor(units / daily)
    fewest = Math.min(fewest, days)
  }
  return fewest
}
