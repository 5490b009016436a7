import type { Readable } from 'node:stream'
import { refuse, Refusal } from '../../kernel/problem.ts'
import { decodeUtf8 } from './input.ts'

/** Newline-delimited JSON: one value a line, in streams that may be longer than any memory. */
export const NDJSON = 'application/x-ndjson'

/** A line of a stream, counted from 1; or why it cannot be read. */
export type NdjsonLine = { line: number; text: string } | { line: number; refusal: Refusal }

/** A longer line is refused and passed over. */
const LINE_LIMIT_BYTES = 1_048_576

const NEWLINE = 0x0a

/** The lines of a stream, pulled: nothing is read while nobody asks for the next. Empty lines are passed over and counted. */
export async function* readLines(stream: Readable): AsyncGenerator<NdjsonLine> {
  let line = 0
  let parts: Buffer[] = []
  let bytes = 0
  const take = (): NdjsonLine | undefined => {
    line++
    const found = bytes > LINE_LIMIT_BYTES ? { line, refusal: refuse('body_too_large', `A line has at most ${LINE_LIMIT_BYTES} bytes.`) } : decode(line, Buffer.concat(parts))
    parts = []
    bytes = 0
    return found
  }
  // Whoever stops reading may still want to answer on the same connection.
  for await (const chunk of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    for (let from = 0; from < chunk.length;) {
      const end = chunk.indexOf(NEWLINE, from)
      const part = chunk.subarray(from, end === -1 ? chunk.length : end)
      bytes += part.length
      if (bytes <= LINE_LIMIT_BYTES) parts.push(part)
      from += part.length + 1
      const found = end === -1 ? undefined : take()
      if (found !== undefined) yield found
    }
  }
  const last = bytes === 0 ? undefined : take()
  if (last !== undefined) yield last
}

function decode(line: number, bytes: Buffer): NdjsonLine | undefined {
  try {
    const text = decodeUtf8(bytes, 'line').trim()
    return text === '' ? undefined : { line, text }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return { line, refusal: error }
  }
}
