import type { Queryable, Tx } from '../../platform/db.ts'
import { arrayOf, sql } from '../../platform/sql.ts'

/** Tables that are kept by month. */
const PARTITIONED = ['sourcing_runs', 'sourcing_decisions'] as const

export type Partition = { table: (typeof PARTITIONED)[number]; name: string; from: Date; to: Date }

/** The partitions of this month (in UTC) and of so many after it that are not there. */
export async function missingPartitions(db: Queryable, now: Date, ahead: number): Promise<Partition[]> {
  const wanted = Array.from({ length: ahead + 1 }, (_, month) => month).flatMap((month) => PARTITIONED.map((table): Partition => {
    const from = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + month))
    const to = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + month + 1))
    return { table, name: `${table}_${from.toISOString().slice(0, 7).replace('-', '_')}`, from, to }
  }))
  const rows = await db.rows<{ name: string }>(sql`select c.relname as name from pg_class c where c.relnamespace = 'public'::regnamespace and c.relname = any(${arrayOf(wanted.map(({ name }) => name), 'text')})`)
  const there = new Set(rows.map(({ name }) => name))
  return wanted.filter(({ name }) => !there.has(name))
}

/**
 * Makes one partition and brings over what has fallen into the default partition for want of it. Nobody reads or writes
 * the table meanwhile; where the default partition is empty, as it should be, that is a moment.
 */
export async function makePartition(tx: Tx, { table, name, from, to }: Partition): Promise<void> {
  const [parent, rest, partition] = [table, `${table}_default`, name].map((identifier) => sql.raw(identifier))
  const within = sql`at >= ${from} and at < ${to}`
  await tx.rows(sql`select pg_advisory_xact_lock(hashtextextended('sourcing: partitions', 0))`)
  const { there } = await tx.one<{ there: boolean }>(sql`select to_regclass(${name}) is not null as there`)
  if (there) return
  await tx.run(sql`lock table ${parent} in access exclusive mode`)
  await tx.run(sql`create table ${partition} (like ${parent} including defaults including constraints)`)
  await tx.run(sql`with moved as (delete from ${rest} where ${within} returning *) insert into ${partition} select * from moved`)
  await tx.run(sql`alter table ${parent} attach partition ${partition} for values from (${sql.raw(literal(from))}) to (${sql.raw(literal(to))})`)
}

/** Statements that define tables take no parameters. */
function literal(instant: Date): string {
  return `'${instant.toISOString()}'`
}
