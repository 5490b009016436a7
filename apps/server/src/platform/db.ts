import pg from 'pg'
import { assert } from '../kernel/assert.ts'
import type { Sql } from './sql.ts'

/** Runs statements; inside `transaction` all of them belong to it. */
export type Queryable = {
  rows: <Row>(query: Sql) => Promise<Row[]>
  /** The only row; none or several are a bug. */
  one: <Row>(query: Sql) => Promise<Row>
  maybe: <Row>(query: Sql) => Promise<Row | undefined>
  /** Runs a statement and answers how many rows it changed. */
  run: (query: Sql) => Promise<number>
}

export type Tx = Queryable & {
  /** The database's clock when the transaction began: the one clock that several processes share. */
  started_at: Date
  /** Plain access for libraries that bring their own SQL (the job queue). */
  executeText: (text: string, values?: unknown[]) => Promise<{ rows: unknown[] }>
}

export type Database = Queryable & {
  url: string
  /** Runs the work in one READ COMMITTED transaction and commits, or rolls back when it throws. Does not retry: `command` does. */
  transaction: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>
  /** Runs reads that must agree with each other on one read-only snapshot, however long they take. */
  snapshot: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>
  /** Streams a large result in chunks over a cursor, with flat memory. */
  stream: <Row>(query: Sql, chunkRows?: number) => AsyncGenerator<Row[]>
  close: () => Promise<void>
}

// Amounts of money and positions are bigint; timestamps are Dates; plain dates stay texts.
pg.types.setTypeParser(pg.types.builtins.INT8, BigInt)
pg.types.setTypeParser(pg.types.builtins.DATE, (text) => text)

/**
 * No statement waits for a lock longer than 5 s or runs longer than 60 s, and no transaction idles longer than 30 s:
 * a stuck neighbor becomes a clear error. Set per transaction, so that a transaction pooler may stand in between.
 */
const BEGIN = `begin; set local lock_timeout = '5s'; set local statement_timeout = '60s'; set local idle_in_transaction_session_timeout = '30s'; select date_trunc('milliseconds', clock_timestamp()) as started_at`

const BEGIN_SNAPSHOT = `begin isolation level repeatable read, read only; set local statement_timeout = 0; select date_trunc('milliseconds', clock_timestamp()) as started_at`

/** Each distinct statement text gets one name, so that the server parses and plans it once per connection. */
const STATEMENT_NAMES = new Map<string, string>()
const MAX_NAMED_STATEMENTS = 2_000

function named(query: Sql): pg.QueryConfig {
  const text = query.text
  let name = STATEMENT_NAMES.get(text)
  if (name === undefined && STATEMENT_NAMES.size < MAX_NAMED_STATEMENTS) {
    name = `s${STATEMENT_NAMES.size}`
    STATEMENT_NAMES.set(text, name)
  }
  return name === undefined ? { text, values: query.values } : { name, text, values: query.values }
}

type Client = { query: (config: pg.QueryConfig) => Promise<pg.QueryResult> }

function queryable(client: Client): Queryable {
  const rows = async <Row>(query: Sql): Promise<Row[]> => (await client.query(named(query))).rows as Row[]
  return {
    rows,
    one: async <Row>(query: Sql) => {
      const found = await rows<Row>(query)
      assert(found.length === 1, `one row expected, got ${found.length} from: ${query.text.slice(0, 120)}`)
      return found[0]!
    },
    maybe: async <Row>(query: Sql) => {
      const found = await rows<Row>(query)
      assert(found.length <= 1, `at most one row expected, got ${found.length} from: ${query.text.slice(0, 120)}`)
      return found[0]
    },
    run: async (query) => (await client.query(named(query))).rowCount ?? 0,
  }
}

export function openDatabase(url: string, options: { max_connections?: number; application_name?: string; on_error?: (error: Error) => void } = {}): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.max_connections ?? 10,
    application_name: options.application_name ?? 'switchyard',
    connectionTimeoutMillis: 10_000,
  })
  let closing = false
  // A connection that breaks while idle is replaced by the pool; without a listener it would end the process.
  pool.on('error', (error) => { if (!closing) options.on_error?.(error) })

  const withTransaction = async <T>(begin: string, work: (client: pg.PoolClient, startedAt: Date) => Promise<T>): Promise<T> => {
    const client = await pool.connect()
    let broken = false
    // The statement that is running fails, or the next one; without a listener the connection's own word would end the process.
    const onBroken = (): void => { broken = true }
    client.on('error', onBroken)
    try {
      // Several statements in one message answer with several results: the transaction and its clock cost one round trip.
      const results = (await client.query(begin)) as unknown as pg.QueryResult[]
      const startedAt = results.at(-1)!.rows[0].started_at as Date
      const outcome = await work(client, startedAt)
      const committed = await client.query('commit')
      // The server answers ROLLBACK to the commit of a failed transaction, without an error.
      assert(committed.command === 'COMMIT', 'the transaction had failed before its commit')
      return outcome
    } catch (error) {
      await client.query('rollback').catch(() => { broken = true })
      throw error
    } finally {
      client.off('error', onBroken)
      client.release(broken)
    }
  }

  return {
    ...queryable(pool),
    url,
    transaction: (work) => withTransaction(BEGIN, (client, startedAt) => work(transactionOn(client, startedAt))),
    snapshot: (work) => withTransaction(BEGIN_SNAPSHOT, (client, startedAt) => work(transactionOn(client, startedAt))),
    stream: (query, chunkRows = 1_000) => streamRows((work) => withTransaction(BEGIN_SNAPSHOT, work), query, chunkRows),
    close: () => {
      closing = true
      return pool.end()
    },
  }
}

function transactionOn(client: pg.PoolClient, startedAt: Date): Tx {
  return { ...queryable(client), started_at: startedAt, executeText: (text, values) => client.query(text, values) }
}

type WithTransaction = <T>(work: (client: pg.PoolClient) => Promise<T>) => Promise<T>

async function* streamRows<Row>(withTransaction: WithTransaction, query: Sql, chunkRows: number): AsyncGenerator<Row[]> {
  // The consumer pulls: a chunk is fetched when the one before has been taken.
  const wanted = Promise.withResolvers<boolean>()
  let want = wanted
  let chunk = Promise.withResolvers<Row[]>()
  const finished = withTransaction(async (client) => {
    await client.query({ text: `declare stream no scroll cursor for ${query.text}`, values: query.values })
    while (await want.promise) {
      want = Promise.withResolvers<boolean>()
      const { rows } = await client.query(`fetch ${chunkRows} from stream`)
      chunk.resolve(rows as Row[])
      if (rows.length === 0) break
    }
  }).catch((error: unknown) => { chunk.reject(error) })
  try {
    for (;;) {
      chunk = Promise.withResolvers<Row[]>()
      want.resolve(true)
      const rows = await chunk.promise
      if (rows.length === 0) return
      yield rows
    }
  } finally {
    want.resolve(false)
    await finished
  }
}

/** Whether the same transaction may succeed when it is run again: a deadlock, a serialization failure or a lock that took too long. */
export function isRetryable(error: unknown): boolean {
  const code = sqlState(error)
  return code === '40001' || code === '40P01' || code === '55P03'
}

export function sqlState(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined
}

/** The name of the constraint that refused the statement, if one did. */
export function violatedConstraint(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError && error.code?.startsWith('23') === true ? error.constraint : undefined
}

