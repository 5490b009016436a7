import { realpath } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { Client, type QueryResultRow } from 'pg'
import { locateCluster, prepareCluster, type Cluster } from './embedded-postgres-data.ts'
import { disownLock, isAlive, isAnotherProgram, readLock, removeEmptyLock, takeHold } from './embedded-postgres-lock.ts'
import { endPostmaster, startPostmaster } from './embedded-postgres-process.ts'
import { errorCode } from './error-code.ts'

/** An open database. It is started again on the same port if it dies while we hold it. */
export type EmbeddedPostgres = {
  /** The address of a database in it, `switchyard` unless said otherwise, with the password. */
  url: (database?: string) => string
  readonly port: number
  /** Whether it was running already: left by a killed process, or held by another one now. */
  adopted: boolean
  /** Shuts it down and waits until it has ended; leaves it running while other processes hold it. */
  stop: () => Promise<void>
}

type Options = {
  /** The folder that keeps everything: `postgres/`, `postgres-password`, `postgres.log`. */
  home: string
  log?: (line: string) => void
  /** PostgreSQL settings that go before ours, for instance `{ fsync: 'off' }` in tests. */
  settings?: Record<string, string>
}

type Running = { pid: number; port: number; adopted: boolean }

// Longer than a fast shutdown may take (20 s) plus the workers of a killed server finishing their statements.
const startTimeoutMs = 60_000

/**
 * Opens the embedded PostgreSQL of the home: creates it on the first call, adopts it if it runs,
 * starts it otherwise. Of two processes that open it at once, PostgreSQL's own lock lets one
 * start it, and the other adopts that one.
 */
export async function openEmbeddedPostgres({ home, log = () => {}, settings = {} }: Options): Promise<EmbeddedPostgres> {
  const cluster = await prepareCluster(home, log, settings['fsync'] !== 'off')
  const hold = await takeHold(cluster.home)
  let running: Running
  try {
    running = await startOrAdopt(cluster, settings, log)
    await createDatabase(cluster, running.port)
  } catch (error) {
    await hold.release()
    throw error
  }
  const guard = guardProcess(cluster, settings, log, running)
  let stopped: Promise<void> | undefined
  const stop = async () => {
    const { pid } = await guard.end()
    if ((await hold.release()) === 'last') await endPostmaster(pid)
  }
  return {
    url: (database = 'switchyard') => urlOf(guard.running().port, cluster.password, database),
    get port() {
      return guard.running().port
    },
    adopted: running.adopted,
    stop: () => (stopped ??= stop()),
  }
}

/**
 * The database of the home if it is running and answers, without holding it: for a command that
 * works beside a running server. It ends when the server stops it.
 */
export async function findRunningPostgres(home: string): Promise<{ url: string; port: number; pid: number } | undefined> {
  const cluster = await locateCluster(home)
  const lock = cluster && (await readLock(cluster.data))
  if (!lock || lock.status !== 'ready' || !isAlive(lock.pid) || !(await isOurs(cluster, lock.port))) return undefined
  return { url: urlOf(lock.port, cluster.password, 'switchyard'), port: lock.port, pid: lock.pid }
}

function urlOf(port: number, password: string, database: string): string {
  return `postgres://switchyard:${password}@127.0.0.1:${port}/${encodeURIComponent(database)}`
}

async function startOrAdopt(cluster: Cluster, settings: Record<string, string>, log: (line: string) => void, wantedPort?: number): Promise<Running> {
  const deadline = Date.now() + startTimeoutMs
  for (;;) {
    const adopted = await adopt(cluster, deadline)
    if (adopted) return adopted
    const outcome = await startPostmaster(cluster, settings, log, wantedPort)
    if ('pid' in outcome) return { ...outcome, adopted: false }
    // Each of these passes: another process took the port or the lock, or the workers of a killed server are still ending.
    const passes = /could not bind|could not create any TCP\/IP sockets|lock file "postmaster.pid"|is still in use/.test(outcome.output)
    if (!passes || Date.now() > deadline) {
      throw new Error(`PostgreSQL ended while starting; the end of ${outcome.log} says:\n${outcome.output.trim()}`)
    }
    await delay(100)
  }
}

// Waits while the running one starts or stops; past the deadline PostgreSQL's own lock is left to judge.
async function adopt(cluster: Cluster, deadline: number): Promise<Running | undefined> {
  for (;;) {
    const lock = await readLock(cluster.data)
    if (!lock) {
      await removeEmptyLock(cluster.data)
      return undefined
    }
    if (!isAlive(lock.pid)) return undefined
    if (isAnotherProgram(lock.pid)) {
      await disownLock(lock, cluster.data, cluster.account)
      return undefined
    }
    if (lock.status === 'ready' && (await isOurs(cluster, lock.port))) return { pid: lock.pid, port: lock.port, adopted: true }
    if (Date.now() > deadline) return undefined
    await delay(50)
  }
}

/** Whether the server at the port accepts our password and serves our data; false also while it does not answer. */
async function isOurs({ data, password }: { data: string; password: string }, port: number): Promise<boolean> {
  try {
    const rows = await askOnce<{ setting: string }>(port, password, 'select setting from pg_settings where name = $1', ['data_directory'])
    return (await realpath(rows[0]?.setting ?? '')) === data
  } catch (error) {
    if (errorCode(error) === '28P01') throw new Error(`the database in ${data} does not accept the password in the file postgres-password of its home`, { cause: error })
    return false
  }
}

async function createDatabase({ password }: Cluster, port: number): Promise<void> {
  const found = await askOnce(port, password, 'select 1 from pg_database where datname = $1', ['switchyard'])
  if (found.length > 0) return
  try {
    await askOnce(port, password, 'create database switchyard', [])
  } catch (error) {
    // duplicate_database, or unique_violation in the catalog: another process was faster.
    if (!['42P04', '23505'].includes(errorCode(error))) throw error
  }
}

async function askOnce<Row extends QueryResultRow>(port: number, password: string, text: string, values: unknown[]): Promise<Row[]> {
  const client = new Client({ connectionString: urlOf(port, password, 'postgres'), connectionTimeoutMillis: 5_000, query_timeout: 30_000 })
  // Without a listener, a server that ends at this moment would end us too; the query reports it anyway.
  client.on('error', () => {})
  try {
    await client.connect()
    return (await client.query<Row>(text, values)).rows
  } finally {
    await client.end().catch(() => {})
  }
}

/** Starts PostgreSQL again when it dies under us (kill -9, out of memory), at most five times in ten minutes. */
function guardProcess(cluster: Cluster, settings: Record<string, string>, log: (line: string) => void, first: Running) {
  let running = first
  let restarting: Promise<void> | undefined
  const restarts: number[] = []
  const restart = async () => {
    const recent = restarts.filter((at) => Date.now() - at < 600_000)
    if (recent.length >= 5 || !(await locateCluster(cluster.home))) {
      clearInterval(timer)
      log(`PostgreSQL has ended and is not started again; see ${cluster.home}/postgres.log`)
      return
    }
    restarts.push(Date.now())
    log('PostgreSQL has ended unexpectedly and is started again')
    try {
      running = await startOrAdopt(cluster, settings, log, running.port)
    } catch (error) {
      log(`PostgreSQL does not start: ${String(error)}`)
    }
  }
  const timer = setInterval(() => {
    if (restarting || isAlive(running.pid)) return
    restarting = restart().finally(() => (restarting = undefined))
  }, 500).unref()
  return {
    running: () => running,
    async end() {
      clearInterval(timer)
      await restarting
      return running
    },
  }
}
