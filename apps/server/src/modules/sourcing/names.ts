import type { Queryable } from '../../platform/db.ts'
import type { OrderLineRow } from '../orders/index.ts'
import type { DecisionNames } from './explain.ts'
import { nameLocations } from './sourcing.db.ts'
import { listStrategies } from './strategies.db.ts'
import type { Rule } from './strategy.ts'

/** What people call locations, by code; also those that are no longer active. */
export async function locationNames(db: Queryable): Promise<DecisionNames['locations']> {
  return new Map((await nameLocations(db)).map(({ code, name }) => [code, name]))
}

/** What people call the things that decisions on orders with these lines name. `rules` are further ones that are not saved. */
export async function decisionNames(db: Queryable, lines: readonly Pick<OrderLineRow, 'id' | 'sku'>[], rules: readonly Rule[] = []): Promise<DecisionNames> {
  const saved = (await listStrategies(db)).flatMap(({ definition }) => definition.rules)
  return {
    locations: await locationNames(db),
    lines: new Map(lines.map(({ id, sku }) => [id, sku])),
    rules: new Map([...saved, ...rules].map(({ id, name }) => [id, name])),
  }
}
