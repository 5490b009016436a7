/** More words than this narrow nothing down and only cost. */
const MAX_WORDS = 8

/** Patterns for `ilike`, one for each word of the search text: a match contains every word, in any order. */
export function wordPatterns(q: string): string[] {
  const words = q.split(/\s+/).filter((word) => word !== '').slice(0, MAX_WORDS)
  return words.map(containsPattern)
}

/** A pattern for `ilike` that matches what has the text anywhere. */
export function containsPattern(text: string): string {
  return `%${escapeLike(text)}%`
}

/** A pattern for `ilike` that matches what begins with the text. */
export function prefixPattern(q: string): string {
  return `${escapeLike(q.trim())}%`
}

function escapeLike(text: string): string {
  return text.replaceAll(/[\\%_]/g, '\\$&')
}

/** Fewer digits than these are not looked for as the end of a phone number. */
const MIN_PHONE_DIGITS = 6
/** What is before so many last digits is the country or a zero, or neither. */
const PHONE_DIGITS = 9

/** The last digits of a phone number from the last on, as `search_words` keeps it, if the text looks like one. */
export function phoneEnding(q: string): string | undefined {
  const digits = q.replaceAll(/\D/g, '')
  if (!/^[+(\d][\d\s().\-/]*$/.test(q.trim()) || digits.length < MIN_PHONE_DIGITS) return undefined
  return Array.from(digits.slice(-PHONE_DIGITS)).reverse().join('')
}
