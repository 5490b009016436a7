import { newId } from '../../kernel/ids.ts'
import { SYSTEM } from '../../platform/caller.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Database } from '../../platform/db.ts'
import type { Module } from '../../platform/module.ts'
import { expectationLoop } from './commands/expect-supplies.ts'
import { backorderLoop } from './commands/source-order.ts'
import { activateStrategy, insertStrategy, listStrategies } from './sourcing.db.ts'
import { promiseRoutes } from './promises/promises.routes.ts'
import { storeRoutes } from './promises/stores.routes.ts'
import { sourcingRoutes } from './sourcing.routes.ts'
import { DEFAULT_STRATEGIES } from './strategy.ts'

export const sourcingModule = (runtime: { db: Database; clock: Clock }): Module => ({
  name: 'sourcing',
  routes: [...sourcingRoutes, ...promiseRoutes(runtime), ...storeRoutes(runtime)],
  permissions: { 'promises:read': 'Ask when and from where orders would arrive, and which stores have something', 'sourcing:read': 'See where orders are routed and why', 'sourcing:write': 'Change routing strategies' },
  problems: {},
  loops: [backorderLoop, expectationLoop()],
  // A new installation routes by the first of the default strategies.
  prepare: async ({ db, clock }) => {
    await db.transaction(async (tx) => {
      if ((await listStrategies(tx)).length > 0) return
      const now = clock.now(tx.started_at)
      for (const [index, strategy] of DEFAULT_STRATEGIES.entries()) {
        const id = newId(now.getTime())
        await insertStrategy(tx, { id, code: strategy.name.toLowerCase().replace(/[^a-z0-9]+/g, '-'), name: strategy.name, rules: strategy.rules, at: now, by: SYSTEM.id })
        if (index === 0) await activateStrategy(tx, id)
      }
    })
  },
})
