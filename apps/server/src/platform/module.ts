import type { ProblemTable } from '../kernel/problem.ts'
import type { Clock } from './clock.ts'
import type { Database } from './db.ts'
import type { Executor } from './executor.ts'
import type { Route } from './http/route.ts'
import type { JobDefinition } from './jobs.ts'
import type { Logger } from './log.ts'

/** What background work has at hand. */
export type Runtime = { db: Database; executor: Executor; clock: Clock; log: Logger }

/** Something a worker does over and over; answers how much it did, so that it runs on while there is more. */
export type LoopDefinition = { name: string; interval_ms: number; round: (runtime: Runtime) => Promise<number> }

/** What a module plugs into the application; `wiring.ts` joins them. */
export type Module = {
  name: string
  routes: readonly Route[]
  /** Permission → what it allows, in words for the person who grants it. */
  permissions: Readonly<Record<string, string>>
  problems: ProblemTable
  /** Brings what the module keeps in the database in line with this program, after migrations; may run any number of times. */
  prepare?: (runtime: Runtime) => Promise<void>
  jobs?: (runtime: Runtime) => readonly JobDefinition[]
  loops?: readonly LoopDefinition[]
}
