import { assert } from '../../kernel/assert.ts'
import { SYSTEM } from '../../platform/caller.ts'
import type { JobDefinition } from '../../platform/jobs.ts'
import type { Runtime } from '../../platform/module.ts'
import { SETTLE_JOB } from './append-entries.ts'
import { settleEntry, type SettleEntry } from './commands/settle-entry.ts'
import type { GatewayDefinition, PaymentGateway } from './gateway.ts'
import { findSettlementTask, type SettlementTask } from './payments.db.ts'

/**
 * Asks the gateway about one entry and records the answer by a command of its own. The job may run any number of times:
 * an entry with an outcome is left alone, and whenever the gateway may have been asked before, it is looked up first.
 */
export function createSettleJob({ db, executor }: Pick<Runtime, 'db' | 'executor'>, gateways: readonly GatewayDefinition[]): JobDefinition {
  const open = new Map(gateways.map((gateway) => [gateway.code, gateway.open({ db })]))
  return {
    name: SETTLE_JOB,
    run: async (data, job) => {
      const entry_id = String(data['entry_id'])
      const attempt = Number(data['attempt'])
      const task = await findSettlementTask(db, entry_id)
      if (task === undefined) return
      const gateway = open.get(task.gateway ?? '')
      assert(gateway !== undefined, `the gateway ${task.gateway ?? ''} of a pending entry is installed`)
      const outcome = await ask(gateway, task, task.status === 'unknown' || attempt > 0 || job.retried)
      await executor.run(settleEntry, { entry_id, attempt, outcome }, { caller: SYSTEM, request_id: job.id })
    },
  }
}

async function ask(gateway: PaymentGateway, task: SettlementTask, lookFirst: boolean): Promise<SettleEntry['outcome']> {
  const request = { reference: task.id, token: task.token, payment_reference: task.payment_reference, amount: task.amount, currency: task.currency }
  try {
    const known = lookFirst ? await gateway.fetch(task.id) : undefined
    return known ?? await gateway[task.kind](request)
  } catch (error) {
    // Whatever broke, nobody knows whether money moved: that is an outcome of its own, not an error to swallow.
    return { status: 'unknown', failure: error instanceof Error ? error.message : String(error) }
  }
}
