import { assert, unreachable } from '../../kernel/assert.ts'
import { encodeBarcode, fitsCode128 } from './barcode.ts'
import { LABEL_SIZES, layoutLabel, type Label, type LabelMark, type LabelSize } from './label.ts'
import { isLatin1, transliterate } from './transliterate.ts'
import type { Measure } from './typeset.ts'

export type ZplOptions = {
  size: LabelSize
  dpi: 203 | 300
  /**
   * A font on the printer with more than Western European letters, for example `E:TT0003M_.TTF` (Swiss 721, which
   * printers with firmware from x.14 on carry: Latin, Greek, Cyrillic). Without it such names are spelled in Latin
   * letters: a printer that lacks a glyph prints nothing and tells nobody.
   */
  unicode_font?: string
}

const POINTS_PER_INCH = 72
const QUIET_MODULES = 10

/**
 * ZPL II for one or many labels. Every field is written as hex escapes of UTF-8 (`^FH`, `^CI28`) for all but letters,
 * digits and a few marks, so that no name can hold a command (`^`, `~`) or an escape of its own.
 */
export function renderLabelZpl(labels: readonly [Label, ...Label[]], options: ZplOptions): string {
  assert(options.unicode_font === undefined || /^[A-Z]:[A-Z0-9_]{1,16}\.(TTF|TTE|FNT)$/.test(options.unicode_font), 'a printer font is named like E:TT0003M_.TTF')
  return labels.map((label) => renderOne(label, options)).join('')
}

function renderOne(label: Label, options: ZplOptions): string {
  const page = LABEL_SIZES[options.size]
  const dots = (points: number): number => Math.round((points * options.dpi) / POINTS_PER_INCH)
  const head = [
    '^XA',
    '^CI28',
    `^PW${dots(page.width)}`,
    `^LL${dots(page.height)}`,
    '^LH0,0',
    '^PON',
  ]
  const marks = layoutLabel(spellLabel(label, printable(options)), options.size, measure)
  return [...head, ...marks.map((mark) => renderMark(mark, dots, options)), '^PQ1', '^XZ', ''].join('\n')
}

type Covers = (codePoint: number) => boolean

/** What the printer can show. Typographic dashes and quotes are spelled in either case: they alone are no reason to change the font. */
function printable(options: ZplOptions): Covers {
  return (codePoint) => {
    if (isLatin1(codePoint)) return true
    const character = String.fromCodePoint(codePoint)
    // Spaces and invisible characters pass: the layout removes them from every line.
    return /[\p{Cf}\p{Z}\u{fe00}-\u{fe0f}]/u.test(character) || (options.unicode_font !== undefined && isSwiss721(codePoint))
  }
}

/** Latin Extended-A, Greek and Cyrillic: what Zebra promises of the font; rarer letters are spelled. */
function isSwiss721(codePoint: number): boolean {
  return codePoint <= 0x17f || (codePoint >= 0x370 && codePoint <= 0x45f)
}

/**
 * Printers may lack letters; the layout must measure what is printed, so names are spelled before it. Some read a
 * backslash and `&` as a line break wherever they stand, so backslashes become slashes.
 */
function spellLabel(label: Label, covers: Covers): Label {
  const spell = (text: string): string => transliterate(text.toWellFormed().normalize('NFC').replaceAll('\\', '/'), covers)
  const spellOptional = (text: string | null): string | null => (text === null ? null : spell(text))
  const spellAddress = (address: Label['to']): Label['to'] => ({
    ...address,
    name: spell(address.name),
    company: spellOptional(address.company),
    lines: address.lines.map(spell),
    city: spell(address.city),
    region: spellOptional(address.region),
    postal_code: spellOptional(address.postal_code),
    phone: spellOptional(address.phone),
  })
  return {
    ...label,
    carrier_name: spell(label.carrier_name),
    service_name: spell(label.service_name),
    from: spellAddress(label.from),
    to: spellAddress(label.to),
    order_number: spell(label.order_number),
    references: label.references.map(spell),
    routing_zone: spellOptional(label.routing_zone),
    note: spellOptional(label.note),
  }
}

function renderMark(mark: LabelMark, dots: (points: number) => number, options: ZplOptions): string {
  switch (mark.kind) {
    case 'block': {
      const width = Math.max(1, dots(mark.width))
      const height = Math.max(1, dots(mark.height))
      // A box whose border is its smaller side is a filled block.
      return `^FO${dots(mark.x)},${dots(mark.y)}^GB${width},${height},${Math.min(width, height)}^FS`
    }
    case 'code128':
      return renderBarcode(mark, dots)
    case 'text': {
      const size = dots(mark.size)
      // The one character that the layout adds, and that font 0 lacks.
      const text = mark.text.replaceAll('…', '...')
      const font = options.unicode_font !== undefined && needsUnicodeFont(text) ? `^A@N,${size},${size},${options.unicode_font}` : `^A0N,${size},${size}`
      // The field is as wide as its text or less, so it is placed here and not by ^FB, which would overprint and reads backslashes.
      const slack = Math.max(0, mark.width - measure(text, mark.size, mark.weight))
      const x = mark.x + (mark.align === 'right' ? slack : mark.align === 'center' ? slack / 2 : 0)
      return `^FT${dots(x)},${dots(mark.baseline)}${font}${mark.inverse ? '^FR' : ''}^FH^FD${escapeField(text)}^FS`
    }
    default:
      return unreachable(mark)
  }
}

function renderBarcode(mark: LabelMark & { kind: 'code128' }, dots: (points: number) => number): string {
  const { data, mode, module_count } = encodeZplCode128(mark.text)
  const room = dots(mark.width)
  // Whole dots a module: printers round, and a rounded bar is a wrong bar. One dot at 203 dpi is the least they print.
  const module = Math.max(1, Math.min(Math.floor(dots(1.42)), Math.floor(room / (module_count + QUIET_MODULES))))
  const x = dots(mark.x) + Math.max(0, Math.floor((room - module * module_count) / 2))
  return `^BY${module},2,${dots(mark.height)}^FO${x},${dots(mark.y)}^BCN,${dots(mark.height)},N,N,N,${mode}^FH^FD${data}^FS`
}

/**
 * The field data of `^BC` and its width. Automatic mode packs digits in pairs as bwip-js does, so both print the same
 * symbol; it is the one mode whose width printers, clones and emulators agree on; explicit
 * changes of subset are not. `>`, `^` and `~` do not survive it everywhere: they take subset B with Zebra's invocation codes.
 */
export function encodeZplCode128(text: string): { data: string; mode: 'A' | 'N'; module_count: number } {
  assert(fitsCode128(text), 'Code 128 holds 1 to 48 printable ASCII characters')
  if (!/[>^~]/.test(text)) {
    const code = encodeBarcode('code128', text)
    assert(code.kind === 'linear', 'Code 128 is linear')
    return { data: escapeField(text), mode: 'A', module_count: code.module_count }
  }
  // Start, the characters and the check character have 11 modules each, the stop 13.
  return { data: `>:${Array.from(text, escapeSubsetB).join('')}`, mode: 'N', module_count: (text.length + 2) * 11 + 13 }
}

function escapeSubsetB(character: string): string {
  if (character === '>') return '>0'
  if (character === '^') return '><'
  if (character === '~') return '>='
  return escapeField(character)
}

const PLAIN = /^[A-Za-z0-9 .,:;/()+#'"!?=*%@$-]$/

/** The text as field data after `^FH`: what might be read as anything but a letter is written as `_` and two hex digits for each UTF-8 byte. */
export function escapeField(text: string): string {
  let out = ''
  for (const character of text) {
    if (PLAIN.test(character)) out += character
    else for (const byte of Buffer.from(character)) out += `_${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return out
}

function needsUnicodeFont(text: string): boolean {
  return /[^\x20-\xff…]/.test(text)
}

// Printer fonts are not here to be measured: font 0 (CG Triumvirate Bold Condensed) by classes of letters, on the wide side.
const NARROW = new Set(Array.from("iíìîïjlIÍÌÎÏ!'|.,:;·`"))
const THIN = new Set(Array.from('ftr ()[]{}/\\"°'))
const WIDE = new Set(Array.from('mwMW%@—…ÆŒæœ&'))
// Swiss 721 sets a whole line when it holds one letter that font 0 lacks, and is not condensed.
const UNICODE_FONT_STRETCH = 1.2

const measure: Measure = (text, size) => {
  let width = 0
  for (const character of text) width += letterWidth(character)
  return width * size * (needsUnicodeFont(text) ? UNICODE_FONT_STRETCH : 1)
}

function letterWidth(character: string): number {
  if (NARROW.has(character)) return 0.28
  if (THIN.has(character)) return 0.36
  if (WIDE.has(character)) return 0.84
  if (character === '-') return 0.48
  if (character.codePointAt(0)! >= 0x2e80) return 1
  return /\p{Lu}/u.test(character) ? 0.6 : 0.53
}
