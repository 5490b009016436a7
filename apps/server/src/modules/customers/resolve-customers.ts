import { ids } from '../../kernel/id-kinds.ts'
import { newId } from '../../kernel/ids.ts'
import { refuse } from '../../kernel/problem.ts'
import { groupByKey } from '../../kernel/quantity.ts'
import type { Tx } from '../../platform/db.ts'
import type { NewEvent } from '../../platform/events.ts'
import { deleteCustomers, findByKeys, insertCustomers, insertIdentities, lockKnown, ownersOf, updateKnown, type IdentityRow } from './customers.db.ts'
import { fillsOf, keyOfIdentity, keyRef, planPersons, type CustomerRef, type Person } from './match.ts'

/** The customers of the references, in their order, and the events that each has caused. */
export type ResolvedCustomers = { ids: (string | null)[]; events: NewEvent[][] }

/**
 * Finds or makes the customers of many orders in a few statements: by (source, external id), then by e-mail address, else
 * new. A reference with neither key has no customer. Somebody known gets a missing identity and source, and a name or
 * phone where there was none. Emits nothing: the caller emits `events[i]` for what it made of reference `i`.
 * Takes e-mail addresses, then identities, then rows of customers, each in key order and each once, so that captures
 * of the same newcomers wait for each other and then agree. Call it once per transaction.
 */
export async function resolveCustomers(tx: Tx, refs: readonly CustomerRef[], now: Date): Promise<ResolvedCustomers> {
  const resolved: ResolvedCustomers = { ids: refs.map(() => null), events: refs.map(() => []) }
  const keyed = refs.flatMap((ref, index) => keyRef(ref, index) ?? [])
  if (keyed.length === 0) return resolved
  const planned = planPersons(keyed, await findByKeys(tx, keyed))
  const persons = await insertNewcomers(tx, planned, now)
  const owners = await addIdentities(tx, persons)
  const refOf = new Map(keyed.map((ref) => [ref.index, ref]))
  const remaining = persons.map((person) => ({ ...person, refs: person.refs.filter((index) => {
    const owner = owners.get(keyOfIdentity(refOf.get(index)!) ?? '') ?? person.id
    resolved.ids[index] = owner
    return owner === person.id
  }) }))
  // Whoever a rival was first to identify has left nobody behind.
  const nobodies = remaining.filter(({ known, refs: indexes }) => known === undefined && indexes.length === 0)
  if (nobodies.length > 0) await deleteCustomers(tx, nobodies.map(({ id }) => id))
  const present = remaining.filter(({ refs: indexes }) => indexes.length > 0)
  const filled = await fill(tx, present)
  for (const person of present) {
    const event = eventOf(person, filled.get(person.id) ?? [], owners)
    if (event !== undefined) resolved.events[person.refs[0]!]!.push(event)
  }
  return resolved
}

type Identified = Person & { id: string }

/** Inserts the new ones. One whose e-mail address a rival was first to use is that rival's customer. */
async function insertNewcomers(tx: Tx, persons: readonly Person[], now: Date): Promise<Identified[]> {
  const identified = persons.map((person): Identified => ({ ...person, id: person.id ?? newId(now.getTime()) }))
  const newcomers = identified.filter(({ known }) => known === undefined)
  if (newcomers.length === 0) return identified
  const inserted = await insertCustomers(tx, newcomers.map((person) => ({
    id: person.id, name: person.name, email: person.email, phone: person.phone, company: null, locale: null, customer_group: null, tags: [], note: '',
    addresses: person.address === undefined ? [] : [person.address], sources: person.sources, created_at: now,
  })))
  const beaten = newcomers.filter(({ id }) => !inserted.has(id))
  if (beaten.length === 0) return identified
  const rivals = await findByKeys(tx, beaten.map(({ email }) => ({ source: null, external_id: null, email })))
  const known = new Map(beaten.map(({ id }, i) => [id, rivals[i]!.known]))
  return identified.map((person) => {
    const rival = known.get(person.id)
    if (rival === null) throw refuse('busy', 'Another call was changing the e-mail address of the same customer. Nothing was changed; try again.')
    return rival === undefined ? person : { ...person, id: rival.id, known: rival }
  })
}

/** Adds the missing identities. Answers the owners of those that a rival was first to add. */
async function addIdentities(tx: Tx, persons: readonly Identified[]): Promise<Map<string, string>> {
  const wanted = persons.flatMap((person) => person.identities.map((identity): IdentityRow => ({ ...identity, customer_id: person.id })))
  const added = new Set((await insertIdentities(tx, wanted)).map(keyOfIdentity))
  const lost = wanted.filter((identity) => !added.has(keyOfIdentity(identity)))
  if (lost.length === 0) return new Map()
  return new Map((await ownersOf(tx, lost)).map((row) => [keyOfIdentity(row)!, row.customer_id]))
}

/** Fills what is empty in customers that exist, decided on their locked rows. Answers the fields that changed. */
async function fill(tx: Tx, persons: readonly Identified[]): Promise<Map<string, string[]>> {
  const promising = groupByKey(persons.filter((person) => person.known !== undefined && fillsOf(person, person.known).changed.length > 0), ({ id }) => id)
  if (promising.size === 0) return new Map()
  const locked = await lockKnown(tx, [...promising.keys()])
  const fills = locked.flatMap((current) => {
    let filled = current
    for (const person of promising.get(current.id)!) filled = fillsOf(person, filled).filled
    const changed = fillsOf(filled, current).changed
    return changed.length === 0 ? [] : [{ ...filled, changed }]
  })
  await updateKnown(tx, fills)
  return new Map(fills.map(({ id, changed }) => [id, changed]))
}

function eventOf(person: Identified, filled: readonly string[], owners: ReadonlyMap<string, string>): NewEvent | undefined {
  if (person.known === undefined) return customerCreated(person.id, person.sources)
  const identified = person.identities.some((identity) => !owners.has(keyOfIdentity(identity)!))
  const changed = [...filled, ...(identified ? ['identities'] : [])]
  return changed.length === 0 ? undefined : customerUpdated(person.id, changed)
}

/** Events about customers carry no personal data: ids, sources and the names of fields. */
export function customerCreated(id: string, sources: readonly string[]): NewEvent {
  return { type: 'customer.created', subject_id: id, data: { customer_id: ids.customer.show(id), sources } }
}

export function customerUpdated(id: string, changed: readonly string[]): NewEvent {
  return { type: 'customer.updated', subject_id: id, data: { customer_id: ids.customer.show(id), changed } }
}
