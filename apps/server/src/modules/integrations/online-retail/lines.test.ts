import { gzipSync } from 'node:zlib'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type RawLine, readLines, type ReadLine, type ReadOptions } from './lines.ts'

const HEADER = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country'

async function* streamOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += 50) yield bytes.subarray(from, from + 50)
}

async function read(file: string | Uint8Array, options?: ReadOptions): Promise<ReadLine[]> {
  const lines: ReadLine[] = []
  for await (const line of readLines(streamOf(typeof file === 'string' ? Buffer.from(file) : file), options)) lines.push(line)
  return lines
}

const lineOf = (one: ReadLine | undefined): RawLine | undefined => (one?.kind === 'line' ? one.line : undefined)

describe('one line in many guises', () => {
  const line: RawLine = {
    line_number: 2, invoice_no: '536365', stock_code: '85123A', description: 'HEART, "WHITE" £', quantity: 6, invoice_date: new Date('2010-12-01T08:26:00Z'),
    unit_price_micros: 2_550_000n, amount_micros: 15_300_000n, amount: 1530n, customer_id: '17850', country: 'United Kingdom',
  }
  const row = '536365,85123a,"HEART, ""WHITE"" £",6,2010-12-01T08:26:00Z,2.55,17850,United Kingdom'
  const semicolons = 'InvoiceNo;StockCode;Description;Quantity;InvoiceDate;UnitPrice;CustomerID;Country\n536365;85123A;"HEART, ""WHITE"" £";6;01.12.2010 08:26;2,55;17850;United Kingdom\n'
  test.each<[string, string | Uint8Array]>([
    ['as published', `${HEADER}\n${row}\n`],
    ['without a last line break', `${HEADER}\n${row}`],
    ['gzip', gzipSync(`${HEADER}\n${row}\n`)],
    ['mark and CRLF', `\ufeff${HEADER}\r\n${row}\r\n`],
    ['Windows-1252', Buffer.from(`${HEADER}\n${row}\n`, 'latin1')],
    ['UTF-16', Buffer.from(`\ufeff${HEADER}\r\n${row}\r\n`, 'utf16le')],
    ['as in the original workbook', `${HEADER}\n536365,85123A,"HEART, ""WHITE"" £",6,12/1/2010 8:26,2.55,17850,United Kingdom\n`],
    ['second edition', '"Invoice","StockCode","Description","Quantity","InvoiceDate","Price","Customer ID","Country"\n536365.0,85123A,"HEART, ""WHITE"" £",6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom\n'],
    ['other order, one column more', 'Country,,CustomerID,UnitPrice,InvoiceDate,Quantity,Description,StockCode,InvoiceNo\nUnited Kingdom,0,17850,2.55,2010-12-01 08:26,6,"HEART, ""WHITE"" £",85123A,536365\n'],
    ['semicolons', semicolons],
    ['tabs', semicolons.replaceAll(';', '\t').replace('2,55', '2.55')],
  ])('%s', async (_, file) => expect(await read(file)).toEqual([{ kind: 'line', line }]))

  test('day before month on request', async () => {
    const [first] = await read(`${HEADER}\n1,A1,x,1,3/4/2011 8:00,1,,UK\n`, { date_order: 'day_first' })
    expect(lineOf(first)?.invoice_date.toISOString()).toBe('2011-04-03T08:00:00.000Z')
  })
})

test('knows the words for no customer, and cleans texts', async () => {
  const rows = ['', 'NA', 'nan', 'NULL'].map((customer) => `1,A1,"two\n lines\tx",1,2010-12-01,0.125,${customer},EIRE`)
  const lines = (await read([HEADER, ...rows, ''].join('\n'))).map(lineOf)
  expect(lines.map((line) => line?.customer_id)).toEqual([null, null, null, null])
  expect(lines.map((line) => line?.description)).toEqual(Array.from({ length: 4 }, () => 'two  lines x'))
  // 12.5 pence are 13: half away from zero.
  expect(lines[0]).toMatchObject({ amount: 13n, amount_micros: 125_000n })
})

describe('lines that cannot be read', () => {
  test.each([
    ['1,A1,x,1,2010-12-01,1,17850', 'wrong_column_count', 0, 0n],
    ['1,A1,x,y,1,2010-12-01,1,17850,UK', 'wrong_column_count', 0, 0n],
    ['1,A1,"x,1,2010-12-01,1,17850,UK', 'unclosed_quote', 0, 0n],
    [`1,A1,${'x'.repeat(70_000)},1,2010-12-01,1,17850,UK`, 'line_too_long', 0, 0n],
    ['1,A1,x\0,2,2010-12-01,1,17850,UK', 'nul_byte', 2, 200n],
    [',A1,x,2,2010-12-01,1,17850,UK', 'malformed_invoice_number', 2, 200n],
    ['1, ,x,2,2010-12-01,1,17850,UK', 'malformed_stock_code', 2, 200n],
    ['1,A1,x,1.5,2010-12-01,1,17850,UK', 'malformed_quantity', 0, 0n],
    ['1,A1,x,2,2010-12-01,free,17850,UK', 'malformed_price', 2, 0n],
    ['1,A1,x,-2,soon,1.5,17850,UK', 'malformed_date', -2, -300n],
  ])('%#: %s', async (row, reason, quantity, amount) => {
    const lines = await read([HEADER, row, '2,A1,x,1,2010-12-01,1,17850,UK', ''].join('\n'))
    expect(lines).toEqual([{ kind: 'refused', line: { line_number: 2, reason, quantity, amount } }, expect.objectContaining({ kind: 'line' })])
  })

  test('blank columns behind the last are nothing', async () => {
    expect(await read(`${HEADER}\n1,A1,x,1,2010-12-01,1,17850,UK,, \n`)).toMatchObject([{ kind: 'line' }])
  })
})

test('any bytes behind the header come out as lines or refusals, each place once', async () => {
  const piece = fc.oneof(fc.constantFrom('\n', '\r\n', ',', '"', '\0', '\xa3', '1,A1,x,1,2010-12-01,1,17850,UK\n', '1,"A', '1e5', '-'), fc.string({ unit: 'binary', maxLength: 5 }))
  await fc.assert(fc.asyncProperty(fc.array(piece, { maxLength: 60 }), async (pieces) => {
    const lines = await read(Buffer.concat([Buffer.from(`${HEADER}\n`), Buffer.from(pieces.join(''), 'latin1')]))
    const numbers = lines.map(({ line }) => line.line_number)
    expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b))
  }))
})

describe('files without the needed columns', () => {
  test.each(['', 'a,b,c\n1,2,3\n', 'x'.repeat(200_000), HEADER.replace('Quantity,', '')])('%#', async (file) => {
    await expect(read(file)).rejects.toMatchObject({ code: 'import_columns_missing', facts: { missing: expect.arrayContaining(['Quantity']) } })
  })

  test('a header alone is an empty file', async () => {
    expect(await read(HEADER)).toEqual([])
    expect(await read(`${HEADER}\n`)).toEqual([])
  })
})
