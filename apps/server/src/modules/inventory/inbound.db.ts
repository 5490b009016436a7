import type { Caller } from '../../platform/caller.ts'
import type { Queryable, Tx } from '../../platform/db.ts'
import { scopeConditions } from '../../platform/scope.ts'
import { arrayOf, sql, type Sql } from '../../platform/sql.ts'

export type InboundStatus = 'expected' | 'received' | 'canceled'
export type InboundRow = {
  id: string; variant_id: string; location_id: string; sku: string; location: string; quantity: number; received: number; expected_on: string; reference: string
  status: InboundStatus; created_at: Date
}

const FROM = sql.raw('from inbound_supplies i join variants v on v.id = i.variant_id join locations l on l.id = i.location_id')
/** Of `inbound_supplies i` with its variant and location. */
export const INBOUND_SELECT = sql`i.id, i.variant_id, i.location_id, v.sku, l.code as location, i.quantity, i.received, i.expected_on, i.reference, i.status, i.created_at ${FROM}`

export async function insertInbound(tx: Tx, row: Omit<InboundRow, 'sku' | 'location' | 'received' | 'status'>): Promise<void> {
  await tx.run(sql`
    insert into inbound_supplies (id, variant_id, location_id, quantity, expected_on, reference, status, created_at)
    values (${row.id}, ${row.variant_id}, ${row.location_id}, ${row.quantity}, ${row.expected_on}, ${row.reference}, 'expected', ${row.created_at})`)
}

export function lockInbound(tx: Tx, id: string): Promise<InboundRow | undefined> {
  return tx.maybe(sql`select ${INBOUND_SELECT} where i.id = ${id} for no key update of i`)
}

export function findInbound(db: Queryable, id: string): Promise<InboundRow | undefined> {
  return db.maybe(sql`select ${INBOUND_SELECT} where i.id = ${id}`)
}

export async function writeInbound(tx: Tx, { id, received, status, expected_on }: Pick<InboundRow, 'id' | 'received' | 'status' | 'expected_on'>): Promise<void> {
  await tx.run(sql`update inbound_supplies set received = ${received}, status = ${status}, expected_on = ${expected_on} where id = ${id} and status = 'expected'`)
}

/** Units of these variants that are still to come, the earliest first. */
export function readSupplies(db: Queryable, variantIds: readonly string[]): Promise<{ variant_id: string; location_id: string; expected_on: string; quantity: number }[]> {
  return db.rows(sql`
    select variant_id, location_id, expected_on, quantity - received as quantity from inbound_supplies
    where variant_id = any(${arrayOf(variantIds, 'uuid')}) and status = 'expected' and quantity > received order by expected_on, id`)
}

export function inboundInScope(caller: Caller): Sql[] {
  return scopeConditions(caller, { location_id: sql`i.location_id` })
}
