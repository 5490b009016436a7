import type { CostProblem, Tariff } from './problem.ts'

/** Weighs more than any sum of costs, so that units which are never to be left come before them. Sums of it stay exact. */
export const NEVER = 2 ** 40

/**
 * A problem as the searches see it: things to place, each in some copies that are alike, and what every location could
 * do for them. A need that may be divided has a copy for each unit; a set is one thing that is placed whole.
 * Tables are laid out `item * width + location`.
 */
export type Items = {
  problem: CostProblem
  count: number
  width: number
  /** Of each item the needs it stands for. */
  needs: (readonly number[])[]
  copies: Int32Array
  weight: Float64Array
  value: Float64Array
  /** Cost of leaving a copy unfilled. */
  leave: Float64Array
  can: Int32Array
  cost: Float64Array
  /** Locations that can give a copy of anything, and how many they are. */
  useful: Int32Array
  useful_count: number
  /** Items of one variant compete: what a location can give of each is not what it can give of all. */
  contested: boolean
  /** Cost of units that nobody can give. */
  lost: number
}

/** Room for one search at a time: searches are synchronous, and the next one overwrites it. */
const items: Items = {
  problem: undefined as unknown as CostProblem, count: 0, width: 0, needs: [], copies: new Int32Array(16), weight: new Float64Array(16), value: new Float64Array(16), leave: new Float64Array(16),
  can: new Int32Array(1024), cost: new Float64Array(1024), useful: new Int32Array(64), useful_count: 0, contested: false, lost: 0,
}

/** Reads the problem into the shared room. */
export function readItems(problem: CostProblem): Items {
  const { needs, places: { count: width } } = problem
  makeRoom(needs.length, width)
  items.problem = problem
  items.width = width
  items.count = 0
  items.lost = 0
  for (let need = 0; need < needs.length; need++) {
    const { quantity, set } = needs[need]!
    if (quantity === 0) continue
    if (set === null) addUnits(problem, need)
    else if (needs.findIndex((one) => one.set === set && one.quantity > 0) === need) addSet(problem, set)
  }
  items.contested = problem.stock !== null && sharesVariants(problem)
  findUseful()
  return items
}

function makeRoom(needs: number, width: number): void {
  if (items.copies.length < needs) {
    items.copies = new Int32Array(2 * needs)
    items.weight = new Float64Array(2 * needs)
    items.value = new Float64Array(2 * needs)
    items.leave = new Float64Array(2 * needs)
  }
  if (items.can.length < needs * width) {
    items.can = new Int32Array(2 * needs * width)
    items.cost = new Float64Array(2 * needs * width)
  }
  if (items.useful.length < width) items.useful = new Int32Array(2 * width)
}

/** Copies that no location has are left before anything is compared. */
function addUnits({ needs, places, supply, unit_costs: { scarcity, markdown, stock_out } }: CostProblem, need: number): void {
  const { quantity, weight_grams, value, unfilled_cost } = needs[need]!
  const { can, cost, width, count: item } = items
  const { unit_labor } = places
  const from = need * width
  const to = item * width
  let there = 0
  for (let place = 0; place < width; place++) {
    const units = supply[from + place]!
    can[to + place] = units > quantity ? quantity : units
    if (units === 0) continue
    there += units
    let each = unit_labor[place]!
    if (scarcity !== null) each += scarcity[from + place]!
    if (markdown !== null) each += markdown[from + place]!
    if (stock_out !== null) each += stock_out[from + place]!
    cost[to + place] = each
  }
  const leave = unfilled_cost ?? NEVER
  const copies = Math.min(quantity, there)
  items.lost += (quantity - copies) * leave
  if (copies > 0) addItem(MEMBERS[need] ??= [need], copies, weight_grams, value, leave)
}

/** The one-need lists that most items have, made once. */
const MEMBERS: (readonly number[])[] = []

function addSet(problem: CostProblem, set: number): void {
  const { needs, places: { unit_labor }, supply, unit_costs: { scarcity, markdown, stock_out } } = problem
  const { can, cost, width, count: item } = items
  const members = needs.flatMap((need, index) => (need.set === set && need.quantity > 0 ? [index] : []))
  let anywhere = false
  for (let place = 0; place < width; place++) {
    const whole = members.every((need) => supply[need * width + place]! >= needs[need]!.quantity) && hasTogether(problem, members, place)
    can[item * width + place] = whole ? 1 : 0
    anywhere ||= whole
    cost[item * width + place] = members.reduce((sum, need) => {
      const cell = need * width + place
      return sum + needs[need]!.quantity * (unit_labor[place]! + (scarcity?.[cell] ?? 0) + (markdown?.[cell] ?? 0) + (stock_out?.[cell] ?? 0))
    }, 0)
  }
  const sum = (of: (need: (typeof needs)[number]) => number): number => members.reduce((total, need) => total + needs[need]!.quantity * of(needs[need]!), 0)
  const leave = sum(({ unfilled_cost }) => unfilled_cost ?? NEVER)
  if (anywhere) addItem(members, 1, sum(({ weight_grams }) => weight_grams), sum(({ value }) => value), leave)
  else items.lost += leave
}

/** Whether the location has all members of a set at once, where some are of one variant. */
function hasTogether({ needs, places, stock }: CostProblem, members: readonly number[], place: number): boolean {
  if (stock === null) return true
  return members.every((one) => {
    const { variant } = needs[one]!
    const wanted = members.reduce((units, need) => units + (needs[need]!.variant === variant ? needs[need]!.quantity : 0), 0)
    return stock[variant * places.count + place]! >= wanted
  })
}

function addItem(members: readonly number[], copies: number, weight: number, value: number, leave: number): void {
  const at = items.count++
  items.needs[at] = members
  items.copies[at] = copies
  items.weight[at] = weight
  items.value[at] = value
  items.leave[at] = leave
}

function sharesVariants({ needs }: CostProblem): boolean {
  return needs.some(({ variant, quantity }, index) => quantity > 0 && needs.findIndex((one) => one.variant === variant && one.quantity > 0) !== index)
}

function findUseful(): void {
  const { count, width, can, useful } = items
  let found = 0
  for (let place = 0; place < width; place++) {
    for (let item = 0; item < count; item++) {
      if (can[item * width + place] === 0) continue
      useful[found++] = place
      break
    }
  }
  items.useful_count = found
}

/** Whether a location has these copies of the items all at once, where they compete for its stock. */
export function hasAll({ problem: { needs, stock }, needs: members, width, count }: Items, place: number, copies: ArrayLike<number>): boolean {
  const wanted = new Map<number, number>()
  for (let item = 0; item < count; item++) {
    if (copies[item] === 0) continue
    for (const need of members[item]!) {
      const { variant, quantity, set } = needs[need]!
      wanted.set(variant, (wanted.get(variant) ?? 0) + (set === null ? copies[item]! : quantity))
    }
  }
  for (const [variant, units] of wanted) if (units > stock![variant * width + place]!) return false
  return true
}

/** Infinite where the parcel is too heavy for the tariff. */
export function freightOf({ max_grams, amounts }: Tariff, weight_grams: number): number {
  const last = max_grams.length - 1
  if (last < 0 || weight_grams > max_grams[last]!) return Number.POSITIVE_INFINITY
  let low = 0
  let high = last
  while (low < high) {
    const middle = (low + high) >> 1
    if (max_grams[middle]! < weight_grams) low = middle + 1
    else high = middle
  }
  return amounts[low]!
}
