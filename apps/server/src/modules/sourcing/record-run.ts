import { newId } from '../../kernel/ids.ts'
import type { Look, Pair } from '../inventory/index.ts'
import type { SourcingAllocation, SourcingDemand, SourcingTrigger } from '../orders/index.ts'
import type { Need } from './criterion.ts'
import { channelRecord, facetsText, writeAsked, writeRecord, type ChannelRecord, type DecisionRecord, type RecordNames } from './decision-record.ts'
import type { Candidate, Demand } from './demand.ts'
import type { Facts } from './facts.ts'
import { networkOf, type Network } from './network.ts'
import type { Plan } from './plan.ts'
import type { Settings } from './queries/settings.ts'
import type { StockLevel } from './stock-view.ts'
import type { Strategy } from './strategy.ts'

/** What all decisions of a run were made on, beside the stock that its look tells. */
export type RunFacts = {
  channels: Record<string, ChannelRecord>
  /** From when to when its decisions say they were made, where that is not the time of the run: imports tell of earlier times. */
  span?: [from: string, to: string]
  /** Units for which accepted orders waited, by variant. */
  queued?: Record<string, number>
  /** Orders that limited locations could still take, by their position in the network. */
  capacity?: Record<number, number>
  /** The run of the shadow prices, where a rule chose by cost. */
  price_run?: string
  /** What the rules in use asked for beside, and what levels were known by for that: by variant, with the position of the location. */
  needs?: Need[]
  levels?: Record<string, [location: number, daily_demand: number | null, stock_age_hours: number | null, shadow_price: number | null][]>
  /** By how much locked figures were not what had been seen: a rival was faster. */
  locked?: [variant_id: string, location_id: string, units: number][]
  /** What plans took from those after them although their orders came to nothing: another call had stored them. */
  dropped?: { place: number; taken: [variant_id: string, location_id: string, quantity: number][]; queued: [variant_id: string, quantity: number][] }[]
}

export type RunRow = Look & { id: string; at: Date; strategy: string; strategy_version: number; network_id: string; facts: RunFacts }
export type NewDecisionRow = { id: string; order_id: string; run_id: string; at: Date; place: number; trigger: SourcingTrigger; outcome: string; facets: string; decision: DecisionRecord }
export type RunRecord = { run: RunRow; network: Network; decisions: NewDecisionRow[] }

type Planned = { demand: SourcingDemand; plan: Plan }
type Claimed = { plan: { order_id: string; decision_id: string; decision: object }; at: Date }
type Seen = {
  strategy: Strategy; settings: Settings; facts: Facts; look: Look; questions: readonly Demand[]; candidates: readonly Candidate[]
  seen: ReadonlyMap<string, StockLevel>; sellable: ReadonlyMap<string, StockLevel>; queued: ReadonlyMap<string, number>
}

/** The record of a batch: its decisions, and once for all of them what they were made on. */
export function recordRun(world: Seen, planned: readonly Planned[], claimed: readonly Claimed[], { trigger, at }: { trigger: SourcingTrigger; at: Date }): RunRecord {
  const { strategy, settings, look, questions } = world
  const network = networkOf(settings)
  const id = newId(at.getTime())
  const places = new Map(planned.map(({ demand }, place) => [demand.order_id, place]))
  const questionOf = new Map(questions.map((demand) => [demand.order_id, demand]))
  const channels: Record<string, ChannelRecord> = {}
  const decisions = claimed.map(({ plan, at: decided_at }): NewDecisionRow => {
    const place = places.get(plan.order_id)!
    const { demand, plan: { decision } } = planned[place]!
    const names = namesOf(network, demand)
    const question = questionOf.get(plan.order_id)
    const asked = question === undefined ? undefined : writeAsked(question, (channels[demand.channel_id] ??= channelRecord(question, demand.stock_buffer)), names.line)
    return {
      id: plan.decision_id, order_id: plan.order_id, run_id: id, at: decided_at, place, trigger, outcome: decision.outcome,
      facets: facetsText(decision, trigger), decision: writeRecord(decision, names, asked),
    }
  })
  const facts = { ...factsOf(world, network, planned, claimed, channels), ...spanOf(at, claimed) }
  return { run: { id, at, strategy: strategy.id, strategy_version: strategy.version, network_id: network.id, ...look, facts }, network, decisions }
}

function spanOf(at: Date, claimed: readonly Claimed[]): Pick<RunFacts, 'span'> {
  if (claimed.every((one) => one.at.getTime() === at.getTime())) return {}
  const times = claimed.map((one) => one.at.toISOString()).toSorted()
  return { span: [times[0]!, times.at(-1)!] }
}

function namesOf({ positions }: Network, { lines }: SourcingDemand): RecordNames {
  return { location: (code) => positions.get(code) ?? code, line: (lineId) => lines.find(({ line_id }) => line_id === lineId)!.line_number }
}

function factsOf({ candidates, settings: { economics }, facts: { needs }, seen, sellable, queued }: Seen, network: Network, planned: readonly Planned[], claimed: readonly Claimed[], channels: RunFacts['channels']): RunFacts {
  const facts: RunFacts = { channels }
  if (queued.size > 0) facts.queued = Object.fromEntries(queued)
  for (const { code, capacity_left } of candidates) if (capacity_left !== null) (facts.capacity ??= {})[network.positions.get(code)!] = capacity_left
  if (typeof economics?.price_run === 'string') facts.price_run = economics.price_run
  if (needs.size > 0) Object.assign(facts, { needs: [...needs] }, levelsOf(sellable, new Map(candidates.map(({ id, code }) => [id, network.positions.get(code)!]))))
  if (sellable !== seen) {
    const locked = differences(seen, sellable)
    if (locked.length > 0) facts.locked = locked
  }
  const dropped = claimed.length === planned.length ? [] : droppedOf(planned, claimed)
  if (dropped.length > 0) facts.dropped = dropped
  return facts
}

/** Figures that the stock view has beside units. */
function levelsOf(levels: ReadonlyMap<string, StockLevel>, positions: ReadonlyMap<string, number>): Pick<RunFacts, 'levels'> {
  const known: NonNullable<RunFacts['levels']> = {}
  for (const { variant_id, location_id, daily_demand, stock_age_hours = null, shadow_price = null } of levels.values()) {
    const position = positions.get(location_id)
    if (position !== undefined && (daily_demand !== null || stock_age_hours !== null || shadow_price !== null)) (known[variant_id] ??= []).push([position, daily_demand, stock_age_hours, shadow_price])
  }
  return { levels: known }
}

function differences(seen: ReadonlyMap<string, StockLevel>, locked: ReadonlyMap<string, StockLevel>): NonNullable<RunFacts['locked']> {
  const unitsOf = (level: StockLevel | undefined): number => (level === undefined ? 0 : Math.max(0, level.available - level.safety_stock))
  return [...new Set([...seen.keys(), ...locked.keys()])].flatMap((key) => {
    const { variant_id, location_id }: Pair = (seen.get(key) ?? locked.get(key))!
    const units = unitsOf(locked.get(key)) - unitsOf(seen.get(key))
    return units === 0 ? [] : [[variant_id, location_id, units] as [string, string, number]]
  })
}

function droppedOf(planned: readonly Planned[], claimed: readonly Claimed[]): NonNullable<RunFacts['dropped']> {
  const stored = new Set(claimed.map(({ plan }) => plan.order_id))
  return planned.flatMap(({ demand, plan }, place) => {
    if (stored.has(plan.order_id)) return []
    const taken = plan.allocations.map(({ variant_id, location_id, quantity }: SourcingAllocation) => [variant_id, location_id, quantity] as [string, string, number])
    const waits = plan.shortage?.action === 'backorder' && demand.resourcing !== true
    const queued = waits ? plan.unfilled.map(({ line_id, quantity }) => [demand.lines.find((line) => line.line_id === line_id)!.variant_id, quantity] as [string, number]) : []
    return taken.length + queued.length === 0 ? [] : [{ place, taken, queued }]
  })
}
