import { Type } from 'typebox'
import { ids } from '../../kernel/id-kinds.ts'
import type { IdKind } from '../../kernel/ids.ts'
import { invalid } from '../../kernel/problem.ts'
import { containsPattern } from '../../kernel/search.ts'
import type { Queryable } from '../../platform/db.ts'
import { listQuery, pageOf, readPage, type ListSpec } from '../../platform/http/listing.ts'
import { route, type Route } from '../../platform/http/route.ts'
import { closed, Nullable, OneOf } from '../../platform/http/schemas.ts'
import { scopeConditions } from '../../platform/scope.ts'
import { arrayOf, sql, type Sql } from '../../platform/sql.ts'
import { findLocationsByCode } from '../locations/index.ts'
import { LEVEL_COLUMNS } from './levels.db.ts'
import { FIGURES } from './schemas.ts'
import { STATES, viewLevel, type Level, type State } from './stock.ts'

const LEVELS: ListSpec = {
  // A level is known by two ids. Hashed into one they make any order total.
  id: ids.variant, id_sql: 'md5(l.variant_id::text || l.location_id::text)::uuid', default_sort: 'sku',
  fields: {
    sku: { sql: 'v.sku', type: 'text', sortable: true },
    location: { sql: 'p.code', type: 'text', sortable: true },
    ...Object.fromEntries(STATES.map((state) => [state, { sql: `l.${state}`, type: 'int', sortable: true } as const])),
    on_hand: { sql: '(l.available + l.reserved + l.allocated + l.damaged + l.quality_control + l.quarantine - l.deficit)', type: 'int', sortable: true },
    sellable: { sql: 'greatest(0, l.available - l.safety_stock)', type: 'int', sortable: true },
    safety_stock: { sql: 'l.safety_stock', type: 'int', sortable: true },
    bin: { sql: 'l.bin', type: 'text' },
    counted_at: { sql: 'l.counted_at', type: 'timestamptz' },
    updated_at: { sql: 'l.updated_at', type: 'timestamptz', sortable: true },
  },
  search: (q) => sql`(v.sku ilike ${containsPattern(q)} or v.name ilike ${containsPattern(q)} or l.bin ilike ${containsPattern(q)})`,
}

const LevelView = Type.Object({
  ...FIGURES, name: Type.String(), bin: Nullable(Type.String()), counted_at: Nullable(Type.String({ description: 'When somebody last looked' })), updated_at: Type.String(),
}, closed)

type LevelRow = Level & { cursor_id: string; cursor_value: string; sku: string; name: string; location: string; bin: string | null; updated_at: Date }

const listStockLevels = route({
  operation_id: 'listStockLevels', method: 'GET', url: '/v1/stock-levels', tag: 'inventory', permission: 'inventory:read', summary: 'List stock by SKU and location',
  description: 'For example what is owed after counts: `filter[deficit][gt]=0`. What is running out: `filter[sellable][lte]=5`.',
  query: listQuery(LEVELS),
  reply: { status: 200, schema: pageOf(LevelView) },
  handle: async ({ query, db, caller }) => {
    const page = await readPage<LevelRow>(db, LEVELS, query, (cursor) => sql`
      select ${cursor}, ${LEVEL_COLUMNS}, v.sku, v.name, p.code as location, l.bin, l.updated_at
      from stock_levels l join variants v on v.id = l.variant_id join locations p on p.id = l.location_id`, scopeConditions(caller, { location_id: sql`l.location_id` }))
    return {
      ...page,
      data: page.data.map((row) => ({
        ...viewLevel(row, { sku: row.sku, location: row.location }), name: row.name, bin: row.bin,
        counted_at: row.counted_at?.toISOString() ?? null, updated_at: row.updated_at.toISOString(),
      })),
    }
  },
})

/** What movements name as their cause, and how its id is shown. */
const CAUSES: Readonly<Record<string, IdKind>> = {
  order: ids.order, reservation: ids.reservation, return: ids.return, count: ids.count, inbound: ids.inbound,
  adjustment: ids.stock_change, move: ids.stock_change, receipt: ids.stock_change,
}

const MOVEMENTS: ListSpec = {
  // Movements have numbers. As a UUID the number keeps its order, so the newest come off the primary key.
  id: ids.stock_change, id_sql: `lpad(to_hex(m.id), 32, '0')::uuid`, default_sort: '-id',
  fields: {
    id: { sql: 'm.id', type: 'bigint', sortable: true },
    at: { sql: 'm.at', type: 'timestamptz' },
    sku: { sql: 'v.sku', type: 'text' },
    from_state: { sql: 'm.from_state', type: 'text', values: STATES },
    to_state: { sql: 'm.to_state', type: 'text', values: STATES },
    reason: { sql: 'm.reason', type: 'text' },
    cause_kind: { sql: 'm.cause_kind', type: 'text' },
  },
}

const MovementQuery = Type.Object({
  ...listQuery(MOVEMENTS).properties,
  'filter[location]': Type.Optional(Type.String({ maxLength: 2_000, description: 'One or several codes, comma-separated' })),
  'filter[cause]': Type.Optional(Type.String({ maxLength: 64, description: 'The id of what moved the units: an order, a reservation, a return, a count, an inbound supply, a change of stock' })),
}, closed)

const MovementState = Nullable(OneOf(STATES))
const MovementView = Type.Object({
  id: Type.String(), at: Type.String(), sku: Type.String(), location: Type.String(),
  from_state: MovementState, to_state: MovementState, quantity: Type.Integer(), reason: Type.String(),
  cause: Type.Object({ kind: Type.String(), id: Type.String() }, closed), caller: Type.String(), note: Nullable(Type.String()),
}, closed)

type MovementRow = {
  cursor_id: string; cursor_value: string; id: bigint; at: Date; sku: string; location: string; from_state: State | null; to_state: State | null
  quantity: number; reason: string; cause_kind: string; cause_id: string; caller: string; note: string | null
}

const listStockMovements = route({
  operation_id: 'listStockMovements', method: 'GET', url: '/v1/stock-movements', tag: 'inventory', permission: 'inventory:read', summary: 'List movements of stock, newest first',
  description: 'Every balance is the sum of its movements. `null` is outside the location; `deficit` is an overdraft: units taken out of it are owed, units put into it pay it back.',
  query: MovementQuery,
  reply: { status: 200, schema: pageOf(MovementView) },
  handle: async ({ query: { 'filter[cause]': cause, 'filter[location]': locations, ...query }, db, caller }) => {
    const where = [
      ...scopeConditions(caller, { location_id: sql`m.location_id` }),
      ...(cause === undefined ? [] : [sql`m.cause_id = ${parseCause(cause)}::uuid`]),
      ...(locations === undefined ? [] : [await atLocations(db, locations.split(',').map((code) => code.trim()))]),
    ]
    const page = await readPage<MovementRow>(db, MOVEMENTS, query, (cursor) => sql`
      select ${cursor}, m.id, m.at, v.sku, p.code as location, m.from_state, m.to_state, m.quantity, m.reason, m.cause_kind, m.cause_id, m.note,
        coalesce((select u.name from users u where u.id = m.caller_id), (select k.name from api_keys k where k.id = m.caller_id), 'system') as caller
      from stock_movements m join variants v on v.id = m.variant_id join locations p on p.id = m.location_id`, where)
    return {
      ...page,
      data: page.data.map(({ cursor_id: _id, cursor_value: _value, cause_kind, cause_id, ...row }) => ({
        ...row, id: row.id.toString(), at: row.at.toISOString(), cause: { kind: cause_kind, id: CAUSES[cause_kind]?.show(cause_id) ?? cause_id },
      })),
    }
  },
})

/** By id and not by code: then the movements of one location come off its index, newest first, however few they are. */
async function atLocations(db: Queryable, codes: readonly string[]): Promise<Sql> {
  const found = [...(await findLocationsByCode(db, codes)).values()].map(({ id }) => id)
  return found.length === 1 ? sql`m.location_id = ${found[0]}` : sql`m.location_id = any(${arrayOf(found, 'uuid')})`
}

function parseCause(text: string): string {
  for (const kind of Object.values(CAUSES)) {
    const id = kind.parse(text)
    if (id !== undefined) return id
  }
  throw invalid([{ pointer: '/query/filter[cause]', code: 'invalid_filter', detail: `"${text}" is not the id of something that moves stock, such as ${ids.order.prefix}_… or ${ids.stock_change.prefix}_….` }])
}

export const stockListRoutes: Route[] = [listStockLevels, listStockMovements]
