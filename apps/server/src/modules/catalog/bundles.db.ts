import type { Queryable, Tx } from '../../platform/db.ts'
import { arrayOf, rowsOf, sql } from '../../platform/sql.ts'

export type ComponentRow = { bundle_id: string; component_id: string; quantity: number }

export function componentsOf(db: Queryable, bundleIds: readonly string[]): Promise<(ComponentRow & { sku: string; name: string })[]> {
  return db.rows(sql`
    select c.bundle_id, c.component_id, c.quantity, v.sku, v.name
    from bundle_components c join variants v on v.id = c.component_id
    where c.bundle_id = any(${arrayOf(bundleIds, 'uuid')}) order by v.sku`)
}

/** Gives a locked bundle exactly these components. */
export async function replaceComponents(tx: Tx, bundleId: string, components: readonly ComponentRow[]): Promise<void> {
  await tx.run(sql`delete from bundle_components where bundle_id = ${bundleId}`)
  await tx.run(sql`
    insert into bundle_components (bundle_id, component_id, quantity)
    select bundle_id, component_id, quantity from ${rowsOf(components, { bundle_id: 'uuid', component_id: 'uuid', quantity: 'int' })} order by component_id`)
}
