import type { Coordinates } from '../../kernel/geo.ts'
import type { Queryable, Tx } from '../../platform/db.ts'
import { rowsOf, sql } from '../../platform/sql.ts'
import { normalizePostalCode, prefixesOf } from './postal-code.ts'

export type PostalArea = { postal_code: string; latitude: number; longitude: number; place: string }
export type PlaceQuestion = { country: string; postal_code?: string | undefined; city?: string | undefined }
export type PlaceFound = { coordinates: Coordinates; by: 'postal_code' | 'city' }

/**
 * Where these places lie: by the longest beginning of the postal code that is known, else in the middle of the areas that
 * bear the city's name; null where neither is known. In the order of the questions, one query.
 */
export async function findPostalAreas(db: Queryable, questions: readonly PlaceQuestion[]): Promise<(PlaceFound | null)[]> {
  const asked = questions.flatMap(({ country, postal_code, city }, nth) => [
    ...prefixesOf(normalizePostalCode(country, postal_code ?? '')).map((prefix) => ({ nth, country, prefix, city: null })),
    ...(city === undefined || city.trim() === '' ? [] : [{ nth, country, prefix: null, city: city.trim().toLowerCase() }]),
  ])
  if (asked.length === 0) return questions.map(() => null)
  const found = await db.rows<{ nth: number; by: PlaceFound['by'] } & Coordinates>(sql`
    with asked as materialized (select nth, country, prefix, city from ${rowsOf(asked, { nth: 'int', country: 'text', prefix: 'text', city: 'text' })})
    select distinct on (nth) nth, by, latitude, longitude from (
      select q.nth, 'postal_code' as by, length(q.prefix) as fit, a.latitude, a.longitude from asked q join postal_areas a on a.country = q.country and a.postal_code = q.prefix
      union all
      select q.nth, 'city', 0, c.latitude, c.longitude from asked q cross join lateral (
        select avg(a.latitude) as latitude, avg(a.longitude) as longitude from postal_areas a where a.country = q.country and lower(a.place) = q.city and a.place <> ''
      ) c where q.city is not null and c.latitude is not null
    ) found order by nth, fit desc`)
  const places = new Map(found.map(({ nth, by, latitude, longitude }) => [nth, { coordinates: { latitude, longitude }, by }]))
  return questions.map((_, nth) => places.get(nth) ?? null)
}

export function listPostalCountries(db: Queryable): Promise<{ country: string; areas: number }[]> {
  return db.rows(sql`select country, count(*)::int as areas from postal_areas group by country order by country`)
}

export function postalAreasOf(db: Queryable, country: string): Promise<PostalArea[]> {
  return db.rows(sql`select postal_code, latitude, longitude, place from postal_areas where country = ${country} order by postal_code collate "C"`)
}

/** Makes these the areas of the country. One change of a country at a time, until its commit. */
export async function replacePostalAreas(tx: Tx, country: string, areas: readonly PostalArea[]): Promise<{ before: number }> {
  await tx.rows(sql`select pg_advisory_xact_lock(hashtextextended(${`locations: postal areas of ${country}`}, 0))`)
  const before = await tx.run(sql`delete from postal_areas where country = ${country}`)
  await tx.run(sql`
    insert into postal_areas (country, postal_code, latitude, longitude, place)
    select ${country}, postal_code, latitude, longitude, place from ${rowsOf(areas, { postal_code: 'text', latitude: 'float8', longitude: 'float8', place: 'text' })}`)
  return { before }
}
