import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Database } from './platform/db.ts'
import { sql } from './platform/sql.ts'

export type AuditReport = { ok: boolean; checks: { name: string; rows: number; examples: unknown[] }[] }

const CHECKS = join(import.meta.dirname, 'audit.sql')

/** The checks of `audit.sql`: each begins with `-- name: …` and answers the rows that break an identity. */
export async function auditChecks(): Promise<{ name: string; query: string }[]> {
  const text = await readFile(CHECKS, 'utf8')
  return text.split(/^-- name: /m).slice(1).map((part) => {
    const end = part.indexOf('\n')
    return { name: part.slice(0, end).trim(), query: part.slice(end + 1).trim().replace(/;\s*$/, '') }
  })
}

/** Runs every check in one read-only snapshot. Any row is a bug; a silent report says that all identities hold. */
export async function audit(db: Database, onCheck?: (name: string) => void): Promise<AuditReport> {
  const checks: AuditReport['checks'] = []
  await db.snapshot(async (tx) => {
    for (const { name, query } of await auditChecks()) {
      onCheck?.(name)
      const found = await tx.rows<{ row: unknown }>(sql`select to_jsonb(broken) as row from (${sql.raw(query)}) broken limit 1000`)
      checks.push({ name, rows: found.length, examples: found.slice(0, 5).map(({ row }) => row) })
    }
  })
  return { ok: checks.every(({ rows }) => rows === 0), checks }
}
