import { entryOf, leavesOf, type ConditionSetting, type LeafCondition } from '../conditions.ts'
import type { Candidate } from '../demand.ts'
import { demandOfExample, EMPTY_SHELF, type ExampleOrder } from '../examples.ts'
import { prepareFilters, type FilterSetting, type PreparedFilter } from '../filters.ts'
import { shareOne, viewNetwork, viewOrder, type Network, type OrderView } from '../order-view.ts'
import { createStockView } from '../stock-view.ts'
import type { Rule } from '../strategy.ts'
import type { World } from '../world.ts'
import { facetOf } from './facets.ts'
import { mayAnswer } from './order-fields.ts'
import { fitLines, orderOf, plainSketch, type Interval, type Item, type Sketch } from './sketch.ts'
import { leaf, type Formula, type Leaf, type Point, type Space } from './space.ts'

/** The rules as formulas over the space of all orders. Truth is what the rules' own conditions and filters answer. */
export type Model = {
  space: Space
  /** When the conditions hold together. */
  matches: (conditions: readonly ConditionSetting[]) => Formula
  /** When the location may serve an order under these groups and filters at some moment: what only holds for now is left aside. */
  admits: (candidate: Candidate, rule: Pick<Rule, 'location_groups' | 'filters'>) => Formula
  /** The same of filters alone, for a location that need not exist. */
  passes: (candidate: Candidate, filters: readonly FilterSetting[]) => Formula
  order: (point: Point) => ExampleOrder
}

/** The lasting filters among these, with those that hold for every rule where asked for. */
const lastingOf = (filters: readonly PreparedFilter[]): PreparedFilter[] => filters.filter(({ filter }) => filter.lasting !== undefined)

export function buildModel(rules: readonly Rule[], world: World): Model {
  const leaves = rules.flatMap(({ conditions }) => conditions.flatMap(leavesOf))
  const names = facetNames(rules, leaves)
  const values = names.map((name) => facetValues(name, rules, leaves, world))
  const at = (name: string): number => names.indexOf(name)
  const pick = (...wanted: string[]): number[] => wanted.map(at)
  const network = viewNetwork(world.candidates(world.now), createStockView([]))
  const conditions = new Map<string, Leaf>()

  const look = (reads: readonly number[], chosen: readonly unknown[], within: Network, pickup?: string): OrderView => view(sketchOf(reads.map((dimension) => names[dimension]!), chosen, world), world, within, pickup)
  const leafOf = (setting: LeafCondition): Leaf => {
    const key = JSON.stringify(setting)
    const known = conditions.get(key)
    if (known !== undefined) return known
    const reads = pick(facetNameOf(setting))
    const holds = entryOf(setting).prepare(setting)
    const made = leaf(reads, (chosen) => holds(look(reads, chosen, network)))
    conditions.set(key, made)
    return made
  }
  const formulaOf = (setting: ConditionSetting): Formula => {
    if ('all' in setting) return { all: setting.all.map(formulaOf) }
    if ('any' in setting) return { any: setting.any.map(formulaOf) }
    return 'not' in setting ? { not: formulaOf(setting.not) } : leafOf(setting)
  }
  const passes = (candidate: Candidate, filters: readonly PreparedFilter[]): Formula => {
    const alone = viewNetwork([candidate], createStockView([]))
    return { all: lastingOf(filters).map(({ filter, settings }) => {
      const reads = pick(...filter.lasting!.facets)
      return leaf(reads, (chosen) => filter.keeps(look(reads, chosen, alone, candidate.id), 0, settings))
    }) }
  }
  return {
    space: {
      dimensions: names.map((name, index) => ({ name, values: values[index]!.values })),
      constraints: listConstraints(names, world), complete: values.every(({ complete }) => complete),
    },
    matches: (settings) => ({ all: settings.map(formulaOf) }),
    admits: (candidate, { location_groups, filters }) => (location_groups.length > 0 && !shareOne(candidate.group_codes, location_groups) ? false : passes(candidate, prepareFilters(filters))),
    passes: (candidate, filters) => passes(candidate, prepareFilters(filters).filter(({ settings, filter }) => 'type' in settings && filter.lasting?.places !== undefined)),
    order: (point) => {
      const sketch = sketchOf(names, names.map((_, dimension) => values[dimension]!.values[point[dimension]!]), world)
      return orderOf(sketch, world, pickupLocationOf(sketch, world))!
    },
  }
}

function facetNameOf(setting: LeafCondition): string {
  const { facet } = entryOf(setting)
  return typeof facet === 'string' ? facet : facet(setting)
}

/** Channel and method first: every location is asked about them. */
function facetNames(rules: readonly Rule[], leaves: readonly LeafCondition[]): string[] {
  const asked = rules.flatMap(({ filters }) => lastingOf(prepareFilters(filters)).flatMap(({ filter }) => filter.lasting!.facets))
  return [...new Set(['channel', 'method', ...leaves.map(facetNameOf), ...asked])]
}

function facetValues(name: string, rules: readonly Rule[], leaves: readonly LeafCondition[], world: World): { values: readonly unknown[]; complete: boolean } {
  const mine = [...new Map(leaves.filter((setting) => facetNameOf(setting) === name).map((setting) => [JSON.stringify(setting), setting])).values()]
  const asked = rules.flatMap(({ filters }) => prepareFilters(filters).flatMap(({ filter, settings }) => filter.lasting?.mentions?.(settings, world.candidates(world.now))[name] ?? []))
  return facetOf(name).values({ leaves: mine, values: [...mine.flatMap((setting) => entryOf(setting).mentions(setting)), ...asked], world })
}

function sketchOf(names: readonly string[], values: readonly unknown[], world: World): Sketch {
  const sketch = plainSketch(world)
  names.forEach((name, index) => { facetOf(name).apply(sketch, values[index] as never) })
  // A value alone needs a channel that sells in its currency.
  const { value } = sketch
  if (value !== undefined && value.currency !== sketch.channel.currency) sketch.channel = world.channels.find(({ currency }) => currency === value.currency) ?? sketch.channel
  return sketch
}

function view(sketch: Sketch, world: World, network: Network, pickup: string | undefined): OrderView {
  const order = orderOf(sketch, world, pickup ?? pickupLocationOf(sketch, world))!
  return viewOrder(demandOfExample(order, sketch.channel, world, EMPTY_SHELF), network)
}

function pickupLocationOf({ channel }: Sketch, world: World): string | undefined {
  const offering = world.candidates(world.now).filter(({ capabilities }) => capabilities.includes('pickup'))
  return (offering.find(({ groups }) => channel.group_ids === null || shareOne(groups, channel.group_ids)) ?? offering[0])?.code
}

/** What holds of all orders, as far as the facets are in the space. */
function listConstraints(names: readonly string[], world: World): Leaf[] {
  const together = (wanted: readonly string[], holds: (...values: never[]) => boolean): Leaf[] => {
    const reads = wanted.map((name) => names.indexOf(name))
    return reads.includes(-1) ? [] : [leaf(reads, (values) => holds(...(values as never[])))]
  }
  const numbers = ['items', 'lines', 'units', 'weight'].filter((name) => names.includes(name))
  const plain = plainSketch(world)
  return [
    ...together(['order_value', 'channel'], (value: { currency: string }, channel: { currency: string }) => value.currency === channel.currency),
    ...['region', 'postal_code', 'place'].flatMap((name) => together(['country', name], (country: string | null, value: unknown) => country !== null || value === null)),
    ...together(['country', 'po_box'], (country: string | null, box: boolean) => country !== null || !box),
    ...names.filter((name) => name.startsWith('order_field:')).flatMap((name) => together(['channel', name], (channel: Sketch['channel'], answer: unknown) => mayAnswer(channel, name.slice('order_field:'.length), answer))),
    ...(numbers.length < 2 ? [] : together(numbers, (...values: (Interval | readonly Item[])[]) => fitLines({ ...plain, ...Object.fromEntries(numbers.map((name, index) => [name, values[index]])) }) !== undefined)),
  ]
}
