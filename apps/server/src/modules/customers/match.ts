import type { Address } from '../../platform/http/schemas.ts'
import type { Identity } from './customer.ts'

/** Whoever placed an order, as far as the order tells. `source` is the channel's code or a system's name. */
export type CustomerRef = {
  source?: string
  external_id?: string
  email?: string
  name?: string
  phone?: string
  address?: Address
}

/** A reference with its keys made comparable. `index` is its place among the references. */
export type KeyedRef = { index: number; source: string | null; external_id: string | null; email: string | null; name: string; phone: string | null; address: Address | undefined }

/** A customer that exists, as far as matching needs it. */
export type Known = { id: string; name: string; phone: string | null; sources: string[] }

/** Who a reference's keys belong to, and the details of the one that counts: the identity's, else the address's. */
export type Found = { identity_customer_id: string | null; email_customer_id: string | null; known: Known | null }

/** One human being among the references, known or new, with all that the references say. */
export type Person = {
  /** Undefined for one who is new. */
  id: string | undefined
  known: Known | undefined
  email: string | null
  name: string
  phone: string | null
  address: Address | undefined
  sources: string[]
  /** Those to be added. */
  identities: Identity[]
  refs: number[]
}

/** The reference with comparable keys, or undefined where it has none: such an order has no customer. */
export function keyRef(ref: CustomerRef, index: number): KeyedRef | undefined {
  const source = textOf(ref.source, 64)
  const external_id = source === null ? null : textOf(ref.external_id, 128)
  const email = textOf(ref.email, 254)
  if (external_id === null && email === null) return undefined
  return { index, source, external_id, email, name: ref.name?.trim() ?? '', phone: textOf(ref.phone, 64), address: ref.address }
}

/** What is blank, or longer than any key can be, is none. */
function textOf(text: string | undefined, maxLength: number): string | null {
  const trimmed = text?.trim() ?? ''
  return trimmed === '' || Array.from(trimmed).length > maxLength ? null : trimmed
}

/**
 * Tells which references are the same person: by identity, then by e-mail address, else somebody new. The outcome is
 * that of taking the references one after the other.
 */
export function planPersons(refs: readonly KeyedRef[], found: readonly Found[]): Person[] {
  const registers = seed(refs, found)
  const persons = new Set<Person>()
  for (const ref of refs) {
    const identityKey = keyOfIdentity(ref)
    const emailKey = ref.email?.toLowerCase()
    const person = (identityKey === undefined ? undefined : registers.byIdentity.get(identityKey)) ?? (emailKey === undefined ? undefined : registers.byEmail.get(emailKey)) ?? newPerson(ref)
    if (identityKey !== undefined && !registers.byIdentity.has(identityKey)) {
      registers.byIdentity.set(identityKey, person)
      person.identities.push({ source: ref.source!, external_id: ref.external_id! })
    }
    if (person.id === undefined && person.email !== null) registers.byEmail.set(person.email.toLowerCase(), person)
    if (person.name === '') person.name = ref.name
    person.phone ??= ref.phone
    if (ref.source !== null && !person.sources.includes(ref.source)) person.sources.push(ref.source)
    person.refs.push(ref.index)
    persons.add(person)
  }
  return [...persons]
}

type Registers = { byIdentity: Map<string, Person>; byEmail: Map<string, Person> }

function seed(refs: readonly KeyedRef[], found: readonly Found[]): Registers {
  const byId = new Map<string, Person>()
  const personOf = (id: string): Person => {
    let person = byId.get(id)
    if (person === undefined) byId.set(id, person = { id, known: undefined, email: null, name: '', phone: null, address: undefined, sources: [], identities: [], refs: [] })
    return person
  }
  const registers: Registers = { byIdentity: new Map(), byEmail: new Map() }
  refs.forEach((ref, i) => {
    const { identity_customer_id, email_customer_id, known } = found[i]!
    if (known !== null) Object.assign(personOf(known.id), { known, name: known.name, phone: known.phone, sources: [...known.sources] })
    if (identity_customer_id !== null) registers.byIdentity.set(keyOfIdentity(ref)!, personOf(identity_customer_id))
    if (email_customer_id !== null) registers.byEmail.set(ref.email!.toLowerCase(), personOf(email_customer_id))
  })
  return registers
}

function newPerson(ref: KeyedRef): Person {
  return { id: undefined, known: undefined, email: ref.email, name: '', phone: null, address: ref.address, sources: [], identities: [], refs: [] }
}

/** The identity as one text, if there is one. */
export function keyOfIdentity({ source, external_id }: Pick<KeyedRef, 'source' | 'external_id'>): string | undefined {
  return source === null || external_id === null ? undefined : JSON.stringify([source, external_id])
}

/** What a person adds to a customer that exists: only where that has nothing yet. */
export function fillsOf(person: Omit<Known, 'id'>, current: Known): { filled: Known; changed: string[] } {
  const filled: Known = {
    id: current.id,
    name: current.name === '' ? person.name : current.name,
    phone: current.phone ?? person.phone,
    sources: [...current.sources, ...person.sources.filter((source) => !current.sources.includes(source))],
  }
  const changed = [
    ...(filled.name === current.name ? [] : ['name']),
    ...(filled.phone === current.phone ? [] : ['phone']),
    ...(filled.sources.length === current.sources.length ? [] : ['sources']),
  ]
  return { filled, changed }
}
