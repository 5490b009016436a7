import { audit } from '../../src/audit.ts'
import { openDatabase, type Database } from '../../src/platform/db.ts'
import { createExecutor } from '../../src/platform/executor.ts'
import { startActor, type Actor } from './actor.ts'
import { enumerateSchedules, type Schedule } from './enumerate.ts'
import { readSchema, type Schema } from './footprint.ts'
import type { Path } from './path.ts'
import { runSchedule, type Crossroads, type Run } from './schedule.ts'
import type { Workshop } from './workshop.ts'

export type Exploration = {
  path: string
  /** Runs of all calls from their beginning to their end. */
  schedules: number
  /** Those among them that differ in more than the order of steps that commute. */
  distinct: number
  statements: number
  /** Whether there are no others. */
  complete: boolean
  /** How often each ending occurred. */
  endings: ReadonlyMap<string, number>
}

/** What no schedule may do, with the schedule that did it and its statements. */
export class Finding extends Error {
  readonly path: string
  readonly schedule: string
  constructor(path: Path, schedule: Schedule, events: Run['events'], problem: string) {
    const steps = events.map(({ actor, step, woke }) => `  ${actor} ${step.kind === 'statement' ? step.text.trim().replaceAll(/\s+/g, ' ').slice(0, 150) : step.kind.toUpperCase()}${woke.length > 0 ? `   (wakes ${woke.join(', ')})` : ''}`)
    super(`${path.name}: ${problem}\nschedule ${schedule.join('')}\n${steps.join('\n')}`)
    this.path = path.name
    this.schedule = schedule.join('')
  }
}

/** Worlds that are made at once. */
const WORLDS = 8
/** Schedules after which the auditor looks. */
const UNAUDITED = 16

export type Explorer = {
  /** All schedules of a path up to a limit, one of each that differ only in the order of steps that commute. Throws the first `Finding`. */
  enumerate: (path: Path, options?: { reduce?: boolean; limit?: number }) => Promise<Exploration>
  /** Schedules by chance, every one as likely as its choices make it. */
  sample: (path: Path, schedules: number, random: () => number) => Promise<Exploration>
  /** One schedule again. Choices beyond its end are those of the first actor that can go on. */
  replay: (path: Path, schedule: Schedule) => Promise<Exploration>
  close: () => Promise<void>
}

export async function openExplorer(shop: Workshop): Promise<Explorer> {
  const { application: { db: { url }, clock, jobs } } = shop
  const db = openDatabase(url, { max_connections: 8, application_name: 'explorer' })
  const observer = openDatabase(url, { max_connections: 1, application_name: 'explorer-observer' })
  const whole = await readSchema(db)
  const schemaOf = ({ apart = [] }: Path): Schema => ({ ...whole, tables: new Set([...whole.tables].filter((table) => !apart.includes(table))) })
  const startCalls = (path: Path, world: unknown): Actor[] => path.calls.map((call, index) => startActor(index, db, schemaOf(path), (gated) => call(createExecutor({ db: gated, clock, insert_jobs: jobs.insert }), world)))

  const open = (path: Path) => openRuns({ path, shop, db, observer, startCalls })
  return {
    enumerate: async (path, { reduce = true, limit = Infinity } = {}) => {
      const runs = open(path)
      return runs.finish(await enumerateSchedules(schemaOf(path), { reduce, limit }, runs.next))
    },
    sample: async (path, schedules, random) => {
      const runs = open(path)
      for (let i = 0; i < schedules; i++) await runs.next(({ options }) => options[Math.floor(random() * options.length)]!.actor)
      return runs.finish(false)
    },
    replay: async (path, schedule) => {
      const runs = open(path)
      await runs.next(follow(schedule))
      return runs.finish(false)
    },
    close: async () => {
      await db.close()
      await observer.close()
    },
  }
}

type Runs = {
  next: (choose: (at: Crossroads) => number, isNew?: () => boolean) => Promise<Run>
  /** Lets the auditor look at the rest. After a complete exploration every ending must have occurred. */
  finish: (complete: boolean) => Promise<Exploration>
}

function openRuns({ path, shop, db, observer, startCalls }: { path: Path; shop: Workshop; db: Database; observer: Database; startCalls: (path: Path, world: unknown) => Actor[] }): Runs {
  const worlds: unknown[] = []
  const endings = new Map<string, number>()
  let unaudited: Schedule[] = []
  let [schedules, distinct, statements] = [0, 0, 0]

  const play = async (choose: (at: Crossroads) => number): Promise<{ run: Run; schedule: Schedule }> => {
    if (worlds.length === 0) {
      worlds.push(...await path.prepare(shop, WORLDS))
      await shop.captureOne()
    }
    const world = worlds.shift()
    const actors = startCalls(path, world)
    const run = await runSchedule(actors, observer, choose)
    const schedule = run.events.map(({ actor }) => actor)
    const problem = problemOf(actors, run)
    if (problem !== undefined) throw new Finding(path, schedule, run.events, problem)
    const words = actors.map(({ ending }) => ending).join(', ')
    const ending = path.state === undefined ? words : `${words}: ${await path.state(db, world)}`
    endings.set(ending, (endings.get(ending) ?? 0) + 1)
    if (path.endings?.includes(ending) === false) throw new Finding(path, schedule, run.events, `ended with "${ending}", which must not be`)
    return { run, schedule }
  }
  const look = async (): Promise<void> => {
    const suspects = unaudited
    unaudited = []
    const broken = await findBroken(db)
    if (broken.rows > 0) await accuse(suspects, broken)
  }
  // Rows found after several schedules: they are run again one by one, until there are more rows than before.
  const accuse = async (suspects: readonly Schedule[], broken: Broken): Promise<never> => {
    let before = broken
    for (const suspect of suspects) {
      const { run } = await play(follow(suspect))
      const after = await findBroken(db)
      if (after.rows > before.rows) throw new Finding(path, suspect, run.events, `the auditor finds ${after.text}`)
      before = after
    }
    throw new Error(`${path.name}: the auditor finds ${broken.text} after one of the schedules ${suspects.map((one) => one.join('')).join(', ')}`)
  }
  return {
    next: async (choose, isNew) => {
      const { run, schedule } = await play(choose)
      schedules++
      if (isNew?.() !== false) distinct++
      statements += run.events.length
      unaudited.push(schedule)
      if (unaudited.length === UNAUDITED) await look()
      return run
    },
    finish: async (complete) => {
      await look()
      const missing = path.endings?.filter((ending) => !endings.has(ending)) ?? []
      if (complete && missing.length > 0) throw new Error(`${path.name}: no schedule ended with "${missing.join('" or "')}"`)
      return { path: path.name, schedules, distinct, statements, complete, endings }
    },
  }
}

function problemOf(actors: readonly Actor[], run: Run): string | undefined {
  const crashed = actors.find(({ crash }) => crash !== undefined)
  const errors = actors.flatMap(({ index, errors: states }) => states.map((state) => `${state} of actor ${index}`))
  if (run.deadlocked) return `deadlock (${errors.join(', ')})`
  if (crashed !== undefined) return `actor ${crashed.index} broke: ${crashed.crash instanceof Error ? crashed.crash.stack : String(crashed.crash)}`
  if (run.broke_trust !== undefined) return `waits for rows that its transaction should have locked before: ${run.broke_trust.text}`
  return errors.length > 0 ? `a statement failed (${errors.join(', ')})` : undefined
}

type Broken = { rows: number; text: string }

async function findBroken(db: Database): Promise<Broken> {
  const broken = (await audit(db)).checks.filter(({ rows }) => rows > 0)
  return { rows: broken.reduce((sum, { rows }) => sum + rows, 0), text: broken.map(({ name, examples }) => `${name}: ${JSON.stringify(examples)}`).join('; ') }
}

/** Goes the way of a schedule, and beyond its end with the first that can go on. */
function follow(schedule: Schedule): (at: Crossroads) => number {
  let depth = 0
  return ({ options }) => {
    const wanted = schedule[depth++]
    return options.find(({ actor }) => actor === wanted)?.actor ?? options[0]!.actor
  }
}
