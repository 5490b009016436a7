import type { Readable } from 'node:stream'
import { CsvError, parse } from 'csv-parse'
import { stringify } from 'csv-stringify/sync'
import { invalid, type FieldError } from '../../kernel/problem.ts'
import { normalizePostalCode } from './postal-code.ts'
import type { PostalArea } from './postal-areas.db.ts'

const COLUMNS = ['postal_code', 'latitude', 'longitude', 'place']
/** More areas than any country has towns; beginnings of codes stand for all that begin with them. */
const MAX_AREAS = 250_000
const MAX_ERRORS = 20
const MAX_RECORD_BYTES = 1_000

/** The areas of one country in a CSV file with a header. Refuses the file as a whole, naming the first of its lines that cannot be. */
export async function readPostalCsv(country: string, stream: Readable): Promise<PostalArea[]> {
  const areas: PostalArea[] = []
  const errors: FieldError[] = []
  const lines = new Map<string, number>()
  try {
    const records = stream.pipe(parse({ bom: true, columns: checkHeader, info: true, trim: true, skip_empty_lines: true, max_record_size: MAX_RECORD_BYTES }))
    for await (const { record, info } of records as AsyncIterable<{ record: Record<string, string>; info: { lines: number } }>) {
      const area = readArea(country, record, info.lines, errors)
      const before = lines.get(area.postal_code)
      if (before !== undefined) errors.push(wrong(info.lines, 'duplicate', `${area.postal_code} stands in line ${before} already.`))
      lines.set(area.postal_code, info.lines)
      areas.push(area)
      if (areas.length > MAX_AREAS) errors.push(wrong(info.lines, 'too_many', `A country has at most ${MAX_AREAS} areas. Use beginnings of postal codes.`))
      if (errors.length >= MAX_ERRORS || areas.length > MAX_AREAS) break
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    errors.push(wrong((error as { lines?: number }).lines ?? 1, 'malformed_csv', `This is no CSV as it should be: ${error.message}.`))
  }
  if (errors.length > 0) throw invalid(errors)
  return areas
}

function checkHeader(header: readonly string[]): string[] {
  const columns = header.map((name) => name.trim().toLowerCase())
  const missing = ['postal_code', 'latitude', 'longitude'].filter((column) => !columns.includes(column))
  if (missing.length > 0) throw invalid([wrong(1, 'required', `The first line names the columns ${COLUMNS.join(', ')}; ${missing.join(', ')} is missing.`)])
  return columns
}

function readArea(country: string, record: Record<string, string>, line: number, errors: FieldError[]): PostalArea {
  const { postal_code = '', place = '' } = record
  const code = normalizePostalCode(country, postal_code)
  if (code === '' || code.length > 16) errors.push(wrong(line, 'wrong_format', `"${postal_code}" is no postal code.`))
  // A spreadsheet would run it.
  if (/^[=+@-]/.test(place) || place.length > 120) errors.push(wrong(line, 'wrong_format', 'The place is a name of up to 120 characters.'))
  return { postal_code: code, latitude: degrees(record['latitude'], 90, line, errors), longitude: degrees(record['longitude'], 180, line, errors), place }
}

function degrees(text: string | undefined, most: number, line: number, errors: FieldError[]): number {
  const value = Number(text)
  if (text === undefined || !/^-?\d{1,3}(\.\d{1,15})?$/.test(text) || Math.abs(value) > most) errors.push(wrong(line, 'out_of_range', `"${text ?? ''}" is no coordinate: degrees from -${most} to ${most} with a point.`))
  return value
}

function wrong(line: number, code: string, detail: string): FieldError {
  return { pointer: `/lines/${line}`, code, detail: `Line ${line}: ${detail}` }
}

/** What `readPostalCsv` reads. */
export function writePostalCsv(areas: readonly PostalArea[]): string {
  return stringify(areas.map(({ postal_code, latitude, longitude, place }) => [postal_code, latitude, longitude, place]), { header: true, columns: COLUMNS })
}
