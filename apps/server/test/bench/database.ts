import { openDatabase, type Database } from '../../src/platform/db.ts'
import type { Installation } from './installation.ts'

/** The benchmarks' own look into the database, closed again at once: a copy is made of it only while nobody is in it. */
export async function withDatabase<T>(installation: Pick<Installation, 'url'>, work: (db: Database) => Promise<T>): Promise<T> {
  const db = openDatabase(installation.url, { max_connections: 4, application_name: 'switchyard-bench' })
  try {
    return await work(db)
  } finally {
    await db.close()
  }
}
