import sqlTag, { Sql, empty, join, raw } from 'sql-template-tag'
import { assert } from '../kernel/assert.ts'

/** The one way to write a statement: `` sql`select … where id = ${id}` ``. Values become parameters, nested templates compose. */
export const sql = Object.assign(sqlTag, { empty, join, raw })
export type { Sql }

/** PostgreSQL types that `rowsOf` can send as arrays. */
type ColumnType = 'uuid' | 'text' | 'int' | 'bigint' | 'boolean' | 'timestamptz' | 'date' | 'json' | 'jsonb' | 'float8'

/**
 * The rows as a set that a statement can read: `` sql`insert into t select * from ${rowsOf(rows, { id: 'uuid' })}` ``.
 * One array parameter per column, whatever the number of rows, so the statement keeps one text and one plan.
 * The set is called `input` and has the columns in the order given, followed by `ordinal` (1, 2, …).
 */
export function rowsOf<Row extends object, Columns extends { [K in keyof Row]?: ColumnType }>(rows: readonly Row[], columns: Columns): Sql {
  const names = Object.keys(columns) as (keyof Row & string)[]
  assert(names.length > 0, 'a set of rows has a column')
  const arrays = names.map((name) => {
    const type = columns[name] as ColumnType
    return sql`${arrayLiteral(rows, name, type)}::${raw(type)}[]`
  })
  return sql`unnest(${join(arrays)}) with ordinality as input(${raw(names.join(', '))}, ordinal)`
}

/** PostgreSQL's text form of one column as an array. Written here because it is most of the driver's work on hot paths. */
function arrayLiteral<Row extends object>(rows: readonly Row[], name: keyof Row, type: ColumnType): string {
  const write = WRITERS[type] ?? String
  const texts: string[] = []
  for (const row of rows) {
    const value: unknown = row[name]
    texts.push(value === null || value === undefined ? 'NULL' : write(value))
  }
  return `{${texts.join(',')}}`
}

/** How values stand in the array where their own text will not do. JSON within quotes is escaped as JSON escapes a text. */
const writeJson = (value: unknown): string => JSON.stringify(JSON.stringify(value))
const WRITERS: Partial<Record<ColumnType, (value: unknown) => string>> = {
  text: (value) => quote(String(value)), json: writeJson, jsonb: writeJson,
  timestamptz: (value) => (value instanceof Date ? `"${value.toISOString()}"` : String(value)),
}

function quote(text: string): string {
  return `"${/["\\]/.test(text) ? text.replace(/["\\]/g, '\\$&') : text}"`
}

/** One column of values as an array parameter, for `= any(…)`. */
export function arrayOf(values: readonly unknown[], type: ColumnType): Sql {
  return sql`${arrayLiteral(values.map((value) => ({ value })), 'value', type)}::${raw(type)}[]`
}
