import { isUtf8 } from 'node:buffer'
import { createReadStream } from 'node:fs'
import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { refuse } from '../../../kernel/problem.ts'

/**
 * CSV records that survive what real exports contain. csv-parse is fast and right on well-formed input, but one quote
 * that is never closed swallows the rest of the file, and its `max_record_size` drops whatever else was in the same
 * chunk. Here a record that cannot be is given up alone and reading resumes on the very next line. The tests use
 * csv-parse as the oracle for well-formed input.
 */
export type CsvRecord =
  | { line_number: number; fields: string[] }
  | { line_number: number; defect: 'line_too_long' | 'unclosed_quote' }

/** Longest line and longest record, in bytes: a line of the published file has at most 120. */
const RECORD_LIMIT = 65_536
/** A description with more line breaks than this is an unclosed quote. */
const RECORD_LINES_LIMIT = 64

type Bytes = AsyncIterable<Uint8Array>

/** The bytes of a file or stream, decompressed where they are gzip. Refusals: `import_file_*`. */
export async function* openBytes(source: string | Bytes): AsyncGenerator<Buffer> {
  const iterator = (typeof source === 'string' ? createReadStream(source) : source)[Symbol.asyncIterator]()
  try {
    let head = Buffer.alloc(0)
    while (head.length < 4) {
      const next = await iterator.next()
      if (next.done === true) break
      head = Buffer.concat([head, next.value])
    }
    const bytes = rejoin(head, iterator)
    if (head[0] === 0x1f && head[1] === 0x8b) yield* gunzip(bytes)
    else if (head[0] === 0x50 && head[1] === 0x4b) throw refuse('import_file_unsupported', 'The file is a ZIP archive or an Excel workbook; save the sheet as CSV.')
    else if (head[0] === 0xff && head[1] === 0xfe) yield* fromUtf16(bytes)
    else yield* bytes
  } catch (error) {
    throw explainFault(error, source)
  } finally {
    await iterator.return?.()
  }
}

async function* rejoin(head: Buffer, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) {
    yield Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength)
  }
}

async function* gunzip(bytes: Bytes): AsyncGenerator<Buffer> {
  // A fault of either stream destroys both, so that the loop below throws it: the callback has nothing to add.
  const unzipped = pipeline(Readable.from(bytes), createGunzip(), () => {})
  for await (const chunk of unzipped) yield chunk as Buffer
}

/** Excel's "Unicode text". */
async function* fromUtf16(bytes: Bytes): AsyncGenerator<Buffer> {
  const decoder = new TextDecoder('utf-16le')
  for await (const chunk of bytes) yield Buffer.from(decoder.decode(chunk, { stream: true }))
  yield Buffer.from(decoder.decode())
}

function explainFault(error: unknown, source: string | Bytes): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const facts = typeof source === 'string' ? { path: source } : {}
  if (['ENOENT', 'EACCES', 'EISDIR'].includes(code)) return refuse('import_file_missing', `The file cannot be opened (${code}).`, facts)
  if (code.startsWith('Z_')) return refuse('import_file_damaged', `The file cannot be decompressed to its end (${code}). What was read before is imported; import the whole file to go on.`, facts)
  return error
}

/** The text of bytes that were read one character each: UTF-8 where they are valid, otherwise Windows-1252. */
export function decodeText(latin1: string): string {
  // oxlint-disable-next-line no-control-regex -- the very question is whether there are others
  if (/^[\x00-\x7f]*$/.test(latin1)) return latin1
  const bytes = Buffer.from(latin1, 'latin1')
  return isUtf8(bytes) ? bytes.toString('utf8') : new TextDecoder('windows-1252').decode(bytes)
}

/**
 * The fields of one record, or undefined where it ends inside a quoted field. A quote opens a field only at its
 * beginning, and closes it only before a delimiter or the end: `RECORD FRAME 7" SINGLE SIZE` needs no quoting.
 */
export function splitFields(text: string, delimiter: string): string[] | undefined {
  if (!text.includes('"')) return text.split(delimiter)
  const fields: string[] = []
  let from = 0
  for (;;) {
    if (text[from] === '"') {
      const close = findClosingQuote(text, from + 1, delimiter)
      if (close === -1) return undefined
      fields.push(text.slice(from + 1, close).replaceAll('""', '"'))
      from = close + 1
    } else {
      const end = text.indexOf(delimiter, from)
      fields.push(end === -1 ? text.slice(from) : text.slice(from, end))
      from = end === -1 ? text.length : end
    }
    if (from >= text.length) return fields
    from += delimiter.length
  }
}

function findClosingQuote(text: string, from: number, delimiter: string): number {
  for (let at = text.indexOf('"', from); at !== -1; at = text.indexOf('"', at + 1)) {
    if (text[at + 1] === '"') at += 1
    else if (at + 1 === text.length || text.startsWith(delimiter, at + 1)) return at
  }
  return -1
}

/**
 * Takes text as it arrives and gives back the records that are complete. Characters stand for bytes (latin1), so that
 * a chunk may end anywhere. It holds one unfinished record at most.
 */
export class RecordSplitter {
  readonly #delimiter: string
  #lineNumber: number
  #rest = ''
  #overlong = false
  /** Physical lines of a record whose quoted field is still open. */
  #held: string[] = []

  /** `lineNumber` is that of the last line before the text: the header's. */
  constructor(delimiter: string, lineNumber: number) {
    this.#delimiter = delimiter
    this.#lineNumber = lineNumber
  }

  push(text: string): CsvRecord[] {
    return this.#take(text, false)
  }

  end(): CsvRecord[] {
    return this.#take('', true)
  }

  #take(text: string, isEnd: boolean): CsvRecord[] {
    const records: CsvRecord[] = []
    let from = 0
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', from)) {
      this.#line(this.#rest + text.slice(from, end), records)
      this.#rest = ''
      from = end + 1
    }
    this.#rest += text.slice(from)
    if (this.#rest.length > RECORD_LIMIT) {
      this.#overlong = true
      this.#rest = ''
    }
    if (isEnd) {
      if (this.#rest !== '' || this.#overlong) this.#line(this.#rest, records)
      this.#rest = ''
      while (this.#held.length > 0) this.#giveUp(records)
    }
    return records
  }

  #line(line: string, records: CsvRecord[]): void {
    this.#lineNumber += 1
    if (this.#overlong || line.length > RECORD_LIMIT) {
      this.#overlong = false
      // The number below counts this line already, and it is no part of a record that is still open.
      this.#lineNumber -= 1
      while (this.#held.length > 0) this.#giveUp(records)
      this.#lineNumber += 1
      records.push({ line_number: this.#lineNumber, defect: 'line_too_long' })
      return
    }
    const bare = line.endsWith('\r') ? line.slice(0, -1) : line
    if (bare === '' && this.#held.length === 0) return
    if (this.#held.length === 0 && !bare.includes('"')) {
      records.push({ line_number: this.#lineNumber, fields: bare.split(this.#delimiter) })
      return
    }
    this.#held.push(bare)
    this.#close(records)
  }

  /** Emits the held lines if they make a record now; gives the first of them up if they never will. */
  #close(records: CsvRecord[]): void {
    const text = this.#held.join('\n')
    const fields = splitFields(text, this.#delimiter)
    if (fields !== undefined) {
      records.push({ line_number: this.#lineNumber - this.#held.length + 1, fields })
      this.#held = []
    } else if (this.#held.length >= RECORD_LINES_LIMIT || text.length > RECORD_LIMIT) {
      this.#giveUp(records)
    }
  }

  #giveUp(records: CsvRecord[]): void {
    const [first, ...others] = this.#held
    const last = this.#lineNumber
    records.push({ line_number: last - others.length, defect: 'unclosed_quote' })
    this.#held = []
    if (first === undefined) return
    // Those behind it are read again as lines of their own.
    this.#lineNumber = last - others.length
    for (const line of others) this.#line(line, records)
  }
}
