import { Refusal } from '../../src/kernel/problem.ts'
import { sqlState, type Database, type Queryable, type Tx } from '../../src/platform/db.ts'
import { sql, type Sql } from '../../src/platform/sql.ts'
import { addFootprint, footprintOf, type Footprint, type Schema } from './footprint.ts'

/** What an actor does next: a statement of its transaction, or its end, or going back to a savepoint. `begin` needs no turn of its own: it reads nothing. */
export type Step = { kind: 'statement' | 'commit' | 'rollback'; text: string; footprint: Footprint }

/**
 * One of the transactions that are explored: a call of the product's own code whose every statement waits for its turn.
 * `waiting` has a next step and may be granted it, `blocked` waits for a lock that another one holds.
 */
export type Actor = {
  index: number
  status: 'running' | 'waiting' | 'blocked' | 'done'
  next: Step | undefined
  /** Of its database connection. */
  pid: number
  /** What its open transaction has done. */
  held: Footprint
  /** SQLSTATEs of statements that failed: the executor retries a deadlock, and nobody but the explorer would know. */
  errors: string[]
  /** How the call ended: `ok`, a word of its own, the code of the refusal. */
  ending: string
  crash: unknown
  grant: () => void
  /** Resolves at the next change of status. */
  changed: () => Promise<void>
}

/** Starts the call on a database of its own that lets one statement through at each grant. */
export function startActor(index: number, db: Database, schema: Schema, call: (gated: Database) => Promise<unknown>): Actor {
  let notice = Promise.withResolvers<void>()
  let turn = Promise.withResolvers<void>()
  const become = (status: Actor['status']): void => {
    actor.status = status
    notice.resolve()
    notice = Promise.withResolvers<void>()
  }
  const actor: Actor = {
    index, status: 'running', next: undefined, pid: 0, held: new Map(), errors: [], ending: '', crash: undefined,
    grant: () => { become('running'); turn.resolve() },
    changed: () => notice.promise,
  }
  const pass = async (kind: Step['kind'], text: string): Promise<void> => {
    turn = Promise.withResolvers()
    actor.next = { kind, text, footprint: footprintOf(text, actor.held, schema) }
    become('waiting')
    await turn.promise
    addFootprint(actor.held, actor.next.footprint)
  }
  const watched = async <T>(text: string, run: () => Promise<T>): Promise<T> => {
    // Going back to a savepoint gives up locks, as the end of a transaction does.
    await pass(text.startsWith('rollback to') ? 'rollback' : 'statement', text)
    try {
      return await run()
    } catch (error) {
      actor.errors.push(sqlState(error) ?? String(error))
      throw error
    }
  }
  void conclude(actor, call(gatedDatabase(db, actor, watched, pass))).finally(() => { become('done') })
  return actor
}

async function conclude(actor: Actor, ended: Promise<unknown>): Promise<void> {
  try {
    const word = await ended
    actor.ending = typeof word === 'string' ? word : 'ok'
  } catch (error) {
    if (error instanceof Refusal) actor.ending = error.code
    else actor.crash = error
  }
}

type Watched = <T>(text: string, run: () => Promise<T>) => Promise<T>

function gatedDatabase(db: Database, actor: Actor, watched: Watched, pass: (kind: Step['kind'], text: string) => Promise<void>): Database {
  return {
    ...db,
    transaction: (work) => db.transaction(async (tx) => {
      actor.pid = (await tx.one<{ pid: number }>(sql`select pg_backend_pid() as pid`)).pid
      actor.held = new Map()
      try {
        const outcome = await work(gatedTx(tx, watched))
        await pass('commit', '')
        return outcome
      } catch (error) {
        await pass('rollback', '')
        throw error
      }
    }),
  }
}

function gatedTx(tx: Tx, watched: Watched): Tx {
  const gate = <T>(run: (query: Sql) => Promise<T>) => (query: Sql): Promise<T> => watched(query.text, () => run(query))
  return {
    rows: gate(tx.rows) as Queryable['rows'], one: gate(tx.one) as Queryable['one'], maybe: gate(tx.maybe) as Queryable['maybe'], run: gate(tx.run),
    started_at: tx.started_at,
    executeText: (text, values) => watched(text, () => tx.executeText(text, values)),
  }
}
