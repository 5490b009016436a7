export type Weight = 'regular' | 'bold'

/** The width of a line in points, in whatever font the renderer has. */
export type Measure = (text: string, size: number, weight: Weight) => number

export type FitOptions = {
  width: number
  size: number
  weight: Weight
  /** Text may shrink to this size before it is cut; `size` where absent. */
  min_size?: number
  max_lines?: number
}

export type FittedText = { lines: string[]; size: number; truncated: boolean }

const SHRINK_STEP = 0.92

/**
 * Lines that fit the width: wrapped at spaces and hyphens, words that are too long broken, shrunk down to `min_size`
 * while it has more lines than allowed or a broken word, then cut with an ellipsis. Never wider than the box.
 */
export function fitText(text: string, options: FitOptions, measure: Measure): FittedText {
  const { width, weight, max_lines = Number.POSITIVE_INFINITY } = options
  const min_size = options.min_size ?? options.size
  let size = options.size
  for (;;) {
    const wrapped = wrap(text, width, (piece) => measure(piece, size, weight))
    if (wrapped.lines.length <= max_lines && (!wrapped.broken || size <= min_size)) return { lines: wrapped.lines, size, truncated: false }
    if (size <= min_size) {
      if (wrapped.lines.length <= max_lines) return { lines: wrapped.lines, size, truncated: false }
      const last = truncate(text.slice(wrapped.starts[max_lines - 1]), width, (piece) => measure(piece, size, weight))
      return { lines: [...wrapped.lines.slice(0, max_lines - 1), last], size, truncated: true }
    }
    size = Math.max(min_size, size * SHRINK_STEP)
  }
}

type Width = (text: string) => number

/** `starts` are the places in the text where the lines begin. */
function wrap(text: string, width: number, widthOf: Width): { lines: string[]; starts: number[]; broken: boolean } {
  if (widthOf(text) <= width) return { lines: [text], starts: [0], broken: false }
  const lines: string[] = []
  const starts: number[] = []
  let start = 0
  const push = (line: string, length: number): void => {
    if (line.trim() !== '') {
      lines.push(line.trimEnd())
      starts.push(start)
    }
    start += length
  }
  let line = ''
  let broken = false
  // A hyphen inside a word is a place to break, and stays at the end of its line.
  for (const word of text.split(/(?<= )|(?<=[^\s-]-)(?=[^\s-])/)) {
    const joined = line + word
    if (widthOf(joined.trimEnd()) <= width) {
      line = joined
      continue
    }
    push(line, line.length)
    line = word
    while (widthOf(line.trimEnd()) > width) {
      const head = longestHead(line, width, widthOf)
      push(head, head.length)
      line = line.slice(head.length)
      broken = true
    }
  }
  push(line, line.length)
  return { lines, starts, broken }
}

/** At least one character, so that a box narrower than a letter still ends. */
function longestHead(text: string, width: number, widthOf: Width): string {
  const characters = Array.from(text)
  let low = 1
  let high = characters.length
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (widthOf(characters.slice(0, middle).join('')) <= width) low = middle
    else high = middle - 1
  }
  return characters.slice(0, low).join('')
}

/** The text, or as much of it as fits the width with an ellipsis. */
export function truncate(text: string, width: number, widthOf: Width): string {
  if (widthOf(text) <= width) return text
  const characters = Array.from(text)
  const shorten = (count: number): string => `${characters.slice(0, count).join('').trimEnd()}…`
  let low = 0
  let high = characters.length - 1
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (widthOf(shorten(middle)) <= width) low = middle
    else high = middle - 1
  }
  return shorten(low)
}
