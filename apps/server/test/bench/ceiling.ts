import pg from 'pg'
import { newId } from '../../src/kernel/ids.ts'
import { groupByKey, sumByKey } from '../../src/kernel/quantity.ts'
import type { Database } from '../../src/platform/db.ts'
import { arrayOf, sql } from '../../src/platform/sql.ts'
import type { Bench } from './benchmark.ts'
import { newRun } from './capture-load.ts'
import { sampleCpu } from './cpu.ts'
import { withDatabase } from './database.ts'
import { CAPTURED, type OrderTable } from './order-rows.ts'

/** Orders whose rows are taken as the pattern. */
const SAMPLE = 2_000
/** Orders that are prepared before the clock runs on, for each second it shall run. */
const CHUNK = 1_000

type Column = { name: string; type: string }
/** Rows of one table by their order; values as PostgreSQL writes them. */
type Sample = { table: OrderTable; columns: readonly Column[]; rows: ReadonlyMap<string, readonly (string | null)[][]> }
type Statement = { name: string; text: string; values: string[] }

/**
 * What the same database takes of the same rows when nobody decides anything: the rows of orders just captured, with new
 * ids, written by one set-based statement a table, one transaction for a batch of the size that the server made, on one
 * or two connections, whichever is faster. No HTTP, validation, pricing or sourcing, and no server beside it.
 */
export async function measureCeiling(bench: Bench, batch: number, seconds: number): Promise<{ per_second: number; note: string }> {
  const size = Math.max(1, Math.round(batch))
  const { samples, orders } = await withDatabase(bench.installation, readSamples)
  const before = sampleCpu(0, bench.installation.postmaster_pid)
  const written = []
  for (const connections of [1, 2]) written.push(await writeFor(bench, samples, orders, { connections, size, seconds: seconds / 2 }))
  const after = sampleCpu(0, bench.installation.postmaster_pid)
  const cpu = (after.postgres - before.postgres) / written.reduce((sum, { count }) => sum + count, 0)
  const speeds = written.map(({ count, ms }) => count / (ms / 1_000))
  return { per_second: Math.max(...speeds), note: `ceiling: bare SQL in batches of ${size}, ${speeds.map((speed, index) => `${index + 1} connection${index === 0 ? '' : 's'} ${Math.round(speed)}/s`).join(', ')}; database ${cpu.toFixed(2)} CPU-ms each` }
}

async function readSamples(db: Database): Promise<{ samples: Sample[]; orders: string[] }> {
  const pool = sql`with pool as materialized (select id as order_id, customer_id, external_id from orders order by id desc limit ${SAMPLE})`
  const samples: Sample[] = []
  for (const table of CAPTURED) {
    const columns = await columnsOf(db, table)
    const list = sql.raw(columns.map(({ name }) => `t.${name}::text`).join(', '))
    const found = await db.rows<{ order_id: string; row: (string | null)[] }>(sql`${pool} select pool.order_id, array[${list}] as row from ${sql.raw(table.from)}`)
    const ofOrders = groupByKey(found, ({ order_id }) => order_id)
    samples.push({ table, columns, rows: new Map([...ofOrders].map(([order_id, its]) => [order_id, its.map(({ row }) => row)])) })
  }
  return { samples, orders: [...samples.find(({ table }) => table.name === 'orders')!.rows.keys()].sort() }
}

/** The columns of a table that a copy must fill: not those that are generated or left to their default. */
export async function columnsOf(db: Database, { name, omit = [] }: OrderTable): Promise<Column[]> {
  return (await db.rows<Column>(sql`
    select a.attname as name, format_type(a.atttypid, a.atttypmod) as type from pg_attribute a
    where a.attrelid = ${name}::regclass and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' and a.attidentity = '' order by a.attnum`)).filter((column) => !omit.includes(column.name))
}

type Writing = { connections: number; size: number; seconds: number }

async function writeFor(bench: Bench, samples: readonly Sample[], orders: readonly string[], { connections, size, seconds }: Writing): Promise<{ count: number; ms: number }> {
  const clients = await Promise.all(Array.from({ length: connections }, async () => {
    const client = new pg.Client({ connectionString: bench.installation.url })
    await client.connect()
    return client
  }))
  try {
    let writtenMs = 0
    let written = 0
    let next = 0
    while (writtenMs < seconds * 1_000) {
      const batches = Array.from({ length: Math.max(connections, Math.round((CHUNK * seconds) / size)) }, () => makeBatch(samples, Array.from({ length: size }, () => orders[next++ % orders.length]!)))
      const count = batches.length * size
      const startedMs = performance.now()
      await Promise.all(clients.map((client) => writeBatches(client, batches)))
      writtenMs += performance.now() - startedMs
      written += count
    }
    return { count: written, ms: writtenMs }
  } finally {
    for (const client of clients) await client.end()
  }
}

async function writeBatches(client: pg.Client, batches: Statement[][]): Promise<void> {
  for (let batch = batches.pop(); batch !== undefined; batch = batches.pop()) {
    await client.query('begin')
    for (const statement of batch) await client.query(statement)
    await client.query('commit')
  }
}

/** The rows of these orders as new orders: one statement a table, and one that takes the units. */
function makeBatch(samples: readonly Sample[], orders: readonly string[]): Statement[] {
  const run = newRun()
  const renamed = new Map<string, string>()
  // An order may stand in a batch twice; each copy has ids of its own.
  const idOf = (copy: number, id: string): string => {
    const key = `${copy} ${id}`
    let made = renamed.get(key)
    if (made === undefined) renamed.set(key, made = newId())
    return made
  }
  const ours = new Set(samples.flatMap(({ table, columns, rows }) => (table.ids.includes('id') ? orders.flatMap((order) => (rows.get(order) ?? []).map((row) => row[columns.findIndex(({ name }) => name === 'id')]!)) : [])))
  const statements = samples.map(({ table, columns, rows }): Statement => {
    const copied = orders.flatMap((order, copy) => (rows.get(order) ?? []).map((row) => row.map((value, index) => {
      const { name } = columns[index]!
      if (value === null) return null
      if (table.ids.includes(name) && ours.has(value)) return idOf(copy, value)
      return table.texts?.includes(name) === true ? `${run}-${copy}-${value}` : value
    })))
    return insertOf(table, columns, copied)
  })
  // Last, so that popular levels are locked as briefly as can be.
  return [...statements, takeOf(samples, orders)]
}

function insertOf(table: OrderTable, columns: readonly Column[], rows: readonly (string | null)[][]): Statement {
  const names = columns.map(({ name }) => name).join(', ')
  const values = columns.map(({ name, type }) => (type.endsWith('[]') ? `${name}::${type}` : name)).join(', ')
  return {
    name: `ceiling_${table.name}`,
    text: `insert into ${table.name} (${names}) select ${values} from unnest(${columns.map(({ type }, index) => `$${index + 1}::${type.endsWith('[]') ? 'text' : type}[]`).join(', ')}) as input(${names})`,
    values: columns.map((_, index) => textArray(rows.map((row) => row[index]!))),
  }
}

/** Locks the levels in key order, as everybody does, and moves the units from available to allocated. */
function takeOf(samples: readonly Sample[], orders: readonly string[]): Statement {
  const { columns, rows } = samples.find(({ table }) => table.name === 'allocations')!
  const at = (name: string): number => columns.findIndex((column) => column.name === name)
  const [variant, location, quantity] = [at('variant_id'), at('location_id'), at('quantity')] as const
  const taken = sumByKey(orders.flatMap((order) => rows.get(order) ?? []), (row) => `${row[variant]!} ${row[location]!}`, (row) => Number(row[quantity]))
  const keys = [...taken.keys()].sort()
  return {
    name: 'ceiling_take',
    text: `with input as materialized (select * from unnest($1::uuid[], $2::uuid[], $3::int[]) as input(variant_id, location_id, quantity)),
      locked as materialized (select l.variant_id, l.location_id, i.quantity from stock_levels l join input i using (variant_id, location_id) order by l.variant_id, l.location_id for no key update of l)
      update stock_levels l set available = l.available - k.quantity, allocated = l.allocated + k.quantity, updated_at = now() from locked k where l.variant_id = k.variant_id and l.location_id = k.location_id`,
    values: [textArray(keys.map((key) => key.split(' ')[0]!)), textArray(keys.map((key) => key.split(' ')[1]!)), textArray(keys.map((key) => String(taken.get(key))))],
  }
}

function textArray(values: readonly (string | null)[]): string {
  return arrayOf(values, 'text').values[0] as string
}
