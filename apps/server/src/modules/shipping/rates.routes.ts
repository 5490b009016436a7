import { Type, type Static } from 'typebox'
import { present } from '../../kernel/assert.ts'
import { showMoney } from '../../kernel/money.ts'
import { invalid, refuse } from '../../kernel/problem.ts'
import { inScope } from '../../platform/caller.ts'
import type { Database } from '../../platform/db.ts'
import { route, type Route } from '../../platform/http/route.ts'
import { Address, closed, Code, Country, Currency, Money, OneOf, PlainDate } from '../../platform/http/schemas.ts'
import { findLocationsByCode } from '../locations/index.ts'
import { IN_HOUSE } from './carrier.ts'
import { saveRateTable } from './commands/save-rate-table.ts'
import { priceShipment, routeBetween, type Parcel, type ShipmentPrice } from './price-shipment.ts'
import { findRateTable } from './rate-tables.db.ts'
import type { RateTable } from './rates.ts'

const ZoneCode = Type.String({ minLength: 1, maxLength: 8 })
const ServiceCode = Type.String({ pattern: '^[a-z][a-z0-9_]{0,39}$', examples: ['next_day'] })
const Name = Type.String({ minLength: 1, maxLength: 80 })
const Grams = Type.Integer({ minimum: 1, maximum: 100_000_000 })
const Amounts = Type.Record(Type.String({ maxLength: 8 }), Type.Integer({ minimum: 0, maximum: 1_000_000_000 }), { maxProperties: 100, description: 'Minor units by zone' })
const Steps = Type.Array(Type.Object({ max_grams: Grams, amounts: Amounts }, closed), { minItems: 1, maxItems: 100 })
const Days = Type.Integer({ minimum: 0, maximum: 365 })

const Definition = Type.Unsafe<RateTable>(Type.Object({
  currency: Currency, origin_country: Country,
  zones: Type.Array(Type.Object({ code: ZoneCode, name: Name }, closed), { minItems: 1, maxItems: 100 }),
  distance_bands: Type.Array(Type.Object({ max_km: Type.Number({ minimum: 0, maximum: 50_000 }), zone: ZoneCode }, closed), { maxItems: 100 }),
  country_groups: Type.Array(Type.Object({ zone: ZoneCode, countries: Type.Array(Type.String({ pattern: '^([A-Z]{2}|\\*)$' }), { minItems: 1, maxItems: 260 }) }, closed), { maxItems: 100 }),
  weight_steps: Steps,
  dimensional_divisor: Type.Union([Type.Integer({ minimum: 1, maximum: 1_000_000 }), Type.Null()]),
  max_weight_grams: Grams,
  calendar: Type.Optional(Type.Object({
    working_days: Type.Array(Type.Integer({ minimum: 1, maximum: 7 }), { minItems: 1, maxItems: 7, uniqueItems: true, description: 'ISO weekdays on which parcels move, 1 is Monday' }),
    holidays: Type.Array(Type.Object({ date: PlainDate, countries: Type.Array(Country, { maxItems: 260, uniqueItems: true, description: 'Where a parcel begins or ends its way; none is everywhere' }) }, closed), { maxItems: 1_000 }),
  }, { ...closed, description: 'In whose working days parcels travel; Monday to Friday where it is left out' })),
  services: Type.Array(Type.Object({
    code: ServiceCode, name: Name, factor_percent: Type.Integer({ minimum: 1, maximum: 10_000 }),
    transit_days: Type.Record(Type.String({ maxLength: 8 }), Type.Object({ min: Days, max: Days }, closed), { maxProperties: 100 }),
    weight_steps: Type.Union([Steps, Type.Null()]),
  }, closed), { minItems: 1, maxItems: 50 }),
}, closed))

const Carrier = Type.Object({ carrier: Code }, closed)
const TableView = Type.Object({ carrier: Type.String(), table_version: Type.Integer(), created_at: Type.String(), definition: Definition }, closed)

const getTable = route({
  operation_id: 'getRateTable', method: 'GET', url: '/v1/rate-tables/:carrier', tag: 'shipping', permission: 'shipping:read', summary: 'What a carrier with a table of its own charges',
  params: Carrier, reply: { status: 200, schema: TableView }, problems: ['not_found'],
  handle: async ({ params, db, etag }) => {
    const table = await findRateTable(db, params.carrier)
    if (table === undefined) throw refuse('not_found', `There is no carrier ${params.carrier} with a rate table.`)
    etag(table.table_version)
    return { carrier: table.carrier, table_version: table.table_version, created_at: table.created_at.toISOString(), definition: table.definition }
  },
})

const putTable = route({
  operation_id: 'replaceRateTable', method: 'PUT', url: '/v1/rate-tables/:carrier', tag: 'shipping', permission: saveRateTable.permission, summary: 'Put a new version of a rate table in force',
  params: Carrier, body: Definition, reply: { status: 200, schema: TableView }, problems: ['not_found', 'stale_version'],
  handle: async ({ params, body, seen_version, run, etag }) => {
    const saved = await run(saveRateTable, { carrier: params.carrier, definition: body, seen_version })
    etag(saved.table_version)
    return { carrier: params.carrier, ...saved, definition: body }
  },
})

const Millimeters = Type.Integer({ minimum: 1, maximum: 100_000 })
const ParcelBody = Type.Object({
  weight_grams: Type.Integer({ minimum: 0, maximum: 100_000_000 }), length_mm: Type.Optional(Millimeters), width_mm: Type.Optional(Millimeters), height_mm: Type.Optional(Millimeters),
}, closed)

const QuoteBody = Type.Object({
  location: Code, ship_to: Type.Object({ country: Country, latitude: Address.properties.latitude, longitude: Address.properties.longitude, postal_code: Address.properties.postal_code }, closed),
  packages: Type.Array(ParcelBody, { minItems: 1, maxItems: 100 }),
  service: Type.Optional(ServiceCode),
}, closed)

const QuoteView = Type.Object({
  data: Type.Array(Type.Object({
    carrier: OneOf([IN_HOUSE]), service: Type.String(), service_name: Type.String(), zone: Type.String(), cost: Money,
    transit_days: Type.Object({ min: Type.Integer(), max: Type.Integer() }, closed)
  }, closed)),
  refused: Type.Array(Type.Object({ service: Type.String(), code: Type.String(), detail: Type.String() }, closed)),
}, closed)

const postQuote = route({
  operation_id: 'quoteRates', method: 'POST', url: '/v1/rates/quote', tag: 'shipping', permission: 'shipping:read', summary: 'What a shipment costs with each service, the cheapest first',
  description: 'Services that do not take it stand in `refused` with the reason. Without coordinates the price within the country is that of the farthest zone.',
  body: QuoteBody, reply: { status: 200, schema: QuoteView },
  handle: async ({ body, db, caller }) => {
    const location = (await findLocationsByCode(db, [body.location])).get(body.location)
    if (location === undefined || !inScope(caller, { location_id: location.id })) throw invalid([{ pointer: '/location', code: 'unknown_location', detail: `There is no location ${body.location}.` }])
    return quote(db, routeBetween(location, body.ship_to), body.packages.map(parcelOf), body.service)
  },
})

function parcelOf(parcel: Static<typeof ParcelBody>): Parcel {
  return { weight_grams: parcel.weight_grams, length_mm: parcel.length_mm ?? null, width_mm: parcel.width_mm ?? null, height_mm: parcel.height_mm ?? null }
}

async function quote(db: Database, way: ReturnType<typeof routeBetween>, parcels: readonly Parcel[], service: string | undefined): Promise<Static<typeof QuoteView>> {
  const { definition } = present(await findRateTable(db, IN_HOUSE), 'the in-house carrier has a rate table')
  const wanted = service === undefined ? definition.services.map(({ code }) => code) : [service]
  const answers = wanted.map((code) => ({ code, answer: priceShipment(definition, code, way, parcels) }))
  const priced = answers.flatMap(({ answer }) => (answer.outcome === 'priced' ? [answer] : []))
  return {
    data: priced.toSorted(cheapestFirst).map((price) => ({
      carrier: IN_HOUSE, service: price.service, service_name: price.service_name, zone: price.zone!, cost: showMoney(price.cost!, price.currency!), transit_days: price.transit_days!,
    })),
    refused: answers.flatMap(({ code, answer }) => (answer.outcome === 'refused' ? [{ service: code, code: answer.code, detail: answer.detail }] : [])),
  }
}

function cheapestFirst(a: ShipmentPrice, b: ShipmentPrice): number {
  return a.cost === b.cost ? a.transit_days!.max - b.transit_days!.max : a.cost! < b.cost! ? -1 : 1
}

export const rateRoutes: Route[] = [getTable, putTable, postQuote]
