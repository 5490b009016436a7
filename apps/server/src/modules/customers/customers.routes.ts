import { Type, type Static } from 'typebox'
import { present } from '../../kernel/assert.ts'
import { ids } from '../../kernel/id-kinds.ts'
import { groupByKey } from '../../kernel/quantity.ts'
import { refuse } from '../../kernel/problem.ts'
import type { Caller } from '../../platform/caller.ts'
import type { Queryable } from '../../platform/db.ts'
import { listQuery, pageOf, readPage, type ListSpec } from '../../platform/http/listing.ts'
import { route, type Route } from '../../platform/http/route.ts'
import { Address, closed, Code, Email, Id, Nullable } from '../../platform/http/schemas.ts'
import { sql } from '../../platform/sql.ts'
import { createCustomer } from './commands/create-customer.ts'
import { saveIdentities } from './commands/save-identities.ts'
import { updateCustomer } from './commands/update-customer.ts'
import type { CustomerRow } from './customer.ts'
import { CUSTOMER_COLUMNS, customersMatching, findVisibleCustomer, identifiedAs, identitiesOf, visibleTo } from './customers.db.ts'

const Identity = Type.Object({
  source: Code,
  external_id: Type.String({ minLength: 1, maxLength: 128, description: 'What the source calls the customer' }),
}, { ...closed, description: 'The source is the code of a channel, or the name of a system' })
const Identities = Type.Array(Identity, { maxItems: 50 })

const fields = {
  name: Type.Optional(Type.String({ maxLength: 200 })),
  email: Type.Optional(Nullable(Email)),
  phone: Type.Optional(Nullable(Type.String({ minLength: 1, maxLength: 40 }))),
  company: Type.Optional(Nullable(Type.String({ minLength: 1, maxLength: 200 }))),
  locale: Type.Optional(Nullable(Type.String({ pattern: '^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$', examples: ['en-GB'] }))),
  customer_group: Type.Optional(Nullable(Code)),
  tags: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 60 }), { maxItems: 50, uniqueItems: true })),
  note: Type.Optional(Type.String({ maxLength: 5_000 })),
  addresses: Type.Optional(Type.Array(Address, { maxItems: 20 })),
}

const CustomerView = Type.Object({
  id: Type.String(), name: Type.String(), email: Nullable(Type.String()), phone: Nullable(Type.String()), company: Nullable(Type.String()), locale: Nullable(Type.String()), customer_group: Nullable(Type.String({ description: 'What the retailer sorts customers by; routing rules ask for it' })),
  tags: Type.Array(Type.String()), note: Type.String(), addresses: Type.Array(Address), identities: Identities,
  sources: Type.Array(Type.String(), { description: 'The channels and systems that know the customer' }),
  created_at: Type.String(), version: Type.Integer(),
}, closed)

async function viewCustomers(db: Queryable, rows: readonly CustomerRow[]): Promise<Static<typeof CustomerView>[]> {
  const identities = groupByKey(await identitiesOf(db, rows.map(({ id }) => id)), ({ customer_id }) => customer_id)
  return rows.map((row) => ({
    id: ids.customer.show(row.id), name: row.name, email: row.email, phone: row.phone, company: row.company, locale: row.locale, customer_group: row.customer_group,
    tags: row.tags, note: row.note, addresses: row.addresses,
    identities: (identities.get(row.id) ?? []).map(({ source, external_id }) => ({ source, external_id })), sources: row.sources,
    created_at: row.created_at.toISOString(), version: row.version,
  }))
}

/** The customer as it is now. Commands answer ids alone, so that no stored outcome holds personal data. */
async function viewCustomer(db: Queryable, caller: Caller, shownId: string): Promise<Static<typeof CustomerView>> {
  const row = await findVisibleCustomer(db, caller, ids.customer.parse(shownId)!)
  if (row === undefined) throw refuse('not_found', 'There is no such customer.')
  return present((await viewCustomers(db, [row]))[0], 'one row has one view')
}

const CUSTOMERS: ListSpec = {
  id: ids.customer, id_sql: 'c.id', default_sort: '-created_at',
  fields: {
    created_at: { sql: 'c.created_at', type: 'timestamptz', sortable: true },
    name: { sql: 'c.name', type: 'text', sortable: true, filterable: false },
    company: { sql: 'c.company', type: 'text' },
  },
  search: customersMatching,
}

/** Filters that look beyond one column. */
const identityFilters = {
  'filter[source]': Type.Optional(Type.String({ maxLength: 2_000, description: 'Known to these channels or systems by some id of theirs' })),
  'filter[external_id]': Type.Optional(Type.String({ minLength: 1, maxLength: 2_000, description: 'Known by these ids, in the sources given or in any' })),
  'filter[email]': Type.Optional(Type.String({ minLength: 1, maxLength: 254, description: 'With this e-mail address, whatever the case' })),
}

const listCustomers = route({
  operation_id: 'listCustomers', method: 'GET', url: '/v1/customers', tag: 'customers', permission: 'customers:read', summary: 'List customers',
  description: '`q` finds words of name, e-mail address, phone number (however written) and company, and whole external ids.',
  query: Type.Object({ ...listQuery(CUSTOMERS).properties, ...identityFilters }, closed),
  reply: { status: 200, schema: pageOf(CustomerView) },
  handle: async ({ query: { 'filter[source]': source, 'filter[external_id]': external_id, 'filter[email]': email, ...query }, db, caller }) => {
    const where = [visibleTo(caller)]
    if (source !== undefined || external_id !== undefined) where.push(identifiedAs(valuesOf(source), valuesOf(external_id)))
    if (email !== undefined) where.push(sql`c.email is not null and lower(c.email) = lower(${email.trim()})`)
    const page = await readPage<CustomerRow & { cursor_id: string; cursor_value: string }>(db, CUSTOMERS, query, (cursor) => sql`select ${cursor}, ${CUSTOMER_COLUMNS} from customers c`, where)
    return { ...page, data: await viewCustomers(db, page.data) }
  },
})

function valuesOf(text: string | undefined): string[] | undefined {
  return text?.split(',').map((value) => value.trim())
}

const postCustomer = route({
  operation_id: 'createCustomer', method: 'POST', url: '/v1/customers', tag: 'customers', permission: createCustomer.permission, summary: 'Add a customer',
  body: Type.Object({ ...fields, identities: Type.Optional(Identities) }, closed),
  reply: { status: 201, schema: CustomerView }, problems: ['already_exists', 'identity_taken'],
  handle: async ({ body, run, db, caller, etag }) => {
    const customer = await viewCustomer(db, caller, (await run(createCustomer, body)).id)
    etag(customer.version)
    return customer
  },
})

const params = Type.Object({ customer_id: Id(ids.customer) }, closed)

const getCustomer = route({
  operation_id: 'getCustomer', method: 'GET', url: '/v1/customers/:customer_id', tag: 'customers', permission: 'customers:read', summary: 'Show a customer',
  params,
  reply: { status: 200, schema: CustomerView }, problems: ['not_found'],
  handle: async ({ params: { customer_id }, db, caller, etag }) => {
    const customer = await viewCustomer(db, caller, customer_id)
    etag(customer.version)
    return customer
  },
})

const patchCustomer = route({
  operation_id: 'updateCustomer', method: 'PATCH', url: '/v1/customers/:customer_id', tag: 'customers', permission: updateCustomer.permission, summary: 'Change a customer',
  params,
  body: Type.Object(fields, closed),
  reply: { status: 200, schema: CustomerView }, problems: ['not_found', 'already_exists', 'stale_version'],
  handle: async ({ params: { customer_id }, body, seen_version, run, db, caller, etag }) => {
    await run(updateCustomer, { customer_id: ids.customer.parse(customer_id)!, seen_version, patch: body })
    const customer = await viewCustomer(db, caller, customer_id)
    etag(customer.version)
    return customer
  },
})

const putIdentities = route({
  operation_id: 'saveCustomerIdentities', method: 'PUT', url: '/v1/customers/:customer_id/identities', tag: 'customers', permission: saveIdentities.permission, summary: 'Say what other systems call a customer',
  description: 'Replaces all identities.',
  params,
  body: Type.Object({ identities: Identities }, closed),
  reply: { status: 200, schema: CustomerView }, problems: ['not_found', 'identity_taken', 'stale_version'],
  handle: async ({ params: { customer_id }, body, seen_version, run, db, caller, etag }) => {
    await run(saveIdentities, { customer_id: ids.customer.parse(customer_id)!, seen_version, ...body })
    const customer = await viewCustomer(db, caller, customer_id)
    etag(customer.version)
    return customer
  },
})

export const customerRoutes: Route[] = [listCustomers, postCustomer, getCustomer, patchCustomer, putIdentities]
