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
