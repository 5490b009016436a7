import { createHash } from 'node:crypto'
import { assert } from '../kernel/assert.ts'
import { Refusal, type RefusalFacts, refuse } from '../kernel/problem.ts'
import type { Outcome } from './command.ts'
import type { Tx } from './db.ts'
import { rowsOf, sql } from './sql.ts'

/**
 * One contract for every write that carries a key: the first call claims the key in the transaction of its
 * effect and stores its outcome there; later calls with the same input are answered with that outcome; the same key
 * with another input is refused. A concurrent call waits for the first to commit. Keys are kept for 30 days.
 */
export type Claim = { caller_id: string; key: string; command: string; input_hash: string; at: Date }

type StoredOutcome<Output> = { output: Output } | { refusal: { code: string; facts: RefusalFacts } }
type StoredKey = { caller_id: string; key: string; command: string; input_hash: string; outcome: StoredOutcome<unknown> | null }

/** The same for inputs that mean the same, whatever the order of their keys. */
export function inputHash(input: unknown): string {
  return createHash('sha256').update(JSON.stringify(input, sortKeys)).digest('base64')
}

function sortKeys(_key: string, value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Claims the keys that are free. For each claim in order: undefined where it is ours now, else the first call's outcome. */
export async function claimKeys<Output>(tx: Tx, claims: readonly Claim[]): Promise<(Outcome<Output> | undefined)[]> {
  if (claims.length === 0) return []
  const claimed = await tx.rows<{ caller_id: string; key: string }>(sql`
    insert into idempotency_keys (caller_id, key, command, input_hash, created_at)
    select caller_id, key, command, input_hash, at
    from ${rowsOf(claims, { caller_id: 'uuid', key: 'text', command: 'text', input_hash: 'text', at: 'timestamptz' })}
    order by caller_id, key
    on conflict (caller_id, key) do nothing
    returning caller_id, key`)
  const ours = new Set(claimed.map(({ caller_id, key }) => `${caller_id} ${key}`))
  if (ours.size === claims.length) return claims.map(() => undefined)
  const stored = await tx.rows<StoredKey>(sql`
    select caller_id, key, command, input_hash, outcome from idempotency_keys
    where (caller_id, key) in (select caller_id, key from ${rowsOf(claims, { caller_id: 'uuid', key: 'text' })})`)
  const byKey = new Map(stored.map((row) => [`${row.caller_id} ${row.key}`, row]))
  return claims.map((claim) => {
    const id = `${claim.caller_id} ${claim.key}`
    return ours.has(id) ? undefined : replay<Output>(claim, byKey.get(id))
  })
}

function replay<Output>(claim: Claim, stored: StoredKey | undefined): Outcome<Output> {
  assert(stored !== undefined, 'a key that could not be claimed is stored')
  if (stored.input_hash !== claim.input_hash || stored.command !== claim.command) {
    return { ok: false, refusal: refuse('idempotency_key_reused', 'This Idempotency-Key was used with another request. Use a new key for a new request.', { key: claim.key }) }
  }
  assert(stored.outcome !== null, 'a committed key has its outcome')
  if ('output' in stored.outcome) return { ok: true, output: stored.outcome.output as Output }
  return { ok: false, refusal: new Refusal(stored.outcome.refusal.code, stored.outcome.refusal.facts) }
}

/** Gives up keys that were claimed in this transaction and decided nothing: a corrected call may use them. */
export async function releaseKeys(tx: Tx, claims: readonly Claim[]): Promise<void> {
  if (claims.length === 0) return
  await tx.run(sql`
    delete from idempotency_keys
    where (caller_id, key) in (select caller_id, key from ${rowsOf(claims, { caller_id: 'uuid', key: 'text' })})`)
}

/** Stores the outcomes of claimed keys, in the transaction of their effects. */
export async function storeOutcomes(tx: Tx, settled: readonly { claim: Claim; outcome: Outcome<unknown> }[]): Promise<void> {
  if (settled.length === 0) return
  const rows = settled.map(({ claim, outcome }) => ({
    caller_id: claim.caller_id,
    key: claim.key,
    outcome: outcome.ok ? { output: outcome.output ?? null } : { refusal: { code: outcome.refusal.code, facts: outcome.refusal.facts } },
  }))
  await tx.run(sql`
    update idempotency_keys set outcome = input.outcome
    from ${rowsOf(rows, { caller_id: 'uuid', key: 'text', outcome: 'jsonb' })}
    where idempotency_keys.caller_id = input.caller_id and idempotency_keys.key = input.key`)
}
