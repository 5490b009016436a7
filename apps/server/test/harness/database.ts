import { afterAll, beforeAll, inject } from 'vitest'
import { openDatabase, type Database } from '../../src/platform/db.ts'
import { runStatements } from './statements.ts'

let clones = 0

/** A fresh database like a new installation's. Drop it when done. */
export async function cloneDatabase(templateUrl = inject('template_url')): Promise<{ url: string; drop: () => Promise<void> }> {
  const template = new URL(templateUrl)
  const name = `test_${process.pid}_${++clones}`
  const admin = new URL(template)
  admin.pathname = '/postgres'
  await runStatements(admin.href, `create database ${name} template ${template.pathname.slice(1)}`)
  const url = new URL(template)
  url.pathname = `/${name}`
  return { url: url.href, drop: () => runStatements(admin.href, `drop database if exists ${name} with (force)`) }
}

/** Opens a database of its own for a test file. */
export function useDatabase(options: Parameters<typeof openDatabase>[1] = {}): () => Database {
  let db: Database
  let drop: () => Promise<void>
  beforeAll(async () => {
    const database = await cloneDatabase()
    drop = database.drop
    db = openDatabase(database.url, options)
  })
  afterAll(async () => {
    await db.close()
    await drop()
  })
  return () => db
}
