import { Type, type TObject, type TSchema } from 'typebox'
import type { IdKind } from '../../kernel/ids.ts'
import { assert } from '../../kernel/assert.ts'
import { invalid } from '../../kernel/problem.ts'
import { isPlainDate } from '../../kernel/time.ts'
import type { Queryable } from '../db.ts'
import { arrayOf, sql, type Sql } from '../sql.ts'
import { closed } from './schemas.ts'

/**
 * One grammar for every list: `limit`, `after`, `before`, `q`, `sort=-placed_at`, `filter[status]=held,open`,
 * `filter[placed_at][gte]=2026-01-01T00:00:00Z`, `count=true`. Pages are found by key, never by offset, so page
 * one thousand costs what page one costs.
 */
export type ListField = {
  /** The SQL expression; never null where the field is sortable. */
  sql: string
  type: 'text' | 'int' | 'bigint' | 'boolean' | 'timestamptz' | 'date'
  /** The values of a closed set. */
  values?: readonly string[]
  /** The field holds ids of this kind. */
  id?: IdKind
  sortable?: boolean
  filterable?: boolean
}

export type ListSpec = {
  fields: Readonly<Record<string, ListField>>
  /** For example `-placed_at`. */
  default_sort: string
  /** The column that makes the order total. */
  id_sql: string
  id: IdKind
  /** The condition for `q`, if the list can be searched. Lists of millions look only as far as the page needs. */
  search?: (q: string, page?: SearchedPage) => Sql
}

/** The page that a search is for: the conditions beside it, and where the page begins, in which order, with how many rows. */
export type SearchedPage = { where: Sql; begin: Sql; order: Sql; limit: number }

export type ListQuery = { limit?: number; after?: string; before?: string; q?: string; sort?: string; count?: boolean; [filter: string]: unknown }
export type Page<Row> = { data: Row[]; page: { next: string | null; prev: string | null; has_more: boolean }; count?: number }

export const DEFAULT_LIMIT = 50
const MAX_LIMIT = 200
const COMPARISONS = { gte: '>=', gt: '>', lte: '<=', lt: '<' } as const

export function listQuery(spec: ListSpec): TObject {
  const sortable = Object.entries(spec.fields).filter(([, field]) => field.sortable === true).map(([name]) => name)
  const properties: Record<string, TSchema> = {
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT })),
    after: Type.Optional(Type.String({ description: 'The `next` of a page before', maxLength: 600 })),
    before: Type.Optional(Type.String({ description: 'The `prev` of a page after', maxLength: 600 })),
    sort: Type.Optional(Type.Unsafe<string>({ type: 'string', enum: sortable.flatMap((name) => [name, `-${name}`]), default: spec.default_sort })),
    count: Type.Optional(Type.Boolean({ description: 'Whether to count all matches' })),
  }
  if (spec.search !== undefined) properties['q'] = Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'Search text' }))
  for (const [name, field] of Object.entries(spec.fields)) {
    if (field.filterable === false) continue
    properties[`filter[${name}]`] = Type.Optional(Type.String({ maxLength: 2_000, description: `One or several values, comma-separated${field.values === undefined ? '' : `: ${field.values.join(', ')}`}` }))
    if (field.type === 'text' || field.type === 'boolean' || field.id !== undefined) continue
    for (const comparison of Object.keys(COMPARISONS)) properties[`filter[${name}][${comparison}]`] = Type.Optional(Type.String({ maxLength: 40 }))
  }
  return Type.Object(properties, closed)
}

export function pageOf<T extends TSchema>(item: T) {
  return Type.Object({
    data: Type.Array(item),
    page: Type.Object({
      next: Type.Union([Type.String(), Type.Null()]),
      prev: Type.Union([Type.String(), Type.Null()]),
      has_more: Type.Boolean(),
    }, closed),
    count: Type.Optional(Type.Integer()),
  }, closed)
}

type Cursor = { sort: string; value: string; id: string }

/**
 * Reads one page. `select` is `select … from … ` without `where`; `where` holds conditions that always apply (scope).
 * Every row must carry `cursor_id` (the uuid) and `cursor_value` (the sort value as text): use `cursorColumns`.
 */
export async function readPage<Row extends { cursor_id: string; cursor_value: string }>(
  db: Queryable, spec: ListSpec, query: ListQuery, select: (cursorColumns: Sql) => Sql, where: readonly Sql[] = [],
): Promise<Page<Row>> {
  const sort = query.sort ?? spec.default_sort
  const descending = sort.startsWith('-')
  const field = spec.fields[descending ? sort.slice(1) : sort]
  assert(field?.sortable === true, `${sort} is sortable`)
  const limit = query.limit ?? DEFAULT_LIMIT
  const backward = query.before !== undefined
  const filters = [...where, ...filterConditions(spec, query)]
  if (query.after !== undefined && query.before !== undefined) throw invalid((['after', 'before'] as const).map((parameter) => ({ pointer: `/query/${parameter}`, code: 'not_together', detail: '`after` and `before` exclude each other: send the one for the way you want to go.' })))
  const cursorText = query.after ?? query.before
  const begins: Sql[] = []
  if (cursorText !== undefined) {
    const cursor = decodeCursor(cursorText, sort, query.after === undefined ? 'before' : 'after')
    // Going back reads the other way from the cursor, and the rows are turned around afterwards.
    const operator = sql.raw(descending === backward ? '>' : '<')
    begins.push(sql`(${sql.raw(field.sql)}, ${sql.raw(spec.id_sql)}) ${operator} (${cursor.value}::${sql.raw(field.type)}, ${cursor.id}::uuid)`)
  }
  const direction = sql.raw(descending === backward ? 'asc' : 'desc')
  const order = sql`order by ${sql.raw(field.sql)} ${direction}, ${sql.raw(spec.id_sql)} ${direction}`
  const searched = (page?: SearchedPage): Sql[] => (query.q === undefined || spec.search === undefined ? [] : [spec.search(query.q, page)])
  const cursorColumns = sql`${sql.raw(spec.id_sql)} as cursor_id, ${sql.raw(cursorValueSql(field))} as cursor_value`
  const page_search = searched({ where: allOf(filters), begin: allOf(begins), order, limit: limit + 1 })
  const rows = await db.rows<Row>(sql`${select(cursorColumns)} where ${allOf([...filters, ...begins, ...page_search])} ${order} limit ${limit + 1}`)
  const more = rows.length > limit
  const data = rows.slice(0, limit)
  if (backward) data.reverse()
  const cursorOf = (row: Row | undefined): string | null => (row === undefined ? null : encodeCursor({ sort, value: row.cursor_value, id: row.cursor_id }))
  const page = {
    next: (backward ? data.length > 0 : more) ? cursorOf(data.at(-1)) : null,
    prev: (backward ? more : query.after !== undefined && data.length > 0) ? cursorOf(data[0]) : null,
    has_more: backward ? data.length > 0 : more,
  }
  if (query.count !== true) return { data, page }
  const counted = await db.one<{ count: bigint }>(sql`select count(*) as count from (${select(cursorColumns)} where ${allOf([...filters, ...searched()])}) counted`)
  return { data, page, count: Number(counted.count) }
}

function cursorValueSql(field: ListField): string {
  return field.type === 'timestamptz' ? `to_char(${field.sql} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')` : `(${field.sql})::text`
}

function allOf(conditions: readonly Sql[]): Sql {
  return conditions.length === 0 ? sql`true` : sql.join(conditions, ' and ')
}

function encodeCursor(cursor: Cursor): string {
  return Buffer.from(JSON.stringify([cursor.sort, cursor.value, cursor.id])).toString('base64url')
}

function decodeCursor(text: string, sort: string, parameter: string): Cursor {
  const wrong = invalid([{ pointer: `/query/${parameter}`, code: 'invalid_cursor', detail: `\`${parameter}\` is not a cursor of this list with this sorting. Start again without it.` }])
  try {
    const parsed: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
    if (!Array.isArray(parsed)) throw wrong
    const [cursorSort, value, id] = parsed as unknown[]
    if (cursorSort !== sort || typeof value !== 'string' || value.includes('\0') || typeof id !== 'string' || !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) throw wrong
    return { sort, value, id }
  } catch {
    throw wrong
  }
}

function filterConditions(spec: ListSpec, query: ListQuery): Sql[] {
  const conditions: Sql[] = []
  for (const [key, text] of Object.entries(query)) {
    const match = /^filter\[(\w+)\](?:\[(\w+)\])?$/.exec(key)
    if (match === null || typeof text !== 'string') continue
    const field = spec.fields[match[1]!]
    assert(field !== undefined, `the schema lets only known filters through, and ${key} is one`)
    const column = sql.raw(field.sql)
    if (match[2] !== undefined) {
      const operator = sql.raw(COMPARISONS[match[2] as keyof typeof COMPARISONS])
      conditions.push(sql`${column} ${operator} ${filterValue(field, key, text)}::${sql.raw(field.type)}`)
    } else {
      const values = text.split(',').map((value) => filterValue(field, key, value.trim()))
      const type = field.id === undefined ? field.type : 'uuid'
      // One value, as nearly always, leaves the order of an index that begins with it.
      conditions.push(values.length === 1 ? sql`${column} = ${values[0]}::${sql.raw(type)}` : sql`${column} = any(${arrayOf(values, type)})`)
    }
  }
  return conditions
}

function filterValue(field: ListField, key: string, text: string): string {
  const wrong = (detail: string) => invalid([{ pointer: `/query/${key}`, code: 'invalid_filter', detail: `\`${key}\`: ${detail}` }])
  if (field.id !== undefined) {
    const uuid = field.id.parse(text)
    if (uuid === undefined) throw wrong(`"${text}" is not an id that begins with ${field.id.prefix}_.`)
    return uuid
  }
  if (field.values !== undefined && !field.values.includes(text)) throw wrong(`"${text}" is none of ${field.values.join(', ')}.`)
  if (field.type === 'int' && !/^-?\d{1,9}$/.test(text)) throw wrong(`"${text}" is not a whole number.`)
  if (field.type === 'bigint' && !/^-?\d{1,18}$/.test(text)) throw wrong(`"${text}" is not a whole number.`)
  if (field.type === 'boolean' && text !== 'true' && text !== 'false') throw wrong(`"${text}" is neither true nor false.`)
  if ((field.type === 'timestamptz' || field.type === 'date') && !isDateText(text)) throw wrong(`"${text}" is not a date.`)
  return text
}

function isDateText(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2}))?$/.test(text) && isPlainDate(text.slice(0, 10)) && !Number.isNaN(Date.parse(text))
}
