import { phoneEnding } from '../../kernel/search.ts'
import type { Caller } from '../../platform/caller.ts'
import type { Queryable, Tx } from '../../platform/db.ts'
import { orderScope } from '../../platform/scope.ts'
import { arrayOf, rowsOf, sql, type Sql } from '../../platform/sql.ts'
import type { CustomerRow, Identity } from './customer.ts'
import { keyRef, type CustomerRef, type Found, type KeyedRef, type Known } from './match.ts'

export type IdentityRow = Identity & { customer_id: string }

export const CUSTOMER_COLUMNS = sql.raw('c.id, c.name, c.email, c.phone, c.company, c.locale, c.customer_group, c.tags, c.note, c.addresses, c.sources, c.created_at, c.version, c.field_versions')

/** The changeable columns with their types. */
export const EDITABLE = { name: 'text', email: 'text', phone: 'text', company: 'text', locale: 'text', customer_group: 'text', tags: 'text[]', note: 'text', addresses: 'jsonb' }

/**
 * A condition on `customers c`: those that the caller may see. Channels know customers, as sources by their code; callers
 * confined to locations alone see those with an order that exists for them.
 */
export function visibleTo(caller: Caller): Sql {
  if (caller.channel_ids !== undefined) return sql`c.merged_into is null and c.sources && array(select code from channels where id = any(${arrayOf([...caller.channel_ids], 'uuid')}))`
  if (caller.location_ids === undefined) return sql`c.merged_into is null`
  return sql`c.merged_into is null and exists (select from orders o where ${sql.join([sql`o.customer_id = c.id`, ...orderScope(caller, { order_id: sql`o.id` })], ' and ')})`
}

/** The codes of the channels a caller is confined to; none for one who is not. */
export async function channelCodesOf(db: Queryable, caller: Caller): Promise<string[]> {
  if (caller.channel_ids === undefined) return []
  return (await db.rows<{ code: string }>(sql`select code from channels where id = any(${arrayOf([...caller.channel_ids], 'uuid')}) order by code`)).map(({ code }) => code)
}

export function findVisibleCustomer(db: Queryable, caller: Caller, id: string): Promise<CustomerRow | undefined> {
  return db.maybe(sql`select ${CUSTOMER_COLUMNS} from customers c where c.id = ${id} and ${visibleTo(caller)}`)
}

export function lockVisibleCustomer(tx: Tx, caller: Caller, id: string): Promise<CustomerRow | undefined> {
  return tx.maybe(sql`select ${CUSTOMER_COLUMNS} from customers c where c.id = ${id} and ${visibleTo(caller)} for no key update`)
}

export function findVisibleByEmail(db: Queryable, caller: Caller, email: string): Promise<{ id: string } | undefined> {
  return db.maybe(sql`select c.id from customers c where lower(c.email) = lower(${email}) and c.email is not null and ${visibleTo(caller)}`)
}

export function identitiesOf(db: Queryable, customerIds: readonly string[]): Promise<IdentityRow[]> {
  return db.rows(sql`select source, external_id, customer_id from customer_identities where customer_id = any(${arrayOf(customerIds, 'uuid')}) order by source, external_id`)
}

export type NewCustomer = Pick<CustomerRow, 'id' | 'name' | 'email' | 'phone' | 'company' | 'locale' | 'customer_group' | 'tags' | 'note' | 'addresses' | 'sources' | 'created_at'>

/** Inserts those whose e-mail address is free, in the order of addresses, and answers their ids. */
export async function insertCustomers(tx: Tx, customers: readonly NewCustomer[]): Promise<Set<string>> {
  if (customers.length === 0) return new Set()
  const inserted = await tx.rows<{ id: string }>(sql`
    insert into customers (id, name, email, phone, company, locale, customer_group, tags, note, addresses, sources, created_at)
    select id, name, email, phone, company, locale, customer_group, ${textsOf('tags')}, note, addresses, ${textsOf('sources')}, created_at
    from ${rowsOf(customers, {
      id: 'uuid', name: 'text', email: 'text', phone: 'text', company: 'text', locale: 'text', customer_group: 'text', tags: 'jsonb', note: 'text', addresses: 'jsonb', sources: 'jsonb', created_at: 'timestamptz',
    })}
    order by lower(email), id
    on conflict do nothing
    returning id`)
  return new Set(inserted.map(({ id }) => id))
}

/** Arrays of arrays must be rectangular in PostgreSQL, so lists of texts travel as JSON. */
function textsOf(column: string): Sql {
  return sql.raw(`array(select jsonb_array_elements_text(${column}))`)
}

/** Inserts the identities that are free, in key order, and answers them. */
export async function insertIdentities(tx: Tx, identities: readonly IdentityRow[]): Promise<IdentityRow[]> {
  if (identities.length === 0) return []
  return tx.rows(sql`
    insert into customer_identities (source, external_id, customer_id)
    select source, external_id, customer_id from ${rowsOf(identities, { source: 'text', external_id: 'text', customer_id: 'uuid' })}
    order by source, external_id
    on conflict do nothing
    returning source, external_id, customer_id`)
}

/** Who has these identities. */
export function ownersOf(db: Queryable, identities: readonly Identity[]): Promise<IdentityRow[]> {
  return db.rows(sql`
    select i.source, i.external_id, i.customer_id
    from customer_identities i join ${rowsOf(identities, { source: 'text', external_id: 'text' })} on input.source = i.source and input.external_id = i.external_id`)
}

/** Takes back customers that this transaction has inserted and nothing refers to. */
export async function deleteCustomers(tx: Tx, ids: readonly string[]): Promise<void> {
  await tx.run(sql`delete from customers where id = any(${arrayOf(ids, 'uuid')})`)
}

/** Gives a locked customer exactly these identities. Answers those that somebody else has. */
export async function replaceIdentities(tx: Tx, customerId: string, identities: readonly Identity[]): Promise<IdentityRow[]> {
  await tx.run(sql`
    delete from customer_identities i where i.customer_id = ${customerId}
      and not exists (select from ${rowsOf(identities, { source: 'text', external_id: 'text' })} where input.source = i.source and input.external_id = i.external_id)`)
  await insertIdentities(tx, identities.map((identity) => ({ ...identity, customer_id: customerId })))
  return (await ownersOf(tx, identities)).filter(({ customer_id }) => customer_id !== customerId)
}

/** Records more sources of a locked customer and counts the change of its identities. */
export async function touchCustomer(tx: Tx, customer: CustomerRow, sources: readonly string[]): Promise<void> {
  await tx.run(sql`
    update customers set sources = ${[...sources]}::text[], version = version + 1, field_versions = field_versions || jsonb_build_object('identities', version + 1)
    where id = ${customer.id}`)
}

/**
 * Who the keys belong to, in the order of the references. One statement for all. Each key is looked up for itself, so that
 * a plan made while there were few customers does not read all of them when there are many.
 */
export async function findByKeys(db: Queryable, refs: readonly Pick<KeyedRef, 'source' | 'external_id' | 'email'>[]): Promise<Found[]> {
  const rows = await db.rows<Omit<Found, 'known'> & { id: string | null; name: string; phone: string | null; sources: string[] }>(sql`
    select found.identity_customer_id, found.email_customer_id, k.id, k.name, k.phone, k.sources
    from (
      select ordinal,
        (select i.customer_id from customer_identities i where i.source = input.source and i.external_id = input.external_id) as identity_customer_id,
        (select e.id from customers e where lower(e.email) = lower(input.email) and e.email is not null and e.merged_into is null) as email_customer_id
      from ${rowsOf(refs, { source: 'text', external_id: 'text', email: 'text' })}
    ) found left join lateral (
      select c.id, c.name, c.phone, c.sources from customers c where c.id = coalesce(found.identity_customer_id, found.email_customer_id) offset 0
    ) k on true
    order by found.ordinal`)
  return rows.map(({ identity_customer_id, email_customer_id, id, name, phone, sources }) => ({
    identity_customer_id, email_customer_id, known: id === null ? null : { id, name, phone, sources },
  }))
}

export function lockKnown(tx: Tx, ids: readonly string[]): Promise<Known[]> {
  return tx.rows(sql`select id, name, phone, sources from customers where id = any(${arrayOf(ids, 'uuid')}) order by id for no key update`)
}

/** Writes name, phone and sources of locked customers, with the versions of the fields that change. */
export async function updateKnown(tx: Tx, fills: readonly (Known & { changed: string[] })[]): Promise<void> {
  await tx.run(sql`
    update customers set name = input.name, phone = input.phone, sources = ${textsOf('input.sources')}, version = version + 1,
      field_versions = field_versions || (select coalesce(jsonb_object_agg(field, version + 1), '{}') from jsonb_array_elements_text(input.changed) field)
    from ${rowsOf(fills, { id: 'uuid', name: 'text', phone: 'text', sources: 'jsonb', changed: 'jsonb' })}
    where customers.id = input.id`)
}

/**
 * Customers with every word of the text, or its beginning, in name, e-mail or company, or with the text as an external id.
 * A phone number is found by its last digits, however it is written.
 */
export function customersMatching(q: string): Sql {
  const words = sql.raw(`search_words(name || ' ' || coalesce(company, '') || ' ' || translate(coalesce(email, ''), '@._-+', '     '), phone)`)
  const phone = phoneEnding(q)
  const query = phone === undefined ? sql`search_query(translate(${q}, '@._-+', '     '))` : sql`${`t${phone}:*`}::tsquery`
  return sql`c.id in (select id from customers where ${words} @@ ${query} union select customer_id from customer_identities where external_id = ${q.trim()})`
}

/** A condition on `customers c`: with an identity of one of these sources and one of these external ids, as far as given. */
export function identifiedAs(sources: readonly string[] | undefined, externalIds: readonly string[] | undefined): Sql {
  const bySource = sources === undefined ? sql.empty : sql`and i.source = any(${arrayOf(sources, 'text')})`
  const byId = externalIds === undefined ? sql.empty : sql`and i.external_id = any(${arrayOf(externalIds, 'text')})`
  return sql`exists (select from customer_identities i where i.customer_id = c.id ${bySource} ${byId})`
}

/** What rules may ask about a customer. */
type CustomerFacts = { customer_id: string; customer_group: string | null; tags: string[] }

/** The customers of the references, in their order; null where nobody is known by those keys. Two queries at most. */
export async function findCustomerFacts(db: Queryable, refs: readonly (CustomerRef & { customer_id?: string | null })[]): Promise<(CustomerFacts | null)[]> {
  const keyed = refs.flatMap((ref, index) => (ref.customer_id === undefined ? keyRef(ref, index) ?? [] : []))
  const found = keyed.length === 0 ? [] : await findByKeys(db, keyed)
  const idOf = new Map(keyed.map(({ index }, i) => [index, found[i]!.known?.id ?? null]))
  const ids = refs.map(({ customer_id }, index) => customer_id ?? idOf.get(index) ?? null)
  const known = [...new Set(ids.filter((id) => id !== null))]
  const rows = known.length === 0 ? [] : await db.rows<CustomerFacts>(sql`select id as customer_id, customer_group, tags from customers where id = any(${arrayOf(known, 'uuid')})`)
  const factsOf = new Map(rows.map((row) => [row.customer_id, row]))
  return ids.map((id) => (id === null ? null : factsOf.get(id) ?? null))
}
