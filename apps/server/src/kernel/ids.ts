import { assert } from './assert.ts'

/**
 * Ids are UUIDv7, stored as `uuid` and shown as `ord_01j…`: a prefix that names the kind and 26 characters
 * of Crockford base32 that sort like the UUID. The order of ids made by one process is their order of making.
 */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const [DASH, DIGIT_0, DIGIT_9, LETTER_A, LOWERCASE] = [0x2d, 0x30, 0x39, 0x61, 0x20]
const VALUE_OF = new Map(Array.from(ALPHABET, (character, value) => [character, BigInt(value)]))

let lastMs = 0
let sequence = 0
let randomPool = new Uint8Array(0)
let randomUsed = 0

function takeRandom(count: number): Uint8Array {
  // One call to the generator serves 256 ids: it costs more than everything else here.
  if (randomUsed + count > randomPool.length) {
    randomPool = crypto.getRandomValues(new Uint8Array(2048))
    randomUsed = 0
  }
  randomUsed += count
  return randomPool.subarray(randomUsed - count, randomUsed)
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** A new UUIDv7. Within one millisecond a 12-bit counter keeps the order; when it runs out, the time moves on by one. */
export function newId(nowMs: number = Date.now()): string {
  if (nowMs > lastMs) {
    lastMs = nowMs
    sequence = 0
  } else if (++sequence > 0xfff) {
    lastMs += 1
    sequence = 0
  }
  const time = lastMs.toString(16).padStart(12, '0')
  const random = takeRandom(8)
  const variant = HEX[(random[0]! & 0x3f) | 0x80]!
  const counter = sequence.toString(16).padStart(3, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${counter}-${variant}${HEX[random[1]!]}-${HEX[random[2]!]}${HEX[random[3]!]}${HEX[random[4]!]}${HEX[random[5]!]}${HEX[random[6]!]}${HEX[random[7]!]}`
}

export type IdKind = {
  prefix: string
  /** What the numbers that people use begin with, `SW` of `SW-100001`; undefined where there are none. */
  numbers: string | undefined
  /** A regular expression (as JSON Schema wants it) for the shown form. */
  pattern: string
  /** `ord_01j…` from a UUID. */
  show: (uuid: string) => string
  /** The UUID, or undefined where the text is not such an id. */
  parse: (shown: string) => string | undefined
}

const KINDS = new Map<string, IdKind>()

/** Declares a kind of id. Each prefix belongs to one kind. */
export function idKind(prefix: string, numbers?: string): IdKind {
  assert(!KINDS.has(prefix), `the id prefix ${prefix} is declared once`)
  const kind: IdKind = {
    prefix,
    numbers,
    pattern: `^${prefix}_[0-7][0-9a-hjkmnp-tv-z]{25}$`,
    show: (uuid) => `${prefix}_${toBase32(uuid)}`,
    parse: (shown) => (shown.startsWith(`${prefix}_`) ? fromBase32(shown.slice(prefix.length + 1)) : undefined),
  }
  KINDS.set(prefix, kind)
  return kind
}

/** 128 bits behind two zero bits are 26 digits of five. Every answer shows many ids: by bits this takes a tenth of what big integers do. */
function toBase32(uuid: string): string {
  let text = ''
  let pending = 0
  let bits = 2
  for (let i = 0; i < uuid.length; i++) {
    const code = uuid.charCodeAt(i)
    if (code === DASH) continue
    pending = (pending << 4) | (code <= DIGIT_9 ? code - DIGIT_0 : (code | LOWERCASE) - LETTER_A + 10)
    bits += 4
    if (bits < 5) continue
    bits -= 5
    text += ALPHABET[pending >> bits]!
    pending &= (1 << bits) - 1
  }
  return text
}

function fromBase32(text: string): string | undefined {
  if (text.length !== 26) return undefined
  let value = 0n
  for (const character of text) {
    const digit = VALUE_OF.get(character)
    if (digit === undefined) return undefined
    value = (value << 5n) | digit
  }
  if (value >> 128n !== 0n) return undefined
  const hex = value.toString(16).padStart(32, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
