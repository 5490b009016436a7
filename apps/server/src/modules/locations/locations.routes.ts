import { Type } from 'typebox'
import { ids } from '../../kernel/id-kinds.ts'
import { invalid } from '../../kernel/problem.ts'
import { listQuery, pageOf, readPage, type ListQuery, type ListSpec } from '../../platform/http/listing.ts'
import { route, type Route } from '../../platform/http/route.ts'
import { closed, Code, Nullable, PlainDate } from '../../platform/http/schemas.ts'
import { scopeConditions } from '../../platform/scope.ts'
import { arrayOf, sql, type Sql } from '../../platform/sql.ts'
import { describeDays } from './calendar.ts'
import { createLocation } from './commands/create-location.ts'
import { replaceClosures } from './commands/replace-closures.ts'
import { updateLocation } from './commands/update-location.ts'
import { CAPABILITIES, KINDS, type LocationRow } from './location.ts'
import { LocationDetail, LocationFieldSchemas as Field, LocationView, viewDetail, viewLocation } from './location-view.ts'
import { closuresOf, findLocation, LOCATION_COLUMNS } from './locations.db.ts'
import { requireLocation } from './scope.ts'

const ByCode = Type.Object({ code: Code }, closed)
/** All the fields a location may have from the start, beside those it must have. */
const OPTIONAL = {
  active: Type.Optional(Field.active), capabilities: Type.Optional(Field.capabilities), priority: Type.Optional(Field.priority), handling_cost: Type.Optional(Field.handling_cost),
  daily_capacity: Type.Optional(Field.daily_capacity), cut_off: Type.Optional(Field.cut_off), method_cut_offs: Type.Optional(Field.method_cut_offs), processing_days: Type.Optional(Field.processing_days), processing_minutes: Type.Optional(Field.processing_minutes), opening_hours: Type.Optional(Field.opening_hours), custom_fields: Type.Optional(Field.custom_fields),
}

const LOCATIONS: ListSpec = {
  id: ids.location, id_sql: 'l.id', default_sort: 'code',
  fields: {
    code: { sql: 'l.code', type: 'text', sortable: true },
    name: { sql: 'l.name', type: 'text', sortable: true, filterable: false },
    priority: { sql: 'l.priority', type: 'int', sortable: true, filterable: false },
    kind: { sql: 'l.kind', type: 'text', values: KINDS },
    active: { sql: 'l.active', type: 'boolean' },
    country: { sql: 'l.country', type: 'text' },
  },
  search: (q) => {
    const pattern = `%${q.replaceAll(/[\\%_]/g, '\\$&')}%`
    return sql`(l.code ilike ${pattern} or l.name ilike ${pattern} or l.address ->> 'city' ilike ${pattern})`
  },
}

/** Filters on what a location has several of; the list grammar compares single values. */
const MANY = {
  capability: (values: readonly string[]): Sql => sql`l.capabilities && ${arrayOf(values, 'text')}`,
  group: (values: readonly string[]): Sql => sql`exists (
    select 1 from location_group_members m join location_groups g on g.id = m.group_id where m.location_id = l.id and g.code = any(${arrayOf(values, 'text')}))`,
}
const oneCapability = `(${CAPABILITIES.join('|')})`
const LocationQuery = Type.Object({
  ...listQuery(LOCATIONS).properties,
  'filter[capability]': Type.Optional(Type.String({ pattern: `^${oneCapability}(,${oneCapability})*$`, maxLength: 200, description: `Has any of these, comma-separated: ${CAPABILITIES.join(', ')}` })),
  'filter[group]': Type.Optional(Type.String({ maxLength: 2_000, description: 'Is in any of these groups, comma-separated codes' })),
}, closed)

const listLocations = route({
  operation_id: 'listLocations', method: 'GET', url: '/v1/locations', tag: 'locations', permission: 'locations:read', summary: 'List locations',
  query: LocationQuery,
  reply: { status: 200, schema: pageOf(LocationView) },
  handle: async ({ query, caller, db }) => {
    const { 'filter[capability]': capability, 'filter[group]': group, ...rest } = query as ListQuery & { 'filter[capability]'?: string; 'filter[group]'?: string }
    const where = [
      ...scopeConditions(caller, { location_id: sql`l.id` }),
      ...(capability === undefined ? [] : [MANY.capability(capability.split(','))]),
      ...(group === undefined ? [] : [MANY.group(group.split(',').map((code) => code.trim()))]),
    ]
    const page = await readPage<LocationRow & { cursor_id: string; cursor_value: string }>(db, LOCATIONS, rest, (cursor) => sql`select ${cursor}, ${LOCATION_COLUMNS} from locations l`, where)
    return { ...page, data: page.data.map(viewLocation) }
  },
})

const postLocation = route({
  operation_id: 'createLocation', method: 'POST', url: '/v1/locations', tag: 'locations', permission: createLocation.permission, summary: 'Add a location',
  description: 'The country and the coordinates of the address are those of the location.',
  body: Type.Object({ code: Code, name: Field.name, kind: Field.kind, address: Field.address, time_zone: Field.time_zone, ...OPTIONAL }, closed),
  reply: { status: 201, schema: LocationDetail }, problems: ['already_exists'],
  handle: async ({ body, run, etag }) => {
    const location = await run(createLocation, body)
    etag(location.version)
    return location
  },
})

const getLocation = route({
  operation_id: 'getLocation', method: 'GET', url: '/v1/locations/:code', tag: 'locations', permission: 'locations:read', summary: 'Look at a location',
  params: ByCode,
  reply: { status: 200, schema: LocationDetail }, problems: ['not_found'],
  handle: async ({ params, caller, db, etag }) => {
    const row = requireLocation(caller, params.code, await findLocation(db, params.code))
    etag(row.version)
    return viewDetail(row, await closuresOf(db, row.id))
  },
})

const patchLocation = route({
  operation_id: 'updateLocation', method: 'PATCH', url: '/v1/locations/:code', tag: 'locations', permission: updateLocation.permission, summary: 'Change a location',
  description: '`address`, `capabilities`, `method_cut_offs`, `opening_hours` and `custom_fields` are replaced as a whole.',
  params: ByCode,
  body: Type.Object({
    name: Type.Optional(Field.name), kind: Type.Optional(Field.kind), address: Type.Optional(Field.address), time_zone: Type.Optional(Field.time_zone), ...OPTIONAL,
  }, closed),
  reply: { status: 200, schema: LocationDetail }, problems: ['not_found', 'stale_version'],
  handle: async ({ params, body, seen_version, run, etag }) => {
    const location = await run(updateLocation, { code: params.code, seen_version, patch: body })
    etag(location.version)
    return location
  },
})

const putClosures = route({
  operation_id: 'replaceClosures', method: 'PUT', url: '/v1/locations/:code/closures', tag: 'locations', permission: replaceClosures.permission, summary: 'Set the days on which a location is closed',
  description: 'The list replaces the one before. `If-Match` protects against overwriting what you have not seen.',
  params: ByCode,
  body: Type.Object({
    closures: Type.Array(Type.Object({ closed_on: PlainDate, reason: Type.Optional(Type.String({ maxLength: 200 })) }, closed), { maxItems: 1_000 }),
  }, closed),
  reply: { status: 200, schema: LocationDetail }, problems: ['not_found', 'stale_version'],
  handle: async ({ params, body, seen_version, run, etag }) => {
    const closures = body.closures.map(({ closed_on, reason }) => ({ closed_on, reason: reason ?? '' }))
    const location = await run(replaceClosures, { code: params.code, seen_version, closures })
    etag(location.version)
    return location
  },
})

const CalendarView = Type.Object({
  location: Code, time_zone: Type.String(),
  days: Type.Array(Type.Object({
    date: Type.String(), works: Type.Boolean(), opens: Nullable(Type.String()), closes: Nullable(Type.String()),
    cut_off_at: Nullable(Type.String({ description: 'Orders received up to this instant count for the day' })),
    closure_reason: Nullable(Type.String({ description: 'Not null on days of closure; empty where nobody gave a reason' })),
  }, closed)),
}, closed)

const getCalendar = route({
  operation_id: 'getLocationCalendar', method: 'GET', url: '/v1/locations/:code/calendar', tag: 'locations', permission: 'locations:read', summary: 'See on which days a location works',
  params: ByCode,
  query: Type.Object({ from: Type.String({ format: 'date', description: 'First local date' }), days: Type.Optional(Type.Integer({ minimum: 1, maximum: 366, default: 28 })) }, closed),
  reply: { status: 200, schema: CalendarView }, problems: ['not_found'],
  handle: async ({ params, query, caller, db }) => {
    // Calendars of other centuries serve nobody, and years of five digits have another form.
    if (query.from < '1970-01-01' || query.from > '2199-12-31') throw invalid([{ pointer: '/query/from', code: 'out_of_range', detail: '`from` is a date from 1970-01-01 to 2199-12-31.' }])
    const row = requireLocation(caller, params.code, await findLocation(db, params.code))
    const reasons = new Map((await closuresOf(db, row.id)).map(({ closed_on, reason }) => [closed_on, reason]))
    const days = describeDays({ ...row, closures: new Set(reasons.keys()) }, query.from, query.days ?? 28)
    return {
      location: row.code, time_zone: row.time_zone,
      days: days.map((day) => ({ ...day, cut_off_at: day.cut_off_at?.toISOString() ?? null, closure_reason: reasons.get(day.date) ?? null })),
    }
  },
})

export const locationRoutes: Route[] = [listLocations, postLocation, getLocation, patchLocation, putClosures, getCalendar]
