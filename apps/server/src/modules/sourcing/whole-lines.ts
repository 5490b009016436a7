import type { AllocationProblem } from './allocator.ts'

/** Exact for the few lines that share a variant in practice; past this many steps the best packing found so far stands. */
const MAX_STEPS = 500

/**
 * Places whole lines of the same variants into a set of locations so that as many units as possible find a home.
 * `homes` has the location of each need, null where it found none. The first packing tried is first-fit by
 * decreasing size, with the locations in the order given.
 */
export function packWhole(problem: AllocationProblem, set: readonly number[], rest: readonly number[]): { units: number; homes: (number | null)[] } {
  const homes: (number | null)[] = rest.map(() => null)
  let units = 0
  for (let variant = 0; variant < problem.order.variant_ids.length; variant++) {
    const lines = rest.flatMap((quantity, need) => (quantity > 0 && problem.needs[need]!.variant === variant ? [need] : []))
    lines.sort((a, b) => rest[b]! - rest[a]! || a - b)
    units += packVariant(problem, variant, set, lines, rest, homes)
  }
  return { units, homes }
}

function packVariant(
  problem: AllocationProblem,
  variant: number,
  set: readonly number[],
  lines: readonly number[],
  rest: readonly number[],
  homes: (number | null)[],
): number {
  const { stock, network } = problem.order
  const left = set.map((location) => stock[variant * network.candidates.length + problem.locations[location]!]!)
  const trial: (number | null)[] = []
  let best = -1
  let steps = 0
  /** `ahead` are the units of the lines still to be placed, `room` those that the locations still have. */
  const place = (at: number, packed: number, ahead: number, room: number): void => {
    if (packed + Math.min(ahead, room) <= best || ++steps > MAX_STEPS) return
    const need = lines[at]
    if (need === undefined) {
      best = packed
      lines.forEach((line, index) => (homes[line] = trial[index]!))
      return
    }
    const size = rest[need]!
    for (let bin = 0; bin < left.length; bin++) {
      // A location may be closed to a line although it has the stock.
      if (left[bin]! < size || problem.supply[need * problem.locations.length + set[bin]!]! < size) continue
      left[bin]! -= size
      trial[at] = set[bin]!
      place(at + 1, packed + size, ahead - size, room - size)
      left[bin]! += size
    }
    trial[at] = null
    place(at + 1, packed, ahead - size, room)
  }
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)
  place(0, 0, sum(lines.map((need) => rest[need]!)), sum(left))
  return Math.max(0, best)
}
