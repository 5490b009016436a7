import { Refusal, refuse } from '../../../kernel/problem.ts'
import { inScope, SYSTEM } from '../../../platform/caller.ts'
import { command, type Command } from '../../../platform/command.ts'
import type { LoopDefinition } from '../../../platform/module.ts'
import { cancelOrder, type OrderPorts } from '../../orders/index.ts'
import { expiredPickups } from '../fulfillment.db.ts'
import { lockWork, openJournal, record, tell, writeJournal } from '../journal.ts'
import type { Done, Work } from '../run-verb.ts'
import { decideNoShow } from '../work.ts'

/**
 * Nobody came for the goods: they go back to stock, their units are canceled and paid back. All in one transaction: the
 * units become open first, so that the order's own cancellation takes exactly those.
 */
export function noShow(ports: OrderPorts): Command<Work<object>, Done> {
  const cancel = cancelOrder(ports)
  return command('fulfillment.no_show', 'fulfillment:work', async (context, { fulfillment_order_id }) => {
    const { tx, now, caller, emit, enqueue, audit } = context
    const locked = await lockWork(tx, [fulfillment_order_id])
    const work = locked.works.get(fulfillment_order_id)
    if (work === undefined || !inScope(caller, work)) throw refuse('not_found', 'There is no such fulfillment order.')
    const change = decideNoShow(work, now)
    if (change instanceof Refusal) throw change
    const journal = openJournal(locked, { at: now, caller_id: caller.id })
    const after = record(journal, work, change)
    tell(journal, after, 'no_show')
    tell(journal, after, 'canceled', { reason: 'pickup_expired' })
    const { events, jobs } = await writeJournal(tx, journal, { resource: false })
    emit(...events)
    enqueue(...jobs)
    audit({ subject_id: work.id, changes: { status: { before: work.status, after: after.status } } })
    const lines = (change.given_back ?? []).map(({ order_line_id, quantity }) => ({ line_id: order_line_id, quantity }))
    await cancel.handle(context, { order_id: work.order_id, reason: 'pickup_expired', note: '', lines })
    return { fulfillment_order_id }
  })
}

const BATCH = 50

export function expirePickupsLoop(ports: OrderPorts): LoopDefinition {
  const expire = noShow(ports)
  return {
    name: 'fulfillment.expire_pickups',
    interval_ms: 5_000,
    round: async ({ db, executor, clock, log }) => {
      const expired = await expiredPickups(db, clock.now(new Date()), BATCH)
      let done = 0
      for (const { id } of expired) {
        try {
          await executor.run(expire, { fulfillment_order_id: id }, { caller: SYSTEM, request_id: 'loop:fulfillment.expire_pickups' })
          done++
        } catch (error) {
          // Collected meanwhile, or on hold: the others must not wait for it.
          if (!(error instanceof Refusal)) throw error
          log.info({ fulfillment_order_id: id, code: error.code }, 'a pickup that expired could not be ended')
        }
      }
      return done
    },
  }
}
