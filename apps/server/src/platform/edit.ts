import { isDeepStrictEqual } from 'node:util'
import { assert } from '../kernel/assert.ts'
import { refuse } from '../kernel/problem.ts'
import type { AuditNote } from './command.ts'
import type { Tx } from './db.ts'
import { sql, type Sql } from './sql.ts'

/**
 * Optimistic editing by field. A row carries `version` and, for each field that was ever edited, the version that last
 * changed it. An edit based on version v is refused only where one of *its* fields changed after v: two people may
 * change different fields of one thing at the same time.
 */
export type Editable = { id: string; version: number; field_versions: Record<string, number> }

/** The columns of a table that people may edit, with their PostgreSQL types. */
export type EditableColumns = Readonly<Record<string, string>>

/** The fields that a patch really changes, with their values before and after. */
export function changedFields(current: object, patch: object): Record<string, { before: unknown; after: unknown }> {
  const before = current as Record<string, unknown>
  return Object.fromEntries(Object.entries(patch)
    .filter(([field, after]) => after !== undefined && !isDeepStrictEqual(stored(before[field]), stored(after)))
    .map(([field, after]) => [field, { before: jsonable(before[field]), after: jsonable(after) }]))
}

/** The value as a document keeps it: the order of its keys means nothing. */
function stored(value: unknown): unknown {
  return JSON.parse(JSON.stringify(jsonable(value)))
}

function jsonable(value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value ?? null
}

/** The fields of the edit that somebody else changed since the version the editor saw. Refuses a version that has not been yet. */
export function conflictingFields(current: Editable, fields: readonly string[], seenVersion: number | undefined): string[] {
  if (seenVersion === undefined) return []
  if (seenVersion > current.version) throw refuse('stale_version', `There is no version ${seenVersion} yet. Look at the current values and decide again.`, { current_version: current.version })
  return fields.filter((field) => (current.field_versions[field] ?? 0) > seenVersion)
}

/**
 * Applies a patch to a locked row and answers what changed (for the audit and the event), or undefined where nothing did.
 * Refuses with `stale_version` where the editor had not seen the current value of a field it changes.
 */
export async function applyPatch(
  tx: Tx, table: string, columns: EditableColumns, current: Editable, patch: object, seenVersion: number | undefined,
): Promise<AuditNote | undefined> {
  const changes = changedFields(current, patch)
  const fields = Object.keys(changes)
  const conflicts = conflictingFields(current, fields, seenVersion)
  if (fields.length === 0) return undefined
  if (conflicts.length > 0) {
    throw refuse('stale_version', `Somebody else changed ${conflicts.join(', ')} meanwhile. Look at the current values and decide again.`, {
      current_version: current.version,
      conflicts: Object.fromEntries(conflicts.map((field) => [field, changes[field]!.before])),
    })
  }
  const version = current.version + 1
  const fieldVersions = { ...current.field_versions, ...Object.fromEntries(fields.map((field) => [field, version])) }
  const assignments = fields.map((field) => assignment(field, columns[field], (patch as Record<string, unknown>)[field]))
  const changed = await tx.run(sql`
    update ${sql.raw(table)} set ${sql.join(assignments)}, version = ${version}, field_versions = ${JSON.stringify(fieldVersions)}
    where id = ${current.id} and version = ${current.version}`)
  assert(changed === 1, 'the row is locked, so its version cannot have moved')
  return { subject_id: current.id, changes }
}

function assignment(field: string, type: string | undefined, value: unknown): Sql {
  assert(type !== undefined, `${field} is editable`)
  const parameter = type === 'jsonb' && value !== null ? JSON.stringify(value) : value
  return sql`${sql.raw(field)} = ${parameter}::${sql.raw(type)}`
}

/** The same refusal for what hangs on a locked row and is replaced as a whole, for example the components of a bundle. */
export function requireSeen(current: Editable, field: string, seenVersion: number | undefined): void {
  if (conflictingFields(current, [field], seenVersion).length === 0) return
  throw refuse('stale_version', `Somebody else changed ${field} meanwhile. Look at the current values and decide again.`, { current_version: current.version })
}
