import type { Queryable, Tx } from '../../platform/db.ts'
import { sql } from '../../platform/sql.ts'

export type DraftRow = {
  id: string; channel_id: string; input: Record<string, unknown>; order_id: string | null; created_at: Date; created_by: string; updated_at: Date; version: number; field_versions: Record<string, number>
}

const COLUMNS = sql.raw('id, channel_id, input, order_id, created_at, created_by, updated_at, version, field_versions')

export function findDraft(db: Queryable, id: string): Promise<DraftRow | undefined> {
  return db.maybe(sql`select ${COLUMNS} from draft_orders where id = ${id}`)
}

export function lockDraft(tx: Tx, id: string): Promise<DraftRow | undefined> {
  return tx.maybe(sql`select ${COLUMNS} from draft_orders where id = ${id} for update`)
}

export async function insertDraft(tx: Tx, draft: { id: string; channel_id: string; input: object; at: Date; by: string }): Promise<void> {
  await tx.run(sql`
    insert into draft_orders (id, channel_id, input, created_at, created_by, updated_at)
    values (${draft.id}, ${draft.channel_id}, ${JSON.stringify(draft.input)}::jsonb, ${draft.at}, ${draft.by}, ${draft.at})`)
}

export async function touchDraft(tx: Tx, id: string, at: Date): Promise<void> {
  await tx.run(sql`update draft_orders set updated_at = ${at} where id = ${id}`)
}

export async function setDraftOrder(tx: Tx, id: string, orderId: string, at: Date): Promise<void> {
  await tx.run(sql`update draft_orders set order_id = ${orderId}, updated_at = ${at}, version = version + 1 where id = ${id}`)
}

export async function deleteDraft(tx: Tx, id: string): Promise<void> {
  await tx.run(sql`delete from draft_orders where id = ${id}`)
}
