import { newId } from '../../kernel/ids.ts'
import { SYSTEM } from '../../platform/caller.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Database } from '../../platform/db.ts'
import type { Module } from '../../platform/module.ts'
import type { OrderPorts } from '../orders/index.ts'
import { expectationLoop } from './commands/expect-supplies.ts'
import { partitionLoop } from './commands/keep-partitions.ts'
import { demandLoop, queueLoop } from './commands/queue.ts'
import { learnPricesJob } from './commands/learn-prices.ts'
import { reoptimizeJob } from './commands/reoptimize.ts'
import { createRehearsalJob } from './commands/run-rehearsal.ts'
import { backorderLoop } from './commands/source-order.ts'
import { DEFAULT_COST_MODEL } from './cost-model.ts'
import { installCostModel } from './costs.db.ts'
import { costRoutes } from './costs.routes.ts'
import { decisionRoutes } from './decisions.routes.ts'
import { promiseRoutes } from './promises/promises.routes.ts'
import { storeRoutes } from './promises/stores.routes.ts'
import { queueRoutes } from './queue.routes.ts'
import { rehearsalRoutes } from './rehearsal/rehearsals.routes.ts'
import { sourcingRoutes } from './sourcing.routes.ts'
import { insertActivation, insertStrategy, listStrategies } from './strategies.db.ts'
import { strategyRoutes } from './strategies.routes.ts'
import { DEFAULT_STRATEGIES } from './strategy.ts'

export function sourcingModule(ports: OrderPorts, runtime: { db: Database; clock: Clock }): Module {
  return {
    name: 'sourcing',
    routes: [...sourcingRoutes, ...decisionRoutes, ...rehearsalRoutes, ...strategyRoutes(runtime.clock), ...queueRoutes, ...costRoutes(runtime.clock), ...promiseRoutes(runtime), ...storeRoutes(runtime)],
    permissions: { 'promises:read': 'Ask when and from where orders would arrive, and which stores have something', 'sourcing:read': 'See where orders are routed and why', 'sourcing:write': 'Change routing strategies and what routing may weigh' },
    problems: {
      strategy_saved: { status: 409, title: 'A saved version never changes', remedy: 'Save another version, or begin a draft.' },
      strategy_is_draft: { status: 409, title: 'A draft routes nothing', remedy: 'Save the draft, then activate the version.' },
      examples_fail: { status: 409, title: 'An example comes out differently', remedy: 'Mend the rules or the examples; `accept_failing_examples` activates all the same.' },
      activation_over: { status: 409, title: 'The activation is over' },
      rehearsal_over: { status: 409, title: 'The rehearsal is over' },
      last_activation: { status: 409, title: 'No strategy would be in use', remedy: 'Activate another version instead.' },
    },
    loops: [backorderLoop, queueLoop(ports), demandLoop(), expectationLoop(), partitionLoop],
    jobs: (running) => [reoptimizeJob(running), learnPricesJob(running), createRehearsalJob(running)],
    // A new installation routes by the first of the default strategies, whenever its orders are from.
    prepare: async ({ db }) => {
      await installCostModel(db, { id: newId(), cost_version: 1, definition: DEFAULT_COST_MODEL, created_at: runtime.clock.now(new Date()), created_by: SYSTEM.id })
      await db.transaction(async (tx) => {
        if ((await listStrategies(tx)).length > 0) return
        const now = runtime.clock.now(tx.started_at)
        for (const [index, { name, rules }] of DEFAULT_STRATEGIES.entries()) {
          const id = newId(now.getTime())
          await insertStrategy(tx, { id, code: name.toLowerCase().replace(/[^a-z0-9]+/g, '-'), name, definition: { rules }, at: now, by: SYSTEM.id })
          if (index === 0) await insertActivation(tx, { id: newId(now.getTime()), strategy_id: id, from_at: new Date(0), until_at: null, at: now, by: SYSTEM.id })
        }
      })
    },
  }
}
