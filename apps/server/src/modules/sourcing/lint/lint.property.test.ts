import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { leavesOf, type ConditionSetting } from '../conditions.ts'
import { candidateOf, ruleOf } from '../fixtures.ts'
import type { Rule } from '../strategy.ts'
import type { World, WorldChannel } from '../world.ts'
import { lintStrategy, type Finding } from './lint.ts'

/** The same orders once more, as a table small enough to look at every one, and the meaning of conditions written plainly. */
type Order = { channel: string; currency: string; method: string; country: string | null; value: number; units: number; tags: string[][]; group: string | null; first: boolean; gift: boolean | undefined; days: number | null }

const channel = (code: string, currency: string, gift: boolean): WorldChannel => ({
  id: code, code, currency, on_shortage: 'hold', max_splits: null, group_ids: null, fields: gift ? [{ key: 'gift', label: 'Gift', type: 'boolean', applies_to: 'order' }] : [],
})
const CHANNELS = [channel('web', 'GBP', true), channel('till', 'GBP', false), channel('b2b', 'EUR', false)]
const CANDIDATES = [
  candidateOf('leeds', { kind: 'warehouse', country: 'GB', groups: ['north'], custom_fields: { size: 10 } }), candidateOf('york', { kind: 'store', country: 'GB', groups: ['north'], capabilities: ['ship'] }),
  candidateOf('cork', { kind: 'store', country: 'IE', groups: ['isle'], capabilities: ['ship'], custom_fields: { size: 3 } }),
]
const WORLD: World = {
  now: new Date('2026-03-03T09:00:00Z'), channels: CHANNELS, candidates: () => CANDIDATES.map((one) => ({ ...one, id: one.code })), names: new Map(),
  groups: new Map([['north', ['leeds', 'york']], ['isle', ['cork']], ['nowhere', []]]), known: { channel: new Set(), location: new Set(), location_group: new Set(), shipping_method: new Set(), order_field: new Set() },
}
const TAGS = [[[]], [['a']], [['b']], [['a', 'b']], [[], ['a']], [[], ['b']], [['a'], ['b']], [[], ['a'], ['b']], [[], ['a', 'b']], [['a'], ['a', 'b']], [['b'], ['a', 'b']]]

/** Every order as far as these conditions, by their types, can tell orders apart. */
function everyOrder(asked: ReadonlySet<string>): Order[] {
  const vary = <T>(type: string, values: readonly T[]): readonly T[] => (asked.has(type) ? values : values.slice(0, 1))
  const orders: Order[] = []
  for (const { code, currency, fields } of CHANNELS) for (const method of ['ship', 'pickup']) for (const country of ['GB', 'IE', 'FR', 'NZ', null])
    for (const value of vary('order_value', [0, 49_99, 50_00, 99_99, 100_00])) for (const units of vary('units', asked.has('units') ? [1, 2, 3, 4, 5] : [5])) for (const tags of vary('item_tag', TAGS)) if (tags.length <= units)
      for (const group of vary('customer_group', [null, 'vip', 'staff'])) for (const first of vary('first_order', [true, false])) for (const gift of vary('order_field', fields.length > 0 ? [undefined, true, false] : [undefined]))
        for (const days of vary('requested_date', [null, 0, 2, 3])) orders.push({ channel: code, currency, method, country, value, units, tags, group, first, gift, days })
  return orders
}

const lists = (words: readonly string[]) => fc.oneof(
  fc.subarray([...words], { minLength: 1 }).map((any_of) => ({ any_of })), fc.subarray([...words], { minLength: 1 }).map((none_of) => ({ none_of })),
)
const range = (bounds: readonly number[]) => fc.constantFrom(...bounds).chain((bound) => fc.constantFrom({ at_least: bound }, { below: bound }))
const leaf = fc.oneof(
  lists(['web', 'till', 'b2b']).map((list) => ({ type: 'channel' as const, ...list })),
  fc.constantFrom('ship' as const, 'pickup' as const).map((is) => ({ type: 'method' as const, is })),
  lists(['GB', 'IE', 'FR']).map((list) => ({ type: 'country' as const, ...list })),
  fc.tuple(fc.constantFrom('GBP', 'EUR'), fc.constantFrom({ at_least: '50' }, { below: '50' }, { at_least: '100.00' }, { at_least: '50', below: '100' })).map(([currency, bounds]) => ({ type: 'order_value' as const, currency, ...bounds })),
  range([2, 3, 5]).map((bounds) => ({ type: 'units' as const, ...bounds })),
  fc.tuple(lists(['a', 'b']), fc.constantFrom('any' as const, 'every' as const)).map(([list, lines]) => ({ type: 'item_tag' as const, ...list, lines })),
  lists(['vip']).map((list) => ({ type: 'customer_group' as const, ...list })),
  fc.boolean().map((is) => ({ type: 'first_order' as const, is })),
  fc.constantFrom({ any_of: [true] }, { none_of: [true] }, { any_of: [false] }).map((list) => ({ type: 'order_field' as const, field: 'gift', ...list })),
  fc.constantFrom({ given: true }, { given: false }, { at_least_days: 2 }, { below_days: 3 }).map((settings) => ({ type: 'requested_date' as const, ...settings })),
) as fc.Arbitrary<ConditionSetting>
const tree: fc.Arbitrary<ConditionSetting> = fc.oneof(
  { weight: 5, arbitrary: leaf }, { weight: 1, arbitrary: fc.array(leaf, { minLength: 1, maxLength: 3 }).map((any) => ({ any })) },
  { weight: 1, arbitrary: fc.array(leaf, { minLength: 1, maxLength: 3 }).map((all) => ({ all })) }, { weight: 1, arbitrary: leaf.map((one) => ({ not: one })) },
)
const rule: fc.Arbitrary<Partial<Rule>> = fc.record({
  conditions: fc.array(tree, { maxLength: 3 }),
  location_groups: fc.constantFrom([], [], [], ['north'], ['nowhere'], ['nowhere', 'isle']),
  filters: fc.subarray([{ type: 'kind' as const, any_of: ['store' as const] }, { type: 'country' as const, any_of: ['GB'] }, { type: 'same_country' as const }, { type: 'location_number' as const, field: 'size', at_least: 5 }, { type: 'capacity_left' as const, at_least: 5 }], { maxLength: 2 }),
  fallback: fc.constantFrom({ action: 'hold' as const }, { action: 'channel_policy' as const }, { action: 'next_rule' as const, keep_partial: true }, { action: 'next_rule' as const, keep_partial: false }),
})
const rules = fc.array(rule, { minLength: 1, maxLength: 4 }).map((some) => some.map((one, index) => ruleOf({ ...one, id: `r${index}` })))

function holds(condition: ConditionSetting, order: Order): boolean {
  if ('all' in condition) return condition.all.every((one) => holds(one, order))
  if ('any' in condition) return condition.any.some((one) => holds(one, order))
  if ('not' in condition) return !holds(condition.not, order)
  const listed = (value: unknown): boolean => {
    const { any_of, none_of } = condition as { any_of?: unknown[]; none_of?: unknown[] }
    return (any_of === undefined || any_of.includes(value)) && (none_of === undefined || !none_of.includes(value))
  }
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- those that are made up above
  switch (condition.type) {
    case 'channel': return listed(order.channel)
    case 'method': return order.method === condition.is
    case 'country': return listed(order.country)
    case 'order_value': return order.currency === condition.currency && order.value >= 100 * Number(condition.at_least ?? 0) && order.value < 100 * Number(condition.below ?? Infinity)
    case 'units': return order.units >= (condition.at_least ?? 0) && order.units < (condition.below ?? Infinity)
    case 'item_tag': {
      const tagged = (tags: readonly string[], list: readonly string[]): boolean => tags.some((tag) => list.includes(tag))
      const count = (list: readonly string[]): boolean => (condition.lines === 'any' ? order.tags.some((tags) => tagged(tags, list)) : order.tags.every((tags) => tagged(tags, list)))
      return (condition.any_of === undefined || count(condition.any_of)) && (condition.none_of === undefined || !count(condition.none_of))
    }
    case 'customer_group': return listed(order.group ?? undefined)
    case 'first_order': return order.first === condition.is
    case 'order_field': return (condition.any_of === undefined || (order.gift !== undefined && condition.any_of.includes(order.gift))) && (condition.none_of === undefined || order.gift === undefined || !condition.none_of.includes(order.gift))
    case 'requested_date': return condition.given === undefined ? order.days !== null && order.days >= (condition.at_least_days ?? 0) && order.days < (condition.below_days ?? Infinity) : (order.days !== null) === condition.given
    default: throw new Error(condition.type)
  }
}

function serves({ filters, location_groups }: Rule, order: Order): boolean {
  return CANDIDATES.some((candidate) => (location_groups.length === 0 || candidate.group_codes.some((group) => location_groups.includes(group))) && candidate.capabilities.includes(order.method) && filters.every((filter) => {
    // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- those that are made up above
    switch (filter.type) {
      case 'kind': return candidate.kind === 'store'
      case 'country': return candidate.country === 'GB'
      case 'same_country': return order.country === null || order.country === candidate.country
      case 'location_number': return ((candidate.custom_fields['size'] as number | undefined) ?? 0) >= 5
      default: return true
    }
  }))
}

type Expected = { contradictory: string[]; unreached: string[]; shadowed: string[]; unserved: string[]; missed: boolean; passed_on: string[] }

/** What is wrong, told by looking at every order. */
function bruteForce(all: readonly Rule[]): Expected {
  const settles = (one: Rule): boolean => one.fallback.action !== 'next_rule'
  const orders = everyOrder(new Set(all.flatMap(({ conditions }) => conditions.flatMap(leavesOf).map(({ type }) => type))))
  const met = orders.map((order) => all.map(({ conditions }) => conditions.every((condition) => holds(condition, order))))
  const expected: Expected = { contradictory: [], unreached: [], shadowed: [], unserved: [], missed: met.some((row) => !row.includes(true)), passed_on: [] }
  all.forEach((one, index) => {
    const mine = met.flatMap((row, order) => (row[index]! ? [{ row, order }] : []))
    const earlier = all.map((_, position) => position).filter((position) => position < index && settles(all[position]!))
    if (mine.length === 0) expected.contradictory.push(one.id)
    else if (mine.every(({ row }) => earlier.some((position) => row[position]!))) (earlier.some((position) => mine.every(({ row }) => row[position]!)) ? expected.shadowed : expected.unreached).push(one.id)
    else if (!mine.some(({ order }) => serves(one, orders[order]!))) expected.unserved.push(one.id)
    if (!settles(one) && mine.some(({ row }) => !row.some((match, position) => match && (position > index || (position < index && settles(all[position]!)))))) expected.passed_on.push(one.id)
  })
  return expected
}

const told = (findings: readonly Finding[], kinds: readonly Finding['kind'][], isMeant: (finding: Finding) => boolean = () => true): string[] =>
  [...new Set(findings.filter((finding) => kinds.includes(finding.kind) && isMeant(finding)).map(({ rule: id }) => id ?? 'all'))].toSorted()

describe('the linter', () => {
  it('finds what looking at every order finds, and nothing else', () => {
    fc.assert(fc.property(rules, (some) => {
      const { findings, proofs, undecided } = lintStrategy(some, WORLD)
      const expected = bruteForce(some)
      expect(undecided).toEqual([])
      expect(told(findings, ['contradictory'], ({ severity, pointer }) => severity === 'error' && /\/conditions\/\d+$/.test(pointer))).toEqual(expected.contradictory)
      expect(told(findings, ['shadowed'])).toEqual(expected.shadowed)
      expect(told(findings, ['unreachable'])).toEqual(expected.unreached)
      expect(told(findings, ['contradictory', 'excludes_all', 'group_without_locations'], ({ severity, pointer }) => severity === 'error' && !/\/conditions\/\d+$/.test(pointer))).toEqual(expected.unserved)
      expect(told(findings, ['falls_through'])).toEqual([...(expected.missed ? ['all'] : []), ...expected.passed_on].toSorted())
      expect(proofs.length).toBe(expected.missed || expected.passed_on.length > 0 ? 0 : 1)
      for (const finding of findings) expect(finding.witness).not.toBeNull()
    }), { numRuns: 300 })
  }, 120_000)

  it('says of a rule that changes nothing just that', () => {
    fc.assert(fc.property(rules, fc.nat(3), (some, at) => {
      const copied = some[at % some.length]!
      const twice = [...some.slice(0, at % some.length), { ...copied, id: 'copy', fallback: { action: 'next_rule' as const, keep_partial: false } }, ...some.slice(at % some.length)]
      const { findings } = lintStrategy(twice, WORLD)
      // Where the original can be reached at all, the copy before it is superfluous.
      const expected = bruteForce(twice)
      const works = ![...expected.contradictory, ...expected.shadowed, ...expected.unreached].includes('copy')
      if (works) expect(told(findings, ['redundant'], ({ pointer }) => /^\/rules\/\d+$/.test(pointer))).toContain('copy')
    }), { numRuns: 60 })
  }, 120_000)
})
