import { createHash } from 'node:crypto'
import { Refusal, type RefusalFacts, refuse } from '../kernel/problem.ts'
import type { Outcome } from './command.ts'
import type { Tx } from './db.ts'
import { rowsOf, sql } from './sql.ts'

/**
 * One contract for every write that carries a key: its outcome is stored in the transaction of its effect; later calls
 * with the same input are answered with that outcome; the same key with another input is refused. Of concurrent calls
 * one is first: the others wait for its commit where they store theirs, give up what they did and answer as it did.
 * Keys are kept for 30 days.
 */
export type Claim = { caller_id: string; key: string; command: string; input_hash: string; at: Date }

/** Another transaction has stored an outcome for one of the keys meanwhile: to be run again, to find it. */
export class KeyTaken extends Error {}

type StoredOutcome<Output> = { output: Output } | { refusal: { code: string; facts: RefusalFacts } }
type StoredKey = { caller_id: string; key: string; command: string; input_hash: string; outcome: StoredOutcome<unknown> }

/** Of inputs that are still in use: an order's content is hashed for its key and for its external id. */
const HASHES = new WeakMap<object, string>()

/** The same for inputs that mean the same, whatever the order of their keys. */
export function inputHash(input: unknown): string {
  if (typeof input !== 'object' || input === null) return computeHash(input)
  let hash = HASHES.get(input)
  if (hash === undefined) {
    hash = computeHash(input)
    HASHES.set(input, hash)
  }
  return hash
}

function computeHash(input: unknown): string {
  return createHash('sha256').update(JSON.stringify(input, sortKeys)).digest('base64')
}

function sortKeys(_key: string, value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** For each claim in order the outcome that an earlier call has stored, or undefined. */
export async function findOutcomes<Output>(tx: Tx, claims: readonly Claim[]): Promise<(Outcome<Output> | undefined)[]> {
  if (claims.length === 0) return []
  const stored = await tx.rows<StoredKey>(sql`
    select k.caller_id, k.key, k.command, k.input_hash, k.outcome
    from ${rowsOf(claims, { caller_id: 'uuid', key: 'text' })} join idempotency_keys k on k.caller_id = input.caller_id and k.key = input.key`)
  const byKey = new Map(stored.map((row) => [`${row.caller_id} ${row.key}`, row]))
  return claims.map((claim) => {
    const found = byKey.get(`${claim.caller_id} ${claim.key}`)
    return found === undefined ? undefined : replay<Output>(claim, found)
  })
}

function replay<Output>(claim: Claim, stored: StoredKey): Outcome<Output> {
  if (stored.input_hash !== claim.input_hash || stored.command !== claim.command) {
    return { ok: false, refusal: refuse('idempotency_key_reused', 'This Idempotency-Key was used with another request. Use a new key for a new request.', { key: claim.key }) }
  }
  if ('output' in stored.outcome) return { ok: true, output: stored.outcome.output as Output }
  return { ok: false, refusal: new Refusal(stored.outcome.refusal.code, stored.outcome.refusal.facts, true) }
}

/** Stores first outcomes, in the transaction of their effects and after them. Throws `KeyTaken` where a rival was faster. */
export async function storeOutcomes(tx: Tx, settled: readonly { claim: Claim; outcome: Outcome<unknown> }[]): Promise<void> {
  if (settled.length === 0) return
  const rows = settled.map(({ claim, outcome }) => ({
    ...claim, outcome: outcome.ok ? { output: outcome.output ?? null } : { refusal: { code: outcome.refusal.code, facts: outcome.refusal.facts } },
  }))
  const stored = await tx.run(sql`
    insert into idempotency_keys (caller_id, key, command, input_hash, outcome, created_at)
    select caller_id, key, command, input_hash, outcome, at
    from ${rowsOf(rows, { caller_id: 'uuid', key: 'text', command: 'text', input_hash: 'text', outcome: 'json', at: 'timestamptz' })}
    order by caller_id, key
    on conflict (caller_id, key) do nothing`)
  if (stored < rows.length) throw new KeyTaken()
}
