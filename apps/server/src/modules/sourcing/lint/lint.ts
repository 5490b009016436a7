import type { ConditionSetting } from '../conditions.ts'
import type { Candidate } from '../demand.ts'
import type { ExampleOrder } from '../examples.ts'
import { FILTERS, type FilterSetting } from '../filters.ts'
import type { Filter } from '../criterion.ts'
import type { Rule } from '../strategy.ts'
import type { World } from '../world.ts'
import { buildModel, type Model } from './model.ts'
import { all, findPoint, not, type Answer, type Formula } from './space.ts'
import { sameOutcome, tryRules, type Trial } from './trial.ts'
import type { TProperties } from 'typebox'

export const FINDING_KINDS = ['contradictory', 'shadowed', 'unreachable', 'excludes_all', 'group_without_locations', 'falls_through', 'redundant', 'empty_network'] as const
export const SEVERITIES = ['error', 'warning', 'note'] as const

/** Something about the rules that is hardly meant so. `witness` is an order that shows it; the planner has been asked. */
export type Finding = {
  kind: (typeof FINDING_KINDS)[number]
  severity: (typeof SEVERITIES)[number]
  /** Null where it is about all rules together. */
  rule: string | null
  pointer: string
  detail: string
  witness: ExampleOrder | null
}

/** `proofs` are what is certain of all orders there can be; `undecided` what could not be told, and why. */
export type Lint = { findings: Finding[]; proofs: string[]; undecided: string[] }

type Desk = { rules: readonly Rule[]; world: World; model: Model; match: readonly Formula[]; lint: Lint }

/** Rules that leave nothing to later ones, whatever the stock. */
const settles = ({ fallback }: Rule): boolean => fallback.action !== 'next_rule'

/**
 * Looks for rules that can never work, rules that change nothing and orders that no rule is for, by exact reasoning over
 * all orders that the present channels can bring. The rules have passed validation. A finding stands only where its
 * witness shows it when the planner runs.
 */
export function lintStrategy(rules: readonly Rule[], world: World): Lint {
  const lint: Lint = { findings: [], proofs: [], undecided: [] }
  if (world.channels.length === 0) return { ...lint, undecided: ['There is no channel yet, so there are no orders to reason about.'] }
  const model = buildModel(rules, world)
  const desk: Desk = { rules, world, model, match: rules.map(({ conditions }) => model.matches(conditions)), lint }
  if (world.candidates(world.now).length === 0) {
    lint.findings.push({ kind: 'empty_network', severity: 'error', rule: null, pointer: '', detail: 'There is no active location: nothing can be placed, whatever the rules say.', witness: null })
  }
  rules.forEach((rule, index) => { lintRule(desk, rule, index) })
  lintRest(desk)
  return { ...lint, undecided: [...new Set(lint.undecided)] }
}

/** What the answer means where it is `none`; an undecided one is noted. */
function isNone(desk: Desk, answer: Answer, what: string): boolean {
  if (answer === 'undecided') desk.lint.undecided.push(`${what} could not be decided: the rules combine more than can be tried.`)
  return answer === 'none'
}

function report({ lint }: Desk, finding: Omit<Finding, 'witness'>, witness: ExampleOrder | undefined, isShown: (order: ExampleOrder) => boolean): void {
  if (witness !== undefined && isShown(witness)) lint.findings.push({ ...finding, witness })
}

function lintRule(desk: Desk, rule: Rule, index: number): void {
  const { model: { space, order }, match, rules } = desk
  const pointer = `/rules/${index}`
  const alone = findPoint(space, match[index]!)
  if (isNone(desk, alone, `Whether rule "${rule.id}" is for any order`)) {
    reportContradiction(desk, rule, pointer)
    return
  }
  if (typeof alone === 'string') return
  const witness = order(alone.point)
  const before = rules.slice(0, index).map((_, earlier) => earlier).filter((earlier) => settles(rules[earlier]!))
  const reached = findPoint(space, all(match[index]!, ...before.map((earlier) => not(match[earlier]!))))
  if (isNone(desk, reached, `Whether rule "${rule.id}" can be reached`)) {
    reportUnreached(desk, rule, index, before, witness)
    return
  }
  const within = typeof reached === 'string' ? witness : order(reached.point)
  lintLocations(desk, rule, index, within)
  lintParts(desk, rule, index)
  lintRedundancy(desk, rule, index, within)
}

/** The first condition that cannot hold beside those before it. */
function reportContradiction(desk: Desk, rule: Rule, pointer: string): void {
  const { model: { space, matches, order } } = desk
  const upTo = (count: number): Answer => findPoint(space, matches(rule.conditions.slice(0, count)))
  const last = rule.conditions.findIndex((_, count) => upTo(count + 1) === 'none')
  const before = upTo(last)
  if (last < 0 || typeof before === 'string') return
  const detail = last === 0 ? 'No order can meet this condition, so the rule is for none.' : 'No order can meet this condition together with those before it, so the rule is for none.'
  report(desk, { kind: 'contradictory', severity: 'error', rule: rule.id, pointer: `${pointer}/conditions/${last}`, detail: `${detail} Take one of them away.` }, order(before.point), (witness) => traceOf(tryRules([rule], witness, desk.world, 'full'), rule) === 'not_matched')
}

function reportUnreached(desk: Desk, rule: Rule, index: number, before: readonly number[], witness: ExampleOrder): void {
  const { model: { space }, match, rules, world } = desk
  const by = before.find((earlier) => findPoint(space, all(match[index]!, not(match[earlier]!))) === 'none')
  const names = before.map((earlier) => `"${rules[earlier]!.id}"`).join(', ')
  const [kind, detail] = by === undefined
    ? ['unreachable', `Every order that the rule is for is settled by one of the rules before it (${names}). Move it up, or narrow those.`] as const
    : ['shadowed', `Rule "${rules[by]!.id}" is for every order that this rule is for, and passes none on. Move this rule before it, or narrow that one.`] as const
  report(desk, { kind, severity: 'error', rule: rule.id, pointer: `/rules/${index}`, detail }, witness, (order) =>
    traceOf(tryRules([rule], order, world, 'full'), rule) !== 'not_matched' && traceOf(tryRules(rules, order, world, 'none'), rule) === 'not_reached')
}

function traceOf({ decision }: Trial, { id }: Rule): string | undefined {
  return decision.rules.find(({ rule }) => rule === id)?.result
}

/** Groups and filters against the locations that there are, and against any that there could be. */
function lintLocations(desk: Desk, rule: Rule, index: number, witness: ExampleOrder): void {
  const { model, match, world } = desk
  const candidates = world.candidates(world.now)
  const pointer = `/rules/${index}`
  const placesNothing = (order: ExampleOrder): boolean => {
    const trial = tryRules([rule], order, world, 'full')
    return trial.decision.chosen.length === 0 && traceOf(trial, rule) !== 'not_matched'
  }
  const empty = rule.location_groups.filter((group) => (world.groups.get(group) ?? []).length === 0)
  for (const group of empty) {
    report(desk, { kind: 'group_without_locations', severity: empty.length === rule.location_groups.length ? 'error' : 'warning', rule: rule.id, pointer: `${pointer}/location_groups/${rule.location_groups.indexOf(group)}`, detail: `The group "${group}" has no active location. Add some to it, or leave it out.` }, witness, (order) => empty.length < rule.location_groups.length || placesNothing(order))
  }
  if (candidates.length === 0 || (empty.length > 0 && empty.length === rule.location_groups.length)) return
  const clash = findClash(model, match[index]!, rule.filters, world)
  if (clash !== undefined) {
    report(desk, { kind: 'contradictory', severity: 'error', rule: rule.id, pointer: `${pointer}/filters/${clash}`, detail: 'No location, wherever it may be, can pass this filter together with those before it and the conditions of the rule. Take one of them away.' }, witness, placesNothing)
    return
  }
  const answers = candidatesThatServe(model, match[index]!, rule, candidates)
  if (answers === 'undecided') isNone(desk, answers, `Whether any location can serve rule "${rule.id}"`)
  if (answers !== 'none') return
  const blamed = rule.filters.findIndex((filter) => candidatesThatServe(model, match[index]!, { location_groups: [], filters: [filter] }, candidates) === 'none')
  const detail = blamed < 0 ? 'None of the present locations passes the groups and filters of the rule, for any order that it is for.' : 'None of the present locations passes this filter, for any order that the rule is for.'
  report(desk, { kind: 'excludes_all', severity: 'error', rule: rule.id, pointer: blamed < 0 ? pointer : `${pointer}/filters/${blamed}`, detail: `${detail} The rule can place nothing.` }, witness, placesNothing)
}

/** Whether some of the candidates may serve some order of the rule at some moment. */
function candidatesThatServe({ space, admits }: Model, match: Formula, rule: Pick<Rule, 'location_groups' | 'filters'>, candidates: readonly Candidate[]): 'some' | 'none' | 'undecided' {
  let undecided = false
  for (const candidate of candidates) {
    const formula = admits(candidate, rule)
    const answer = formula === false ? 'none' : findPoint(space, all(match, formula))
    if (typeof answer !== 'string') return 'some'
    undecided ||= answer === 'undecided'
  }
  return undecided ? 'undecided' : 'none'
}

const lastingFilter = (setting: FilterSetting): Filter<TProperties> => FILTERS[setting.type] as unknown as Filter<TProperties>

/** The position of the first filter that no location can pass beside those before it; undefined where all go together. */
function findClash(model: Model, match: Formula, filters: readonly FilterSetting[], world: World): number | undefined {
  const clash = (count: number): boolean => imaginable(filters.slice(0, count), model, world).every((candidate) => findPoint(model.space, all(match, model.passes(candidate, filters.slice(0, count)))) === 'none')
  return filters.some((setting) => lastingFilter(setting).lasting?.places !== undefined) && clash(filters.length) ? filters.findIndex((_, index) => clash(index + 1)) : undefined
}

const MOST_PLACES = 2_000

/** Locations that differ in what the filters look at; of each attribute every value that makes a difference. */
function imaginable(filters: readonly FilterSetting[], { space }: Model, world: World): Candidate[] {
  const countries = space.dimensions.find(({ name }) => name === 'country')?.values.filter((value) => value !== null) ?? []
  const pieces: Partial<Candidate>[] = filters.flatMap((setting) => [...(lastingFilter(setting).lasting?.places?.(setting) ?? []), ...(setting.type === 'same_country' ? countries.map((country) => ({ country: country as string })) : [])])
  const options = new Map<string, Map<string, Partial<Candidate>>>()
  for (const { custom_fields, ...piece } of pieces) {
    for (const [attribute, value] of Object.entries(piece)) addOption(options, attribute, JSON.stringify(value), piece)
    for (const [field, value] of Object.entries(custom_fields ?? {})) addOption(options, `field ${field}`, JSON.stringify(value), { custom_fields: { [field]: value } })
  }
  const plain: Candidate = {
    id: 'imagined', code: 'imagined', kind: 'warehouse', groups: [], group_codes: [], custom_fields: {}, country: world.candidates(world.now)[0]?.country ?? 'GB', coordinates: null,
    capabilities: ['ship', 'pickup', 'receive_returns'], active: true, priority: 1, capacity_left: null, handling_cost: 0n, ships_today: true, next_ship_at: null,
  }
  let candidates = [plain]
  for (const values of options.values()) candidates = candidates.flatMap((candidate) => [candidate, ...[...values.values()].map((piece) => ({ ...candidate, ...piece, custom_fields: { ...candidate.custom_fields, ...piece.custom_fields } }))]).slice(0, MOST_PLACES)
  return candidates
}

function addOption(options: Map<string, Map<string, Partial<Candidate>>>, attribute: string, key: string, piece: Partial<Candidate>): void {
  const values = options.get(attribute) ?? new Map<string, Partial<Candidate>>()
  values.set(key, piece)
  options.set(attribute, values)
}

/** Conditions that the others imply, and alternatives that can never hold. */
function lintParts(desk: Desk, rule: Rule, index: number): void {
  const { model: { space, matches, order }, world } = desk
  rule.conditions.forEach((condition, position) => {
    const pointer = `/rules/${index}/conditions/${position}`
    const others = rule.conditions.filter((_, other) => other !== position)
    const without = findPoint(space, all(matches(others), not(matches([condition]))))
    if (without === 'none') {
      const shown = findPoint(space, matches(others))
      const detail = others.length === 0 ? 'Every order meets this condition, so it says nothing.' : 'Every order that meets the other conditions of the rule meets this one, too, so it says nothing.'
      report(desk, { kind: 'redundant', severity: 'note', rule: rule.id, pointer, detail: `${detail} Leave it out.` }, typeof shown === 'string' ? undefined : order(shown.point), (witness) => traceOf(tryRules([rule], witness, world, 'full'), rule) !== 'not_matched')
      return
    }
    for (const { branch, at, rest } of alternatives(condition, pointer)) {
      if (findPoint(space, all(matches(others), matches(rest), matches([branch]))) !== 'none') continue
      const shown = findPoint(space, matches(rule.conditions))
      report(desk, { kind: 'contradictory', severity: 'warning', rule: rule.id, pointer: at, detail: 'This alternative can never hold together with the other conditions. Take it away, or change it.' }, typeof shown === 'string' ? undefined : order(shown.point), (witness) => traceOf(tryRules([{ ...rule, conditions: [branch, ...others] }], witness, world, 'full'), rule) === 'not_matched')
    }
  })
}

/** The alternatives within a condition, with what must hold beside each. */
function alternatives(condition: ConditionSetting, pointer: string, rest: readonly ConditionSetting[] = []): { branch: ConditionSetting; at: string; rest: readonly ConditionSetting[] }[] {
  if ('any' in condition) return condition.any.flatMap((branch, index) => [{ branch, at: `${pointer}/any/${index}`, rest }, ...alternatives(branch, `${pointer}/any/${index}`, rest)])
  if ('all' in condition) return condition.all.flatMap((part, index) => alternatives(part, `${pointer}/all/${index}`, [...rest, ...condition.all.filter((other) => other !== part)]))
  return []
}

/** A rule that a later one would replace without any difference. */
function lintRedundancy(desk: Desk, rule: Rule, index: number, witness: ExampleOrder): void {
  const { model: { space }, match, rules, world } = desk
  const replaced = rules.findIndex((later, position) => {
    if (position <= index || !sameSelection(rule, later)) return false
    const leavesAll = rule.fallback.action === 'next_rule' && !rule.fallback.keep_partial
    if (!leavesAll && JSON.stringify(rule.fallback) !== JSON.stringify(later.fallback)) return false
    const implied = findPoint(space, all(match[index]!, not(match[position]!))) === 'none'
    return implied && match.slice(index + 1, position).every((other) => findPoint(space, all(match[index]!, other)) === 'none')
  })
  if (replaced < 0) return
  const rest = rules.filter((other) => other !== rule)
  report(desk, { kind: 'redundant', severity: 'warning', rule: rule.id, pointer: `/rules/${index}`, detail: `Rule "${rules[replaced]!.id}" would do exactly the same with the orders of this rule. Leave this one out.` }, witness, (order) =>
    (['full', 'none'] as const).every((stock) => sameOutcome(tryRules(rules, order, world, stock), tryRules(rest, order, world, stock))))
}

function sameSelection(a: Rule, b: Rule): boolean {
  const selection = ({ id: _id, name: _name, conditions: _conditions, fallback: _fallback, ...rest }: Rule): string => JSON.stringify(Object.entries(rest).toSorted(([x], [y]) => (x < y ? -1 : 1)))
  return selection(a) === selection(b)
}

/** Orders that no rule is for, and orders that their last rule passes on to nobody. */
function lintRest(desk: Desk): void {
  const { model: { space, order }, match, rules, world, lint } = desk
  const missed = findPoint(space, all(...match.map(not)))
  if (typeof missed !== 'string') {
    report(desk, { kind: 'falls_through', severity: 'warning', rule: null, pointer: '/rules', detail: 'No rule is for this order: its channel alone says what becomes of it, and it is served by nobody. End with a rule for all orders.' }, order(missed.point), (witness) => tryRules(rules, witness, world, 'full').decision.rules.every(({ result }) => result === 'not_matched'))
  }
  let open = isNone(desk, missed, 'Whether every order is met by a rule') ? 0 : 1
  rules.forEach((rule, index) => {
    if (settles(rule)) return
    const others = match.filter((_, other) => other > index || (other < index && settles(rules[other]!)))
    const passed = findPoint(space, all(match[index]!, ...others.map(not)))
    if (isNone(desk, passed, `Whether rule "${rule.id}" passes orders on to nobody`)) return
    open += 1
    if (typeof passed === 'string') return
    report(desk, { kind: 'falls_through', severity: 'warning', rule: rule.id, pointer: `/rules/${index}/fallback`, detail: 'What the rule cannot place of this order goes on to no further rule: its channel alone says what becomes of it. Say so (channel_policy), or let a later rule be for such orders.' }, order(passed.point), (witness) => {
      const traces = tryRules(rules, witness, world, 'none').decision.rules
      return traces.findLast(({ result }) => result !== 'not_matched')?.rule === rule.id && traces.every(({ result }) => result !== 'not_reached')
    })
  })
  if (open > 0) return
  const channels = world.channels.map(({ code }) => code).join(', ')
  lint.proofs.push(`No order falls through: every order that the channels ${channels} can bring is met by a rule, and none is passed on without a further rule to take it. Looked at: ${space.dimensions.map(({ name, values }) => `${name} (${values.length})`).join(', ')}.`)
}
