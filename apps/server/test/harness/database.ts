import pg from 'pg'
import { inject } from 'vitest'

let clones = 0

/** A fresh database like a new installation's. Drop it when done. */
export async function cloneDatabase(templateUrl = inject('template_url')): Promise<{ url: string; drop: () => Promise<void> }> {
  const template = new URL(templateUrl)
  const name = `test_${process.pid}_${++clones}`
  const admin = new URL(template)
  admin.pathname = '/postgres'
  const run = async (text: string): Promise<void> => {
    const client = new pg.Client({ connectionString: admin.href })
    await client.connect()
    try {
      await client.query(text)
    } finally {
      await client.end()
    }
  }
  await run(`create database ${name} template ${template.pathname.slice(1)}`)
  const url = new URL(template)
  url.pathname = `/${name}`
  return { url: url.href, drop: () => run(`drop database if exists ${name} with (force)`) }
}
