import { ids } from '../../../kernel/id-kinds.ts'
import { newId } from '../../../kernel/ids.ts'
import { invalid, refuse } from '../../../kernel/problem.ts'
import { command } from '../../../platform/command.ts'
import type { Tx } from '../../../platform/db.ts'
import { applyPatch } from '../../../platform/edit.ts'
import { checkStrategy, type Checked } from '../check-strategy.ts'
import { deleteStrategyDraft, EDITABLE, endActivation, findStrategy, insertActivation, insertStrategy, insertStrategyDraft, lockActivation, lockStrategy, numberStrategy, touchStrategyDraft, type Definition, type StrategyRow } from '../strategies.db.ts'

export type SaveStrategy = { code: string; name: string; definition: Definition; draft: boolean }
export type Saved = Checked & { id: string; strategy_version: number | null }

const NOT_CHECKED: Checked = { findings: [], proofs: [], undecided: [], examples: [] }
const shown = ({ id, code, strategy_version }: Pick<StrategyRow, 'id' | 'code' | 'strategy_version'>) => ({ strategy_id: ids.strategy.show(id), code, strategy_version })

/** Saves the next version of a strategy, which never changes again, or a draft, which is checked when it is saved. */
export const saveStrategy = command('sourcing.save_strategy', 'sourcing:write', async ({ tx, now, caller, emit, audit }, { draft, ...input }: SaveStrategy): Promise<Saved> => {
  const checked = draft ? NOT_CHECKED : await checkStrategy(tx, input.name, input.definition, now)
  const id = newId(now.getTime())
  const strategy = { id, ...input, at: now, by: caller.id }
  const strategy_version = draft ? null : await insertStrategy(tx, strategy)
  if (draft) await insertStrategyDraft(tx, strategy)
  audit({ subject_id: id, changes: { strategy_version: { before: null, after: strategy_version } } })
  emit({ type: draft ? 'strategy.drafted' : 'strategy.saved', subject_id: id, data: shown({ id, code: input.code, strategy_version }) })
  return { id: ids.strategy.show(id), strategy_version, ...checked }
})

export type UpdateStrategyDraft = { strategy_id: string; seen_version: number | undefined; patch: { name?: string; rules?: Definition['rules']; examples?: NonNullable<Definition['examples']> } }

/** Changes a draft in place. */
export const updateStrategyDraft = command('sourcing.update_strategy_draft', 'sourcing:write', async ({ tx, now, emit, audit }, { strategy_id, seen_version, patch: { name, ...parts } }: UpdateStrategyDraft) => {
  const draft = await lockDraft(tx, strategy_id)
  const definition = Object.keys(parts).length === 0 ? undefined : { ...draft.definition, ...parts }
  const note = await applyPatch(tx, 'sourcing_strategies', EDITABLE, draft, { name, definition }, seen_version)
  if (note === undefined) return {}
  await touchStrategyDraft(tx, draft.id, now)
  audit(note)
  emit({ type: 'strategy.draft_updated', subject_id: draft.id, data: shown(draft) })
  return {}
})

/** Makes a draft the next version of its strategy. */
export const saveStrategyDraft = command('sourcing.save_strategy_draft', 'sourcing:write', async ({ tx, now, emit, audit }, input: { strategy_id: string; seen_version: number | undefined }): Promise<Saved> => {
  const draft = await lockDraft(tx, input.strategy_id)
  if (input.seen_version !== undefined && input.seen_version !== draft.version) throw refuse('stale_version', 'Somebody else changed the draft meanwhile. Look at it again before it is saved.', { current_version: draft.version })
  const checked = await checkStrategy(tx, draft.name, draft.definition, now)
  const strategy_version = await numberStrategy(tx, draft.id, draft.code, now)
  audit({ subject_id: draft.id, changes: { strategy_version: { before: null, after: strategy_version } } })
  emit({ type: 'strategy.saved', subject_id: draft.id, data: shown({ ...draft, strategy_version }) })
  return { id: ids.strategy.show(draft.id), strategy_version, ...checked }
})

/** Throws a draft away. */
export const discardStrategyDraft = command('sourcing.discard_strategy_draft', 'sourcing:write', async ({ tx, emit, audit }, input: { strategy_id: string }) => {
  const draft = await lockDraft(tx, input.strategy_id)
  await deleteStrategyDraft(tx, draft.id)
  audit({ subject_id: draft.id, changes: { code: { before: draft.code, after: null } } })
  emit({ type: 'strategy.draft_discarded', subject_id: draft.id, data: shown(draft) })
  return { id: ids.strategy.show(draft.id) }
})

async function lockDraft(tx: Tx, id: string): Promise<StrategyRow> {
  const row = await lockStrategy(tx, id)
  if (row === undefined) throw refuse('not_found', 'There is no such strategy.')
  if (row.strategy_version !== null) throw refuse('strategy_saved', `This is version ${row.strategy_version} of "${row.code}", which never changes. Save another version.`, { strategy_version: row.strategy_version })
  return row
}

export type ActivateStrategy = { strategy_id: string; from: string | undefined; until: string | undefined; accept_failing_examples: boolean }

/**
 * Routes by this version, from now on or for a time to come; an older version is rolled back to in the same way. Refuses
 * with `examples_fail` where an example comes out differently, unless that is accepted, which the audit says.
 */
export const activateStrategy = command('sourcing.activate_strategy', 'sourcing:write', async ({ tx, now, caller, emit, audit }, input: ActivateStrategy) => {
  const strategy = await findStrategy(tx, input.strategy_id)
  if (strategy === undefined) throw refuse('not_found', 'There is no such strategy.')
  if (strategy.strategy_version === null) throw refuse('strategy_is_draft', 'A draft routes nothing. Save it first.')
  const { from_at, until_at } = readPeriod(input, now)
  const { examples } = await checkStrategy(tx, strategy.name, strategy.definition, now)
  const failing = examples.filter(({ passed }) => !passed)
  if (failing.length > 0 && !input.accept_failing_examples) {
    throw refuse('examples_fail', `${failing.map(({ name, mismatches }) => `"${name}": ${mismatches.join(' ')}`).join(' ')} Mend the rules or the examples, or send accept_failing_examples.`, { examples: failing })
  }
  const id = newId(now.getTime())
  const begun = await insertActivation(tx, { id, strategy_id: strategy.id, from_at, until_at, at: now, by: caller.id })
  const period = { from: begun.from_at.toISOString(), until: until_at?.toISOString() ?? null }
  audit({ subject_id: strategy.id, changes: { activation: { before: null, after: { ...period, failing_examples: failing.map(({ name }) => name) } } } })
  emit({ type: from_at === null ? 'strategy.activated' : 'strategy.scheduled', subject_id: strategy.id, data: { ...shown(strategy), activation_id: ids.activation.show(id), ...period } })
  return { activation_id: ids.activation.show(id) }
})

function readPeriod({ from, until }: Pick<ActivateStrategy, 'from' | 'until'>, now: Date): { from_at: Date | null; until_at: Date | null } {
  const from_at = from === undefined ? null : new Date(from)
  const until_at = until === undefined ? null : new Date(until)
  if (from_at !== null && from_at < now) throw invalid([{ pointer: '/from', code: 'in_the_past', detail: 'Routing cannot be changed for the past. Leave `from` out to begin now.' }])
  if (until_at !== null && until_at <= (from_at ?? now)) throw invalid([{ pointer: '/until', code: 'wrong_order', detail: '`until` comes after the beginning.' }])
  return { from_at, until_at }
}

/** Takes an activation back: what was in use before it, or is by then, routes. Refuses to leave no strategy at all. */
export const cancelActivation = command('sourcing.cancel_activation', 'sourcing:write', async ({ tx, now, emit, audit }, input: { activation_id: string }) => {
  const activation = await lockActivation(tx, input.activation_id)
  if (activation === undefined) throw refuse('not_found', 'There is no such activation.')
  if (activation.canceled_at !== null || (activation.until_at !== null && activation.until_at <= now)) throw refuse('activation_over', 'This activation is over. Activate the version that you want.')
  if (!(await endActivation(tx, activation.id, now))) throw refuse('last_activation', 'No other strategy would be in use. Activate another one instead.')
  audit({ subject_id: activation.strategy_id, changes: { activation: { before: { from: activation.from_at.toISOString(), until: activation.until_at?.toISOString() ?? null }, after: null } } })
  emit({ type: 'strategy.activation_canceled', subject_id: activation.strategy_id, data: { ...shown({ ...activation, id: activation.strategy_id }), activation_id: ids.activation.show(activation.id) } })
  return { id: ids.activation.show(activation.id) }
})
