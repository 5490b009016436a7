import { ids } from '../../../kernel/id-kinds.ts'
import { newId } from '../../../kernel/ids.ts'
import { invalid, refuse, type FieldError } from '../../../kernel/problem.ts'
import { command } from '../../../platform/command.ts'
import { findChannelsByCode } from '../../channels/index.ts'
import { findRehearsal, findVersions, endRehearsal, insertRehearsal } from '../rehearsal/rehearsals.db.ts'
import type { Rule, Strategy } from '../strategy.ts'
import { validateStrategy } from '../strategy-schema.ts'

/** A saved strategy as `code@version` or `code` for its latest version, or rules that are not saved. */
export type CandidateInput = { strategy: string } | { name: string; rules: Rule[] }
export type RequestRehearsal = { from: string; to: string; channels?: string[]; strategies: CandidateInput[] }

export const REHEARSE = 'sourcing.rehearse'

/** Has a past period replayed in the background. Writes nothing but the rehearsal itself. */
export const requestRehearsal = command('sourcing.request_rehearsal', 'sourcing:write', async ({ tx, now, caller, enqueue, audit }, input: RequestRehearsal) => {
  const [period_from, period_to] = [new Date(input.from), new Date(input.to)]
  const errors: FieldError[] = period_from < period_to ? [] : [{ pointer: '/to', code: 'wrong_order', detail: 'The period ends before it begins.' }]
  const channels = await findChannelsByCode(tx, input.channels ?? [])
  const channel_ids = input.channels?.map((code, i) => {
    const channel = channels.get(code)
    if (channel === undefined) errors.push({ pointer: `/channels/${i}`, code: 'unknown_channel', detail: `There is no channel "${code}".` })
    return channel?.id ?? ''
  })
  const versions = new Map((await findVersions(tx, input.strategies.flatMap((candidate) => ('strategy' in candidate ? [candidate.strategy] : [])))).map((version) => [version.name, version]))
  const strategies = input.strategies.map((candidate, i): Strategy => {
    if ('rules' in candidate) {
      errors.push(...validateStrategy(candidate).map((error) => ({ ...error, pointer: `/strategies/${i}${error.pointer}` })))
      return { id: 'unsaved', version: 0, ...candidate }
    }
    const version = versions.get(candidate.strategy)
    if (version === undefined) errors.push({ pointer: `/strategies/${i}/strategy`, code: 'unknown_strategy', detail: `There is no strategy "${candidate.strategy}".` })
    return { id: version?.code ?? '', version: version?.strategy_version ?? 0, name: version?.title ?? '', rules: version?.definition.rules ?? [] }
  })
  if (errors.length > 0) throw invalid(errors)
  const id = newId(now.getTime())
  await insertRehearsal(tx, { id, period_from, period_to, channel_ids: channel_ids ?? null, strategies, created_at: now, created_by: caller.id })
  enqueue({ name: REHEARSE, data: { rehearsal_id: id } })
  audit({ subject_id: id })
  return { id: ids.rehearsal.show(id) }
})

/** Ends a rehearsal that is not over. */
export const cancelRehearsal = command('sourcing.cancel_rehearsal', 'sourcing:write', async ({ tx, now, audit }, { rehearsal_id }: { rehearsal_id: string }) => {
  const rehearsal = await findRehearsal(tx, rehearsal_id)
  if (rehearsal === undefined) throw refuse('not_found', 'There is no such rehearsal.')
  if (!(await endRehearsal(tx, rehearsal_id, { status: 'canceled', at: now }))) throw refuse('rehearsal_over', `The rehearsal is ${rehearsal.status} already.`)
  audit({ subject_id: rehearsal_id, changes: { status: { before: rehearsal.status, after: 'canceled' } } })
  return { id: ids.rehearsal.show(rehearsal_id) }
})
