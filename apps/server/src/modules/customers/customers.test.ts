import { describe, expect, test } from 'vitest'
import { useApp } from '../../../test/harness/app.ts'
import { ids } from '../../kernel/id-kinds.ts'
import { newId } from '../../kernel/ids.ts'
import { sql } from '../../platform/sql.ts'

const app = useApp()

const db = () => app().application.db
const make = async (fields: object) => {
  const made = await app().post('/v1/customers', fields)
  expect([made.status, made.body]).toEqual([201, expect.anything()])
  return made.body
}
const found = async (query: string, options = {}) => {
  const listed = await app().get(`/v1/customers?${query}`, options)
  expect(listed.status, listed.text).toBe(200)
  return (listed.body.data as { name: string }[]).map(({ name }) => name).toSorted()
}

test('a profile is added, shown and changed field by field', async () => {
  const address = { line1: '1 High Street', city: 'Leeds', postal_code: 'LS1 1AA', country: 'GB' }
  const made = await app().post('/v1/customers', { name: 'Ann Lee', email: 'Ann@Example.com', phone: '+44 (0)113 496-0000 ext 12', addresses: [address], identities: [{ source: 'web', external_id: '42' }] })
  expect([made.status, made.headers['etag'], made.body]).toMatchObject([201, '"1"', { email: 'Ann@Example.com', addresses: [address], identities: [{ source: 'web', external_id: '42' }], sources: ['web'], tags: [] }])
  const url = `/v1/customers/${String(made.body['id'])}`
  const same = await app().patch(url, { addresses: [{ country: 'GB', city: 'Leeds', line1: '1 High Street', postal_code: 'LS1 1AA' }] })
  expect([same.status, same.headers['etag']]).toEqual([200, '"1"'])
  expect((await app().patch(url, { phone: null, tags: ['vip'] }, { headers: { 'if-match': '"1"' } })).body).toMatchObject({ phone: null, tags: ['vip'], version: 2 })
  expect((await app().patch(url, { note: 'Rings twice' }, { headers: { 'if-match': '"1"' } })).status).toBe(200)
  const stale = await app().patch(url, { tags: [] }, { headers: { 'if-match': '"1"' } })
  expect([stale.status, stale.body.code]).toEqual([412, 'stale_version'])
  const identities = [{ source: 'web', external_id: '42' }, { source: 'erp', external_id: 'K-1' }]
  expect((await app().call('PUT', `${url}/identities`, { identities }, { headers: { 'if-match': '"1"' } })).body).toMatchObject({ identities: identities.toReversed(), sources: ['web', 'erp'], version: 4 })
  expect((await app().call('PUT', `${url}/identities`, { identities: [] }, { headers: { 'if-match': '"3"' } })).status).toBe(412)
  expect((await app().get(url)).body).toMatchObject({ note: 'Rings twice', version: 4 })
  expect((await app().get(`/v1/customers/${ids.customer.show(newId())}`)).status).toBe(404)
})

test('e-mail addresses and identities belong to one customer', async () => {
  const first = await make({ email: 'one@example.com', identities: [{ source: 'web', external_id: 'one' }] })
  const second = await make({ name: 'Two', email: 'two@example.com' })
  const again = await app().post('/v1/customers', { email: 'ONE@example.com' })
  expect([again.status, again.body.code, again.body['customer_id']]).toEqual([409, 'already_exists', first['id']])
  const renamed = await app().patch(`/v1/customers/${String(second['id'])}`, { email: 'One@Example.com' })
  expect([renamed.status, renamed.body.code]).toEqual([409, 'already_exists'])
  const taken = await app().post('/v1/customers', { name: 'Three', identities: [{ source: 'erp', external_id: 'free' }, { source: 'web', external_id: 'one' }] })
  expect([taken.status, taken.body.code, taken.body['pointer']]).toEqual([409, 'identity_taken', '/identities/1'])
  const put = await app().call('PUT', `/v1/customers/${String(second['id'])}/identities`, { identities: [{ source: 'web', external_id: 'one' }] })
  expect([put.status, put.body.code]).toEqual([409, 'identity_taken'])
  expect(await found('q=Three')).toEqual([])
  await make({ name: 'Three', identities: [{ source: 'erp', external_id: 'free' }] })
})

test.each([
  [{}, '/name'], [{ name: ' ', email: null }, '/name'], [{ email: 'nobody' }, '/email'], [{ name: 'x', phone: 'call me' }, '/phone'], [{ name: 'x', phone: '12' }, '/phone'],
  [{ name: 'x', locale: 'English' }, '/locale'], [{ name: 'x', identities: [{ source: 'web', external_id: 'a' }, { source: 'web', external_id: 'a' }] }, '/identities/1'],
  [{ name: 'x', identities: [{ source: 'web', external_id: ' a' }] }, '/identities/0/external_id'], [{ name: 'x', addresses: [{ line1: 'x', city: 'y', country: 'England' }] }, '/addresses/0/country'],
  [{ name: 'x', loyalty: 'gold' }, '/loyalty'],
])('%j is refused with its place', async (fields, pointer) => {
  const refused = await app().post('/v1/customers', fields)
  expect([refused.status, refused.body.code, refused.body.errors?.[0]?.pointer]).toEqual([422, 'invalid_input', pointer])
})

test('are found by anything they are known by', async () => {
  await make({ name: 'Zoë Quill', email: 'zq@find.example', phone: '+49 (30) 1234-567', company: 'Quill & Söhne' })
  await make({ name: 'Quentin Zeller', email: 'q_z@find.example', identities: [{ source: 'pos', external_id: '77-1' }, { source: 'web', external_id: 'q%' }] })
  for (const q of ['quill zoë', 'ZQ@find', '+49 30 1234567', '030/1234567', '234 567', 'söhne']) expect([q, await found(`q=${encodeURIComponent(q)}`)]).toEqual([q, ['Zoë Quill']])
  for (const q of ['quentin', 'q_z', '77-1', 'q_z@find.exa']) expect([q, await found(`q=${encodeURIComponent(q)}`)]).toEqual([q, ['Quentin Zeller']])
  expect(await found('q=find.example')).toEqual(['Quentin Zeller', 'Zoë Quill'])
  expect(await found('filter[source]=pos&filter[external_id]=77-1')).toEqual(['Quentin Zeller'])
  expect(await found('filter[source]=web&filter[external_id]=77-1')).toEqual([])
  expect(await found('filter[external_id]=77-1,q%25')).toEqual(['Quentin Zeller'])
  expect(await found('filter[email]=ZQ@FIND.example&count=true')).toEqual(['Zoë Quill'])
  expect((await app().get('/v1/customers?filter[phone]=1')).status).toBe(422)
})

describe('personal data', () => {
  test('is in no event, audit entry or stored outcome', async () => {
    const secrets = ['Secretname', 'secret@private.example', '0777 123456', 'Secretcorp', 'Secret note', 'Secret Street', 'secret-id']
    const headers = { 'idempotency-key': 'personal' }
    const made = await app().post('/v1/customers', {
      name: 'Secretname', email: 'secret@private.example', phone: '0777 123456', company: 'Secretcorp', note: 'Secret note', addresses: [{ line1: 'Secret Street', city: 'X', country: 'GB' }], identities: [{ source: 'web', external_id: 'secret-id' }],
    }, { headers })
    const url = `/v1/customers/${String(made.body['id'])}`
    await app().patch(url, { name: 'Secretname II', email: 'secret@private.example2.com', phone: '0777 1234567', company: 'Secretcorp 2', note: 'Secret note 2', addresses: [], locale: 'fr' })
    await app().call('PUT', `${url}/identities`, { identities: [{ source: 'web', external_id: 'secret-id-2' }] })
    const stale = await app().patch(url, { name: 'Secretname III' }, { headers: { 'if-match': '"1"', 'idempotency-key': 'stale' } })
    expect([stale.status, stale.body['conflicts']]).toEqual([412, { name: null }])
    expect((await app().post('/v1/customers', { name: 'x', identities: [{ source: 'web', external_id: 'secret-id-2' }] }, { headers: { 'idempotency-key': 'taken' } })).status).toBe(409)
    const { kept } = await db().one<{ kept: string }>(sql`
      select (select coalesce(string_agg(data::text, ''), '') from events) || (select coalesce(string_agg(changes::text, ''), '') from audit_entries) || (select coalesce(string_agg(outcome::text, ''), '') from idempotency_keys) as kept`)
    expect(kept).toContain('"changed":["name","email","phone","company","note","addresses","locale"]')
    for (const secret of secrets) expect(kept).not.toContain(secret)
    expect(kept).toContain('"locale": {"after": "fr"')
  })
})

describe('a caller confined to channels', () => {
  test('sees the customers of those and no others', async () => {
    for (const code of ['north', 'south']) {
      await db().run(sql`insert into channels (id, code, name, kind, currency, created_at) values (${newId()}, ${code}, ${code}, 'web', 'GBP', now()) on conflict do nothing`)
    }
    const made = await app().post('/v1/api-keys', { name: 'north', permissions: ['customers:read', 'customers:write'], channels: ['north'] })
    const key = String(made.body['key'])
    const north = await make({ name: 'Norbert Confined', identities: [{ source: 'north', external_id: 'n1' }] })
    const south = await make({ name: 'Susan Confined', email: 'susan@south.example', identities: [{ source: 'south', external_id: 's1' }] })
    expect(await found('q=confined')).toEqual(['Norbert Confined', 'Susan Confined'])
    expect(await found('q=confined', { key })).toEqual(['Norbert Confined'])
    expect(await found('filter[external_id]=s1', { key })).toEqual([])
    expect((await app().get(`/v1/customers/${String(north['id'])}`, { key })).status).toBe(200)
    const url = `/v1/customers/${String(south['id'])}`
    expect([(await app().get(url, { key })).status, (await app().patch(url, { name: 'x' }, { key })).status, (await app().call('PUT', `${url}/identities`, { identities: [] }, { key })).status]).toEqual([404, 404, 404])
    const own = await app().post('/v1/customers', { name: 'Own Confined' }, { key })
    expect([own.status, own.body['sources']]).toEqual([201, ['north']])
    const exists = await app().post('/v1/customers', { email: 'susan@south.example' }, { key })
    expect([exists.status, exists.body['customer_id']]).toEqual([409, undefined])
  })
})
