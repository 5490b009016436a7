import { gzipSync } from 'node:zlib'
import { parse as parseCsv } from 'csv-parse/sync'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type CsvRecord, decodeText, openBytes, RecordSplitter, splitFields } from './records.ts'

function split(text: string, chunkLength = text.length): CsvRecord[] {
  const splitter = new RecordSplitter(',', 1)
  const records: CsvRecord[] = []
  for (let from = 0; from < text.length; from += chunkLength) records.push(...splitter.push(text.slice(from, from + chunkLength)))
  return [...records, ...splitter.end()]
}

const fieldsOf = (records: readonly CsvRecord[]): string[][] => records.map((record) => ('fields' in record ? record.fields : [record.defect]))

async function* streamOf(...chunks: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks
}

async function readAll(source: string | AsyncIterable<Uint8Array>): Promise<string> {
  let text = ''
  for await (const chunk of openBytes(source)) text += chunk.toString('utf8')
  return text
}

describe('splitting records', () => {
  const field = fc.oneof(fc.stringMatching(/^[a-z0-9 .]{0,8}$/), fc.stringMatching(/^[a-z",\n]{0,8}$/))
  const written = fc.array(fc.array(field, { minLength: 2, maxLength: 5 }), { minLength: 1, maxLength: 12 }).map((rows) =>
    rows.map((row) => row.map((value) => (/[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value)).join(',')).join('\n'))

  test('agrees with csv-parse on well-formed text', () => {
    fc.assert(fc.property(written, (text) => {
      expect(fieldsOf(split(text))).toEqual(parseCsv(text, { relax_column_count: true, record_delimiter: '\n', skip_empty_lines: true }))
    }))
  })

  test('does not depend on where the chunks end', () => {
    fc.assert(fc.property(written, fc.integer({ min: 1, max: 9 }), (text, length) => {
      expect(split(text, length)).toEqual(split(text))
    }))
  })

  test('reads CRLF, skips blank lines, keeps line numbers', () => {
    expect(split('a,b\r\n\r\n"c\r\nd",e\r\nf,g')).toEqual([
      { line_number: 2, fields: ['a', 'b'] }, { line_number: 4, fields: ['c\nd', 'e'] }, { line_number: 6, fields: ['f', 'g'] },
    ])
  })

  test('takes a quote inside an unquoted field as it is', () => {
    expect(split('1,RECORD FRAME 7" SINGLE SIZE,2\n1,"LETTER ""D"" RING",2\n')).toEqual([
      { line_number: 2, fields: ['1', 'RECORD FRAME 7" SINGLE SIZE', '2'] }, { line_number: 3, fields: ['1', 'LETTER "D" RING', '2'] },
    ])
  })

  test('gives up a quote that is never closed and goes on with the next line', () => {
    const lines = Array.from({ length: 200 }, (_, index) => `${index},x`)
    const records = split(['1,"open', ...lines].join('\n'))
    expect(records[0]).toEqual({ line_number: 2, defect: 'unclosed_quote' })
    expect(fieldsOf(records.slice(1))).toEqual(lines.map((line) => line.split(',')))
    expect(records.slice(1).map(({ line_number }) => line_number)).toEqual(lines.map((_, index) => index + 3))
  })

  test('gives it up at the end of the file as well', () => {
    expect(split('a,"open\nb,c\n')).toEqual([{ line_number: 2, defect: 'unclosed_quote' }, { line_number: 3, fields: ['b', 'c'] }])
  })

  test('refuses an endless line without keeping it, and goes on', () => {
    for (const chunkLength of [1000, 10_000_000]) {
      expect(split(`a,b\n${'x'.repeat(200_000)}\nc,d`, chunkLength)).toEqual([
        { line_number: 2, fields: ['a', 'b'] }, { line_number: 3, defect: 'line_too_long' }, { line_number: 4, fields: ['c', 'd'] },
      ])
    }
    expect(split(`a,"b\n${'x'.repeat(200_000)}`, 1000)).toEqual([{ line_number: 2, defect: 'unclosed_quote' }, { line_number: 3, defect: 'line_too_long' }])
  })

  test('knows an open field', () => {
    expect(splitFields('a,"b', ',')).toBeUndefined()
    expect(splitFields('a,"b""', ',')).toBeUndefined()
    expect(splitFields('a,"b",', ',')).toEqual(['a', 'b', ''])
  })
})

describe('opening', () => {
  test('gzip and plain, however small the chunks', async () => {
    const zipped = gzipSync('hello')
    expect(await readAll(streamOf(Buffer.from('hello')))).toBe('hello')
    expect(await readAll(streamOf(...Array.from(zipped, (byte) => Uint8Array.of(byte))))).toBe('hello')
    expect(await readAll(streamOf())).toBe('')
  })

  test('UTF-16 with its mark', async () => {
    expect(await readAll(streamOf(Buffer.from('\ufeff£1', 'utf16le')))).toBe('£1')
  })

  test('refuses what it cannot read, with a code', async () => {
    const zipped = gzipSync(Buffer.from(Array.from({ length: 100_000 }, (_, index) => (index * 7919) % 251)))
    await expect(readAll(streamOf(zipped.subarray(0, 300)))).rejects.toMatchObject({ code: 'import_file_damaged' })
    await expect(readAll(streamOf(Buffer.from('PK\x03\x04…')))).rejects.toMatchObject({ code: 'import_file_unsupported' })
    await expect(readAll('/nonexistent/file.csv')).rejects.toMatchObject({ code: 'import_file_missing' })
    await expect(readAll('/')).rejects.toMatchObject({ code: 'import_file_missing' })
  })
})

test('decodes UTF-8 and, where it is none, Windows-1252', () => {
  expect(decodeText(Buffer.from('Voucher £40 – “x”').toString('latin1'))).toBe('Voucher £40 – “x”')
  expect(decodeText('Voucher \xa340 \x93x\x94 \x80')).toBe('Voucher £40 “x” €')
  expect(decodeText('plain')).toBe('plain')
})
