/** Where codes have two parts of which the first may be read without the second: `YO1 7EP` is in `YO1`, not in `YO17`. */
const TWO_PARTS = new Set(['GB', 'GG', 'JE', 'IM'])
const INWARD_LENGTH = 3
const SHORTEST_WHOLE = 5

/** A postal code, or the beginning of one, as it is compared: capital letters and digits without what people put between them. */
export function normalizePostalCode(country: string, text: string): string {
  const code = text.normalize('NFKC').toUpperCase().replaceAll(/[^A-Z0-9]/g, '')
  if (!TWO_PARTS.has(country) || code.length < SHORTEST_WHOLE) return code
  return `${code.slice(0, -INWARD_LENGTH)} ${code.slice(-INWARD_LENGTH)}`
}

/** The code and everything it begins with, the longest first. */
export function prefixesOf(code: string): string[] {
  return Array.from({ length: code.length }, (_, index) => code.slice(0, code.length - index)).filter((prefix) => !prefix.endsWith(' '))
}
