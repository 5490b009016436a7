import type { Queryable } from '../../platform/db.ts'
import { linesOfOrders } from '../orders/index.ts'
import type { DecisionNames } from './explain.ts'
import { nameLocations } from './sourcing.db.ts'
import { listStrategies } from './strategies.db.ts'
import type { Rule } from './strategy.ts'

/** What people call the things that decisions on these orders name. `rules` are further ones that are not saved. */
export async function decisionNames(db: Queryable, orderIds: readonly string[], rules: readonly Rule[] = []): Promise<DecisionNames> {
  const lines = await linesOfOrders(db, [...new Set(orderIds)])
  const saved = (await listStrategies(db)).flatMap(({ definition }) => definition.rules)
  return {
    locations: new Map((await nameLocations(db)).map(({ code, name }) => [code, name])),
    lines: new Map(lines.map(({ id, sku }) => [id, sku])),
    rules: new Map([...saved, ...rules].map(({ id, name }) => [id, name])),
  }
}
