import { ids } from '../../../kernel/id-kinds.ts'
import { newId } from '../../../kernel/ids.ts'
import { invalid, refuse } from '../../../kernel/problem.ts'
import { command } from '../../../platform/command.ts'
import { activateStrategy as activate, findStrategy, insertStrategy } from '../sourcing.db.ts'
import type { Rule } from '../strategy.ts'
import { validateStrategy } from '../strategy-schema.ts'

export type SaveStrategy = { code: string; name: string; rules: Rule[] }

/** Saves a new version of a strategy. Versions never change, so that every decision can be read back. */
export const saveStrategy = command('sourcing.save_strategy', 'sourcing:write', async ({ tx, now, caller, emit, audit }, input: SaveStrategy) => {
  const errors = validateStrategy({ name: input.name, rules: input.rules })
  if (errors.length > 0) throw invalid(errors)
  const id = newId(now.getTime())
  const strategy_version = await insertStrategy(tx, { id, ...input, at: now, by: caller.id })
  audit({ subject_id: id })
  emit({ type: 'strategy.saved', subject_id: id, data: { strategy_id: ids.strategy.show(id), code: input.code, strategy_version } })
  return { id: ids.strategy.show(id), strategy_version }
})

/** Routes all orders from now on by this version. */
export const activateStrategy = command('sourcing.activate_strategy', 'sourcing:write', async ({ tx, emit, audit }, input: { strategy_id: string }) => {
  const strategy = await findStrategy(tx, input.strategy_id)
  if (strategy === undefined) throw refuse('not_found', 'There is no such strategy.')
  await activate(tx, strategy.id)
  audit({ subject_id: strategy.id, changes: { active: { before: strategy.active, after: true } } })
  emit({ type: 'strategy.activated', subject_id: strategy.id, data: { strategy_id: ids.strategy.show(strategy.id), code: strategy.code, strategy_version: strategy.strategy_version } })
  return { id: ids.strategy.show(strategy.id) }
})
