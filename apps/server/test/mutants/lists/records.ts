import type { Mutant } from '../mutant.ts'

const CATALOG = 'src/modules/catalog/catalog.test.ts'
const CHANNELS = 'src/modules/channels/channels.test.ts'
const CUSTOMERS = 'src/modules/customers/customers.test.ts'
const LOCATIONS = 'src/modules/locations/locations.test.ts'

/** What everything refers to: articles, channels, customers, locations. */
export const RECORD_MUTANTS: readonly Mutant[] = [
  {
    name: 'a location stands at the wrong longitude', identity: "a location's country and coordinates are those of its address", file: 'src/modules/locations/location.ts',
    before: 'longitude: address.longitude ?? null }', after: 'longitude: address.latitude ?? null }',
    tests: [LOCATIONS],
  },
  {
    name: 'a location that moves keeps its country', identity: "a location's country and coordinates are those of its address", file: 'src/modules/locations/commands/update-location.ts',
    before: 'current, columnsOf(input.patch), input.seen_version)', after: 'current, { ...columnsOf(input.patch), country: row.country }, input.seen_version)',
    tests: [LOCATIONS],
  },
  {
    name: 'a version of a form is left out', identity: 'the versions of an order form have no gap, and a channel names its newest', file: 'src/modules/channels/commands/save-order-form.ts',
    before: 'form_version: channel.form_version + 1, fields', after: 'form_version: channel.form_version + 2, fields',
    tests: [CHANNELS],
  },
  {
    name: 'a channel is read and not locked', identity: 'the versions of an order form have no gap, and a channel names its newest', file: 'src/modules/channels/channels.db.ts',
    before: '  await tx.rows(sql`select id from channels where code = ${code} for no key update`)\n', after: '',
    tests: [CHANNELS],
  },
  {
    name: 'a channel keeps to its old form', identity: 'the versions of an order form have no gap, and a channel names its newest', file: 'src/modules/channels/channels.db.ts',
    before: 'update channels set form_version = ${form.form_version}, version = version + 1', after: 'update channels set version = version + 1',
    tests: [CHANNELS],
  },
  {
    name: 'a bundle may contain a service', identity: 'bundles consist of goods', file: 'src/modules/catalog/commands/save-bundle.ts',
    before: "if (component.kind === 'service') return", after: "if (component.kind === undefined) return",
    tests: [CATALOG],
  },
  {
    name: 'a bundle may be received', identity: 'bundles and services hold no stock', file: 'src/modules/inventory/resolve.ts',
    before: "found.kind === 'goods') return found", after: "found.kind !== 'service') return found",
    tests: ['src/modules/inventory/stock.api.test.ts'],
  },
  {
    name: 'a GTIN may have any check digit', identity: 'GTINs have 14 digits and a right check digit', file: 'src/kernel/gtin.ts',
    before: "return hasCheckDigit(digits) ? digits.padStart(14, '0') : undefined", after: "return digits.padStart(14, '0')",
    tests: ['src/kernel/gtin.test.ts'],
  },
  {
    name: 'a GTIN keeps the length it came with', identity: 'GTINs have 14 digits and a right check digit', file: 'src/kernel/gtin.ts',
    before: "return hasCheckDigit(digits) ? digits.padStart(14, '0') : undefined", after: 'return hasCheckDigit(digits) ? digits : undefined',
    tests: ['src/kernel/gtin.test.ts'],
  },
  {
    name: 'a new identity is no new source', identity: 'a customer is known where its identities come from', file: 'src/modules/customers/commands/save-identities.ts',
    before: '[...new Set([...customer.sources, ...input.identities.map(({ source }) => source)])]', after: 'customer.sources',
    tests: [CUSTOMERS],
  },
  {
    name: 'a customer who orders elsewhere is not known there', identity: 'a customer is known where its identities come from', file: 'src/modules/customers/customers.db.ts',
    before: "sources = ${textsOf('input.sources')}, version", after: 'version',
    tests: ['src/modules/customers/resolve-customers.test.ts'],
  },
  {
    name: 'an audit entry tells what was changed of a person', identity: 'events and audit entries about customers carry no personal data', file: 'src/modules/customers/customer.ts',
    before: '[field, IMPERSONAL.has(field) ? change : { before: null, after: null }]', after: '[field, change]',
    tests: [CUSTOMERS],
  },
  {
    name: 'an event names the customer', identity: 'events and audit entries about customers carry no personal data', file: 'src/modules/customers/commands/create-customer.ts',
    before: '  emit(customerCreated(id, sources))', after: '  const made = customerCreated(id, sources)\n  emit({ ...made, data: { ...made.data, name: input.name } })',
    tests: [CUSTOMERS],
  },
  {
    name: 'prices of the run before stay', identity: 'shadow prices are those of the newest run', file: 'src/modules/sourcing/costs.db.ts',
    before: '  await tx.run(sql`delete from shadow_prices where run_id <> ${run.id}`)\n', after: '',
    tests: ['src/modules/sourcing/learning/learn.api.test.ts'],
  },
  {
    name: 'the first cost model stays in force', identity: 'the versions of the cost model have no gap, and the newest is in force', file: 'src/modules/sourcing/costs.db.ts',
    before: "JSON.stringify(definition)}, true, ${created_at}", after: "JSON.stringify(definition)}, ${cost_version === 1}, ${created_at}",
    tests: ['src/modules/sourcing/costs.api.test.ts'],
  },
]
