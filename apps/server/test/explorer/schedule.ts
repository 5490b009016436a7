import { setTimeout as delay } from 'node:timers/promises'
import type { Database } from '../../src/platform/db.ts'
import { arrayOf, sql } from '../../src/platform/sql.ts'
import { addFootprint, isTrusted, mayNotice, mayWait, type Footprint, type Schema } from './footprint.ts'
import type { Actor, Step } from './actor.ts'

/** A step that was taken, or that could have been. */
export type Taken = {
  actor: number
  step: Step
  /** What ends with it where it is a commit or rollback: all that its transaction did. */
  held: Footprint
  /** What goes on with it where it is one: the statements that were waiting for a lock just then. */
  blocked: Footprint
}

export type Event = Taken & {
  /** The actors that this step woke: their next steps cannot come before it. */
  woke: readonly number[]
}

/** Where somebody has to go on: everybody who can, with what each would do. */
export type Crossroads = { options: readonly Taken[] }

export type Run = {
  events: Event[]
  deadlocked: boolean
  /** A statement that waited although it writes only where its transaction had locked rows. */
  broke_trust: Step | undefined
}

/** How long a statement runs before we ask whether it waits for somebody. */
const PATIENCE_MS = 2

/**
 * Lets the actors go on one statement at a time, in the order that `choose` says, until all are done. Whoever waits for a
 * lock is passed by until the lock is free: it takes its turn at the commit that wakes it, as in life.
 */
export async function runSchedule(actors: readonly Actor[], observer: Database, choose: (at: Crossroads) => number): Promise<Run> {
  const run: Run = { events: [], deadlocked: false, broke_trust: undefined }
  await settle(actors, observer)
  for (;;) {
    const options = actors.filter(({ status }) => status === 'waiting').map((actor) => optionOf(actor, actors))
    if (options.length === 0) {
      const blocked = actors.filter(({ status }) => status === 'blocked')
      if (blocked.length === 0) return run
      // Everybody waits for somebody: PostgreSQL ends it after its deadlock_timeout.
      run.deadlocked = true
      for (const actor of blocked) actor.status = 'running'
      await Promise.race(blocked.map((actor) => actor.changed()))
      await settle(actors, observer)
      continue
    }
    const chosen = choose({ options })
    const actor = actors[chosen]!
    const failed = actor.errors.length
    const taken = options.find((option) => option.actor === chosen)!
    const blocked = actors.filter(({ status }) => status === 'blocked')
    actor.grant()
    await settle([actor], observer, actors)
    if (actor.status === 'blocked' && isTrusted(taken.step.footprint)) run.broke_trust = taken.step
    // Locks are free after a commit or rollback, and after an error, which ends the transaction too.
    if (taken.step.kind !== 'statement' || actor.errors.length > failed) {
      for (const other of blocked) if (other.status === 'blocked') other.status = 'running'
      await settle(actors, observer)
    }
    run.events.push({ ...taken, woke: blocked.filter(({ status }) => status !== 'blocked').map(({ index }) => index) })
  }
}

function optionOf(actor: Actor, actors: readonly Actor[]): Taken {
  const blocked: Footprint = new Map()
  if (actor.next!.kind !== 'statement') for (const other of actors) if (other.status === 'blocked') addFootprint(blocked, other.next!.footprint)
  return { actor: actor.index, step: actor.next!, held: new Map(actor.held), blocked }
}

/** Waits until each of these has come to its next step, is done, or waits for a lock of somebody who does not move. */
async function settle(moving: readonly Actor[], observer: Database, all: readonly Actor[] = moving): Promise<void> {
  for (;;) {
    const running = moving.filter(({ status }) => status === 'running')
    if (running.length === 0) return
    const changes = Promise.race(running.map((actor) => actor.changed()))
    if (await Promise.race([changes.then(() => true), delay(PATIENCE_MS, false)])) continue
    for (const pid of await findBlocked(observer, all)) {
      const actor = running.find((one) => one.pid === pid)
      if (actor?.status === 'running') actor.status = 'blocked'
    }
  }
}

/** Who waits, through others or directly, for nobody but actors that stand still. */
async function findBlocked(observer: Database, actors: readonly Actor[]): Promise<Set<number>> {
  const pids = actors.filter(({ status, pid }) => status !== 'done' && pid !== 0).map(({ pid }) => pid)
  const waits = await observer.rows<{ pid: number; blockers: number[] }>(sql`
    select pid, pg_blocking_pids(pid) as blockers from unnest(${arrayOf(pids, 'int')}) pid where cardinality(pg_blocking_pids(pid)) > 0`)
  const moving = new Set(actors.filter(({ status }) => status === 'running').map(({ pid }) => pid))
  for (const { pid } of waits) moving.delete(pid)
  // A lock of somebody else, such as a vacuum, will be free without us.
  return new Set(waits.filter(({ blockers }) => blockers.every((blocker) => pids.includes(blocker) && !moving.has(blocker))).map(({ pid }) => pid))
}

/** Whether the order of two steps of different actors can matter. Everything else commutes. */
export function areDependent(a: Taken, b: Taken, schema: Schema): boolean {
  if (a.step.kind === 'statement' && b.step.kind === 'statement') return mayWait(a.step.footprint, b.step.footprint, schema)
  if (a.step.kind === 'statement') return areDependent(b, a, schema)
  if (b.step.kind === 'statement') return mayNotice(a.held, b.step.footprint, schema) || mayWait(a.blocked, b.step.footprint, schema)
  return mayWait(a.held, b.blocked, schema) || mayWait(b.held, a.blocked, schema)
}
