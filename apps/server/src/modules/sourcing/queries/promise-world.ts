import { groupByKey } from '../../../kernel/quantity.ts'
import { SECOND_MS } from '../../../kernel/time.ts'
import type { Clock } from '../../../platform/clock.ts'
import type { Database } from '../../../platform/db.ts'
import { shareReads } from '../../../platform/shared-read.ts'
import type { Variant } from '../../catalog/index.ts'
import type { Location } from '../../locations/index.ts'
import type { Candidate, Demand } from '../demand.ts'
import type { Departures } from '../departures.ts'
import { levelOf, readFacts, type Facts } from '../facts.ts'
import { candidateOf, limitsOf, tryPlans } from '../plan-stock.ts'
import type { TriedPlan } from '../plan.ts'
import { readArticles, type ArticleRow, type Articles, type Levels } from '../promises/promises.db.ts'
import { traitsOf, type StrategyTraits } from '../promises/strategy-traits.ts'
import { readLoads } from '../sourcing.db.ts'
import { createStockView, type StockLevel } from '../stock-view.ts'
import type { SupplyUnits } from '../supplies.ts'
import { knowChannels, knowPlaces, settingsSeen, type Address, type Settings } from './settings.ts'

/** How old the figure of a level is: null where nobody has counted, or nobody has asked. */
export type Age = { counted_at: Date | null; changed_at: Date | null }

/** An article with what is there and what is on its way. */
export type Article = Pick<ArticleRow, 'id' | 'sku' | 'name' | 'kind' | 'price' | 'price_currency' | 'weight_grams' | 'active'> & {
  /** Units that may be sold, by location. Where ages were asked for, empty levels are there, too. */
  sellable: readonly (StockLevel & Age)[]
  queued: number
  inbound: readonly SupplyUnits[]
}

/** Everything that promises look at, as it was at one moment. Nothing here changes. */
export type PromiseWorld = {
  now: Date
  settings: Settings
  /** What the rules ask of articles. Nobody has said who orders. */
  facts: Facts
  traits: StrategyTraits
  /** Active locations by id. */
  locations: ReadonlyMap<string, Location>
  candidates: readonly Candidate[]
  articles: ReadonlyMap<string, Article>
  /** What bundles are made of, by the bundle's SKU. */
  parts: ReadonlyMap<string, readonly { article: Article; quantity: number }[]>
  plan: (question: Demand) => TriedPlan
}

/** What has to be looked up for some carts. */
export type PromiseQuestion = { skus: readonly string[]; channels: readonly string[]; addresses: readonly Address[] }

/** Answers what promises look at; questions that come at the same time share one read. */
export function createPromiseWorlds({ db, clock }: { db: Database; clock: Clock }, levels: Levels = 'sellable'): (question: PromiseQuestion) => Promise<PromiseWorld> {
  return shareReads(async (questions: readonly PromiseQuestion[]) => {
    const seen = await readArticles(db, [...new Set(questions.flatMap(({ skus }) => skus))], levels)
    const now = clock.now(seen.now)
    const settings = await settingsSeen(db, seen.stamp, now)
    await knowChannels(db, settings, questions.flatMap(({ channels }) => channels))
    await knowPlaces(db, settings, questions.flatMap(({ addresses }) => addresses))
    const facts = await readFacts(db, settings.strategy, seen.articles.map(({ id }) => id), [], now)
    return describeWorld(seen, settings, facts, now, await readLoads(db, limitsOf(settings.locations, now)))
  })
}

function describeWorld({ articles }: Articles, settings: Settings, facts: Facts, now: Date, loads: ReadonlyMap<string, number>): PromiseWorld {
  const known = new Map<string, Article>()
  for (const row of articles) if (!known.has(row.id)) known.set(row.id, describeArticle(row, facts))
  const asked = articles.filter(({ bundle_id }) => bundle_id === null)
  const components = groupByKey(articles.filter(({ bundle_id }) => bundle_id !== null), ({ bundle_id }) => bundle_id!)
  const goods = [...known.values()]
  const { locations } = knownOf(settings)
  const candidates = candidatesAt(settings, now, loads)
  const stock = createStockView(goods.flatMap(({ sellable }) => sellable), new Map(goods.flatMap(({ id, queued }) => (queued === 0 ? [] : [[id, queued]]))))
  return {
    now, settings, facts, traits: traitsOf(settings.strategy), locations, candidates,
    articles: new Map(asked.map(({ id, sku }) => [sku, known.get(id)!])),
    // In the order of their SKUs, like the lines of an order.
    parts: new Map(asked.flatMap(({ id, sku }) => {
      const made = components.get(id)?.toSorted((a, b) => (a.sku < b.sku ? -1 : 1)).map((row) => ({ article: known.get(row.id)!, quantity: row.per_bundle! }))
      return made === undefined ? [] : [[sku, made]]
    })),
    plan: tryPlans({ candidates, settings }, stock),
  }
}

type KnownOf = { locations: ReadonlyMap<string, Location>; candidates?: { all: readonly Candidate[]; from_ms: number; until_ms: number } }

/** What follows from locations alone, whose departures stay as long as they do, and as long as no cut-off passes. */
const KNOWN = new WeakMap<Departures, KnownOf>()

function knownOf({ locations, departures }: Settings): KnownOf {
  let known = KNOWN.get(departures)
  if (known === undefined) KNOWN.set(departures, (known = { locations: new Map(locations.map((location) => [location.id, location])) }))
  return known
}

function candidatesAt(settings: Settings, now: Date, loads: ReadonlyMap<string, number>): readonly Candidate[] {
  const known = knownOf(settings)
  const ms = now.getTime()
  if (known.candidates !== undefined && known.candidates.from_ms <= ms && ms <= known.candidates.until_ms) return known.candidates.all
  const all = settings.locations.map((location) => candidateOf(location, now, loads, settings))
  const until = settings.locations.flatMap((location) => ['', ...Object.keys(location.method_cut_offs)].map((method) => settings.departures(location, method, now, false).until_ms))
  // What locations have taken today changes with every order.
  if (settings.locations.every(({ daily_capacity }) => daily_capacity === null)) known.candidates = { all, from_ms: ms, until_ms: Math.min(...until) }
  return all
}

function describeArticle(row: ArticleRow, facts: Facts): Article {
  const { id, sku, name, kind, price, price_currency, weight_grams, active } = row
  const levels = readLevels(id, row.levels)
  const sellable = facts.needs.size === 0 ? levels : levels.map((level) => ({ ...level, ...levelOf(level, facts) }))
  return { id, sku, name, kind, price, price_currency, weight_grams, active, queued: row.queued ?? 0, sellable, inbound: readInbound(row.inbound) }
}

/** Levels by the article's id, with the text that they were read from: most articles do not move between two reads. */
const READ = new Map<string, { text: string; levels: Article['sellable'] }>()
const MAX_READ = 20_000

function readLevels(variant_id: string, text: string | null): Article['sellable'] {
  if (text === null) return []
  const before = READ.get(variant_id)
  if (before?.text === text) return before.levels
  const levels = text.split(',').map((level) => {
    const [location_id, units, counted, changed] = level.split(':')
    return { variant_id, location_id: location_id!, available: Number(units), safety_stock: 0, daily_demand: null, counted_at: instant(counted), changed_at: instant(changed) }
  })
  if (READ.size >= MAX_READ) READ.clear()
  READ.set(variant_id, { text, levels })
  return levels
}

function readInbound(text: string | null): SupplyUnits[] {
  if (text === null) return []
  return text.split(',').map((supply) => {
    const [location_id, expected_on, units] = supply.split(':')
    return { location_id: location_id!, expected_on: expected_on!, quantity: Number(units) }
  })
}

function instant(seconds: string | undefined): Date | null {
  return seconds === undefined || seconds === '' ? null : new Date(Number(seconds) * SECOND_MS)
}

/** The article as the catalog has it, for prices. */
export function variantOf({ id, sku, name, kind, price, price_currency, weight_grams, active }: Article): Variant {
  return { id, sku, name, kind, price, price_currency, weight_grams, active, length_mm: null, width_mm: null, height_mm: null, product_id: '' }
}
