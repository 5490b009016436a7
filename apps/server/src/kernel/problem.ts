/** One wrong place in the caller's input: a JSON pointer, a stable code and what to do about it. */
export type FieldError = { pointer: string; code: string; detail: string }

/** The JSON pointer to what lies there (RFC 6901). */
export function pointerTo(path: readonly (string | number)[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

/** What a refusal may carry beside its code; everything is shown to the caller. */
export type RefusalFacts = { detail: string; errors?: readonly FieldError[]; [fact: string]: unknown }

/**
 * An expected "no": the caller asked for something the current state does not allow.
 * `code` names an entry of the owning module's `problems` table, which fixes the HTTP status and title.
 * Throwing it rolls the command back; nothing is half done.
 */
export class Refusal extends Error {
  override name = 'Refusal'
  readonly code: string
  readonly facts: RefusalFacts
  /** It is the outcome of an earlier call with the same key, told again. */
  readonly replayed: boolean

  constructor(code: string, facts: RefusalFacts, replayed = false) {
    super(`${code}: ${facts.detail}`)
    this.code = code
    this.facts = facts
    this.replayed = replayed
  }
}

export function refuse(code: string, detail: string, facts: Record<string, unknown> = {}): Refusal {
  return new Refusal(code, { detail, ...facts })
}

/** Input that passes the schema and still cannot be right, for example an unknown SKU. */
export function invalid(errors: readonly FieldError[]): Refusal {
  const first = errors[0]
  const detail = first === undefined ? 'The input is invalid.' : errors.length === 1 ? first.detail : `${first.detail} (and ${errors.length - 1} more)`
  return new Refusal('invalid_input', { detail, errors })
}

/**
 * Code → HTTP status, title and, where the title does not tell it, what the caller can do about it. Each module declares
 * its own; the edge renders RFC 9457 documents and the pages under /problems from them.
 */
export type ProblemTable = Readonly<Record<string, { status: number; title: string; remedy?: string }>>
