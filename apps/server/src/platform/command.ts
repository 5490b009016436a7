import type { Refusal } from '../kernel/problem.ts'
import type { Caller } from './caller.ts'
import type { Tx } from './db.ts'
import type { NewEvent } from './events.ts'
import type { NewJob } from './jobs.ts'

/** The circumstances of one call. `at` overrides the clock and is only for imports of what happened earlier. */
export type Request = { caller: Caller; request_id: string; idempotency_key?: string; at?: Date }

/** What changed, for the audit: which thing, and for edits the fields with their values before and after. */
export type AuditNote = { subject_id: string; changes?: Record<string, { before: unknown; after: unknown }> }

/** What a handler works with. All of it belongs to one transaction. */
export type Context = {
  tx: Tx
  now: Date
  caller: Caller
  request_id: string
  /** Events are written at the end of the transaction, in the order given. */
  emit: (...events: NewEvent[]) => void
  audit: (note: AuditNote) => void
  /** Jobs are enqueued in the same transaction: they run if and only if it commits. */
  enqueue: (...jobs: NewJob[]) => void
}

/**
 * A write. Only commands write; `createExecutor` runs them with everything that a write owes: permission,
 * idempotency, transaction, retries, audit, events and jobs. A handler refuses by throwing a `Refusal`, which
 * rolls everything back. Its output is what the API answers, so it is plain JSON.
 */
export type Command<Input, Output> = {
  kind: 'command'
  name: string
  permission: string
  handle: (context: Context, input: Input) => Promise<Output>
  /** What of the input makes two calls under one idempotency key the same call. Secrets that are made anew for every call are none of it. */
  identify: (input: Input) => unknown
}

/** A command. Its whole input identifies a call, unless `identify` says what does. */
export function command<Input, Output>(
  name: string, permission: string, handle: Command<Input, Output>['handle'], identify: Command<Input, Output>['identify'] = (input) => input,
): Command<Input, Output> {
  return { kind: 'command', name, permission, handle, identify }
}

/** One call among those that a batch serves. `note` adds to the audit of this item. */
export type BatchItem<Input> = {
  input: Input
  now: Date
  caller: Caller
  request_id: string
}

export type Outcome<Output> = { ok: true; output: Output; subject_id?: string } | { ok: false; refusal: Refusal }

export type BatchContext = {
  tx: Tx
  /** Events of one item; they carry that item's caller, time and request id. */
  emit: (item: BatchItem<never>, ...events: NewEvent[]) => void
  enqueue: (...jobs: NewJob[]) => void
}

/**
 * A write for hot paths: calls that arrive while the previous batch commits run together in one transaction of
 * set-based SQL. The handler answers one outcome per item, in order, and has written nothing for a refused one,
 * so a bad item never harms its neighbors. Rows are locked in key order.
 */
export type BatchCommand<Input, Output> = {
  kind: 'batch_command'
  name: string
  permission: string
  max_items: number
  handle: (context: BatchContext, items: readonly BatchItem<Input>[]) => Promise<Outcome<Output>[]>
}

export function batchCommand<Input, Output>(
  name: string,
  permission: string,
  handle: BatchCommand<Input, Output>['handle'],
  max_items = 200,
): BatchCommand<Input, Output> {
  return { kind: 'batch_command', name, permission, max_items, handle }
}
