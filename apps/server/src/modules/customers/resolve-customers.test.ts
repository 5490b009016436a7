import fc from 'fast-check'
import { expect, test } from 'vitest'
import { useApp } from '../../../test/harness/app.ts'
import { openDatabase } from '../../platform/db.ts'
import { sql } from '../../platform/sql.ts'
import type { CustomerRef } from './match.ts'
import { resolveCustomers } from './resolve-customers.ts'

const app = useApp()

const db = () => app().application.db
const NOW = new Date('2026-03-03T09:00:00.000Z')
const resolve = (refs: CustomerRef[]) => db().transaction((tx) => resolveCustomers(tx, refs, NOW))
const rowOf = (id: string | null | undefined) => db().one<{ name: string; email: string | null; phone: string | null; sources: string[]; addresses: unknown[]; version: number; field_versions: object }>(sql`
  select name, email, phone, sources, addresses, version, field_versions from customers where id = ${id}`)

test('finds by identity before e-mail, adds what is missing, and leaves what is there', async () => {
  const address = { line1: '1 Road', city: 'York', country: 'GB' }
  const first = await resolve([{ source: 'web', external_id: 'a', email: 'A@x.example', name: 'Ann', address }])
  expect(first.events[0]?.map(({ type, data }) => [type, data['sources']])).toEqual([['customer.created', ['web']]])
  expect(await rowOf(first.ids[0])).toMatchObject({ name: 'Ann', email: 'A@x.example', phone: null, sources: ['web'], addresses: [address] })

  const byEmail = await resolve([{ source: 'ebay', external_id: 'e-1', email: ' a@X.EXAMPLE', name: 'Other name', phone: '0123 456' }])
  expect(byEmail.ids).toEqual(first.ids)
  expect(byEmail.events[0]?.map(({ type, data }) => [type, data['changed']])).toEqual([['customer.updated', ['phone', 'sources', 'identities']]])
  expect(await rowOf(first.ids[0])).toMatchObject({ name: 'Ann', phone: '0123 456', sources: ['web', 'ebay'], version: 2, field_versions: { phone: 2, sources: 2 } })

  const later = await resolve([{ source: 'ebay', external_id: 'e-1', email: 'new@x.example', phone: '0999' }, { source: 'ebay', email: 'b@x.example' }, { source: 'web' }, { source: 'web', external_id: ' ', email: '', name: 'Nobody' }, { external_id: 'a' }])
  expect([later.ids[0], later.events[0], later.ids.slice(2), later.events.slice(2)]).toEqual([first.ids[0], [], [null, null, null], [[], [], []]])
  expect(later.ids[1]).not.toBe(first.ids[0])
  expect((await rowOf(first.ids[0])).phone).toBe('0123 456')
})

test('one newcomer named several times in a call is one customer', async () => {
  const { ids, events } = await resolve([
    { source: 'web', external_id: 'n1', name: 'Nia' }, { source: 'web', external_id: 'n1', email: 'nia@x.example', phone: '0111' }, { email: 'nia@x.example' }, { source: 'pos', external_id: 'n2', email: 'NIA@x.example' }, { source: 'pos', external_id: 'n2' },
  ])
  expect([ids[0] === ids[1], ids[2] === ids[3], ids[3] === ids[4], ids[0] === ids[2]]).toEqual([true, true, true, false])
  expect(events.map((of) => of.map(({ type }) => type))).toEqual([['customer.created'], [], ['customer.created'], [], []])
  expect(await rowOf(ids[0])).toMatchObject({ name: 'Nia', phone: '0111', email: null })
})

/** What taking the references one after the other must lead to, told in the plainest way. */
function oneAfterTheOther(refs: readonly CustomerRef[], people: Model[]): (number | null)[] {
  return refs.map(({ source, external_id, email, name, phone }) => {
    const key = source !== undefined && external_id !== undefined ? `${source} ${external_id}` : undefined
    if (key === undefined && email === undefined) return null
    let index = people.findIndex(({ identities }) => key !== undefined && identities.has(key))
    if (index < 0) index = people.findIndex((person) => email !== undefined && person.email?.toLowerCase() === email.toLowerCase())
    if (index < 0) index = people.push({ email: email ?? null, name: '', phone: null, identities: new Set(), sources: new Set() }) - 1
    const person = people[index]!
    if (key !== undefined) person.identities.add(key)
    if (source !== undefined) person.sources.add(source)
    if (person.name === '') person.name = name ?? ''
    person.phone ??= phone ?? null
    return index
  })
}
type Model = { email: string | null; name: string; phone: string | null; identities: Set<string>; sources: Set<string> }

test('a batch leads to what its references one after the other lead to', async () => {
  const ref: fc.Arbitrary<CustomerRef> = fc.record({
    source: fc.constantFrom('web', 'pos'), external_id: fc.constantFrom('1', '2', '3'), email: fc.constantFrom('a@x.example', 'A@x.example', 'b@x.example', 'c@x.example'),
    name: fc.constantFrom('Ann', 'Bob'), phone: fc.constantFrom('111', '222'),
  }, { requiredKeys: [] })
  let run = 0
  await fc.assert(fc.asyncProperty(fc.array(fc.array(ref, { maxLength: 8 }), { minLength: 1, maxLength: 4 }), async (batches) => {
    const prefix = `r${++run}-`
    const people: Model[] = []
    const idOf = new Map<number, string>()
    for (const refs of batches) {
      const scoped = refs.map(({ external_id, email, ...rest }) => ({ ...rest, ...(external_id === undefined ? {} : { external_id: prefix + external_id }), ...(email === undefined ? {} : { email: prefix + email }) }))
      const expected = oneAfterTheOther(scoped, people)
      const { ids } = await resolve(scoped)
      ids.forEach((id, i) => {
        const index = expected[i]!
        if (index === null) expect(id).toBeNull()
        else if (idOf.has(index)) expect(id).toBe(idOf.get(index))
        else idOf.set(index, id!)
      })
    }
    expect(new Set(idOf.values()).size).toBe(people.length)
    for (const [index, id] of idOf) {
      const row = await rowOf(id)
      const identities = await db().rows<{ key: string }>(sql`select source || ' ' || external_id as key from customer_identities where customer_id = ${id}`)
      const { identities: keys, sources, ...person } = people[index]!
      expect({ name: row.name, email: row.email, phone: row.phone }).toEqual(person)
      expect([new Set(row.sources), new Set(identities.map(({ key }) => key))]).toEqual([sources, keys])
    }
  }), { numRuns: 60 })
})

test('two connections that meet the same newcomers at once make each of them once', async () => {
  const connections = [0, 1, 2].map(() => openDatabase(db().url, { max_connections: 1 }))
  for (let round = 0; round < 25; round++) {
    const refs: CustomerRef[] = Array.from({ length: 12 }, (_, i) => ({ source: 'race', external_id: `${round}-${i}`, ...(i % 3 === 0 ? {} : { email: `${round}-${i}@race.example` }), name: `N${i}` }))
    // Others know the same people by e-mail alone, or by another identity, and in another order.
    const emails: CustomerRef[] = refs.flatMap(({ email }) => (email === undefined ? [] : [{ email, source: 'other', external_id: email, phone: '0123' }])).toReversed()
    const answers = await Promise.all([refs, [...emails, ...refs.slice(0, 4)], refs.toReversed()].map((input, i) => connections[i]!.transaction((tx) => resolveCustomers(tx, input, NOW))))
    const byKey = new Map(refs.map(({ external_id }, i) => [external_id, answers[0]!.ids[i]]))
    expect(answers[2]!.ids.toReversed()).toEqual(answers[0]!.ids)
    emails.forEach(({ email }, i) => { expect(answers[1]!.ids[i]).toBe(byKey.get(email!.split('@')[0])) })
    expect(answers.flatMap(({ events }) => events.flat().filter(({ type }) => type === 'customer.created'))).toHaveLength(12)
  }
  const { customers, orphans } = await db().one<{ customers: number; orphans: number }>(sql`
    select count(*)::int as customers, count(*) filter (where not exists (select from customer_identities i where i.customer_id = c.id))::int as orphans
    from customers c where sources && '{race,other}'`)
  expect([customers, orphans]).toEqual([25 * 12, 0])
  await Promise.all(connections.map((connection) => connection.close()))
})

test('two hundred orders of known customers cost a moment', async () => {
  const refs = Array.from({ length: 200 }, (_, i): CustomerRef => ({ source: 'web', external_id: `k${i}`, email: `k${i}@x.example`, name: 'K' }))
  await resolve(refs)
  const startedMs = performance.now()
  const { events } = await resolve(refs)
  expect(events.flat()).toEqual([])
  expect(performance.now() - startedMs).toBeLessThan(500)
})
