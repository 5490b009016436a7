import { isDeepStrictEqual } from 'node:util'
import { newId } from '../../../kernel/ids.ts'
import { invalid, refuse } from '../../../kernel/problem.ts'
import { command } from '../../../platform/command.ts'
import { listLocationCodes } from '../../locations/index.ts'
import { activeRateTables } from '../../shipping/index.ts'
import type { CostModel } from '../cost-model.ts'
import { validateCostModel } from '../cost-model-check.ts'
import { insertCostModel, lockCostModel } from '../costs.db.ts'

export type SaveCostModel = { definition: CostModel; seen_version: number | undefined }

/** Puts a new version of the cost model in force: the next batch of orders is routed by it in every process. */
export const saveCostModel = command('sourcing.save_cost_model', 'sourcing:write', async ({ tx, now, caller, emit, audit }, { definition, seen_version }: SaveCostModel) => {
  const current = await lockCostModel(tx)
  if (seen_version !== undefined && seen_version !== current.cost_version) {
    throw refuse('stale_version', 'Somebody else changed the cost model meanwhile. Look at it and decide again.', { current_version: current.cost_version })
  }
  const errors = validateCostModel(definition, { rate_tables: await activeRateTables(tx), locations: new Set(await listLocationCodes(tx)) })
  if (errors.length > 0) throw invalid(errors)
  if (isDeepStrictEqual(current.definition, definition)) return { cost_version: current.cost_version, created_at: current.created_at.toISOString() }
  const cost_version = current.cost_version + 1
  const id = newId(now.getTime())
  await insertCostModel(tx, { id, cost_version, definition, created_at: now, created_by: caller.id })
  audit({ subject_id: id, changes: { cost_version: { before: current.cost_version, after: cost_version } } })
  emit({ type: 'cost_model.saved', subject_id: id, data: { cost_version } })
  return { cost_version, created_at: now.toISOString() }
})
