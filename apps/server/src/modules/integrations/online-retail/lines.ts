import { refuse } from '../../../kernel/problem.ts'
import { scale } from '../../../kernel/money.ts'
import { type DateOrder, parseInstant, parseMicros, parseQuantity } from './parse-values.ts'
import type { Reason, RefusedLine } from './reasons.ts'
import { type CsvRecord, decodeText, openBytes, RecordSplitter, splitFields } from './records.ts'

/** The file is in pounds sterling; it names no currency. */
export const CURRENCY = 'GBP'

/** Millionths in a penny. */
export const MICROS_PER_MINOR = 10_000n

/** One line of an invoice, with the signs of the file. */
export type RawLine = {
  /** Where the line begins in the file; the header is line 1. */
  line_number: number
  invoice_no: string
  stock_code: string
  description: string
  quantity: number
  invoice_date: Date
  unit_price_micros: bigint
  /** `quantity × unit price`, exact. */
  amount_micros: bigint
  /** The same in minor units, rounded half away from zero: the amount that is imported. */
  amount: bigint
  customer_id: string | null
  country: string
}

export type ReadLine = { kind: 'line'; line: RawLine } | { kind: 'refused'; line: RefusedLine }

export type ReadOptions = { date_order?: DateOrder }

/** Names of the needed columns in the two published versions of the file, without case, blanks and punctuation. */
const COLUMNS = {
  InvoiceNo: ['invoiceno', 'invoice'],
  StockCode: ['stockcode'],
  Description: ['description'],
  Quantity: ['quantity'],
  InvoiceDate: ['invoicedate'],
  UnitPrice: ['unitprice', 'price'],
  CustomerID: ['customerid'],
  Country: ['country'],
} as const

type Column = keyof typeof COLUMNS
type Layout = { delimiter: string; width: number; at: Record<Column, number> }

/**
 * The lines of a file or stream in their order, as a stream: plain or gzip, UTF-8, UTF-16 or Windows-1252, columns in
 * any order and separated by commas, semicolons or tabs. A line that cannot be read comes out as refused.
 * Refusals: `import_file_*`, `import_columns_missing`.
 */
export async function* readLines(source: string | AsyncIterable<Uint8Array>, options: ReadOptions = {}): AsyncGenerator<ReadLine> {
  const order = options.date_order ?? 'month_first'
  let reader: { splitter: RecordSplitter; parse: (record: CsvRecord) => ReadLine } | undefined
  let header = ''
  for await (const chunk of openBytes(source)) {
    let text = chunk.toString('latin1')
    if (reader === undefined) {
      header += text
      const end = header.indexOf('\n')
      if (end === -1 && header.length <= 65_536) continue
      const layout = readHeader(header.slice(0, end === -1 ? 200 : end))
      text = header.slice(end + 1)
      reader = { splitter: new RecordSplitter(layout.delimiter, 1), parse: makeLineParser(layout, order) }
    }
    for (const record of reader.splitter.push(text)) yield reader.parse(record)
  }
  // A file of a header alone, without a line break, still has to have the right columns.
  if (reader === undefined) readHeader(header)
  else for (const record of reader.splitter.end()) yield reader.parse(record)
}

function readHeader(text: string): Layout {
  const bare = decodeText(text.replace(/^\xef\xbb\xbf/, '').replace(/\r$/, ''))
  const layouts = [',', ';', '\t', '|'].map((delimiter) => {
    const names = (splitFields(bare, delimiter) ?? []).map((name) => name.toLowerCase().replace(/[^a-z]/g, ''))
    const at = Object.fromEntries(Object.entries(COLUMNS).map(([column, known]) => [column, names.findIndex((name) => known.some((word) => word === name))]))
    return { delimiter, width: names.length, at: at as Record<Column, number> }
  })
  const missing = layouts.map((layout) => Object.entries(layout.at).filter(([, at]) => at === -1).map(([column]) => column))
  const fewest = Math.min(...missing.map((columns) => columns.length))
  const best = missing.findIndex((columns) => columns.length === fewest)
  if (fewest > 0) {
    throw refuse('import_columns_missing', `The first line of the file must name the columns ${Object.keys(COLUMNS).join(', ')}; missing: ${missing[best]!.join(', ')}.`, { missing: missing[best], header: bare.slice(0, 200) })
  }
  return layouts[best]!
}

type Values = { quantity: number | undefined; micros: bigint | undefined; invoice_date: Date | undefined }

function makeLineParser(layout: Layout, order: DateOrder): (record: CsvRecord) => ReadLine {
  const { delimiter, width, at } = layout
  // The lines of an invoice repeat its date.
  let lastText = ''
  let lastDate: Date | undefined
  const parseDate = (text: string): Date | undefined => {
    if (text !== lastText) {
      lastDate = parseInstant(text, order)
      lastText = text
    }
    return lastDate
  }
  return (record) => {
    const { line_number } = record
    if ('defect' in record) return refuseLine(line_number, record.defect)
    const { fields } = record
    if (fields.length < width || fields.slice(width).some((field) => field.trim() !== '')) return refuseLine(line_number, 'wrong_column_count')
    const field = (column: Column): string => fields[at[column]]!.trim()
    const values = { quantity: parseQuantity(field('Quantity'), delimiter), micros: parseMicros(field('UnitPrice'), delimiter), invoice_date: parseDate(field('InvoiceDate')) }
    if (fields.some((text) => text.includes('\0'))) return refuseLine(line_number, 'nul_byte', values)
    const invoice_no = field('InvoiceNo').toUpperCase().replace(/\.0$/, '')
    const stock_code = decodeText(field('StockCode')).toUpperCase().replace(/\s+/g, ' ')
    if (!/^[A-Z0-9][A-Z0-9._/-]{0,39}$/.test(invoice_no)) return refuseLine(line_number, 'malformed_invoice_number', values)
    if (!/^\P{Cc}{1,64}$/u.test(stock_code)) return refuseLine(line_number, 'malformed_stock_code', values)
    const { quantity, micros, invoice_date } = values
    if (quantity === undefined) return refuseLine(line_number, 'malformed_quantity', values)
    if (micros === undefined) return refuseLine(line_number, 'malformed_price', values)
    if (invoice_date === undefined) return refuseLine(line_number, 'malformed_date', values)
    const amount_micros = BigInt(quantity) * micros
    const line: RawLine = {
      line_number, invoice_no, stock_code, description: cleanText(field('Description')), quantity, invoice_date,
      unit_price_micros: micros, amount_micros, amount: roundToMinor(amount_micros),
      customer_id: cleanCustomer(field('CustomerID')), country: cleanText(field('Country')),
    }
    return { kind: 'line', line }
  }
}

function refuseLine(line_number: number, reason: Reason, values?: Values): ReadLine {
  const quantity = values?.quantity ?? 0
  return { kind: 'refused', line: { line_number, reason, quantity, amount: roundToMinor(BigInt(quantity) * (values?.micros ?? 0n)) } }
}

function roundToMinor(micros: bigint): bigint {
  // Nearly every amount is whole pence, and a plain division is the cheapest way to know.
  const minor = micros / MICROS_PER_MINOR
  return minor * MICROS_PER_MINOR === micros ? minor : scale(micros, 1n, MICROS_PER_MINOR)
}

/** Line breaks and other control characters become blanks; `NA` is how R writes nothing. */
function cleanText(latin1: string): string {
  if (latin1 === 'NA') return ''
  const text = decodeText(latin1)
  return /\p{Cc}/u.test(text) ? text.replace(/\p{Cc}+/gu, ' ').trim() : text
}

/** `17850.0` is what a column with gaps becomes in pandas; other words for nothing come from R and from SQL. */
function cleanCustomer(latin1: string): string | null {
  if (/^\d+$/.test(latin1)) return latin1
  const text = cleanText(latin1).replace(/^(\d+)\.0+$/, '$1')
  return ['', 'na', 'nan', 'null', 'none'].includes(text.toLowerCase()) ? null : text
}
