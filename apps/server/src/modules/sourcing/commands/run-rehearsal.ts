import { setImmediate } from 'node:timers/promises'
import { ids } from '../../../kernel/id-kinds.ts'
import type { JobDefinition } from '../../../platform/jobs.ts'
import type { Runtime } from '../../../platform/module.ts'
import { beginRehearsal, endRehearsal, findRehearsal, insertFlips, noteProgress } from '../rehearsal/rehearsals.db.ts'
import { rehearse, type RehearsalHooks } from '../rehearsal/rehearse.ts'
import { REHEARSE } from './rehearsals.ts'

/** Nobody else in the process waits longer than this. */
const SLICE_MS = 15
const PROGRESS_MS = 500

/** Runs a rehearsal: reads on one snapshot, and writes what it finds beside. After a worker's death it begins anew. */
export function createRehearsalJob({ db, clock, log }: Runtime): JobDefinition {
  return {
    name: REHEARSE,
    run: async (data) => {
      const id = String(data['rehearsal_id'])
      const rehearsal = await findRehearsal(db, id)
      if (rehearsal === undefined || !(await beginRehearsal(db, id, clock.now(new Date())))) return
      const found = rehearsal.strategies.map(() => 0)
      const scope = rehearsal.channel_ids === null ? undefined : new Set(rehearsal.channel_ids)
      const hooks: RehearsalHooks = {
        pause: slices((done, total) => noteProgress(db, id, done, total)),
        flips: async (candidate, flips) => {
          await insertFlips(db, id, candidate, found[candidate]!, flips)
          found[candidate]! += flips.length
        },
      }
      try {
        const result = await db.snapshot((tx) => rehearse(tx, { from: rehearsal.period_from, to: rehearsal.period_to }, rehearsal.strategies, (channelId) => scope === undefined || scope.has(channelId), hooks))
        if (result !== undefined) await endRehearsal(db, id, { status: 'done', result, at: clock.now(new Date()) })
      } catch (error) {
        log.error({ err: error, rehearsal: ids.rehearsal.show(id) }, 'a rehearsal failed')
        await endRehearsal(db, id, { status: 'failed', error: error instanceof Error ? error.message : String(error), at: clock.now(new Date()) })
      }
    },
  }
}

/** Lets others have their turn after every slice, and tells how far it has come now and then; false where nobody wants it any more. */
function slices(tell: (done: number, total: number) => Promise<boolean>): RehearsalHooks['pause'] {
  let turnMs = performance.now()
  let toldMs = Number.NEGATIVE_INFINITY
  return async (done, total) => {
    if (performance.now() - toldMs > PROGRESS_MS) {
      if (!(await tell(done, total))) return false
      toldMs = performance.now()
    }
    if (performance.now() - turnMs < SLICE_MS) return true
    await setImmediate()
    turnMs = performance.now()
    return true
  }
}
