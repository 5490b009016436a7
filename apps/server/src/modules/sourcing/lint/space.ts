/**
 * What orders can be, as a finite space: each dimension has values such that every real value behaves like one of them
 * for every leaf that looks at it. Whether some order makes a formula true is then decided exactly, by trying values
 * and giving up on a branch as soon as the formula is false whatever follows.
 */
export type Dimension = { name: string; values: readonly unknown[] }

/** A test of the values of some dimensions, which are named by their positions and handed over in that order. */
export type Leaf = { reads: readonly number[]; holds: (values: readonly unknown[]) => boolean; known: Map<number, boolean> }

export type Formula = boolean | Leaf | { all: readonly Formula[] } | { any: readonly Formula[] } | { not: Formula }

export type Space = {
  dimensions: readonly Dimension[]
  /** Which values go together: true for every real order. */
  constraints: readonly Leaf[]
  /** Whether the values cover all that there is; where not, nothing is proved by finding nothing. */
  complete: boolean
}

/** Positions of the values, by dimension. */
export type Point = readonly number[]

/** `undecided`: too many combinations, or the space does not cover everything. */
export type Answer = { point: Point } | 'none' | 'undecided'

/** Steps of one search; a strategy of a hundred rules takes a few thousand. */
const MAX_STEPS = 300_000

export function leaf(reads: readonly number[], holds: Leaf['holds']): Leaf {
  return { reads, holds, known: new Map() }
}

export function all(...parts: readonly Formula[]): Formula {
  return { all: parts }
}

export function not(formula: Formula): Formula {
  return { not: formula }
}

/** A point at which the formula holds. */
export function findPoint(space: Space, formula: Formula): Answer {
  const { dimensions, constraints } = space
  if (dimensions.some(({ values }) => values.length === 0)) return 'none'
  const asked = new Set(readBy(formula))
  const order = dimensions.map((_, index) => index).toSorted((a, b) => Number(asked.has(b)) - Number(asked.has(a)) || dimensions[a]!.values.length - dimensions[b]!.values.length || a - b)
  const point = dimensions.map(() => -1)
  const all_true: Formula = { all: constraints }
  let steps = 0
  const search = (depth: number): boolean => {
    if (++steps > MAX_STEPS) return false
    if (evaluate(all_true, dimensions, point) === false || evaluate(formula, dimensions, point) === false) return false
    const dimension = order[depth]
    if (dimension === undefined) return true
    for (let value = 0; value < dimensions[dimension]!.values.length; value++) {
      point[dimension] = value
      if (search(depth + 1)) return true
      if (steps > MAX_STEPS) break
    }
    point[dimension] = -1
    return false
  }
  if (search(0)) return { point: [...point] }
  return steps > MAX_STEPS || !space.complete ? 'undecided' : 'none'
}

/** True or false where the values that are chosen decide it; undefined where it depends on the others. */
function evaluate(formula: Formula, dimensions: readonly Dimension[], point: readonly number[]): boolean | undefined {
  if (typeof formula === 'boolean') return formula
  if ('all' in formula) return combine(formula.all, false, dimensions, point)
  if ('any' in formula) return combine(formula.any, true, dimensions, point)
  if ('not' in formula) {
    const inner = evaluate(formula.not, dimensions, point)
    return inner === undefined ? undefined : !inner
  }
  return evaluateLeaf(formula, dimensions, point)
}

/** `decisive` is the value of one part that decides the whole. */
function combine(parts: readonly Formula[], decisive: boolean, dimensions: readonly Dimension[], point: readonly number[]): boolean | undefined {
  let open = false
  for (const part of parts) {
    const value = evaluate(part, dimensions, point)
    if (value === decisive) return decisive
    open ||= value === undefined
  }
  return open ? undefined : !decisive
}

function evaluateLeaf({ reads, holds, known }: Leaf, dimensions: readonly Dimension[], point: readonly number[]): boolean | undefined {
  let key = 0
  for (const dimension of reads) {
    if (point[dimension]! < 0) return undefined
    key = key * dimensions[dimension]!.values.length + point[dimension]!
  }
  const cached = known.get(key)
  if (cached !== undefined) return cached
  const value = holds(reads.map((dimension) => dimensions[dimension]!.values[point[dimension]!]))
  known.set(key, value)
  return value
}

function readBy(formula: Formula): number[] {
  if (typeof formula === 'boolean') return []
  if ('all' in formula) return formula.all.flatMap(readBy)
  if ('any' in formula) return formula.any.flatMap(readBy)
  return 'not' in formula ? readBy(formula.not) : [...formula.reads]
}
