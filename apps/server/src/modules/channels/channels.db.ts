import type { Queryable, Tx } from '../../platform/db.ts'
import { arrayOf, rowsOf, sql, type Sql } from '../../platform/sql.ts'
import type { Channel } from './channel.ts'
import type { FormField } from './order-form.ts'

/** Of `channels c`, as `Channel` has them. */
export const CHANNEL_COLUMNS = sql.raw(`
  c.id, c.code, c.name, c.kind, c.currency, c.active, c.on_shortage, c.max_splits, c.reservation_minutes, c.payment_expectation, c.stock_buffer,
  c.prices_include_tax, c.tax_rate_basis_points, c.release_delay_minutes, c.return_window_days, c.form_version, c.created_at, c.version, c.field_versions,
  (select array_agg(g.id order by g.code) from channel_location_groups m join location_groups g on g.id = m.group_id where m.channel_id = c.id) as group_ids,
  (select array_agg(g.code order by g.code) from channel_location_groups m join location_groups g on g.id = m.group_id where m.channel_id = c.id) as location_groups`)

function readChannels(db: Queryable, where: Sql): Promise<Channel[]> {
  return db.rows(sql`select ${CHANNEL_COLUMNS} from channels c where ${where} order by c.code`)
}

/** The channels of these codes, active or not. One query. */
export async function findChannelsByCode(db: Queryable, codes: readonly string[]): Promise<Map<string, Channel>> {
  const found = await readChannels(db, sql`c.code = any(${arrayOf(codes, 'text')})`)
  return new Map(found.map((channel) => [channel.code, channel]))
}

/** The channels of these ids, active or not. One query. */
export async function findChannels(db: Queryable, channel_ids: readonly string[]): Promise<Map<string, Channel>> {
  const found = await readChannels(db, sql`c.id = any(${arrayOf(channel_ids, 'uuid')})`)
  return new Map(found.map((channel) => [channel.id, channel]))
}

export async function findChannel(db: Queryable, code: string): Promise<Channel | undefined> {
  return (await findChannelsByCode(db, [code])).get(code)
}

/**
 * Locks the channel, then reads it: a statement that waited for the lock would still see the groups of before.
 * `no key update`: orders that refer to the channel are written meanwhile.
 */
export async function lockChannel(tx: Tx, code: string): Promise<Channel | undefined> {
  await tx.rows(sql`select id from channels where code = ${code} for no key update`)
  return findChannel(tx, code)
}

export async function insertChannel(tx: Tx, channel: Omit<Channel, 'version' | 'field_versions' | 'form_version' | 'group_ids' | 'location_groups'>): Promise<boolean> {
  const inserted = await tx.run(sql`
    insert into channels (id, code, name, kind, currency, active, on_shortage, max_splits, reservation_minutes, payment_expectation, stock_buffer,
      prices_include_tax, tax_rate_basis_points, release_delay_minutes, return_window_days, created_at)
    values (${channel.id}, ${channel.code}, ${channel.name}, ${channel.kind}, ${channel.currency}, ${channel.active}, ${channel.on_shortage}, ${channel.max_splits},
      ${channel.reservation_minutes}, ${channel.payment_expectation}, ${channel.stock_buffer}, ${channel.prices_include_tax}, ${channel.tax_rate_basis_points},
      ${channel.release_delay_minutes}, ${channel.return_window_days}, ${channel.created_at})
    on conflict (code) do nothing`)
  return inserted === 1
}

/** The columns that `applyPatch` may write. */
export const EDITABLE = {
  name: 'text', active: 'boolean', on_shortage: 'text', max_splits: 'int', reservation_minutes: 'int', payment_expectation: 'text', stock_buffer: 'int',
  prices_include_tax: 'boolean', tax_rate_basis_points: 'int', release_delay_minutes: 'int', return_window_days: 'int',
}

/** Makes these the groups that serve the channel; none means all locations. The caller holds the channel's lock. */
export async function writeGroups(tx: Tx, channel_id: string, group_ids: readonly string[]): Promise<void> {
  await tx.run(sql`delete from channel_location_groups where channel_id = ${channel_id}`)
  await tx.run(sql`
    insert into channel_location_groups (channel_id, group_id)
    select ${channel_id}, group_id from unnest(${arrayOf(group_ids, 'uuid')}) as input(group_id) order by group_id`)
}

/** Counts up the channel's version for a change of something that is not one of its columns. */
export async function bumpField(tx: Tx, channel_id: string, field: 'location_groups'): Promise<void> {
  await tx.run(sql`
    update channels set version = version + 1, field_versions = field_versions || jsonb_build_object(${field}::text, version + 1) where id = ${channel_id}`)
}

export type OrderForm = { form_version: number; fields: FormField[]; created_at: Date }

export function findOrderForm(db: Queryable, channel_id: string, form_version: number): Promise<OrderForm | undefined> {
  return db.maybe(sql`select form_version, fields, created_at from order_forms where channel_id = ${channel_id} and form_version = ${form_version}`)
}

/** Whether the version has exactly these fields, whatever the order of their settings. */
export async function isSameForm(tx: Tx, channel_id: string, form_version: number, fields: readonly FormField[]): Promise<boolean> {
  const same = await tx.maybe(sql`
    select 1 from order_forms where channel_id = ${channel_id} and form_version = ${form_version} and fields = ${JSON.stringify(fields)}::jsonb`)
  return same !== undefined
}

/** Adds a version and makes it the channel's newest. The caller holds the channel's lock. */
export async function insertOrderForm(tx: Tx, form: OrderForm & { channel_id: string; created_by: string }): Promise<void> {
  await tx.run(sql`
    insert into order_forms (channel_id, form_version, fields, created_at, created_by)
    values (${form.channel_id}, ${form.form_version}, ${JSON.stringify(form.fields)}, ${form.created_at}, ${form.created_by})`)
  await tx.run(sql`
    update channels set form_version = ${form.form_version}, version = version + 1, field_versions = field_versions || jsonb_build_object('form_version', version + 1)
    where id = ${form.channel_id}`)
}

/** The fields of one version of each channel's form: of orders that are captured, or of one order. Version 0 has none. One query. */
export async function orderForms(db: Queryable, channels: readonly { channel_id: string; form_version: number }[]): Promise<Map<string, FormField[]>> {
  const forms = new Map<string, FormField[]>(channels.map(({ channel_id }) => [channel_id, []]))
  const wanted = channels.filter(({ form_version }) => form_version > 0)
  if (wanted.length === 0) return forms
  const found = await db.rows<{ channel_id: string; fields: FormField[] }>(sql`
    select f.channel_id, f.fields from order_forms f
    join (select distinct channel_id, form_version from ${rowsOf(wanted, { channel_id: 'uuid', form_version: 'int' })}) w using (channel_id, form_version)`)
  for (const { channel_id, fields } of found) forms.set(channel_id, fields)
  return forms
}

/** All channels, active or not, by code. */
export function loadChannels(db: Queryable): Promise<Channel[]> {
  return readChannels(db, sql`true`)
}
