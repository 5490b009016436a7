import type { Schema } from './footprint.ts'
import { areDependent, type Crossroads, type Event, type Run, type Taken } from './schedule.ts'

/** Which actor goes on at each crossroads: `010` is actor 0, then 1, then 0. */
export type Schedule = readonly number[]

type Choose = (at: Crossroads) => number
type Node = { options: readonly Taken[]; chosen: number; /** Actors to try here. */ wanted: Set<number>; tried: Set<number>; /** Actors whose next step leads only to what has been seen. */ asleep: ReadonlySet<number> }

/**
 * Where three want one row and the first has changed it, PostgreSQL wakes the others at once, and either may be faster.
 * A schedule that led elsewhere than before is run again, at most so often; then this way is left out.
 */
const MAX_ASTRAY = 5

/**
 * Goes through all schedules depth first, up to the order of steps that commute: of schedules that differ in nothing else
 * one is run. Where `reduce` is false all are run, however alike. This is dynamic partial order reduction with source sets
 * and sleep sets (Abdulla, Aronsson, Jonsson, Sagonas 2014); each schedule starts from the beginning in a fresh world.
 * `run` answers what happened and is told by `isNew` whether the schedule adds anything. Answers whether all were run
 * within the limit.
 */
export async function enumerateSchedules(schema: Schema, { reduce, limit }: { reduce: boolean; limit: number }, run: (choose: Choose, isNew: () => boolean) => Promise<Run>): Promise<boolean> {
  const path: Node[] = []
  let complete = true
  let astray = 0
  for (let runs = 0; runs < limit; runs++) {
    let depth = 0
    let isNew = true
    let strayed = false
    const choose: Choose = ({ options }) => {
      const here = strayed ? undefined : path[depth]
      if (here !== undefined) {
        depth++
        if (options.some(({ actor }) => actor === here.chosen)) return here.chosen
        strayed = true
        isNew = false
        return options[0]!.actor
      }
      const asleep = depth === 0 || !reduce ? new Set<number>() : asleepAfter(path[depth - 1]!, schema)
      const chosen = options.find(({ actor }) => !asleep.has(actor))?.actor
      if (!isNew || chosen === undefined) {
        // All that could follow has been seen. The transactions are still brought to their ends.
        isNew = false
        return options[0]!.actor
      }
      depth++
      path.push({ options, chosen, wanted: new Set(reduce ? [chosen] : options.map(({ actor }) => actor)), tried: new Set(), asleep })
      return chosen
    }
    const { events } = await run(choose, () => isNew)
    astray = strayed ? astray + 1 : 0
    if (strayed && astray < MAX_ASTRAY) continue
    if (strayed) complete = false
    astray = 0
    if (isNew && reduce) wantReversals(path, events, schema)
    while (path.length > 0 && !moveOn(path.at(-1)!)) path.pop()
    if (path.length === 0) return complete
  }
  return false
}

/** Turns to the next actor that is wanted at a crossroads. */
function moveOn(node: Node): boolean {
  node.tried.add(node.chosen)
  const next = [...node.wanted].find((actor) => !node.tried.has(actor) && !node.asleep.has(actor))
  if (next !== undefined) node.chosen = next
  return next !== undefined
}

function asleepAfter(node: Node, schema: Schema): Set<number> {
  const optionOf = (actor: number): Taken | undefined => node.options.find((option) => option.actor === actor)
  const chosen = optionOf(node.chosen)!
  return new Set([...node.asleep, ...node.tried].filter((actor) => {
    const option = optionOf(actor)
    return actor !== node.chosen && option !== undefined && !areDependent(option, chosen, schema)
  }))
}

/** Wherever two steps of this run could have come the other way round, somebody who leads there is wanted before the first. */
function wantReversals(path: readonly Node[], events: readonly Event[], schema: Schema): void {
  const before = happensBefore(events, schema)
  for (const [j, later] of events.entries()) {
    for (let i = j - 1; i >= 0; i--) {
      const earlier = events[i]!
      if (earlier.actor === later.actor || !areDependent(earlier, later, schema) || isWoken(events, i, j)) continue
      if (events.slice(i + 1, j).some((_, k) => before[i + 1 + k]!.has(i) && before[j]!.has(i + 1 + k))) continue
      const rest = [...events.keys()].slice(i + 1, j).filter((k) => !before[k]!.has(i)).concat(j)
      const first = rest.filter((k) => rest.every((other) => other === k || !before[k]!.has(other))).map((k) => events[k]!.actor)
      const { wanted, options } = path[i]!
      if (first.some((actor) => wanted.has(actor))) continue
      const able = first.find((actor) => options.some((option) => option.actor === actor))
      if (able === undefined) for (const option of options) wanted.add(option.actor)
      else wanted.add(able)
    }
  }
}

/** For each event those that must come before it: its actor's own, what it depends on, what woke it, and so on. */
function happensBefore(events: readonly Event[], schema: Schema): ReadonlySet<number>[] {
  const before: Set<number>[] = []
  for (const [j, event] of events.entries()) {
    const all = new Set<number>()
    for (let i = j - 1; i >= 0; i--) {
      if (all.has(i)) continue
      if (events[i]!.actor !== event.actor && !areDependent(events[i]!, event, schema) && !isWoken(events, i, j)) continue
      all.add(i)
      for (const k of before[i]!) all.add(k)
    }
    before.push(all)
  }
  return before
}

/** Whether step j is the next of an actor that step i woke. */
function isWoken(events: readonly Event[], i: number, j: number): boolean {
  const { actor } = events[j]!
  return events[i]!.woke.includes(actor) && !events.slice(i + 1, j).some((event) => event.actor === actor)
}
