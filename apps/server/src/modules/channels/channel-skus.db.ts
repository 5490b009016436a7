import type { Queryable, Tx } from '../../platform/db.ts'
import { arrayOf, rowsOf, sql } from '../../platform/sql.ts'

/** The variants that channels call so, by `${channel_id} ${channel_sku}`; what is not mapped is not in the map. One query. */
export async function resolveChannelSkus(db: Queryable, pairs: readonly { channel_id: string; channel_sku: string }[]): Promise<Map<string, string>> {
  if (pairs.length === 0) return new Map()
  const found = await db.rows<{ channel_id: string; channel_sku: string; variant_id: string }>(sql`
    select distinct s.channel_id, s.channel_sku, s.variant_id
    from ${rowsOf(pairs, { channel_id: 'uuid', channel_sku: 'text' })} join channel_skus s on s.channel_id = input.channel_id and s.channel_sku = input.channel_sku`)
  return new Map(found.map(({ channel_id, channel_sku, variant_id }) => [`${channel_id} ${channel_sku}`, variant_id]))
}

/** What the channel calls these, as the SKUs of variants. */
export async function mappingsOf(db: Queryable, channel_id: string, channel_skus: readonly string[]): Promise<Map<string, string>> {
  const found = await db.rows<{ channel_sku: string; sku: string }>(sql`
    select s.channel_sku, v.sku from channel_skus s join variants v on v.id = s.variant_id
    where s.channel_id = ${channel_id} and s.channel_sku = any(${arrayOf(channel_skus, 'text')})`)
  return new Map(found.map(({ channel_sku, sku }) => [channel_sku, sku]))
}

/** Adds and changes mappings. The caller holds the channel's lock. */
export async function writeMappings(tx: Tx, channel_id: string, mappings: readonly { channel_sku: string; variant_id: string }[]): Promise<void> {
  await tx.run(sql`
    insert into channel_skus (channel_id, channel_sku, variant_id)
    select ${channel_id}, channel_sku, variant_id from ${rowsOf(mappings, { channel_sku: 'text', variant_id: 'uuid' })} order by channel_sku
    on conflict (channel_id, channel_sku) do update set variant_id = excluded.variant_id`)
}

export async function deleteMapping(tx: Tx, channel_id: string, channel_sku: string): Promise<boolean> {
  return (await tx.run(sql`delete from channel_skus where channel_id = ${channel_id} and channel_sku = ${channel_sku}`)) === 1
}
