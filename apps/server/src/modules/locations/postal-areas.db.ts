import type { Coordinates } from '../../kernel/geo.ts'
import type { Queryable, Tx } from '../../platform/db.ts'
import { rowsOf, sql } from '../../platform/sql.ts'
import { normalizePostalCode, prefixesOf } from './postal-code.ts'

export type PostalArea = { postal_code: string; latitude: number; longitude: number; place: string }
export type PostalQuestion = { country: string; postal_code: string }

/** Where these postal codes lie, by the longest beginning that is known; null where none is. In the order of the questions, one query. */
export async function findPostalAreas(db: Queryable, questions: readonly PostalQuestion[]): Promise<(Coordinates | null)[]> {
  const asked = questions.flatMap(({ country, postal_code }, nth) => prefixesOf(normalizePostalCode(country, postal_code)).map((prefix) => ({ nth, country, prefix })))
  if (asked.length === 0) return questions.map(() => null)
  const found = await db.rows<{ nth: number } & Coordinates>(sql`
    select distinct on (input.nth) input.nth, a.latitude, a.longitude
    from ${rowsOf(asked, { nth: 'int', country: 'text', prefix: 'text' })} join postal_areas a on a.country = input.country and a.postal_code = input.prefix
    order by input.nth, length(input.prefix) desc`)
  const places = new Map(found.map(({ nth, ...coordinates }) => [nth, coordinates]))
  return questions.map((_, nth) => places.get(nth) ?? null)
}

/** The middle of the areas that bear the name of the place; undefined where none does. */
export async function findPlace(db: Queryable, country: string, place: string): Promise<Coordinates | undefined> {
  const { latitude, longitude } = await db.one<{ latitude: number | null; longitude: number | null }>(sql`
    select avg(latitude) as latitude, avg(longitude) as longitude from postal_areas where country = ${country} and lower(place) = lower(${place.trim()}) and place <> ''`)
  return latitude === null || longitude === null ? undefined : { latitude, longitude }
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
