/**
 * Latin spellings for what a printer or font cannot show. Letters with marks lose them (ś → s); letters that do not
 * decompose, Greek (ISO 843) and Cyrillic (after BGN/PCGN) have a spelling; everything else becomes a mark, one for
 * each character, so that the reader sees that something is missing.
 */
const SPELLINGS = new Map<string, string>(
  Object.entries({
    ł: 'l', đ: 'd', ð: 'd', ħ: 'h', ı: 'i', ŀ: 'l', ŋ: 'ng', ø: 'o', œ: 'oe', æ: 'ae', ß: 'ss', þ: 'th', ŧ: 't', ƒ: 'f', ə: 'e',
    α: 'a', β: 'v', γ: 'g', δ: 'd', ε: 'e', ζ: 'z', η: 'i', θ: 'th', ι: 'i', κ: 'k', λ: 'l', μ: 'm', ν: 'n', ξ: 'x', ο: 'o', π: 'p',
    ρ: 'r', σ: 's', ς: 's', τ: 't', υ: 'y', φ: 'f', χ: 'ch', ψ: 'ps', ω: 'o',
    а: 'a', б: 'b', в: 'v', г: 'g', д: 'd', е: 'e', ё: 'yo', ж: 'zh', з: 'z', и: 'i', й: 'y', к: 'k', л: 'l', м: 'm', н: 'n', о: 'o',
    п: 'p', р: 'r', с: 's', т: 't', у: 'u', ф: 'f', х: 'kh', ц: 'ts', ч: 'ch', ш: 'sh', щ: 'shch', ъ: '', ы: 'y', ь: '', э: 'e',
    ю: 'yu', я: 'ya', і: 'i', ї: 'yi', є: 'ye', ґ: 'g', ў: 'u', ђ: 'dj', ј: 'j', љ: 'lj', њ: 'nj', ћ: 'c', џ: 'dz', ѓ: 'g', ќ: 'k', ѕ: 'dz',
    '–': '-', '—': '-', '‐': '-', '‑': '-', '−': '-', '‘': "'", '’': "'", '‚': "'", 'ʼ': "'", '“': '"', '”': '"', '„': '"', '«': '"', '»': '"',
    '…': '...', '½': '1/2', '¼': '1/4', '¾': '3/4', '•': '*', '·': '.', '×': 'x', '€': 'EUR', '™': 'TM', '©': '(c)', '®': '(R)', '№': 'No.', '°': 'deg',
  }),
)
const MARKS = /\p{M}+/gu
// Format characters, joiners, bidirectional controls and variation selectors print nothing; they only break layout.
const INVISIBLE = /[\p{Cf}\u{fe00}-\u{fe0f}]|\p{Emoji_Modifier}/gu
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}\p{Zs}]+/gu

/** One line of text without control and invisible characters, composed (NFC), runs of spaces as one. */
export function cleanLine(text: string): string {
  // Nearly everything is plain ASCII; the Unicode passes cost more than the rest of a line's layout.
  if (/^[\x21-\x7e]*(?: [\x21-\x7e]+)*$/.test(text)) return text
  return text.toWellFormed().normalize('NFC').replaceAll(INVISIBLE, '').replaceAll(CONTROL, ' ').trim()
}

/** What every label printer shows: Western European letters. */
export function isLatin1(codePoint: number): boolean {
  return codePoint <= 0xff
}

/** The characters of a text that some label printer could show as a mark of what is missing only. */
export function findUnspellable(text: string): string[] {
  return [...new Set(Array.from(cleanLine(text)).filter((character) => !isLatin1(character.codePointAt(0)!) && spell(character, isLatin1) === undefined))]
}

/** Made to stand for what cannot be shown; a question mark where a font lacks even that. */
const MISSING = '\ufffd'

/** The text with every character that `covers` refuses spelled with characters that it accepts. */
export function transliterate(text: string, covers: (codePoint: number) => boolean): string {
  const missing = isCovered(MISSING, covers) ? MISSING : '?'
  let out = ''
  for (const character of text) out += covers(character.codePointAt(0)!) ? character : spell(character, covers) ?? missing
  return out
}

function spell(character: string, covers: (codePoint: number) => boolean): string | undefined {
  const bare = character.normalize('NFD').replaceAll(MARKS, '')
  // й and ї decompose into letters that read differently, so the table comes before the bare letter.
  const spelling = spellLetter(character) ?? (isCovered(bare, covers) ? bare : spellLetter(bare))
  if (spelling !== undefined && isCovered(spelling, covers)) return spelling
  const compatible = character.normalize('NFKD').replaceAll(MARKS, '')
  return compatible !== character && isCovered(compatible, covers) ? compatible : undefined
}

function spellLetter(letter: string): string | undefined {
  const own = SPELLINGS.get(letter)
  if (own !== undefined) return own
  const lower = SPELLINGS.get(letter.toLowerCase())
  return lower === undefined ? undefined : lower.slice(0, 1).toUpperCase() + lower.slice(1)
}

function isCovered(text: string, covers: (codePoint: number) => boolean): boolean {
  for (const character of text) if (!covers(character.codePointAt(0)!)) return false
  return true
}
