import { Type, type Static } from 'typebox'
import { ids } from '../../kernel/id-kinds.ts'
import { Address, closed, Code, Nullable, OneOf } from '../../platform/http/schemas.ts'
import type { Closure } from './locations.db.ts'
import type { GroupRow } from './location-groups.db.ts'
import { CAPABILITIES, KINDS, spellAddress, WEEKDAYS, type LocationRow, type OpeningHours } from './location.ts'

const TIME = '([01][0-9]|2[0-3]):[0-5][0-9]'
const DAY = { type: 'array', items: { type: 'string', pattern: `^(${TIME}|24:00)$` }, minItems: 2, maxItems: 2 }

/** What people set, for bodies and views. */
export const LocationFieldSchemas = {
  name: Type.String({ minLength: 1, maxLength: 200 }),
  kind: OneOf(KINDS),
  address: Address,
  time_zone: Type.String({ pattern: '^[A-Z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$', maxLength: 64, description: 'IANA name', examples: ['Europe/London'] }),
  active: Type.Boolean({ description: 'Whether orders may be given to it' }),
  capabilities: Type.Array(OneOf(CAPABILITIES), { uniqueItems: true, maxItems: CAPABILITIES.length }),
  priority: Type.Integer({ minimum: 0, maximum: 1_000_000, description: 'Lower comes first' }),
  handling_cost: Type.Integer({ minimum: 0, maximum: 1_000_000_000, description: 'Of one parcel, in minor units of the retailer\'s own currency; compared between locations, never charged' }),
  daily_capacity: Nullable(Type.Integer({ minimum: 0, maximum: 10_000_000, description: 'Orders per local day; null is without limit' })),
  cut_off: Type.String({ pattern: `^${TIME}$`, description: 'Local HH:MM until which an order counts for the same working day' }),
  method_cut_offs: Type.Unsafe<Record<string, string>>({
    type: 'object', propertyNames: Code, additionalProperties: { type: 'string', pattern: `^${TIME}$` }, maxProperties: 50,
    description: 'Cut-offs that differ by shipping method or for `pickup`, local HH:MM', examples: [{ 'next-day': '12:00' }],
  }),
  processing_days: Type.Integer({ minimum: 0, maximum: 60, description: 'Working days between receiving an order and its departure' }),
  processing_minutes: Type.Integer({ minimum: 0, maximum: 10_080, description: 'Minutes of opening time until an order is ready, after the working days' }),
  opening_hours: Type.Unsafe<OpeningHours>({
    type: 'object', properties: Object.fromEntries(WEEKDAYS.map((day) => [day, DAY])), additionalProperties: false,
    description: 'By ISO weekday (1 is Monday): when it opens and closes, local HH:MM, 24:00 for midnight; a weekday left out is a day off', examples: [{ 1: ['09:00', '17:30'] }],
  }),
  custom_fields: Type.Record(Type.String({ pattern: '^[a-z][a-z0-9_]{0,62}$' }), Type.Union([Type.String({ maxLength: 2_000 }), Type.Number(), Type.Boolean(), Type.Null()]), { maxProperties: 100, additionalProperties: false, description: 'Your own words about the place; routing rules may ask for them', examples: [{ refrigerated: true }] }),
}

export const ClosureSchema = Type.Object({ closed_on: Type.String({ format: 'date' }), reason: Type.String({ maxLength: 200 }) }, closed)

export const LocationView = Type.Object({
  id: Type.String(), code: Code, ...LocationFieldSchemas,
  groups: Type.Array(Code), created_at: Type.String(), version: Type.Integer(),
}, { ...closed, title: 'Location' })

export const LocationDetail = Type.Object({ ...LocationView.properties, closures: Type.Array(ClosureSchema) }, closed)
export const GroupView = Type.Object({ id: Type.String(), code: Code, name: Type.String(), locations: Type.Array(Code), version: Type.Integer() }, closed)

export function viewLocation(row: LocationRow): Static<typeof LocationView> {
  return {
    id: ids.location.show(row.id), code: row.code, name: row.name, kind: row.kind, address: spellAddress(row.address), time_zone: row.time_zone, active: row.active,
    capabilities: [...row.capabilities], priority: row.priority, handling_cost: Number(row.handling_cost), daily_capacity: row.daily_capacity,
    cut_off: row.cut_off, method_cut_offs: row.method_cut_offs, processing_days: row.processing_days, processing_minutes: row.processing_minutes, opening_hours: row.opening_hours, custom_fields: row.custom_fields,
    groups: [...row.groups], created_at: row.created_at.toISOString(), version: row.version,
  }
}

export function viewDetail(row: LocationRow, closures: readonly Closure[]): Static<typeof LocationDetail> {
  return { ...viewLocation(row), closures: closures.map(({ closed_on, reason }) => ({ closed_on, reason })) }
}

export function viewGroup({ id, code, name, locations, version }: GroupRow): Static<typeof GroupView> {
  return { id: ids.group.show(id), code, name, locations, version }
}
