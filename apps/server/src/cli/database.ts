import type { Config } from '../platform/config.ts'
import { openDatabase, type Database } from '../platform/db.ts'
import { openEmbeddedPostgres } from '../platform/embedded-postgres.ts'
import { errorCode } from '../platform/error-code.ts'
import { sql } from '../platform/sql.ts'
import { CliFailure, EXIT } from './exit-codes.ts'

/** The database of this installation, open for as long as a command runs. */
export type OpenedDatabase = {
  url: string
  /** Ours, in the home; false where `DATABASE_URL` names another. */
  embedded: boolean
  /** Nothing has ever been migrated into it. */
  empty: boolean
  close: () => Promise<void>
}

/**
 * Opens what `DATABASE_URL` names, else the embedded database of the home: the one that runs there, or one that is
 * started now and ends with the last process that uses it.
 */
export async function openInstallation(config: Config, say: (line: string) => void): Promise<OpenedDatabase> {
  if (config.database_url !== undefined) {
    return { url: config.database_url, embedded: false, empty: await isEmpty(config.database_url), close: async () => undefined }
  }
  const postgres = await openEmbeddedPostgres({ home: config.home, log: say })
  try {
    return { url: postgres.url(), embedded: true, empty: await isEmpty(postgres.url()), close: postgres.stop }
  } catch (error) {
    await postgres.stop()
    throw error
  }
}

/** Also the first contact: a database that does not answer is named here, in words. */
async function isEmpty(url: string): Promise<boolean> {
  const db = await openChecked(url)
  try {
    const { found } = await db.one<{ found: string | null }>(sql`select to_regclass('schema_migrations')::text as found`)
    return found === null
  } catch (error) {
    throw new CliFailure(EXIT.failed, `The database at ${placeOf(url)} does not answer: ${reasonOf(error)}`)
  } finally {
    await db.close()
  }
}

async function openChecked(url: string): Promise<Database> {
  if (!URL.canParse(url) || !/^postgres(ql)?:$/.test(new URL(url).protocol)) {
    throw new CliFailure(EXIT.failed, 'DATABASE_URL is no address of a PostgreSQL database, such as postgres://user:password@host:5432/switchyard.')
  }
  return openDatabase(url, { max_connections: 1 })
}

/** Host, port and database: an address without the password in it. */
function placeOf(url: string): string {
  const { host, pathname } = new URL(url)
  return `${host}${pathname}`
}

function reasonOf(error: unknown): string {
  const code = errorCode(error)
  if (code === 'ECONNREFUSED') return 'nothing listens there. Is PostgreSQL running?'
  if (code === 'ENOTFOUND') return 'there is no such host.'
  return error instanceof Error && error.message !== '' ? `${error.message}.` : `${code || 'the connection failed'}.`
}
