import { ids } from '../../kernel/id-kinds.ts'
import { newId } from '../../kernel/ids.ts'
import { refuse } from '../../kernel/problem.ts'
import type { Tx } from '../../platform/db.ts'
import type { NewEvent } from '../../platform/events.ts'
import { findByKeys, insertCustomers, insertIdentities, lockKnown, takeBack, updateKnown, type IdentityRow } from './customers.db.ts'
import { fillsOf, keyRef, planPersons, type CustomerRef, type KeyedRef, type Person } from './match.ts'

/** The customers of the references, in their order, and the events that each has caused. */
export type ResolvedCustomers = { ids: (string | null)[]; events: NewEvent[][] }

/** Each attempt settles whoever nobody else is just creating; rivals have committed by the next one. */
const MAX_ATTEMPTS = 4

/**
 * Finds or makes the customers of many orders in a few statements: by (source, external id), then by e-mail address, else
 * new. A reference with neither key has no customer. Somebody known gets a missing identity and source, and a name or
 * phone where there was none. Emits nothing: the caller emits `events[i]` for what it made of reference `i`.
 * Locks e-mail addresses, identities and customers, each in key order. Refuses with `busy` under a storm of rivals.
 */
export async function resolveCustomers(tx: Tx, refs: readonly CustomerRef[], now: Date): Promise<ResolvedCustomers> {
  const resolved: ResolvedCustomers = { ids: refs.map(() => null), events: refs.map(() => []) }
  const keyed = refs.flatMap((ref, index) => keyRef(ref, index) ?? [])
  let open: KeyedRef[] = keyed
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    if (open.length === 0) return resolved
    const persons = planPersons(open, await findByKeys(tx, open))
    const lost = await settle(tx, persons, now, resolved)
    const again = new Set(lost.flatMap(({ refs: indexes }) => indexes))
    open = keyed.filter(({ index }) => again.has(index))
  }
  if (open.length === 0) return resolved
  throw refuse('busy', 'Other calls were making the same customers. Nothing was changed; try again.')
}

type Identified = Person & { id: string }

/** Writes what is new about the persons. Answers those of whom a rival was first to write something: they are not settled. */
async function settle(tx: Tx, persons: readonly Person[], now: Date, resolved: ResolvedCustomers): Promise<Person[]> {
  const identified = persons.map((person): Identified => ({ ...person, id: person.id ?? newId(now.getTime()) }))
  const newcomers = identified.filter(({ known }) => known === undefined)
  const inserted = await insertCustomers(tx, newcomers.map((person) => ({
    id: person.id, name: person.name, email: person.email, phone: person.phone, company: null, locale: null, tags: [], note: '',
    addresses: person.address === undefined ? [] : [person.address], sources: person.sources, created_at: now,
  })))
  const present = identified.filter(({ known, id }) => known !== undefined || inserted.has(id))
  const wanted = present.flatMap((person) => person.identities.map((identity): IdentityRow => ({ ...identity, customer_id: person.id })))
  const added = await insertIdentities(tx, wanted)
  const counts = new Map<string, number>()
  for (const { customer_id } of added) counts.set(customer_id, (counts.get(customer_id) ?? 0) + 1)
  const settled = present.filter(({ id, identities }) => (counts.get(id) ?? 0) === identities.length)

  const lost = identified.filter((person) => !settled.includes(person))
  const lostIds = new Set(lost.map(({ id }) => id))
  const lostIdentities = added.filter(({ customer_id }) => lostIds.has(customer_id))
  const lostNewcomers = newcomers.filter(({ id }) => lostIds.has(id) && inserted.has(id))
  if (lostIdentities.length + lostNewcomers.length > 0) await takeBack(tx, lostIdentities, lostNewcomers.map(({ id }) => id))

  const changes = await fill(tx, settled.filter(({ known }) => known !== undefined))
  for (const person of settled) {
    for (const index of person.refs) resolved.ids[index] = person.id
    const event = eventOf(person, changes.get(person.id) ?? [])
    if (event !== undefined) resolved.events[person.refs[0]!]!.push(event)
  }
  return lost
}

/** Fills what is empty in customers that exist, decided on their locked rows. Answers the fields that changed. */
async function fill(tx: Tx, persons: readonly Identified[]): Promise<Map<string, string[]>> {
  const promising = new Map(persons.filter((person) => person.known !== undefined && fillsOf(person, person.known).changed.length > 0).map((person) => [person.id, person]))
  if (promising.size === 0) return new Map()
  const locked = await lockKnown(tx, [...promising.keys()])
  const fills = locked.map((current) => fillsOf(promising.get(current.id)!, current)).filter(({ changed }) => changed.length > 0)
  await updateKnown(tx, fills.map(({ filled, changed }) => ({ ...filled, changed })))
  return new Map(fills.map(({ filled, changed }) => [filled.id, changed]))
}

function eventOf(person: Identified, filled: readonly string[]): NewEvent | undefined {
  if (person.known === undefined) return customerCreated(person.id, person.sources)
  const changed = [...filled, ...(person.identities.length === 0 ? [] : ['identities'])]
  return changed.length === 0 ? undefined : customerUpdated(person.id, changed)
}

/** Events about customers carry no personal data: ids, sources and the names of fields. */
export function customerCreated(id: string, sources: readonly string[]): NewEvent {
  return { type: 'customer.created', subject_id: id, data: { customer_id: ids.customer.show(id), sources } }
}

export function customerUpdated(id: string, changed: readonly string[]): NewEvent {
  return { type: 'customer.updated', subject_id: id, data: { customer_id: ids.customer.show(id), changed } }
}
