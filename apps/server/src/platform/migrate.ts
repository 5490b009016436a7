import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { refuse } from '../kernel/problem.ts'
import type { Database } from './db.ts'
import { sql } from './sql.ts'

export const MIGRATIONS = join(import.meta.dirname, '../../migrations')

/** Any two processes that migrate at once take turns on this lock. */
const MIGRATION_LOCK = 7_215_001n

/** Applies what is missing, each migration in its own transaction; answers the names applied. Forward only. */
export async function migrate(db: Database, directory: string = MIGRATIONS): Promise<string[]> {
  await db.run(sql`create table if not exists schema_migrations (name text primary key, applied_at timestamptz not null default now())`)
  const names = (await readdir(directory)).filter((name) => name.endsWith('.sql')).sort()
  const applied: string[] = []
  for (const name of names) {
    const text = await readFile(join(directory, name), 'utf8')
    const done = await db.transaction(async (tx) => {
      await tx.rows(sql`select pg_advisory_xact_lock(${MIGRATION_LOCK})`)
      if (await tx.maybe(sql`select 1 from schema_migrations where name = ${name}`)) return false
      await tx.executeText(`set local lock_timeout = '5s'; set local statement_timeout = 0; ${text}`)
      await tx.run(sql`insert into schema_migrations (name) values (${name})`)
      return true
    })
    if (done) applied.push(name)
  }
  return applied
}

/** Refuses to work on a schema that is older or newer than this program. */
export async function requireCurrentSchema(db: Database, directory: string = MIGRATIONS): Promise<void> {
  const wanted = (await readdir(directory)).filter((name) => name.endsWith('.sql')).sort()
  const exists = await db.maybe<{ found: string | null }>(sql`select to_regclass('schema_migrations')::text as found`)
  const present = exists?.found === null || exists === undefined ? [] : (await db.rows<{ name: string }>(sql`select name from schema_migrations order by name`)).map(({ name }) => name)
  const missing = wanted.filter((name) => !present.includes(name))
  if (missing.length > 0) throw refuse('schema_outdated', `The database lacks ${missing.length} migration(s), from ${missing[0]} on. Run: npm run switchyard -- migrate`)
  const unknown = present.filter((name) => !wanted.includes(name))
  if (unknown.length > 0) throw refuse('schema_newer', `The database was migrated by a newer Switchyard (${unknown.at(-1)}). Run that version.`)
}
