import type { Readable } from 'node:stream'
import { Type } from 'typebox'
import { CSV } from '../../platform/http/csv.ts'
import { route, type Route } from '../../platform/http/route.ts'
import { closed, Country } from '../../platform/http/schemas.ts'
import { replacePostalAreas } from './commands/replace-postal-areas.ts'
import { listPostalCountries, postalAreasOf } from './postal-areas.db.ts'
import { readPostalCsv, writePostalCsv } from './postal-csv.ts'

const ByCountry = Type.Object({ country: Country }, closed)

const listCountries = route({
  operation_id: 'listPostalCountries', method: 'GET', url: '/v1/postal-areas', tag: 'locations', permission: 'locations:read', summary: 'Countries whose postal codes are known',
  reply: { status: 200, schema: Type.Object({ data: Type.Array(Type.Object({ country: Type.String(), areas: Type.Integer() }, closed)) }, closed) },
  handle: async ({ db }) => ({ data: await listPostalCountries(db) }),
})

const getAreas = route({
  operation_id: 'getPostalAreas', method: 'GET', url: '/v1/postal-areas/:country', tag: 'locations', permission: 'locations:read', summary: 'Where the postal codes of a country lie, as CSV',
  params: ByCountry, reply: { status: 200 }, sends: CSV,
  handle: async ({ params, db, header }) => {
    header('content-type', `${CSV}; charset=utf-8`)
    return writePostalCsv(await postalAreasOf(db, params.country))
  },
})

const putAreas = route({
  operation_id: 'replacePostalAreas', method: 'PUT', url: '/v1/postal-areas/:country', tag: 'locations', permission: replacePostalAreas.permission, summary: 'Say where the postal codes of a country lie',
  description: 'The body is CSV with the columns `postal_code`, `latitude`, `longitude` and `place`, as `getPostalAreas` answers it, and replaces what was there. A `postal_code` may be the beginning of codes: the longest that fits counts. Where a code is not known, everything works on without distances.',
  params: ByCountry, reads: CSV,
  reply: { status: 200, schema: Type.Object({ country: Type.String(), areas: Type.Integer(), areas_before: Type.Integer() }, closed) },
  handle: async ({ params, raw, run }) => run(replacePostalAreas, { country: params.country, areas: await readPostalCsv(params.country, raw.request.body as Readable) }),
})

export const postalAreaRoutes: Route[] = [listCountries, getAreas, putAreas]
