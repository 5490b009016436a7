import { newId } from '../kernel/ids.ts'
import { Refusal, refuse } from '../kernel/problem.ts'
import { requirePermission, type Caller } from './caller.ts'
import type { Clock } from './clock.ts'
import type { AuditNote, BatchCommand, BatchContext, BatchItem, Command, Outcome, Request } from './command.ts'
import { isRetryable, type Database, type Tx } from './db.ts'
import { writeEvents, type EventContext, type NewEvent } from './events.ts'
import { findOutcomes, inputHash, KeyTaken, storeOutcomes, type Claim } from './idempotency.ts'
import type { NewJob } from './jobs.ts'
import { rowsOf, sql } from './sql.ts'

export type Executor = {
  /** Runs a command. Throws the `Refusal` where it is refused. */
  run: <Input, Output>(command: Command<Input, Output>, input: Input, request: Request) => Promise<{ output: Output; replayed: boolean }>
  /** Puts one call into the next batch of its command. Throws the `Refusal` where this item is refused. */
  submit: <Input, Output>(command: BatchCommand<Input, Output>, input: Input, request: Request) => Promise<{ output: Output; replayed: boolean }>
  /** Runs a whole batch in one transaction: imports and bulk calls. Outcomes come in the order of the items. */
  runBatch: <Input, Output>(command: BatchCommand<Input, Output>, items: readonly { input: Input; request: Request }[]) => Promise<Settled<Output>[]>
}

export type Settled<Output> = Outcome<Output> & { replayed: boolean }

export type ExecutorOptions = {
  db: Database
  clock: Clock
  /** Writes jobs through the transaction. */
  insert_jobs: (tx: Tx, jobs: readonly NewJob[]) => Promise<void>
  /** Told after each commit that may have written events. */
  after_commit?: () => void
  /** Told of every command: how long it took and how it ended. */
  observe?: (name: string, durationMs: number, outcome: 'ok' | 'refused' | 'failed', items: number) => void
}

const MAX_RETRIES = 3
/** Refusals after which the same key may still be used: nothing was decided. */
const NO_OUTCOMES = new Set(['invalid_input', 'idempotency_key_reused', 'busy'])
/** Batches of one command that run at once: while one waits for the database or the disk, the next is prepared. */
const MAX_RUNNING = 2
/** A batch begins beside another one only when as many calls wait: small batches cost each call more. */
const WORTH_RUNNING_BESIDE = 32
/** Beyond this many waiting calls of one command a further one is turned away before any work. */
const MAX_WAITING = 5_000

type AuditEntry = { id: string; at: Date; caller: Caller; command: string; subject_id: string | null; changes: AuditNote['changes'] | null; request_id: string }

export function createExecutor(options: ExecutorOptions): Executor {
  const queues = new Map<string, ReturnType<typeof createBatcher>>()

  const run: Executor['run'] = async (command, input, request) => observed(options, command.name, 1, async () => {
    requirePermission(request.caller, command.permission)
    const claim = claimOf(command.name, command.identify(input), request)
    try {
      return await retried(() => options.db.transaction((tx) => runInTransaction(options, tx, command, input, request, claim)))
    } catch (error) {
      if (claim === undefined || !(error instanceof Refusal) || NO_OUTCOMES.has(error.code)) throw error
      // Everything was rolled back; the refusal is the first outcome all the same, unless a rival has stored one meanwhile.
      return await retried(() => storeRefusal(options, claim, error))
    } finally {
      options.after_commit?.()
    }
  })

  const runBatch: Executor['runBatch'] = async (command, items) => observed(options, command.name, items.length, async () => {
    for (const { request } of items) requirePermission(request.caller, command.permission)
    try {
      return await retried(() => options.db.transaction((tx) => runBatchInTransaction(options, tx, command, items)))
    } finally {
      options.after_commit?.()
    }
  })

  const submit: Executor['submit'] = async (command, input, request) => {
    let batcher = queues.get(command.name)
    if (batcher === undefined) {
      batcher = createBatcher(command.max_items, (items) => runBatch(command as BatchCommand<unknown, unknown>, items))
      queues.set(command.name, batcher)
    }
    const settled = (await batcher(input, request)) as Settled<never>
    if (!settled.ok) throw settled.refusal
    return { output: settled.output, replayed: settled.replayed }
  }

  return { run, runBatch, submit }
}

async function observed<T>(options: ExecutorOptions, name: string, items: number, work: () => Promise<T>): Promise<T> {
  const startedMs = performance.now()
  try {
    const result = await work()
    options.observe?.(name, performance.now() - startedMs, 'ok', items)
    return result
  } catch (error) {
    options.observe?.(name, performance.now() - startedMs, error instanceof Refusal ? 'refused' : 'failed', items)
    throw error
  }
}

/**
 * Deadlocks and lock waits are tried again at most three times, after a short random pause so that rivals part. Where a
 * rival has used a key the next try finds its outcome.
 */
async function retried<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      const isTaken = error instanceof KeyTaken
      if (!isTaken && !isRetryable(error)) throw error
      if (attempt === MAX_RETRIES) throw refuse('busy', 'Other writes held the same records for too long. Nothing was changed; try again.')
      if (!isTaken) await new Promise((resolve) => setTimeout(resolve, Math.random() * 20 * 2 ** attempt))
    }
  }
}

function claimOf(command: string, input: unknown, request: Request): Claim | undefined {
  if (request.idempotency_key === undefined) return undefined
  return { caller_id: request.caller.id, key: request.idempotency_key, command, input_hash: inputHash(input), at: new Date() }
}

async function runInTransaction<Input, Output>(
  options: ExecutorOptions, tx: Tx, command: Command<Input, Output>, input: Input, request: Request, claim: Claim | undefined,
): Promise<{ output: Output; replayed: boolean }> {
  if (claim !== undefined) {
    const [first] = await findOutcomes<Output>(tx, [claim])
    if (first !== undefined) return replayed(first)
  }
  const now = request.at ?? options.clock.now(tx.started_at)
  const pending = pendingWrites()
  const context = { tx, now, caller: request.caller, request_id: request.request_id }
  const output = await command.handle({
    ...context,
    emit: (...events) => pending.events.push(...events.map((event) => ({ ...event, at: now, caller: request.caller, request_id: request.request_id }))),
    audit: (note) => pending.audit.push(auditEntry(command.name, request, now, note)),
    enqueue: (...jobs) => pending.jobs.push(...jobs),
  }, input)
  if (pending.audit.length === 0) pending.audit.push(auditEntry(command.name, request, now))
  await flush(options, tx, pending)
  if (claim !== undefined) await storeOutcomes(tx, [{ claim, outcome: { ok: true, output } }])
  return { output, replayed: false }
}

function replayed<Output>(first: Outcome<Output>): { output: Output; replayed: boolean } {
  if (!first.ok) throw first.refusal
  return { output: first.output, replayed: true }
}

async function storeRefusal<Output>(options: ExecutorOptions, claim: Claim, refusal: Refusal): Promise<{ output: Output; replayed: boolean }> {
  const first = await options.db.transaction(async (tx) => {
    const [found] = await findOutcomes<Output>(tx, [claim])
    if (found === undefined) await storeOutcomes(tx, [{ claim, outcome: { ok: false, refusal } }])
    return found
  })
  if (first === undefined) throw refusal
  return replayed(first)
}

async function runBatchInTransaction<Input, Output>(
  options: ExecutorOptions, tx: Tx, command: BatchCommand<Input, Output>, calls: readonly { input: Input; request: Request }[],
): Promise<Settled<Output>[]> {
  const now = options.clock.now(tx.started_at)
  const claims = calls.map(({ input, request }) => claimOf(command.name, input, request))
  const keyed = claims.flatMap((claim, index) => (claim === undefined ? [] : [{ claim, index }]))
  const firsts = await findOutcomes<Output>(tx, keyed.map(({ claim }) => claim))
  const settled: (Settled<Output> | undefined)[] = calls.map(() => undefined)
  keyed.forEach(({ index }, i) => {
    const first = firsts[i]
    if (first !== undefined) settled[index] = { ...first, replayed: true }
  })

  const open = calls.map((_, index) => index).filter((index) => settled[index] === undefined)
  const items: BatchItem<Input>[] = open.map((index) => {
    const { input, request } = calls[index]!
    return { input, now: request.at ?? now, caller: request.caller, request_id: request.request_id }
  })
  const pending = pendingWrites()
  const context: BatchContext = {
    tx,
    emit: (item, ...events) => pending.events.push(...events.map((event) => ({ ...event, at: item.now, caller: item.caller, request_id: item.request_id }))),
    enqueue: (...jobs) => pending.jobs.push(...jobs),
  }
  const outcomes = items.length === 0 ? [] : await command.handle(context, items)
  outcomes.forEach((outcome, i) => {
    settled[open[i]!] = { ...outcome, replayed: false }
    if (!outcome.ok) return
    pending.audit.push(auditEntry(command.name, calls[open[i]!]!.request, items[i]!.now, outcome.subject_id === undefined ? undefined : { subject_id: outcome.subject_id }))
  })
  await flush(options, tx, pending)
  const ours = keyed.map(({ claim, index }) => ({ claim, outcome: settled[index]! })).filter(({ outcome }) => !outcome.replayed)
  const isUndecided = ({ outcome }: (typeof ours)[number]): boolean => !outcome.ok && NO_OUTCOMES.has(outcome.refusal.code)
  await storeOutcomes(tx, ours.filter((one) => !isUndecided(one)))
  return settled as Settled<Output>[]
}

type Pending = { events: (NewEvent & EventContext)[]; audit: AuditEntry[]; jobs: NewJob[] }

function pendingWrites(): Pending {
  return { events: [], audit: [], jobs: [] }
}

function auditEntry(command: string, request: Request, at: Date, note?: AuditNote): AuditEntry {
  return { id: newId(), at, caller: request.caller, command, subject_id: note?.subject_id ?? null, changes: note?.changes ?? null, request_id: request.request_id }
}

async function flush(options: ExecutorOptions, tx: Tx, pending: Pending): Promise<void> {
  await writeEvents(tx, pending.events)
  if (pending.jobs.length > 0) await options.insert_jobs(tx, pending.jobs)
  if (pending.audit.length === 0) return
  const rows = pending.audit.map(({ caller, ...entry }) => ({ ...entry, caller_id: caller.id, caller_name: caller.name }))
  await tx.run(sql`
    insert into audit_entries (id, at, caller_id, caller_name, command, subject_id, changes, request_id)
    select id, at, caller_id, caller_name, command, subject_id, changes, request_id
    from ${rowsOf(rows, { id: 'uuid', at: 'timestamptz', caller_id: 'uuid', caller_name: 'text', command: 'text', subject_id: 'uuid', changes: 'jsonb', request_id: 'text' })}`)
}

type Waiting = { input: unknown; request: Request; resolve: (settled: Settled<unknown>) => void; reject: (error: unknown) => void }

/**
 * Collects calls while earlier batches run; there is no timer, so a lone call waits for nobody. A batch that fails for a
 * reason of its own (not a refusal) is halved until the call that breaks it stands alone.
 */
function createBatcher(maxItems: number, runBatch: (items: readonly Waiting[]) => Promise<Settled<unknown>[]>) {
  let waiting: Waiting[] = []
  let running = 0
  /** Keys of the batches that run. */
  const keys = new Set<string>()

  const settle = async (batch: readonly Waiting[]): Promise<void> => {
    try {
      const settled = await runBatch(batch)
      batch.forEach((item, index) => { item.resolve(settled[index]!) })
    } catch (error) {
      if (batch.length === 1 || error instanceof Refusal) {
        for (const item of batch) item.reject(error)
        return
      }
      const half = batch.length >> 1
      await settle(batch.slice(0, half))
      await settle(batch.slice(half))
    }
  }

  const drain = async (): Promise<void> => {
    running++
    while (running === 1 || waiting.length >= WORTH_RUNNING_BESIDE) {
      const { batch, rest } = takeBatch(waiting, maxItems, keys)
      if (batch.length === 0) break
      waiting = rest
      await settle(batch)
      for (const item of batch) keys.delete(keyOf(item) ?? '')
    }
    running--
  }

  return (input: unknown, request: Request): Promise<Settled<unknown>> => {
    if (waiting.length >= MAX_WAITING) return Promise.reject(refuse('overloaded', 'Too many writes are waiting. Nothing was changed; try again shortly.'))
    return new Promise((resolve, reject) => {
      waiting.push({ input, request, resolve, reject })
      if (running === 0 || (running < MAX_RUNNING && waiting.length >= WORTH_RUNNING_BESIDE)) void drain()
    })
  }
}

/** The next batch, its keys added to those that run. A second call with the same key waits for the one after, where it finds the first one's outcome. */
function takeBatch(waiting: readonly Waiting[], maxItems: number, keys: Set<string>): { batch: Waiting[]; rest: Waiting[] } {
  const batch: Waiting[] = []
  const rest: Waiting[] = []
  for (const item of waiting) {
    const key = keyOf(item)
    if (batch.length === maxItems || (key !== undefined && keys.has(key))) rest.push(item)
    else {
      if (key !== undefined) keys.add(key)
      batch.push(item)
    }
  }
  return { batch, rest }
}

function keyOf({ request: { caller, idempotency_key } }: Waiting): string | undefined {
  return idempotency_key === undefined ? undefined : `${caller.id} ${idempotency_key}`
}
