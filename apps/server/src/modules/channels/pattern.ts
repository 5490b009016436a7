/**
 * Patterns that merchants write, matched against what customers write. The engine of JavaScript tries alternatives one
 * after another and can take years for thirty characters; this one follows all of them at once (Thompson's automaton), so
 * its time is the length of the text times the size of the pattern. A pattern always matches the whole text.
 */
export type Pattern = (text: string) => boolean

export const MAX_PATTERN_LENGTH = 200
/** Counted repetitions are written out, so `(a{50}){50}` is larger than it looks. */
const MAX_STATES = 500

type CodePointTest = (point: number) => boolean
type Node =
  | { kind: 'one'; test: CodePointTest }
  | { kind: 'sequence'; parts: Node[] }
  | { kind: 'choice'; parts: Node[] }
  | { kind: 'repeat'; part: Node; min: number; max: number }

/** Compiles a pattern, or says in words why it cannot be used. */
export function compilePattern(source: string): { ok: true; pattern: Pattern } | { ok: false; reason: string } {
  if (source.length > MAX_PATTERN_LENGTH) return { ok: false, reason: `it is longer than ${MAX_PATTERN_LENGTH} characters` }
  try {
    // The general syntax is checked by the runtime, so that the same pattern also works in a browser's form.
    void new RegExp(source, 'u')
  } catch {
    return { ok: false, reason: 'it is not a valid regular expression' }
  }
  try {
    const node = new Parser(source).parse()
    if (sizeOf(node) > MAX_STATES) return { ok: false, reason: 'its counted repetitions are too large' }
    return { ok: true, pattern: matcherOf(node) }
  } catch (error) {
    if (error instanceof Unsupported) return { ok: false, reason: error.message }
    throw error
  }
}

class Unsupported extends Error {}

const between = (from: number, to: number): CodePointTest => (point) => point >= from && point <= to
const isDigit = between(48, 57)
const isWord: CodePointTest = (point) => isDigit(point) || (point >= 65 && point <= 90) || (point >= 97 && point <= 122) || point === 95
const isSpace: CodePointTest = (point) => /\s/u.test(String.fromCodePoint(point))
const isLineEnd: CodePointTest = (point) => point === 10 || point === 13 || point === 0x2028 || point === 0x2029
const not = (test: CodePointTest): CodePointTest => (point) => !test(point)
const CLASSES: Readonly<Record<string, CodePointTest>> = { d: isDigit, D: not(isDigit), w: isWord, W: not(isWord), s: isSpace, S: not(isSpace) }
const CONTROLS: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13 }

/** Reads what the runtime has accepted as a regular expression; refuses what the automaton cannot follow. */
class Parser {
  private readonly characters: string[]
  private at = 0

  constructor(source: string) {
    this.characters = Array.from(source)
  }

  parse(): Node {
    // The whole text is matched in any case, so the usual anchors say nothing, not even beside a `|`.
    if (this.characters[0] === '^') this.at = 1
    const escapes = /(\\*)\$$/.exec(this.characters.join(''))?.[1]
    if (escapes !== undefined && escapes.length % 2 === 0) this.characters.pop()
    return this.choice()
  }

  private choice(): Node {
    const parts = [this.sequence()]
    while (this.characters[this.at] === '|') {
      this.at++
      parts.push(this.sequence())
    }
    return parts.length === 1 ? parts[0]! : { kind: 'choice', parts }
  }

  private sequence(): Node {
    const parts: Node[] = []
    for (;;) {
      const character = this.characters[this.at]
      if (character === undefined || character === '|' || character === ')') return { kind: 'sequence', parts }
      parts.push(this.repeated(this.atom()))
    }
  }

  private atom(): Node {
    const character = this.characters[this.at++]!
    if (character === '(') return this.group()
    if (character === '[') return { kind: 'one', test: this.set() }
    if (character === '.') return { kind: 'one', test: not(isLineEnd) }
    if (character === '^' || character === '$') throw new Unsupported(`\`${character}\` inside the pattern is not supported; the whole answer is matched anyway`)
    return { kind: 'one', test: character === '\\' ? this.escape() : equals(character) }
  }

  private group(): Node {
    if (this.characters[this.at] === '?') {
      if (this.characters[this.at + 1] !== ':') throw new Unsupported('lookarounds and named groups are not supported')
      this.at += 2
    }
    const node = this.choice()
    this.at++
    return node
  }

  private escape(): CodePointTest {
    const character = this.characters[this.at++]!
    const known = CLASSES[character]
    if (known !== undefined) return known
    const control = CONTROLS[character]
    if (control !== undefined) return (point) => point === control
    if (/[1-9k]/.test(character)) throw new Unsupported('backreferences are not supported')
    if (/[a-zA-Z0]/.test(character)) throw new Unsupported(`\`\\${character}\` is not supported`)
    return equals(character)
  }

  private set(): CodePointTest {
    const negated = this.characters[this.at] === '^'
    if (negated) this.at++
    const tests: CodePointTest[] = []
    while (this.characters[this.at] !== ']') {
      const first = this.setMember()
      if (typeof first === 'number' && this.characters[this.at] === '-' && this.characters[this.at + 1] !== ']') {
        this.at++
        const last = this.setMember()
        if (typeof last !== 'number') throw new Unsupported('a range runs between two characters')
        tests.push(between(first, last))
      } else tests.push(typeof first === 'number' ? (point) => point === first : first)
    }
    this.at++
    const any: CodePointTest = (point) => tests.some((test) => test(point))
    return negated ? not(any) : any
  }

  /** One character of a set as its code point, or a class such as `\d`. */
  private setMember(): number | CodePointTest {
    const character = this.characters[this.at++]!
    if (character !== '\\') return character.codePointAt(0)!
    const escaped = this.characters[this.at]!
    if (CLASSES[escaped] === undefined && CONTROLS[escaped] === undefined && !/[a-zA-Z0-9]/.test(escaped)) {
      this.at++
      return escaped.codePointAt(0)!
    }
    return this.escape()
  }

  private repeated(part: Node): Node {
    const counted = /^(?:([*+?])|\{(\d+)(,?)(\d*)\})\??/.exec(this.characters.slice(this.at).join(''))
    if (counted === null) return part
    this.at += counted[0].length
    const [, sign, low, comma, high] = counted
    const min = sign === undefined ? Number(low) : sign === '+' ? 1 : 0
    const max = sign === undefined ? (high !== '' ? Number(high) : comma === ',' ? Infinity : min) : sign === '?' ? 1 : Infinity
    // Harmless here, ruinous in the ordinary engines of browsers and other systems that are given the same pattern.
    if (max === Infinity && isEndless(part)) throw new Unsupported('a repetition without end inside another is not supported')
    return { kind: 'repeat', part, min, max }
  }
}

function equals(character: string): CodePointTest {
  const wanted = character.codePointAt(0)!
  return (point) => point === wanted
}

function isEndless(node: Node): boolean {
  if (node.kind === 'one') return false
  if (node.kind === 'repeat') return node.max === Infinity || isEndless(node.part)
  return node.parts.some(isEndless)
}

function sizeOf(node: Node): number {
  if (node.kind === 'one') return 1
  if (node.kind === 'repeat') return (sizeOf(node.part) + 1) * Math.max(1, node.max === Infinity ? node.min + 1 : node.max)
  return node.parts.reduce((sum, part) => sum + sizeOf(part), 1)
}

/** A state reads one character, or (without a test) goes on to all its followers at once. */
type State = { test: CodePointTest | null; next: number[] }

function matcherOf(root: Node): Pattern {
  const states: State[] = [{ test: null, next: [] }]
  const add = (test: CodePointTest | null, next: number[]): number => states.push({ test, next }) - 1
  const repeat = ({ part, min, max }: Extract<Node, { kind: 'repeat' }>, next: number): number => {
    let entry = next
    if (max === Infinity) {
      entry = add(null, [next])
      states[entry]!.next.push(build(part, entry))
    } else for (let left = max - min; left > 0; left--) entry = add(null, [next, build(part, entry)])
    for (let left = min; left > 0; left--) entry = build(part, entry)
    return entry
  }
  const build = (node: Node, next: number): number => {
    if (node.kind === 'one') return add(node.test, [next])
    if (node.kind === 'sequence') return node.parts.reduceRight((following, part) => build(part, following), next)
    return node.kind === 'choice' ? add(null, node.parts.map((part) => build(part, next))) : repeat(node, next)
  }
  const start = build(root, 0)
  return (text) => runStates(states, start, text)
}

const ACCEPT = 0

function runStates(states: readonly State[], start: number, text: string): boolean {
  // Which step a state was last entered in, so that each is entered once per character.
  const entered = new Int32Array(states.length).fill(-1)
  let step = 0
  const enter = (first: number, into: number[]): void => {
    const open = [first]
    while (open.length > 0) {
      const index = open.pop()!
      if (entered[index] === step) continue
      entered[index] = step
      const state = states[index]!
      if (index === ACCEPT || state.test !== null) into.push(index)
      else open.push(...state.next)
    }
  }
  let current: number[] = []
  enter(start, current)
  for (const character of text) {
    const point = character.codePointAt(0)!
    step++
    const following: number[] = []
    for (const index of current) {
      const state = states[index]!
      if (state.test?.(point) === true) enter(state.next[0]!, following)
    }
    current = following
    if (current.length === 0) return false
  }
  return current.includes(ACCEPT)
}
