/**
 * A broken invariant is a bug, never a user's mistake: it aborts the request loudly.
 * Expected refusals are `Refusal`s (problem.ts) instead.
 */
export class InvariantError extends Error {
  override name = 'InvariantError'
}

export function assert(condition: unknown, invariant: string): asserts condition {
  if (!condition) throw new InvariantError(invariant)
}

/** The value, where its absence would be a bug. */
export function present<T>(value: T | null | undefined, invariant: string): T {
  assert(value !== null && value !== undefined, invariant)
  return value
}

/** For the `default` of a switch over a union: the compiler proves that it cannot be reached. */
export function unreachable(value: never): never {
  throw new InvariantError(`unexpected value ${String(value)}`)
}
