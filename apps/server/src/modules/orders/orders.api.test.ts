import { beforeAll, describe, expect, test } from 'vitest'
import { ids } from '../../kernel/id-kinds.ts'
import { newId } from '../../kernel/ids.ts'
import { useApp, type Answer } from '../../../test/harness/app.ts'
import { HOME, openShop, type Shop } from '../../../test/harness/shop.ts'

const app = useApp()
let shop: Shop
beforeAll(async () => { shop = await openShop(app()) })

const idOf = (answer: Answer): string => String(answer.body['id'])
const edit = (order: Answer, body: object, headers: Record<string, string> = {}) => app().patch(`/v1/orders/${idOf(order)}`, body, { headers })

async function placed(body: Record<string, unknown> = {}): Promise<Answer> {
  await shop.stock('leeds', { TEA: 2 })
  const order = await shop.order({ lines: [{ sku: 'TEA', quantity: 2 }], ...body })
  expect(order.status, order.text).toBe(201)
  return order
}

/** The order's fulfillment order, picked. */
async function picked(order: Answer): Promise<string> {
  await app().application.settle()
  const [work] = (await app().get(`/v1/fulfillment-orders?filter[order_id]=${idOf(order)}`)).body.data as { id: string }[]
  expect((await app().post(`/v1/fulfillment-orders/${work!.id}/pick`)).status).toBe(200)
  return work!.id
}

const ELSEWHERE = { name: 'Ada King', line1: '7 Low Street', city: 'Ripon', country: 'GB' }

describe('a hold', () => {
  test('is owned by somebody who exists', async () => {
    const order = await placed()
    const hold = (owner_id: string) => app().post(`/v1/orders/${idOf(order)}/holds`, { type: 'other', owner_id })
    const refused = await hold(ids.user.show(newId()))
    expect([refused.status, refused.body.errors]).toMatchObject([422, [{ pointer: '/owner_id', code: 'unknown_user' }]])
    const user = await app().post('/v1/users', { email: 'owner@example.com', name: 'Owner', password: 'correct horse battery', roles: [{ role: 'customer_service' }] })
    expect(user.status, user.text).toBe(201)
    expect((await hold(idOf(user))).body).toMatchObject({ holds: [{ owner_id: idOf(user) }] })
  })
})

test('a bundle is shown with its price as money, at each of its parts', async () => {
  await shop.stock('leeds', { TEA: 2, CUP: 2 })
  await app().post('/v1/variants', { sku: 'SET', name: 'Tea set', kind: 'bundle', price: { amount: '8.00', currency: 'GBP' } })
  await app().call('PUT', '/v1/variants/SET/bundle', { components: [{ sku: 'TEA', quantity: 1 }, { sku: 'CUP', quantity: 1 }] })
  const order = await placed({ lines: [{ sku: 'SET', quantity: 2 }] })
  expect(order.body['lines']).toMatchObject(['CUP', 'TEA'].map((sku) => ({ sku, bundle: { sku: 'SET', name: 'Tea set', quantity: 2, unit_price: { amount: '8.00', currency: 'GBP' }, input_line: 1 } })))
})

describe('an edit', () => {
  test('of custom fields answers to the form that the order was placed with', async () => {
    await app().post('/v1/channels', { code: 'catalog', name: 'Catalog', kind: 'phone', currency: 'GBP', payment_expectation: 'on_account' })
    const form = (required: boolean) => app().call('PUT', '/v1/channels/catalog/order-form', { fields: [
      { key: 'catalog_code', label: 'Code on the catalog', type: 'text', required, max_length: 10, applies_to: 'order' }, { key: 'gift', label: 'Gift', type: 'boolean', applies_to: 'order' },
    ] })
    expect((await form(true)).status).toBe(200)
    const order = await placed({ channel: 'catalog', custom_fields: { catalog_code: 'SPRING' } })
    expect((await edit(order, { custom_fields: { gift: true } })).body.errors).toMatchObject([{ pointer: '/custom_fields/catalog_code', code: 'required' }])
    expect((await edit(order, { custom_fields: { catalog_code: 'SPRING', gitf: true } })).body.errors).toMatchObject([{ pointer: '/custom_fields/gitf', code: 'unknown_field' }])
    expect((await edit(order, { custom_fields: { catalog_code: 'AUTUMN', gift: true } })).body['custom_fields']).toEqual({ catalog_code: 'AUTUMN', gift: true })
    await form(false)
    expect((await edit(order, { custom_fields: {} })).body.errors?.[0]?.code).toBe('required')
  })

  test('that claims to have seen what has not been yet is stale', async () => {
    const order = await placed()
    for (const note of ['new', '']) {
      const refused = await edit(order, { note }, { 'if-match': '"999"' })
      expect([refused.status, refused.body.code]).toEqual([412, 'stale_version'])
    }
  })

  test.each([[['x', 'x'], '/tags'], [['x', ' '], '/tags/1'], [[' x'], '/tags/0']])('with the tags %j is refused', async (tags, pointer) => {
    const order = await placed()
    const refused = await edit(order, { tags })
    expect([refused.status, refused.body.errors?.[0]?.pointer]).toEqual([422, pointer])
    expect((await shop.order({ lines: [{ sku: 'TEA', quantity: 1 }], tags })).body.errors?.[0]?.pointer).toBe(pointer)
  })
})

describe('an address', () => {
  test('is needed by goods that are shipped, and by nothing else', async () => {
    await shop.stock('york', { TEA: 5 })
    await app().post('/v1/variants', { sku: 'ENGRAVING', name: 'Engraving', kind: 'service', price: { amount: '3.00', currency: 'GBP' } })
    const order = (body: object) => app().post('/v1/orders', { channel: 'web', ...body })
    const refused = await order({ lines: [{ sku: 'TEA', quantity: 1 }] })
    expect([refused.status, refused.body.errors]).toMatchObject([422, [{ pointer: '/shipping_address', code: 'required' }]])
    expect((await order({ lines: [{ sku: 'ENGRAVING', quantity: 1 }] })).status).toBe(201)
    expect((await order({ lines: [{ sku: 'TEA', quantity: 1 }], delivery: 'pickup', pickup_location: 'york' })).status).toBe(201)
    const draft = await app().post('/v1/draft-orders', { channel: 'web', input: { lines: [{ sku: 'TEA', quantity: 1 }] } })
    expect((await app().post(`/v1/draft-orders/${idOf(draft)}/place`)).body.errors?.[0]?.pointer).toBe('/shipping_address')
  })

  test('may be changed until the goods are packed; holds stay until somebody releases them', async () => {
    const order = await placed()
    await app().post(`/v1/orders/${idOf(order)}/holds`, { type: 'bad_address' })
    const changed = await edit(order, { shipping_address: ELSEWHERE }, { 'if-match': '"1"' })
    expect(changed.body).toMatchObject({ shipping_address: ELSEWHERE, holds: [{ type: 'bad_address', released_at: null }] })
    expect((await edit(order, { shipping_address: Object.fromEntries(Object.entries(ELSEWHERE).toReversed()) })).body['version']).toBe(changed.body['version'])
    expect((await edit(order, { note: 'rings twice' }, { 'if-match': '"1"' })).status).toBe(200)
    expect((await edit(order, { shipping_address: HOME }, { 'if-match': '"1"' })).body.code).toBe('stale_version')
    await app().post(`/v1/orders/${idOf(order)}/release-holds`)
    const work = await picked(order)
    expect((await app().post(`/v1/fulfillment-orders/${work}/pack`)).status).toBe(200)
    const late = await edit(order, { shipping_address: HOME })
    expect([late.status, late.body.code]).toEqual([409, 'address_fixed'])
    expect((late.body['detail'])).toContain('Unpack')
    expect((await app().get(`/v1/orders/${idOf(order)}`)).body['allowed_actions']).toContainEqual({ action: 'change_address', allowed: false, reason: late.body['detail'] })
    await app().post(`/v1/fulfillment-orders/${work}/unpack`)
    expect((await edit(order, { shipping_address: HOME })).status).toBe(200)
  })

  test('that changes while the goods are packed is on the label or is refused', async () => {
    for (let round = 0; round < 5; round++) {
      const order = await placed()
      const work = await picked(order)
      const [changed, packed] = await Promise.all([edit(order, { shipping_address: ELSEWHERE }), app().post(`/v1/fulfillment-orders/${work}/pack`)])
      expect(packed.status).toBe(200)
      const [shipment] = packed.body['shipments'] as { id: string }[]
      const { ship_to } = (await app().get(`/v1/shipments/${shipment!.id}`)).body as { ship_to: { city: string } }
      expect([changed.status, ship_to.city]).toEqual(changed.status === 200 ? [200, ELSEWHERE.city] : [409, HOME.city])
    }
  })
})
