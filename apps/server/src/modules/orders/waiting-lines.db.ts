import type { PlainDate } from '../../kernel/time.ts'
import type { Queryable, Tx } from '../../platform/db.ts'
import type { Address } from '../../platform/http/schemas.ts'
import { arrayOf, rowsOf, sql } from '../../platform/sql.ts'

/** Units of a line that wait, with what decides when they arrive, and what was promised of that. */
export type WaitingLine = {
  id: string
  order_id: string
  variant_id: string
  sku: string
  backordered: number
  channel_id: string
  delivery: 'ship' | 'pickup'
  pickup_location_id: string | null
  shipping_method: string
  shipping_address: Address | null
  expected_on: PlainDate | null
  promised_from: PlainDate | null
  promised_by: PlainDate | null
}

/** Everybody who waits for these variants, the longest waiting first. */
export function waitingLines(db: Queryable, variantIds: readonly string[]): Promise<WaitingLine[]> {
  return db.rows(sql`
    select l.id, l.order_id, l.variant_id, l.sku, l.backordered, o.channel_id, o.delivery, o.pickup_location_id, o.shipping_method, o.shipping_address, l.expected_on, l.promised_from, l.promised_by
    from order_lines l join orders o on o.id = l.order_id
    where l.variant_id = any(${arrayOf(variantIds, 'uuid')}) and l.backordered > 0 order by o.placed_at, o.id, l.line_number`)
}

/** Writes when units that wait are expected and arrive. The caller holds the locks of the orders. */
export async function writeLinePromises(tx: Tx, lines: readonly Pick<WaitingLine, 'id' | 'expected_on' | 'promised_from' | 'promised_by'>[]): Promise<void> {
  if (lines.length === 0) return
  await tx.run(sql`
    update order_lines l set expected_on = input.expected_on, promised_from = input.promised_from, promised_by = input.promised_by
    from ${rowsOf(lines, { id: 'uuid', expected_on: 'date', promised_from: 'date', promised_by: 'date' })} where l.id = input.id`)
}
