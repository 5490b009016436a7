import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import PdfDocument from 'pdfkit'
import { assert } from '../../kernel/assert.ts'
import { cleanLine, transliterate } from './transliterate.ts'
import type { Weight } from './typeset.ts'
import { unpackWoff } from './woff.ts'

/** The part of a fontkit font that we use; pdfkit accepts the object wherever it accepts a file. */
type OpenFont = {
  unitsPerEm: number
  hasGlyphForCodePoint: (codePoint: number) => boolean
  layout: (text: string, features?: unknown) => { advanceWidth: number }
}

/** One font file in one weight: `source` is what pdfkit's `font()` takes. */
export type Face = {
  key: string
  source: OpenFont | string
  covers: (codePoint: number) => boolean
}

/** Faces by family, the preferred family first. A family is several files: fonts come split by script. */
export type FontSet = { families: readonly Readonly<Record<Weight, readonly Face[]>>[] }

/** A piece of a line in one face. */
export type Run = { face: Face; text: string }

/**
 * Atkinson Hyperlegible Next tells 0 from O and 1 from l from I, which SKUs need; it has Latin alone, so Noto Sans
 * stands in for names in Greek, Cyrillic and Vietnamese. Both are under the Open Font License.
 */
const FAMILIES = [
  { package: 'atkinson-hyperlegible-next', subsets: ['latin', 'latin-ext'] },
  { package: 'noto-sans', subsets: ['latin', 'latin-ext', 'greek', 'cyrillic', 'vietnamese', 'greek-ext', 'cyrillic-ext'] },
] as const

const FILE_WEIGHT: Readonly<Record<Weight, number>> = { regular: 400, bold: 700 }

let installed: FontSet | undefined

/** The fonts that are installed, opened once (some 40 ms); Helvetica stands last, so that a missing package costs looks only. */
export function documentFonts(): FontSet {
  installed ??= { families: [...FAMILIES.flatMap(openFamily), standardFamily()] }
  return installed
}

/** pdfkit's built-in Helvetica alone: Western European text; the rest is spelled in Latin letters. */
export function standardFonts(): FontSet {
  return { families: [standardFamily()] }
}

function openFamily(family: (typeof FAMILIES)[number]): Record<Weight, Face[]>[] {
  const require = createRequire(import.meta.url)
  const open = (subset: string, weight: Weight): Face => {
    const name = `${family.package}-${subset}-${FILE_WEIGHT[weight]}-normal.woff`
    const source = openFont(unpackWoff(readFileSync(require.resolve(`@fontsource/${family.package}/files/${name}`))))
    return { key: name, source, covers: (codePoint) => source.hasGlyphForCodePoint(codePoint) }
  }
  try {
    require.resolve(`@fontsource/${family.package}/package.json`)
  } catch {
    // The package is optional: without it documents fall back to the next family.
    return []
  }
  return [{ regular: family.subsets.map((subset) => open(subset, 'regular')), bold: family.subsets.map((subset) => open(subset, 'bold')) }]
}

/**
 * Opens a font through pdfkit, which brings fontkit, and takes the opened font out: opened once and handed to every
 * document, it saves several milliseconds a document.
 */
function openFont(bytes: Buffer): OpenFont {
  const document = new PdfDocument({ autoFirstPage: false }).font(bytes)
  const wrapper: unknown = Reflect.get(document, '_font')
  assert(typeof wrapper === 'object' && wrapper !== null, 'pdfkit keeps its current font')
  const font: unknown = Reflect.get(wrapper, 'font')
  assert(isOpenFont(font), 'pdfkit keeps the opened font')
  return rememberLayouts(font)
}

function isOpenFont(value: unknown): value is OpenFont {
  return typeof value === 'object' && value !== null && 'layout' in value && 'hasGlyphForCodePoint' in value && 'unitsPerEm' in value
}

// Labels and slips repeat their words: captions, dates, product names. Some 10 MB at the most for all faces.
const MAX_LAYOUTS = 2000

/**
 * Words are laid out once for all documents, which is half of the time of a slip. pdfkit scales the positions of each
 * layout in place to 1000 units an em, so sharing them is right for fonts that have 1000 already, and only for those.
 */
function rememberLayouts(font: OpenFont): OpenFont {
  if (font.unitsPerEm !== 1000) return font
  const layouts = new Map<string, ReturnType<OpenFont['layout']>>()
  const layout = (text: string, features?: unknown): ReturnType<OpenFont['layout']> => {
    if (features !== undefined) return font.layout(text, features)
    const known = layouts.get(text)
    if (known !== undefined) return known
    if (layouts.size >= MAX_LAYOUTS) layouts.clear()
    const made = font.layout(text)
    layouts.set(text, made)
    return made
  }
  const remembering: unknown = Object.create(font, { layout: { value: layout } })
  assert(isOpenFont(remembering), 'the font keeps its other functions')
  return remembering
}

// What WinAnsi has beyond Latin-1; the standard fonts know nothing else.
const WIN_ANSI_EXTRA = new Set(Array.from('€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ', (character) => character.codePointAt(0)!))

function coversWinAnsi(codePoint: number): boolean {
  return (codePoint >= 0x20 && codePoint <= 0x7e) || (codePoint >= 0xa0 && codePoint <= 0xff && codePoint !== 0xad) || WIN_ANSI_EXTRA.has(codePoint)
}

function standardFamily(): Record<Weight, Face[]> {
  const face = (key: string): Face => ({ key, source: key, covers: coversWinAnsi })
  return { regular: [face('Helvetica')], bold: [face('Helvetica-Bold')] }
}

/**
 * A line of text in runs of one face. Each word takes the first family that has all its letters, so that a name is
 * never set in two designs; letters that no family has are spelled in Latin or shown as a mark.
 */
export function splitRuns(text: string, weight: Weight, fonts: FontSet): Run[] {
  const line = cleanLine(text)
  const first = fonts.families[0]![weight][0]!
  if (line === '') return []
  if (/^[\x20-\x7e]*$/.test(line) || Array.from(line).every((character) => first.covers(character.codePointAt(0)!))) return [{ face: first, text: line }]
  const runs: Run[] = []
  for (const word of line.split(/(?<= )/)) {
    const covered = transliterate(word, (codePoint) => fonts.families.some((family) => findFace(family[weight], codePoint) !== undefined))
    const family = fonts.families.find((candidate) => Array.from(covered).every((character) => findFace(candidate[weight], character.codePointAt(0)!) !== undefined))
    for (const character of covered) addCharacter(runs, character, pickFace(family?.[weight], weight, character.codePointAt(0)!, fonts))
  }
  return runs
}

function addCharacter(runs: Run[], character: string, face: Face): void {
  const last = runs.at(-1)
  if (last !== undefined && last.face === face) last.text += character
  else runs.push({ face, text: character })
}

function findFace(faces: readonly Face[], codePoint: number): Face | undefined {
  return faces.find((face) => face.covers(codePoint))
}

function pickFace(preferred: readonly Face[] | undefined, weight: Weight, codePoint: number, fonts: FontSet): Face {
  const candidates = [...(preferred ?? []), ...fonts.families.flatMap((family) => family[weight])]
  return findFace(candidates, codePoint) ?? fonts.families[0]![weight][0]!
}
